"""When something recurs: a cron line in Hanoi's time, or "@every 20s". Pure: the moment is always given."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from infra.errors import OperationError
from infra.vietnamese import HANOI

EVERY = re.compile(r"@every (\d{1,6})s")


@dataclass(frozen=True)
class Schedule:
    """A recurring moment, as `text` says it.

    Raises:
        OperationError: The text is neither a cron line of five fields nor "@every <seconds>s".
    """

    text: str

    def __post_init__(self) -> None:
        try:
            self.last(datetime(2026, 1, 1, tzinfo=HANOI))
        except ValueError as error:
            raise OperationError(
                f"Lịch “{self.text}” không đọc được.", f"The schedule {self.text!r} cannot be read: {error}.",
                remedy_vi="Viết năm trường như cron (“30 17 18 * *”, giờ Hà Nội) hoặc “@every 900s”.",
            ) from error

    @property
    def seconds(self) -> int:
        """Seconds between two moments, 0 for a cron line."""
        match = EVERY.fullmatch(self.text)
        return int(match[1]) if match else 0

    def last(self, now: datetime) -> datetime:
        """Return the newest moment of the schedule that is not after `now`."""
        if self.text.startswith("@"):
            return self._last_interval(now)
        from cronsim import CronSim, CronSimError

        try:
            before = CronSim(self.text, now.astimezone(HANOI) + timedelta(minutes=1), reverse=True)
            return next(moment for moment in before if moment <= now)
        except (CronSimError, StopIteration) as error:
            raise ValueError(str(error) or "it never comes") from error

    def _last_interval(self, now: datetime) -> datetime:
        if not self.seconds:
            raise ValueError("not a number of seconds")
        since = int((now - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
        return datetime.fromtimestamp(since - since % self.seconds, HANOI)
