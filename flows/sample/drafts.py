"""What an office puts into one mail, and the names it uses for places."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flows.sample.figures import Message, SampleMonth

GREETING = "Kính gửi: Sở Thông tin và Truyền thông tỉnh Gia Lai"
MONTH_LINE = "Tháng 4 năm 2019 (từ ngày 15/3/2019 đến ngày 14/4/2019)"

HEADINGS = {
    "CNTT": "Lĩnh vực công nghệ thông tin",
    "BCVT": "Lĩnh vực bưu chính, viễn thông",
    "TTBCXB": "Lĩnh vực thông tin, báo chí, xuất bản",
    "CTMTQG": "Chương trình mục tiêu quốc gia",
    "THANHTRA": "Công tác thanh tra",
    "DVSN": "Hoạt động của đơn vị sự nghiệp",
    "HUYEN": "Công tác quản lý thông tin và truyền thông trên địa bàn",
    "KHAC": "Công tác khác",
}
PART_TITLES = {"I": "KẾT QUẢ THỰC HIỆN THÁNG 4", "II": "NHIỆM VỤ THÁNG 5"}


@dataclass(frozen=True)
class Draft:
    """The text of a mail and the bytes of its attachment; empty bytes mean there is none."""

    body: str
    attachment: bytes = b""


Form = Callable[[SampleMonth, Message], Draft]


def covering_note(sender: str, what: str) -> str:
    """Return the usual short mail text around an attachment."""
    return f"{GREETING}\n\n{sender} gửi {what} tháng 4/2019 theo tệp đính kèm.\n\nTrân trọng.\n"


def full_name(month: SampleMonth, area: str) -> str:
    """Return the official name: "Huyện Chư Sê"."""
    return month.catalogue.area_by_code[area].area_name


def short_name(month: SampleMonth, area: str) -> str:
    """Return the bare name: "Chư Sê"."""
    return month.catalogue.area_by_code[area].short_name


def abbreviated(month: SampleMonth, area: str) -> str:
    """Return the name as tables abbreviate it: "H. Chư Sê", "TP. Pleiku"."""
    row = month.catalogue.area_by_code[area]
    prefix = {"city": "TP.", "town": "TX."}.get(row.area_type, "H.")
    return f"{prefix} {row.short_name}"


def outline(month: SampleMonth, message: Message) -> Iterator[str]:
    """Yield the work items of a submission as plain lines under part and section headings."""
    for part, title in PART_TITLES.items():
        yield f"{part}. {title}"
        for number, (section, texts) in enumerate(month.items(message.submitter_id, part), start=1):
            yield f"{number}. {HEADINGS[section]}"
            yield from (f"- {text}" for text in texts)
