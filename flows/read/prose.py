"""Figures and work items in the prose of a submission: letters, reports without tables, mail text.

A sentence is read by the phrases of the catalogue and only for figures that this submitter provides. The plan
for next month states no figure. A sentence that names such a figure beside a number and could not be read is
reported, never guessed.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field, replace

from flows.read.account import holds_number, listed
from flows.read.areas import area_index, is_foreign, own_area
from flows.read.document import Paragraph, ReadContext
from flows.read.figures import UNCLEAR_NONE_REMEDY_VI, UNCLEAR_NONE_VI
from flows.read.labels import label_index, match_label
from flows.read.narrative import Line, has_own_section, narrative_items, outline, unused_lines
from flows.read.numbers import UNREADABLE, parse_number
from flows.read.observations import make_finding, make_observation
from flows.read.phrases import FIGURE, NUMBER, Sentence, compile_phrase, prepare, sentences
from flows.read.problems import KINDS
from flows.read.stance import Place, Reserve, Stance, reserve_of, reserve_of_head
from flows.read.statements import Statement, Wordings, in_words, is_stated_behind, mentions, statements, uncounted
from flows.read.text import fold
from flows.records import IntakeFinding, Observation, Reading, Severity
from infra.catalogue import Area, Phrase

_LABELLED_LINE = re.compile(
    rf"^(?:[-+*•]\s*|\d{{1,2}}[.)]\s*)?(?P<name>[^:=]{{2,80}}?)\s*[:=]\s*(?P<n>{NUMBER.pattern})"
    r"(?P<more>.*)$"
)
_OPENING = re.compile(r"\s*(\d{1,3})(?P<gap>\s+)(?=(?P<word>[^\W\d_]+))")
_COLUMNS = re.compile(r"\t| {3,}")  # columns without a table
_REQUEST = re.compile(r"(?<![^\W_])(?:đề nghị|xin|vui lòng|kính mong|mong|nhờ)(?![^\W_])")
_UNIT = re.compile(r"[^\d]{0,25}")
_TOTALS = ("tổng cộng", "tổng số", "cộng", "toàn tỉnh", "tổng")
_WHY_NOT: dict[Stance, str] = {
    "denied": "Câu này phủ nhận",
    "asked": "Câu này hỏi về",
    "planned": "Câu này nói kế hoạch hoặc dự kiến về",
    "other_period": "Câu này nói kỳ khác về",
}
_GENERATION = re.compile(r"[^,;:.()\d]{0,15}?(?<![^\W_])(?P<which>[2-5]g)(?![^\W_])")
# "3 4 5" is not three, and nobody says what; "88-90" is no number, "66 → 70" two; "2O" and "88k" say what nobody knows.
_GOES_ON = re.compile(r"(?:\s\d+)+(?![^\W]|[/.,-]\d)|\s*(?:->|=>|[-–→+])\s*\d+(?![\d/])|[^\W\d_đh](?![^\W_])")
REPORT = "report"
WORDS_OF_DATA = 8       # a line of no more words that holds a number is likely a figure of a form
MAX_LETTERS = 300_000
"""Of the prose of one document; a month's report of a district has 10 000, a book has more than this."""


def read_paragraphs(paragraphs: Sequence[Paragraph], context: ReadContext) -> Reading:
    """Return figures, work items and findings of the prose of one document, in reading order."""
    seen = _within_limit(paragraphs)
    lines = outline(seen, context)
    page = _Page(context)
    page.report_rest(paragraphs, seen)
    for line in lines:
        if line.part != "II" and line.role != "closing":
            page.read(line)
    page.report_unread(line for line in lines if line.part != "II")
    figure_lines = () if has_own_section(context) else page.figure_lines
    items = narrative_items(lines, figure_lines, context)
    page.note_rest(lines)
    return Reading(tuple(page.observations.values()), tuple(items), tuple(page.findings))


def _within_limit(paragraphs: Sequence[Paragraph]) -> Sequence[Paragraph]:
    """Return the first paragraphs that together are not too long to be read."""
    lengths = itertools.accumulate(len(paragraph.text) + 1 for paragraph in paragraphs)
    return paragraphs[: sum(length <= MAX_LETTERS for length in lengths)]


