"""What the screen shows while a month runs: a line a step, and how long each took."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

STEP_NAMES = {
    "receive": ("Tiếp nhận", "receive"),
    "read": ("Đọc", "read"),
    "reply": ("Trả lời", "reply"),
    "build": ("Dựng kho", "build"),
    "check": ("Kiểm tra", "check"),
    "publish": ("Phát hành", "publish"),
    "deliver": ("Gửi", "deliver"),
}
Advance = Callable[[int, int], None]


class Progress:
    """Silent progress: only the seconds of each step are kept, in the order the steps ended."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[Advance]:
        """Time one step; the step calls the given function with (done, total) as it goes."""
        began = time.perf_counter()
        try:
            yield self.advance(name)
        finally:
            self.seconds[name] = time.perf_counter() - began

    def advance(self, name: str) -> Advance:
        """Return what a step calls as it goes."""
        return lambda done, total: None


class ScreenProgress(Progress):
    """A line a step on a terminal with a moving bar; plain lines elsewhere. Written to standard error."""

    def __init__(self) -> None:
        super().__init__()
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bars

        self.console = Console(stderr=True)
        self.bars = Bars(
            SpinnerColumn(finished_text="[green]✓"), TextColumn("{task.description:<22}"), BarColumn(28),
            MofNCompleteColumn(), TimeElapsedColumn(), console=self.console, disable=not self.console.is_terminal,
        )

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[Advance]:
        """Show one step while it goes, and its seconds when it is done."""
        vi, en = STEP_NAMES[name]
        self.bars.start()
        bar = self.bars.add_task(f"{vi} · {en}", total=1)
        try:
            with super().step(name):
                yield lambda done, total: self.bars.update(bar, completed=done, total=max(total, 1))
            tasks = {task.id: task for task in self.bars.tasks}
            self.bars.update(bar, completed=tasks[bar].total or 1)
            if not self.console.is_terminal:
                self.console.print(f"✓ {vi} · {en}: {self.seconds[name]:.1f} s", highlight=False)
        finally:
            self.bars.stop()
