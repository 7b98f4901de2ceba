"""Workbooks (.xlsx .xlsm .xlsb .xls .ods) as grids: values by python-calamine, details by a light second pass.

Numbers are what the file stores, text is untouched. Cells are made only when they are asked for, so that a
sheet of 200 000 rows costs little more than reading it.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from flows.read.account import listed
from flows.read.beside import COMMENTS_VI, beside_body
from flows.read.containers import container_of
from flows.read.document import Content, Grid, GridCell, column_letters
from flows.read.formulas import Place, calculate, overtyped
from flows.read.numbers import looks_like_value, plain
from flows.read.old_workbooks import is_before_excel_97, open_old, rows_of, sheets_of
from flows.read.packages import plain_package
from flows.read.workbook_details import SheetDetails, comments_of, details_of
from flows.records import IntakeFinding, Severity
from infra.errors import SubmissionError
from infra.vietnamese import day_text, moment_cell

_MAX_CELLS = 40_000_000


class SheetCells(Mapping[Place, GridCell]):
    """The cells of a sheet, made when asked for. Blank cells without formula or error are not there."""

    def __init__(self, rows: list[list[Any]], details: SheetDetails) -> None:
        self.rows = rows
        self.details = details
        self._calculated: dict[Place, Decimal | None] = {}

    def __getitem__(self, place: Place) -> GridCell:
        row, column = place
        value = self._raw(place)
        details = self.details
        formula = details.formulas.get(place, "")
        if place in details.errors:
            value = details.errors[place]
        elif value == "" and formula:
            value = self._calculate(place)
        elif value == "":
            raise KeyError(place)
        stored, text = _stored(value)
        return GridCell(
            row, column, text, stored, details.formats.get(place, ""), details.fonts.get(place, ""), formula
        )

    def __iter__(self) -> Iterator[Place]:
        special = sorted(set(self.details.formulas) | set(self.details.errors))
        for place in special:
            if self._raw(place) == "":
                yield place
        for number, row in enumerate(self.rows, start=1):
            for column, value in enumerate(row, start=1):
                if value != "":
                    yield number, column

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def number_at(self, place: Place) -> Decimal | None:
        """Return the number a cell stores, 0 for a blank one, None for text."""
        value = self._raw(place)
        if isinstance(value, bool) or place in self.details.errors:
            return None
        if isinstance(value, int | float):
            return Decimal(f"{value:.15g}")
        return Decimal(0) if value == "" else None

    def _raw(self, place: Place) -> Any:
        row, column = place
        if 0 < row <= len(self.rows) and 0 < column <= len(self.rows[row - 1]):
            return self.rows[row - 1][column - 1]
        return ""

    def _calculate(self, place: Place) -> Decimal | None:
        if place not in self._calculated:
            self._calculated[place] = calculate(place, self.details.formulas, self.number_at)
        return self._calculated[place]


@dataclass(frozen=True, slots=True)
class _Sheet:
    """One sheet as its reader gives it: values by row, "" for a blank."""

    name: str
    is_hidden: bool
    rows: list[list[Any]]
    merged: list[tuple[int, int, int, int]]


def open_workbook(data: bytes, file: str = "") -> Content:
    """Return the sheets of a workbook in order, hidden ones marked, and what opening it revealed.

    Raises:
        SubmissionError: The bytes are not a readable workbook.
    """
    container = container_of(data)
    data = _plain(data, container)
    grids: list[Grid] = []
    findings: list[IntakeFinding] = []
    sheets = list(_sheets(data, container))
    details, failure = _details(data, container)
    for sheet in sheets:
        grid = _grid(sheet, details.get(sheet.name, SheetDetails()))
        grids.append(grid)
        findings += _sheet_findings(grid)
    findings += [note for text in _comments(data, container) for note in beside_body(COMMENTS_VI, text)]
    if failure and grids:
        findings.append(_without_details(grids[0], failure))
    return Content(tuple(grids), tuple(findings))


def _plain(data: bytes, container: str) -> bytes:
    try:
        return plain_package(data, container) if container in ("xlsx", "xlsm", "xlsb", "ods") else data
    except zipfile.BadZipFile as error:
        raise _unreadable(error) from error


def _sheets(data: bytes, container: str) -> Iterable[_Sheet]:
    """Return the sheets by the fast reader, those of an old Excel by the other one."""
    if container == "old_xls":
        return _old_sheets(data, None)
    try:
        return _fast_sheets(data)
    except SubmissionError as error:
        if container == "xls":
            return _old_sheets(data, error)
        raise


def _old_sheets(data: bytes, refusal: SubmissionError | None) -> list[_Sheet]:
    book = open_old(data)
    if book is None or (refusal and not is_before_excel_97(book)):
        raise refusal or _unreadable(ValueError("not a workbook of Excel 2 to 95"))
    return [_Sheet(sheet.name, is_hidden, rows_of(book, sheet), []) for sheet, is_hidden in sheets_of(book)]


def _fast_sheets(data: bytes) -> list[_Sheet]:
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    book = _open(data)
    listed = [meta for meta in book.sheets_metadata if meta.typ == SheetTypeEnum.WorkSheet]
    return [
        _Sheet(meta.name, meta.visible != SheetVisibleEnum.Visible, *_contents(book, meta.name)) for meta in listed
    ]


def _open(data: bytes) -> Any:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    try:
        return CalamineWorkbook.from_filelike(io.BytesIO(data))
    except PasswordError as error:
        raise SubmissionError(
            "Bảng tính được bảo vệ bằng mật khẩu nên không đọc được.",
            "The workbook is protected by a password.",
            remedy_vi="Bỏ mật khẩu rồi gửi lại.",
        ) from error
    except (CalamineError, OSError, ValueError) as error:
        raise _unreadable(error) from error
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # how a fault inside the reader shows itself
            raise _unreadable(error) from error
        raise


def _unreadable(error: BaseException) -> SubmissionError:
    return SubmissionError(
        "Không đọc được bảng tính: tệp hỏng, bị cắt cụt hoặc không đúng định dạng.",
        f"The workbook cannot be read: {str(error)[:200]}",
        remedy_vi="Mở tệp bằng Excel, kiểm tra nội dung, lưu lại rồi gửi lại.",
    )


def _details(data: bytes, container: str) -> tuple[dict[str, SheetDetails], str]:
    """Return the second reader's view, or none and why for a workbook that only the first one understands."""
    try:
        return details_of(data, container), ""
    except SubmissionError:
        raise
    except Exception as error:  # the second opinion may fail in as many ways as files are odd
        return {}, f"{type(error).__name__}: {error}"[:200]