@dataclass
class _Page:
    """What was read so far of one document."""

    context: ReadContext
    observations: dict[tuple[str, str], Observation] = field(default_factory=dict)
    findings: list[IntakeFinding] = field(default_factory=list)
    figure_lines: set[str] = field(default_factory=set)
    list_heads: tuple[Phrase, ...] = ()
    taken: set[str] = field(default_factory=set)       # sentences that stated something
    set_aside: set[str] = field(default_factory=set)   # lines whose figure is known and of no use here
    refused: set[str] = field(default_factory=set)  # indicators that a sentence names and does not report
    row_number: int = 0  # with which the line before opens, 0 without one
    head: Reserve | None = None  # what the heading above says of all that stands below it

    def __post_init__(self) -> None:
        self.phrases = usable_phrases(self.context)
        self.wordings = Wordings.of(self.phrases, self.context.catalogue.indicators)
        self.area = own_area(self.context)
        whose = self.context.submitter.submitter_id if self.context.submitter else ""
        provided = self.context.catalogue.provisions_by_submitter.get(whose, ())
        self.by_area = {row.indicator_id for row in provided if row.detail == "by_district"}

    def read(self, line: Line) -> None:
        """Read one line: an area of a list, a labelled figure, or sentences."""
        before = len(self.observations)
        self._note_head(line)
        if not self._read_area_line(line):
            text = _COLUMNS.sub(": ", line.text[self._ordinal_end(line) :])
            found = [(s, item) for s in sentences(text) for item in statements(s, self.wordings)]
            self._report_uncounted(line, text)
            for sentence, item in found:
                self._take(item, line.paragraph.place, sentence)
            if not found:
                self._read_labelled_line(line)
                self._report_request(line)
            self._note_list_head(line)
        if len(self.observations) > before:
            self.figure_lines.add(line.text)

    def _ordinal_end(self, line: Line) -> int:
        """Return where the number of a row ends: "1<tab>Trạm BTS", "1 Trạm BTS", "2 …" below a line with "1 …"."""
        opening = _OPENING.match(line.text)
        number, before = int(opening[1]) if opening else 0, self.row_number
        self.row_number = number
        if opening is None:
            return 0
        is_next = number == before + 1 and before > 0
        is_row = is_next or opening["gap"] != " " or opening["word"].istitle()
        return opening.end() if is_row else 0

    def _note_head(self, line: Line) -> None:
        """Remember what a line that only announces says of the lines below it ("Kế hoạch năm 2019:")."""
        if line.role == "heading" or line.text.rstrip().endswith(":"):
            self.head = reserve_of_head(prepare(line.text).text, self.context.report_period)

    def report_rest(self, paragraphs: Sequence[Paragraph], seen: Sequence[Paragraph]) -> None:
        """Report what is beyond the limit of length."""
        if len(seen) < len(paragraphs):
            first, left = paragraphs[len(seen)], len(paragraphs) - len(seen)
            text = f"Phần chữ dài quá {MAX_LETTERS // 1000} nghìn ký tự; {left} dòng từ chỗ này trở đi không được đọc."
            remedy = "Gửi lại văn bản chỉ có nội dung báo cáo của tháng."
            self._find("parts_beyond_limit", text, first.place, remedy, first.text[:200])

    def _report_uncounted(self, line: Line, text: str) -> None:
        """Report an enumeration in a sentence that is too long to be read at once: it is not counted."""
        for piece in sentences(text):
            if indicator_id := uncounted(piece, self.wordings):
                label = self.context.catalogue.indicator_by_id[indicator_id.split("#")[0]].label_vi
                sentence = f"Câu quá dài nên phần liệt kê của “{label}” không được đếm; số này chưa được lấy."
                remedy = "Ngắt thành nhiều câu, hoặc ghi rõ số theo mẫu “tên chỉ tiêu: số”."
                self._find("unread_figure", sentence, line.paragraph.place, remedy, piece.raw[:200])
                return

    def _find(
        self, kind: str, message_vi: str, place: str, remedy_vi: str, raw_text: str, severity: Severity | None = None
    ) -> None:
        usual, remedy = (KINDS[kind].severity, KINDS[kind].remedy_vi) if kind in KINDS else ("warning", "")
        self.findings.append(make_finding(
            self.context, kind, severity or usual, message_vi, cell=place, remedy_vi=remedy_vi or remedy,
            raw_text=raw_text,
        ))  # fmt: skip

    def note_rest(self, lines: Sequence[Line]) -> None:
        """Say which lines are neither work items nor figures: below the heading of a part, or items outside of one."""
        said = {finding.raw_text for finding in self.findings} | self.figure_lines | self.set_aside
        unused = unused_lines(lines, self.context)
        rest = [line for line in unused if not said & {line.text, line.text[:200]}]
        self._account(lines, {id(line) for line in unused})
        if rest:
            text = (f"{len(rest)} dòng (dòng đầu: “{rest[0].text[:80]}”) không được lấy làm mục việc: không nằm dưới "
                    "đề mục kết quả hoặc kế hoạch, không có gạch đầu dòng, hoặc không phải một câu có dấu chấm.")
            self._find("line_without_item", text, rest[0].paragraph.place, "", rest[0].text[:200])

    def _account(self, lines: Iterable[Line], told: Set[int]) -> None:
        """Say which sentences hold a number and gave neither a figure nor a finding nor an item."""
        raw_texts = (finding.raw_text for finding in self.findings if finding.raw_text)
        said = set(map(_bare, (*self.taken, *self.set_aside, *raw_texts)))
        left = [
            (line, sentence.raw) for line in lines
            if line.role in ("text", "heading") and line.part != "II" and id(line) not in told
            for sentence in sentences(line.text) if holds_number(sentence.raw)
            and not any(text in _bare(sentence.raw) or _bare(sentence.raw) in text for text in said)
        ]
        if left:
            places = listed((line.paragraph.place, text) for line, text in left)
            text = f"Có câu ghi số mà không rõ là số liệu nào nên chưa được đọc: {places}."
            severity: Severity = "warning" if any(_is_like_data(text) for _, text in left) else "note"
            self._find("number_not_read", text, left[0][0].paragraph.place, "", left[0][1][:200], severity)

    def report_unread(self, lines: Iterable[Line]) -> None:
        """Report figures that are named beside a number and were not read anywhere in the document."""
        stated = {indicator_id for indicator_id, _ in self.observations} | self.refused
        for line in lines:
            for sentence in sentences(line.text):
                named = (*mentions(sentence, self.wordings), *self._named_by_label(sentence),
                         *in_words(sentence, self.wordings))
                for indicator_id in named:
                    if indicator_id not in stated:
                        stated.add(indicator_id)
                        self._report(indicator_id, line, sentence)

    def _named_by_label(self, sentence: Sentence) -> Iterator[str]:
        """Yield what a sentence states by the name that forms use."""
        for indicator_id, end in label_index(self.context).named_in(sentence.text):
            if provides(self.context, indicator_id) and is_stated_behind(sentence, end):
                yield indicator_id

    def _report(self, indicator_id: str, line: Line, sentence: Sentence) -> None:
        label = self.context.catalogue.indicator_by_id[indicator_id.split("#")[0]].label_vi
        self.findings.append(
            make_finding(
                self.context,
                "unread_figure",
                "warning",
                f"Câu này có nói đến “{label}” nhưng không đọc được số liệu; số này chưa được lấy.",
                cell=line.paragraph.place,
                remedy_vi="Ghi rõ theo mẫu “tên chỉ tiêu: số”, hoặc bổ sung cách viết này vào danh mục phrases.csv.",
                raw_text=sentence.raw,
            )
        )

    def _report_request(self, line: Line) -> None:
        """Report a request to correct a figure that names none we know: it must not be lost."""
        for sentence in sentences(line.text):
            asked = _REQUEST.search(sentence.text)
            change = self.wordings.change.search(sentence.masked, asked.end()) if asked else None
            if change and re.search(FIGURE, sentence.masked[change.end() :]):
                text = "Câu này đề nghị sửa số liệu nhưng không rõ chỉ tiêu nào; chưa sửa gì."
                remedy = "Ghi rõ tên chỉ tiêu và số đúng, ví dụ “sửa số trạm BTS thành … trạm”."
                self._find("unread_correction", text, line.paragraph.place, remedy, sentence.raw)

    def _take(self, item: Statement, place: str, sentence: Sentence, area: str = "", is_total: bool = False) -> None:
        """Add a figure that its sentence reports; one that is denied, asked, planned or of another time is said."""
        self.taken.add(sentence.raw)
        if beyond := _what_makes_it_another(item, sentence):
            item = replace(item, number=UNREADABLE, raw_text=sentence.raw_slice(item.start, beyond.end()))
        reserve = self._reserve(item, sentence)
        if reserve is None:
            named = [] if area else self._areas_named(item, sentence)
            if named and not self._is_of_one(item, named):
                self._ask_whose(item, named, place, sentence)
            else:
                self._add(item, place, area or (named[0].area_code if named else ""), is_total)
            return
        self.refused.add(item.indicator_id)
        label = self.context.catalogue.indicator_by_id[item.indicator_id.split("#")[0]].label_vi
        said = f"{_WHY_NOT[reserve.stance]} “{label}” (“{reserve.words}”)"
        text = f"{said}, không báo cáo số “{item.raw_text}”; số này không được lấy."
        remedy = "Nếu đây là số của tháng báo cáo, ghi lại theo mẫu “tên chỉ tiêu: số”."
        self._find("figure_not_reported", text, place, remedy, sentence.raw[:200])

    def _areas_named(self, item: Statement, sentence: Sentence) -> list[Area]:
        """Return the areas that the clause of a figure names, unless the figure is one that nobody reports by area."""
        if self.area == self.context.catalogue.province.area_code and item.indicator_id not in self.by_area:
            return []
        named = area_index(self.context).named_in(sentence.clause(*item.span))
        return [] if self.area in {area.area_code for area in named} else named

    def _is_of_one(self, item: Statement, named: Sequence[Area]) -> bool:
        return len(named) == 1 and not is_foreign(self.context, named[0].area_code)

    def _ask_whose(self, item: Statement, named: Sequence[Area], place: str, sentence: Sentence) -> None:
        self.refused.add(item.indicator_id)
        label = self.context.catalogue.indicator_by_id[item.indicator_id.split("#")[0]].label_vi
        whose = ", ".join(area.area_name for area in named)
        text = f"Số “{item.raw_text}” ({label}) đứng cạnh tên {whose} nên không rõ là số của địa bàn nào; chưa lấy."
        remedy = "Ghi mỗi địa bàn một dòng “tên địa bàn: số”, chỉ các địa bàn mà đơn vị báo cáo."
        self._find("foreign_area", text, place, remedy, sentence.raw[:200])

    def _reserve(self, item: Statement, sentence: Sentence) -> Reserve | None:
        if item.number.obs_status == "L":
            return None
        indicator = self.context.catalogue.indicator_by_id[item.indicator_id.split("#")[0]]
        is_list = item.role == "list"
        spot = Place(sentence.text, item.span[0], item.span[0] if is_list else item.start, item.end)
        said = reserve_of(
            spot,
            self.context.report_period,
            is_none=item.number.value == 0 and not any(letter.isdigit() for letter in item.raw_text),
            is_target=indicator.indicator_kind == "target",
            change=self.wordings.change if item.role == "correction" else None,
        )
        return said or (None if item.role == "correction" else self.head)

    def _add(self, item: Statement, place: str, area: str = "", is_total: bool = False) -> None:
        if item.number.problem:
            self._ask(item, place)
            return
        observation = make_observation(
            self.context,
            item.number,
            indicator_id=item.indicator_id,
            area_code=area or self.area,
            cell=place,
            raw_text=item.raw_text,
            is_reported_total=is_total,
        )
        key = (item.indicator_id, observation.area_code)
        known = self.observations.setdefault(key, observation)
        if known.value != observation.value:
            self._conflict(known, observation)

    def _ask(self, item: Statement, place: str) -> None:
        self.refused.add(item.indicator_id)
        label = self.context.catalogue.indicator_by_id[item.indicator_id.split("#")[0]].label_vi
        text = f"Không rõ “{item.raw_text}” là bao nhiêu ({label}); số này chưa được lấy."
        remedy = "Viết số theo cách 1.234 (dấu chấm phân nhóm) và 12,5 (dấu phẩy thập phân)."
        if item.number.problem == "unclear_none":
            text, remedy = f"“{item.raw_text}” ({label}) {UNCLEAR_NONE_VI}", UNCLEAR_NONE_REMEDY_VI
        self._find(item.number.problem, text, place, remedy, item.raw_text)

    def _conflict(self, first: Observation, second: Observation) -> None:
        text = (
            f"Cùng một chỉ tiêu được ghi hai số khác nhau: “{first.raw_text}” ({first.cell}) và "
            f"“{second.raw_text}” ({second.cell}); tạm lấy số ghi trước."
        )
        self._find("conflicting_figures", text, second.cell, "Cho biết số nào đúng.", second.raw_text)

    def _note_list_head(self, line: Line) -> None:
        """Remember what a list of districts that follows is about ("… thuê bao Internet tháng 3:")."""
        text = prepare(line.text).text
        heads = [p for p in self.phrases if p.kind in ("area_list", "area_total")]
        named = tuple(p for p in heads if compile_phrase(p.phrase).search(text))
        if named:
            self.list_heads = named

    def _read_area_line(self, line: Line) -> bool:
        """Read "Thị xã An Khê: 325 TB" or "Tổng cộng: 3.196 TB" below the head of a list."""
        match = _LABELLED_LINE.match(line.text) if self.list_heads else None
        if not match:
            return False
        name = fold(match["name"])
        if name in _TOTALS:
            for phrase in self.list_heads:
                self._take(*_stated(match, phrase.indicator_id, line), is_total=True)
            rest = prepare(match["more"])
            for item in statements(rest, self.wordings):
                self._take(item, line.paragraph.place, rest)
            return True
        areas = area_index(self.context)
        area = areas.match(match["name"], areas.local_level).code
        for phrase in self.list_heads:
            if area and phrase.kind == "area_list":
                self._take(*_stated(match, phrase.indicator_id, line), area)
        return bool(area)

    def _read_labelled_line(self, line: Line) -> None:
        """Read "label: figure" by the labels of forms, where no phrase spoke."""
        match = _LABELLED_LINE.match(line.text)
        if match and _UNIT.fullmatch(match["more"]):
            meaning = match_label(match["name"], self.context)
            indicator_id = meaning.indicator_id
            if meaning.is_known and not indicator_id:
                self.set_aside.add(line.text)       # known, and no figure of the report
            if indicator_id and provides(self.context, indicator_id):
                self._take(*_stated(match, indicator_id, line))


