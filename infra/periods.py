"""The calendar of reporting: months, their neighbours and their deadlines. All days are Hanoi's."""

from __future__ import annotations

import calendar
import re
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from infra.errors import SubmissionError
from infra.vietnamese import HANOI, moment, moment_text

if TYPE_CHECKING:
    from infra.catalogue import Catalogue


def check_period(period: str) -> None:
    """Raise when `period` is not a month written "2019-04".

    Raises:
        SubmissionError: With the form expected.
    """
    if not re.fullmatch(r"[12]\d{3}-(0[1-9]|1[0-2])", period, re.ASCII):
        raise SubmissionError(
            f"Kỳ báo cáo “{period}” không đúng dạng năm-tháng.",
            f"The period {period!r} is not a month.",
            remedy_vi="Viết như 2019-04.",
        )


def month_bounds(period: str) -> tuple[str, str]:
    """Return first and last day of the calendar month "2019-04" as ISO dates."""
    days = calendar.monthrange(int(period[:4]), int(period[5:7]))[1]
    return f"{period}-01", f"{period}-{days:02d}"


def previous_period(period: str) -> str:
    """Return the month before: "2019-01" gives "2018-12"."""
    year, month = int(period[:4]), int(period[5:7])
    return f"{year - 1:04d}-12" if month == 1 else f"{year:04d}-{month - 1:02d}"


def next_period(period: str) -> str:
    """Return the month after: "2018-12" gives "2019-01"."""
    year, month = int(period[:4]), int(period[5:7])
    return f"{year + 1:04d}-01" if month == 12 else f"{year:04d}-{month + 1:02d}"


def due_at(catalogue: Catalogue, period: str, regime_id: str = "") -> str:
    """Return the deadline of a month, ISO 8601 with the offset: 2019-04-18T17:00:00+07:00.

    The default regime unless one is named. A due day after the closing day is one of the month itself,
    otherwise of the month after, as `int_periods_received.sql` says too.
    """
    regimes = catalogue.reporting_regimes
    regime = next(r for r in regimes if (r.regime_id == regime_id if regime_id else r.is_default))
    closing_day = 31 if regime.last_day == "last" else int(regime.last_day)
    month = next_period(period) if regime.due_day <= closing_day else period
    day = date.fromisoformat(f"{month}-01") + timedelta(days=regime.due_day - 1)
    return datetime.combine(day, time.fromisoformat(regime.due_time), HANOI).isoformat()


def is_late(sent_at: str, catalogue: Catalogue, period: str) -> bool:
    """Return whether a message was sent after the deadline; without a readable date nothing is late."""
    return bool(sent_at) and moment(sent_at) > moment(due_at(catalogue, period))


def late_sentence(sent_at: str, catalogue: Catalogue, period: str) -> str:
    """Return when a late message was sent and when it was due, both in Hanoi's time."""
    return f"Gửi lúc {moment_text(sent_at)}, sau hạn {moment_text(due_at(catalogue, period))}."
