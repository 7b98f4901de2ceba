"""Numbers of the country: the notations of the trade as a table, and properties that hold for all of them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.read.numbers import ParsedNumber, looks_like_value, number_of_cell, parse_number, plain

NBSP, THIN, NARROW = "\u00a0", "\u2009", "\u202f"

VALUES = [
    # as typed, what is expected there, value, qualifier, unit
    ("1.306.834", "count", "1306834", "", ""),
    ("1.095", "count", "1095", "", ""),
    ("33.767", "count", "33767", "", ""),
    ("89,28%", "measure", "89.28", "", "%"),
    ("95,950%", "measure", "95.950", "", "%"),
    ("1 306 834", "count", "1306834", "", ""),
    (f"1{NBSP}306{NBSP}834", "count", "1306834", "", ""),
    (f"5{THIN}958", "count", "5958", "", ""),
    (f"5{NARROW}958", "count", "5958", "", ""),
    (f" 47 {NBSP}", "count", "47", "", ""),
    ("'120", "count", "120", "", ""),
    ("1,650", "count", "1650", "", ""),
    ("1,306,834", "count", "1306834", "", ""),
    ("1,234.56", "measure", "1234.56", "", ""),
    ("1.234,56", "measure", "1234.56", "", ""),
    ("0.885", "measure", "0.885", "", ""),
    ("4.48", "measure", "4.48", "", ""),
    ("05", "count", "5", "", ""),
    ("007", "count", "7", "", ""),
    ("trên 576", "count", "576", "gt", ""),
    ("hơn 600 trạm", "count", "600", "gt", "trạm"),
    ("> 576", "count", "576", "gt", ""),
    ("gần 1.000", "count", "1000", "lt", ""),
    ("khoảng 600", "count", "600", "approx", ""),
    ("ít nhất 30%", "measure", "30", "ge", "%"),
    ("không quá 12", "count", "12", "le", ""),
    ("3,946 tỷ đồng", "count", "3946000000", "", "đồng"),
    ("3.946 triệu đồng", "count", "3946000000", "", "đồng"),
    ("3.946.000.000 đồng", "count", "3946000000", "", "đồng"),
    ("2.915 tr.đ", "count", "2915000000", "", "đ"),
    ("25,118 triệu trang", "count", "25118000", "", "trang"),
    ("92.604 nghìn trang", "count", "92604000", "", "trang"),
    ("1.000.000đ", "count", "1000000", "", "đ"),
    ("4,48 km/điểm", "measure", "4.48", "", "km/điểm"),
    ("89,28 TB/100 dân", "measure", "89.28", "", "tb/100 dân"),
    ("88,59% (163 điểm BĐVHX/184 xã)", "measure", "88.59", "", "%"),
    ("½", "measure", "0.5", "", ""),
    ("-1.175", "count", "-1175", "", ""),
    ("−1.175", "count", "-1175", "", ""),
    ("(1.175)", "count", "-1175", "", ""),
    ("giảm 1.175", "count", "-1175", "", ""),
    ("+304", "count", "304", "", ""),
    ("1.234(1)", "count", "1234", "", ""),
    ("1.234 *", "count", "1234", "", ""),
    ("157,5", "count", "157.5", "", ""),
    ("2.915", "scaled", "2915", "", ""),
    ("25,118", "scaled", "25.118", "", ""),
]
ZEROS = [
    "-",
    "–",
    "—",
    " - ",
    "0",
    "KPS",
    "không phát sinh",
    "Không có",
    "KHÔNG PHÁT SINH",
    "Không phát sinh.",
    "không phát sinh trong kỳ",
    "Không phát sinh trong tháng 4/2019",
    "chưa phát sinh mới",
    "không",
]


@pytest.mark.parametrize(("text", "kind", "value", "qualifier", "unit"), VALUES)
def test_notation_means_this_value(text, kind, value, qualifier, unit):
    parsed = parse_number(text, kind)
    assert (parsed.problem, parsed.value, parsed.qualifier, parsed.unit_text) == ("", Decimal(value), qualifier, unit)
    assert parsed.obs_status == "A"


@pytest.mark.parametrize("text", ZEROS)
def test_stated_nothing_is_zero(text):
    assert parse_number(text) == ParsedNumber(Decimal(0))


@pytest.mark.parametrize(
    ("text", "status"),
    [("", "O"), ("   ", "O"), (NBSP, "O"), ("…", "L"), ("...", "L"), ("không có số liệu", "L"), ("x", "M"), ("X", "M")],
)
def test_missing_is_never_zero(text, status):
    parsed = parse_number(text)
    assert (parsed.value, parsed.obs_status, parsed.problem) == (None, status, "")


@pytest.mark.parametrize(
    ("text", "kind", "problem"),
    [
        ("1,650", "measure", "ambiguous_number"),
        ("1.095", "measure", "ambiguous_number"),
        ("104.28.27.86", "count", "ambiguous_number"),
        ("104 28 27 86", "count", "unreadable_number"),
        ("1.23.456", "count", "unreadable_number"),
        ("1O5", "count", "unreadable_number"),
        ("12 và 13", "count", "unreadable_number"),
        ("14/4/2019", "count", "date_in_number"),
        ("Pleiku", "count", "unreadable_number"),
        ("chưa", "count", "unreadable_number"),
        ("không rõ", "count", "unreadable_number"),
    ],
)
def test_what_can_mean_two_things_is_asked(text, kind, problem):
    parsed = parse_number(text, kind)
    assert (parsed.value, parsed.problem) == (None, problem)


def test_ambiguous_number_names_both_readings():
    assert parse_number("1,650", "measure").readings == (Decimal(1650), Decimal("1.650"))


@pytest.mark.parametrize(
    ("text", "top", "bottom"), [("163/184", 163, 184), ("10/10", 10, 10), ("163 điểm/184 xã", 163, 184)]
)
def test_fraction_keeps_both_numbers(text, top, bottom):
    parsed = parse_number(text)
    assert (parsed.value, parsed.denominator) == (top, bottom)


def test_magnitude_lowers_the_printed_precision():
    assert parse_number("25,118 triệu trang").printed_decimals == -3
    assert parse_number("2.915 triệu").printed_decimals == -6


def test_percent_cell_is_decided_by_its_format():
    assert number_of_cell(0.8859, "0.8859", "0.00%").value == Decimal("88.59")
    assert number_of_cell(88.59, "88.59", "0.00").value == Decimal("88.59")
    assert number_of_cell(0.8859, "0.8859", '0.00"%"').value == Decimal("0.8859")


def test_numeric_thousands_dot_is_read_literally():
    assert number_of_cell(4.651, "4.651").value == Decimal("4.651")
    assert number_of_cell(33.767, "33.767").value == Decimal("33.767")


def test_binary_noise_of_a_stored_number_is_not_read():
    assert number_of_cell(0.1 + 0.2, "").value == Decimal("0.3")
    assert plain(number_of_cell(94000000.0, "").value) == "94000000"


@pytest.mark.parametrize(
    ("value", "text", "problem"),
    [
        (date(2017, 7, 17), "", "date_in_number"),
        (True, "TRUE", "unreadable_number"),
        ("#REF!", "#REF!", "error_value"),
        ("#DIV/0!", "#DIV/0!", "error_value"),
    ],
)
def test_cell_that_is_no_number_says_why(value, text, problem):
    assert number_of_cell(value, text).problem == problem


@pytest.mark.parametrize(
    "text", ["TB tăng trong tháng", "Ghi chú", "Xã, phường", "Tháng 4 năm 2019", "trạm", "I. Viễn thông"]
)
def test_wording_is_no_value(text):
    assert not looks_like_value(text)


def grouped(number: int, mark: str) -> str:
    return f"{number:,}".replace(",", mark)


@given(st.integers(0, 10**12), st.sampled_from([".", " ", NBSP, THIN, NARROW]))
def test_grouped_count_reads_back(number, mark):
    text = grouped(number, mark)
    parsed = parse_number(text)
    if parsed.problem:
        assert parsed.problem == "ambiguous_number" and text.count(".") == 3
        assert parsed.readings == (number,)
    else:
        assert parsed.value == number and parsed.printed_decimals == 0


@given(st.decimals(0, 10**9, places=2, allow_nan=False))
def test_decimal_with_comma_reads_back(value):
    whole, decimals = f"{value:.2f}".split(".")
    parsed = parse_number(f"{grouped(int(whole), '.')},{decimals}", "measure")
    assert parsed.value == value and parsed.printed_decimals == 2


@given(st.integers(-(10**15) + 1, 10**15 - 1), st.integers(0, 6))
def test_stored_number_is_exact(mantissa, power):
    value = Decimal(mantissa).scaleb(-power)
    assert number_of_cell(float(value), "").value == value


@given(st.text(max_size=30))
def test_any_text_gives_a_value_or_a_reason(text):
    parsed = parse_number(text)
    assert parsed.value is None or parsed.problem == ""
    assert parsed.value is not None or parsed.problem or parsed.obs_status in "OLM"
