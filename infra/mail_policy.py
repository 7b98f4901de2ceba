"""How a message of ours is written: as the library writes it for a mail server, and each header folded once."""

from __future__ import annotations

from email import policy
from email.header import Header
from functools import lru_cache
from typing import Any

LINE_END = "\r\n"


class _FoldedOnce(policy.EmailPolicy):
    """`email.policy.SMTP`; folding a header takes it a millisecond, and the mails of a month share most of theirs."""

    def fold_binary(self, name: str, value: Any) -> bytes:
        """Return the header as bytes; the value is one that the library made of a text, so its text says all."""
        return _folded(name, value)


@lru_cache(maxsize=1000)
def _folded(name: str, value: Any) -> bytes:
    if name == "Subject" and not str(value).isascii():
        # The library's own folding loses the blank between two encoded words, and with it a blank of the subject.
        return f"{name}: {Header(str(value), 'utf-8', header_name=name).encode(linesep=LINE_END)}{LINE_END}".encode()
    return policy.SMTP.fold_binary(name, value)


MAIL = _FoldedOnce(linesep=LINE_END)
