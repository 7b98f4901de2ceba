"""A child that is begun anew when it ends, after ever longer pauses, and given up when it never lives for long."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from infra.errors import OperationError
from infra.helper_process import ChildProcess

C = TypeVar("C", bound=ChildProcess)


class Watched(Generic[C]):
    """One child and its deaths in a row. `clock` gives seconds; nothing here waits.

    Args:
        title_vi: What people call it.
        title_en: The same in English.
        begin: Starts it.
        pauses: Seconds before it is begun again, by the number of deaths in a row; one more death and it is given up.
        settled: A child that lived for so many seconds has not died in a row.
        clock: Seconds that never go back.
        say: Called with what happened, in both languages.
    """

    def __init__(
        self, title_vi: str, title_en: str, begin: Callable[[], C], pauses: Sequence[float], settled: float,
        clock: Callable[[], float], say: Callable[[str], None],
    ) -> None:
        self.title_vi, self.title_en = title_vi, title_en
        self.child: C | None = None
        self.deaths = 0
        self.began = 0.0
        self._begin, self._pauses, self._settled, self._clock, self._say = begin, pauses, settled, clock, say
        self._next = 0.0

    def tend(self) -> bool:
        """Begin the child when it is time to; return whether it was begun just now.

        Raises:
            OperationError: It died once too often.
        """
        now = self._clock()
        if self.child and self.child.is_running:
            if now - self.began >= self._settled:
                self.deaths = 0
            return False
        if self.child:
            self._bury(self.child, now)
        if now < self._next:
            return False
        self.child, self.began = self._begin(), now
        return True

    def end(self, patience: float = 0.0) -> None:
        """End the child, if it lives."""
        if self.child:
            self.child.stop(patience)
            self.child = None

    def _bury(self, child: C, now: float) -> None:
        child.stop()
        self.child = None
        if now - self.began >= self._settled:
            self.deaths = 0
        self.deaths += 1
        if self.deaths > len(self._pauses):
            raise self._given_up(child)
        pause = self._pauses[self.deaths - 1]
        self._next = now + pause
        self._say(f"{self.title_vi} đã dừng, khởi động lại sau {pause:g} giây. ({self.title_en} ended; begun again.)")

    def _given_up(self, child: C) -> OperationError:
        return OperationError(
            f"{self.title_vi} dừng {self.deaths} lần liền nên máy chủ thường trực ngừng.",
            f"{self.title_en} ended {self.deaths} times in a row: {child.last_words}",
            place=str(child.log_file), remedy_vi="Xem cuối tệp nhật ký đó; sửa rồi chạy lại tonghop serve.",
        )
