"""Which month a message belongs to: what it says decides, then what it answers, then when it was sent.

A correction of April that arrives in May is April's. The run's month holds when the message names it, names nothing, or
names what cannot be right (a month to come is right when the message was sent in it). Whoever looks at the run is told
of every message filed elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence

from infra.periods import previous_period

FARTHEST_BACK = 3  # months before the run's that a message may be filed under


def month_of_message(run_period: str, months: Sequence[str], sent_at: str, thread: str = "") -> str:
    """Return the month ("2019-04") that a message is filed under.

    Args:
        run_period: The month that is being received.
        months: What the message declares: "2019-03", "-03" without a year, "=2019-03" in its subject, "=<" for the
            month before it was sent.
        sent_at: Its date, ISO 8601; "" when there is none.
        thread: The month of the message that it answers; "" when that is not known.
    """
    named = _named(run_period, months, sent_at)
    if run_period in named:
        return run_period
    if len(named) == 1:
        is_reached = 0 < _months_between(named[0], run_period) <= FARTHEST_BACK
        return named[0] if is_reached or _agrees(named[0], run_period, sent_at) else run_period
    if not named and thread and 0 <= _months_between(thread, run_period) <= FARTHEST_BACK:
        return thread
    if not named and sent_at and 0 < _months_between(sent_at[:7], run_period) <= FARTHEST_BACK:
        return sent_at[:7]
    return run_period


def _agrees(month: str, run_period: str, sent_at: str) -> bool:
    """Return whether a month after the run's is meant: the message was sent in it, or in the month after."""
    return month > run_period and bool(sent_at) and 0 <= _months_between(month, sent_at[:7]) <= 1


def other_month_of_subject(run_period: str, months: Sequence[str], sent_at: str = "") -> str:
    """Return the month that the subject names alone when the message was not filed under it; "" otherwise."""
    named = _named(run_period, months, sent_at)
    is_of_subject = bool(months) and all(month.startswith("=") for month in months)
    if not is_of_subject or len(named) != 1 or named[0] == run_period:
        return ""
    return "" if 0 < _months_between(named[0], run_period) <= FARTHEST_BACK else named[0]


def _named(run_period: str, months: Sequence[str], sent_at: str) -> list[str]:
    is_plausible = bool(sent_at) and abs(_months_between(sent_at[:7], run_period)) <= 12
    now = max(run_period, sent_at[:7]) if is_plausible else run_period
    last = previous_period(sent_at[:7] if is_plausible else run_period)
    said = (month.removeprefix("=") for month in months)
    return list(dict.fromkeys(last if month == "<" else _with_year(month, now) for month in said))


def _with_year(month: str, now: str) -> str:
    """Return a month without a year as the last such month up to now."""
    if not month.startswith("-"):
        return month
    year = int(now[:4])
    return f"{year if month[1:] <= now[5:] else year - 1}{month}"


def _months_between(earlier: str, later: str) -> int:
    return 12 * (int(later[:4]) - int(earlier[:4])) + int(later[5:7]) - int(earlier[5:7])
