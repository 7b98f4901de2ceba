"""What a label of a form means: an indicator, a structural role, or something known that is no indicator.

`labels.csv` is the only source besides the printed names of `indicators.csv`; a new wording is a new row.
Three kinds of `indicator_id` stand in it:

* an indicator ("phone_subs_fixed", also "newspaper_copies#run");
* a role of the form, written "#role": `ROLES` lists them;
* nothing: the label is known and is not an indicator, its figures are left alone.

A label may be a path, "Phát thanh > Tiếng Bahnar": the last part under the parts before it, whatever stands
between. A part that is itself a label of an indicator matches every wording of that indicator.
"""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from flows.read.document import ReadContext
from flows.read.text import MAX_WORDING, fold, strip_marks
from infra.catalogue import Catalogue

ROLES = {
    "#serial": "running number of the rows",
    "#district": "column of district names",
    "#commune": "column of commune names",
    "#area": "column of area names of either level",
    "#item": "column of indicator names, one a row",
    "#name": "column of names that are not areas, such as companies",
    "#unit": "column of units of measure",
    "#note": "remarks",
    "#value": "figure of this period",
    "#cumulative": "stock at the end of the period, or running total of a flow",
    "#previous": "figure of the period before",
    "#total": "total of the rows or columns it stands with",
    "#group": "heading of several columns or rows that says nothing about what they count",
}
PATH_MARK = ">"
_IN_PATHS = frozenset({"#total", "#group"})

