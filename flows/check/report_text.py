"""What can be told of a report's text: names, references, headings, lists; each check gives the places it is off."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flows.records import ReportedFigure
from infra.catalogue import Area, Catalogue
from infra.process_state import once_a_run
from infra.settings import PROJECT

DOCUMENTS = PROJECT / "expectations" / "documents.yml"
_REFERENCE = re.compile(r"\b\d{1,4}(?:/\d{4})?(?:/([A-ZĐ]\w{1,4})-\s?([A-ZĐ]\w{1,8})|-([A-ZĐ]{2,3})/([A-ZĐ]{2,6}))")
_DATED = re.compile(r"ngày (\d{1,2})/(\d{1,2})/(\d{4})")
_COMMUNE = re.compile(r"\b[Xx]ã ((?:[A-ZĐ][^\W\d_]*)(?: [A-ZĐ][^\W\d_]*)*)")
_DISTRICT = re.compile(r"\b(?:huyện|thị xã|thành phố) ((?:[A-ZĐ][^\W\d_]*)(?: [A-ZĐ][^\W\d_]*)*)")
_ADDRESS = re.compile(r"\b\d{1,3}(?:[. ]\d{1,3}){3}\b")
_PART = re.compile(r"([IVX]{1,4})\.\s")
_SECTION = re.compile(r"(\d{1,2})\.\s.*:\s*$")
_MONTH = re.compile(r"THÁNG (\d{1,2})")
_LOST = re.compile(r"[âọõẻễỗĩ\s]")  # letters that some PDF texts lose to a blank


@dataclass(frozen=True)
class Spot:
    """A place in the report and what is odd there."""

    place: str
    text: str


@dataclass(frozen=True)
class ReportText:
    """The paragraphs of a report as (place, text), with the figures read in it and the catalogue of its month."""

    paragraphs: Sequence[tuple[str, str]]
    figures: Mapping[str, ReportedFigure]
    catalogue: Catalogue

    def paragraph(self, place: str) -> str:
        """Return the text at a place, "" when there is none."""
        return next((text for where, text in self.paragraphs if where == place), "")


@once_a_run
def documents() -> dict[str, Any]:
    """Return what `expectations/documents.yml` knows."""
    import yaml

    return dict(yaml.safe_load(DOCUMENTS.read_text(encoding="utf-8")))


def misclassed_parts(report: ReportText) -> Iterator[Spot]:
    """Figures printed under "trong đó" of a whole they are no part of."""
    for row in documents()["not_parts"]:
        part, whole = report.figures.get(row["part"]), report.figures.get(row["whole"])
        if part and whole and part.place == whole.place:
            between = report.paragraph(part.place).partition(whole.raw_text)[2].partition(part.raw_text)[0]
            if "trong đó" in between:
                yield Spot(part.place, f"trong đó {part.raw_text}")


def misprinted_units(report: ReportText) -> Iterator[Spot]:
    """Figures printed with "%" whose unit is another."""
    for figure in report.figures.values():
        indicator = report.catalogue.indicator_by_id.get(figure.indicator_id)
        if indicator is not None and indicator.unit != "%" and figure.raw_text.rstrip().endswith("%"):
            yield Spot(figure.place, f"{figure.raw_text} {indicator.unit}")


def unknown_communes(report: ReportText) -> Iterator[Spot]:
    """Communes that the register does not have in the district named after them."""
    districts = {_key(area.short_name): area for area in report.catalogue.districts}
    seen = set()
    for place, text in report.paragraphs:
        for match in _COMMUNE.finditer(text):
            named = _DISTRICT.search(text, match.end())
            district = districts.get(_key(named[1])) if named else None
            if district is None or (match[1], district.area_code) in seen:
                continue
            seen.add((match[1], district.area_code))
            if not _has_commune(report.catalogue, district, match[1]):
                yield Spot(place, f"xã {match[1]}, {district.area_name}")


def malformed_references(report: ReportText) -> Iterator[Spot]:
    """References whose kind of document or issuing organ is not one there is."""
    known = documents()
    types, organs = set(known["document_types"]), set(known["issuing_organs"])
    for place, text in report.paragraphs:
        for match in _REFERENCE.finditer(text):
            kind, organ = match[1] or match[3], match[2] or match[4]
            if kind not in types or organ not in organs:
                yield Spot(place, re.sub(r"\s", "", match[0]))


def references_on_days_off(report: ReportText) -> Iterator[Spot]:
    """References dated on a Saturday or Sunday that was not worked. Years without a calendar are left out."""
    known = documents()
    worked = {str(row["date"]) for row in known["working_weekend_days"]}
    for place, text in report.paragraphs:
        for match in _REFERENCE.finditer(text):
            dated = _DATED.match(text[match.end() :].lstrip())
            if dated is None:
                continue
            day = date(int(dated[3]), int(dated[2]), int(dated[1]))
            if day.weekday() >= 5 and day.isoformat() not in worked and day.year in known["calendar_years"]:
                yield Spot(place, f"{match[0]} {dated[0]}")


def heading_gaps(report: ReportText) -> Iterator[Spot]:
    """Headings that are not one more than the heading before."""
    part, expected = "", 1
    for place, text in report.paragraphs:
        if _PART.match(text):
            part, expected = text, 1
        elif part and (match := _SECTION.match(text)):
            if int(match[1]) != expected:
                yield Spot(place, text)
            expected = int(match[1]) + 1


def untrue_claims(report: ReportText) -> Iterator[Spot]:
    """Words that promise the whole where a figure says less."""
    for row in documents()["claims"]:
        left, _, right = (part.strip() for part in row["holds_when"].partition("="))
        one, other = report.figures.get(left), report.figures.get(right)
        if one is None or other is None or one.value == other.value:
            continue
        for place, text in report.paragraphs:
            if row["words"] in text:
                yield Spot(place, f"“{row['words']}” nhưng {one.raw_text}")


def part_month(report: ReportText, number: str) -> int | None:
    """Return the month in the heading of part I or II."""
    for _, text in report.paragraphs:
        found = _PART.match(text)
        if found and found[1] == number and (month := _MONTH.search(text.upper())):
            return int(month[1])
    return None


def list_length(report: ReportText, indicator_id: str) -> int | None:
    """Return how many addresses or communes are named after a count, None when neither follows."""
    figure = report.figures.get(indicator_id)
    if figure is None:
        return None
    after = report.paragraph(figure.place).partition(figure.raw_text)[2]
    sentence = re.split(r"\.\s(?=[^\W\d_])", after)[0]
    return len(_ADDRESS.findall(sentence)) or len(_COMMUNE.findall(sentence)) or None


CHECKS: dict[str, Callable[[ReportText], Iterator[Spot]]] = {
    check.__name__: check
    for check in (
        misclassed_parts,
        misprinted_units,
        unknown_communes,
        malformed_references,
        references_on_days_off,
        heading_gaps,
        untrue_claims,
    )
}


def _has_commune(catalogue: Catalogue, district: Area, name: str) -> bool:
    return any(
        area.parent_code == district.area_code and _key(area.short_name) == _key(name) for area in catalogue.areas
    )


def _key(name: str) -> str:
    return _LOST.sub("", name.lower())
