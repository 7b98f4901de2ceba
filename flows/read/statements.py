"""What a sentence states: figures, stated zeros, corrections and enumerations, by the phrases of the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from flows.read.numbers import ParsedNumber, parse_number
from flows.read.phrases import NUMBER, Sentence, compile_phrase, enumerated, pattern_of
from flows.read.text import fold
from infra.catalogue import Phrase

Role = Literal["figure", "zero", "list", "correction"]
_BETWEEN = r"(?:(?![;!?]|\.(?:\s|$))[^\d]){0,60}?"
_FEW_WORDS = r"(?:\s+[^\W\d_]+){0,5}?\s+"
_VERBS = r"(?:[:=]|là|đạt|hiện có|có|còn|gồm|được)"
_TO = r"(?:thành|là|còn|về|bằng|xuống|lên)"
_ANYTHING = r"(?:(?![;!?]|\.(?:\s|$)).){0,100}?"


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
    none: str
    change: str

    @classmethod
    def of(cls, phrases: Iterable[Phrase]) -> Wordings:
        """Sort phrases by kind."""
        rows = tuple(phrases)
        return cls(
            figures=tuple(p for p in rows if p.kind == "figure"),
            things=tuple(p for p in rows if p.kind in ("noun", "name")),
            lists=tuple(p for p in rows if p.kind == "list"),
            none=_alternatives(p.phrase for p in rows if p.kind == "none"),
            change=_alternatives(p.phrase for p in rows if p.kind == "change"),
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
        for match in compile_phrase(row.phrase).finditer(sentence.text):
            clause = sentence.clause(match.start(), match.end())
            if re.search(NUMBER, clause) and not _excluded(row, clause):
                found.append(row.indicator_id)
    return found


def _figures(sentence: Sentence, wordings: Wordings) -> Iterator[Statement]:
    for row in wordings.figures:
        yield from _matches(sentence, row, compile_phrase(row.phrase))


def _labelled(sentence: Sentence, wordings: Wordings) -> Iterator[Statement]:
    """A name, a colon or a verb, the figure: "Trạm BTS: 57 trạm"."""
    for row in wordings.things:
        pattern = _built(row.phrase, "labelled", "")
        yield from _matches(sentence, row, pattern)


def _matches(sentence: Sentence, row: Phrase, pattern: re.Pattern[str], role: Role = "figure") -> Iterator[Statement]:
    at = 0
    while match := pattern.search(sentence.text, at):
        at = match.start() + 1
        if role == "figure" and _excluded(row, sentence.clause(match.start(), match.end())):
            continue
        start, end = match.span("n")
        text = sentence.text[start:end]
        number = parse_number(text, "measure" if row.indicator_id.endswith("_pct") else "count")
        length = match.end() - match.start()
        raw = sentence.raw_slice(start, end)
        yield Statement(row.indicator_id, role, number, raw, start, end, length, row.phrase)


def _corrections(sentence: Sentence, wordings: Wordings) -> Iterator[Statement]:
    if wordings.change and re.search(wordings.change, sentence.text):
        for row in wordings.things:
            yield from _matches(sentence, row, _built(row.phrase, "correction", wordings.change), "correction")


def _zeros(sentence: Sentence, wordings: Wordings) -> Iterator[Statement]:
    """A name stated as none: "pa nô biên giới: không phát sinh", "chưa có dấu hiệu tham nhũng"."""
    if not wordings.none or not re.search(wordings.none, sentence.text):
        return
    for row in wordings.things:
        if row.kind == "noun":
            for form in ("named_none", "none_of"):
                match = _built(row.phrase, form, wordings.none).search(sentence.text)
                if match and not _excluded(row, sentence.clause(match.start(), match.end())):
                    start, end = match.span("none")
                    raw = sentence.raw_slice(start, end)
                    zero = ParsedNumber(Decimal(0))
                    yield Statement(row.indicator_id, "zero", zero, raw, start, end, end - start, row.phrase)
                    break


def _lists(sentence: Sentence, wordings: Wordings) -> Iterator[Statement]:
    for row in wordings.lists:
        match = compile_phrase(row.phrase).search(sentence.text)
        if match and not _excluded(row, sentence.clause(match.start(), match.start("list"))):
            start, end = match.span("list")
            items = enumerated(sentence.text[start:end])
            number = ParsedNumber(Decimal(len(items)))
            raw = sentence.raw_slice(start, end).strip(" .:;")
            yield Statement(row.indicator_id, "list", number, raw, start, end, end - start, row.phrase)


@lru_cache(maxsize=8192)
def _built(phrase: str, form: str, shared: str) -> re.Pattern[str]:
    thing, number = pattern_of(phrase), rf"(?P<n>{NUMBER})"
    forms = {
        "labelled": rf"{thing}{_BETWEEN}\s*{_VERBS}\s*(?:khoảng\s+)?{number}",
        "correction": rf"{shared}{_ANYTHING}{thing}{_ANYTHING}\s{_TO}\s+{number}",
        "named_none": rf"{thing}(?:{_BETWEEN}:\s*|\s+|{_BETWEEN}\s(?:là|trong tháng|trong kì)\s+)"
        rf"(?P<none>{shared})(?=\s*(?:[,;.)]|$|trong (?:tháng|kì)))",
        "none_of": rf"(?P<none>{shared})(?:{_FEW_WORDS}|\s+){thing}",
    }
    return re.compile(forms[form])


@lru_cache(maxsize=64)
def _joined(phrases: tuple[str, ...]) -> str:
    ordered = sorted(phrases, key=len, reverse=True)
    return "(?:" + "|".join(pattern_of(phrase) for phrase in ordered) + ")" if ordered else ""


def _alternatives(phrases: Iterable[str]) -> str:
    return _joined(tuple(phrases))


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
