from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.publish.figures import parse_printed, print_change, print_number


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        ("1306834", 0, "1.306.834"),
        ("4.46", 2, "4,46"),
        ("50.1", 2, "50,10"),
        ("5", 0, "05"),
        ("0", 0, "0"),
        ("10", 0, "10"),
        ("3946000000", 0, "3.946.000.000"),
        ("-7", 0, "-07"),
        ("6.34", 2, "6,34"),
    ],
)
def test_figures_are_printed_in_vietnamese_notation(value: str, decimals: int, text: str) -> None:
    assert print_number(Decimal(value), decimals) == text


@pytest.mark.parametrize(
    ("value", "text"), [("5716", "tăng 5.716"), ("-312", "giảm 312"), ("0", "không tăng, không giảm")]
)
def test_the_verb_of_a_change_follows_its_sign(value: str, text: str) -> None:
    assert print_change(Decimal(value), "") == text
    assert parse_printed(text) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "value"), [("trên 576", "576"), ("ít nhất 30%", "30"), ("giảm 1.312 thuê bao", "-1312")]
)
def test_a_bound_or_a_unit_does_not_hide_the_number(text: str, value: str) -> None:
    assert parse_printed(text) == Decimal(value)


def test_words_without_a_number_are_no_figure() -> None:
    assert parse_printed("chưa có số liệu") is None


@given(st.decimals(-(10**12), 10**12, places=2), st.sampled_from([0, 2]))
def test_a_printed_figure_reads_back_as_itself(value: Decimal, decimals: int) -> None:
    rounded = round(value, decimals)
    assert parse_printed(print_number(rounded, decimals)) == rounded
