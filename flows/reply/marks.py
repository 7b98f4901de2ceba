"""What is written on each cell of a submission: how it was read, or what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from flows.records import CellReference, DocumentReading, Finding, IntakeFinding, Observation
from infra.catalogue import Catalogue
from infra.vietnamese import number_text

Shade = Literal["read", "unused", "note", "fault"]
ORDER: tuple[Shade, ...] = ("read", "unused", "note", "fault")
USE_VI = {
    "superseded": "đã có bản gửi sau thay thế",
    "duplicate": "trùng với thư đã nhận",
    "rejected": "không thuộc tháng báo cáo",
    "held": "chờ người phụ trách xác nhận",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """A note at one cell and the shade that goes with it; `cell` is "C10"."""

    sheet: str
    cell: str
    shade: Shade
    text: str


def marks_of(reading: DocumentReading, findings: Iterable[Finding], catalogue: Catalogue) -> list[Mark]:
    """Return one mark a cell: what was read there, then what is to be said about it.

    Args:
        reading: What the document said.
        findings: Verdicts of the month's rules; those that name a cell of this document are marked too.
        catalogue: For the names of indicators and areas.
    """
    document, content = reading.document, reading.reading
    here = (document.receipt_id, document.file)
    marks = [_of_observation(o, catalogue) for o in content.observations]
    marks += [_of_intake(f) for f in content.findings if f.cell]
    for finding in findings:
        for cell in finding.cells:
            if (cell.receipt_id, cell.file) == here and cell.cell:
                marks.append(Mark(cell.sheet, cell.cell, "fault", finding.message_vi))
    return _one_a_cell(marks)


def value_of(observation: Observation, catalogue: Catalogue) -> str:
    """Return a figure as it was read, with its unit: "9.102 thuê bao", "ghi “88k”, chưa dùng được"."""
    if observation.value is None:
        nothing = f"ghi “{written[:40]}”, chưa dùng được" if (written := observation.raw_text.strip()) else "để trống"
        return {"L": "chưa thu thập", "M": "không phát sinh được"}.get(observation.obs_status, nothing)
    unit = _unit(observation, catalogue)
    return f"{number_text(observation.value)} {unit}".strip()


def cell_text(cell: CellReference, catalogue: Catalogue) -> str:
    """Return a figure that a finding names, with its value: "Trạm BTS · Huyện KBang = 57"."""
    value = f" = {number_text(Decimal(cell.value))}" if cell.value else ""
    return f"{_label(cell, catalogue)}{value}"


def name_of(observation: Observation, catalogue: Catalogue) -> str:
    """Return what a figure is about: the indicator's label, the area, and the month when it is another."""
    month = "" if observation.period == observation.report_period else f" (tháng {observation.period[5:7]})"
    return f"{_label(observation, catalogue)}{month}"


def _label(figure: Observation | CellReference, catalogue: Catalogue) -> str:
    indicator_id = figure.indicator_id.partition("#")[0]
    indicator = catalogue.indicator_by_id.get(indicator_id)
    areas = [catalogue.area_by_code.get(code) for code in figure.area_code.split("+")]
    name = indicator.label_vi if indicator else indicator_id
    place = " + ".join(area.short_name for area in areas if area and area.area_level != "province")
    return f"{name}{f' · {place}' if place else ''}"


def _unit(observation: Observation, catalogue: Catalogue) -> str:
    indicator = catalogue.indicator_by_id.get(observation.indicator_id.partition("#")[0])
    return indicator.unit if indicator else ""


def _of_observation(observation: Observation, catalogue: Catalogue) -> Mark:
    text = f"Đã đọc: {name_of(observation, catalogue)} = {value_of(observation, catalogue)}."
    if observation.use_status == "in_force":
        return Mark(observation.sheet, observation.cell, "read", text)
    return Mark(observation.sheet, observation.cell, "unused", f"{text} Không dùng: {USE_VI[observation.use_status]}.")


def _of_intake(finding: IntakeFinding) -> Mark:
    text = f"{finding.message_vi} {finding.remedy_vi}".strip()
    return Mark(finding.sheet, finding.cell, "note" if finding.severity == "note" else "fault", text)


def _one_a_cell(marks: Sequence[Mark]) -> list[Mark]:
    """Join the texts of a cell; the gravest shade wins."""
    joined: dict[tuple[str, str], Mark] = {}
    for mark in marks:
        key = (mark.sheet, mark.cell)
        before = joined.get(key)
        if before is None:
            joined[key] = mark
        elif mark.text not in before.text:
            shade = max(before.shade, mark.shade, key=ORDER.index)
            joined[key] = Mark(mark.sheet, mark.cell, shade, f"{before.text}\n{mark.text}")
    return list(joined.values())
