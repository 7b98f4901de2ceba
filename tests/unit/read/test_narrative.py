"""Work items: sorted by their headings, else by their words; headings and letters are no items."""

from __future__ import annotations

import random

import pytest

from flows.read.document import Paragraph, ReadContext
from flows.read.prose import read_paragraphs
from flows.records import Reading
from infra.catalogue import load_catalogue

PERIOD = "2019-04"
CATALOGUE = load_catalogue().at(PERIOD)


def read(submitter_id: str, text: str) -> Reading:
    context = ReadContext(CATALOGUE, PERIOD, CATALOGUE.submitter_by_id[submitter_id], "r", "m", "a.docx")
    paragraphs = [Paragraph(line, f"paragraph {number}") for number, line in enumerate(text.split("\n"), start=1)]
    return read_paragraphs(paragraphs, context)


def items(submitter_id: str, text: str) -> list[tuple[str, str, str]]:
    return [(i.part, i.section, i.text) for i in read(submitter_id, text).narrative_items]


REPORT = """BÁO CÁO
Công tác tháng 4, phương hướng tháng 5 năm 2019
I. KẾT QUẢ CÔNG TÁC THÁNG 4
1. Công nghệ thông tin:
- Rà soát hộp thư công vụ của 17 cơ quan.
2. Bưu chính, viễn thông:
+ Bố trí thêm chuyến thư đi xã Ia O.
3. Công tác quản lý TT&TT tại các huyện
Phòng đã tham mưu kế hoạch quản lý dịch vụ văn hóa năm 2019.
* Số liệu trong tháng:
II. NHIỆM VỤ TRỌNG TÂM THÁNG 5
1. Chương trình mục tiêu quốc gia:
- Hướng dẫn xã Ia Dom hoàn thiện hồ sơ.
Trên đây là báo cáo của đơn vị, kính gửi Sở tổng hợp./.
- Lưu: VT."""


def test_headings_sort_items_and_are_no_items() -> None:
    assert items("dist_628", REPORT) == [
        ("I", "CNTT", "Rà soát hộp thư công vụ của 17 cơ quan."),
        ("I", "BCVT", "Bố trí thêm chuyến thư đi xã Ia O."),
        ("I", "HUYEN", "Phòng đã tham mưu kế hoạch quản lý dịch vụ văn hóa năm 2019."),
        ("II", "CTMTQG", "Hướng dẫn xã Ia Dom hoàn thiện hồ sơ."),
    ]


def test_without_section_headings_the_words_decide_in_the_order_of_the_report() -> None:
    text = """I. Kết quả tháng 4
- Cập nhật danh sách hộp thư công vụ của 29 cơ quan.
- Bưu điện huyện bố trí thêm chuyến thư trong mùa mưa.
- Xe thông tin lưu động đi 03 buổi tới các làng.
- Đăng ký thiết bị nghe nhìn cho nhà văn hóa xã.
II. Kế hoạch tháng 5
- Mở 02 lớp hướng dẫn dùng chữ ký số.
- Hướng dẫn xã hoàn thiện minh chứng tiêu chí thông tin và truyền thông."""
    assert [(part, section) for part, section, _ in items("dist_630", text)] == [
        ("I", "CNTT"), ("I", "BCVT"), ("I", "TTBCXB"), ("I", "CTMTQG"), ("II", "CNTT"), ("II", "CTMTQG"),
    ]  # fmt: skip


def test_items_of_a_division_belong_to_its_section_unless_a_heading_says_otherwise() -> None:
    text = """I. Kết quả tháng 4
- Cấp 06 giấy phép xuất bản tài liệu không kinh doanh.
2. Chương trình mục tiêu quốc gia
- Tổng hợp nhu cầu thiết bị của các xã khó khăn."""
    assert [section for _, section, _ in items("p_ttbcxb", text)] == ["TTBCXB", "CTMTQG"]


def test_divisions_keep_items_that_state_figures_and_districts_do_not() -> None:
    assert items("thanh_tra", "I. Kết quả\n- Tiếp công dân: 01 lượt.") == [("I", "THANHTRA", "Tiếp công dân: 01 lượt.")]
    assert items("dist_628", "I. Kết quả\n- Toàn huyện có 27 đại lý Internet và 86 trạm BTS.") == []