_ENUMERATOR = re.compile(
    r"^(?:(?:[ivx]+|\d+(?:\.\d+)*|[a-hđ])[.)/]\s*(?=[^\d\s])|\d+(?:\.\d+)+\s+|[-+*•▪o]\s+|[-+*•▪])"
)
_ABBREVIATIONS = [
    (re.compile(pattern), fold(meaning))
    for pattern, meaning in (
        (r"\btb\b", "thuê bao"),
        (r"\bdđ\b", "di động"),
        (r"\bđt\b", "điện thoại"),
        (r"\bbđ[ -]?vhx\b", "bưu điện văn hóa xã"),
        (r"\bbđ[ -]?vh xã\b", "bưu điện văn hóa xã"),
        (r" ?& ?", " và "),
        (r" ?/ ?", "/"),
        (r" ?\+ ?", " + "),
    )
]
_BRACKETS = re.compile(r"\s*\([^()]*\)")
_OTHER_MEASURE = re.compile(
    r"\b(?:doanh thu|cước|chi phí|lợi nhuận|sản lượng|lưu lượng|lao động|phát triển|tăng|giảm|rời mạng|hủy|"
    r"mới|phát sinh|kế hoạch|chỉ tiêu|tỉ lệ|tỉ trọng|công suất|dự kiến|%)"
)
_LEADS = re.compile(r"^(?:trong đó|gồm|bao gồm|số lượng|số liệu|số|sl)(?:\s*:\s*|\s+)")
_WORD = re.compile(r"[^\W_]+")
MOST_WORDS = 12              # of a label that is looked for in a sentence
_WHEN = re.compile(
    r"(?:[\s,]*\b(?:(?:tính |lũy kế )?đến (?:cuối (?:kì|tháng)|nay|thời điểm báo cáo|hết tháng)|"
    r"(?:tính )?đến (?:hết )?(?:ngày )?\d{1,2}[/.-]\d{1,2}(?:[/.-]\d{2,4})?|"
    r"trong (?:tháng|kì)(?: báo cáo| này)?|lũy kế|tháng \d{1,2}(?:[/.-]\d{4}| năm \d{4})?|"
    r"t\d{1,2}(?:[/.-]\d{2,4})?|cuối kì|hiện có|hiện nay))+$"
)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a label or a path of labels means.

    `indicator_id` is "" when there is none; `roles` are those of `ROLES`; `is_known` is False for wordings
    that are in no catalogue row. `unknown_part`: a label of the path above the last that is not known.
    """

    indicator_id: str = ""
    roles: frozenset[str] = frozenset()
    is_known: bool = True
    unknown_part: str = ""

    @property
    def is_ignored(self) -> bool:
        return self.is_known and not self.indicator_id and not self.roles


UNKNOWN = Meaning(is_known=False)
IGNORED = Meaning()


class LabelIndex:
    """The labels of one catalogue as one submitter uses them."""

    def __init__(self, catalogue: Catalogue, submitter_id: str, submitter_kind: str) -> None:
        self._single: dict[str, str] = {}
        self._shown: dict[str, str] = {}
        self._unmarked: dict[str, str | None] = {}
        paths: list[tuple[tuple[str, ...], str]] = []
        self._flows = {row.indicator_id for row in catalogue.indicators if row.indicator_kind == "flow"}
        for row in catalogue.indicators:
            self._add(row.label_vi, row.indicator_id)
        for context in ("", submitter_kind, submitter_id):
            for label in catalogue.labels:
                if label.context == context and PATH_MARK in label.label:
                    paths.append((tuple(label.label.split(PATH_MARK)), label.indicator_id))
                elif label.context == context:
                    self._add(label.label, label.indicator_id)
        self._paths: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        self._parts: set[str] = set()
        for parts, indicator_id in reversed(paths):
            canonical = tuple(self._canonical(part) for part in parts)
            self._paths.setdefault(canonical[-1], []).append((canonical[:-1], indicator_id))
            self._parts.update(canonical)
            self._shown.setdefault(strip_marks(parts[-1]), parts[-1].strip())
        self._cache: dict[tuple[str, ...], Meaning] = {}

    def match(self, text: str) -> Meaning:
        """Return the meaning of one label by itself.

        "Doanh thu lũy kế" is a running total of a flow: the indicator is named, with the role #cumulative.
        """
        found = self._lookup(text)
        if found is None:
            return UNKNOWN
        if found in self._flows and "lũy kế" in fold(text):
            return Meaning(found, frozenset({"#cumulative"}))
        return _meaning(found)

    def match_as_typed(self, text: str) -> Meaning:
        """Return the meaning of a label with its marks as they are: where no table around it bears it out."""
        return self.match(text) if self._typed(text) is not None else UNKNOWN

    def match_path(self, parts: Iterable[str]) -> Meaning:
        """Return the meaning of the last label under those before it, outermost first.

        Role words do not take part ("Thuê bao cố định / Kỳ trước"); a total takes the indicator above it
        ("Di động / Cộng").
        """
        key = tuple(parts)
        if key not in self._cache:
            self._cache[key] = self._resolve(key)
        return self._cache[key]

    def named_in(self, text: str) -> Iterator[tuple[str, int]]:
        """Yield the indicators that a folded text names by a label of two words or more, with where the name ends."""
        words = list(_WORD.finditer(text))
        first = 0
        while first < len(words):
            for last in range(min(first + MOST_WORDS, len(words)) - 1, first, -1):
                found = self._single.get(text[words[first].start() : words[last].end()], "")
                if found and not found.startswith("#"):
                    yield found, words[last].end()
                    first = last
                    break
            first += 1

    def is_last_part(self, text: str) -> bool:
        """Tell whether some path label ends with this wording."""
        return any(name in self._paths for name in self._names(text))

    def is_part(self, text: str) -> bool:
        """Tell whether some path label has this wording, at any place of it."""
        return not self._parts.isdisjoint(self._names(text))

    def path_indicator(self, parts: Iterable[str]) -> str | None:
        """Return what the longest path label that ends with the last part means; None when there is none."""
        return self._resolve_path([part for part in parts if self.match(part).roles <= _IN_PATHS])

    def nearest(self, text: str, count: int = 3) -> tuple[str, ...]:
        """Return the known labels most like `text`, for a question to the steward; never used to decide."""
        if len(text) > MAX_WORDING:
            return ()
        coarse = strip_marks(_BRACKETS.sub("", label_key(text)))
        close = difflib.get_close_matches(coarse, list(self._shown), count, 0.55)
        return tuple(self._shown[key] for key in close)

    def _add(self, label: str, indicator_id: str) -> None:
        key = label_key(label)
        self._single[key] = indicator_id
        unmarked = strip_marks(key)  # None where two meanings differ by marks alone
        self._unmarked[unmarked] = indicator_id if self._unmarked.get(unmarked, indicator_id) == indicator_id else None
        if not indicator_id.startswith("#") and indicator_id:
            self._shown[strip_marks(label)] = label

    def _lookup(self, text: str) -> str | None:
        found = self._typed(text)
        if found is None and text.isascii():  # typed without any mark: known where only one meaning is spelt so
            keys = candidate_keys(text)
            found = next((meaning for key in keys if (meaning := self._unmarked.get(key)) is not None), None)
        return found

    def _typed(self, text: str) -> str | None:
        return next((self._single[key] for key in candidate_keys(text) if key in self._single), None)

    def _canonical(self, part: str) -> str:
        found = self._lookup(part)
        return found if found and not found.startswith("#") else label_key(part)

    def _names(self, text: str) -> set[str]:
        """Return everything a path part may be called by: its keys, its indicator, the role total."""
        found = self._lookup(text)
        return {*candidate_keys(text), *([found] if found else [])}

    def _resolve(self, parts: tuple[str, ...]) -> Meaning:
        meanings = [self.match(part) for part in parts]
        roles = frozenset(role for m in meanings for role in m.roles) - {"#group"}
        rest = [(part, m) for part, m in zip(parts, meanings, strict=True) if m.indicator_id or m.roles <= {"#total"}]
        if not rest:
            return Meaning(roles=roles, is_known=bool(parts))
        by_path = self._resolve_path([p for p, m in zip(parts, meanings, strict=True) if m.roles <= _IN_PATHS])
        if by_path is not None:
            return Meaning(by_path, roles - {"#total"})
        above, leaf = rest[:-1], rest[-1][1]
        if any(m.is_ignored for _, m in above):
            return IGNORED
        unknown = next((part for part, m in above if not m.is_known), "")
        if not leaf.is_known or _OTHER_MEASURE.search(fold(unknown)):
            return Meaning("", roles, is_known=False)
        if "#total" in leaf.roles:
            named = next((m.indicator_id for _, m in reversed(above) if m.indicator_id), "")
            return Meaning(named, roles, is_known=bool(named) or not above, unknown_part=unknown if named else "")
        return Meaning(leaf.indicator_id, roles - {"#total"}, unknown_part=unknown)

    def _resolve_path(self, parts: list[str]) -> str | None:
        """Return the indicator of the longest path label that ends here; "" for a known one that is ignored."""
        if not parts:
            return None
        names = [self._names(part) for part in parts]
        best: tuple[int, str] | None = None
        for name in names[-1]:
            for above, indicator_id in self._paths.get(name, ()):
                if _is_subsequence(above, names[:-1]) and (best is None or len(above) > best[0]):
                    best = (len(above), indicator_id)
        return best[1] if best else None


def match_label(text: str, context: ReadContext) -> Meaning:
    """Return what one label of a form means for the submitter of this document."""
    return label_index(context).match(text)


_INDEXES: dict[tuple[int, str, str], tuple[Catalogue, LabelIndex]] = {}


def label_index(context: ReadContext) -> LabelIndex:
    """Return the label index of a document's submitter and month, built once."""
    submitter = context.submitter
    names = (submitter.submitter_id, submitter.submitter_kind) if submitter else ("", "")
    key = (id(context.catalogue), *names)
    if key not in _INDEXES:  # the catalogue is kept with its index, so that its id stays its own
        _INDEXES[key] = (context.catalogue, LabelIndex(context.catalogue, *names))
    return _INDEXES[key][1]


