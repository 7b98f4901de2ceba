"""Names of districts and communes as offices write them, to area codes. Likeness proposes, it never decides.

A name matches when, without blanks, hyphens and apostrophes and with tone placement made equal, it is the
register's name or a row of `area_aliases.csv`. Names shared by a district and a commune, or by communes of
two districts, are settled by the words before them, the level of the form and the sender's district; what
remains open is asked.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import cached_property

from flows.read.document import ReadContext
from flows.read.text import MAX_WORDING, fold, strip_marks
from infra.catalogue import Area, Catalogue

_LEVEL_WORDS = (
    ("district", r"thành phố|t\.?p\b\.?|thị xã|t\.?x\b\.?|huyện|h\b\.?"),
    ("commune", r"xã|x\b\.?|phường|p\b\.?|thị trấn|t\.?t\b\.?"),
    ("province", r"tỉnh"),
)
_PREFIXES = [(level, re.compile(rf"(?:{words})(?!')\s*(?=\w)")) for level, words in _LEVEL_WORDS]
_ENUMERATOR = re.compile(r"^(?:\d+[.)]\s*|[-+*•]\s*|[a-zđ]\)\s*)")
_FOOTNOTE = re.compile(r"\s*(?:\*+|[¹²³⁴⁵]+|\((?:\d|\*+)\)|\[\d\])$")
_INSIDE = re.compile(r"\s*[(,]\s*([^(),]+)\)?$")
_JOINED = re.compile(r"\s*(?:\+|,|;|&|/|\bvà\b|\s-\s)\s*")
_SILENT = re.compile(r"[\s'`\-.]")


@dataclass(frozen=True, slots=True)
class AreaMatch:
    """The area a name stands for. `code` is "" when it is not decided; `proposals` and `rivals` say why.

    `code` is "a+b" for a row that covers several. `proposals` are near names, `rivals` areas of the same name.
    `says_level`: a word such as "thị trấn" stands before the name.
    """

    code: str = ""
    proposals: tuple[Area, ...] = ()
    rivals: tuple[Area, ...] = ()
    says_level: bool = False


class AreaIndex:
    """The areas of one catalogue by compact name."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._by_key: dict[str, list[Area]] = {}
        by_code = self._by_code = catalogue.area_by_code
        self.local_level = catalogue.local_level
        names = [(row.short_name, row) for row in catalogue.areas]
        names += [(alias.alias, by_code[alias.area_code]) for alias in catalogue.area_aliases
                  if alias.area_code in by_code]  # fmt: skip
        self._spelled = names
        for name, area in names:
            known = self._by_key.setdefault(compact(name), [])
            if area not in known:
                known.append(area)
        self._cache: dict[tuple[str, str, str], AreaMatch] = {}

    def match(self, text: str, level: str = "", district: str = "") -> AreaMatch:
        """Return the area called `text`.

        Args:
            text: As written: "TX. Ayun Pa", "Chư Prông", "Ia O (huyện Ia Grai)", "Ia Pa + Ayun Pa".
            level: "district" or "commune" when the form says so.
            district: The sender's own district code, for communes.
        """
        key = (text, level, district)
        if key not in self._cache:
            self._cache[key] = self._match(*key)
        return self._cache[key]

    def candidates(self, text: str) -> list[Area]:
        """Return every area of that name, whatever its level."""
        if len(text) > MAX_WORDING:
            return []
        return self._named(_FOOTNOTE.sub("", _ENUMERATOR.sub("", fold(text))).strip(" .:;"))[1]

    def named_in(self, text: str) -> list[Area]:
        """Return the areas of the local level that a folded text names, in order, each once."""
        found: dict[str, Area] = {}
        for match in self._names.finditer(text):
            before = text[max(0, match.start() - 12) : match.start()]
            if not self._other_level.search(before):
                area = self._local[match.group()]
                found.setdefault(area.area_code, area)
        return list(found.values())

    @cached_property
    def _local(self) -> dict[str, Area]:
        """The areas of the local level by each of their names, folded; of a name that two share, none."""
        found: dict[str, Area] = {}
        shared = set()
        for name, area in self._spelled:
            if area.area_level == self.local_level:
                shared |= {fold(name)} if found.setdefault(fold(name), area) != area else set()
        return {name: area for name, area in found.items() if name not in shared}

    @cached_property
    def _names(self) -> re.Pattern[str]:
        longest_first = sorted(map(re.escape, self._local), key=len, reverse=True)
        return re.compile(rf"(?<![^\W_])(?:{'|'.join(longest_first) or '(?!)'})(?![^\W_])")

    @cached_property
    def _other_level(self) -> re.Pattern[str]:
        words = "|".join(words for level, words in _LEVEL_WORDS if level != self.local_level)
        return re.compile(rf"(?<![^\W_])(?<!thị )(?:{words})\s*$")

    def _match(self, text: str, level: str, district: str) -> AreaMatch:
        if len(text) > MAX_WORDING:
            return AreaMatch()
        name = _FOOTNOTE.sub("", _ENUMERATOR.sub("", fold(text))).strip(" .:;")
        if not name:
            return AreaMatch()
        single = self._single(name, level, district)
        if single.code or single.rivals:
            return single
        joined = self._joined(name, level, district)
        return AreaMatch(joined) if joined else AreaMatch(proposals=self._near(name, level, district))

    def _single(self, name: str, level: str, district: str) -> AreaMatch:
        said, found = self._named(name)
        if not found and (inside := _INSIDE.search(name)):
            outer = self._single(inside.group(1), "district", "")
            inner = self._single(name[: inside.start()], "commune", outer.code) if outer.code else AreaMatch()
            if self._is_inside(inner.code, outer.code):
                return inner
        level = said or level
        fitting = [area for area in found if not level or area.area_level == level]
        if district and len(fitting) > 1:
            fitting = [area for area in fitting if district in (area.parent_code, area.area_code)] or fitting
        if len(fitting) == 1:
            return AreaMatch(fitting[0].area_code, says_level=bool(said))
        return AreaMatch(rivals=tuple(fitting))

    def _is_inside(self, code: str, district: str) -> bool:
        """Tell whether a code is a commune of a district: "Ia O (huyện Ia Grai)", and not "An Khê, Đăk Pơ"."""
        area = self._by_code.get(code)
        return area is not None and bool(district) and area.parent_code == district

    def _named(self, name: str) -> tuple[str, list[Area]]:
        """Return the level that the words before the name say, and the areas of that name."""
        found = self._by_key.get(compact(name), [])
        if found:
            return "", found
        for level, prefix in _PREFIXES:
            match = prefix.match(name)
            found = self._by_key.get(compact(name[match.end() :]), []) if match else []
            fitting = [area for area in found if area.area_level == level]
            if fitting:
                return level, fitting
        return "", []

    def _joined(self, name: str, level: str, district: str) -> str:
        parts = [part for part in _JOINED.split(name) if part]
        if len(parts) < 2:
            return ""
        codes = [self._single(part, level or self.local_level, district).code for part in parts]
        return "+".join(codes) if all(codes) and len(set(codes)) == len(codes) else ""

    def _near(self, name: str, level: str, district: str) -> tuple[Area, ...]:
        pool = {
            strip_marks(key): area
            for key, areas in self._by_key.items()
            for area in areas
            if (not level or area.area_level == level) and (not district or area.parent_code == district)
        }
        for _, prefix in _PREFIXES:
            name = prefix.sub("", name, count=1) if prefix.match(name) else name
        close = difflib.get_close_matches(strip_marks(compact(name)), list(pool), 3, 0.75)
        return tuple(dict.fromkeys(pool[key] for key in close))


def compact(name: str) -> str:
    """Return a name without what writers vary: "Ia-Grai", "IaGrai" and "ia grai" are one, Băng and Bang two."""
    return _SILENT.sub("", fold(name))


_INDEXES: dict[int, tuple[Catalogue, AreaIndex]] = {}


def area_index(context: ReadContext) -> AreaIndex:
    """Return the area index of a document's month, built once."""
    key = id(context.catalogue)
    if key not in _INDEXES:
        _INDEXES[key] = (context.catalogue, AreaIndex(context.catalogue))
    return _INDEXES[key][1]


def is_foreign(context: ReadContext, area_code: str) -> bool:
    """Tell whether an area, or one of several joined by "+", is neither the submitter's own nor a part of it."""
    own, by_code = own_area(context), context.catalogue.area_by_code
    if own == context.catalogue.province.area_code:
        return False
    areas = (by_code.get(code) for code in area_code.split("+"))
    return any(area is not None and own not in (area.area_code, area.parent_code) for area in areas)


def own_area(context: ReadContext) -> str:
    """Return the area a submitter speaks for: its district, else the province."""
    return context.submitter.area_code if context.submitter else context.catalogue.province.area_code
