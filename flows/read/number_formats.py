"""What a number format of a workbook shows: a date, a percentage, or a number. Decided from the format's own code.

Source: ECMA-376 part 1, 18.8.31. Quoted text, escaped letters, padding and brackets (colours, conditions,
currencies, locales) show nothing of the value; an elapsed time in brackets does.
"""

from __future__ import annotations

import re
from functools import lru_cache

_SILENT = re.compile(r'"[^"]*(?:"|$)|[\\_*].|\[[^\]]*(?:\]|$)', re.DOTALL)
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


def _first_section(code: str) -> str:
    """Return the section of positive numbers; a semicolon in quotes or brackets parts nothing."""
    at = 0
    while at < len(code):
        if code[at] == ";":
            return code[:at]
        silent = _SILENT.match(code, at)
        at = silent.end() if silent else at + 1
    return code
