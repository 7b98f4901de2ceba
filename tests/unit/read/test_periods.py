"""Which month, quarter or plan a title speaks of, however it is spelled."""

from __future__ import annotations

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.read.document import ReadContext
from flows.read.periods import DeclaredMonth, months_declared, other_period
from flows.read.reader import read_document
from flows.read.text import strip_marks
from flows.records import Reading
from infra.catalogue import load_catalogue
from tests.unit.read.test_tables import CATALOGUE, PERIOD
from tests.unit.read.test_workbooks import saved

OTHER = [
    "BAO CAO SO LIEU THANG 3 NAM 2019", "Thang 3 nam 2019", "Báo cáo tháng ba năm 2019", "Bao cao thang ba",
    "Tháng III/2019",
    "Số liệu tháng III", "BC 03-2019", "BC 03.2019", "2019/03", "03/2019", "Tháng 03/19", "T3-19", "T.3/2019",
    "T 3/2019",
    "March 2019", "Mar 2019", "Report of February, 2019", "BÁO CÁO THÁNG 3", "bc thang 3", "Báo cáo tháng 4/2018",
    "Báo cáo tháng 13/2019", "(từ 15/02/2019 đến 14/3/2019)", "tu 15/02/2019 den 14/3/2019", "tháng bốn năm 2018",
]  # fmt: skip
SPANS = [
    ("BÁO CÁO QUÝ I/2019", "quí i"), ("BAO CAO QUY I NAM 2019", "qui i"), ("Số liệu quý 2", "quí 2"),
    ("Báo cáo Quý III", "quí iii"),
    ("BÁO CÁO 6 THÁNG ĐẦU NĂM 2019", "6 tháng đầu"), ("So lieu 9 thang dau nam", "9 thang dau"),
    ("Báo cáo sáu tháng cuối năm", "sáu tháng cuối"), ("KẾ HOẠCH THÁNG 4/2019", "kế hoạch"), ("KE HOACH NAM 2019",
    "ke hoach"),
    ("DỰ KIẾN SỐ LIỆU THÁNG 4", "dự kiến"), ("Dự báo thuê bao tháng 4", "dự báo"),
]  # fmt: skip
OURS = [
    "BÁO CÁO THÁNG 4 NĂM 2019", "Bao cao thang 4", "Tháng tư", "thang bon", "T4/2019", "BC T.4/2019", "04.2019",
    "4/2019", "2019-04",
    "April 2019", "tháng IV", "Kết quả tháng 4, kế hoạch tháng 5", "Báo cáo tháng 4 và quý I",
    "Báo cáo tháng 3 và tháng 4",
]  # fmt: skip
NONE = [
    "Thông tư 03/2019/TT-BTTTT", "Số: 03/2019/BC-VHTT", "Quyết định số 12/2019", "Pleiku, ngày 15 tháng 5 năm 2019",
    "Việc của tháng sau",
    "Nghị quyết 36-NQ/TW", "so với tháng trước", "Trong tháng 20 đại lý mở mới", "192.168.4.2019", "Chiến thắng 3",
    "ĐT 0269.3.2019",
    "Trong tháng một số đơn vị chưa nộp", "tháng hai đơn vị", "PHÒNG VĂN HÓA VÀ THÔNG TIN", "Biểu số 02",
    "1.4.2019.5", "",
]  # fmt: skip


@pytest.mark.parametrize("title", OTHER)
def test_a_title_of_another_month_is_seen(title: str) -> None:
    found = other_period([title], PERIOD)
    assert found is not None
    assert found.month > 0


@pytest.mark.parametrize(("title", "words"), SPANS)
def test_a_title_of_a_quarter_a_half_year_or_a_plan_is_seen(title: str, words: str) -> None:
    assert other_period([title], PERIOD) == DeclaredMonth(0, 0, words)


@pytest.mark.parametrize("title", OURS + NONE)
def test_a_title_of_this_month_or_of_none_is_no_other(title: str) -> None:
    assert other_period([title], PERIOD) is None


@pytest.mark.parametrize("title", OURS)
def test_a_title_of_this_month_declares_it(title: str) -> None:
    assert any(month.is_same(PERIOD) for month in months_declared([title]))


@pytest.mark.parametrize("title", NONE)
def test_references_dates_and_other_words_declare_no_month(title: str) -> None:
    assert months_declared([title]) == ()


def test_a_plan_below_the_title_of_a_report_is_a_part_of_it() -> None:
    assert other_period(["BÁO CÁO KẾT QUẢ CÔNG TÁC", "Đại lý Internet: 20", "KẾ HOẠCH THÁNG 5:"], PERIOD) is not None
    assert other_period(["BÁO CÁO THÁNG 4", "Đại lý Internet: 20", "KẾ HOẠCH THÁNG 5:"], PERIOD) is None


ROMAN = ["", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"]
WORDS = ["", "một", "hai", "ba", "tư", "năm", "sáu", "bảy", "tám", "chín", "mười", "mười một", "mười hai"]
SPELLINGS = ["tháng {m} năm {y}", "tháng {m:02}/{y}", "tháng {m}-{y}", "T{m}/{y}", "T.{m}.{y}", "{m:02}/{y}",
             "{m:02}-{y}", "{y}/{m:02}", "tháng {roman}/{y}", "tháng {word} năm {y}", "T{m}-{yy}",
             "tháng {m}/{yy}"]  # fmt: skip


@given(st.integers(1, 12), st.integers(2016, 2030), st.sampled_from(SPELLINGS), st.booleans(), st.booleans())
def test_every_spelling_declares_exactly_its_month(
    month: int, year: int, spelling: str, is_bare: bool, is_capital: bool
) -> None:
    text = "Báo cáo số liệu " + spelling.format(m=month, y=year, yy=year % 100, roman=ROMAN[month], word=WORDS[month])
    text = strip_marks(text) if is_bare else text
    assert months_declared([text.upper() if is_capital else text]) == (DeclaredMonth(year, month),)


def test_the_name_of_a_sheet_speaks_where_its_titles_name_no_month() -> None:
    head = ["TT", "Huyện", "Số trạm BTS"]
    rows = {"T3": [["VNPT GIA LAI"], head, [1, "Pleiku", 91]]}
    kinds = {f.kind for f in _read(workbook(rows)).findings}
    assert "other_month_file" in kinds
    kinds = {f.kind for f in _read(workbook({"T3": [["Số liệu tháng 4/2019"], head, [1, "Pleiku", 91]]})).findings}
    assert "other_month_file" not in kinds


@pytest.mark.parametrize("title", ["KẾ HOẠCH THÁNG 4/2019", "BÁO CÁO QUÝ I/2019", "BAO CAO THANG 3 NAM 2019"])
def test_a_file_of_another_time_says_so_with_its_words(title: str) -> None:
    reading = _read(workbook({"BC": [[title], ["TT", "Huyện", "Số trạm BTS"], [1, "Pleiku", 91]]}))
    assert [f.kind for f in reading.findings if f.kind.endswith("_file")] == ["other_month_file"]


def workbook(sheets: dict[str, list[list[object]]]) -> bytes:
    book = openpyxl.Workbook()
    del book["Sheet"]
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    return saved(book)


def _read(data: bytes) -> Reading:
    catalogue = load_catalogue().at(PERIOD)
    context = ReadContext(catalogue, PERIOD, CATALOGUE.submitter_by_id["vnpt"], "r", "1.eml", "bieu.xlsx")
    return read_document(data, context)
