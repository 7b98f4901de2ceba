"""The calendar of reporting: months, their neighbours and their deadlines. All days are Hanoi's."""

from __future__ import annotations

import calendar
import re
from datetime import date, datetime, time
from typing import TYPE_CHECKING

from infra.errors import SubmissionError
from infra.vietnamese import HANOI, moment, moment_text

if TYPE_CHECKING:
    from infra.catalogue import Catalogue, ReportingRegime


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
    """Return the deadline of a month, ISO 8601 with the offset: 2019-04-18T17:00:00+07:00; "" without a regime.

    By the default regime in force unless one is named. A due day after the closing day is one of the month itself,
    otherwise of the month after; in a shorter month it is the last day. This is the only definition: a build gets
    the deadlines of its months from here.
    """
    regime = _regime(catalogue, period, regime_id)
    if regime is None:
        return ""
    closing_day = 31 if regime.last_day == "last" else int(regime.last_day)
    month = next_period(period) if regime.due_day <= closing_day else period
    last_day = date.fromisoformat(month_bounds(month)[1])
    day = last_day.replace(day=min(regime.due_day, last_day.day))
    return datetime.combine(day, time.fromisoformat(regime.due_time), HANOI).isoformat()


def _regime(catalogue: Catalogue, period: str, regime_id: str) -> ReportingRegime | None:
    last_day = month_bounds(period)[1]
    return next(
        (r for r in catalogue.reporting_regimes
         if (r.regime_id == regime_id if regime_id else r.is_default)
         and r.valid_from <= last_day and (not r.valid_to or last_day <= r.valid_to)),
        None,
    )


def is_late(sent_at: str, catalogue: Catalogue, period: str) -> bool:
    """Return whether a message was sent after the deadline; without a readable date nothing is late."""
    due = due_at(catalogue, period)
    return bool(sent_at and due) and moment(sent_at) > moment(due)


def late_sentence(sent_at: str, catalogue: Catalogue, period: str) -> str:
    """Return when a late message was sent and when it was due, both in Hanoi's time."""
    return f"Gửi lúc {moment_text(sent_at)}, sau hạn {moment_text(due_at(catalogue, period))}."
