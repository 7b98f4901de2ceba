"""Units as written ("nghìn thuê bao", "tr.đ") and the factor to the indicator's own unit.

`units.csv` names them; a word of magnitude before a known unit ("nghìn trạm") needs no row of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from flows.read.numbers import MAGNITUDES
from flows.read.text import fold
from infra.catalogue import Catalogue, Unit

_DECLARATION = re.compile(r"(?:đvt|đơn vị tính|đơn vị)\s*[:：]\s*([^()]+)")
_BRACKET = re.compile(r"\(([^()]*)\)")
_MAGNITUDE = re.compile(r"(?:1[.,]?000|10\^3|(trăm|nghìn|ngàn|triệu|tỉ|tr\.?))\s*")


@dataclass(frozen=True, slots=True)
class StatedUnit:
    """One unit that a header, a cell or a line states. `unit` is the catalogue's, "" when only a factor is said."""

    unit: str
    multiplier: Decimal
    text: str


class UnitIndex:
    """The units of one catalogue by their wording."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._by_text: dict[str, Unit] = {fold(row.unit_text): row for row in catalogue.units}

    def find(self, text: str) -> StatedUnit | None:
        """Return the unit that `text` is, as a whole, or None."""
        key = fold(text).strip(" .:;")
        row = self._by_text.get(key)
        if row:
            return StatedUnit(row.unit, row.multiplier, text)
        match = _MAGNITUDE.match(key)
        if not match:
            return None
        factor = Decimal(10) ** MAGNITUDES[(match.group(1) or "nghìn").rstrip(".")]
        rest = key[match.end() :].strip()
        row = self._by_text.get(rest)
        if row:
            return StatedUnit(row.unit, factor * row.multiplier, text)
        return StatedUnit("", factor, text) if not rest else None

    def split(self, text: str) -> tuple[StatedUnit, ...]:
        """Return the units of a list such as "thuê bao; trạm" or "TB/trạm"; unknown parts are left out."""
        whole = self.find(text)
        if whole:
            return (whole,)
        for separators in (r"[,;]|\bvà\b", r"[,;/]|\bvà\b"):
            found = tuple(unit for part in re.split(separators, text) if (unit := self.find(part)))
            if found:
                return found
        return ()

    def declared(self, text: str) -> tuple[StatedUnit, ...] | None:
        """Return the units of a line "ĐVT: …", None when the text does not declare any."""
        match = _DECLARATION.search(fold(text))
        return self.split(match.group(1)) if match else None

    def in_header(self, text: str) -> tuple[StatedUnit, ...]:
        """Return the units a header states in brackets or after "ĐVT:"."""
        declared = self.declared(text)
        if declared:
            return declared
        return tuple(unit for part in _BRACKET.findall(text) for unit in self.split(part))


def unit_for(units: tuple[StatedUnit, ...], indicator_unit: str) -> StatedUnit | None:
    """Return the stated unit that belongs to an indicator: the same unit, else a bare factor."""
    same = [unit for unit in units if unit.unit == indicator_unit]
    bare = [unit for unit in units if not unit.unit]
    return next(iter(same + bare), None)
