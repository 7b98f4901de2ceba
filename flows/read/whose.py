"""Whose report a document is by its own head: one that names another unit alone is not the sender's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from flows.read.areas import area_index, own_area
from flows.read.document import ReadContext
from flows.read.text import MAX_WORDING, fold
from infra.catalogue import Catalogue, Submitter

_HEAD = re.compile(
    r"\W*(?:ubnd|ủy ban|uỷ ban|phòng|đơn vị|tên đơn vị|huyện|thị xã|thành phố|tp|công ty|doanh nghiệp|chi nhánh|"
    r"báo cáo|biểu|số liệu|tổng công ty|tập đoàn|trung tâm|bưu điện|nhà mạng)\b"
)
ENTERPRISES = ("telecom", "post", "press", "broadcaster", "printer")


def other_unit(titles: Iterable[str], context: ReadContext) -> str:
    """Return the unit that the head of a document names where it does not name its sender; "" otherwise.

    Args:
        titles: The lines above the figures; of these only such as say whose the document is.
        context: Whose it should be.
    """
    submitter = context.submitter
    heads = [fold(text[:MAX_WORDING]) for text in titles if text.isupper() or _HEAD.match(fold(text[:MAX_WORDING]))]
    if submitter is None or not heads:
        return ""
    if own_area(context) != context.catalogue.province.area_code:
        return _other_area(heads, context)
    return _other_enterprise(heads, submitter, context.catalogue) if submitter.submitter_kind in ENTERPRISES else ""


def _other_area(heads: list[str], context: ReadContext) -> str:
    named = [area for head in heads for area in area_index(context).named_in(head)]
    is_own = any(area.area_code == own_area(context) for area in named)
    return named[0].area_name if named and not is_own else ""


def _other_enterprise(heads: list[str], submitter: Submitter, catalogue: Catalogue) -> str:
    if any(name in head for head in heads for name in _names(submitter, catalogue)):
        return ""
    for other in catalogue.submitters:
        is_rival = other.submitter_kind in ENTERPRISES and other.submitter_id != submitter.submitter_id
        if is_rival and any(_whole(name).search(head) for head in heads for name in _names(other, catalogue)):
            return other.submitter_name
    return ""


def _names(submitter: Submitter, catalogue: Catalogue) -> Iterator[str]:
    """Yield the name by which people call an enterprise, without the province that all of them share."""
    name = fold(submitter.submitter_name)
    bare = name.replace(fold(catalogue.province.short_name), " ").partition(",")[0].partition(" chi nhánh")[0]
    bare = " ".join(bare.split())
    yield bare if " " in bare or bare.isascii() else name       # "báo" alone names nobody


def _whole(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![^\W_]){re.escape(name)}(?![^\W_])" if name else r"(?!)")
