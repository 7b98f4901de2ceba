"""All indicators in one workbook: the province, the districts, the units, who sent what, and where from.

Texts are strings and never formulas; the same report gives the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from flows.publish.changes import Change
from flows.publish.notes import waiver_reasons
from flows.publish.report_data import Figure, ReportData
from flows.publish.text_files import clean_text
from infra.catalogue import Indicator, month_bounds

COMPLETENESS = {"complete": "Đầy đủ", "incomplete": "Chưa đầy đủ", "not_reported": "Chưa có số liệu"}
STATUSES = {"expected": "Chờ gửi", "received": "Đã nhận", "late": "Nhận trễ hạn", "rejected": "Không dùng được",
            "superseded": "Đã thay bằng bản sau", "missing": "Chưa gửi"}
OUTCOMES = {"fail": "Không khớp", "undecided": "Chưa kết luận được", "pass": "Khớp", "not_applicable": "Không áp dụng"}
SEVERITIES = {"blocking": "Chặn công bố", "warning": "Cảnh báo", "note": "Lưu ý"}
KINDS = {
    "telecom": ("Doanh nghiệp viễn thông", "Telecom enterprises"),
    "post": ("Doanh nghiệp bưu chính", "Postal enterprises"),
    "press": ("Báo chí", "Press"),
    "broadcaster": ("Phát thanh - truyền hình", "Broadcasting"),
    "printer": ("Cơ sở in", "Printers"),
    "department_unit": ("Đơn vị thuộc Sở", "Units of the department"),
}
PHONE_PARTS = ("phone_subs_fixed", "phone_subs_mobile_postpaid", "phone_subs_mobile_prepaid")
AXIS = {"num_font": {"name": "Times New Roman"}, "num_format": "#,##0", "major_gridlines": {"visible": True}}
BOUNDS = {"gt": "trên", "ge": "ít nhất", "lt": "dưới", "le": "tối đa", "approx": "khoảng"}


def render_workbook(data: ReportData, changes: Sequence[Change] = ()) -> bytes:
    """Return the bytes of the .xlsx. `changes` against the former edition get a sheet of their own."""
    import xlsxwriter

    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        moment = datetime.fromisoformat(month_bounds(data.period)[1])
        book.set_properties({"title": f"Số liệu tháng {_month(data)}", "created": moment, "author": "Sở Thông tin và Truyền thông"})
        book.set_size(2400, 1400)
        writer = _Writer(book, data)
        writer.province()
        writer.districts()
        writer.units()
        writer.two_way()
        writer.submissions()
        writer.findings()
        if changes:
            writer.changes(changes)
        writer.sources()
    return buffer.getvalue()


class _Writer:
    """Writes sheet by sheet into one workbook, with a handful of formats."""

    def __init__(self, book: Any, data: ReportData) -> None:
        self._book = book
        self._data = data
        font = {"font_name": "Times New Roman", "font_size": 11, "valign": "top"}
        self._formats = {
            "title": book.add_format({**font, "bold": True, "font_size": 14}),
            "subtitle": book.add_format({**font, "italic": True, "font_color": "#555555"}),
            "header": book.add_format({**font, "bold": True, "text_wrap": True, "border": 1, "bg_color": "#DCE6F1",
                                       "align": "center", "valign": "vcenter"}),
            "text": book.add_format({**font, "text_wrap": True, "border": 1}),
            "raw": book.add_format({**font, "border": 1}),
            "total": book.add_format({**font, "bold": True, "border": 1, "bg_color": "#F2F2F2"}),
            "flag": book.add_format({**font, "text_wrap": True, "border": 1, "bg_color": "#FFF2CC"}),
        }
        self._numbers: dict[tuple[int, bool], Any] = {}

    def province(self) -> None:
        sheet = self._sheet("Toàn tỉnh", "Chỉ tiêu toàn tỉnh", "Provincial indicators", [
            ("TT\nNo.", 5), ("Chỉ tiêu\nIndicator", 46), ("Indicator (English)", 38), ("ĐVT\nUnit", 12),
            ("Tháng này\nThis month", 17), ("Giới hạn\nBound", 9), ("Tháng trước\nPrevious", 17),
            ("Tăng, giảm\nChange", 14), ("Lũy kế từ đầu năm\nYear to date", 18), ("Tình trạng\nCompleteness", 15),
            ("Ghi chú\nNote", 44),
        ])
        reasons = waiver_reasons(self._data)
        shown = [row for row in self._data.indicators if row.indicator_id in self._data.figures]
        for number, indicator in enumerate(shown, start=1):
            figure = self._data.figures[indicator.indicator_id]
            state = COMPLETENESS.get(figure.completeness, figure.completeness)
            note = self._note(figure, reasons.get(indicator.indicator_id, ()))
            self._row(sheet, 3 + number, indicator, [
                Decimal(number), indicator.label_vi, indicator.label_en, indicator.unit, figure.value,
                BOUNDS.get(figure.qualifier, ""), figure.previous, figure.change, figure.year_to_date, state, note,
            ], flagged=bool(note))
        sheet.freeze_panes(4, 2)
        sheet.autofilter(3, 0, 3 + len(shown), 10)

    def districts(self) -> None:
        indicators = self._of(name for _, name in self._data.by_district)
        districts = [(area.area_code, area.area_name) for area in self._data.districts]
        codes = dict(districts)
        others = [(code, self._data.area_name(code) if "+" in code else "Không phân theo huyện")
                  for code in sorted({code for code, _ in self._data.by_district}) if code not in codes]
        sheet = self._matrix(
            "Theo huyện", "Chỉ tiêu theo huyện, thị xã, thành phố", "Indicators by district", "Địa bàn\nDistrict",
            [*districts, *others], indicators, self._data.by_district,
        )
        self._districts_chart(sheet, indicators, len(self._data.districts))

    def units(self) -> None:
        """Write a table for each kind of unit: its indicators down, its units across; telecoms with a chart."""
        sheet = self._tables_sheet("Theo đơn vị", "Chỉ tiêu theo doanh nghiệp, đơn vị",
                                   "Indicators by enterprise and unit")
        row = 3
        for kind, (label, english) in KINDS.items():
            units = self._units_of(kind)
            indicators = self._of(name for unit, name in self._data.by_submitter if unit in units)
            if not indicators:
                continue
            self._table_head(sheet, row, label, english, "Chỉ tiêu\nIndicator", units)
            for number, indicator in enumerate(indicators, start=row + 3):
                values = [self._data.by_submitter.get((unit, indicator.indicator_id)) for unit in units]
                text = f"{indicator.label_vi} ({indicator.unit})"
                self._line(sheet, number, text, [*values, _total(values)], indicator)
            if kind == "telecom":
                chart_rows = [row + 3 + i for i, r in enumerate(indicators) if r.indicator_id in PHONE_PARTS]
                self._units_chart(sheet, row + 2, chart_rows, len(units), row + 4 + len(indicators))
                row += 22
            row += 5 + len(indicators)
        sheet.freeze_panes(2, 1)

    def two_way(self) -> None:
        """Write one table an indicator that several units report by district: districts down, units across."""
        sheet = self._tables_sheet("Huyện x đơn vị", "Số liệu theo huyện và theo đơn vị",
                                   "Two-way tables: districts by reporting units")
        row = 3
        for indicator in self._of(name for _, _, name in self._data.by_submitter_district):
            names = {s for s, _, i in self._data.by_submitter_district if i == indicator.indicator_id}
            units = [u for kind in KINDS for u in self._units_of(kind) if u in names]
            if len(units) > 1:
                row = self._two_way_table(sheet, row, indicator, units) + 2
        sheet.freeze_panes(2, 1)

    def _two_way_table(self, sheet: Any, row: int, indicator: Indicator, units: list[str]) -> int:
        label = f"{indicator.label_vi} ({indicator.unit})"
        self._table_head(sheet, row, label, indicator.label_en, "Địa bàn\nDistrict", units)
        cells = self._data.by_submitter_district
        areas = sorted({area for s, area, i in cells if i == indicator.indicator_id and s in units})
        for offset, area in enumerate(areas, start=3):
            values = [cells.get((name, area, indicator.indicator_id)) for name in units]
            self._line(sheet, row + offset, self._data.area_name(area), [*values, _total(values)], indicator)
        totals = [self._data.by_submitter.get((name, indicator.indicator_id)) for name in units]
        end = row + 3 + len(areas)
        self._line(sheet, end, "Toàn tỉnh / Province", [*totals, _total(totals)], indicator, bold=True)
        return end

    def _tables_sheet(self, name: str, title: str, english: str) -> Any:
        sheet = self._book.add_worksheet(name)
        self._title(sheet, title, english)
        sheet.set_column(0, 0, 36)
        sheet.set_column(1, 12, 15)
        self._page(sheet)
        return sheet

    def _table_head(self, sheet: Any, row: int, label: str, english: str, corner: str, units: list[str]) -> None:
        sheet.write_string(row, 0, label, self._formats["title"])
        sheet.write_string(row + 1, 0, english, self._formats["subtitle"])
        for column, text in enumerate([corner, *(self._data.submitter_name(u) for u in units), "Cộng\nTotal"]):
            sheet.write_string(row + 2, column, clean_text(text), self._formats["header"])
        sheet.set_row(row + 2, 48)

    def _units_of(self, kind: str) -> list[str]:
        used = {name for name, _ in self._data.by_submitter}
        return [s.submitter_id for s in self._data.submitters.values()
                if s.submitter_kind == kind and s.submitter_id in used]

    def _units_chart(self, sheet: Any, head: int, rows: list[int], n_units: int, at: int) -> None:
        chart = self._book.add_chart({"type": "column", "subtype": "stacked"})
        for row in rows:
            chart.add_series({
                "name": ["Theo đơn vị", row, 0], "categories": ["Theo đơn vị", head, 1, head, n_units],
                "values": ["Theo đơn vị", row, 1, row, n_units], "gap": 60,
            })
        self._finish_chart(chart, "Thuê bao điện thoại theo doanh nghiệp", "bottom")
        chart.set_y_axis(AXIS)
        sheet.insert_chart(at, 0, chart)

    def submissions(self) -> None:
        sheet = self._sheet("Gửi báo cáo", "Tình hình gửi báo cáo", "Submissions: expected and received", [
            ("TT\nNo.", 5), ("Đơn vị báo cáo\nReporting unit", 48), ("Tình trạng\nStatus", 18),
            ("Thư\nMessage", 24), ("Thời điểm gửi\nSent at", 27), ("Hạn gửi\nDue at", 27), ("Số số liệu\nFigures", 10),
            ("Số nội dung\nWork items", 12), ("Số điểm cần xem\nIntake findings", 16),
        ])
        for number, row in enumerate(self._data.submissions, start=1):
            self._row(sheet, 3 + number, None, [
                Decimal(number), self._data.submitter_name(row.submitter_id), STATUSES.get(row.status, row.status),
                row.message, row.sent_at, row.due_at, Decimal(row.n_observations), Decimal(row.n_narrative_items),
                Decimal(row.n_intake_findings),
            ], flagged=row.status not in ("received", "superseded"))
        sheet.freeze_panes(4, 2)

    def findings(self) -> None:
        """Write the findings of the rules with their decisions, then what was not understood on reading."""
        sheet = self._sheet("Kiểm tra", "Kết quả kiểm tra và quyết định", "Findings, waivers and intake findings", [
            ("Mã\nId", 12), ("Quy tắc\nRule", 30), ("Mức\nSeverity", 14), ("Kết quả\nOutcome", 16),
            ("Đơn vị\nReporting unit", 30), ("Nội dung\nMessage", 70), ("Chênh lệch\nGap", 14),
            ("Quyết định\nDecision", 16), ("Lý do, người quyết định\nReason, person", 44),
        ])
        waivers = {row.target: row for row in self._data.decisions if row.kind == "waive"}
        number = 3
        for number, row in enumerate(self._data.findings, start=4):
            waiver = waivers.get(row.finding_id) if row.decision == "waived" else None
            reason = f"{waiver.reason} ({waiver.person}, {waiver.decided_at[:10]})" if waiver else ""
            self._row(sheet, number, None, [
                row.finding_id, row.rule_id, SEVERITIES.get(row.severity, row.severity),
                OUTCOMES.get(row.outcome, row.outcome), self._data.submitter_name(row.submitter_id), row.message_vi,
                row.gap, "Chấp nhận" if waiver else "", reason,
            ])
        for number, intake in enumerate(self._data.intake_findings, start=number + 1):
            where = " ".join(filter(None, (intake["message"], intake["file"], intake["sheet"], intake["cell"])))
            self._row(sheet, number, None, [
                "", intake["kind"], SEVERITIES.get(intake["severity"], intake["severity"]), "Khi đọc tệp",
                self._data.submitter_name(intake["submitter_id"]), f"{intake['message_vi']} [{where}]", "", "", "",
            ])
        sheet.freeze_panes(4, 0)

    def changes(self, changes: Sequence[Change]) -> None:
        sheet = self._sheet("Thay đổi", "Thay đổi so với lần phát hành trước", "Changes against the former edition", [
            ("Chỉ tiêu\nIndicator", 46), ("Địa bàn\nArea", 26), ("Đơn vị\nReporting unit", 34),
            ("Trước\nFormer", 18), ("Nay\nNow", 18),
        ])
        for number, row in enumerate(changes, start=4):
            indicator = self._data.catalogue.indicator_by_id.get(row.indicator_id)
            unit = "" if row.submitter_id == "_T" else self._data.submitter_name(row.submitter_id)
            self._row(sheet, number, None, [
                indicator.label_vi if indicator else row.indicator_id, self._data.area_name(row.area_code), unit,
                row.former, row.current,
            ])
        sheet.freeze_panes(4, 0)

    def sources(self) -> None:
        sheet = self._sheet("Nguồn số liệu", "Nguồn của từng số liệu công bố", "Sources: the cells behind each figure", [
            ("Chỉ tiêu công bố\nPublished indicator", 32), ("Đơn vị\nReporting unit", 34), ("Địa bàn\nArea", 20),
            ("Chỉ tiêu nguồn\nSource indicator", 32), ("Giá trị dùng\nValue used", 16), ("Giá trị đọc\nValue read", 16),
            ("Thư\nMessage", 14), ("Tệp\nFile", 42), ("Trang tính\nSheet", 20), ("Ô\nCell", 22),
            ("Nguyên văn\nRaw text", 34), ("Mã quan sát\nObservation id", 20),
        ])
        for number, row in enumerate(self._data.sources, start=4):
            indicator = self._data.catalogue.indicator_by_id.get(row.source_indicator_id)
            self._row(sheet, number, indicator, [
                row.indicator_id, self._data.submitter_name(row.submitter_id), self._data.area_name(row.area_code),
                row.source_indicator_id, row.value, row.reported_value, row.message, row.file, row.sheet, row.cell,
                row.raw_text, row.observation_id,
            ], flagged=row.is_corrected, wrap=False)
        sheet.freeze_panes(4, 1)
        sheet.autofilter(3, 0, 3 + len(self._data.sources), 11)

    def _sheet(self, name: str, title: str, english: str, columns: list[tuple[str, int]]) -> Any:
        sheet = self._book.add_worksheet(name)
        self._title(sheet, title, english)
        for column, (text, width) in enumerate(columns):
            sheet.set_column(column, column, width)
            sheet.write_string(3, column, text, self._formats["header"])
        sheet.set_row(3, 34)
        self._page(sheet)
        sheet.repeat_rows(3)
        return sheet

    def _title(self, sheet: Any, title: str, english: str) -> None:
        sheet.write_string(0, 0, f"{title}, tháng {_month(self._data)}", self._formats["title"])
        sheet.write_string(1, 0, f"{english}, {self._data.period}", self._formats["subtitle"])

    def _page(self, sheet: Any) -> None:
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&R&P/&N")

    def _matrix(
        self, name: str, title: str, english: str, corner: str, rows: list[tuple[str, str]],
        indicators: list[Indicator], values: dict[tuple[str, str], Decimal | None],
    ) -> Any:
        heads = [f"{row.label_vi}\n({row.unit})\n{row.label_en}" for row in indicators]
        sheet = self._sheet(name, title, english, [(corner, 34), *((text, 16) for text in heads)])
        sheet.set_row(3, 108)
        for number, (key, label) in enumerate(rows, start=4):
            sheet.write_string(number, 0, label, self._formats["text"])
            for column, indicator in enumerate(indicators, start=1):
                self._value(sheet, number, column, values.get((key, indicator.indicator_id)), indicator)
        bottom = 4 + len(rows)
        sheet.write_string(bottom, 0, "Cộng / Total", self._formats["total"])
        for column, indicator in enumerate(indicators, start=1):
            total = _total(values.get((key, indicator.indicator_id)) for key, _ in rows)
            self._value(sheet, bottom, column, total, indicator, bold=True)
        sheet.freeze_panes(4, 1)
        return sheet

    def _districts_chart(self, sheet: Any, indicators: list[Indicator], n_rows: int) -> None:
        columns = [i for i, row in enumerate(indicators, start=1) if row.indicator_id == "telecom_bts_total"]
        for column in columns:
            chart = self._book.add_chart({"type": "bar"})
            chart.add_series({"categories": ["Theo huyện", 4, 0, 3 + n_rows, 0],
                              "values": ["Theo huyện", 4, column, 3 + n_rows, column], "gap": 60})
            self._finish_chart(chart, "Trạm BTS theo huyện, thị xã, thành phố", "")
            chart.set_y_axis({"reverse": True, "num_font": {"name": "Times New Roman"}})
            chart.set_x_axis(AXIS)
            sheet.insert_chart(7 + n_rows, 0, chart)

    def _finish_chart(self, chart: Any, title: str, legend: str) -> None:
        chart.set_title({"name": title, "name_font": {"name": "Times New Roman", "size": 13}})
        chart.set_legend({"position": legend} if legend else {"none": True})
        chart.set_size({"width": 900, "height": 420})

    def _row(
        self, sheet: Any, number: int, indicator: Indicator | None, values: Sequence[object],
        flagged: bool = False, wrap: bool = True,
    ) -> None:
        look = self._formats["flag" if flagged else "text" if wrap else "raw"]
        for column, value in enumerate(values):
            if isinstance(value, Decimal):
                self._value(sheet, number, column, value, None if column == 0 else indicator)
            elif value is None:
                sheet.write_blank(number, column, None, look)
            else:
                sheet.write_string(number, column, clean_text(str(value)), look)

    def _line(self, sheet: Any, number: int, label: str, values: list[Decimal | None], indicator: Indicator,
              bold: bool = False) -> None:
        sheet.write_string(number, 0, clean_text(label), self._formats["total" if bold else "text"])
        for column, value in enumerate(values, start=1):
            self._value(sheet, number, column, value, indicator, bold or column == len(values))

    def _value(self, sheet: Any, row: int, column: int, value: Decimal | None, indicator: Indicator | None,
               bold: bool = False) -> None:
        decimals = indicator.decimals if indicator else 0
        if value is None:
            sheet.write_blank(row, column, None, self._number(decimals, bold))
        else:
            sheet.write_number(row, column, float(value), self._number(decimals, bold))

    def _number(self, decimals: int, bold: bool) -> Any:
        if (decimals, bold) not in self._numbers:
            look = {"font_name": "Times New Roman", "font_size": 11, "border": 1, "valign": "top", "bold": bold,
                    "num_format": "#,##0" + ("." + "0" * decimals if decimals else "")}
            self._numbers[decimals, bold] = self._book.add_format({**look, **({"bg_color": "#F2F2F2"} if bold else {})})
        return self._numbers[decimals, bold]

    def _of(self, names: Iterable[str]) -> list[Indicator]:
        wanted = set(names)
        return [row for row in self._data.indicators if row.indicator_id in wanted]

    def _note(self, figure: Figure, reasons: Sequence[str]) -> str:
        missing = ", ".join(self._data.submitter_name(name) for name in figure.missing)
        parts = [f"Thiếu: {missing}"] if missing else []
        return "; ".join([*parts, *(f"Chấp nhận chênh lệch: {reason}" for reason in reasons)])


def _total(values: Iterable[Decimal | None]) -> Decimal | None:
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) if known else None


def _month(data: ReportData) -> str:
    return f"{data.period[5:]}/{data.period[:4]}"
