"""A schedule says which of its moments was the last."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.errors import OperationError
from infra.schedules import Schedule
from infra.vietnamese import HANOI

MOMENTS = st.datetimes(datetime(2019, 1, 1), datetime(2040, 1, 1)).map(lambda m: m.replace(tzinfo=HANOI))
NOW = datetime(2026, 11, 26, 12, 0, 30, 5, tzinfo=HANOI)


@pytest.mark.parametrize(("text", "last"), [
    ("30 17 18 * *", "2026-11-18T17:30:00+07:00"),
    ("* * * * *", "2026-11-26T12:00:00+07:00"),
    ("*/15 7-18 * * 1-6", "2026-11-26T12:00:00+07:00"),
    ("30 17 30 * *", "2026-10-30T17:30:00+07:00"),
    ("@every 20s", "2026-11-26T12:00:20+07:00"),
])
def test_the_last_moment_is_not_after_now(text: str, last: str) -> None:
    assert Schedule(text).last(NOW).isoformat() == last


@given(MOMENTS, st.sampled_from(["30 17 18 * *", "*/15 7-18 * * 1-6", "@every 7s", "0 0 1 1 *"]))
def test_the_last_moment_is_its_own_last_moment(now: datetime, text: str) -> None:
    schedule = Schedule(text)
    last = schedule.last(now)
    assert last <= now
    assert schedule.last(last) == last
    assert schedule.last(last - timedelta(microseconds=1)) < last


@pytest.mark.parametrize("text", ["", "x", "* * * *", "60 * * * *", "0 0 31 2 *", "@every 0s", "@every s", "@daily"])
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(OperationError, match="cannot be read"):
        Schedule(text)
