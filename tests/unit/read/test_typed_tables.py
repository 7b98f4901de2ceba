"""A table within the text of a mail is read by its columns, and the number of a row is never a figure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.mail.html_text import html_text
from flows.mail.message import parse_mail
from flows.read.document import ReadContext
from flows.read.mail_text import open_body
from flows.read.reader import read_document
from flows.records import Reading
from infra.catalogue import load_catalogue

PERIOD = "2019-04"
CATALOGUE = load_catalogue().at(PERIOD)
DISTRICT = CATALOGUE.submitter_by_id["dist_632"]
HEAD = ("TT", "Chỉ tiêu", "ĐVT", "Số liệu")
LABELS = {
    "internet_agents": ("Đại lý Internet, điểm trò chơi điện tử công cộng", "đại lý"),
    "telecom_bts_total": ("Trạm thu phát sóng (BTS) trên địa bàn", "trạm"),
    "border_panels_deployed": ("Cụm pa nô tuyên truyền biên giới", "cụm"),
}


def read(text: str) -> Reading:
    return read_document(text.encode(), ReadContext(CATALOGUE, PERIOD, DISTRICT, "r", "m", "(body)"))


def figures(text: str) -> dict[str, str]:
    return {o.indicator_id: str(o.value) for o in read(text).observations}


def rows_of(values: dict[str, int]) -> list[tuple[str, ...]]:
    named = [(str(n), *LABELS[name], str(value)) for n, (name, value) in enumerate(values.items(), start=1)]
    return [HEAD, *named]


def aligned(rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in rows) + 2 for column in range(len(HEAD))]
    return "\n".join("".join(t.ljust(w) for t, w in zip(row, widths, strict=True)).rstrip() for row in rows)


def by_two_blanks(rows: list[tuple[str, ...]]) -> str:
    return "\n".join("  ".join(row) for row in rows)


def by_tabs(rows: list[tuple[str, ...]]) -> str:
    return "\n".join("\t".join(row) for row in rows)


def by_bars(rows: list[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|----|----|----|----|", *lines[1:]])


def as_html(rows: list[tuple[str, ...]]) -> str:
    made = "".join("<tr>" + "".join(f"<td>{text}</td>" for text in row) + "</tr>" for row in rows)
    return html_text(f"<html><body><table>{made}</table></body></html>")


def as_html_of_word(rows: list[tuple[str, ...]]) -> str:
    made = "".join("<tr>" + "".join(f"<td>\n<p class=MsoNormal>{t}</p>\n</td>" for t in row) + "</tr>" for row in rows)
    return html_text(f"<div><table border=1><tbody>{made}</tbody></table></div>")


WRITTEN = [aligned, by_two_blanks, by_tabs, by_bars, as_html, as_html_of_word]
VALUES = st.dictionaries(st.sampled_from(sorted(LABELS)), st.integers(min_value=0, max_value=999), min_size=1)


@given(VALUES, st.sampled_from(WRITTEN))
def test_a_table_within_a_text_is_read_by_its_columns(values: dict[str, int], write) -> None:
    expected = {name: str(value) for name, value in values.items()}
    assert figures(f"Kính gửi Sở.\n\n{write(rows_of(values))}\n\nTrân trọng.") == expected


@given(VALUES, st.sampled_from([aligned, by_two_blanks, by_tabs, as_html]), st.booleans())
def test_the_number_of_a_row_is_never_its_figure(values: dict[str, int], write, has_head: bool) -> None:
    text = write(rows_of(values)[0 if has_head else 1 :])
    said = read(text)
    assert all(o.value == values[o.indicator_id] for o in said.observations)
    assert {o.indicator_id for o in said.observations} == set(values) or said.findings


@pytest.mark.parametrize("text", ["1 Đại lý Internet", "2 Trạm BTS", "1  trạm BTS\n2  đại lý Internet", "1\tTrạm BTS"])
def test_a_number_that_opens_a_row_is_no_figure_and_is_said(text: str) -> None:
    reading = read(text)
    assert reading.observations == ()
    assert {f.kind for f in reading.findings} == {"unread_figure"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("42 đại lý Internet và 120 trạm BTS", {"internet_agents": "42", "telecom_bts_total": "120"}),
        ("27 trạm BTS.", {"telecom_bts_total": "27"}),
        ("1 Trạm BTS: 21 trạm", {"telecom_bts_total": "21"}),
        ("Một.  Trạm BTS: 21.\nHai.  Đại lý Internet: 4.", {"telecom_bts_total": "21", "internet_agents": "4"}),
    ],
)  # fmt: skip
def test_a_line_that_is_no_row_is_read_as_before(text: str, expected: dict[str, str]) -> None:
    assert figures(text) == expected


def test_a_blank_cell_keeps_its_column() -> None:
    text = "TT  Chỉ tiêu       ĐVT    Số liệu\n1   Trạm BTS              21\n2   Đại lý Internet  đl   7"
    assert [len(block.cells) for block in open_body(text).grids] in ([], [11])
    assert figures(text).get("telecom_bts_total") != "1"


def test_a_page_laid_out_by_a_table_keeps_its_lines() -> None:
    cell = "<p>Kính gửi Sở</p><p>- Trạm BTS: 21</p><p>- Đại lý Internet: 4</p>"
    page = f"<table><tr><td>{cell}</td><td>Lề</td></tr></table>"
    assert html_text(page) == "Kính gửi Sở\n- Trạm BTS: 21\n- Đại lý Internet: 4\nLề"


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<table><tr><td>1<td>2<tr><td>3<td>4</table>sau", "1\t2\n3\t4\nsau"),
        ("<table><tr><td colspan=2>Nhóm</td></tr><tr><td>a</td><td>b</td></tr></table>", "Nhóm\na\tb"),
        ("<table><tr><th rowspan=2>A</th><th colspan=2>G</th></tr><tr><th>x</th><th>y</th></tr></table>",
         "A\tG\tG\n\tx\ty"),
        ("<table><tr><td><table><tr><td>1<td>2</table></td><td>lề</td></tr></table>", "1\t2\nlề"),
        ("a</table></tr>b<td>c", "a\nb\nc"),
    ],
)  # fmt: skip
def test_rows_of_html_are_lines_with_tabs(page: str, text: str) -> None:
    assert html_text(page) == text


@given(st.lists(st.sampled_from(["<table>", "</table>", "<tr>", "<td>", "<td colspan=3>", "</td>", "<blockquote>",
                                 "</blockquote>", "<p>", "từ"]), max_size=40))  # fmt: skip
def test_no_word_of_a_page_is_lost(pieces: list[str]) -> None:
    words = sum(piece == "từ" for piece in pieces)
    assert html_text("".join(pieces)).count("từ") >= words


@pytest.mark.parametrize("above", ["Kế hoạch năm 2019:", "Số liệu tháng 3:", "Dự kiến tháng 5:"])
def test_a_table_below_the_heading_of_a_plan_gives_no_figure(above: str) -> None:
    reading = read(f"{above}\n{aligned(rows_of({'telecom_bts_total': 21}))}")
    assert reading.observations == ()
    assert [f.kind for f in reading.findings] == ["figure_not_reported"]


@pytest.mark.parametrize("head", [b'Content-Type: text/plain; charset=utf-8; name="noidung.txt"\n',
                                  b"Content-Type: text/plain; charset=utf-8\n"
                                  b'Content-Disposition: attachment; filename="bc.txt"\n'])  # fmt: skip
def test_lines_of_a_named_or_attached_text_are_read_as_those_of_the_mail(head: bytes) -> None:
    text = "".join(f"- {LABELS[name][0]}: {n}\n" for name, n in (("internet_agents", 20), ("telecom_bts_total", 21)))
    (file,) = parse_mail(b"From: a@b.example\nMIME-Version: 1.0\n" + head + b"\n" + text.encode()).attachments
    reading = read_document(file.data, ReadContext(CATALOGUE, PERIOD, DISTRICT, "r", "m", file.name))
    assert {o.indicator_id: str(o.value) for o in reading.observations} == figures(text)
    assert figures(text) == {"internet_agents": "20", "telecom_bts_total": "21"}
