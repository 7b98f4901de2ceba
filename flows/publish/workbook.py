"""All indicators in one workbook: the province, the districts, the units, who sent what, and where from."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flows.publish.book import AXIS, FIRST_ROW, HEAD_ROW, Book, total_of
from flows.publish.changes import Change
from flows.publish.notes import break_text, waiver_reasons
from flows.publish.report_data import Figure, ReportData
from infra.catalogue import Indicator, month_bounds
from infra.vietnamese import QUALIFIER_VI, SEVERITY_VI, day_text, moment_cell

COMPLETENESS = {"complete": "Đầy đủ", "incomplete": "Chưa đầy đủ", "not_reported": "Chưa có số liệu"}
STATUSES = {
    "expected": "Chờ gửi", "received": "Đã nhận", "late": "Nhận trễ hạn", "rejected": "Không dùng được",
    "superseded": "Đã thay bằng bản sau", "missing": "Chưa gửi",
}
OUTCOMES = {"fail": "Không khớp", "undecided": "Chưa kết luận được", "pass": "Khớp"}
KINDS = {
    "telecom": ("Doanh nghiệp viễn thông", "Telecom enterprises"),
    "post": ("Doanh nghiệp bưu chính", "Postal enterprises"),
    "press": ("Báo chí", "Press"),
    "broadcaster": ("Phát thanh - truyền hình", "Broadcasting"),
    "printer": ("Cơ sở in", "Printers"),
    "department_unit": ("Đơn vị thuộc Sở", "Units of the department"),
}
PHONE_PARTS = ("phone_subs_fixed", "phone_subs_mobile_postpaid", "phone_subs_mobile_prepaid")
UNITS = "Theo đơn vị"
MOST_BARS = 40  # more local areas than this make a chart that nobody can read
SUM, GROUP_SUM = "Cộng\nTotal", "Cộng nhóm\nSubtotal"


@dataclass(frozen=True, slots=True)
class LocalWords:
    """What the sheets of the local areas say: districts until June 2025, communes and wards since."""

    sheet: str
    title: str
    english: str
    two_way_sheet: str
    two_way: str
    two_way_english: str
    head: str
    undivided: str
    chart: str


LOCAL = {
    "district": LocalWords(
        "Theo huyện", "Chỉ tiêu theo huyện, thị xã, thành phố", "Indicators by district", "Huyện x đơn vị",
        "Số liệu theo huyện và theo đơn vị", "Two-way tables: districts by reporting units", "Địa bàn\nDistrict",
        "Không phân theo huyện", "Trạm BTS theo huyện, thị xã, thành phố",
    ),
    "commune": LocalWords(
        "Theo xã", "Chỉ tiêu theo xã, phường", "Indicators by commune and ward", "Xã x đơn vị",
        "Số liệu theo xã, phường và theo đơn vị", "Two-way tables: communes by reporting units", "Địa bàn\nCommune",
        "Không phân theo xã, phường", "Trạm BTS theo xã, phường",
    ),
}


def render_workbook(data: ReportData, changes: Sequence[Change] = ()) -> bytes:
    """Return the bytes of the .xlsx, the same for the same data; `changes` get a sheet of their own."""
    import xlsxwriter

    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    month = f"{data.period[5:]}/{data.period[:4]}"
    with xlsxwriter.Workbook(buffer, options) as book:
        created = datetime.fromisoformat(month_bounds(data.period)[1])
        book.set_properties({"title": f"Số liệu tháng {month}", "author": data.catalogue.department.department_name,
                             "created": created})
        book.set_size(2400, 1400)
        writer = _Writer(Book(book, month), data)
        writer.province()
        writer.local_areas()
        writer.units()
        writer.two_way()
        writer.submissions()
        writer.findings()
        if changes:
            writer.changes(changes)
        writer.sources()
    return buffer.getvalue()


class _Writer:
    """One method a sheet."""

    def __init__(self, book: Book, data: ReportData) -> None:
        self._book = book
        self._data = data
        self._local = LOCAL[data.catalogue.local_level]

    def province(self) -> None:
        sheet = self._book.list_sheet("Toàn tỉnh", "Chỉ tiêu toàn tỉnh", "Provincial indicators", [
            ("TT\nNo.", 5), ("Chỉ tiêu\nIndicator", 46), ("Indicator (English)", 38), ("ĐVT\nUnit", 12),
            ("Tháng này\nThis month", 17), ("Giới hạn\nBound", 9), ("Tháng trước\nPrevious", 17),
            ("Tăng, giảm\nChange", 14), ("Lũy kế từ đầu năm\nYear to date", 18), ("Số tháng\nMonths", 9),
            ("Tình trạng\nCompleteness", 15),
            ("Ghi chú\nNote", 44),
        ])
        reasons = waiver_reasons(self._data)
        shown = [row for row in self._of(self._data.figures)
                 if row.is_printed or self._data.figures[row.indicator_id].value is not None]
        for number, row in enumerate(shown, start=1):
            figure = self._data.figures[row.indicator_id]
            note = self._note(figure, reasons.get(row.indicator_id, ()))
            self._book.row(sheet, HEAD_ROW + number, [
                number, row.label_vi, row.label_en, row.unit, figure.value, QUALIFIER_VI[figure.qualifier].strip(),
                figure.previous, "B" if figure.previous_status == "B" else figure.change,
                figure.year_to_date, figure.year_to_date_months,
                COMPLETENESS[figure.completeness], note,
            ], row.decimals, "flag" if note else "text")
        sheet.freeze_panes(FIRST_ROW, 2)
        sheet.autofilter(HEAD_ROW, 0, HEAD_ROW + len(shown), 11)

    def local_areas(self) -> None:
        """Write the local areas down and the indicators across, then rows that cover several of them, the total."""
        values = self._data.by_district
        indicators = self._of(name for _, name in values)
        heads = [f"{row.label_vi}\n({row.unit})\n{row.label_en}" for row in indicators]
        sheet = self._book.list_sheet(self._local.sheet, self._local.title, self._local.english,
                                      [(self._local.head, 34), *((text, 16) for text in heads)])
        sheet.set_row(HEAD_ROW, 108)
        rows = self._area_rows()
        for number, (code, label) in enumerate(rows, start=FIRST_ROW):
            self._book.text(sheet, number, 0, label)
            for column, row in enumerate(indicators, start=1):
                self._book.figure(sheet, number, column, values.get((code, row.indicator_id)), row.decimals)
        bottom = FIRST_ROW + len(rows)
        self._book.text(sheet, bottom, 0, "Cộng / Total", "total")
        for column, row in enumerate(indicators, start=1):
            total = total_of(values.get((code, row.indicator_id)) for code, _ in rows)
            self._book.figure(sheet, bottom, column, total, row.decimals, is_total=True)
        sheet.freeze_panes(FIRST_ROW, 1)
        self._local_chart(sheet, indicators, bottom)

    def units(self) -> None:
        """Write a table for each kind of unit: its indicators down, its units across; telecoms with a chart."""
        sheet = self._book.tables_sheet(UNITS, "Chỉ tiêu theo doanh nghiệp, đơn vị",
                                        "Indicators by enterprise and unit")
        row = HEAD_ROW
        for kind, (label, english) in KINDS.items():
            units = self._units_of(kind)
            indicators = self._of(name for unit, name in self._data.by_submitter if unit in units)
            if indicators:
                self._units_table(sheet, row, label, english, units, indicators)
                row += 5 + len(indicators)
            if indicators and kind == "telecom":
                self._units_chart(sheet, row - 5 - len(indicators), indicators, len(units), row)
                row += 23
        sheet.freeze_panes(2, 1)

    def two_way(self) -> None:
        """Write one table an indicator that several units report by local area: areas down, units across."""
        sheet = self._book.tables_sheet(self._local.two_way_sheet, self._local.two_way, self._local.two_way_english)
        cells = self._data.by_submitter_district
        row = HEAD_ROW
        for indicator in self._of(name for _, _, name in cells):
            names = {unit for unit, _, name in cells if name == indicator.indicator_id}
            units = [unit for kind in KINDS for unit in self._units_of(kind) if unit in names]
            if len(units) > 1:
                row = self._two_way_table(sheet, row, indicator, units) + 2
        sheet.freeze_panes(2, 1)

    def submissions(self) -> None:
        sheet = self._book.list_sheet("Gửi báo cáo", "Tình hình gửi báo cáo", "Submissions: expected and received", [
            ("TT\nNo.", 5), ("Đơn vị báo cáo\nReporting unit", 48), ("Tình trạng\nStatus", 18),
            ("Thư\nMessage", 24), ("Thời điểm gửi\nSent at", 19), ("Hạn gửi\nDue at", 19), ("Số số liệu\nFigures", 10),
            ("Số nội dung\nWork items", 12), ("Số điểm cần xem\nIntake findings", 16),
        ])
        order = {name: index for index, name in enumerate(self._data.submitters)}
        rows = sorted(self._data.submissions, key=lambda row: order.get(row.submitter_id, len(order)))
        for number, row in enumerate(rows, start=1):
            self._book.row(sheet, HEAD_ROW + number, [
                number, self._data.submitter_name(row.submitter_id), STATUSES.get(row.status, row.status),
                row.message, moment_cell(row.sent_at), moment_cell(row.due_at),
                row.n_observations, row.n_narrative_items, row.n_intake_findings,
            ], look="text" if row.status in ("received", "superseded") else "flag")
        sheet.freeze_panes(FIRST_ROW, 2)

    def findings(self) -> None:
        """Write the findings of the rules with their decisions, then what was not understood on reading."""
        sheet = self._book.list_sheet("Kiểm tra", "Kết quả kiểm tra và quyết định",
                                      "Findings, waivers and intake findings", [
            ("Mã\nId", 12), ("Quy tắc\nRule", 30), ("Mức\nSeverity", 14), ("Kết quả\nOutcome", 16),
            ("Đơn vị\nReporting unit", 30), ("Nội dung\nMessage", 70), ("Chênh lệch\nGap", 14),
            ("Quyết định\nDecision", 16), ("Lý do, người quyết định\nReason, person", 44),
        ])
        for number, values in enumerate([*self._rule_rows(), *self._intake_rows()], start=FIRST_ROW):
            self._book.row(sheet, number, values)
        sheet.freeze_panes(FIRST_ROW, 0)

    def changes(self, changes: Sequence[Change]) -> None:
        sheet = self._book.list_sheet("Thay đổi", "Thay đổi so với lần phát hành trước",
                                      "Changes against the former edition", [
            ("Chỉ tiêu\nIndicator", 46), ("Địa bàn\nArea", 26), ("Đơn vị\nReporting unit", 34),
            ("Trước\nFormer", 18), ("Nay\nNow", 18),
        ])
        known = self._data.catalogue.indicator_by_id
        for number, row in enumerate(changes, start=FIRST_ROW):
            label = known[row.indicator_id].label_vi if row.indicator_id in known else row.indicator_id
            unit = "" if row.submitter_id == "_T" else self._data.submitter_name(row.submitter_id)
            self._book.row(sheet, number, [label, self._data.area_name(row.area_code), unit, row.former, row.current])
        sheet.freeze_panes(FIRST_ROW, 0)

    def sources(self) -> None:
        title, english = "Nguồn của từng số liệu công bố", "Sources: the cells behind each figure"
        sheet = self._book.list_sheet("Nguồn số liệu", title, english, [
            ("Chỉ tiêu công bố\nPublished indicator", 32), ("Đơn vị\nReporting unit", 34), ("Địa bàn\nArea", 20),
            ("Chỉ tiêu nguồn\nSource indicator", 32), ("Giá trị dùng\nValue used", 16), ("Giá trị đọc\nValue read", 16),
            ("Thư\nMessage", 14), ("Tệp\nFile", 42), ("Trang tính\nSheet", 20), ("Ô\nCell", 22),
            ("Nguyên văn\nRaw text", 34), ("Mã quan sát\nObservation id", 20),
        ])
        known = self._data.catalogue.indicator_by_id
        for number, row in enumerate(self._data.sources, start=FIRST_ROW):
            decimals = known[row.source_indicator_id].decimals if row.source_indicator_id in known else 0
            self._book.row(sheet, number, [
                row.indicator_id, self._data.submitter_name(row.submitter_id), self._data.area_name(row.area_code),
                row.source_indicator_id, row.value, row.reported_value, row.message, row.file, row.sheet, row.cell,
                row.raw_text, row.observation_id,
            ], decimals, "flag" if row.is_corrected else "raw")
        sheet.freeze_panes(FIRST_ROW, 1)
        sheet.autofilter(HEAD_ROW, 0, HEAD_ROW + len(self._data.sources), 11)

    def _units_table(self, sheet: Any, row: int, label: str, english: str, units: list[str],
                     indicators: list[Indicator]) -> None:
        names = [self._data.submitter_name(unit) for unit in units]
        self._book.table_head(sheet, row, label, english, ["Chỉ tiêu\nIndicator", *names, GROUP_SUM])
        for number, indicator in enumerate(indicators, start=row + 3):
            values = [self._data.by_submitter.get((unit, indicator.indicator_id)) for unit in units]
            text = f"{indicator.label_vi} ({indicator.unit})"
            self._book.table_row(sheet, number, text, [*values, total_of(values)], indicator.decimals)

    def _two_way_table(self, sheet: Any, row: int, indicator: Indicator, units: list[str]) -> int:
        names = [self._data.submitter_name(unit) for unit in units]
        label = f"{indicator.label_vi} ({indicator.unit})"
        self._book.table_head(sheet, row, label, indicator.label_en, [self._local.head, *names, SUM])
        cells = self._data.by_submitter_district
        areas = sorted({area for unit, area, name in cells if name == indicator.indicator_id and unit in units})
        row += 3
        for area in areas:
            values = [cells.get((unit, area, indicator.indicator_id)) for unit in units]
            name = self._data.area_name(area)
            self._book.table_row(sheet, row, name, [*values, total_of(values)], indicator.decimals)
            row += 1
        totals = [self._data.by_submitter.get((unit, indicator.indicator_id)) for unit in units]
        self._book.table_row(sheet, row, "Toàn tỉnh / Province", [*totals, total_of(totals)], indicator.decimals, True)
        return row

    def _units_chart(self, sheet: Any, table: int, indicators: list[Indicator], n_units: int, at: int) -> None:
        chart = self._book.book.add_chart({"type": "column", "subtype": "stacked"})
        head = table + 2
        rows = [head + number for number, row in enumerate(indicators, 1) if row.indicator_id in PHONE_PARTS]
        for row in rows:
            chart.add_series({"name": [UNITS, row, 0], "categories": [UNITS, head, 1, head, n_units],
                              "values": [UNITS, row, 1, row, n_units], "gap": 60})
        self._book.finish_chart(chart, "Thuê bao điện thoại theo doanh nghiệp", "bottom")
        chart.set_y_axis(AXIS)
        if rows:
            sheet.insert_chart(at - 1, 0, chart)

    def _local_chart(self, sheet: Any, indicators: list[Indicator], bottom: int) -> None:
        last, name = HEAD_ROW + len(self._data.local_areas), self._local.sheet
        if len(self._data.local_areas) > MOST_BARS:
            return
        for column, indicator in enumerate(indicators, start=1):
            if indicator.indicator_id == "telecom_bts_total":
                chart = self._book.book.add_chart({"type": "bar"})
                chart.add_series({"categories": [name, FIRST_ROW, 0, last, 0],
                                  "values": [name, FIRST_ROW, column, last, column], "gap": 60})
                self._book.finish_chart(chart, self._local.chart, "")
                chart.set_y_axis({"reverse": True, "num_font": {"name": "Times New Roman"}})
                chart.set_x_axis(AXIS)
                sheet.insert_chart(bottom + 3, 0, chart)

    def _area_rows(self) -> list[tuple[str, str]]:
        rows = [(area.area_code, area.area_name) for area in self._data.local_areas]
        known = {code for code, _ in rows}
        others = sorted({code for code, _ in self._data.by_district} - known)
        return [*rows, *((code, self._data.area_name(code) if "+" in code else self._local.undivided)
                         for code in others)]

    def _rule_rows(self) -> list[list[object]]:
        waivers = {row.target: row for row in self._data.decisions if row.kind == "waive"}
        rows: list[list[object]] = []
        for row in self._data.findings:
            waiver = waivers.get(row.finding_id) if row.decision == "waived" else None
            reason = f"{waiver.reason} ({waiver.person}, {day_text(waiver.decided_at)})" if waiver else ""
            rows.append([
                row.finding_id, row.rule_id, SEVERITY_VI[row.severity].capitalize(),
                OUTCOMES.get(row.outcome, row.outcome), self._data.submitter_name(row.submitter_id), row.message_vi,
                row.gap, "Chấp nhận" if waiver else "", reason,
            ])
        return rows

    def _intake_rows(self) -> list[list[object]]:
        rows: list[list[object]] = []
        for row in self._data.intake_findings:
            place = " ".join(text for text in (row["message"], row["file"], row["sheet"], row["cell"]) if text)
            rows.append([
                "", row["kind"], SEVERITY_VI[row["severity"]].capitalize(), "Khi đọc tệp",
                self._data.submitter_name(row["submitter_id"]), f"{row['message_vi']} [{place}]", "", "", "",
            ])
        return rows

    def _units_of(self, kind: str) -> list[str]:
        used = {name for name, _ in self._data.by_submitter}
        return [row.submitter_id for row in self._data.submitters.values()
                if row.submitter_kind == kind and row.submitter_id in used]

    def _of(self, names: Iterable[str]) -> list[Indicator]:
        wanted = set(names)
        return [row for row in self._data.indicators if row.indicator_id in wanted]

    def _note(self, figure: Figure, reasons: Sequence[str]) -> str:
        missing = self._data.missing_names(figure)
        parts = [f"Thiếu: {missing}"] if missing else []
        if figure.previous_status == "B":
            parts.append(break_text(self._data).rstrip("."))
        elif figure.year_to_date is not None and figure.year_to_date_status == "B":
            start = self._data.catalogue.province.valid_from
            parts.append(f"Lũy kế tính từ tháng {int(start[5:7])}/{start[:4]} (mã B: gián đoạn chuỗi)")
        return "; ".join([*parts, *(f"Chấp nhận chênh lệch: {reason}" for reason in reasons)])
