"""Rich text: what a reader sees is read, in every way in which a letter can be written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.read.document import Content
from flows.read.preflight import inspect_file
from flows.read.rtf_files import open_rtf
from flows.read.text import encode_tcvn3
from infra.errors import SubmissionError

HEAD = r"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fswiss\fcharset163 Arial;}{\f1\fcharset0 .VnTime;}{\f2 Arial;}}"


def rtf(body: str) -> Content:
    return open_rtf((HEAD + body + "}").encode("latin-1"))


def lines(body: str) -> list[str]:
    return [p.text for p in rtf(body).paragraphs]


def unicode_letters(text: str) -> str:
    units = text.encode("utf-16-le")
    return "".join(f"\\u{int.from_bytes(units[i : i + 2], 'little', signed=True)}?" for i in range(0, len(units), 2))


def test_paragraphs_count_empty_ones_included() -> None:
    content = rtf(r"\pard Bao cao\par\par So tram: 75\par")
    assert [(p.text, p.place) for p in content.paragraphs] == [
        ("Bao cao", "paragraph 1"), ("", "paragraph 2"), ("So tram: 75", "paragraph 3"),
    ]  # fmt: skip


def test_letters_are_read_in_unicode_in_a_code_page_and_in_an_old_font() -> None:
    word = "Đại lý"
    old = "".join(f"\\'{ord(c):02x}" if ord(c) > 127 else c for c in encode_tcvn3(word.lower()))
    cp1258 = "".join(f"\\'{c:02x}" for c in "Đa\u0323i ly\u0301".encode("cp1258"))
    assert lines(f"{unicode_letters(word)}\\par\\f0 {cp1258}\\par\\f1 {old}\\par") == [word, word, word.lower()]


def test_a_number_beside_the_body_is_said_and_not_read() -> None:
    content = rtf(
        r"{\header\pard Tram BTS: 55 tram\par}{\footer\pard Trang {\field{\*\fldinst PAGE}{\fldrslt 1}}\par}"
        r"\pard So dai ly: 75{\footnote\pard Trong do 12 moi}\par"
    )
    assert [p.text for p in content.paragraphs] == ["So dai ly: 75"]
    said = [(f.kind, f.raw_text) for f in content.findings]
    assert said == [("outside_body", "Tram BTS: 55 tram"), ("outside_body", "Trong do 12 moi")]


@given(st.text(st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp", "Cf", "Mn", "So", "Sk")), max_size=20))
def test_every_letter_comes_back(text: str) -> None:
    import unicodedata

    found = rtf(r"\f2 a" + unicode_letters(text) + r"b\par").paragraphs[0].text
    assert unicodedata.normalize("NFC", found) == unicodedata.normalize("NFC", f"a{text}b")


def test_a_letter_may_have_no_stand_in_or_several() -> None:
    assert lines(r"\uc0\u272 a\par\uc2\u272 xya\par{\uc0\u272 }\u272 xya\par") == ["Đa", "Đa", "ĐĐa"]


def test_what_is_no_text_of_the_document_is_passed_over() -> None:
    body = r"{\stylesheet{\s0 Normal;}}{\info{\author A}}{\header Trang 1}{\*\generator Word 99;}{\pict 0100}"
    assert lines(body + r"Co {\v 12}{\deleted 34}75{\super 1} tram{\footnote so 9}\par") == ["Co 75 tram"]


def test_binary_data_is_no_text() -> None:
    assert lines(r"{\pict\bin4 a}{b}" + r"Co 75\par") == ["Co 75"]


def test_a_table_has_its_cells_in_place() -> None:
    head = r"\trowd\cellx2000\cellx4000\pard\intbl "
    rows = head + r"Tram BTS\cell 75\cell\row" + head + r"Dai ly\par Internet\cell 10\cell\row"
    (table,) = rtf(rows + r"\pard Het\par").grids
    assert {place: cell.text for place, cell in table.cells.items()} == {
        (1, 1): "Tram BTS", (1, 2): "75", (2, 1): "Dai ly\nInternet", (2, 2): "10",
    }  # fmt: skip
    assert table.place(2, 2) == "table 1 row 2 col 2"


def test_merged_cells_do_not_shift_their_neighbours() -> None:
    wide = r"\trowd\cellx4000\cellx6000\pard\intbl Ca hai\cell 3\cell\row"
    (table,) = rtf(wide + r"\trowd\cellx2000\cellx4000\cellx6000\pard\intbl 1\cell 2\cell 3\cell\row").grids
    assert table.cells[1, 3].text == table.cells[2, 3].text == "3"
    assert table.merged == ((1, 1, 1, 2),)


def test_a_list_is_a_list() -> None:
    content = rtf(r"\pard{\listtext 1.\tab}Hop giao ban\par\pard Het\par")
    assert [(p.text, p.is_list_item) for p in content.paragraphs] == [("Hop giao ban", True), ("Het", False)]


def test_a_file_that_ends_early_is_said_to_be_cut() -> None:
    whole = (HEAD + r"Co 75 tram\par}").encode()
    assert inspect_file(whole, "a.rtf") == inspect_file(whole, "a.doc") == []
    assert [p.kind for p in inspect_file(whole[:-3], "a.rtf")] == ["truncated_file"]


def test_groups_nested_without_end_are_refused_in_words() -> None:
    with pytest.raises(SubmissionError, match="lồng nhau"):
        open_rtf(b"{\\rtf1" + b"{" * 100_000)


WORDS = [
    *r"\{}", "\\u-9", "\\bin9 ", "\\cell", "\\row", "\\trowd", "\\cellx1 ", "\\par", "\\'8", "\\'ff", "\\ansicpg0 ",
    "\\fonttbl", "\\f9 ", "\\uc99 ", "a", "\0", "\\*", "\\super",
]  # fmt: skip


@given(st.lists(st.sampled_from(WORDS), max_size=60))
def test_any_order_of_words_is_read_or_refused(words: list[str]) -> None:
    open_rtf(b"{\\rtf1" + "".join(words).encode("latin-1"))