def _comments(data: bytes, container: str) -> list[str]:
    try:
        return list(comments_of(data, container))
    except SubmissionError:
        raise
    except Exception:       # as odd as the details may be
        return []


def _without_details(grid: Grid, failure: str) -> IntakeFinding:
    text = "Chỉ đọc được giá trị các ô; công thức, định dạng phần trăm, dòng và cột ẩn của tệp này không đọc được."
    return _finding("details_not_read", "note", grid, "", text, failure)


def _contents(book: Any, name: str) -> tuple[list[list[Any]], list[tuple[int, int, int, int]]]:
    """Return values and merged ranges of one sheet."""
    try:
        sheet = book.get_sheet_by_name(name)
        end = sheet.end
        if end and (end[0] + 1) * (end[1] + 1) > _MAX_CELLS:
            raise _too_large(name)
        return sheet.to_python(skip_empty_area=False), _merged(sheet)
    except SubmissionError:
        raise
    except BaseException as error:
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise _unreadable(error) from error
        raise


def _grid(sheet: _Sheet, details: SheetDetails) -> Grid:
    for (row, column), number in details.numbers.items():
        if row <= len(sheet.rows) and column <= len(sheet.rows[row - 1]):
            sheet.rows[row - 1][column - 1] = number
    for row, column in details.struck:
        if row <= len(sheet.rows) and column <= len(sheet.rows[row - 1]):
            details.removed[row, column] = sheet.rows[row - 1][column - 1]
            sheet.rows[row - 1][column - 1] = details.struck[row, column]
            details.formulas.pop((row, column), None)
    return Grid(
        sheet=sheet.name,
        cells=SheetCells(sheet.rows, details),
        merged=tuple(details.merged if details.merged is not None else sheet.merged),
        hidden_rows=frozenset(details.hidden_rows),
        hidden_columns=frozenset(details.hidden_columns),
        is_hidden=sheet.is_hidden,
    )


def _too_large(sheet: str) -> SubmissionError:
    return SubmissionError(
        "Trang tính quá rộng để là một biểu số liệu; có thể một ô lạc ở rất xa bảng.",
        "The sheet spans too many cells.",
        place=sheet,
        remedy_vi="Xóa các ô, dòng, cột thừa ngoài bảng số liệu rồi lưu và gửi lại.",
    )


def _merged(sheet: Any) -> list[tuple[int, int, int, int]]:
    ranges = sheet.merged_cell_ranges or []
    return [(top + 1, left + 1, bottom + 1, right + 1) for (top, left), (bottom, right) in ranges]


