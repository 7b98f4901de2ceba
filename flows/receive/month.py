"""Which month a message belongs to: what it says decides, then when it was sent; never the folder alone.

A correction of April that arrives in May is April's. The month of the run holds when the message names it, names
nothing, or names what cannot be right; whoever looks at the run is told of every message filed elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence

FARTHEST_BACK = 3  # months before the run's that a message may be filed under


def month_of_message(run_period: str, months: Sequence[str], sent_at: str) -> str:
    """Return the month ("2019-04") that a message is filed under.

    Args:
        run_period: The month that is being received.
        months: What the message declares, the surest first: "2019-03", or "-03" without a year.
        sent_at: Its date, ISO 8601; "" when there is none.
    """
    named = list(dict.fromkeys(_with_year(month, run_period) for month in months))
    if run_period in named:
        return run_period
    if len(named) == 1:
        return named[0] if 0 < _months_between(named[0], run_period) <= FARTHEST_BACK else run_period
    if not named and sent_at and 0 < _months_between(sent_at[:7], run_period) <= FARTHEST_BACK:
        return sent_at[:7]
    return run_period


def _with_year(month: str, run_period: str) -> str:
    """Return a month without a year as the last such month up to the run's."""
    if not month.startswith("-"):
        return month
    year = int(run_period[:4])
    return f"{year if month[1:] <= run_period[5:] else year - 1}{month}"


def _months_between(earlier: str, later: str) -> int:
    return 12 * (int(later[:4]) - int(earlier[:4])) + int(later[5:7]) - int(earlier[5:7])
