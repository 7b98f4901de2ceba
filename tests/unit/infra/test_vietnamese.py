"""One way to write a number, a day, a moment; days are Hanoi's."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.vietnamese import (
    HANOI,
    day_of,
    day_text,
    figure_text,
    moment,
    moment_cell,
    moment_text,
    number_text,
    size_text,
)

DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9)
MOMENTS = st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))


@pytest.mark.parametrize(("value", "text"), [
    (1306834, "1.306.834"), (Decimal("4.46"), "4,46"), (Decimal("4.50"), "4,50"), (Decimal("1E+3"), "1.000"),
    (Decimal("-0.5"), "-0,5"), (Fraction(-1, 3), "-0,3333"), (Fraction(5, 2), "2,5"), (0, "0"),
])
def test_a_number_is_written_with_dots_and_a_comma(value: Decimal | Fraction | int, text: str) -> None:
    assert number_text(value) == text


def test_halves_round_away_from_zero_and_nothing_becomes_minus_zero() -> None:
    assert number_text(Decimal("2.5"), 0) == "3"
    assert number_text(Decimal("-2.5"), 0) == "-3"
    assert number_text(Decimal("-0.004"), 2) == "0,00"


@given(DECIMALS)
def test_a_written_number_is_the_number(value: Decimal) -> None:
    assert Decimal(number_text(value).replace(".", "").replace(",", ".")) == value


@pytest.mark.parametrize(("text", "shown"), [
    ("4.48", "4,48"), ("576 gt", "trên 576"), ("'-1312", "-1.312"), ("", "chưa có"), ("L", "L"), ("5 xx", "5 xx"),
])
def test_a_figure_of_a_list_is_written_for_readers(text: str, shown: str) -> None:
    assert figure_text(text) == shown


def test_sizes_have_a_comma() -> None:
    assert [size_text(n) for n in (999, 12_000, 1_260_000)] == ["999 B", "12,0 kB", "1,3 MB"]


def test_a_moment_is_shown_in_hanoi() -> None:
    assert moment_text("2019-04-16T18:19:00+00:00") == "01:19 ngày 17/04/2019"
    assert moment_cell("2019-04-16T18:19:00+00:00") == "17/04/2019 01:19"
    assert day_text("2019-04-16T18:19:00+00:00") == "17/04/2019"
    assert day_text(date(2019, 4, 16)) == "16/04/2019"
    assert moment_text("") == moment_cell("") == day_text("") == ""


def test_a_moment_at_the_end_of_the_calendar_is_still_one() -> None:
    assert moment("9999-12-31T23:00:00+00:00").year == 9999
    assert moment("0001-01-01T00:30:00+14:00").year == 1


@given(st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 1, 1)), MOMENTS)
def test_a_day_holds_until_midnight_in_hanoi(day: date, when: datetime) -> None:
    limit = moment(day.isoformat())
    assert (when <= limit) == (when.astimezone(HANOI).date() <= day)
    assert moment(f"{day}T23:59:59+07:00") <= limit < moment(f"{day + timedelta(days=1)}T00:00:00+07:00")


@given(MOMENTS)
def test_the_day_of_a_moment_is_hanois(when: datetime) -> None:
    assert day_of(when.isoformat()) == (when + timedelta(hours=7)).date().isoformat()
