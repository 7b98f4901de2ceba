"""The outline of the report as typed records, read from `outline.yml`; a wrong entry is named with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.catalogue import Catalogue
from infra.errors import CatalogueError
from infra.process_state import once_a_run

OUTLINE = Path(__file__).with_name("outline.yml")
PLACEHOLDER = re.compile(r"\{(\w*)(?:\|(\w+))?\}")
FILTERS = (None, "change", "list", "definition")
WORDS = ("year", "month", "next_month", "next_year", "districts_reporting", "districts_total", "districts_missing")


@dataclass(frozen=True, slots=True)
class TextEntry:
    """A sentence with figures; see the head of `outline.yml`. `block` is the name before a starred paragraph."""

    text: str
    block: str = ""
    zero: str = ""
    speaks: str = "template"

    @property
    def indicator_ids(self) -> tuple[str, ...]:
        """The indicators the sentence prints, in order, each once."""
        names = [name for name, _ in PLACEHOLDER.findall(self.text) if name not in WORDS]
        return tuple(dict.fromkeys(names))


@dataclass(frozen=True, slots=True)
class CountsEntry:
    """Several counts in one sentence. `wordings`: indicator → (with a number at "{}", for zero)."""

    lead: str
    none: str
    wordings: dict[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ItemsEntry:
    """Work items of some section codes and kinds of submitters, under a line of their own when `lead` is given."""

    sections: tuple[str, ...]
    kinds: tuple[str, ...]
    named: bool = False
    lead: str = ""


@dataclass(frozen=True, slots=True)
class DistrictsEntry:
    """Work items of districts: (heading of the group, its section codes)."""

    groups: tuple[tuple[str, tuple[str, ...]], ...]


Entry = TextEntry | CountsEntry | ItemsEntry | DistrictsEntry


@dataclass(frozen=True, slots=True)
class Section:
    number: str
    heading: str
    entries: tuple[Entry, ...]
    empty: str


@dataclass(frozen=True, slots=True)
class PartOutline:
    number: str
    heading: str
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class Outline:
    head: dict[str, str]
    parts: tuple[PartOutline, ...]
    end_mark: str

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(e for part in self.parts for section in part.sections for e in section.entries)

    @property
    def indicator_ids(self) -> tuple[str, ...]:
        """Every indicator the report prints, in the order of its first appearance."""
        names: list[str] = []
        for entry in self.entries:
            if isinstance(entry, TextEntry):
                names += entry.indicator_ids
            elif isinstance(entry, CountsEntry):
                names += entry.wordings
        return tuple(dict.fromkeys(names))


@once_a_run
def load_outline(path: Path = OUTLINE) -> Outline:
    """Return the outline.

    Raises:
        CatalogueError: An entry is not one of the known kinds.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    data = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # a safe loader, the quick one if there
    parts = tuple(_part(part, data["nothing"]) for part in data["parts"])
    return Outline(data["head"], parts, data["end_mark"])


def check_outline(outline: Outline, catalogue: Catalogue) -> None:
    """Refuse an outline that names an unknown indicator, forgets a printed one, or puts a wrong unit.

    A figure has one unit: "%" stands after a percentage, tight, and after nothing else.

    Raises:
        CatalogueError: Naming the indicator.
    """
    known = catalogue.indicator_by_id
    unknown = [name for name in outline.indicator_ids if name not in known]
    printed = {row.indicator_id for row in catalogue.indicators if row.is_printed}
    forgotten = sorted(printed - set(outline.indicator_ids))
    if unknown or forgotten:
        raise _outline_error(
            f"chỉ tiêu lạ {unknown}, chỉ tiêu chưa in {forgotten}",
            f"unknown indicators {unknown}, printed indicators left out {forgotten}",
        )
    for entry in outline.entries:
        if isinstance(entry, TextEntry):
            _check_units(entry.text, catalogue)


def _check_units(text: str, catalogue: Catalogue) -> None:
    for found in PLACEHOLDER.finditer(text):
        name, how = found.groups()
        if how not in FILTERS:
            raise _outline_error(f"không có cách in “{how}”", f"no filter {how!r}")
        if name in WORDS or how in ("list", "definition"):
            continue
        is_percent = catalogue.indicator_by_id[name].unit == "%"
        if is_percent != text[found.end() :].startswith("%"):
            raise _outline_error(
                f"đơn vị sau {name} không phải đơn vị của chỉ tiêu", f"the unit after {name} is not the indicator's"
            )


def _part(data: dict[str, Any], nothing: str) -> PartOutline:
    sections = tuple(
        Section(s["number"], s["heading"], tuple(_entry(e) for e in s["entries"]), s.get("empty", nothing))
        for s in data["sections"]
    )
    return PartOutline(data["number"], data["heading"], sections)


def _entry(data: dict[str, Any]) -> Entry:
    if "text" in data:
        return TextEntry(data["text"], data.get("block", ""), data.get("zero", ""), data.get("speaks", "template"))
    if "counts" in data:
        counts = data["counts"]
        wordings = {name: (w["some"], w["none"]) for name, w in counts["indicators"].items()}
        return CountsEntry(counts["lead"], counts["none"], wordings)
    if "items" in data:
        items = data["items"]
        return ItemsEntry(
            tuple(items["sections"]), tuple(items["kinds"]), items.get("named", False), items.get("lead", "")
        )
    if "districts" in data:
        return DistrictsEntry(tuple((g["heading"], tuple(g["sections"])) for g in data["districts"]))
    raise _outline_error(f"mục không rõ loại: {sorted(data)}", f"an entry of unknown kind: {sorted(data)}")


def _outline_error(vi: str, en: str) -> CatalogueError:
    return CatalogueError(
        f"Đề cương báo cáo: {vi}.",
        f"Report outline: {en}.",
        place=str(OUTLINE),
        remedy_vi="Sửa mục đó trong outline.yml rồi chạy lại.",
    )
