"""The journal of a home: `<home>/logs/tonghop.log`, what happened that nobody has to act on but somebody may ask.

Anything may call `note` or `note_fault`; until a run opens the journal of its home the lines go nowhere. A line is
never printed on the terminal.
"""

from __future__ import annotations

import logging
import logging.handlers
from pathlib import Path

MAX_BYTES = 1_000_000
_log = logging.getLogger("tonghop.journal")
_log.addHandler(logging.NullHandler())
_log.propagate = False
_log.setLevel(logging.INFO)


def open_journal(home: Path) -> None:
    """Write the lines of this process from now on into the journal of `home`; two files of 1 MB at most."""
    from infra.files import make_folder

    path = journal_file(home)
    for handler in list(_log.handlers):
        if getattr(handler, "baseFilename", "") == str(path):
            return
        _log.removeHandler(handler)
        handler.close()
    make_folder(path.parent)
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=MAX_BYTES, backupCount=1, encoding="utf-8",
                                                   errors="backslashreplace", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(message)s", "%Y-%m-%dT%H:%M:%S%z"))
    _log.addHandler(handler)


def close_journal() -> None:
    """Write the lines of this process nowhere from now on: its home is about to go away."""
    for handler in list(_log.handlers):
        if isinstance(handler, logging.handlers.RotatingFileHandler):
            _log.removeHandler(handler)
            handler.close()


def journal_file(home: Path) -> Path:
    """Return the file that the lines of a home go to."""
    return home / "logs" / "tonghop.log"


def note(text: str) -> None:
    """Write one line."""
    _log.info("%s", " ".join(text.split()))


def note_fault(text: str) -> None:
    """Write one line and, below it, where the exception that is being handled came from."""
    _log.exception("%s", " ".join(text.split()))
