"""The sample of a month since July 2025: the communes, the enterprises and the department that took over.

Names and areas are the catalogue's; every figure and every sentence is invented. A figure is made from the hash of its
place and grows by the same number each month, so that the samples of two months follow each other.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cached_property

from flows.sample.figures import dotted, padded
from flows.sample.sheets import Sheet, Value, write_workbook
from infra.catalogue import Area, Catalogue, Submitter, next_period, previous_period
from infra.vietnamese import HANOI

FIRST_MONTH = "2025-07"
RECIPIENT = "tonghop@skhcn-gialai.example"
XLSX = ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")
# indicator: (heading of its column, least in one commune, span above that, most that it grows in a month)
BY_COMMUNE = {
    "phone_subs_fixed": ("Thuê bao cố định", 5, 40, 0),
    "phone_subs_mobile_postpaid": ("Thuê bao di động trả sau", 60, 300, 3),
    "phone_subs_mobile_prepaid": ("Thuê bao di động trả trước", 900, 5000, 8),
    "internet_subs_adsl": ("Thuê bao ADSL", 0, 3, 0),
    "internet_subs_ftth": ("Thuê bao FTTH", 150, 900, 4),
    "telecom_bts_total": ("Tổng số trạm BTS", 2, 12, 0),
    "post_offices": ("Bưu cục các cấp", 1, 2, 0),
    "post_agents": ("Đại lý bưu điện", 0, 2, 0),
    "post_mailboxes_standalone": ("Thùng thư công cộng độc lập", 0, 3, 0),
}
PHONES = ("phone_subs_fixed", "phone_subs_mobile_postpaid", "phone_subs_mobile_prepaid")
INTERNET = ("internet_subs_adsl", "internet_subs_ftth")
TELECOM = (*PHONES, *INTERNET, "telecom_bts_total")
POST = ("post_offices", "post_agents", "post_mailboxes_standalone")
DONE = (
    "Duy trì tổ công nghệ số cộng đồng tại các thôn, làng, tổ dân phố.",
    "Hướng dẫn người dân nộp hồ sơ trực tuyến tại Trung tâm Phục vụ hành chính công.",
    "Rà soát điểm lõm sóng di động trên địa bàn.",
)
PLANNED = ("Tập huấn kỹ năng số cho cán bộ thôn.", "Kiểm tra cáp viễn thông treo thấp trên các tuyến đường.")


def messages_of(catalogue: Catalogue, period: str) -> Iterator[tuple[str, bytes]]:
    """Yield the file names and the bytes of a month's messages in the order they are sent, the same every time."""
    month = TwoTierMonth(catalogue, period)
    for number, submitter in enumerate(catalogue.submitters):
        name = f"{number + 1:03d}.eml"
        yield name, _compose(month, submitter, number, *_draft(month, submitter))


@dataclass(frozen=True)
class TwoTierMonth:
    """The invented figures of one month."""

    catalogue: Catalogue
    period: str

    @property
    def title(self) -> str:
        return f"tháng {int(self.period[5:])}/{self.period[:4]}"

    @property
    def next_month(self) -> int:
        return int(next_period(self.period)[5:])

    @cached_property
    def before(self) -> TwoTierMonth:
        return TwoTierMonth(self.catalogue, previous_period(self.period))

    @cached_property
    def communes(self) -> tuple[Area, ...]:
        return self.catalogue.local_areas

    def figure(self, submitter_id: str, indicator_id: str, area: Area) -> int:
        """Return a submitter's figure of one commune."""
        _, least, span, growth = BY_COMMUNE[indicator_id]
        drawn = zlib.crc32(f"{submitter_id} {indicator_id} {area.area_code}".encode())
        return least + drawn % (span + 1) + (_months_since_start(self.period) * (1 + drawn % growth) if growth else 0)

    def total(self, submitter_id: str, *indicator_ids: str) -> int:
        """Return the sum of a submitter's figures over all communes."""
        return sum(self.figure(submitter_id, name, area) for name in indicator_ids for area in self.communes)

    def provided(self, submitter: Submitter, *indicator_ids: str) -> tuple[str, ...]:
        """Return those of the indicators that a submitter provides."""
        rows = self.catalogue.provisions_by_submitter[submitter.submitter_id]
        known = {row.indicator_id for row in rows}
        return tuple(name for name in indicator_ids if name in known)

    def agents(self, area: Area) -> int:
        """Return a commune's Internet agents."""
        return zlib.crc32(area.area_code.encode()) % 9


def _months_since_start(period: str) -> int:
    return 12 * (int(period[:4]) - int(FIRST_MONTH[:4])) + int(period[5:]) - int(FIRST_MONTH[5:])


