"""The report as a document, before any file format: headings, paragraphs, runs, notes.

Built once (`report.py`) and rendered three times (DOCX, PDF, HTML). A run that prints a figure carries the
indicator it prints, so that every number of the document can be traced and read back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

FigureForm = Literal["number", "change", "zero_phrase", "list", "missing"]


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text of one look. `note` is the number of a footnote called after it, 0 for none.

    With an `indicator_id` the run prints that figure: as a number ("trên 576"), as a signed change
    ("giảm 312"), as a phrase for zero ("lượt tiếp công dân", after "không phát sinh"), as a list of
    `value` names, or as the words for a figure nobody reported.
    """

    text: str
    is_bold: bool = False
    is_italic: bool = False
    indicator_id: str = ""
    form: FigureForm = "number"
    value: Decimal | None = None
    note: int = 0


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph. `level`: part ("I"), section ("1"), block ("*"), group ("a)"), item ("-"), detail ("+")."""

    runs: tuple[Run, ...]
    level: Literal["part", "section", "block", "group", "item", "detail", "text"] = "text"

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)

    @property
    def is_heading(self) -> bool:
        return self.level in ("part", "section")

    @property
    def leads(self) -> bool:
        """Whether it must not stand alone at the foot of a page."""
        return self.is_heading or self.text.endswith(":")


@dataclass(frozen=True, slots=True)
class Head:
    """What stands above the text of an administrative document. Number and day are left to the clerk."""

    superior: str
    issuer: str
    motto_state: str
    motto_line: str
    number_line: str
    date_line: str
    title: str
    abstract: str
    signer_title: str


@dataclass(frozen=True)
class ReportDocument:
    """A whole report: head, paragraphs in order, footnotes (numbered from 1), lines of recipients.

    `expected_ids`: the indicators that must be printed, all but those of what there is none of. `placed_items`
    tells for every work item where it went: the section that prints it, or "zero:<indicator>" when it only said
    that nothing occurred and the sentence for zero says so.
    """

    period: str
    language: str
    head: Head
    paragraphs: tuple[Paragraph, ...]
    notes: tuple[str, ...]
    recipients: tuple[str, ...]
    expected_ids: tuple[str, ...] = ()
    placed_items: dict[tuple[str, str, str, str], str] = field(default_factory=dict)

    def figure_runs(self) -> Iterator[Run]:
        """Yield the runs that print a figure, in the order of the report."""
        for paragraph in self.paragraphs:
            yield from (run for run in paragraph.runs if run.indicator_id)