def test_bullet_run_into_the_line_before_is_an_item_of_its_own() -> None:
    text = "I. Kết quả\n- Ban hành kế hoạch phòng, chống in lậu năm 2019; - Triển khai cơ sở dữ liệu tiếp công dân."
    assert [item[2] for item in items("thanh_tra", text)] == [
        "Ban hành kế hoạch phòng, chống in lậu năm 2019;", "Triển khai cơ sở dữ liệu tiếp công dân.",
    ]  # fmt: skip


def test_sub_items_stay_with_their_lead() -> None:
    text = "I. Kết quả\n- Định hướng các cơ quan báo, đài tuyên truyền các nội dung sau đây trong tháng báo cáo:\n" \
           "+ Phòng, chống cháy rừng.\n+ An toàn giao thông.\n- Việc khác đã làm."  # fmt: skip
    texts = [item[2] for item in items("p_ttbcxb", text)]
    assert texts[0].endswith("báo cáo:\n+ Phòng, chống cháy rừng.\n+ An toàn giao thông.")
    assert texts[1] == "Việc khác đã làm."


def test_mail_without_numbered_headings_is_understood() -> None:
    text = """Gửi bộ phận tổng hợp nội dung tháng 4:

- Tổ chức họp giao ban cơ quan 04 lần.

Kế hoạch tháng 5:
- Chuẩn bị tài liệu họp."""
    assert items("van_phong", text) == [
        ("I", "KHAC", "Tổ chức họp giao ban cơ quan 04 lần."),
        ("II", "KHAC", "Chuẩn bị tài liệu họp."),
    ]


def test_letter_without_parts_has_no_items() -> None:
    assert items("viettel_post", "BÁO CÁO\nSản lượng bưu gửi tăng nhẹ; chất lượng phát đạt chỉ tiêu đã giao.") == []


def test_part_of_unknown_matter_holds_no_items() -> None:
    text = "I. Kết quả\n- Đã sao lưu máy chủ.\nIII. Kiến nghị, đề xuất\n- Xin thêm kinh phí mua máy chủ."
    assert items("dist_628", text) == [("I", "CNTT", "Đã sao lưu máy chủ.")]


def test_names_of_sections_alone_on_a_line_are_headings() -> None:
    text = """I. Kết quả thực hiện
Bưu chính, viễn thông
- Hướng dẫn xã hoàn thiện hồ sơ.
Thông tin, báo chí và xuất bản
- Rà soát hộp thư công vụ."""
    assert [section for _, section, _ in items("dist_628", text)] == ["BCVT", "TTBCXB"]


PIECES = ["Cấp phép quảng cáo dịp lễ", "Phối hợp kiểm tra quán Internet", "Treo băng rôn dịp lễ", "Tập huấn chữ ký số",
          "Tiếp nhận hồ sơ một cửa điện tử"]  # fmt: skip
HEADS = ["I. Kết quả tháng 4", "III. Kiến nghị, đề xuất", "II. Kế hoạch tháng 5", "Công nghệ thông tin", ""]


@pytest.mark.parametrize("seed", range(60))
def test_every_line_of_work_is_an_item_or_said(seed: int) -> None:
    """Lines with and without bullets and full stops, below any heading: none is lost without a word."""
    chance = random.Random(seed)
    lines = [f"{chance.choice(['', '- ', '+ '])}{piece}{chance.choice(['', '.', ';'])}" for piece in PIECES]
    for head in HEADS[: chance.randrange(1, 5)]:
        lines.insert(chance.randrange(len(lines)), head)
    reading = read("dist_628", "\n".join(lines))
    unread = [piece for piece in PIECES if not any(piece in item.text for item in reading.narrative_items)]
    said = [finding for finding in reading.findings if finding.kind == "line_without_item"]
    bulleted_or_in_part = [piece for piece in unread if must_be_said(piece, lines)]
    assert bool(said) == bool(bulleted_or_in_part)
    assert not said or said[0].message_vi.startswith(f"{len(bulleted_or_in_part)} dòng")


def must_be_said(piece: str, lines: list[str]) -> bool:
    """Of a letter without any heading above, only what has a bullet is meant as an item."""
    number = next(n for n, line in enumerate(lines) if piece in line)
    heads = [line for line in lines[:number] if line.startswith(("I. ", "II. ", "III. "))]
    return lines[number].startswith(("-", "+")) or (heads[-1:] != [] and not heads[-1].startswith("III. "))
