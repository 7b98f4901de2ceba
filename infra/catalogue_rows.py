"""The typed rows of one file of the catalogue."""

from __future__ import annotations

import dataclasses
import typing
from pathlib import Path

from infra.catalogue_cells import CellError, parser_of
from infra.catalogue_files import Table, bytes_of, lines_of, row_error


def read_table(path: Path, row_type: type) -> Table:
    """Return the rows of one file, each cell read as its column's type says.

    Raises:
        CatalogueError: A column or a cell is wrong; the place is file and line.
    """
    return table_of(path, row_type, bytes_of(path))


def table_of(path: Path, row_type: type, data: bytes) -> Table:
    """Return the rows of a file with these bytes. Raises as `read_table`."""
    hints = typing.get_type_hints(row_type, include_extras=True)
    parsers = {field.name: parser_of(field.name, hints[field.name]) for field in dataclasses.fields(row_type)}
    lines = lines_of(path, data, tuple(parsers))
    rows = []
    for line in lines:
        try:
            cells = zip(parsers.items(), line.cells, strict=True)
            rows.append(row_type(**{name: parse(text) for (name, parse), text in cells}))
        except CellError as error:
            raise row_error(path, line.number, error.vi, error.en) from error
    return Table(path, tuple(rows), tuple(line.number for line in lines))
