"""Formulas of a workbook: the value of a plain one that was never calculated, and constants typed over others.

Only sums and the four operations on cells of the same sheet are calculated, exactly; anything else has no
value here. A value that the file does store is always taken as stored.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, DivisionByZero, InvalidOperation, localcontext

Place = tuple[int, int]
_TOKEN = re.compile(
    r"\s*(?:(?P<range>\$?[A-Z]{1,3}\$?\d+:\$?[A-Z]{1,3}\$?\d+)|(?P<cell>\$?[A-Z]{1,3}\$?\d+)(?![\w!(])|"
    r"(?P<number>\d+(?:\.\d+)?)|(?P<sum>SUM\()|(?P<sign>[-+*/(),;]))"
)
_ODS_REFERENCE = re.compile(r"\[\.([A-Z$]+\d[\d$]*)(?::\.([A-Z$]+\d[\d$]*))?\]")
_MAX_DEPTH = 20
_MAX_RANGE = 10_000


class _NotPlainError(Exception):
    """The formula uses something that is not calculated here."""


@dataclass
class _Parser:
    tokens: list[tuple[str, str]]
    value_of: Callable[[Place], Decimal | None]
    at: int = 0

    def sum_of_terms(self) -> Decimal:
        total = self._product()
        while self._next_is("+", "-"):
            sign = self._take()
            term = self._product()
            total = total + term if sign == "+" else total - term
        return total

    def _product(self) -> Decimal:
        value = self._factor()
        while self._next_is("*", "/"):
            operator = self._take()
            factor = self._factor()
            value = value * factor if operator == "*" else value / factor
        return value

    def _factor(self) -> Decimal:
        kind, text = self._peek()
        self.at += 1
        if kind == "number":
            return Decimal(text)
        if kind == "cell":
            return self._cell(place_of(text))
        if kind == "sum":
            return self._sum()
        if text in "+-":
            return self._factor() if text == "+" else -self._factor()
        if text == "(":
            value = self.sum_of_terms()
            self._expect(")")
            return value
        raise _NotPlainError

    def _sum(self) -> Decimal:
        total = Decimal(0)
        while True:
            kind, text = self._peek()
            if kind == "range":
                self.at += 1
                total += sum((self.value_of(place) or Decimal(0) for place in places_of(text)), Decimal(0))
            else:
                total += self.sum_of_terms()
            if not self._next_is(",", ";"):
                break
            self.at += 1
        self._expect(")")
        return total

    def _cell(self, place: Place) -> Decimal:
        value = self.value_of(place)
        if value is None:
            raise _NotPlainError
        return value

    def _peek(self) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise _NotPlainError
        return self.tokens[self.at]

    def _next_is(self, *signs: str) -> bool:
        return self.at < len(self.tokens) and self.tokens[self.at][1] in signs

    def _take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1][1]

    def _expect(self, sign: str) -> None:
        if not self._next_is(sign):
            raise _NotPlainError
        self.at += 1


def calculate(place: Place, formulas: Mapping[Place, str], stored: Callable[[Place], Decimal | None]) -> Decimal | None:
    """Return the value of the formula at `place`, None when it is not a plain one.

    Args:
        place: Row and column from 1.
        formulas: All formulas of the sheet, with "=".
        stored: The number a cell stores, 0 for a blank, None for text.
    """
    return _calculate(place, formulas, stored, 0)


def _calculate(
    place: Place, formulas: Mapping[Place, str], stored: Callable[[Place], Decimal | None], depth: int
) -> Decimal | None:
    if depth > _MAX_DEPTH:
        return None

    def value_of(other: Place) -> Decimal | None:
        value = stored(other)
        return value if other not in formulas or value else _calculate(other, formulas, stored, depth + 1)

    try:
        parser = _Parser(_tokens(formulas[place]), value_of)
        with localcontext() as exact:
            exact.prec = 40
            value = parser.sum_of_terms()
        return value.normalize() + 0 if parser.at == len(parser.tokens) else None
    except (_NotPlainError, DivisionByZero, InvalidOperation, RecursionError):
        return None


def _tokens(formula: str) -> list[tuple[str, str]]:
    text = _ODS_REFERENCE.sub(lambda m: f"{m[1]}:{m[2]}" if m[2] else m[1], formula.removeprefix("of:"))
    text = text.removeprefix("=").upper().strip()
    tokens, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if not match:
            raise _NotPlainError
        tokens.append((str(match.lastgroup), match.group().strip()))
        at = match.end()
    return tokens


def place_of(reference: str) -> Place:
    """Return row and column from 1 of "C10" or "$C$10"."""
    letters = re.sub(r"[^A-Z]", "", reference)
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return int(re.sub(r"\D", "", reference)), column


def places_of(reference: str) -> Iterable[Place]:
    """Return the cells of "C8:C15", row by row."""
    (top, left), (bottom, right) = map(place_of, reference.split(":"))
    if (bottom - top + 1) * (right - left + 1) > _MAX_RANGE:
        raise _NotPlainError
    return [(row, column) for row in range(top, bottom + 1) for column in range(left, right + 1)]


def overtyped(formulas: Iterable[Place], constants: Iterable[Place]) -> list[Place]:
    """Return the numbers typed into a row or a column of formulas.

    A line counts when it has at least three formulas and the numbers between its first and last formula
    are at most a quarter of them.
    """
    found: set[Place] = set()
    constants = list(constants)
    for axis in (0, 1):
        lines: dict[int, list[Place]] = defaultdict(list)
        for place in formulas:
            lines[place[axis]].append(place)
        among: dict[int, list[Place]] = defaultdict(list)
        for place in constants:
            positions = [other[1 - axis] for other in lines.get(place[axis], ())]
            if len(positions) >= 3 and min(positions) < place[1 - axis] < max(positions):
                among[place[axis]].append(place)
        for line, places in among.items():
            if len(places) * 4 <= len(lines[line]):
                found.update(places)
    return sorted(found)
