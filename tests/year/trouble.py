"""What happens to one run while it lasts: its process ends, the disk is full, somebody else does something."""

from __future__ import annotations

import dataclasses
import errno
import sqlite3
from collections.abc import Callable

from sqlalchemy.exc import OperationalError

IN_TRANSACTION = ("ledger.before_commit", "publish.after_manifest")
Place = int | str


class KilledError(BaseException):
    """The process ends here: no code catches it, and nothing that it still tries to write is written."""


@dataclasses.dataclass
class Trouble:
    """What is to happen while one run lasts: at which of the places that it passes, and what."""

    at: Place = 0              # the number of the place, from 1, or its name; 0 for never
    kind: str = ""             # kill, full, meanwhile
    meanwhile: Callable[[], object] = lambda: None
    passed: int = 0
    is_there: bool = False
    is_dead: bool = False
    is_freezing: bool = False
    is_busy: bool = False      # with what happens meanwhile

    def reach(self, name: str) -> None:
        """Pass one place of the run, or end there."""
        if self.is_busy:
            return
        if self.is_dead:
            raise KilledError
        self.passed += 1
        self.is_freezing = name == "publish.after_files" or (self.is_freezing and name != "publish.after_ledger")
        self.is_there = self.is_there or self.at in (self.passed, name)
        if not self.is_there or not self.at:
            return
        if self.kind == "full":
            _refuse_to_write(name)
        if self.kind == "kill":
            self.is_dead = True
            raise KilledError
        if self.kind == "meanwhile" and not self._in_transaction(name):
            self.at, self.is_busy = 0, True
            try:
                self.meanwhile()
            finally:
                self.is_busy = False

    def _in_transaction(self, name: str) -> bool:
        return name in IN_TRANSACTION or (self.is_freezing and name != "publish.after_files")


def _refuse_to_write(name: str) -> None:
    if name == "files.before_write":
        raise OSError(errno.ENOSPC, "No space left on device")
    if name == "ledger.before_commit":
        raise OperationalError("COMMIT", {}, sqlite3.OperationalError("database or disk is full"))
