"""The forms of district offices and of the department's own units: tables, letters, plain mails."""

from __future__ import annotations

from decimal import Decimal

from flows.sample.drafts import (
    GREETING,
    HEADINGS,
    MONTH_LINE,
    PART_TITLES,
    Draft,
    abbreviated,
    covering_note,
    full_name,
    outline,
)
from flows.sample.figures import Message, SampleMonth, padded
from flows.sample.letters import Letter, write_letter
from flows.sample.sheets import Sheet, write_workbook

LINES = (
    ("Đại lý Internet, điểm trò chơi điện tử công cộng", "đại lý", "internet_agents"),
    ("Trạm thu phát sóng (BTS) trên địa bàn", "trạm", "telecom_bts_total"),
    ("Số xã, phường, thị trấn có báo đến trong ngày", "xã", "press_communes_same_day"),
    ("Cụm pa nô tuyên truyền biên giới", "cụm", "border_panels_deployed"),
    ("Đài truyền thanh xã đầu tư mới", "đài", "commune_radio_new"),
)
ROW_COLUMNS = ("Đại lý Internet", "Trạm BTS", "Xã có báo đến trong ngày", "Cụm pa nô biên giới",
               "Đài truyền thanh xã đầu tư mới")
REGISTER = (
    ("Chi nhánh công ty bưu chính", "chi nhánh", "post_company_branches"),
    ("Văn phòng đại diện", "VPĐD", "post_representative_offices"),
    ("Công ty TNHH MTV", "công ty", "post_single_member_llcs"),
    ("Điểm phát", "điểm", "post_delivery_points"),
    ("Tỷ lệ dân sử dụng Internet", "%", "internet_users_pct"),
    ("Đại lý Internet, điểm trò chơi điện tử công cộng được cấp phép", "đại lý", "internet_agents"),
)


def district_workbook(month: SampleMonth, message: Message) -> Draft:
    """A sheet of figures and a sheet of work items."""
    area = _area(month, message)
    figures = Sheet("So lieu")
    figures.masthead(f"UBND {full_name(month, area).upper()}", "PHÒNG VĂN HÓA VÀ THÔNG TIN", 5)
    figures.across("BIỂU TỔNG HỢP THÔNG TIN VÀ TRUYỀN THÔNG", 5)
    figures.across(MONTH_LINE, 5, bold=False)
    figures.gap()
    figures.header(["TT", "Chỉ tiêu", "Đơn vị tính", "Số lượng", "Ghi chú"])
    for number, (label, unit, indicator) in enumerate(LINES, start=1):
        figures.add(number, label, unit, _zero_in_words(month, message, indicator, "-"))
    words = Sheet("Noi dung")
    for line in outline(month, message):
        words.add(line)
    sender = f"Phòng VH&TT {_named(month, area)}"
    return Draft(covering_note(sender, "báo cáo"), write_workbook(figures, words))


def district_sheet(month: SampleMonth, message: Message) -> Draft:
    """A sheet with last month beside this month; the work items stand in the mail."""
    area = _area(month, message)
    sheet = Sheet("T4.2019")
    sheet.across(f"PHÒNG VĂN HÓA VÀ THÔNG TIN {full_name(month, area).upper()}", 5)
    sheet.across("SỐ LIỆU THÁNG 4 NĂM 2019", 5)
    sheet.gap()
    sheet.header(["STT", "Nội dung", "ĐVT", "Tháng trước", "Tháng này"])
    for number, (label, unit, indicator) in enumerate(LINES, start=1):
        before = month.sent(message.submitter_id, indicator, area, month.previous)
        sheet.add(number, label, unit, before, month.sent(message.submitter_id, indicator, area))
    body = "\n".join([GREETING, "", f"Phòng VH&TT {_named(month, area)} gửi biểu số liệu và nội dung tháng 4/2019.", "",
                      *outline(month, message), "", "Trân trọng."])
    return Draft(body + "\n", write_workbook(sheet))


def district_row(month: SampleMonth, message: Message) -> Draft:
    """One row of figures under a header of five columns; the work items stand in the mail."""
    area = _area(month, message)
    sheet = Sheet("Bieu")
    sheet.across("BIỂU SỐ LIỆU HUYỆN THÁNG 4/2019", 7)
    sheet.gap()
    sheet.header(["TT", "Địa bàn", *ROW_COLUMNS])
    values = [_zero_in_words(month, message, indicator, "KPS") for _, _, indicator in LINES]
    sheet.add(1, abbreviated(month, area), *values)
    body = "\n".join([GREETING, "", f"{full_name(month, area)} gửi biểu số liệu kèm theo và nội dung báo cáo:", "",
                      *outline(month, message), "", f"Phòng VH&TT {_named(month, area)}"])
    return Draft(body + "\n", write_workbook(sheet))


