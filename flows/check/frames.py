"""Frames for the judge: one a kind of rule, one row a comparison, in whole numbers of a unit small enough."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING, Any

from expectations.suites import COLUMNS
from expectations.verdicts import Judged
from flows.check.places import Instance

if TYPE_CHECKING:
    import pandas


def draw_frames(instances: list[Instance]) -> dict[str, pandas.DataFrame]:
    """Return the frames of all decided instances; `row_id` is "instance number#comparison number"."""
    import pandas

    rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for number, instance in enumerate(instances):
        if instance.verdict.outcome not in ("pass", "fail"):
            continue
        for index, judged in enumerate(instance.verdict.comparisons):
            if judged.outcome in ("pass", "fail"):
                rows[instance.rule.kind].append(_row(f"{number}#{index}", instance, judged))
    return {kind: pandas.DataFrame(found, columns=list(COLUMNS), dtype=object) for kind, found in rows.items()}


def whole_units(judged: Judged) -> tuple[int, int | None, int | None]:
    """Return gap, lowest and highest as whole numbers of a unit in which all three are whole.

    An end that does not belong to the interval moves inwards by one unit: between whole numbers, "< n" is "<= n - 1".
    """
    allowed = judged.allowed
    ends = [end for end in (judged.distance, allowed.low, allowed.high) if end is not None]
    scale = lcm(*(end.denominator for end in ends))
    gap = _whole(judged.distance, scale)
    lowest = None if allowed.low is None else _whole(allowed.low, scale) + (1 if allowed.is_low_open else 0)
    highest = None if allowed.high is None else _whole(allowed.high, scale) - (1 if allowed.is_high_open else 0)
    return gap, lowest, highest


def _row(row_id: str, instance: Instance, judged: Judged) -> tuple[Any, ...]:
    place = instance.place
    cells = " ".join(instance.verdict.cells)
    return (row_id, instance.rule.rule_id, place.submitter_id, place.area_code, *whole_units(judged), cells)


def _whole(value: Fraction, scale: int) -> int:
    return int(value * scale)
