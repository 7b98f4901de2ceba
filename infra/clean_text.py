"""Foreign text made fit to be a record: the one border that a name, a subject, a cell's text or a label passes.

What comes out survives UTF-8, XML, a mail header, CSV and a terminal: no control characters, nothing invisible that
turns text around, no half of a letter, and no line separator but the newline. The bytes as received stay as they are.
"""

from __future__ import annotations

import re
import unicodedata

REPLACEMENT = "\ufffd"
_BREAKS = re.compile("\r\n|[\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]")
_DROPPED = ("Cc", "Cf")  # control and invisible format characters
_OVERRIDES = "\u202d\u202e"  # what follows is shown backwards: a person read other digits than stand here


def clean_text(text: str) -> str:
    """Return text of any number of lines; every way to end a line becomes a newline, a tab stays."""
    if text.isprintable():
        return text
    return "".join(_clean_letter(letter) for letter in _BREAKS.sub("\n", text))


def clean_line(text: str) -> str:
    """Return text of one line: what ends a line becomes a blank, and the ends are trimmed."""
    if text.isprintable():
        return text.strip()
    return re.sub(r"[ \t]*\n[ \t]*", " ", clean_text(text)).replace("\t", " ").strip()


def _clean_letter(letter: str) -> str:
    if letter in "\n\t":
        return letter
    if letter in _OVERRIDES:
        return REPLACEMENT
    category = unicodedata.category(letter)
    if category in _DROPPED:
        return ""
    return REPLACEMENT if category == "Cs" or _is_noncharacter(ord(letter)) else letter


def _is_noncharacter(point: int) -> bool:
    """U+FFFE, U+FFFF and their like in every plane are no characters; XML refuses them."""
    return point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF
