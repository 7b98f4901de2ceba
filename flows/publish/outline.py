"""The outline of the report as typed records, read from `outline.yml`; a wrong entry is named with its place."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from infra.catalogue import FOREVER, Catalogue
from infra.catalogue_words import PartNumber, SectionCode, Speaks, SubmitterKind
from infra.errors import CatalogueError
from infra.process_state import once_a_run
from infra.yaml_records import Record, load_yaml

OUTLINE = Path(__file__).with_name("outline.yml")
OUTLINES = (OUTLINE, Path(__file__).with_name("outline_two_tiers.yml"))
PLACEHOLDER = re.compile(r"\{(\w*)(?:\|(\w+))?\}")
FILTERS = (None, "change", "list", "definition")
WORDS = ("year", "month", "next_month", "next_year", "areas_reporting", "areas_total", "areas_missing")


@dataclass(frozen=True, slots=True)
class TextEntry:
    """A sentence with figures; see the head of `outline.yml`. `block` is the name before a starred paragraph."""

    text: str
    block: str = ""
    zero: str = ""
    speaks: str = "template"

    @property
    def indicator_ids(self) -> tuple[str, ...]:
        """The indicators the sentence prints, in order, each once."""
        names = [name for name, _ in PLACEHOLDER.findall(self.text) if name not in WORDS]
        return tuple(dict.fromkeys(names))


@dataclass(frozen=True, slots=True)
class CountsEntry:
    """Several counts in one sentence. `wordings`: indicator → (with a number at "{}", for zero)."""

    lead: str
    none: str
    wordings: dict[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ItemsEntry:
    """Work items of some section codes and kinds of submitters, under a line of their own when `lead` is given."""

    sections: tuple[str, ...]
    kinds: tuple[str, ...]
    named: bool = False
    lead: str = ""


@dataclass(frozen=True, slots=True)
class AreasEntry:
    """Work items of the areas below the province: (heading of the group, its section codes)."""

    groups: tuple[tuple[str, tuple[str, ...]], ...]


Entry = TextEntry | CountsEntry | ItemsEntry | AreasEntry


@dataclass(frozen=True, slots=True)
class Section:
    number: str
    heading: str
    entries: tuple[Entry, ...]
    empty: str


@dataclass(frozen=True, slots=True)
class PartOutline:
    number: str
    heading: str
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class Outline:
    """The outline of the months from `since` to `until`, both within, empty for no limit."""

    head: dict[str, str]
    parts: tuple[PartOutline, ...]
    end_mark: str
    since: str = ""
    until: str = ""

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(e for part in self.parts for section in part.sections for e in section.entries)

    @property
    def indicator_ids(self) -> tuple[str, ...]:
        """Every indicator the report prints, in the order of its first appearance."""
        names: list[str] = []
        for entry in self.entries:
            if isinstance(entry, TextEntry):
                names += entry.indicator_ids
            elif isinstance(entry, CountsEntry):
                names += entry.wordings
        return tuple(dict.fromkeys(names))


@once_a_run
def load_outline(path: Path = OUTLINE) -> Outline:
    """Return the outline.

    Raises:
        CatalogueError: An entry is not one of the known kinds.
    """
    data = load_yaml(path)
    if not isinstance(data, Record):
        raise _outline_error("tệp phải có head, parts, nothing, end_mark", "head, parts, nothing, end_mark are needed")
    data.only("head", "parts", "nothing", "end_mark", "since", "until")
    parts = tuple(_part(part, data.text("nothing")) for part in data.records("parts"))
    head = data.record("head")
    words = {name: head.text(name) for name in head}
    return Outline(words, parts, data.text("end_mark"), data.text("since", ""), data.text("until", ""))


def outline_of(period: str) -> Outline:
    """Return the outline of a month.

    Raises:
        CatalogueError: None holds then, or an entry is not one of the known kinds.
    """
    for path in OUTLINES:
        outline = load_outline(path)
        if outline.since <= period <= (outline.until or FOREVER):
            return outline
    raise _outline_error(f"không có đề cương nào cho tháng {period}", f"there is none for {period}")


def check_outline(outline: Outline, catalogue: Catalogue) -> None:
    """Refuse an outline that names an unknown indicator, forgets a printed one, or puts a wrong unit.

    A figure has one unit: "%" stands after a percentage, tight, and after nothing else.

    Raises:
        CatalogueError: Naming the indicator.
    """
    known = catalogue.indicator_by_id
    unknown = [name for name in outline.indicator_ids if name not in known]
    printed = {row.indicator_id for row in catalogue.indicators if row.is_printed}
    forgotten = sorted(printed - set(outline.indicator_ids))
    if unknown or forgotten:
        raise _outline_error(
            f"chỉ tiêu lạ {unknown}, chỉ tiêu chưa in {forgotten}",
            f"unknown indicators {unknown}, printed indicators left out {forgotten}",
        )
    for entry in outline.entries:
        if isinstance(entry, TextEntry):
            _check_units(entry.text, catalogue)


def _check_units(text: str, catalogue: Catalogue) -> None:
    for found in PLACEHOLDER.finditer(text):
        name, how = found.groups()
        if how not in FILTERS:
            raise _outline_error(f"không có cách in “{how}”", f"no filter {how!r}")
        if name in WORDS or how in ("list", "definition"):
            continue
        is_percent = catalogue.indicator_by_id[name].unit == "%"
        if is_percent != text[found.end() :].startswith("%"):
            raise _outline_error(
                f"đơn vị sau {name} không phải đơn vị của chỉ tiêu", f"the unit after {name} is not the indicator's"
            )


def _part(data: Record, nothing: str) -> PartOutline:
    data.only("number", "heading", "sections")
    sections = tuple(_section(section, nothing) for section in data.records("sections"))
    return PartOutline(data.word("number", get_args(PartNumber)), data.text("heading"), sections)


def _section(data: Record, nothing: str) -> Section:
    data.only("number", "heading", "entries", "empty")
    entries = tuple(_entry(entry) for entry in data.records("entries"))
    return Section(data.text("number"), data.text("heading"), entries, data.text("empty", nothing))


def _entry(data: Record) -> Entry:
    for kind, read in _ENTRIES.items():
        if kind in data:
            return read(data)
    raise data.error("", f"mục không rõ loại: {sorted(data)}", f"an entry of unknown kind: {sorted(data)}")


def _text_entry(data: Record) -> TextEntry:
    data.only("text", "block", "zero", "speaks")
    speaks = data.word("speaks", get_args(Speaks))
    return TextEntry(data.text("text"), data.text("block", ""), data.text("zero", ""), speaks)


def _counts_entry(data: Record) -> CountsEntry:
    data.only("counts")
    counts = data.record("counts")
    counts.only("lead", "none", "indicators")
    indicators = counts.record("indicators")
    wordings = {name: (indicators.record(name).text("some"), indicators.record(name).text("none"))
                for name in indicators}
    return CountsEntry(counts.text("lead"), counts.text("none"), wordings)


def _items_entry(data: Record) -> ItemsEntry:
    data.only("items")
    items = data.record("items")
    items.only("sections", "kinds", "named", "lead")
    sections = items.words("sections", get_args(SectionCode))
    return ItemsEntry(sections, items.words("kinds", get_args(SubmitterKind)), items.flag("named"),
                      items.text("lead", ""))


def _areas_entry(data: Record) -> AreasEntry:
    data.only("areas")
    groups = []
    for group in data.records("areas"):
        group.only("heading", "sections")
        groups.append((group.text("heading"), group.words("sections", get_args(SectionCode))))
    return AreasEntry(tuple(groups))


_ENTRIES: dict[str, Callable[[Record], Entry]] = {
    "text": _text_entry, "counts": _counts_entry, "items": _items_entry, "areas": _areas_entry,
}


def _outline_error(vi: str, en: str) -> CatalogueError:
    return CatalogueError(
        f"Đề cương báo cáo: {vi}.",
        f"Report outline: {en}.",
        place=str(OUTLINE),
        remedy_vi="Sửa mục đó trong outline.yml rồi chạy lại.",
    )
