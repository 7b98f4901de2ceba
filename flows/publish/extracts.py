"""The extract for machines: SDMX-named columns, one row a figure, as CSV and Parquet, with its dictionary."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from decimal import Decimal
from html import escape

from flows.publish.report_data import Figure, ReportData
from infra.csv_text import write_csv

TOTAL = "_T"  # SDMX: the total over a dimension
BREAK = (
    "Gián đoạn chuỗi: tháng đầu theo địa giới mới, không so sánh với các tháng trước",
    "Break in the series: first month within new limits, not comparable with the months before",
)
COLUMNS = {
    "FREQ": ("Tần suất: M là tháng", "Frequency: M is monthly"),
    "TIME_PERIOD": ("Kỳ báo cáo, năm-tháng", "Reference period, year-month"),
    "REF_AREA": (
        "Mã địa bàn của Tổng cục Thống kê; {province} là toàn tỉnh; “a+b” là dòng gộp nhiều {local}",
        "Area code of the statistics office; {province} is the province; “a+b” a row over several {local_en}",
    ),
    "REPORTING_UNIT": ("Đơn vị báo cáo; _T là cộng mọi đơn vị", "Data provider; _T is the total over all"),
    "INDICATOR": ("Mã chỉ tiêu", "Indicator id"),
    "OBS_VALUE": (
        "Giá trị; để trống khi chưa có số liệu, số 0 là số 0 đã báo",
        "Value; empty when not reported, 0 is a stated zero",
    ),
    "UNIT_MEASURE": ("Mã đơn vị tính", "Unit of measure"),
    "UNIT_MULT": ("Lũy thừa 10 của đơn vị tính, luôn là 0", "Power of ten of the unit, always 0"),
    "DECIMALS": ("Số chữ số thập phân", "Decimal places"),
    "OBS_STATUS": (
        "A bình thường; P chưa đầy đủ, còn đơn vị chưa báo; O chưa có số liệu",
        "A normal; P provisional, parts are missing; O missing",
    ),
    "QUALIFIER": (
        "Giới hạn: gt trên, ge ít nhất, lt dưới, le tối đa, approx khoảng",
        "Bound: gt, ge, lt, le, approx",
    ),
}
LOCAL_WORDS = {
    "district": {"local": "huyện", "local_en": "districts"},
    "commune": {"local": "xã, phường", "local_en": "communes and wards"},
}


@dataclass(frozen=True, slots=True)
class ExtractRow:
    """One figure. Key: TIME_PERIOD, REF_AREA, REPORTING_UNIT, INDICATOR. Columns: see `COLUMNS`."""

    FREQ: str
    TIME_PERIOD: str
    REF_AREA: str
    REPORTING_UNIT: str
    INDICATOR: str
    OBS_VALUE: Decimal | None
    UNIT_MEASURE: str
    UNIT_MULT: int
    DECIMALS: int
    OBS_STATUS: str
    QUALIFIER: str


def extract_rows(data: ReportData) -> list[ExtractRow]:
    """Return the province's figures, then those by district, by unit, and by unit and district."""
    province = data.catalogue.province.area_code
    rows = [
        _row(data, province, TOTAL, f.indicator_id, f.value, _status(f), f.qualifier)
        for f in data.figures.values()
    ]
    rows += [
        _row(data, area, TOTAL, name, value) for (area, name), value in data.by_district.items() if area != province
    ]
    rows += [_row(data, province, unit, name, value) for (unit, name), value in data.by_submitter.items()]
    rows += [
        _row(data, area, unit, name, value)
        for (unit, area, name), value in data.by_submitter_district.items()
        if area != province
    ]
    order = {row.indicator_id: row.print_order for row in data.indicators}
    return sorted(
        rows,
        key=lambda r: (
            r.REPORTING_UNIT != TOTAL,
            province != r.REF_AREA,
            order[r.INDICATOR],
            r.REF_AREA,
            r.REPORTING_UNIT,
        ),
    )


def extract_csv(rows: list[ExtractRow]) -> bytes:
    """Return the extract as CSV: UTF-8 with a byte-order mark, decimal point, texts safe for a spreadsheet."""
    return write_csv(tuple(COLUMNS), (dataclasses.astuple(row) for row in rows))


