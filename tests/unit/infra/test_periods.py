"""Months and their deadlines, in Hanoi's time."""

from __future__ import annotations

import dataclasses

import pytest

from infra.catalogue import Catalogue, load_catalogue
from infra.periods import due_at, is_late, month_bounds, next_period, previous_period


@pytest.fixture(scope="module")
def april() -> Catalogue:
    return load_catalogue().at("2019-04")


def test_months_have_their_neighbours_and_ends() -> None:
    assert (previous_period("2019-01"), next_period("2018-12")) == ("2018-12", "2019-01")
    assert [month_bounds(p)[1] for p in ("2019-02", "2020-02", "2100-02", "2019-04")] == [
        "2019-02-28", "2020-02-29", "2100-02-28", "2019-04-30"]


def test_a_regime_that_closes_within_the_month_is_due_in_it(april: Catalogue) -> None:
    assert due_at(april, "2019-04") == "2019-04-18T17:00:00+07:00"
    assert due_at(april, "2019-12", "statistical") == "2020-01-05T17:00:00+07:00"


def test_a_due_day_up_to_the_closing_day_is_of_the_month_after(april: Catalogue) -> None:
    for due_day in (3, 25):
        regime = dataclasses.replace(april.reporting_regimes[0], last_day="25", due_day=due_day)
        moved = dataclasses.replace(april, reporting_regimes=(regime,))
        assert due_at(moved, "2019-04") == f"2019-05-{due_day:02d}T17:00:00+07:00"


@pytest.mark.parametrize(("last_day", "due_day", "period", "due"), [
    ("14", 31, "2019-04", "2019-04-30"), ("14", 31, "2019-02", "2019-02-28"), ("14", 31, "2020-02", "2020-02-29"),
    ("last", 31, "2019-01", "2019-02-28"), ("last", 31, "2019-12", "2020-01-31"), ("30", 31, "2019-05", "2019-05-31"),
])
def test_a_due_day_that_the_month_does_not_have_is_its_last(
    april: Catalogue, last_day: str, due_day: int, period: str, due: str
) -> None:
    regime = dataclasses.replace(april.reporting_regimes[0], last_day=last_day, due_day=due_day)
    assert due_at(dataclasses.replace(april, reporting_regimes=(regime,)), period) == f"{due}T17:00:00+07:00"


def test_a_month_without_a_regime_has_no_deadline_and_nothing_is_late_in_it() -> None:
    assert due_at(load_catalogue(), "2000-01") == ""
    assert not is_late("2000-02-20T00:00:00+07:00", load_catalogue(), "2000-01")


@pytest.mark.parametrize(("sent_at", "late"), [
    ("2019-04-18T17:00:00+07:00", False), ("2019-04-18T10:00:01+00:00", True), ("2019-04-18T16:59:00", False),
    ("", False),
])
def test_lateness_is_judged_in_hanoi_whatever_the_offset(april: Catalogue, sent_at: str, late: bool) -> None:
    assert is_late(sent_at, april, "2019-04") is late
