"""What the reading of one grid brings to light: observations and findings, in reading order."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal

from flows.read.areas import is_foreign
from flows.read.document import GridCell, ReadContext
from flows.read.figures import figure_of, says_estimated
from flows.read.headers import Column, Vocabulary
from flows.read.numbers import ParsedNumber
from flows.read.observations import make_finding, make_observation
from flows.read.rows import Row
from flows.read.sheet_view import Place, SheetView, ViewCell
from flows.read.units import StatedUnit
from flows.records import IntakeFinding, Observation, Severity
from infra.catalogue import Indicator, previous_period

MAX_OF_A_KIND = 100
"""Findings of one kind on one sheet; beyond it the form as a whole is not understood, not its cells."""


class Collector:
    """Makes the observations and findings of one grid. At most one finding a cell: the first says enough.

    `table_units` are the units declared above the table being read ("ĐVT: nghìn thuê bao").
    """

    def __init__(self, view: SheetView, context: ReadContext, words: Vocabulary) -> None:
        self.view = view
        self.context = context
        self.words = words
        self.observations: list[Observation] = []
        self.findings: list[IntakeFinding] = []
        self.table_units: tuple[StatedUnit, ...] = ()
        self.noted: dict[Place, str] = {}     # the kind of finding that each cell has
        self.observed: set[Place] = set()
        self._counts: Counter[str] = Counter()
        submitter = context.submitter
        provisions = context.catalogue.provisions_by_submitter
        provided = provisions.get(submitter.submitter_id, ()) if submitter else ()
        self._details = {provision.indicator_id: provision.detail for provision in provided}

    def indicator(self, indicator_id: str) -> Indicator | None:
        """Return the indicator of an id that may carry a suffix ("x#list")."""
        return self.context.catalogue.indicator_by_id.get(indicator_id.split("#")[0])

    def period_of(self, column: Column | None, row: Row | None = None) -> str:
        """Return the month of the figures of a column, or of a row that names one."""
        now = self.context.report_period
        said = row.period if row else None
        if column is None or said:
            return said or now
        return previous_period(now) if column.has_role("#previous") else column.period or now

    def observe(self, row: Row, column: Column | None, cell: ViewCell | None, indicator_id: str) -> None:
        """Add the observation of one cell; a blank one is an observation that nothing was reported."""
        indicator = self.indicator(indicator_id)
        if indicator is None or self._is_of_others(row, column, cell):
            return
        cell = cell or self._blank(row.number, column.index if column else row.label_column)
        stated = (row.units, column.units if column else (), self.table_units)
        parsed, doubt = figure_of(cell, indicator, stated, self.words.units, self.period_of(column, row))
        if cell.source.formula and parsed.obs_status == "O" and not parsed.problem:
            self.find(
                cell,
                "formula_without_value",
                f"Công thức {cell.source.formula} chưa có kết quả trong tệp.",
                "Mở tệp bằng Excel để tính lại công thức, lưu rồi gửi lại.",
            )
        if doubt and doubt.kind != "error_value":
            self.find(cell, doubt.kind, doubt.message_vi, doubt.remedy_vi)
        if parsed.value is not None and parsed.obs_status == "A" and says_estimated(f"{row.remark} {row.label}"):
            parsed = replace(parsed, obs_status="E")
        self.observed.add((cell.row, cell.column))
        self._add(row, column, cell, indicator_id, parsed, cell.raw_text)

    def _is_of_others(self, row: Row, column: Column | None, cell: ViewCell | None) -> bool:
        """Tell whether a figure is of an area that the submitter does not speak for; ask about one that is there."""
        area = (column.area_code if column else "") or row.area_code
        if not area or not is_foreign(self.context, area):
            return False
        if cell:
            names = self.context.catalogue.area_by_code
            whose = ", ".join(names[code].area_name for code in area.split("+"))
            self.find(
                cell, "foreign_area",
                f"Số “{cell.text}” là của {whose}, không phải địa bàn của đơn vị gửi; chưa dùng số này.",
                "Nếu đơn vị báo cáo thay, gửi từ địa chỉ của đơn vị có số liệu; nếu ghi nhầm tên, sửa tên địa bàn.",
            )  # fmt: skip
        return True

    def count(self, row: Row, cell: ViewCell, indicator_id: str, listed: int) -> None:
        """Add a count of listed rows, at the place where the count is stated."""
        self.observed.add((cell.row, cell.column))
        self._add(row, None, cell, indicator_id, ParsedNumber(Decimal(listed)), f"{listed} dòng trong danh sách")

    def _add(
        self, row: Row, column: Column | None, cell: ViewCell, indicator_id: str, parsed: ParsedNumber, raw_text: str
    ) -> None:
        area = (column.area_code if column else "") or row.area_code or self.words.own_area
        self.observations.append(
            make_observation(
                self.context,
                parsed,
                indicator_id=indicator_id,
                area_code=area,
                cell=self.view.place(cell),
                raw_text=raw_text,
                sheet=self.view.grid.sheet,
                period=self.period_of(column, row),
                is_reported_total=self._is_total(row, column, indicator_id, area),
                row_label=" / ".join(row.parts),
                column_label=" / ".join(column.parts) if column else "",
            )
        )

    def _is_total(self, row: Row, column: Column | None, indicator_id: str, area: str) -> bool:
        """Tell whether a figure is a total somebody typed: of the rows, of the columns, or of both."""
        indicator = self.indicator(indicator_id)
        if row.is_total or (indicator is not None and indicator.aggregation == "derived"):
            return True
        if column is not None and column.has_role("#total") and not column.meaning.indicator_id:
            return True
        return self._details.get(indicator_id) == "by_district" and area == self.words.own_area

    def find(
        self,
        cell: ViewCell,
        kind: str,
        message_vi: str,
        remedy_vi: str,
        raw_text: str = "",
        severity: Severity = "warning",
    ) -> None:
        """Add a finding at a cell, unless the cell already has one; after many of a kind one says that more follow."""
        if (cell.row, cell.column) in self.noted:
            return
        self.noted[cell.row, cell.column] = kind
        self._counts[kind] += 1
        if self._counts[kind] > MAX_OF_A_KIND:
            return
        if self._counts[kind] == MAX_OF_A_KIND:
            message_vi = f"Từ ô này trở đi còn những ô khác cùng loại, không liệt kê. {message_vi}"
        self.findings.append(
            make_finding(
                self.context,
                kind,
                severity,
                message_vi,
                sheet=self.view.grid.sheet,
                cell=self.view.place(cell),
                remedy_vi=remedy_vi,
                raw_text=raw_text or cell.raw_text,
            )
        )

    def unknown_label(self, cell: ViewCell, label: str) -> None:
        """Ask what a label means, naming the nearest known ones."""
        near = self.words.labels.nearest(label.split(" / ")[-1])
        hint = f" Nhãn gần nhất đã biết: {'; '.join(near)}." if near else ""
        text = f"Nhãn “{label}”" if label else "Cột có số liệu nhưng không có tiêu đề"
        self.find(
            cell,
            "unknown_label",
            f"{text} chưa có trong danh mục; số liệu ở đó chưa được dùng.{hint}",
            "Thêm một dòng vào labels.csv: nhãn này và chỉ tiêu của nó (để trống nếu không phải chỉ tiêu).",
            raw_text=label,
        )

    def unknown_row(self, row: Row, cell: ViewCell) -> None:
        """Ask which area a row is: near names are proposed, none is taken."""
        remedy = "Sửa tên địa bàn, hoặc thêm một dòng vào area_aliases.csv."
        if row.match.rivals:
            names = " hay ".join(f"{a.area_name} ({a.area_code})" for a in row.match.rivals)
            kind, text = "area_ambiguous", f"“{row.label}” có thể là {names}; chưa dùng số của dòng này."
            remedy = "Ghi rõ huyện, xã, thị trấn trong tên địa bàn."
        elif row.match.proposals:
            names = ", ".join(f"{a.area_name} ({a.area_code})" for a in row.match.proposals)
            kind = "area_proposed"
            text = f"Không có địa bàn nào tên “{row.label}”; gần nhất là {names}. Chưa dùng số của dòng này."
        else:
            kind, text = "unknown_area", f"Không biết “{row.label}” là địa bàn nào; chưa dùng số của dòng này."
        self.find(cell, kind, text, remedy)

    def error_value(self, cell: ViewCell, is_used: bool) -> None:
        """Report an error value, whatever its column is for."""
        self.find(
            cell,
            "error_value",
            f"Ô báo lỗi {cell.text}, không có số liệu.",
            "Sửa công thức hoặc nhập số rồi gửi lại.",
            severity="warning" if is_used else "note",
        )

    def _blank(self, row: int, column: int) -> ViewCell:
        """Return the blank cell at a place, with the blanks it may hold."""
        stored = self.view.grid.cells.get((row, column))
        return ViewCell(row, column, "", stored or GridCell(row, column, ""))
