"""Published reports, whoever wrote them: every figure read, and checked against the rules and the warehouse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from flows.check.report import Difference, ReportVerdict, check_report, compare_figures
from flows.read.published_report import read_report, report_paragraphs
from flows.records import ReportedFigure
from infra.catalogue import load_catalogue, previous_period
from infra.given_files import given_file
from infra.settings import Settings
from infra.warehouse import fetch, find_current_build, open_build

Figures = Mapping[str, tuple[Fraction, str]]


@dataclass(frozen=True)
class ReportCheck:
    """What reading and checking one report gave. `is_compared`: there was a warehouse of that month to compare with."""

    figures: list[ReportedFigure]
    verdicts: list[ReportVerdict]
    differences: list[Difference]
    is_compared: bool

    @property
    def is_sound(self) -> bool:
        """Whether nothing blocks: no blocking rule fails and no figure differs from the warehouse."""
        failing = any(v.outcome == "fail" and v.severity == "blocking" for v in self.verdicts)
        return not failing and not self.differences


def read_report_file(path: Path, period: str = "") -> list[ReportedFigure]:
    """Return every figure of a report: text with PDF damage, .docx, .doc or .pdf.

    Raises:
        SubmissionError: The file is not there or cannot be read.
    """
    catalogue = load_catalogue().at(period) if period else load_catalogue()
    return read_report(given_file(path), path.name, catalogue)


def check_report_file(path: Path, period: str, settings: Settings) -> ReportCheck:
    """Check a report of a month against the rules, and against the warehouse where that month was built.

    Raises:
        SubmissionError: The file is not there or cannot be read.
        CatalogueError: The catalogue has nothing in force in that month.
    """
    data, catalogue = given_file(path), load_catalogue().at(period)
    figures = read_report(data, path.name, catalogue)
    paragraphs = [(paragraph.place, paragraph.text) for paragraph in report_paragraphs(data)]
    published = _published(settings, period, period)
    previous = {name: value for name, (value, _) in _published(settings, period, previous_period(period)).items()}
    return ReportCheck(
        figures,
        check_report(figures, paragraphs, catalogue, period, previous),
        compare_figures(figures, published, catalogue),
        bool(published),
    )


def _published(settings: Settings, built: str, period: str) -> Figures:
    """Return value and qualifier of a month's figures in the current build of `built`; {} when it was never built."""
    build_id = find_current_build(settings, built)
    if not build_id:
        return {}
    query = "select indicator_id, value, qualifier from marts.fct_figures where period = ? and value is not null"
    with open_build(settings, build_id) as connection:
        return {name: (Fraction(value), qualifier or "") for name, value, qualifier in fetch(connection, query, period)}
