"""What a sentence states: figures, stated zeros, corrections and enumerations, by the phrases of the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from flows.read.numbers import UNCLEAR_NONE, Kind, ParsedNumber, parse_number
from flows.read.phrases import FIGURE, NO_FIGURE, Sentence, compile_phrase, enumerated, masked, needle, pattern_of
from flows.read.text import fold
from infra.catalogue import Indicator, Phrase

Role = Literal["figure", "zero", "list", "correction"]
_BETWEEN = rf"(?:(?![;!?]|\.(?:\s|$)|{FIGURE}).){{0,60}}?"
_TO_FIGURE = rf"(?P<n>{FIGURE})"
_LABELLED = re.compile(
    rf"{_BETWEEN}(?:\s(?:tăng|giảm)\s*{FIGURE}[^\d;]{{0,20}}?)?\s*"
    rf"(?:[:=]|là|đạt|hiện có|có|còn|gồm|được|lên)\s*{_TO_FIGURE}"
)
_CORRECTED = re.compile(rf"(?:(?![;!?]|\.(?:\s|$)).){{0,100}}?\s(?:thành|là|còn|về|bằng|xuống|lên)\s+{_TO_FIGURE}")
_ENDS = r"(?=\s*(?:[,;.)]|$|trong (?:tháng|kì)))"
_NO_FIGURES = r"số liệu|thống kê|báo cáo|thông tin"
_NOT_COLLECTED = re.compile(
    rf"{_BETWEEN}[:=]\s*(?P<n>\.{{2,}}|(?:chưa|không) (?:có|thống kê|tổng hợp)(?: được)?(?: (?:{_NO_FIGURES}))?){_ENDS}"
)
# A number behind these words is a change, or the value that no longer holds.
_ANOTHER = re.compile(r"(?<![^\W_])(?:tăng|giảm|thêm|bớt|so với|thay vì|thay cho|không phải)\s*(?:thêm\s*)?$")
_ENUMERATOR = re.compile(r"^\s*\(?\d{1,2}[.)]\s")
_DIGIT_WORD = r"(?:một|hai|ba|bốn|tư|năm|sáu|bảy|bẩy|tám|chín|mười|mươi|mốt|lăm|linh|lẻ|trăm|nghìn|ngàn|triệu|rưỡi)"
_IN_WORDS = re.compile(
    rf"(?<![^\W_])(?:{_DIGIT_WORD}(?:\s+{_DIGIT_WORD})+(?<!\snăm)|mươi năm|(?<=: ){_DIGIT_WORD}|(?<=là ){_DIGIT_WORD}|"
    r"không (?:thay đổi|đổi|tăng,? không giảm|biến động)|giữ nguyên|(?:vẫn )?như (?:tháng|kì|quí) (?:trước|\d+))"
    r"(?![^\W_])"
)
_ENDING = re.compile(_ENDS)
_ANY_FIGURE = re.compile(FIGURE)


@dataclass(frozen=True, slots=True)
class Statement:
    """One figure stated by a sentence, at `start` to `end`; `span` is all of the text that agreed.

    The longer the span, the surer the reading.
    """

    indicator_id: str
    role: Role
    number: ParsedNumber
    raw_text: str
    start: int
    end: int
    span: tuple[int, int]
    is_denominator: bool = False


@dataclass(frozen=True)
class Wordings:
    """The phrases that may be used for one submitter, and the shared wordings of "none" and "please correct"."""

    damaged: bool  # the text may have lost letters
    measures: frozenset[str]  # indicators with decimals
    shares: frozenset[str]  # indicators that may be printed with a percent sign
    figures: tuple[Phrase, ...]
    things: tuple[Phrase, ...]  # nouns and names
    lists: tuple[Phrase, ...]
    none: re.Pattern[str]
    named_none: re.Pattern[str]
    none_of: re.Pattern[str]
    none_carried: re.Pattern[str]
    change: re.Pattern[str]
    counts: tuple[Phrase, ...]
    zeros: tuple[Phrase, ...]

    @classmethod
    def of(cls, phrases: tuple[Phrase, ...], indicators: Iterable[Indicator], damaged: bool = False) -> Wordings:
        """Sort phrases by kind; `damaged` for text that may have lost letters to blanks."""
        none = _alternatives(tuple(p.phrase for p in phrases if p.kind == "none"), damaged)
        none += rf"(?!\s+(?:{_NO_FIGURES}|tăng|giảm|thay đổi|quá|dưới|những|chỉ))"
        change = _alternatives(tuple(p.phrase for p in phrases if p.kind == "change"), damaged)
        return cls(
            damaged=damaged,
            measures=frozenset(row.indicator_id for row in indicators if row.decimals > 0),
            shares=frozenset(row.indicator_id for row in indicators if row.unit.startswith(("%", "TB/100"))),
            figures=tuple(p for p in phrases if p.kind in ("figure", "denominator")),
            things=tuple(p for p in phrases if p.kind in ("noun", "name")),
            lists=tuple(p for p in phrases if p.kind == "list"),
            counts=tuple(p for p in phrases if p.kind == "count"),
            zeros=tuple(p for p in phrases if p.kind == "zero"),
            none=_compiled(none),
            named_none=_compiled(
                rf"(?:{_BETWEEN}:\s*|\s+|{_BETWEEN}\s(?:là|trong tháng|trong kì)\s+)(?P<none>{none}){_ENDS}"
            ),
            none_of=_compiled(rf"(?P<none>{none})(?:\s+[^\W\d_]+){{0,5}}?\s*$"),
            none_carried=_compiled(rf"(?P<none>{none})(?:(?!{FIGURE})[^.])*[;,]\s*$"),
            change=_compiled(change),
        )


def statements(sentence: Sentence, wordings: Wordings) -> list[Statement]:
    """Return what a sentence states, in the order of the text; a figure is given to the longest wording only.

    A request to correct a figure speaks of that figure alone: the other numbers of its sentence are reasons.
    """
    corrections = list(_corrections(sentence, wordings))
    if corrections:
        return _longest(corrections)
    found = _longest([*_figures(sentence, wordings), *_labelled(sentence, wordings)])
    for more in (_uncollected, _zeros, _lists, _counts):
        stated = {item.indicator_id for item in found}
        found += _once(item for item in more(sentence, wordings) if item.indicator_id not in stated)
    return sorted(found, key=lambda item: item.start)


def mentions(sentence: Sentence, wordings: Wordings) -> list[str]:
    """Return the indicators whose name stands in a clause with a number, whether or not it could be read."""
    has_figure = lru_cache(maxsize=None)(lambda clause: bool(_ANY_FIGURE.search(masked(_ENUMERATOR.sub("", clause)))))
    found: dict[str, None] = {}
    for row in wordings.things:
        for match in _finds(row, sentence, wordings) if row.indicator_id not in found else ():
            clause = sentence.clause(match.start(), match.end())
            if has_figure(clause) and not _excluded(row, clause):
                found[row.indicator_id] = None
                break
    return list(found)


def in_words(sentence: Sentence, wordings: Wordings) -> list[str]:
    """Return the indicators whose name stands in a clause with a number in words, or with words for "as before"."""
    if not _IN_WORDS.search(sentence.text):
        return []
    found: dict[str, None] = {}
    for row in wordings.things:
        for match in _finds(row, sentence, wordings) if row.indicator_id not in found else ():
            clause = sentence.clause(match.start(), match.end(), marks=";,")
            if _IN_WORDS.search(clause) and not _excluded(row, clause):
                found[row.indicator_id] = None
    return list(found)


def is_stated_behind(sentence: Sentence, end: int) -> bool:
    """Return whether a figure is stated of the name that ends there: a colon or a verb, then the figure."""
    return bool(_LABELLED.match(sentence.masked, end))


def uncounted(sentence: Sentence, wordings: Wordings) -> str:
    """Return the figure that a piece of a long sentence would count by what it names: the rest may name more."""
    rows = (*wordings.lists, *wordings.counts) if sentence.is_piece else ()
    return next((row.indicator_id for row in rows if any(_finds(row, sentence, wordings))), "")


def _finds(row: Phrase, sentence: Sentence, wordings: Wordings) -> Iterator[re.Match[str]]:
    """Yield every match of a phrase, also those that begin inside another."""
    pattern, at = compile_phrase(row.phrase, wordings.damaged), 0  # compiled anyway: a warmed process has it
    if not wordings.damaged and needle(row.phrase) not in sentence.text:
        return
    while match := pattern.search(sentence.masked, at):
        yield match
        at = match.start() + 1


def _figures(sentence: Sentence, wordings: Wordings) -> Iterator[Statement]:
    for row in wordings.figures:
        for match in _finds(row, sentence, wordings):
            if _is_meant(match, row, sentence, wordings, match.start()):
                yield _statement(sentence, row, wordings, match.start(), match)


def _labelled(sentence: Sentence, wordings: Wordings) -> Iterator[Statement]:
    """A name, a colon or a verb, the figure: "Trạm BTS: 57 trạm"."""
    for row in wordings.things:
        for thing in _finds(row, sentence, wordings):
            match = _LABELLED.match(sentence.masked, thing.end())
            if match and _is_meant(match, row, sentence, wordings, thing.start()):
                yield _statement(sentence, row, wordings, thing.start(), match)


def _is_meant(match: re.Match[str], row: Phrase, sentence: Sentence, wordings: Wordings, first: int) -> bool:
    """Tell whether a number is the figure itself: no change of it, no share of something, no other matter."""
    start, end = match.span("n")
    is_share = "%" in sentence.text[start:end] and row.indicator_id not in wordings.shares
    is_another = bool(_ANOTHER.search(sentence.masked[max(0, start - 20) : start]))
    return not is_share and not is_another and not _excluded(row, sentence.clause(first, match.end()))


def _uncollected(sentence: Sentence, wordings: Wordings) -> Iterator[Statement]:
    """A name with the mark for "not collected": "Pa nô biên giới: …", "Đại lý Internet: chưa có số liệu"."""
    if ":" not in sentence.text and "=" not in sentence.text:
        return
    for row in wordings.things:
        for thing in _finds(row, sentence, wordings):
            match = _NOT_COLLECTED.match(sentence.masked, thing.end())
            said = match.group("n") if match else ""
            if match and (said.startswith(".") or re.search(_NO_FIGURES, said)):
                start, end = match.span("n")
                raw = sentence.raw_slice(start, end)
                yield Statement(row.indicator_id, "zero", ParsedNumber(None, "L"), raw, start, end, (start, end))


def _corrections(sentence: Sentence, wordings: Wordings) -> Iterator[Statement]:
    """A request, the name, the new figure: "đề nghị sửa số trạm BTS … thành 120 trạm"."""
    request = wordings.change.search(sentence.masked)
    if not request:
        return
    for row in wordings.things:
        for thing in _finds(row, sentence, wordings):
            match = _CORRECTED.match(sentence.masked, thing.end())
            if match and thing.start() > request.start():
                yield _statement(sentence, row, wordings, thing.start(), match, "correction")


def _statement(
    sentence: Sentence,
    row: Phrase,
    wordings: Wordings,
    first: int,
    match: re.Match[str],
    role: Role = "figure",
) -> Statement:
    start, end = match.span("n")
    kind: Kind = "measure" if row.indicator_id in wordings.measures else "count"
    text = sentence.text[start:end]
    if wordings.damaged and re.search(r"\d \d{3}", text):
        text = re.sub(r"\.(?=\d{3}(?!\d))", " ", text)  # "1.306 834": one of two dots was lost
    number = ParsedNumber(None, "L") if NO_FIGURE.fullmatch(text) else parse_number(text, kind)
    if row.kind == "denominator":
        number = ParsedNumber(number.denominator)
    raw = sentence.raw_slice(start, end)
    span = (first, match.end())
    return Statement(row.indicator_id, role, number, raw, start, end, span, row.kind == "denominator")


def _zeros(sentence: Sentence, wordings: Wordings) -> Iterator[Statement]:
    """A name stated as none: "pa nô biên giới: không phát sinh", "chưa có dấu hiệu tham nhũng"."""
    if not wordings.none.search(sentence.masked):
        return
    for row in wordings.things:
        if row.kind == "noun":
            for thing in _finds(row, sentence, wordings):
                span = _none_span(sentence.masked, thing, wordings)
                if span and not _excluded(row, sentence.clause(*thing.span(), marks=";,")):
                    is_unclear = span[0] >= thing.end() and sentence.text[slice(*span)] == "chưa có"
                    raw, none = sentence.raw_slice(*span), UNCLEAR_NONE if is_unclear else ParsedNumber(Decimal(0))
                    yield Statement(row.indicator_id, "zero", none, raw, *span, span)


def _none_span(text: str, thing: re.Match[str], wordings: Wordings) -> tuple[int, int] | None:
    """Return where "none" is said of a thing: after it, before it, or before the list that it stands in."""
    if after := wordings.named_none.match(text, thing.end()):
        return after.span("none")
    first = max(0, thing.start() - 160)
    before = text[first : thing.start()]
    match = wordings.none_of.search(before)
    if not match and _ENDING.match(text, thing.end()):
        match = wordings.none_carried.search(before)
    return (match.start("none") + first, match.end("none") + first) if match else None


def _counts(sentence: Sentence, wordings: Wordings) -> Iterator[Statement]:
    """Things that are not counted but named: three draft plans, one fair; and sentences that state none."""
    for row in (*(() if sentence.is_piece else wordings.counts), *wordings.zeros):
        found = [m for m in _finds(row, sentence, wordings) if not _excluded(row, sentence.clause(*m.span()))]
        if found:
            start, end = found[0].start(), found[-1].end()
            number = ParsedNumber(Decimal(len(found) if row.kind == "count" else 0))
            raw = sentence.raw_slice(start, end)
            yield Statement(row.indicator_id, "list", number, raw, start, end, (start, end))


def _lists(sentence: Sentence, wordings: Wordings) -> Iterator[Statement]:
    for row in () if sentence.is_piece else wordings.lists:
        for match in _finds(row, sentence, wordings):
            if not _excluded(row, sentence.clause(match.start(), match.start("list"))):
                start, end = match.span("list")
                number = ParsedNumber(Decimal(len(enumerated(sentence.text[start:end]))))
                raw = sentence.raw_slice(start, end).strip(" .:;")
                yield Statement(row.indicator_id, "list", number, raw, start, end, (start, end))


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


@lru_cache(maxsize=64)
def _alternatives(phrases: tuple[str, ...], damaged: bool) -> str:
    ordered = sorted(phrases, key=len, reverse=True)
    return "(?:" + "|".join(pattern_of(phrase, damaged) for phrase in ordered) + ")" if ordered else "(?!)"


def _excluded(row: Phrase, clause: str) -> bool:
    words = map(fold, row.unless)
    return any(word in clause and _whole_word(word).search(clause) for word in words)


@lru_cache(maxsize=1024)
def _whole_word(word: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])")


def _longest(found: list[Statement]) -> list[Statement]:
    """Keep, for each number of the text, the statement of the longest wording; a denominator stands beside.

    A number inside a longer wording of the same figure is its denominator or total, not another value.
    """
    best: dict[tuple[int, bool], Statement] = {}
    for item in found:
        place = (item.end, item.is_denominator)
        known = best.get(place)
        if known is None or _size(item) > _size(known):
            best[place] = item
    kept = [item for item in best.values() if not any(_covers(other, item) for other in best.values())]
    return sorted(kept, key=lambda item: item.start)


def _size(item: Statement) -> int:
    return item.span[1] - item.span[0]


def _covers(other: Statement, item: Statement) -> bool:
    is_inside = other.span[0] <= item.start and item.end <= other.span[1]
    return is_inside and other.indicator_id == item.indicator_id and _size(other) > _size(item)


def _once(found: Iterable[Statement]) -> list[Statement]:
    kept: dict[str, Statement] = {}
    for item in found:
        kept.setdefault(item.indicator_id, item)
    return list(kept.values())
