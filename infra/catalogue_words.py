"""The closed words of the catalogue and the rules: each column that knows only these is a type that is checked.

A word is added here and nowhere else. An unknown one is refused where it stands, with the nearest of these.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable
from typing import Literal

AreaLevel = Literal["province", "district", "commune"]
AreaType = Literal["province", "city", "town", "rural_district", "ward", "rural_commune", "township"]
SubmitterKind = Literal[
    "district", "commune", "telecom", "post", "press", "broadcaster", "printer", "department_unit",
]
# How the sender of a submitter's mail is proved: by our mail server's results that align with its domain, by those of
# a relay that its row names, or by a person for every single message.
ProofLevel = Literal["aligned", "known_relay", "confirmed"]
SectionCode = Literal["CNTT", "BCVT", "TTBCXB", "CTMTQG", "THANHTRA", "DVSN", "KHAC", "HUYEN"]
IndicatorSection = Literal["BUUCHINH", "VIENTHONG", "TTBCXB", "THANHTRA", "DVSN", "CNTT", "BCVT"]
IndicatorKind = Literal["stock", "flow", "ratio", "count", "target", "reference"]
Aggregation = Literal["sum_submitters", "derived", "reference"]
PhraseKind = Literal[
    "figure", "noun", "name", "list", "count", "area_list", "area_total", "denominator", "zero", "none", "change"
]
WordingKind = Literal["part", "section", "topic", "submitter", "closing"]
PartNumber = Literal["I", "II"]
Detail = Literal["by_district", "own_area", "total"]
Role = Literal["source", "cross_check", "optional"]
Channel = Literal["email", "document_system", "paper", "archive"]
# What a label may say of a column instead of an indicator, and what may follow an indicator's id.
LabelRole = Literal[
    "#serial", "#district", "#commune", "#area", "#item", "#name", "#unit", "#note", "#value", "#cumulative",
    "#previous", "#total", "#group",
]
IndicatorSuffix = Literal["list", "run"]
Severity = Literal["blocking", "warning", "note"]
Owner = Literal["submitter", "steward", "division", "district"]
Speaks = Literal["template", "item"]


def nearest(word: str, allowed: Iterable[str]) -> str:
    """Return the allowed word that `word` is most like, whatever the case, marks and blanks; "" when none is near."""
    by_shape = {_shape(candidate): candidate for candidate in allowed if candidate}
    found = difflib.get_close_matches(_shape(word), by_shape, n=1, cutoff=0.6)
    return by_shape[found[0]] if found else ""


def unknown_word(column: str, word: str, allowed: Iterable[str]) -> tuple[str, str]:
    """Return what is wrong with an unknown word, in Vietnamese and English: the allowed ones, the nearest of them."""
    known = sorted({candidate for candidate in allowed if candidate})
    near = nearest(word, known)
    few = f"; chỉ nhận: {', '.join(known)}" if len(known) <= 24 else ""
    few_en = f"; allowed: {', '.join(known)}" if len(known) <= 24 else ""
    meant, meant_en = (f"; có phải “{near}”?", f"; did you mean {near!r}?") if near else ("", "")
    vi = f"cột {column}: không có từ “{word}”{few}{meant}"
    return vi, f"column {column}: unknown word {word!r}{few_en}{meant_en}"


def _shape(word: str) -> str:
    letters = unicodedata.normalize("NFD", word.casefold().replace("đ", "d"))
    return "".join(c for c in letters if c.isalnum() or c in "#_%/").replace("-", "_")
