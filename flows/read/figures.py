"""One cell under one indicator: the number in the indicator's unit, and what is odd about it. Nothing is mended."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal

from flows.read.numbers import MAGNITUDES, Kind, ParsedNumber, decimals_of, parse_number, plain
from flows.read.sheet_view import ViewCell
from flows.read.stance import reserve_of_cell
from flows.read.text import fold
from flows.read.units import StatedUnit, UnitIndex, unit_for
from flows.records import Severity
from infra.catalogue import Indicator
from infra.vietnamese import number_text

MEASURED_UNITS = frozenset({"giờ", "km/điểm", "người/điểm", "TB/100 dân", "%", "đồng"})
"""Units of which there can be a fraction; a fraction of a station or a subscriber is a slip."""

_TIMES = frozenset({"tháng", "ngày", "năm", "quí", "tuần", "giờ", "phút", "giây"})
_WORD = re.compile(r"[^\W_]+")
_HARMLESS = frozenset({"đang", "hoạt", "động", "hiện", "có", "đã", "tổng", "số", "cái", "chiếc"})
_MAGNITUDE_WORD = re.compile(r"\b(?:" + "|".join(MAGNITUDES) + r")\b")


UNCLEAR_NONE_VI = "có thể là không phát sinh (0) hoặc chưa có số liệu; chưa dùng."
UNCLEAR_NONE_REMEDY_VI = "Ghi 0 nếu không phát sinh, ghi “…” nếu chưa có số liệu."


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a figure needs somebody's eye; becomes a finding at its cell."""

    kind: str
    message_vi: str
    remedy_vi: str
    severity: Severity = "warning"


def figure_of(
    cell: ViewCell, indicator: Indicator, stated: tuple[tuple[StatedUnit, ...], ...], units: UnitIndex, period: str
) -> tuple[ParsedNumber, Doubt | None]:
    """Return the figure of a cell in the unit of its indicator, exact, and the doubt about it if any.

    Args:
        cell: The cell.
        indicator: What it counts.
        stated: Units that apply to the cell, the nearest first: its row's, its column's, the table's.
        units: The units of the catalogue.
        period: The month that the cell should be of.
    """
    header_unit = next((found for group in stated if (found := unit_for(group, indicator.unit))), None)
    if header_unit is None and (other := _other_measure(stated, indicator)) and cell.text:
        return ParsedNumber(None, "O"), _wrong_unit(cell, indicator, other)
    factor = header_unit.multiplier if header_unit else Decimal(1)
    if isinstance(cell.source.value, str | None) and _MAGNITUDE_WORD.search(fold(cell.text)):
        factor = Decimal(1)
    parsed = cell.parse(_kind(indicator, factor))
    if parsed.problem:
        return parsed, _doubt_of_problem(cell, parsed)
    if parsed.value is None:
        return parsed, None
    if refusal := _refusal(cell, indicator, parsed, period):
        return ParsedNumber(None, "O"), refusal
    return _in_unit(cell, indicator, parsed, factor, units)


def _refusal(cell: ViewCell, indicator: Indicator, parsed: ParsedNumber, period: str) -> Doubt | None:
    """Return why what the cell says is no figure of its indicator and month: a change, a stretch of time, a plan."""
    if parsed.is_change and indicator.lower_bound is not None:
        return Doubt(
            "change_not_level",
            f"“{cell.text}” là mức tăng, giảm, không phải số của “{indicator.label_vi}”; chưa dùng số này.",
            "Ghi số hiện có, không ghi mức tăng, giảm.",
        )
    if parsed.unit_text in _TIMES and parsed.unit_text != fold(indicator.unit):
        return _wrong_unit(cell, indicator, parsed.unit_text)
    is_typed = isinstance(cell.source.value, str | None) and not _is_none(cell.text, parsed)
    reserve = reserve_of_cell(fold(cell.text), period) if is_typed else None
    if reserve is None:
        return None
    return Doubt(
        "figure_not_reported",
        f"Ô ghi “{cell.text}”: chữ “{reserve.words}” nói đây không phải số báo cáo của kỳ; chưa dùng số này.",
        "Nếu là số của tháng báo cáo, ghi riêng con số vào ô.",
    )


