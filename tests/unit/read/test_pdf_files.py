"""PDF files: words whole, lines joined to paragraphs, ruled tables with their places, pictures said to be so."""

from __future__ import annotations

import pytest
import typst

from flows.read.document import Content
from flows.read.pdf_files import open_pdf
from infra.errors import SubmissionError

PAGE = """
#set page(width: 210mm, height: 297mm, margin: 25mm)
#set text(font: "Libertinus Serif", size: 13pt, lang: "vi")
"""


def printed(body: str, page: str = PAGE) -> Content:
    return open_pdf(typst.compile(page.encode() + body.encode()))


def test_wrapped_lines_are_one_paragraph_and_items_are_not() -> None:
    content = printed(
        "- Phối hợp với các nhà mạng khảo sát vị trí dựng cột ăng ten tại xã Nghĩa Hưng và xã Ia Khươl, "
        "sau đó lập biên bản gửi phòng chuyên môn tổng hợp trong tháng.\n"
        "- Cử 08 công chức dự lớp tập huấn."
    )
    assert [p.text.lstrip("•- ") for p in content.paragraphs] == [
        "Phối hợp với các nhà mạng khảo sát vị trí dựng cột ăng ten tại xã Nghĩa Hưng và xã Ia Khươl, "
        "sau đó lập biên bản gửi phòng chuyên môn tổng hợp trong tháng.",
        "Cử 08 công chức dự lớp tập huấn.",
    ]
    assert {p.place for p in content.paragraphs} == {"pdf"}


def test_ruled_table_has_places_and_merged_cells() -> None:
    content = printed(
        """Số liệu trong tháng:
#table(columns: 4, [TT], [Nội dung], table.cell(colspan: 2)[Kỳ này], [1], [Đại lý Internet], [26], [đại lý],
  [2], [Trạm thu phát sóng của các doanh nghiệp trên địa bàn huyện], [57], [trạm])"""
    )
    grid = content.grids[0]
    assert grid.merged == ((1, 3, 1, 4),)
    assert grid.cells[2, 3].text == "26"
    assert grid.place(2, 3) == "pdf table 1 row 2 col 3"
    assert grid.cells[3, 2].text.replace("\n", " ") == "Trạm thu phát sóng của các doanh nghiệp trên địa bàn huyện"
    assert [p.text for p in content.paragraphs] == ["Số liệu trong tháng:"]


def test_table_over_two_pages_is_one_table_with_rows_that_count_on() -> None:
    rows = ", ".join(f"[{number}], [Huyện thứ {number}], [{number * 7}]" for number in range(1, 61))
    grids = printed(f"#table(columns: (1cm, 8cm, 3cm), table.header([TT], [Tên], [Số]), {rows})").grids
    assert len(grids) == 1
    assert grids[0].cells[61, 3].text == "420"
    assert "TT" not in {cell.text for (row, _), cell in grids[0].cells.items() if row > 1}


def test_paragraph_over_two_pages_is_one_in_spite_of_page_number_and_footnote() -> None:
    words = " ".join(f"chữ{number}" for number in range(900))
    content = printed(
        f"Đầu đoạn#footnote[Ghi chú nhỏ có số 57.] {words} hết.",
        PAGE + "#set page(footer: context align(center, counter(page).display()))\n",
    )
    body = content.paragraphs[0].text
    assert body.startswith("Đầu đoạn chữ0 ")
    assert body.endswith("chữ899 hết.")
    assert "Ghi chú" not in body
    assert any("Ghi chú nhỏ có số 57." in p.text for p in content.paragraphs[1:])


def test_footnote_call_is_no_digit_of_the_figure() -> None:
    content = printed("Tổng số là 1.306.834#footnote[Chưa đầy đủ.] thuê bao.")
    assert content.paragraphs[0].text == "Tổng số là 1.306.834 thuê bao."


def test_pdf_without_letters_is_said_to_be_a_picture() -> None:
    content = printed("#rect(width: 5cm, height: 5cm, fill: blue)")
    assert content.blocks == ()
    assert [finding.kind for finding in content.findings] == ["image_only_pdf"]


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"%PDF-1.4\ngarbage\n%%EOF", b"PK\x03\x04"])
def test_what_is_no_pdf_is_said_in_words(data: bytes) -> None:
    with pytest.raises(SubmissionError) as raised:
        open_pdf(data)
    assert raised.value.remedy_vi


def test_truncated_pdf_is_refused_or_read_but_never_fails_otherwise() -> None:
    whole = typst.compile((PAGE + "Báo cáo tháng 4").encode())
    for cut in range(0, len(whole), max(1, len(whole) // 40)):
        try:
            assert isinstance(open_pdf(whole[:cut]), Content)
        except SubmissionError as error:
            assert error.message_vi
