"""What of a sender's words the report can print: the fonts of the report hold the Latin script and the usual signs.

An emoji, a program's private bullet or a letter of another script would leave a hole or a box in the PDF. It is left
out of the report; the list of work items keeps each text as it was sent.
"""

from __future__ import annotations

import re
import unicodedata

_SIGNS = "–—‘’“”„…•₫€≤≥≠±×÷→✓➢½"
_UNPRINTABLE = re.compile(rf"[^\s\x21-\x7e\xa1-\xac\xae-\u024f\u1e00-\u1eff{_SIGNS}]")
_HYPHENS = {0x2010: "-", 0x2011: "-"}
NOTHING_LEFT = "(nội dung viết bằng chữ mà báo cáo không in được)"
_LIGATURES = re.compile("[\ufb00-\ufb06]")


def printable(text: str) -> str:
    """Return a text with composed letters, ligatures as their letters, and nothing that the report's fonts lack."""
    kept = _UNPRINTABLE.sub("", _spelt(text))
    return kept if any(letter.isalnum() for letter in kept) else NOTHING_LEFT


def unprintable_letters(text: str, most: int = 10) -> str:
    """Return the different letters that `printable` leaves out of a text, the first of them."""
    return " ".join(list(dict.fromkeys(_UNPRINTABLE.findall(_spelt(text))))[:most])


def _spelt(text: str) -> str:
    composed = unicodedata.normalize("NFC", text).translate(_HYPHENS)
    return _LIGATURES.sub(lambda match: unicodedata.normalize("NFKC", match[0]), composed)