def _is_none(text: str, parsed: ParsedNumber) -> bool:
    """Tell whether a zero is said in words, alone or behind the digit: "không phát sinh", "0 (không phát sinh)"."""
    words = text.replace("0", " ").strip(" ()")
    return parsed.value == 0 and parse_number(words).value == 0


def _other_measure(stated: tuple[tuple[StatedUnit, ...], ...], indicator: Indicator) -> str:
    """Return the unit said for the cell when it can only be of another measure: đồng where stations are counted."""
    nearest = next((group for group in stated if group), ())
    others = [unit for unit in nearest if unit.unit in MEASURED_UNITS and unit.unit != indicator.unit]
    return others[0].unit if nearest and len(others) == len(nearest) else ""


def _kind(indicator: Indicator, factor: Decimal) -> Kind:
    if indicator.decimals:
        return "measure"
    return "count" if factor == 1 else "scaled"


def _in_unit(
    cell: ViewCell, indicator: Indicator, parsed: ParsedNumber, factor: Decimal, units: UnitIndex
) -> tuple[ParsedNumber, Doubt | None]:
    own = units.find(parsed.unit_text) if parsed.unit_text else None
    is_percent = parsed.unit_text == "%"
    if indicator.unit == "%" and parsed.denominator is not None:
        return replace(parsed, value=None, obs_status="O"), _fraction_for_percent(cell)
    if is_percent and not indicator.unit.startswith(("%", "TB/100")):
        return replace(parsed, value=None, obs_status="O"), _wrong_unit(cell, indicator, "%")
    if own and own.unit and own.unit != indicator.unit:
        return replace(parsed, value=None, obs_status="O"), _wrong_unit(cell, indicator, own.text)
    is_abbreviated = own is not None and not own.unit and parsed.unit_text.rstrip(".") == "tr"   # "88 tr": trạm, triệu?
    if is_abbreviated or (own is None and not is_percent and _is_left_over(parsed.unit_text, indicator, units)):
        return replace(parsed, value=None, obs_status="O"), _left_over(cell, parsed.unit_text)
    scaled = _times(parsed, own.multiplier if own and not is_percent else factor)
    return scaled, _doubt_of_value(cell, indicator, scaled, is_percent)


def _is_left_over(words: str, indicator: Indicator, units: UnitIndex) -> bool:
    """Tell whether words behind a number are neither its unit nor words of its indicator: they may change it."""
    if not words:
        return False
    known = set(_WORD.findall(fold(f"{indicator.label_vi} {indicator.unit}"))) | _HARMLESS
    said = _WORD.findall(words)
    is_unit = any(unit.unit == indicator.unit for unit in units.split(words))
    return not said or not (is_unit or known.issuperset(said))


def _left_over(cell: ViewCell, words: str) -> Doubt:
    return Doubt(
        "unreadable_number",
        f"“{cell.text}”: không rõ “{words}” sau con số nghĩa là gì; chưa dùng số này.",
        "Ghi riêng con số vào ô; đơn vị và ghi chú để ở cột khác.",
    )


def _times(parsed: ParsedNumber, factor: Decimal) -> ParsedNumber:
    if factor == 1 or not parsed.value:
        return parsed
    value = Decimal(plain((parsed.value * factor).normalize()))
    return replace(parsed, value=value, printed_decimals=parsed.printed_decimals - factor.adjusted())


