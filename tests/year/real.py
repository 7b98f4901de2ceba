"""The real gear: every message is taken apart and every letter read by the real children, behind their walls.

Builder, judge and press stay small: a real build and check take seconds, and their own tests hold them against the
same figures. What this gear adds is the reader itself, its prose, its limits and its cache, in a thousand months.
"""

from __future__ import annotations

from functools import cache

from flows.children import start_children
from infra.sandbox import Sandbox
from infra.settings import Settings
from tests.year.fast import SmallHelpers


class RealReaderHelpers(SmallHelpers):
    """A month's heavy work done small, but for reading: that is the real one, in one standing sandbox."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.sandbox = _standing()

    def stop(self) -> None:
        """The sandbox goes on with the next month."""


@cache
def _standing() -> Sandbox:
    sandbox = start_children()
    sandbox.workers = 1           # in order, so that a seed plays the same each time
    return sandbox
