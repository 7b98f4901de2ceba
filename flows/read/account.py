"""The account of numbers: each number of a document is read, asked about, or set aside for a reason.

What is left over is said by its place, so that a layout that nobody foresaw loses no figure in silence. Digits that are
part of a date, a reference, a name or an ordinal are no number here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from flows.read.text import strip_marks

MOST_SHOWN = 12     # places that one sentence names; it tells how many more there are
_NO_NUMBERS = re.compile("|".join((
    r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])",                                       # an address of a machine
    r"\d{1,2}\s*[/.-]\s*\d{1,2}\s*[/.-]\s*(?:\d{4}|\d{2})(?!\d)",                      # a day
    r"(?<!\d)(?:0?[1-9]|1[0-2])\s*[/.-]\s*(?:19|20)\d\d(?!\d)",                        # a month of a year
    r"(?:ngay|thang|nam|qui|ki|tuan|thu)\s+\d[\d/.-]*(?:\s*(?:-|den|va|,)\s*\d[\d/.-]*)?",
    r"(?<!\w)t\s*\d{1,2}(?:\s*[/.-]\s*\d{2,4})?(?!\w)",                               # "T4/2019"
    r"(?:19|20)\d\d\s*-\s*(?:19|20)\d\d",                                              # from one year to another
    r"(?<!\d)\d+(?:/\d{4})?\s*/\s*[a-z][\w-]*(?:/[\w-]+)*",                                   # "123/QĐ-UBND"
    r"(?:so ki hieu|so hieu|bieu so|bieu|mau so|mau|phu luc|bang|dieu|khoan|khoa|tieu chi(?: so)?|dot|lan thu)"
    r"\s*(?:so\s*)?\d[\w./-]*",
    r"(?:\+84|(?<!\d)0)\d{1,3}(?:[ .-]?\d{2,4}){2,4}(?!\d)",                           # a telephone
    r"(?<![\w.+-])[\w.+-]+@[\w.-]+|(?:https?://|www\.)\S+",
    r"(?<!\w)(?:[2-5]g|[a-z]+[-.]?\d+[\w.-]*|covid-19)(?!\w)",                          # "4G", "BTS2", "QĐ02"
    r"(?:khu vuc|vung|chi nhanh|phong|doi|to|so nha|duong|kenh)\s+(?:so\s+)?\d+",         # "MobiFone khu vực 7"
    r"(?<![\w,.])\d{1,2}\)",                                                          # "2)" within a line
    r"(?<!\d)\d+\s*x\s*\d+",                                                                  # a size of paper
    r"(?<!\d)(?:24/7|24/24|24h)(?!\d)",
)))  # fmt: skip
_ORDINAL = re.compile(r"^\s*[-+*(]?\s*(?:\d{1,2}(?:\.\d{1,2})*|[a-z])\s*[.)/-]\s*(?=\D|$)")


def holds_number(text: str) -> bool:
    """Tell whether a text, with or without its diacritics, holds a number that might be a figure."""
    if not any(letter.isdigit() for letter in text):
        return False
    bare = strip_marks(text)
    return any(letter.isdigit() for letter in _NO_NUMBERS.sub(" ", _ORDINAL.sub("", bare)))


def listed(places: Iterable[tuple[str, str]]) -> str:
    """Return places with what stands there, as a sentence names them: "C10 “88”, C11 “90” và 3 chỗ khác"."""
    shown = [f"{place} “{text[:60]}”" for place, text in places]
    more = f" và {len(shown) - MOST_SHOWN} chỗ khác" if len(shown) > MOST_SHOWN else ""
    return ", ".join(shown[:MOST_SHOWN]) + more
