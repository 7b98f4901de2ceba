"""How fast workbooks are opened, beside openpyxl doing the same: every cell's value, in one process, in one run.

`python -m benchmarks.reading` measures a sheet of 200 000 rows and the workbooks of the field's mailboxes, and
ends with 1 when opening is less than five times as fast.
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from benchmarks.field import FIELD
from flows.mail import parse_mail
from flows.mail.contents import contents_of_mail
from flows.read.containers import container_of
from flows.read.workbooks import SheetCells, open_workbook
from infra.errors import SubmissionError

ROWS, COLUMNS = 200_000, 8
FACTOR = 5.0


@dataclass(frozen=True)
class Pair:
    """Seconds that the same bytes take here and with openpyxl, the best of some rounds."""

    name: str
    ours: float
    openpyxl: float
    n_cells: int

    @property
    def factor(self) -> float:
        return self.openpyxl / self.ours

    def __str__(self) -> str:
        return (
            f"{self.name:<28} {self.n_cells:>9} cells  ours {self.ours:7.3f} s  openpyxl {self.openpyxl:7.3f} s  "
            f"{self.factor:5.1f} x (bar {FACTOR:.0f} x)"
        )


def main() -> int:
    """Measure both and print one line each."""
    pairs = [compare("sheet of 200 000 rows", [large_sheet()], rounds=1)]
    if FIELD.is_dir():
        pairs.append(compare_field())
    for pair in pairs:
        print(pair)
    return 0 if all(pair.factor >= FACTOR for pair in pairs) else 1


def compare_field() -> Pair:
    """Measure the workbooks of the field's messages."""
    workbooks = list(field_workbooks())
    return compare(f"{len(workbooks)} workbooks of the field", workbooks, rounds=5)


def compare(name: str, workbooks: list[bytes], rounds: int) -> Pair:
    """Read the same workbooks both ways and check that both saw the same number of cells."""
    ours, n_ours = best(lambda: sum(map(cells_here, workbooks)), rounds)
    theirs, n_theirs = best(lambda: sum(map(cells_of_openpyxl, workbooks)), rounds)
    if n_ours != n_theirs:
        raise AssertionError(f"{name}: {n_ours} cells here, {n_theirs} with openpyxl")
    return Pair(name, ours, theirs, n_ours)


def best(work: Callable[[], int], rounds: int) -> tuple[float, int]:
    """Return the shortest of some rounds and what the work returned."""
    seconds, result = float("inf"), 0
    for _ in range(rounds):
        began = time.perf_counter()
        result = work()
        seconds = min(seconds, time.perf_counter() - began)
    return seconds, result


def cells_here(data: bytes) -> int:
    """Open as the reader does, details and findings included, and look at every stored value."""
    count = 0
    for grid in open_workbook(data).grids:
        cells = grid.cells
        if isinstance(cells, SheetCells):
            count += sum(value != "" for row in cells.rows for value in row)
            count += sum(cells.rows[row - 1][column - 1] == "" for row, column in cells.details.errors)
            count += sum(cells.number_at(place) == 0 for place in cells.details.formulas)
    return count


def cells_of_openpyxl(data: bytes) -> int:
    """Open with openpyxl and look at every value."""
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(data))
    return sum(
        value not in (None, "")
        for sheet in book.worksheets
        for row in sheet.iter_rows(values_only=True)
        for value in row
    )


def large_sheet() -> bytes:
    """Return a workbook of one sheet: texts, counts and decimals in 200 000 rows."""
    import xlsxwriter

    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"constant_memory": True})
    sheet = book.add_worksheet("T4")
    sheet.write_row(0, 0, ["TT", "Huyện", "Cố định", "Trả sau", "Trả trước", "ADSL", "FTTH", "Ghi chú"])
    for row in range(1, ROWS):
        sheet.write_row(row, 0, [row, f"Huyện {row % 17}", row, row * 2, row * 3, row / 4, row + 5, "số liệu ước"])
    book.close()
    return stream.getvalue()


def field_workbooks() -> Iterable[bytes]:
    """Return the .xlsx and .xlsm files of the field's messages that both programs can open."""
    for path in sorted(FIELD.glob("20??-??/*.eml")):
        for content in contents_of_mail(parse_mail(path.read_bytes())):
            if container_of(content.data) in ("xlsx", "xlsm"):
                try:
                    open_workbook(content.data)
                except SubmissionError:
                    continue
                yield content.data


if __name__ == "__main__":
    sys.exit(main())
