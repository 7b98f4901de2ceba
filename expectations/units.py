"""Units of what a rule compares: subscribers are not added to stations, and a share is of like things.

A unit is a product of powers: "người/điểm" is người¹ điểm⁻¹, "%" is nothing at all. Both sides of a comparison
and all parts of a sum must have the same one; a constant fits any.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from expectations.language import Call, Comparison, Name, Node, Number

Powers = dict[str, Fraction]

# Units that are written in short, or that a formula gives with other powers than their name says.
_SPECIAL: dict[str, Powers] = {
    "%": {},
    "km²": {"km": Fraction(2)},
    "TB/100 dân": {"thuê bao": Fraction(1), "người": Fraction(-1)},
    "km/điểm": {"km": Fraction(1), "điểm": Fraction(-1, 2)},  # the root of an area a point
}


class UnitError(ValueError):
    """Two sides or two parts of a sum have different units."""


def check_units(comparison: Comparison, units: Mapping[str, str], same_unit: Iterable[str] = ()) -> None:
    """Check that all sides of a rule, and all parts of each sum in it, have one unit.

    Args:
        comparison: The parsed line, `x` already replaced.
        units: The unit of every known name.
        same_unit: Units that count as one in this rule, as different kinds of service points do.

    Raises:
        UnitError: Naming the two units.
    """
    alike = tuple(same_unit)
    found = [powers for side in comparison.sides if (powers := _powers(side, units, alike)) is not None]
    for powers in found[1:]:
        _check_same(found[0], powers)


def _powers(node: Node, units: Mapping[str, str], alike: tuple[str, ...]) -> Powers | None:
    """Return the unit of an expression; None where any unit fits, as for a constant."""
    if isinstance(node, Number):
        return None
    if isinstance(node, Name):
        return None if node.name == "pi" else _unit(units.get(node.name, ""), alike)
    if isinstance(node, Call):
        return _powers_of_call(node, units, alike)
    left, right = _powers(node.left, units, alike), _powers(node.right, units, alike)
    if node.sign in "+-":
        if left is not None and right is not None:
            _check_same(left, right)
        return right if left is None else left
    if left is None and right is None:
        return None
    return _times(left or {}, right or {}, Fraction(1 if node.sign == "*" else -1))


WITHOUT_UNIT = ("reported", "left_open", "districts_lost", "run", "lower_bound", "upper_bound", "defined")


def _powers_of_call(node: Call, units: Mapping[str, str], alike: tuple[str, ...]) -> Powers | None:
    if node.function == "days":
        return _unit("ngày", alike)
    if not node.arguments or node.function in WITHOUT_UNIT:
        return None
    inner = _powers(node.arguments[-1 if node.function == "from" else 0], units, alike)
    if node.function == "sqrt" and inner is not None:
        return {unit: power / 2 for unit, power in inner.items()}
    return inner


def _unit(text: str, alike: tuple[str, ...]) -> Powers:
    if text in alike:
        return {alike[0]: Fraction(1)}
    if text in _SPECIAL:
        return _merged(_SPECIAL[text], alike)
    above, _, below = text.partition("/")
    return _merged({above: Fraction(1), **({below: Fraction(-1)} if below else {})}, alike)


def _merged(powers: Powers, alike: tuple[str, ...]) -> Powers:
    merged: Powers = {}
    for unit, power in powers.items():
        unit = alike[0] if unit in alike else unit
        merged[unit] = merged.get(unit, Fraction(0)) + power
    return {unit: power for unit, power in merged.items() if power}


def _times(left: Powers, right: Powers, sign: Fraction) -> Powers:
    powers = dict(left)
    for unit, power in right.items():
        powers[unit] = powers.get(unit, Fraction(0)) + sign * power
    return {unit: power for unit, power in powers.items() if power}


def _check_same(left: Powers, right: Powers) -> None:
    if left != right:
        raise UnitError(f"{_text(left)} ≠ {_text(right)}")


def _text(powers: Powers) -> str:
    parts = [unit if power == 1 else f"{unit}^{power}" for unit, power in sorted(powers.items())]
    return "·".join(parts) or "%"