def _stored(value: Any) -> tuple[object, str]:
    """Return the value as kept in the cell and its text as written in the file."""
    if isinstance(value, str):
        return value, value
    if value is None:
        return None, ""
    if isinstance(value, bool):
        return value, "TRUE" if value else "FALSE"
    if isinstance(value, int | float | Decimal):
        return _number(value)
    if isinstance(value, datetime):
        return value, moment_cell(value) if value.time() != time() else day_text(value)
    if isinstance(value, date):
        return value, day_text(value)
    return value, str(value) if isinstance(value, time | timedelta) else repr(value)


def _number(value: int | float | Decimal) -> tuple[object, str]:
    number = value if isinstance(value, Decimal) else Decimal(f"{value:.15g}")
    if number.is_finite() and number == number.to_integral_value():
        return int(number), str(int(number))
    return float(number), plain(number)


def _sheet_findings(grid: Grid) -> list[IntakeFinding]:
    cells = grid.cells
    assert isinstance(cells, SheetCells)
    findings: list[IntakeFinding] = []
    if grid.is_hidden:
        if any(value != "" for row in cells.rows for value in row):
            text = f"Trang tính “{grid.sheet}” bị ẩn; số liệu trong đó không được dùng."
            findings.append(_finding("hidden_part", "note", grid, "", text))
        return findings
    findings += _hidden_lines(grid, cells)
    findings += _struck_out(grid, cells)
    formulas = cells.details.formulas
    constants = (p for p in _numbers_between(cells, formulas) if p not in formulas) if len(formulas) > 2 else ()
    for place in overtyped(formulas, constants):
        text = "Ô này là số gõ tay trong một dãy công thức; số có thể không còn khớp khi các ô khác thay đổi."
        findings.append(
            _finding("formula_overtyped", "warning", grid, grid.place(*place), text, str(cells.number_at(place)))
        )
    return findings


def _struck_out(grid: Grid, cells: SheetCells) -> list[IntakeFinding]:
    """Return a finding when numbers are struck through: whoever looks at the sheet does not count them."""
    texts = ((place, _stored(value)[1]) for place, value in cells.details.removed.items())
    struck = [(place, text) for place, text in texts if any(map(str.isdigit, text))]
    if not struck:
        return []
    places = listed((grid.place(*place), text) for place, text in struck)
    text = f"Trang tính “{grid.sheet}” có số bị gạch ngang, phần bị gạch không được dùng: {places}."
    return [_finding("hidden_part", "warning", grid, grid.place(*struck[0][0]), text)]


def _numbers_between(cells: SheetCells, formulas: Mapping[Place, str]) -> Iterator[Place]:
    rows = {row for row, _ in formulas}
    columns = {column for _, column in formulas}
    for row in range(min(rows), max(rows) + 1):
        values = cells.rows[row - 1] if row <= len(cells.rows) else []
        for column, value in enumerate(values, start=1):
            if isinstance(value, int | float) and not isinstance(value, bool) and (row in rows or column in columns):
                yield row, column


def _hidden_lines(grid: Grid, cells: SheetCells) -> list[IntakeFinding]:
    """Return one finding for hidden rows and one for hidden columns that hold figures."""
    findings = []
    columns = sorted(
        column
        for column in grid.hidden_columns
        if any(column <= len(row) and _is_figure(row[column - 1]) for row in cells.rows)
    )
    if columns:
        names = ", ".join(column_letters(column) for column in columns)
        text = f"Trang tính “{grid.sheet}” có cột ẩn chứa số ({names}); phần ẩn không được dùng."
        findings.append(_finding("hidden_part", "note", grid, f"{column_letters(columns[0])}1", text))
    rows = sorted(
        row for row in grid.hidden_rows if 0 < row <= len(cells.rows) and any(map(_is_figure, cells.rows[row - 1]))
    )
    if rows:
        names = ", ".join(map(str, rows[:20]))
        text = f"Trang tính “{grid.sheet}” có dòng ẩn chứa số ({names}); phần ẩn không được dùng."
        findings.append(_finding("hidden_part", "warning", grid, f"A{rows[0]}", text))
    return findings


def _is_figure(value: object) -> bool:
    if isinstance(value, str):
        return bool(value) and looks_like_value(value)
    return isinstance(value, int | float) and not isinstance(value, bool)


def _finding(
    kind: str, severity: Severity, grid: Grid, cell: str, message_vi: str, raw_text: str = ""
) -> IntakeFinding:
    """Return a finding that the reader completes with month, message, file and submitter."""
    return IntakeFinding(
        period="", receipt_id="", message="", file="", sheet=grid.sheet, cell=cell, kind=kind,
        severity=severity, submitter_id="", message_vi=message_vi, raw_text=raw_text,
    )  # fmt: skip
