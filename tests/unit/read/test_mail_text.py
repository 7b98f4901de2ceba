"""Mail text: the writer's own lines, whole, and nobody else's."""

from __future__ import annotations

import pytest

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