def _draft(month: TwoTierMonth, submitter: Submitter) -> tuple[list[str], bytes]:
    """Return the lines of a submitter's mail and its attachment, empty for none."""
    if submitter.submitter_kind == "commune":
        return _commune_mail(month, submitter), b""
    if submitter.submitter_kind == "telecom":
        return [f"{submitter.submitter_name} gửi số liệu {month.title} theo tệp đính kèm."], _telecom(month, submitter)
    if submitter.submitter_kind == "post":
        return [f"{submitter.submitter_name} gửi số liệu {month.title} theo tệp đính kèm."], _post(month, submitter)
    if submitter.submitter_id == "p_bcvt":
        return _items(month, "Lĩnh vực bưu chính, viễn thông", _DIVISIONS["p_bcvt"]), _register(month)
    return _items(month, *_HEADINGS[submitter.submitter_id], _DIVISIONS[submitter.submitter_id]), b""


_HEADINGS = {
    "p_cntt": ("Lĩnh vực công nghệ thông tin",), "tt_cntt": ("Hoạt động của đơn vị sự nghiệp",),
    "van_phong": ("Công tác thanh tra",),
}
_DIVISIONS = {
    "p_bcvt": ("Làm việc với các doanh nghiệp viễn thông về kế hoạch phủ sóng các thôn, làng.",),
    "p_cntt": ("Quản lý, cấp 02 tên miền cho cơ quan nhà nước của tỉnh.",
               "Tham mưu kế hoạch chuyển đổi số năm tới trình UBND tỉnh."),
    "tt_cntt": ("Phục vụ kỹ thuật 06 cuộc họp trực tuyến của tỉnh với các xã, phường.",
                "Hỗ trợ người dùng 318 cuộc gọi qua đường dây nóng."),
    "van_phong": ("Tiếp công dân: trong kỳ không phát sinh.", "Đơn thư khiếu nại, tố cáo: không phát sinh.",
                  "Đơn thư tồn đọng, kéo dài: không có.", "Đã giải quyết 02 đơn kiến nghị, phản ánh.",
                  "Chưa có dấu hiệu tham nhũng phát hiện qua công tác tự kiểm tra."),
}


def _items(month: TwoTierMonth, heading: str, texts: tuple[str, ...]) -> list[str]:
    return [f"I. KẾT QUẢ THỰC HIỆN THÁNG {int(month.period[5:])}", f"1. {heading}", *(f"- {text}" for text in texts),
            f"II. NHIỆM VỤ THÁNG {month.next_month}", f"1. {heading}", "- Tiếp tục các nhiệm vụ thường xuyên."]


def _commune_mail(month: TwoTierMonth, submitter: Submitter) -> list[str]:
    area = month.catalogue.area_by_code[submitter.area_code]
    drawn = zlib.crc32(submitter.submitter_id.encode())
    done, planned = DONE[drawn % len(DONE)], PLANNED[drawn % len(PLANNED)]
    return [
        f"{submitter.submitter_name} báo cáo {month.title} như sau:", "",
        "SỐ LIỆU:",
        f"- Đại lý Internet, điểm trò chơi điện tử công cộng: {padded(Decimal(month.agents(area)))} đại lý",
        "", f"I. KẾT QUẢ THỰC HIỆN THÁNG {int(month.period[5:])}", "1. Lĩnh vực công nghệ thông tin", f"- {done}",
        f"II. NHIỆM VỤ THÁNG {month.next_month}", "1. Lĩnh vực công nghệ thông tin", f"- {planned}",
    ]


def _telecom(month: TwoTierMonth, submitter: Submitter) -> bytes:
    """One sheet by commune, one of movements against the month before."""
    name, columns = submitter.submitter_id, month.provided(submitter, *TELECOM)
    return write_workbook(_by_commune(month, name, columns), _movements(month, submitter))


def _by_commune(month: TwoTierMonth, submitter_id: str, columns: tuple[str, ...]) -> Sheet:
    sheet = Sheet("Theo xa")
    sheet.across(f"SỐ LIỆU THEO XÃ, PHƯỜNG {month.title.upper()}", 2 + len(columns))
    sheet.gap()
    sheet.header(["TT", "Xã, phường", *(BY_COMMUNE[name][0] for name in columns)])
    for number, area in enumerate(month.communes, start=1):
        sheet.add(number, area.area_name, *(month.figure(submitter_id, name, area) for name in columns))
    sheet.add(None, "Tổng cộng", *(month.total(submitter_id, name) for name in columns), bold=True)
    return sheet


