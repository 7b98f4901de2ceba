"""What stands behind a number in a cell or a sentence is known, or the number is not taken and somebody is asked."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.records import Reading
from tests.unit.read.test_account import of_text
from tests.unit.read.test_tables import read


def of_cell(text: str) -> Reading:
    return read([["TT", "Chỉ tiêu", "Số liệu"], [1, "Số trạm BTS", text], [2, "Đại lý Internet", 20]], "dist_632")


def stations(reading: Reading) -> Decimal | None:
    return next((o.value for o in reading.observations if o.indicator_id == "telecom_bts_total"), None)


ASKED = [
    "2O", "10l", "3S", "88B", "88k", "1,2k", "88 tr", "2 chục", "18+2", "22 → 20", "20 (đính chính: 22)",
    "88 (đúng là 99)", "88 (số T3)", "20%", "88 huyện", "88-90", "20 - 22", "120TB",
    "88 !", "88?", "88 điểm", "88 hộ", "88 / tháng",
]  # fmt: skip
READ = [
    "88", "88 trạm", "88 trạm BTS", "088", "88 (2G, 3G)", "88*", "88 (1)", "88 trạm đang hoạt động", "88 cái", "88.",
    "8️⃣8️⃣", "88 (ước)", "88 trạm.", "８８",
]  # fmt: skip


@pytest.mark.parametrize("text", ASKED)
def test_a_cell_that_says_more_than_its_number_is_asked_about(text: str) -> None:
    reading = of_cell(text)
    assert stations(reading) is None
    assert [f.cell for f in reading.findings if f.kind != "missing_label"] == ["C2"]


@pytest.mark.parametrize("text", READ)
def test_a_unit_a_note_or_another_writing_changes_no_number(text: str) -> None:
    reading = of_cell(text)
    assert stations(reading) == 88
    assert [f.kind for f in reading.findings if f.kind != "missing_label"] == []


@given(st.integers(1, 999), st.text(st.characters(categories=["L", "S"]), min_size=1, max_size=6))
def test_no_tail_is_dropped_in_silence(number: int, tail: str) -> None:
    reading = of_cell(f"{number}{tail}")
    assert stations(reading) in (None, number)
    if stations(reading) is not None:
        assert tail.strip().lower() in ("trạm", "cái", "bts", "số", "có") or not any(map(str.isalpha, tail))


@pytest.mark.parametrize("text", [
    "Trạm BTS: 88-90 trạm", "Trạm BTS: 88 - 90 trạm", "Trạm BTS: 66 → 70", "Trạm BTS: 18+2 trạm", "Trạm BTS: 88k",
    "Trạm BTS: 2O trạm", "Trạm BTS: 10l trạm",
])  # fmt: skip
def test_a_number_in_a_sentence_that_goes_on_is_asked_about(text: str) -> None:
    reading = of_text(text)
    assert stations(reading) is None
    assert [f.kind for f in reading.findings] == ["unreadable_number"]


@pytest.mark.parametrize(("text", "value"), [
    ("Đến 31/3/2019, số trạm BTS: 88 trạm", None), ("Trạm BTS tính đến 14/3/2019: 88 trạm", None),
    ("Đến hết ngày 28/02/2019 có 88 trạm BTS", None), ("Tính đến ngày 30/4/2019, trạm BTS: 88 trạm", 88),
    ("Đến 15/4/2019 có 88 trạm BTS", 88), ("Tính đến 15/4, huyện có 88 trạm BTS", 88),
])  # fmt: skip
def test_a_day_of_another_month_makes_a_figure_of_another_month(text: str, value: int | None) -> None:
    assert stations(of_text(text)) == value
