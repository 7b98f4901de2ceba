"""Word documents: places count as a reader counts them, whatever is merged, tracked, or typed in an old font."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import docx
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from hypothesis import given
from hypothesis import strategies as st

from flows.read.document import Content, Grid
from flows.read.text import encode_tcvn3
from flows.read.word_files import open_doc, open_docx
from infra.errors import SubmissionError

LETTER = Path(__file__).parents[2] / "fixtures" / "documents" / "letter.doc"


def saved(document: docx.document.Document) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def letter() -> docx.document.Document:
    """The letter of the .doc fixture, as .docx: head, prose, an empty paragraph, a table with merged heads."""
    document = docx.Document()
    head = document.add_table(2, 2)
    for place, text in (((0, 0), "UBND HUYỆN MẪU"), ((0, 1), "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"),
                        ((1, 0), "Số: 01/BC"), ((1, 1), "Độc lập - Tự do - Hạnh phúc")):  # fmt: skip
        head.cell(*place).text = text
    document.add_paragraph("BÁO CÁO")
    document.add_paragraph("")
    run = document.add_paragraph().add_run(encode_tcvn3("- Tổng cộng 57 trạm BTS, 03 thùng thư trên địa bàn."))
    run.font.name = ".VnTime"
    table = document.add_table(4, 4)
    rows = [["TT", "Nội dung", "Kỳ này", ""], ["", "", "Số", "Ghi chú"], ["1", "Đại lý Internet", "26", ""],
            ["2", "Trạm BTS", "57", "đã\nkiểm"]]  # fmt: skip
    for row, texts in enumerate(rows):
        for column, text in enumerate(texts):
            table.cell(row, column).text = text
    table.cell(0, 2).merge(table.cell(0, 3))
    table.cell(0, 0).merge(table.cell(1, 0))
    table.cell(0, 1).merge(table.cell(1, 1))
    document.add_paragraph("Trân trọng.")
    return document


@pytest.fixture(params=["docx", "doc"])
def content(request: pytest.FixtureRequest) -> Content:
    return open_docx(saved(letter())) if request.param == "docx" else open_doc(LETTER.read_bytes())


def test_empty_paragraphs_count_and_tables_do_not(content: Content) -> None:
    assert [(p.place, p.text) for p in content.paragraphs] == [
        ("paragraph 1", "BÁO CÁO"),
        ("paragraph 2", ""),
        ("paragraph 3", "- Tổng cộng 57 trạm BTS, 03 thùng thư trên địa bàn."),
        ("paragraph 4", "Trân trọng."),
    ]


def test_head_of_a_letter_is_table_1(content: Content) -> None:
    assert [grid.table_number for grid in content.grids] == [1, 2]
    assert content.grids[0].cells[2, 1].text == "Số: 01/BC"


def test_merged_cells_do_not_shift_their_neighbours(content: Content) -> None:
    table = content.grids[1]
    assert sorted(table.merged) == [(1, 1, 2, 1), (1, 2, 2, 2), (1, 3, 1, 4)]
    assert {place: cell.text for place, cell in table.cells.items() if cell.text} == {
        (1, 1): "TT", (1, 2): "Nội dung", (1, 3): "Kỳ này", (2, 3): "Số", (2, 4): "Ghi chú", (3, 1): "1",
        (3, 2): "Đại lý Internet", (3, 3): "26", (4, 1): "2", (4, 2): "Trạm BTS", (4, 3): "57", (4, 4): "đã\nkiểm",
    }  # fmt: skip
    assert table.place(4, 3) == "table 2 row 4 col 3"


def test_blocks_keep_the_order_of_reading(content: Content) -> None:
    assert [type(block) is Grid for block in content.blocks] == [True, False, False, False, True, False]


def test_decoded_text_does_not_name_its_old_font() -> None:
    paragraph = open_docx(saved(letter())).paragraphs[2]
    assert paragraph.font_name == ""


def test_capital_font_of_the_style_makes_capitals() -> None:
    document = docx.Document()
    document.styles["Normal"].font.name = ".VnTimeH"
    document.add_paragraph(encode_tcvn3("huyện chư prông"))
    assert open_docx(saved(document)).paragraphs[0].text == "HUYỆN CHƯ PRÔNG"


def test_deleted_text_is_out_and_inserted_text_is_in() -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("Có ")
    for tag, text_tag, text in (("w:del", "w:delText", "56"), ("w:ins", "w:t", "57")):
        change = OxmlElement(tag)
        run = OxmlElement("w:r")
        run.append(element := OxmlElement(text_tag))
        element.text = text
        change.append(run)
        paragraph._p.append(change)
    paragraph.add_run(" trạm")
    assert open_docx(saved(document)).paragraphs[0].text == "Có 57 trạm"


def test_footnote_call_is_no_digit_of_the_figure() -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("Có 57")
    paragraph.add_run("1").font.superscript = True
    paragraph.add_run(" trạm")
    assert open_docx(saved(document)).paragraphs[0].text == "Có 57 trạm"


def test_content_control_and_list_are_read() -> None:
    document = docx.Document()
    inside = document.add_paragraph("trong khung", style="List Bullet")
    control, body = OxmlElement("w:sdt"), OxmlElement("w:sdtContent")
    inside._p.addprevious(control)
    control.append(body)
    body.append(inside._p)
    numbering = OxmlElement("w:numPr")
    inside._p.get_or_add_pPr().append(numbering)
    paragraph = open_docx(saved(document)).paragraphs[0]
    assert (paragraph.text, paragraph.is_list_item) == ("trong khung", True)


def test_row_that_begins_later_on_the_grid_keeps_its_columns() -> None:
    document = docx.Document()
    table = document.add_table(2, 3)
    table.cell(1, 1).text = "giữa"
    row = table.rows[1]._tr
    row.remove(row.tc_lst[0])
    properties = row.get_or_add_trPr()
    before = OxmlElement("w:gridBefore")
    before.set(qn("w:val"), "1")
    properties.append(before)
    assert open_docx(saved(document)).grids[0].cells[2, 2].text == "giữa"


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 rest", b"not a document at all"])
def test_what_is_no_document_is_said_in_words(data: bytes) -> None:
    for opener in (open_docx, open_doc):
        with pytest.raises(SubmissionError) as raised:
            opener(data)
        assert "Word" in raised.value.message_vi


def test_docx_without_a_body_or_with_broken_xml_is_said_in_words() -> None:
    for xml in (b"<w:document xmlns:w='x'/>", b"<broken"):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("word/document.xml", xml)
        with pytest.raises(SubmissionError):
            open_docx(out.getvalue())


@given(st.data())
def test_damaged_doc_is_refused_or_read_but_never_fails_otherwise(data: st.DataObject) -> None:
    original = LETTER.read_bytes()
    cut = data.draw(st.integers(512, len(original)))
    flips = data.draw(st.lists(st.tuples(st.integers(0, cut - 1), st.integers(0, 255)), max_size=8))
    damaged = bytearray(original[:cut])
    for position, value in flips:
        damaged[position] = value
    try:
        assert isinstance(open_doc(bytes(damaged)), Content)
    except SubmissionError as error:
        assert error.remedy_vi


def test_document_in_a_legacy_code_without_its_font_is_decoded_as_a_whole() -> None:
    document = docx.Document()
    for text in ("Tổng cộng số trạm trên địa bàn huyện", "Bưu điện phát thư, báo trong ngày", "Số"):
        document.add_paragraph(encode_tcvn3(text))
    document.add_table(1, 1).cell(0, 0).text = encode_tcvn3("Số lượng")
    content = open_docx(saved(document))
    assert [p.text for p in content.paragraphs][1:] == ["Bưu điện phát thư, báo trong ngày", "Số"]
    assert content.grids[0].cells[1, 1].text == "Số lượng"


def test_soft_hyphen_of_unicode_text_is_no_letter() -> None:
    document = docx.Document()
    document.add_paragraph("Tổng cộng th\u00aduê bao điện thoại")
    assert open_docx(saved(document)).paragraphs[0].text == "Tổng cộng thuê bao điện thoại"


def test_strict_document_reads_as_a_transitional_one() -> None:
    document = docx.Document()
    document.add_paragraph("Tổng số trạm 57")
    document.add_table(1, 1).cell(0, 0).text = "12"
    buffer, strict = io.BytesIO(), io.BytesIO()
    document.save(buffer)
    with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(strict, "w") as target:
        for name in source.namelist():
            target.writestr(name, _strict(source.read(name)))
    assert open_docx(strict.getvalue()) == open_docx(buffer.getvalue())


def _strict(part: bytes) -> bytes:
    return re.sub(rb"http://schemas\.openxmlformats\.org/(\w+)/2006/", rb"http://purl.oclc.org/ooxml/\1/", part)


def with_margins(header: str, footer: str) -> bytes:
    document = docx.Document()
    document.add_paragraph("Báo cáo tháng 4.")
    document.sections[0].header.paragraphs[0].text = header
    document.sections[0].footer.paragraphs[0].text = footer
    return saved(document)


def test_a_figure_in_the_margins_of_an_old_document_is_said() -> None:
    """Written by LibreOffice 7.4: a header with a figure, a footer with the number of the page."""
    content = open_doc((LETTER.parent / "margins.doc").read_bytes())
    assert [p.text for p in content.paragraphs] == ["Báo cáo tháng 4.", "Số trạm: 75"]
    assert [(f.kind, f.raw_text) for f in content.findings] == [("outside_body", "Trạm BTS: 55 trạm")]


def test_a_figure_in_the_margins_of_a_page_is_said() -> None:
    findings = open_docx(with_margins("Trạm BTS: 55 trạm", "Cụm pa nô biên giới: 5 cụm")).findings
    assert [(f.kind, f.severity) for f in findings] == [("outside_body", "note")] * 2
    assert "chân trang" in findings[0].message_vi and "5 cụm" in findings[0].message_vi
    assert "đầu trang" in findings[1].message_vi and "55 trạm" in findings[1].message_vi


@pytest.mark.parametrize("footer", ["", "Trang 1", "1/3", "Trang 1 trên 3", "Phòng Văn hóa và Thông tin"])
def test_a_page_number_or_a_name_in_the_margins_is_nothing_to_say(footer: str) -> None:
    assert open_docx(with_margins("PHÒNG VĂN HÓA", footer)).findings == ()


# ------------------------------------------------------------ what stands in the file and nobody sees


def with_run(property_name: str) -> Content:
    document = docx.Document()
    paragraph = document.add_paragraph("Trạm BTS: ")
    odd = paragraph.add_run("77")
    odd._r.get_or_add_rPr().append(OxmlElement(f"w:{property_name}"))
    paragraph.add_run("88 trạm")
    return open_docx(saved(document))


@pytest.mark.parametrize("mark", ["strike", "dstrike", "vanish"])
def test_text_struck_through_or_hidden_is_left_out_and_said(mark: str) -> None:
    read = with_run(mark)
    assert [p.text for p in read.paragraphs] == ["Trạm BTS: 88 trạm"]
    assert [(f.kind, "77" in f.message_vi) for f in read.findings] == [("outside_body", True)]


@pytest.mark.parametrize("mark", ["del", "hidden"])
def test_a_row_deleted_or_hidden_is_left_out_and_said(mark: str) -> None:
    document = docx.Document()
    table = document.add_table(rows=3, cols=2)
    for row, texts in zip(table.rows, (("Huyện", "Trạm BTS"), ("Pleiku", "91"), ("An Khê", "77")), strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    table.rows[2]._tr.get_or_add_trPr().append(OxmlElement(f"w:{mark}"))
    read = open_docx(saved(document))
    assert "77" not in {cell.text for cell in read.grids[0].cells.values()}
    assert [(f.kind, "77" in f.message_vi) for f in read.findings] == [("outside_body", True)]


def test_numbers_of_a_formula_and_below_a_reading_aid_are_text() -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("Trạm BTS: ")
    math = OxmlElement("m:oMath")
    math.append(run := OxmlElement("m:r"))
    run.append(text := OxmlElement("m:t"))
    text.text = "88"
    paragraph._p.append(math)
    assert [p.text for p in open_docx(saved(document)).paragraphs] == ["Trạm BTS: 88"]


def test_a_part_taken_over_from_another_file_is_said_to_be_unread() -> None:
    document = docx.Document()
    document.add_paragraph("Báo cáo")
    document.element.body.insert(0, OxmlElement("w:altChunk"))
    assert [f.kind for f in open_docx(saved(document)).findings] == ["outside_body"]
