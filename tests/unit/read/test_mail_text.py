"""Mail text: the writer's own lines, whole, and nobody else's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.read.mail_text import open_body
from flows.read.text import encode_tcvn3


def lines(text: str) -> list[str]:
    return [paragraph.text for paragraph in open_body(text).paragraphs if paragraph.text]


@pytest.mark.parametrize(
    "tail",
    [
        "> Có 125 trạm BTS\n> Trân trọng",
        "Vào Th 3, 16 thg 4, 2019 lúc 09:30 Phòng VH&TT <vh@x.example> đã viết:\nCó 125 trạm BTS",
        "On Tue, Apr 16, 2019 at 9:30 AM Phong <vh@x.example> wrote:\n> Có 125 trạm BTS",
        "-----Original Message-----\nCó 125 trạm BTS",
        "--\nNguyễn Thị Mẫu\nĐT: 0269 3824 125",
        "-- \nNguyễn Thị Mẫu",
    ],
)
def test_quotation_and_signature_are_not_the_writers_words(tail: str) -> None:
    assert lines(f"Có 120 trạm BTS.\n\n{tail}") == ["Có 120 trạm BTS."]


def test_line_broken_by_the_mail_program_is_joined() -> None:
    text = "Do cộng nhầm trạm đang xây dựng, đề nghị sửa số trạm BTS trên địa bàn\nhuyện thành 120 trạm. Hết."
    assert lines(text) == [text.replace("\n", " ")]


def test_short_lines_and_items_stay_apart() -> None:
    text = "- Thành phố Pleiku và các xã phụ cận theo danh sách kèm theo: 2.461 TB\n- Thị xã An Khê: 325 TB\nKế toán"
    assert lines(text) == text.split("\n")


def test_every_line_has_the_place_body() -> None:
    assert {paragraph.place for paragraph in open_body("một\n\nhai").paragraphs} == {"body"}


def test_text_of_a_legacy_code_is_decoded_by_its_letters() -> None:
    text = "Tổng cộng số trạm trên địa bàn\nđơn vị tính: trạm"
    assert lines(encode_tcvn3(text)) == text.split("\n")


@pytest.mark.parametrize("rule", ["---", "-----------------------", "=====", "___________", "*****", "- - -", "–––––"])
def test_a_rule_parts_nothing_off(rule: str) -> None:
    assert "Có 75 trạm BTS." in lines(f"Báo cáo tháng 4\n{rule}\nCó 75 trạm BTS.")


def test_an_answer_below_the_quoted_lines_is_read() -> None:
    text = "On Tue, Apr 16, 2019 at 9:30 AM Phong <vh@x.example> wrote:\n> Có 125 trạm BTS\nCó 120 trạm BTS."
    assert lines(text) == ["Có 120 trạm BTS."]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Có 120 trạm.\n> cũ\n> nữa", ["2 dòng của thư (từ dòng 2 đến dòng 3) không được đọc: thư cũ"]),
        ("Có 120 trạm.\n-- \nMẫu", ["1 dòng của thư (dòng 3) không được đọc: chữ ký"]),
        ("Có 120 trạm.\n-----\nHết", []),
    ],
)
def test_what_is_set_aside_is_said_with_its_lines(text: str, said: list[str]) -> None:
    findings = open_body(text).findings
    assert [f.message_vi.startswith(s) for f, s in zip(findings, said, strict=True)] == [True] * len(said)
    assert {(f.kind, f.severity) for f in findings} <= {("set_aside_text", "note")}


WORDS = st.sampled_from(["Có 75 trạm.", "-- ", "---", "> cũ", "=====", "On 16/4 a@b wrote:", "Từ: a@b.vn", "", "- Họp"])


@given(st.lists(WORDS, max_size=12), st.sampled_from(["\n", "\r\n", "\r", "\u2028", "\x85"]))
def test_every_line_is_read_a_rule_or_said_to_be_set_aside(written: list[str], line_end: str) -> None:
    content = open_body(line_end.join(written))
    set_aside = sum(int(f.message_vi.split()[0]) for f in content.findings)
    read = sum(p.text.count("Có 75") + p.text.count("- Họp") for p in content.paragraphs)
    said = sum(line in ("Có 75 trạm.", "- Họp") for line in written)
    assert read + set_aside >= said
