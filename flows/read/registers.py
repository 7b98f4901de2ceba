"""Registers: lists of named units under section rows ("I Chi nhánh công ty bưu chính 7"), a count by listing."""

from __future__ import annotations

from dataclasses import dataclass, field

from flows.read.headers import Header, Vocabulary
from flows.read.rows import Row
from flows.read.sheet_view import SheetView, ViewCell


@dataclass
class Section:
    """A section of a register: its label, the figure beside it if any, and the rows of the units under it."""

    row: Row
    label: ViewCell
    figure: ViewCell | None
    listed_rows: list[int] = field(default_factory=list)

    @property
    def listed(self) -> int:
        """How many units are listed."""
        return len(self.listed_rows)


def is_register(header: Header) -> bool:
    """Tell whether a table lists names that are not areas and no column of it holds an indicator."""
    has_names = bool(header.columns_with("#name"))
    return has_names and not any(column.meaning.indicator_id for column in header.columns.values())


def read_register(view: SheetView, header: Header, numbers: list[int], words: Vocabulary) -> list[Section]:
    """Return the sections of a register in order; a line with a figure and no list below is a section too."""
    name_column = header.columns_with("#name")[0].index
    serial_column = next((c.index for c in header.columns_with("#serial")), 0)
    sections: list[Section] = []
    for number in numbers:
        label = _label(view, number, name_column)
        if label is None:
            continue
        meaning = words.labels.match(label.text)
        serial = view.text(number, serial_column) if serial_column else ""
        if meaning.indicator_id and not serial.isdigit():
            row = Row(number, "item", label.text, (label.text,), meaning=meaning, label_column=label.column)
            sections.append(Section(row, label, _figure(view, number, serial_column)))
        elif sections and serial.isdigit():
            sections[-1].listed_rows.append(number)
    return sections


def _label(view: SheetView, number: int, name_column: int) -> ViewCell | None:
    row, column = view.anchor(number, name_column)
    cell = view.cell(row, column)
    return cell if cell and row == number and not cell.is_value else None


def _figure(view: SheetView, number: int, serial_column: int) -> ViewCell | None:
    for column, cell in view.rows.get(number, {}).items():
        if column != serial_column and cell.is_value and cell.parse().problem != "date_in_number":
            return cell
    return None
