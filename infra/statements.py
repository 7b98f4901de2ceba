"""What a person must say with a decision: who it is and why. A placeholder is neither."""

from __future__ import annotations

import re

from infra.clean_text import clean_line
from infra.errors import SubmissionError

# As our own help and pages print them, and what hands type to get past a question.
_PLACEHOLDERS = frozenset({"người", "nguoi", "lý_do", "lý-do", "lý do", "ly_do", "person", "reason", "name", "tên"})
FEWEST_LETTERS = 1


def stated(text: str, what_vi: str, option: str) -> str:
    """Return what a person said as a record: blanks tidied, foreign letters cleaned (`infra.clean_text`).

    Args:
        text: As given.
        what_vi: What it should say, in Vietnamese: "lý do".
        option: The option of the command that takes it: "--reason".

    Raises:
        SubmissionError: Nothing was said: no words, or a placeholder ("…", "NGƯỜI", "<reason>").
    """
    tidy = " ".join(clean_line(text).split())
    letters = re.findall(r"[^\W\d_]", tidy)
    if len(letters) < FEWEST_LETTERS or tidy.strip("<>[]{}()\"'“” .…").casefold() in _PLACEHOLDERS:
        given_vi, given_en = (f" “{tidy}” không phải {what_vi}.", f" {tidy!r} is none.") if tidy else ("", "")
        raise SubmissionError(f"Quyết định cần có {what_vi}.{given_vi}", f"A decision needs {option}.{given_en}",
                              remedy_vi=f"Ghi rõ {what_vi} bằng {option}.")
    return tidy
