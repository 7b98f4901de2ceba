"""Errors by audience. Whoever reads the message can act on it; none of these is shown as a traceback.

TonghopError
├── SubmissionError      shown to the submitter, in their words, with sheet and cell
├── OperationError       shown to the operator, with what to do
│   ├── ClaimLostError       another process does the work now
│   └── MovedError           the ledger moved while a month ran: what was built is built again
├── CatalogueError       shown to the editor of a catalogue row or a rule, with file and line
└── FindingsOpenError      not a fault: the month stops until a named person has decided
"""

from __future__ import annotations


class TonghopError(Exception):
    """An error a person can mend: a Vietnamese sentence, the same in English, the place, the remedy.

    Args:
        message_vi: What is wrong, in Vietnamese, a full sentence.
        message_en: The same in English.
        place: File, sheet and cell, or file and line; empty when the sentence says it.
        remedy_vi: What to do about it, in Vietnamese.
    """

    exit_code = 1

    def __init__(self, message_vi: str, message_en: str, place: str = "", remedy_vi: str = "") -> None:
        super().__init__(message_en)
        self.message_vi = message_vi
        self.message_en = message_en
        self.place = place
        self.remedy_vi = remedy_vi

    def __str__(self) -> str:
        where = f" [{self.place}]" if self.place else ""
        remedy = f" → {self.remedy_vi}" if self.remedy_vi else ""
        return f"{self.message_vi}{where}{remedy} ({self.message_en})"


class SubmissionError(TonghopError):
    """A submission cannot be used as it is."""

    exit_code = 4


class OperationError(TonghopError):
    """The machine, the stores or the mail server do not do what is asked.

    `is_temporary`: trying again may help (a server that does not answer), so a flow retries.
    """

    exit_code = 5
    is_temporary = False


class ClaimLostError(OperationError):
    """Somebody else has taken what this process was working on; it leaves it as it is."""


class MovedError(OperationError):
    """What the ledger holds is newer than what was built from it."""


class CatalogueError(TonghopError):
    """A catalogue row or a rule is wrong; `place` is file and line."""

    exit_code = 6


class FindingsOpenError(TonghopError):
    """A blocking finding has no decision; the month stops before publishing."""

    exit_code = 3
