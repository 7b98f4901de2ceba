"""The newspaper, the station and the two printers: two to four figures each."""

from __future__ import annotations

from decimal import Decimal

from flows.sample.drafts import GREETING, Draft, covering_note
from flows.sample.figures import Message, SampleMonth, dotted
from flows.sample.letters import Letter, write_letter
from flows.sample.sheets import Sheet, write_workbook

MILLION = Decimal(1_000_000)
THOUSAND = Decimal(1_000)


def newspaper(month: SampleMonth, message: Message) -> Draft:
    """Two figures in the mail itself."""
    issues = month.sent("bao_gia_lai", "newspaper_issues")
    copies = month.sent("bao_gia_lai", "newspaper_copies")
    lines = [GREETING, "", "Tòa soạn báo cáo số liệu phát hành tháng 4/2019:",
             f"- Số kỳ phát hành: {dotted(issues)} kỳ", f"- Số tờ phát hành: {dotted(copies)} tờ", "",
             "Trân trọng.", "Tòa soạn Báo Gia Lai"]
    return Draft("\n".join(lines) + "\n")


def station(month: SampleMonth, message: Message) -> Draft:
    """A letter with one table, last month beside this month."""
    letter = Letter("UBND TỈNH GIA LAI", "ĐÀI PHÁT THANH - TRUYỀN HÌNH", "Số: 91/BC-PTTH",
                    "Pleiku, ngày 15 tháng 4 năm 2019")
    letter.title("BÁO CÁO", "Thời lượng phát sóng tháng 4 năm 2019")
    lines = (
        ("1", "Phát thanh", "radio_hours"),
        ("1.1", "Trong đó: Phát thanh tiếng Bahnar + Jrai", "radio_hours_ethnic"),
        ("2", "Truyền hình", "tv_hours"),
        ("2.1", "Trong đó: Truyền hình tiếng Bahnar + Jrai", "tv_hours_ethnic"),
    )
    rows = [["TT", "Chương trình", "Đơn vị tính", "Tháng trước", "Tháng này"]]
    for number, label, indicator in lines:
        before = dotted(month.sent("dai_ptth", indicator, period=month.previous))
        rows.append([number, label, "giờ", before, dotted(month.sent("dai_ptth", indicator))])
    letter.table(rows)
    return Draft(covering_note("Đài Phát thanh - Truyền hình Gia Lai", "thời lượng phát sóng"), write_letter(letter))


def printer_columns(month: SampleMonth, message: Message) -> Draft:
    """Units of thousands and millions in the column headers."""
    pages = month.sent(message.submitter_id, "printing_pages") / THOUSAND
    revenue = month.sent(message.submitter_id, "printing_revenue") / MILLION
    sheet = Sheet("In an")
    sheet.across("CÔNG TY CP IN CAO NGUYÊN MẪU", 4)
    sheet.across("BÁO CÁO HOẠT ĐỘNG IN THÁNG 4 NĂM 2019", 4)
    sheet.gap()
    sheet.header(["TT", "Sản phẩm", "Trang in (nghìn trang)", "Doanh thu in (triệu đồng)"])
    sheet.add(1, "Xuất bản phẩm", pages, dotted(revenue))
    sheet.signature("Pleiku, ngày 17 tháng 4 năm 2019", "Giám đốc", 2)
    return Draft(covering_note("Công ty CP In Cao Nguyên Mẫu", "báo cáo hoạt động in"), write_workbook(sheet))


def printer_rows(month: SampleMonth, message: Message) -> Draft:
    """One row a figure, each with its own unit, last month beside this month."""
    submitter = message.submitter_id
    sheet = Sheet("Thang 4")
    sheet.across("CÔNG TY TNHH IN PHỐ NÚI MẪU", 5)
    sheet.across("Sản lượng và doanh thu in tháng 4/2019", 5, bold=False)
    sheet.gap()
    sheet.header(["TT", "Chỉ tiêu", "ĐVT", "Tháng trước", "Tháng này"])
    months = (month.previous, "2019-04")
    sheet.add(1, "Trang in xuất bản phẩm", "trang", *[
        dotted(month.sent(submitter, "printing_pages", period=period)) for period in months])
    sheet.add(2, "Doanh thu in", "triệu đồng", *[
        month.sent(submitter, "printing_revenue", period=period) / MILLION for period in months])
    return Draft(covering_note("Công ty TNHH In Phố Núi Mẫu", "sản lượng in"), write_workbook(sheet))
