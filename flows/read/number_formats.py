"""What a number format of a workbook shows: a date, a percentage, or a number, words beside it. From its own code.

Source: ECMA-376 part 1, 18.8.31. Quoted text, escaped letters, padding and brackets (colours, conditions,
currencies, locales) show nothing of the value; an elapsed time in brackets does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from flows.read.text import fold

_SILENT = re.compile(r'"[^"]*(?:"|$)|[\\_*].|\[[^\]]*(?:\]|$)', re.DOTALL)
_LITERAL = re.compile(r'"([^"]*)"|\\(.)', re.DOTALL)
_SCALING = re.compile(r"[0#?](,+)(?=[^0#?,]|$)")
MAGNITUDE_POWERS = {"trăm": 2, "nghìn": 3, "ngàn": 3, "ng": 3, "k": 3, "triệu": 6, "tr": 6, "tỉ": 9}
_ELAPSED = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
_GENERAL = re.compile(r"general|standard", re.IGNORECASE)


@lru_cache(maxsize=4096)
def is_date_format(code: str) -> bool:
    """Tell whether a format shows a day, a time or a duration: "dd/mm/yyyy", "[h]:mm", and not "[=50]General"."""
    first = _first_section(code)
    bare = _GENERAL.sub("", _SILENT.sub("", first))
    return bool(_ELAPSED.search(re.sub(r'"[^"]*"', "", first)) or re.search("[dmyhs]", bare, re.IGNORECASE))


@lru_cache(maxsize=4096)
def is_percent_format(code: str) -> bool:
    """Tell whether a format shows a percentage ("0.00%"), and not a quoted sign."""
    return "%" in _SILENT.sub("", code)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a format adds to a number: its words, and the powers of ten of these words and of its scaling commas."""

    words: str
    word_power: int
    comma_power: int


@lru_cache(maxsize=4096)
def shown_by(code: str) -> Shown | None:
    """Return what a format shows that changes the number for whoever looks at it; None when it adds nothing of that.

    `0" nghìn"` shows thousands of what is stored, `0"0"` ten times as much, `-0` the opposite. A unit adds nothing.
    """
    first = _first_section(code)
    words = "".join(a or b for a, b in _LITERAL.findall(first))
    bare = _SILENT.sub("", first)
    folded = fold(words).strip(" .()")
    power = MAGNITUDE_POWERS.get(folded.split(" ")[0], 0) if folded else 0
    commas = 3 * len(match.group(1)) if (match := _SCALING.search(bare)) else 0
    is_changed = any(map(str.isdigit, words)) or words.strip() in ("-", "+") or bare.lstrip().startswith("-")
    is_changed = is_changed or bool(re.search(r"(?<![0#?])[1-9]", bare))
    return Shown(words.strip() or bare.strip(), power, commas) if is_changed or power != commas else None


def _first_section(code: str) -> str:
    """Return the section of positive numbers; a semicolon in quotes or brackets parts nothing."""
    at = 0
    while at < len(code):
        if code[at] == ";":
            return code[:at]
        silent = _SILENT.match(code, at)
        at = silent.end() if silent else at + 1
    return code
