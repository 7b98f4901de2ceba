"""Walks the outline once and gives the report as a document: the same paragraphs for DOCX, PDF and HTML."""

from __future__ import annotations

from dataclasses import replace

from flows.publish.document import Head, Paragraph, ReportDocument, Run
from flows.publish.narrative import ItemBox
from flows.publish.notes import Notes
from flows.publish.outline import (
    AreasEntry,
    CountsEntry,
    Entry,
    ItemsEntry,
    Outline,
    PartOutline,
    Section,
    TextEntry,
    check_outline,
)
from flows.publish.passages import Passages
from flows.publish.report_data import ReportData
from flows.records import NarrativeItem
from infra.catalogue import next_period


def build_report(data: ReportData, outline: Outline, changes_sentence: str = "") -> ReportDocument:
    """Return the whole report of one month.

    Args:
        data: Figures, submissions and work items of the month.
        outline: Sections and templates in order.
        changes_sentence: What a later edition says first about the former one; empty for the first.

    Raises:
        CatalogueError: The outline and the indicators do not fit together.
        OperationError: A work item has no place in the outline.
    """
    check_outline(outline, data.catalogue)
    return _Builder(data, outline).build(changes_sentence)


class _Builder:
    """State of one walk: the items left, the notes called so far, the paragraphs."""

    def __init__(self, data: ReportData, outline: Outline) -> None:
        self._data = data
        self._outline = outline
        self._words = period_words(data)
        self._notes = Notes(data)
        self._box = ItemBox(data)
        self._passages = Passages(data, self._notes, self._words)
        self._paragraphs: list[Paragraph] = []
        self._printed: set[str] = set()
        self._implied: set[str] = set()    # figures of what a sentence for zero says there is none of

    def build(self, changes_sentence: str) -> ReportDocument:
        if changes_sentence:
            self._add("text", (Run(changes_sentence, is_italic=True),))
        for part in self._outline.parts:
            self._part(part)
        self._box.require_empty()
        self._end()
        head = {name: text.format(**self._words) for name, text in self._outline.head.items()}
        return ReportDocument(
            self._data.period,
            "vi",
            Head(**head),
            tuple(self._paragraphs),
            tuple(self._notes.texts),
            recipient_lines(self._data),
            tuple(name for name in self._outline.indicator_ids if name not in self._implied - self._printed),
            self._box.placed,
        )

    def _part(self, part: PartOutline) -> None:
        self._add("part", (Run(f"{part.number}. {part.heading.format(**self._words)}", is_bold=True),))
        for section in part.sections:
            self._section(part.number, section)

    def _section(self, part: str, section: Section) -> None:
        self._add("section", (Run(f"{section.number}. {section.heading}", is_bold=True),))
        before = len(self._paragraphs)
        for entry in section.entries:
            self._entry(part, f"{part}.{section.number}", entry)
        if len(self._paragraphs) == before:
            self._add("item", (Run(section.empty),))

    def _entry(self, part: str, place: str, entry: Entry) -> None:
        if isinstance(entry, TextEntry):
            self._text(part, place, entry)
        elif isinstance(entry, CountsEntry):
            self._counts(part, entry)
        elif isinstance(entry, ItemsEntry):
            self._items(entry, self._box.take(part, entry, place))
        else:
            self._areas(part, place, entry)

    def _text(self, part: str, place: str, entry: TextEntry) -> None:
        wanted = [name for name in entry.indicator_ids if name not in self._printed]
        if entry.speaks == "item":
            wanted = [name for name in wanted if not self._speak(part, place, name)]
            if wanted != list(entry.indicator_ids):
                self._remaining(wanted)
                return
        if self._passages.is_nothing(entry):
            self._implied.update(entry.indicator_ids)
        runs = self._passages.entry(entry)
        if entry.block:
            self._add("block", (Run(f"{entry.block}: ", is_bold=True), *runs))
        else:
            self._add("item", runs)

    def _speak(self, part: str, place: str, indicator_id: str) -> bool:
        """Print the item that states a figure; True when the figure is then printed."""
        if indicator_id in self._printed:
            return True
        item = self._box.take_stating(part, indicator_id, place)
        if item:
            self._add("item", self._passages.item(item, self._box.statements_of(item)))
        return item is not None

    def _remaining(self, indicator_ids: list[str]) -> None:
        """Print the figures of a sentence that its items did not state, each by its label."""
        for name in indicator_ids:
            if name not in self._printed:
                indicator = self._data.catalogue.indicator_by_id[name]
                number = self._passages.number(name)
                self._add("item", (Run(f"{indicator.label_vi}: "), number, Run(f" {indicator.unit}.")))

    def _counts(self, part: str, entry: CountsEntry) -> None:
        zeros = [name for name in entry.wordings if self._is_zero(name)]
        self._box.drop_zero(part, zeros)
        self._add("item", self._passages.counts(entry))

    def _is_zero(self, name: str) -> bool:
        figure = self._data.figures.get(name)
        return figure is not None and figure.is_stated_zero

    def _items(self, entry: ItemsEntry, items: list[NarrativeItem]) -> None:
        if not entry.named:
            for item in items:
                self._add("item", self._item_runs(item))
            return
        if entry.lead and items:
            self._add("item", (Run(f"{entry.lead}:"),))
        spoken = {self._speaker(name): self._joined(own) for name, own in _by_submitter(items).items()}
        for runs in _shared(spoken):
            self._add("detail" if entry.lead else "item", runs)

    def _areas(self, part: str, place: str, entry: AreasEntry) -> None:
        letters = iter("abcdefghijklmnop")
        for heading, sections in entry.groups:
            taken = {
                area.area_name: self._box.take_area(part, sections, area.area_code, place)
                for area in self._data.local_areas
            }
            spoken = {name: self._joined(items) for name, items in taken.items() if items}
            if spoken:
                self._add("group", (Run(f"{next(letters)}) {heading}:", is_italic=True),))
            for runs in _shared(spoken):
                self._add("item", runs)

    def _joined(self, items: list[NarrativeItem]) -> tuple[Run, ...]:
        """Return several items of one submitter as the sentences of one paragraph."""
        runs: list[Run] = []
        for item in items:
            runs += [*_ended(self._item_runs(item)), Run(" ")]
        return tuple(runs[:-1])

    def _speaker(self, submitter_id: str) -> str:
        """Return who speaks: a local office by its area."""
        submitter = self._data.submitters.get(submitter_id)
        if submitter and submitter.is_local:
            return self._data.area_name(submitter.area_code)
        return self._data.submitter_name(submitter_id)

    def _item_runs(self, item: NarrativeItem) -> tuple[Run, ...]:
        unprinted = [s for s in self._box.statements_of(item) if s.indicator_id not in self._printed]
        return self._passages.item(item, unprinted)

    def _add(self, level: str, runs: tuple[Run, ...]) -> None:
        if level in ("item", "detail"):
            runs = _ended(runs)
        self._printed |= {run.indicator_id for run in runs if run.indicator_id}
        self._paragraphs.append(Paragraph(runs, level))  # type: ignore[arg-type]

    def _end(self) -> None:
        last = self._paragraphs[-1]
        run = last.runs[-1]
        ended = replace(run, text=f"{run.text.rstrip(' .;')}{self._outline.end_mark}")
        self._paragraphs[-1] = replace(last, runs=(*last.runs[:-1], ended))


def period_words(data: ReportData) -> dict[str, str]:
    """Return the words of the templates that are not figures: month, year, department, areas that reported."""
    year, month = data.period.split("-")
    following = next_period(data.period)
    missing = [s.submitter_id for s in data.submissions if s.status in ("missing", "rejected", "expected")]
    offices = [s for s in data.submitters.values() if s.is_local]
    absent = [data.area_name(s.area_code) for s in offices if s.submitter_id in missing]
    return {
        "year": year,
        "month": str(int(month)),
        "next_month": str(int(following[5:])),
        "next_year": following[:4],
        "issuer": data.catalogue.department.department_name.upper(),
        "symbol": data.catalogue.department.symbol,
        "areas_total": str(len(offices)),
        "areas_reporting": str(len(offices) - len(absent)),
        "areas_missing": f"; chưa có báo cáo dùng được của: {', '.join(absent)}" if absent else "",
    }


def recipient_lines(data: ReportData) -> tuple[str, ...]:
    """Return the recipients block as printed: "- name (mark) (addresses);", the last with a full stop."""
    rows = sorted(data.catalogue.recipients, key=lambda row: row.print_order)
    lines = []
    for row in rows:
        addresses = f" ({', '.join(row.addresses)})" if row.addresses else ""
        lines.append(f"- {row.recipient_name}{f' {row.mark}' if row.mark else ''}{addresses}")
    return tuple([f"{line};" for line in lines[:-1]] + [f"{lines[-1]}."]) if lines else ()


def _by_submitter(items: list[NarrativeItem]) -> dict[str, list[NarrativeItem]]:
    groups: dict[str, list[NarrativeItem]] = {}
    for item in items:
        groups.setdefault(item.submitter_id, []).append(item)
    return groups


def _shared(spoken: dict[str, tuple[Run, ...]]) -> list[tuple[Run, ...]]:
    """Return one paragraph for those who say the same: "Huyện Ia Pa, Huyện Chư Sê: …"."""
    speakers: dict[tuple[Run, ...], list[str]] = {}
    for name, runs in spoken.items():
        speakers.setdefault(runs, []).append(name)
    return [
        (Run(f"{', '.join([names[0], *(n[:1].lower() + n[1:] for n in names[1:])])}: "), *runs)
        for runs, names in speakers.items()
    ]


def _sentence(text: str) -> str:
    text = text.rstrip()
    return text if text.endswith((".", "!", "?", "…", ":")) else f"{text.rstrip(';,')}."


def _ended(runs: tuple[Run, ...]) -> tuple[Run, ...]:
    """Return the runs of an item with a full stop at their end; a figure keeps its text."""
    last = runs[-1]
    if last.indicator_id:
        return runs if last.text.endswith(".") else (*runs, Run("."))
    return (*runs[:-1], replace(last, text=_sentence(last.text)))