def _what_makes_it_another(item: Statement, sentence: Sentence) -> re.Match[str] | None:
    """Return what behind a number makes it another: more digits, or the one generation of a network that it counts."""
    of_part = _GENERATION.match(sentence.text, item.end)
    is_narrower = of_part is not None and of_part["which"] not in item.indicator_id
    return _GOES_ON.match(sentence.text, item.end) or (of_part if is_narrower else None)


def _bare(text: str) -> str:
    """Return a sentence without what parts its columns: a tab and a colon are one."""
    return " ".join(text.replace(":", " ").split())


def _is_like_data(text: str) -> bool:
    """Tell whether a line looks like data rather than a sentence about work: a name with a number, or few words."""
    return bool(_LABELLED_LINE.match(text)) or len(text.split()) <= WORDS_OF_DATA


def usable_phrases(context: ReadContext) -> tuple[Phrase, ...]:
    """Return the phrases for this submitter: those of its own, and general ones for what it provides."""
    submitter = context.submitter
    names = {submitter.submitter_id, submitter.submitter_kind} if submitter else set()
    return tuple(
        phrase
        for phrase in context.catalogue.phrases
        if (names & set(phrase.context))
        or (not phrase.context and (not phrase.indicator_id or provides(context, phrase.indicator_id)))
    )


def provides(context: ReadContext, indicator_id: str) -> bool:
    """Tell whether a submitter is one that reports this figure; an unknown one may report any."""
    if context.submitter is None:
        return True
    rows = context.catalogue.provisions_by_submitter.get(context.submitter.submitter_id, ())
    return any(row.indicator_id == indicator_id.split("#")[0] for row in rows)


def _stated(match: re.Match[str], indicator_id: str, line: Line) -> tuple[Statement, str, Sentence]:
    """Return the figure of a labelled line, its place, and the line as the sentence that it stands in."""
    sentence, number = prepare(line.text), parse_number(match["n"])
    start = sentence.text.find(fold(match["n"]), len(fold(match["name"])))
    span = (0, start + len(fold(match["n"])))
    item = Statement(indicator_id, "figure", number, match["n"].strip(), start, span[1], span)
    return item, line.paragraph.place, sentence