def _doubt_of_value(cell: ViewCell, indicator: Indicator, parsed: ParsedNumber, is_percent: bool) -> Doubt | None:
    value = parsed.value or Decimal(0)
    if indicator.unit == "%" and not is_percent and 0 < value < 1:
        return Doubt(
            "percent_as_fraction",
            f"Số {_shown(value)} ở chỉ tiêu tính bằng %: có phải là {_shown(value * 100)} %?",
            "Ghi số phần trăm (ví dụ 88,59) hoặc định dạng ô kiểu phần trăm.",
        )
    if indicator.decimals == 0 and indicator.unit not in MEASURED_UNITS and value != value.to_integral_value():
        return _decimal_in_integer(cell, indicator, value)
    return None


def _decimal_in_integer(cell: ViewCell, indicator: Indicator, value: Decimal) -> Doubt:
    thousand = value * 1000
    guess = f" Có phải là {_shown(thousand)}?" if thousand == thousand.to_integral_value() else ""
    return Doubt(
        "decimal_in_integer",
        f"Chỉ tiêu “{indicator.label_vi}” là số nguyên nhưng ô ghi {_shown(value)} (số lẻ "
        f"{decimals_of(value)} chữ số).{guess}",
        "Nhập lại số nguyên, không dùng dấu chấm ngăn hàng nghìn khi gõ vào ô kiểu số.",
    )


def _doubt_of_problem(cell: ViewCell, parsed: ParsedNumber) -> Doubt:
    if parsed.problem == "ambiguous_number":
        if cell.source.number_format and isinstance(cell.source.value, int | float):
            return _otherwise_shown(cell)
        readings = " hay ".join(_shown(value) for value in parsed.readings)
        return Doubt(
            "ambiguous_number",
            f"“{cell.text}” có thể hiểu là {readings}; chưa dùng số này.",
            "Ghi lại, dùng dấu chấm ngăn hàng nghìn và dấu phẩy cho phần thập phân.",
        )
    if parsed.problem == "date_in_number":
        return Doubt(
            "date_in_number",
            f"Ô số liệu chứa ngày tháng ({cell.text}); có thể phần mềm đã tự đổi số hoặc phân số thành ngày.",
            "Định dạng ô kiểu văn bản hoặc số rồi nhập lại.",
        )
    if parsed.problem == "error_value":
        return Doubt(
            "error_value", f"Ô báo lỗi {cell.text}, không có số liệu.", "Sửa công thức hoặc nhập số rồi gửi lại."
        )
    if parsed.problem == "unclear_none":
        return Doubt("unclear_none", f"“{cell.text}” {UNCLEAR_NONE_VI}", UNCLEAR_NONE_REMEDY_VI)
    return Doubt("unreadable_number", f"“{cell.text}” không đọc được thành số.", "Ghi lại bằng số.")


def _otherwise_shown(cell: ViewCell) -> Doubt:
    return Doubt(
        "ambiguous_number",
        f"Ô lưu số {cell.text} mà định dạng “{cell.source.number_format}” hiện thành số khác; chưa dùng số này.",
        "Định dạng ô kiểu số thường rồi ghi đúng con số.",
    )


def _fraction_for_percent(cell: ViewCell) -> Doubt:
    return Doubt(
        "ambiguous_number",
        f"“{cell.text}” là một phân số trong khi chỉ tiêu tính bằng %.",
        "Ghi số phần trăm, hoặc tử số và mẫu số ở hai ô riêng.",
    )


def _wrong_unit(cell: ViewCell, indicator: Indicator, unit: str) -> Doubt:
    return Doubt(
        "unit_mismatch",
        f"Đơn vị ghi là “{unit}” trong khi chỉ tiêu “{indicator.label_vi}” tính bằng “{indicator.unit}”.",
        "Ghi lại theo đơn vị của chỉ tiêu.",
    )


def _shown(value: Decimal) -> str:
    return number_text(value.normalize())


def says_estimated(text: str) -> bool:
    """Tell whether a remark or a label says that figures are estimates ("số liệu ước")."""
    return bool(re.search(r"\b(?:ước|tạm tính|ước tính|ước đạt|sơ bộ)\b", fold(text)))