def extract_parquet(rows: list[ExtractRow]) -> bytes:
    """Return the extract as Parquet, values as decimal(28, 6)."""
    from infra.warehouse import to_parquet

    return to_parquet(ExtractRow, rows)


def dictionary_csv(data: ReportData) -> bytes:
    """Return the data dictionary: every column, indicator, unit and reporting unit that the extract uses."""
    return write_csv(("KIND", "CODE", "LABEL_VI", "LABEL_EN", "UNIT", "NATURE", "DEFINITION"), _dictionary(data))


def dictionary_html(data: ReportData) -> bytes:
    """Return the same dictionary as one page to read."""
    heads = ("Loại", "Mã", "Tên tiếng Việt", "English", "Đơn vị tính", "Tính chất", "Cách tính")
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>\n" for row in _dictionary(data)
    )
    head = "".join(f"<th>{name}</th>" for name in heads)
    return (
        '<!doctype html>\n<html lang="vi"><head><meta charset="utf-8"><title>Từ điển dữ liệu</title>\n'
        "<style>body{font-family:'Times New Roman',serif;margin:2em}table{border-collapse:collapse}"
        "td,th{border:1px solid #999;padding:.2em .5em;text-align:left;vertical-align:top}th{background:#dce6f1}"
        f"</style></head>\n<body><h1>Từ điển dữ liệu (Data dictionary), {data.period}</h1>\n"
        f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table></body></html>\n"
    ).encode()


def _status(figure: Figure) -> str:
    """Return the status of a figure; a break says more than a missing part, which the report names."""
    if figure.previous_status == "B":
        return "B"
    return {"incomplete": "P", "not_reported": "O"}.get(figure.completeness, "A")


def _row(
    data: ReportData, area: str, unit: str, name: str, value: Decimal | None, status: str = "", qualifier: str = ""
) -> ExtractRow:
    status = status or ("B" if data.begins_series else "A")
    indicator = data.catalogue.indicator_by_id[name]
    codes = {row.unit: row.unit_code for row in reversed(data.catalogue.units) if row.multiplier == 1}
    shown = None if value is None else round_places(value, indicator.decimals)
    return ExtractRow(
        "M",
        data.period,
        area,
        unit,
        name,
        shown,
        codes.get(indicator.unit, indicator.unit),
        0,
        indicator.decimals,
        "O" if value is None else status,
        qualifier,
    )


def round_places(value: Decimal, decimals: int) -> Decimal:
    """Return the value without the zeros that storage added: 248.000000 is 248, 4.460000 is 4.46.

    Values have been rounded before; a unit's figure with more decimals than its indicator keeps them.
    """
    exact = value.normalize()
    places = max(decimals, -int(exact.as_tuple().exponent))
    return value.quantize(Decimal(1).scaleb(-places)) if places else Decimal(int(value))


def _dictionary(data: ReportData) -> list[tuple[str, ...]]:
    words = {"province": data.catalogue.province.area_code, **LOCAL_WORDS[data.catalogue.local_level]}
    rows: list[tuple[str, ...]] = [
        ("COLUMN", name, vi.format(**words), en.format(**words), "", "", "") for name, (vi, en) in COLUMNS.items()
    ]
    if data.begins_series:
        rows.append(("OBS_STATUS", "B", *BREAK, "", "", ""))
    formulas = {row.indicator_id: row for row in data.catalogue.definitions if row.is_current}
    for row in data.indicators:
        formula = formulas.get(row.indicator_id)
        how = f"{formula.label_vi}: {formula.expression}" if formula else ""
        rows.append(("INDICATOR", row.indicator_id, row.label_vi, row.label_en, row.unit, row.indicator_kind, how))
    rows += [
        ("UNIT_MEASURE", row.unit_code, row.unit, "", "", "", "")
        for row in data.catalogue.units
        if row.unit_text == row.unit
    ]
    rows += [
        ("REF_AREA", row.area_code, row.area_name, "", "", row.area_level, "")
        for row in (data.catalogue.province, *data.local_areas)
    ]
    rows += [
        ("REPORTING_UNIT", row.submitter_id, row.submitter_name, "", "", row.submitter_kind, "")
        for row in data.submitters.values()
    ]
    return rows
