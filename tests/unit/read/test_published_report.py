"""A published report is read back whole: right figures, nothing invented, however the text was damaged."""

from __future__ import annotations

import random
import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.seed_report import differences, printed_figures
from flows.read.published_report import read_report

# Letters that a known PDF lost to blanks in regular type, and the full stop.
LOST = "âọõẻễỗĩ"

TEXT = """I. TÌNH HÌNH THỰC HIỆN NHIỆM VỤ CÔNG TÁC THÁNG 4:
1. Lĩnh vực công nghệ thông tin (CNTT):
- Thực hiện Nghị quyết số 36-NQ/TW ngày 01/7/2014; chỉ tiêu ít nhất 30% dịch vụ công trực tuyến mức độ 4.
2. Lĩnh vực bưu chính, viễn thông (BCVT):
- Kỷ niệm 44 năm Ngày Giải phóng 30/4; theo Quyết định số 11/QĐ-UBND ngày 05/01/2019.
* Bưu chính: Có 248 điểm phục vụ, gồm 28 bưu cục, 03 đại lý bưu điện. Mật độ phục vụ bình quân 5.902 người/điểm.
* Viễn thông: Có 1.650 trạm thu phát sóng (BTS) và 07 trạm điều khiển (BSC).
- Thuê bao điện thoại: trong tháng giảm 716 thuê bao; tổng số là 1.306.834 TB, gồm cố định 33.767 TB.
- Tỷ lệ dân sử dụng Internet đạt 50,09%.
4. Về thực hiện các Chương trình mục tiêu quốc gia:
- Thẩm định Tiêu chí số 8 về Thông tin và Truyền thông.
5. Công tác Thanh tra:
- Trong tháng không phát sinh lượt tiếp dân; đơn thư khiếu nại, tố cáo; đơn thư tồn đọng, kéo dài.
6. Hoạt động hỗ trợ của đơn vị sự nghiệp thuộc Sở:
- Xử lý trên 576 cuộc tấn công Spam Mail; chặn 2 ip 104.28.27.86 và 104.28.26.86 trên thiết bị tường lửa.
8. Công tác quản lý TT&TT tại các huyện, thị xã, thành phố:
- Toàn huyện có 42 đại lý Internet và 120 trạm BTS.
II. CHƯƠNG TRÌNH, NHIỆM VỤ CÔNG TÁC THÁNG 5:
1. Lĩnh vực công nghệ thông tin (CNTT):
- Phấn đấu 40% dịch vụ công trực tuyến mức độ 4."""

EXPECTED = {
    "online_services_l4_target": ("ge", "30"),
    "post_service_points_total": ("", "248"),
    "post_offices": ("", "28"),
    "post_agents": ("", "3"),
    "post_persons_per_point": ("", "5902"),
    "telecom_bts_total": ("", "1650"),
    "telecom_bsc": ("", "7"),
    "phone_subs_net_add": ("", "-716"),
    "phone_subs_total": ("", "1306834"),
    "phone_subs_fixed": ("", "33767"),
    "internet_users_pct": ("", "50.09"),
    "citizen_receptions": ("", "0"),
    "complaints_received": ("", "0"),
    "complaints_backlog": ("", "0"),
    "sec_spam_attacks": ("gt", "576"),
    "sec_firewall_ips_blocked": ("", "2"),
}


def read(text: str) -> dict[str, tuple[str, str]]:
    figures = read_report(text.encode(), "report.txt")
    assert len({figure.indicator_id for figure in figures}) == len(figures)
    return {figure.indicator_id: (figure.qualifier, str(figure.value)) for figure in figures}


def damage(text: str, seed: int) -> str:
    """Lose letters and full stops to blanks outside headings, wrap the lines hard, put a blank line between."""
    chance = random.Random(seed)
    lines = []
    for line in text.split("\n"):
        if not line.endswith(":"):
            line = "".join(" " if letter in LOST else letter for letter in line)
            line = re.sub(r"\. (?=[A-ZĐ])|\.$", "  ", line)
            line = re.sub(r"(?<=\d)\.(?=\d)", lambda m: chance.choice(". "), line) if chance.random() < 0.7 else line
            width = chance.randint(40, 90)
            line = re.sub(rf"(.{{{width},}}?)(?<! ) (?=[^\s\d(/%])", r"\1 \n\n", line)
        lines.append(line)
    return "\n\n".join(lines)


def test_report_is_read_and_nothing_invented() -> None:
    assert read(TEXT) == EXPECTED


@given(st.integers(0, 10_000))
def test_damage_changes_nothing(seed: int) -> None:
    assert read(damage(TEXT, seed)) == EXPECTED


def test_precision_place_and_raw_text_are_kept() -> None:
    figures = {figure.indicator_id: figure for figure in read_report(TEXT.encode(), "report.txt")}
    users = figures["internet_users_pct"]
    assert (users.value, users.printed_decimals, users.raw_text) == (Decimal("50.09"), 2, "50,09%")
    assert users.place == f"line {TEXT[: TEXT.index('50,09%')].count(chr(10)) + 1}"


@pytest.mark.parametrize("name", ["post_persons_per_point", "phone_subs_total", "post_agents"])
def test_an_absent_figure_takes_no_other_number(name: str) -> None:
    printed = {"post_persons_per_point": "5.902", "phone_subs_total": "1.306.834", "post_agents": "03"}
    text = TEXT.replace(printed[name], "(chưa có số liệu)")
    assert read(text) == {key: value for key, value in EXPECTED.items() if key != name}


def test_figure_printed_twice_with_two_values_comes_twice() -> None:
    text = TEXT.replace("gồm 28 bưu cục", "gồm 28 bưu cục; trong đó có 29 bưu cục các cấp")
    figures = read_report(text.encode(), "report.txt")
    assert [figure.value for figure in figures if figure.indicator_id == "post_offices"] == [Decimal(28), Decimal(29)]


@pytest.mark.shared
def test_all_printed_figures_of_the_damaged_report_are_read(shared_folder: Path) -> None:
    path = shared_folder / "reports" / "2019-04-gia-lai.txt"
    if not path.is_file():
        pytest.skip("the published report is not beside the project")
    figures = read_report(path.read_bytes(), path.name)
    assert differences(figures, printed_figures()) == ([], [], [])
    assert len(figures) == len(printed_figures())
