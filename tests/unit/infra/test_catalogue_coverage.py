"""A derived indicator has a formula on every day on which it is valid: the gap is found, and none is invented."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from infra.catalogue_cells import ENDLESS
from infra.catalogue_checks import _gap

FIRST = date(2019, 1, 1)


def day(number: int) -> str:
    return (FIRST + timedelta(days=number)).isoformat()


SPANS = st.tuples(st.integers(0, 12), st.integers(0, 12)).map(sorted)


@given(SPANS, st.lists(SPANS, min_size=1, max_size=4))
@example([0, 5], [[0, 2], [3, 5]])
def test_the_first_day_without_a_formula_is_found(valid: list[int], formulas: list[list[int]]) -> None:
    bare = [n for n in range(valid[0], valid[1] + 1) if not any(a <= n <= b for a, b in formulas)]
    spans = sorted((day(a), day(b), line) for line, (a, b) in enumerate(formulas, 2))
    gap = _gap((day(valid[0]), day(valid[1])), spans)
    assert (gap[0] if gap else None) == (day(bare[0]) if bare else None)


def test_an_endless_indicator_needs_an_endless_formula() -> None:
    assert _gap((day(0), ENDLESS), [(day(0), ENDLESS, 2)]) is None
    assert _gap((day(0), ENDLESS), [(day(0), day(9), 2)]) == (day(10), 2)