@lru_cache(maxsize=16384)
def label_key(text: str) -> str:
    """Return the key of a label: folded, without enumerator and end punctuation, abbreviations written out."""
    if len(text) > MAX_WORDING:
        return fold(text)
    key = _ENUMERATOR.sub("", fold(text).strip(" .:;,*†¹²³⁴⁵"))
    for pattern, meaning in _ABBREVIATIONS:
        key = pattern.sub(meaning, key)
    return key.strip(" .:;,-")


@lru_cache(maxsize=16384)
def candidate_keys(text: str) -> tuple[str, ...]:
    """Return the keys under which a label may be known, the fullest first.

    Brackets, words such as "số lượng" or "trong đó" and the time said at the end may be left out.
    """
    full = label_key(text)
    keys = [full]
    if len(full) > MAX_WORDING:
        return (full,)
    for shorten in (_without_brackets, _without_lead, _without_time):
        keys += [shorter for key in keys if (shorter := shorten(key).strip(" .:;,-*†¹²³⁴⁵")) and shorter != key]
    return tuple(dict.fromkeys(keys))


def _without_brackets(key: str) -> str:
    """Leave out brackets, unless they make it another measure: "Trả trước (phát triển mới)"."""
    outside = _BRACKETS.sub("", key)
    says_more = _OTHER_MEASURE.search(" ".join(_BRACKETS.findall(key))) and not _OTHER_MEASURE.search(outside)
    return key if says_more and not re.search(r"\(%\)", key) else outside


def _without_lead(key: str) -> str:
    return _LEADS.sub("", key)


def _without_time(key: str) -> str:
    return _WHEN.sub("", key)


def _meaning(found: str) -> Meaning:
    return Meaning(roles=frozenset((found,))) if found.startswith("#") else Meaning(found)


def _is_subsequence(parts: tuple[str, ...], names: list[set[str]]) -> bool:
    rest = iter(names)
    return all(any(part in options for options in rest) for part in parts)


def pairs_of(row_parts: tuple[str, ...], column_parts: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Return the two orders in which row and column labels of one cell can be read as a path."""
    return tuple(dict.fromkeys((tuple(itertools.chain(row_parts, column_parts)), (*column_parts, *row_parts))))
