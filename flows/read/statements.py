"""What a sentence states: figures, stated zeros, corrections and enumerations, by the phrases of the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from flows.read.numbers import Kind, ParsedNumber, parse_number
from flows.read.phrases import FIGURE, NUMBER, Sentence, compile_phrase, enumerated, needle, pattern_of
from flows.read.text import fold
from infra.catalogue import Phrase

Role = Literal["figure", "zero", "list", "correction"]
_BETWEEN = rf"(?:(?![;!?]|\.(?:\s|$)|{FIGURE}).){{0,60}}?"
_TO_FIGURE = rf"(?P<n>{FIGURE})"
_LABELLED = re.compile(rf"{_BETWEEN}\s*(?:[:=]|là|đạt|hiện có|có|còn|gồm|được)\s*{_TO_FIGURE}")
_CORRECTED = re.compile(
    rf"(?:(?![;!?]|\.(?:\s|$)).){{0,100}}?\s(?:thành|là|còn|về|bằng|xuống|lên)\s+{_TO_FIGURE}"
)
_ENDS = r"(?=\s*(?:[,;.)]|$|trong (?:tháng|kì)))"


@dataclass(frozen=True, slots=True)
class Statement:
    """One figure stated by a sentence. `length` is how much of the wording agreed: the more, the surer."""

    indicator_id: str
    role: Role
    number: ParsedNumber
    raw_text: str
    start: int
    end: int
    length: int
    phrase: str


@dataclass(frozen=True)
class Wordings:
    """The phrases that may be used for one submitter, and the shared wordings of "none" and "please correct"."""

    figures: tuple[Phrase, ...]
    things: tuple[Phrase, ...]  # nouns and names
    lists: tuple[Phrase, ...]
    none: re.Pattern[str]
    named_none: re.Pattern[str]
    none_of: re.Pattern[str]
    change: re.Pattern[str]

    @classmethod
    def of(cls, phrases: tuple[Phrase, ...]) -> Wordings:
        """Sort phrases by kind."""
        none = _alternatives(tuple(p.phrase for p in phrases if p.kind == "none"))
        change = _alternatives(tuple(p.phrase for p in phrases if p.kind == "change"))
        return cls(
            figures=tuple(p for p in phrases if p.kind == "figure"),
            things=tuple(p for p in phrases if p.kind in ("noun", "name")),
            lists=tuple(p for p in phrases if p.kind == "list"),
            none=_compiled(none),
            named_none=_compiled(
                rf"(?:{_BETWEEN}:\s*|\s+|{_BETWEEN}\s(?:là|trong tháng|trong kì)\s+)(?P<none>{none}){_ENDS}"
            ),
            none_of=_compiled(rf"(?P<none>{none})(?:\s+[^\W\d_]+){{0,5}}?\s*$"),
            change=_compiled(change),
        )


def statements(sentence: Sentence, wordings: Wordings) -> list[Statement]:
    """Return what a sentence states, in the order of the text; a figure is given to the longest wording only.

    A request to correct a figure speaks of that figure alone: the other numbers of its sentence are reasons.
    """
    corrections = list(_corrections(sentence, wordings))
    if corrections:
        return _longest(corrections)
    found = [*_figures(sentence, wordings), *_labelled(sentence, wordings)]
    figures = _longest(found)
    stated = {item.indicator_id for item in figures}
    zeros = [item for item in _zeros(sentence, wordings) if item.indicator_id not in stated]
    return sorted(figures + _once(zeros) + _once(_lists(sentence, wordings)), key=lambda item: item.start)


def mentions(sentence: Sentence, wordings: Wordings) -> list[str]:
    """Return the indicators whose name stands in a clause with a number, whether or not it could be read."""
    found = []
    for row in wordings.things:
        for match in _finds(row, sentence):
            clause = sentence.clause(match.start(), match.end())
            if NUMBER.search(clause) and not _excluded(row, clause):
                found.append(row.indicator_id)
    return found


def _finds(row: Phrase, sentence: Sentence) -> Iterator[re.Match[str]]:
    """Yield every match of a phrase, also those that begin inside another."""
    if needle(row.phrase) not in sentence.text:
        return
    pattern, at = compile_phrase(row.phrase), 0
    while match := pattern.search(sentence.masked, at):
        yield match
        at = match.start() + 1


def _figures(sentence: Sentence, wordings: Wordings) -> Iterator[Statement]:
    for row in wordings.figures:
        for match in _finds(row, sentence):
            if not _excluded(row, sentence.clause(match.start(), match.end())):
                yield _statement(sentence, row, match.start(), match)


def _labelled(sentence: Sentence, wordings: Wordings) -> Iterator[Statement]:
    """A name, a colon or a verb, the figure: "Trạm BTS: 57 trạm"."""
    for row in wordings.things:
        for thing in _finds(row, sentence):
            match = _LABELLED.match(sentence.masked, thing.end())
            if match and not _excluded(row, sentence.clause(thing.start(), match.end())):
                yield _statement(sentence, row, thing.start(), match)


def _corrections(sentence: Sentence, wordings: Wordings) -> Iterator[Statement]:
    """A request, the name, the new figure: "đề nghị sửa số trạm BTS … thành 120 trạm"."""
    request = wordings.change.search(sentence.masked)
    if not request:
        return
    for row in wordings.things:
        for thing in _finds(row, sentence):
            match = _CORRECTED.match(sentence.masked, thing.end())
            if match and thing.start() > request.start():
                yield _statement(sentence, row, thing.start(), match, "correction")


def _statement(
    sentence: Sentence, row: Phrase, first: int, match: re.Match[str], role: Role = "figure"
) -> Statement:
    start, end = match.span("n")
    kind: Kind = "measure" if row.indicator_id.endswith("_pct") else "count"
    number = parse_number(sentence.text[start:end], kind)
    raw = sentence.raw_slice(start, end)
    return Statement(row.indicator_id, role, number, raw, start, end, match.end() - first, row.phrase)


def _zeros(sentence: Sentence, wordings: Wordings) -> Iterator[Statement]:
    """A name stated as none: "pa nô biên giới: không phát sinh", "chưa có dấu hiệu tham nhũng"."""
    if not wordings.none.search(sentence.masked):
        return
    for row in wordings.things:
        if row.kind == "noun":
            for thing in _finds(row, sentence):
                before = sentence.masked[max(0, thing.start() - 80) : thing.start()]
                found = wordings.named_none.match(sentence.masked, thing.end())
                match = found or wordings.none_of.search(before)
                if match and not _excluded(row, sentence.clause(thing.start(), thing.end())):
                    shift = 0 if found else max(0, thing.start() - 80)
                    start, end = (position + shift for position in match.span("none"))
                    yield _zero(sentence, row, start, end)


def _zero(sentence: Sentence, row: Phrase, start: int, end: int) -> Statement:
    raw = sentence.raw_slice(start, end)
    zero = ParsedNumber(Decimal(0))
    return Statement(row.indicator_id, "zero", zero, raw, start, end, end - start, row.phrase)


def _lists(sentence: Sentence, wordings: Wordings) -> Iterator[Statement]:
    for row in wordings.lists:
        for match in _finds(row, sentence):
            if not _excluded(row, sentence.clause(match.start(), match.start("list"))):
                start, end = match.span("list")
                number = ParsedNumber(Decimal(len(enumerated(sentence.text[start:end]))))
                raw = sentence.raw_slice(start, end).strip(" .:;")
                yield Statement(row.indicator_id, "list", number, raw, start, end, end - start, row.phrase)


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


@lru_cache(maxsize=64)
def _alternatives(phrases: tuple[str, ...]) -> str:
    ordered = sorted(phrases, key=len, reverse=True)
    return "(?:" + "|".join(pattern_of(phrase) for phrase in ordered) + ")" if ordered else "(?!)"


def _excluded(row: Phrase, clause: str) -> bool:
    return any(re.search(rf"(?<![^\W_]){re.escape(fold(word))}(?![^\W_])", clause) for word in row.unless)


def _longest(found: list[Statement]) -> list[Statement]:
    """Keep, for each number of the text, the statement whose wording agreed most."""
    best: dict[int, Statement] = {}
    for item in found:
        known = best.get(item.end)
        if known is None or item.length > known.length:
            best[item.end] = item
    return sorted(best.values(), key=lambda item: item.start)


def _once(found: Iterable[Statement]) -> list[Statement]:
    kept: dict[str, Statement] = {}
    for item in found:
        kept.setdefault(item.indicator_id, item)
    return list(kept.values())