def _movements(month: TwoTierMonth, submitter: Submitter) -> Sheet:
    sheet = Sheet("Bien dong")
    sheet.across(f"BIẾN ĐỘNG TRONG KỲ {month.title.upper()}", 5)
    sheet.gap()
    sheet.header(["TT", "Chỉ tiêu", "ĐVT", "Tháng trước", "Tháng này"])
    for number, line in enumerate(_movement_lines(month, submitter), start=1):
        sheet.add(number, *line)
    return sheet


def _movement_lines(month: TwoTierMonth, submitter: Submitter) -> Iterator[tuple[Value, ...]]:
    name = submitter.submitter_id
    for parts, what, net_add in ((PHONES, "điện thoại", "phone_subs_net_add"),
                                 (INTERNET, "Internet", "internet_subs_net_add")):
        if month.provided(submitter, net_add):
            given = month.provided(submitter, *parts)
            now, before = month.total(name, *given), month.before.total(name, *given)
            yield f"Tổng số thuê bao {what} (lũy kế)", "thuê bao", before, now
            yield f"Thuê bao {what} tăng trong tháng", "thuê bao", None, now - before
    if month.provided(submitter, "telecom_bsc"):
        yield "Trạm điều khiển thông tin di động (BSC)", "trạm", None, 4


def _post(month: TwoTierMonth, submitter: Submitter) -> bytes:
    sheet = Sheet("Mang luoi")
    sheet.across(f"MẠNG LƯỚI BƯU CHÍNH {month.title.upper()}", 8)
    sheet.gap()
    sheet.header(["TT", "Xã, phường", *(BY_COMMUNE[name][0] for name in POST), "BĐVHX đang hoạt động",
                  "BĐVHX tạm đóng cửa", "Số xã, phường có báo đến trong ngày"])
    rows = [_post_row(month, submitter.submitter_id, area) for area in month.communes]
    for number, (area, row) in enumerate(zip(month.communes, rows, strict=True), start=1):
        sheet.add(number, area.area_name, *row)
    sheet.add(None, "Tổng cộng", *(sum(column) for column in zip(*rows, strict=True)), bold=True)
    return write_workbook(sheet)


def _post_row(month: TwoTierMonth, submitter_id: str, area: Area) -> tuple[int, ...]:
    drawn = zlib.crc32(area.area_code.encode()) % 10
    is_rural = area.area_type == "rural_commune"
    network = (month.figure(submitter_id, name, area) for name in POST)
    return (*network, int(is_rural and drawn > 1), int(is_rural and drawn == 1), int(drawn != 2))


def _register(month: TwoTierMonth) -> bytes:
    sheet = Sheet("So lieu quan ly")
    sheet.across(f"SỐ LIỆU QUẢN LÝ {month.title.upper()}", 4)
    sheet.gap()
    sheet.header(["TT", "Chỉ tiêu", "ĐVT", "Số liệu"])
    agents = sum(month.agents(area) for area in month.communes)
    lines: tuple[tuple[str, str, Value], ...] = (
        ("Chi nhánh công ty bưu chính", "chi nhánh", 12), ("Văn phòng đại diện", "VPĐD", 9),
        ("Công ty TNHH MTV", "công ty", 2), ("Điểm phát", "điểm", 3), ("Tỷ lệ dân sử dụng Internet", "%", "78,40"),
        ("Đại lý Internet, điểm trò chơi điện tử công cộng được cấp phép", "đại lý", dotted(agents)),
    )
    for number, (label, unit, value) in enumerate(lines, start=1):
        sheet.add(number, label, unit, value)
    return write_workbook(sheet)


def _compose(month: TwoTierMonth, submitter: Submitter, number: int, lines: list[str], attachment: bytes) -> bytes:
    """Return the message of one submitter; they come a minute apart on the morning of the 16th."""
    mail = EmailMessage()
    mail["From"] = f"{submitter.submitter_name.replace(',', ' -')} <{submitter.addresses[0]}>"
    mail["To"] = RECIPIENT
    mail["Subject"] = f"Báo cáo {month.title} của {submitter.submitter_name}"
    sent_at = datetime.fromisoformat(f"{month.period}-16T08:00:00").replace(tzinfo=HANOI) + timedelta(minutes=number)
    mail["Date"] = format_datetime(sent_at)
    mail["Message-ID"] = f"<{number + 1:03d}.{month.period}@mau.example>"
    body = [f"Kính gửi: {month.catalogue.office_name}", "", *lines, "", "Trân trọng."]
    mail.set_content("\n".join(body) + "\n", cte="base64")
    if attachment:
        file_name = f"{submitter.submitter_id}-{month.period}.xlsx"
        mail.add_attachment(attachment, *XLSX, filename=file_name)
        mail.set_boundary(f"=={month.period}-{number + 1:03d}==")
    return mail.as_bytes()
