"""The files of an edition: the same bytes each time, nothing live in them, and read back as they were meant."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.publish.changes import Change, changes_sentence, find_changes
from flows.publish.document import ReportDocument
from flows.publish.document_check import (
    check_documents,
    check_docx,
    check_runs,
    check_with_reader,
    read_docx,
    read_pdf,
)
from flows.publish.docx_report import render_docx
from flows.publish.extracts import COLUMNS, dictionary_csv, extract_csv, extract_parquet, extract_rows
from flows.publish.html_report import render_html
from flows.publish.outline import load_outline
from flows.publish.outputs import render_outputs
from flows.publish.pdf_report import render_pdf
from flows.publish.report import build_report
from flows.publish.report_data import ReportData
from flows.publish.trace import items_tsv, trace_tsv
from flows.publish.workbook import render_workbook
from flows.read.published_report import read_report
from infra.csv_text import read_csv, safe_text, write_csv
from infra.errors import OperationError
from infra.printable import printable
from tests.unit.publish.conftest import PRINTED, make_item

LIVE = ("=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "＝1", "＋1", "－1", "＠x", " =1")


@pytest.fixture
def noted(april: ReportData) -> ReportData:
    """The month with figures that are not whole, so that footnotes are called, one of them twice."""
    changes = {"completeness": "incomplete", "missing": ("vnpt",)}
    names = ("phone_subs_total", "phone_subs_per_100", "internet_subs_total")
    figures = april.figures | {name: replace(april.figures[name], **changes) for name in names}
    missing = replace(figures["post_agents"], value=None, completeness="not_reported")
    return replace(april, figures=figures | {"post_agents": missing})


@pytest.fixture
def document(noted: ReportData) -> ReportDocument:
    return build_report(noted, load_outline())


def test_the_same_month_gives_the_same_bytes(noted: ReportData, tmp_path: Path) -> None:
    first, second = (render_outputs(noted, 1, None, tmp_path) for _ in range(2))
    assert first.files == second.files


def test_docx_declares_the_font_the_page_and_the_language(document: ReportDocument) -> None:
    with zipfile.ZipFile(io.BytesIO(render_docx(document))) as file:
        styles, body = file.read("word/styles.xml").decode(), file.read("word/document.xml").decode()
        assert {entry.date_time for entry in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert 'w:ascii="Times New Roman"' in styles
    assert 'w:val="vi-VN"' in styles
    assert 'w:w="11906" w:h="16838"' in body
    assert 'w:left="1701" w:right="850" w:top="1134" w:bottom="1134"' in body or 'w:left="1701"' in body


def test_docx_has_head_title_recipients_and_signature(document: ReportDocument) -> None:
    paragraphs, _ = read_docx(render_docx(document))
    for text in (
        "UBND TỈNH GIA LAI",
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "Số:          /BC-STTTT",
        "Gia Lai, ngày       tháng       năm 2019",
        "BÁO CÁO",
        "Nơi nhận:",
        "GIÁM ĐỐC",
    ):
        assert text in paragraphs


def test_docx_footnotes_are_real_and_numbered_as_called(document: ReportDocument) -> None:
    with zipfile.ZipFile(io.BytesIO(render_docx(document))) as file:
        notes, body = file.read("word/footnotes.xml").decode(), file.read("word/document.xml").decode()
    assert "chưa có báo cáo của VNPT Gia Lai" in notes
    assert body.count("<w:footnoteReference") == len(document.notes) == 2


def test_pdf_embeds_its_fonts_and_speaks_vietnamese(document: ReportDocument) -> None:
    import pdfplumber

    data = render_pdf(document)
    assert b"/Lang (vi" in data or b"/Lang(vi" in data
    with pdfplumber.open(io.BytesIO(data)) as pdf:
        assert {char["fontname"].split("+")[0] != char["fontname"] for page in pdf.pages for char in page.chars} == {
            True
        }
        assert (round(pdf.pages[0].width), round(pdf.pages[0].height)) == (595, 842)
        assert "ĐỒNG" not in pdf.pages[0].extract_text()
        assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in pdf.pages[0].extract_text()


def test_page_1_has_no_number_and_page_2_has(document: ReportDocument) -> None:
    import pypdfium2

    with pypdfium2.PdfDocument(render_pdf(document)) as pdf:
        last_lines = [pdf[n].get_textpage().get_text_bounded().rstrip().split("\n")[-1].strip() for n in range(2)]
    assert last_lines[0] != "1"
    assert last_lines[1] == "2"


def test_our_own_files_read_back_as_the_figures(document: ReportDocument, noted: ReportData) -> None:
    check_documents(document, render_docx(document), render_pdf(document), noted.figures)


@pytest.mark.parametrize("text", [
    "Kẻ dòng " + "_" * 160, "Chấm " + "." * 400, "Tệp " + "a" * 170 + ".xlsx", "Chữ " + "đ" * 150, "Gạch " + "-" * 200,
    "Hình \U0001f600\u2764\ufe0f vui", "Dấu \uf0b7 và \uf0d8 của Word", "Chữ nối: ﬁnal, ﬂow", "m² và ½, ≥ 3 → 4 ✓ ➢",
    "Kiểm tra 漢字 và ខ្មែរ", "ไทย العربية", "Toán 𝒜 và ⅷ, số ①",
    "Phím 1\ufe0f\u20e3, ꞌ, ™ № ℃ ㎡ Ⅷ 𝕳𝖊𝖑𝖑𝖔",
    "Dấu rời Hu\u0302e\u0302\u0301 a\u0316b", "Ngang\u2011dài – — ‐ ưu đãi 5₫ €",
])
def test_whatever_a_sender_writes_in_a_work_item_does_not_stop_the_report(noted: ReportData, text: str) -> None:
    item = next(item for item in noted.narrative if item.part == "I" and item.use_status == "in_force")
    odd = replace(noted, narrative=tuple(replace(i, text=f"{text}.") if i is item else i for i in noted.narrative))
    document = build_report(odd, load_outline())
    assert printable(text) in "".join(paragraph.text for paragraph in document.paragraphs)
    check_documents(document, render_docx(document), render_pdf(document), noted.figures)


def test_a_letter_that_differs_in_a_work_item_is_still_stopped(document: ReportDocument, noted: ReportData) -> None:
    tampered = _replace_in_docx(render_docx(document), "Rà soát", "Rả soát")
    with pytest.raises(OperationError, match="DOCX"):
        check_documents(document, tampered, render_pdf(document), noted.figures)


def test_a_docx_that_prints_another_figure_is_stopped(document: ReportDocument, noted: ReportData) -> None:
    tampered = _replace_in_docx(render_docx(document), "1.306.834", "1.306.843")
    with pytest.raises(OperationError, match=r"1\.306\.843"):
        check_documents(document, tampered, render_pdf(document), noted.figures)


def test_a_pdf_of_another_month_is_stopped(document: ReportDocument, april: ReportData, noted: ReportData) -> None:
    figures = april.figures | {"hotline_calls": replace(april.figures["hotline_calls"], value=Decimal(427))}
    other = build_report(
        replace(noted, figures=noted.figures | {"hotline_calls": figures["hotline_calls"]}), load_outline()
    )
    with pytest.raises(OperationError, match="PDF"):
        check_documents(document, render_docx(document), render_pdf(other), noted.figures)


def test_a_warehouse_that_moved_meanwhile_stops_the_report(document: ReportDocument, noted: ReportData) -> None:
    moved = noted.figures | {"telecom_bsc": replace(noted.figures["telecom_bsc"], value=Decimal(8))}
    with pytest.raises(OperationError, match="telecom_bsc"):
        check_documents(document, render_docx(document), render_pdf(document), moved)


def test_a_lost_bound_is_stopped(document: ReportDocument, noted: ReportData) -> None:
    exact = noted.figures | {"sec_spam_attacks": replace(noted.figures["sec_spam_attacks"], qualifier="le")}
    with pytest.raises(OperationError, match="sec_spam_attacks"):
        check_documents(document, render_docx(document), render_pdf(document), exact)


@pytest.mark.parametrize("sentence", ["", "Toàn tỉnh có 17 trạm điều khiển thông tin di động (BSC)."])
def test_what_another_reader_reads_otherwise_stops_the_report(april: ReportData, sentence: str) -> None:
    class Reported:
        indicator_id, value = "telecom_bsc", Decimal(17)

    Reported.sentence = sentence  # type: ignore[attr-defined]
    with pytest.raises(OperationError, match="telecom_bsc: 17"):
        check_with_reader([Reported()], "r.docx", build_report(april, load_outline()), april.figures)


def read_back(data: ReportData, *, with_pdf: bool = False) -> None:
    """Do to a month what publishing does to it: render it, and read each file twice."""
    document = build_report(data, load_outline())
    docx, pdf = render_docx(document), render_pdf(document) if with_pdf else b""
    assert check_runs(document, data.figures) == check_docx(document, docx, data.figures) == []
    check_with_reader(read_report(docx, "r.docx"), "r.docx", document, data.figures, data.statements)
    if with_pdf:
        check_documents(document, docx, pdf, data.figures)
        check_with_reader(read_report(pdf, "r.pdf"), "r.pdf", document, data.figures, data.statements)


def without(data: ReportData, names: Iterable[str]) -> ReportData:
    changes = {name: replace(data.figures[name], value=None, completeness="not_reported") for name in names}
    return replace(data, figures=data.figures | changes)


@pytest.mark.parametrize("name", PRINTED)
def test_a_month_without_one_figure_can_be_published(april: ReportData, name: str) -> None:
    read_back(without(april, [name]))


@pytest.mark.parametrize("name", PRINTED)
def test_a_month_with_one_figure_zero_can_be_published(change_figure: Callable[..., ReportData], name: str) -> None:
    read_back(change_figure(name, value=Decimal(0)))


def test_a_month_without_any_figure_can_be_published(april: ReportData) -> None:
    read_back(without(april, PRINTED), with_pdf=True)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.sets(st.sampled_from(sorted(PRINTED))))
def test_a_month_without_some_figures_can_be_published(april: ReportData, names: set[str]) -> None:
    read_back(without(april, names))


@pytest.mark.parametrize("countries", [Decimal(0), None])
def test_nothing_blocked_comes_from_no_country(april: ReportData, countries: Decimal | None) -> None:
    none = {"sec_foreign_ips_blocked": Decimal(0), "sec_source_countries": countries}
    figures = {name: replace(april.figures[name], value=value) for name, value in none.items()}
    data = replace(april, figures=april.figures | figures, narrative=(), statements=())
    paragraphs = build_report(data, load_outline()).paragraphs
    assert any("không phát sinh địa chỉ IP lạ phải ngăn chặn" in paragraph.text for paragraph in paragraphs)
    read_back(data, with_pdf=True)


def test_what_a_unit_says_of_itself_is_not_taken_for_the_province(april: ReportData) -> None:
    said = make_item("vnpost", "I", "BCVT", "Mật độ thuê bao Internet của đơn vị đạt 1,50 TB/100 dân.", "paragraph 7")
    data = replace(april, narrative=(*april.narrative, said))
    read_back(data, with_pdf=True)
    read_back(without(data, ["internet_subs_per_100"]), with_pdf=True)


def test_pdf_pages_lose_nothing_but_numbers_and_notes(document: ReportDocument) -> None:
    text = "".join(read_pdf(document, render_pdf(document)))
    assert "1.306.834[2]TB" in text
    assert "1.306.8342" not in text


def test_html_carries_the_exact_value_of_each_figure(document: ReportDocument) -> None:
    page = render_html(document).decode()
    assert '<data value="1306834" data-indicator="phone_subs_total" data-form="number">1.306.834</data>' in page
    assert 'lang="vi"' in page
    assert "src=" not in page
    assert "<script" not in page


def test_html_escapes_what_submitters_write(april: ReportData) -> None:
    item = replace(april.narrative[0], text="<script>alert(1)</script> & nữa.")
    page = render_html(build_report(replace(april, narrative=(item,)), load_outline())).decode()
    assert "<script" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("text", LIVE)
def test_no_text_is_a_formula_in_the_workbook(april: ReportData, text: str) -> None:
    source = replace(april.sources[0], raw_text=text, file=text)
    book = openpyxl.load_workbook(io.BytesIO(render_workbook(replace(april, sources=(source,)))))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert "f" not in {cell.data_type for cell in cells}
    assert not [cell for cell in cells if cell.hyperlink]


def test_the_workbook_survives_control_characters(april: ReportData) -> None:
    source = replace(april.sources[0], raw_text="a\x00b\x0bc\ud800d")
    book = openpyxl.load_workbook(io.BytesIO(render_workbook(replace(april, sources=(source,)))))
    assert "abcd" in [cell.value for row in book["Nguồn số liệu"].iter_rows() for cell in row]


def test_the_workbook_holds_numbers_and_empty_cells_for_missing(noted: ReportData) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(render_workbook(noted)))["Toàn tỉnh"]
    values = {row[1].value: row[4].value for row in sheet.iter_rows(min_row=5)}
    assert values["Tổng số thuê bao điện thoại (lũy kế)"] == 1306834
    assert values["Bán kính phục vụ bình quân"] == 4.46
    assert values["Đại lý bưu điện"] is None
    assert values["Thuê bao Dial-up"] == 0


def test_the_workbook_has_two_charts_and_frozen_headings(april: ReportData) -> None:
    data = replace(april, by_submitter=april.by_submitter | {("vnpt", "phone_subs_fixed"): Decimal(9)})
    file = render_workbook(data)
    with zipfile.ZipFile(io.BytesIO(file)) as container:
        assert len([name for name in container.namelist() if name.startswith("xl/charts/chart")]) == 2
    assert {sheet.freeze_panes is not None for sheet in openpyxl.load_workbook(io.BytesIO(file))} == {True}


@pytest.mark.parametrize("text", LIVE)
def test_csv_texts_cannot_run(text: str) -> None:
    assert safe_text(text).startswith("'")
    written = write_csv(("A",), [(text,)])
    assert read_csv(written)[0]["A"] == text.replace("\r", "\r")


def test_csv_numbers_stay_numbers() -> None:
    assert write_csv(("A", "B", "C"), [(Decimal("-5.50"), None, 0)]) == "\ufeffA,B,C\r\n-5.50,,0\r\n".encode()


def test_the_extract_names_columns_as_sdmx_does_and_keeps_missing_apart_from_zero(noted: ReportData) -> None:
    rows = {(r["REF_AREA"], r["REPORTING_UNIT"], r["INDICATOR"]): r for r in read_csv(extract_csv(extract_rows(noted)))}
    assert list(rows["64", "_T", "post_agents"]) == list(COLUMNS)
    assert (rows["64", "_T", "post_agents"]["OBS_VALUE"], rows["64", "_T", "post_agents"]["OBS_STATUS"]) == ("", "O")
    assert rows["64", "_T", "internet_subs_dialup"]["OBS_VALUE"] == "0"
    assert rows["64", "_T", "phone_subs_total"]["OBS_STATUS"] == "P"
    assert rows["64", "_T", "sec_spam_attacks"]["QUALIFIER"] == "gt"
    assert rows["64", "_T", "post_service_radius_km"]["OBS_VALUE"] == "4.46"
    assert rows["622", "vnpt", "telecom_bts_total"]["OBS_VALUE"] == "120"


def test_parquet_and_csv_hold_the_same_rows(noted: ReportData, tmp_path: Path) -> None:
    from infra.warehouse import writable

    rows = extract_rows(noted)
    (tmp_path / "e.parquet").write_bytes(extract_parquet(rows))
    with writable(tmp_path) as connection:
        found = connection.execute(f"select * from '{tmp_path / 'e.parquet'}'").fetchall()
    assert [(r.REF_AREA, r.REPORTING_UNIT, r.INDICATOR, r.OBS_VALUE) for r in rows] == [
        (r[2], r[3], r[4], r[5]) for r in found
    ]


def test_the_dictionary_explains_every_column_indicator_and_unit_of_the_extract(april: ReportData) -> None:
    known = {(row["KIND"], row["CODE"]) for row in read_csv(dictionary_csv(april))}
    for row in extract_rows(april):
        assert ("INDICATOR", row.INDICATOR) in known
        assert ("UNIT_MEASURE", row.UNIT_MEASURE) in known
    assert {("COLUMN", name) for name in COLUMNS} <= known


def test_every_printed_figure_is_traced(april: ReportData) -> None:
    document = build_report(april, load_outline())
    lines = trace_tsv(april, document).decode("utf-8-sig").splitlines()
    rows = [dict(zip(lines[0].split("\t"), line.split("\t"), strict=True)) for line in lines[1:]]
    assert {row["INDICATOR"] for row in rows} == set(PRINTED)
    bts = [row for row in rows if row["INDICATOR"] == "telecom_bts_total"]
    assert [(row["FILE"], row["SHEET"], row["CELL"], row["RAW_TEXT"]) for row in bts] == [
        ("Biểu 01.xlsx", "Tháng 4", "C10", "120"),
        ("Biểu 01.xlsx", "Tháng 4", "K7", "80"),
    ]
    radius = [row for row in rows if row["INDICATOR"] == "post_service_radius_km"]
    assert ("reference", "area_km2", "15510.8") in {
        (r["BASIS"], r["SOURCE_INDICATOR"], r["SOURCE_VALUE"]) for r in radius
    }


def test_every_work_item_is_accounted_for(april: ReportData) -> None:
    lines = items_tsv(april, build_report(april, load_outline())).decode("utf-8-sig").splitlines()
    places = [line.split("\t")[-1] for line in lines[1:]]
    assert len(places) == len(april.narrative)
    assert places.count("zero:citizen_receptions") == 1
    assert all(places)


def test_changes_name_both_values_and_the_sentence_the_provincial_ones(
    april: ReportData, change_figure: Callable[..., ReportData]
) -> None:
    before, after = (extract_csv(extract_rows(d)) for d in (april, change_figure("post_offices", value=Decimal(29))))
    changes = find_changes(before, after)
    assert changes == [Change("64", "_T", "post_offices", "28", "29")]
    assert changes_sentence(2, changes, {"post_offices": "Bưu cục các cấp"}) == (
        "(Phát hành lần 2, thay thế lần 1; các số liệu toàn tỉnh thay đổi: Bưu cục các cấp (trước: 28; nay: 29).)"
    )


def _replace_in_docx(data: bytes, old: str, new: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(old.encode(), new.encode()))
    return buffer.getvalue()