def district_letter(month: SampleMonth, message: Message) -> Draft:
    """A letter: work items under their headings, then the table of figures."""
    letter = _district_head(month, message)
    _parts(letter, month, message)
    letter.heading("III. SỐ LIỆU TRONG KỲ")
    rows = [["TT", "Nội dung", "ĐVT", "Số lượng"]]
    for number, (label, unit, indicator) in enumerate(LINES, start=1):
        value = _zero_in_words(month, message, indicator, "không phát sinh")
        rows.append([str(number), label, unit, padded(value) if isinstance(value, Decimal) else value])
    letter.table(rows)
    sender = f"Phòng VH&TT {_named(month, _area(month, message))}"
    return Draft(covering_note(sender, "báo cáo"), write_letter(letter))


def district_prose(month: SampleMonth, message: Message) -> Draft:
    """A letter without any table: the figures stand in the sentences."""
    letter = _district_head(month, message)
    _parts(letter, month, message)
    letter.text("Trên đây là kết quả công tác tháng 4 của đơn vị./.")
    sender = f"Phòng VH&TT {_named(month, _area(month, message))}"
    return Draft(covering_note(sender, "báo cáo"), write_letter(letter))


def district_mail(month: SampleMonth, message: Message) -> Draft:
    """Everything in the mail itself."""
    area = _area(month, message)
    lines = [GREETING, "", f"Phòng VH&TT {_named(month, area)} báo cáo tháng 4/2019 như sau:", "", "SỐ LIỆU:"]
    for label, unit, indicator in LINES:
        value = _zero_in_words(month, message, indicator, "không phát sinh")
        lines.append(f"- {label}: {f'{padded(value)} {unit}' if isinstance(value, Decimal) else value}")
    return Draft("\n".join([*lines, "", *outline(month, message), "", "Trân trọng."]) + "\n")


def department_letter(month: SampleMonth, message: Message) -> Draft:
    """An internal report in prose."""
    letter = _department_head(month, message)
    _parts(letter, month, message)
    return Draft("Kính gửi bộ phận tổng hợp: nội dung tháng 4 theo tệp đính kèm.\n", write_letter(letter))


def register_letter(month: SampleMonth, message: Message) -> Draft:
    """The post and telecom division: prose, then the table of its registers."""
    letter = _department_head(month, message)
    _parts(letter, month, message)
    letter.heading("III. SỐ LIỆU QUẢN LÝ")
    rows = [["TT", "Chỉ tiêu", "ĐVT", "Số liệu"]]
    for number, (label, unit, indicator) in enumerate(REGISTER, start=1):
        rows.append([str(number), label, unit, padded(month.sent(message.submitter_id, indicator))])
    letter.table(rows)
    return Draft("Kính gửi bộ phận tổng hợp: số liệu và nội dung tháng 4.\n", write_letter(letter))


def department_mail(month: SampleMonth, message: Message) -> Draft:
    """An internal report in the mail itself."""
    lines = ["Kính gửi bộ phận tổng hợp,", "", *outline(month, message), "", "Trân trọng."]
    return Draft("\n".join(lines) + "\n")


def stranger(month: SampleMonth, message: Message) -> Draft:
    """An advertisement from an address that nobody declared."""
    return Draft("Kính chào quý cơ quan,\n\nCửa hàng xin giới thiệu các mặt hàng giấy in, mực in, bìa hồ sơ.\n")


def _area(month: SampleMonth, message: Message) -> str:
    return month.catalogue.submitter_by_id[message.submitter_id].area_code


def _named(month: SampleMonth, area: str) -> str:
    name = full_name(month, area)
    return name[0].lower() + name[1:]


def _zero_in_words(month: SampleMonth, message: Message, indicator: str, zero: str) -> Decimal | str:
    value = month.sent(message.submitter_id, indicator, _area(month, message))
    return value if value else zero


def _district_head(month: SampleMonth, message: Message) -> Letter:
    area = _area(month, message)
    row = month.catalogue.area_by_code[area]
    letter = Letter(f"UBND {row.area_name.upper()}", "PHÒNG VĂN HÓA VÀ THÔNG TIN", "Số: …/BC-VHTT",
                    f"{row.short_name}, ngày {message.sent_at[8:10]} tháng 4 năm 2019")
    letter.title("BÁO CÁO", "Kết quả công tác thông tin và truyền thông tháng 4, nhiệm vụ tháng 5 năm 2019")
    return letter


def _department_head(month: SampleMonth, message: Message) -> Letter:
    name = month.catalogue.submitter_by_id[message.submitter_id].submitter_name
    letter = Letter("SỞ THÔNG TIN VÀ TRUYỀN THÔNG", name.upper(), "Số: …/BC",
                    f"Gia Lai, ngày {message.sent_at[8:10]} tháng 4 năm 2019")
    letter.title("BÁO CÁO", "Công tác tháng 4, nhiệm vụ tháng 5 năm 2019")
    return letter


def _parts(letter: Letter, month: SampleMonth, message: Message) -> None:
    for part, title in PART_TITLES.items():
        letter.heading(f"{part}. {title}")
        for number, (section, texts) in enumerate(month.items(message.submitter_id, part), start=1):
            letter.heading(f"{number}. {HEADINGS[section]}")
            letter.items(texts)
