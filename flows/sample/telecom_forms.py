"""The forms of the telecom and Internet enterprises: each has its own columns, order and number style."""

from __future__ import annotations

from decimal import Decimal

from flows.sample.drafts import MONTH_LINE, Draft, abbreviated, covering_note, full_name, short_name
from flows.sample.figures import Message, SampleMonth, dotted
from flows.sample.letters import Letter, write_letter
from flows.sample.sheets import Sheet, Value, write_workbook

PHONE_COLUMNS = ("phone_subs_fixed", "phone_subs_mobile_postpaid", "phone_subs_mobile_prepaid", "phone_subs_total")
INTERNET_COLUMNS = ("internet_subs_adsl", "internet_subs_ftth", "internet_subs_total")


def vnpt(month: SampleMonth, message: Message) -> Draft:
    """One sheet: a two-row header by district, then the table of movements against last month."""
    sheet = Sheet("Thang 4")
    sheet.masthead("TẬP ĐOÀN BƯU CHÍNH VIỄN THÔNG VIỆT NAM", "VNPT GIA LAI", 10)
    sheet.across("BÁO CÁO PHÁT TRIỂN THUÊ BAO VÀ HẠ TẦNG", 10)
    sheet.across(MONTH_LINE, 10, bold=False)
    sheet.gap()
    sheet.across("A. Số liệu theo địa bàn", 10)
    sheet.header(
        ["TT", "Huyện, thị xã, thành phố", "Thuê bao điện thoại", None, None, None, "Thuê bao Internet", None, None,
         "Trạm BTS"],
        [None, None, "Cố định", "Di động trả sau", "Di động trả trước", "Cộng", "ADSL", "FTTH", "Cộng", None],
    )
    sheet.add("A", "B", *[f"({n})" for n in range(1, 9)])
    columns = (*PHONE_COLUMNS, *INTERNET_COLUMNS, "telecom_bts_total")
    for number, area in enumerate(month.districts_of("vnpt"), start=1):
        sheet.add(number, abbreviated(month, area), *_figures(month, "vnpt", columns, area))
    sheet.add(None, "Tổng cộng", *_figures(month, "vnpt", columns), bold=True)
    sheet.gap()
    sheet.across("B. Biến động trong kỳ và chỉ tiêu chung", 10)
    _movements(sheet, month, "vnpt", (
        ("Tổng số thuê bao điện thoại (lũy kế)", "phone_subs_total", "thuê bao"),
        ("Thuê bao cố định", "phone_subs_fixed", "thuê bao"),
        ("Di động trả sau", "phone_subs_mobile_postpaid", "thuê bao"),
        ("Di động trả trước", "phone_subs_mobile_prepaid", "thuê bao"),
        ("Thuê bao điện thoại tăng trong tháng", "phone_subs_net_add", "thuê bao"),
        ("Tổng số thuê bao Internet (lũy kế)", "internet_subs_total", "thuê bao"),
        ("Thuê bao Internet tăng trong tháng", "internet_subs_net_add", "thuê bao"),
        ("Thuê bao Dial-up", "internet_subs_dialup", "thuê bao"),
        ("Trạm điều khiển thông tin di động (BSC)", "telecom_bsc", "trạm"),
    ))
    sheet.signature("Pleiku, ngày 16 tháng 4 năm 2019", "Giám đốc", 6)
    return Draft(covering_note("VNPT Gia Lai", "báo cáo viễn thông, Internet"), write_workbook(sheet))


def viettel(month: SampleMonth, message: Message) -> Draft:
    """Stations first, then Internet, then phones; total row on top; figures typed as text with dots."""
    sheet = Sheet("Dia ban")
    sheet.masthead("TẬP ĐOÀN CÔNG NGHIỆP - VIỄN THÔNG QUÂN ĐỘI", "VIETTEL GIA LAI", 12)
    sheet.across("BIỂU SỐ LIỆU VIỄN THÔNG THEO ĐỊA BÀN", 12)
    sheet.across(MONTH_LINE, 12, bold=False)
    sheet.gap()
    sheet.header(
        ["STT", "Địa bàn", "Trạm thu phát sóng", None, None, None, "Internet băng rộng", None, "Điện thoại", None, None,
         None],
        [None, None, "BTS 2G", "BTS 3G", "BTS 4G", "Tổng số trạm BTS", "FTTH", "ADSL", "Trả trước", "Trả sau",
         "Cộng di động", "Cố định"],
    )
    columns = ("telecom_bts_2g", "telecom_bts_3g", "telecom_bts_4g", "telecom_bts_total", "internet_subs_ftth",
               "internet_subs_adsl", "phone_subs_mobile_prepaid", "phone_subs_mobile_postpaid", "phone_subs_mobile",
               "phone_subs_fixed")
    sheet.add(None, "Toàn tỉnh", *_dotted(month, "viettel", columns), bold=True)
    for number, area in enumerate(month.districts_of("viettel"), start=1):
        sheet.add(number, full_name(month, area), *_dotted(month, "viettel", columns, area))
    sheet.gap()
    sheet.add("Ghi chú: một vị trí trạm có thể lắp cả 2G, 3G và 4G; tổng số trạm tính theo vị trí.")
    general = Sheet("Tong hop")
    general.across("CHỈ TIÊU TỔNG HỢP THÁNG 4/2019", 5)
    general.gap()
    _movements(general, month, "viettel", (
        ("Tổng thuê bao điện thoại", "phone_subs_total", "thuê bao"),
        ("Thuê bao điện thoại phát triển thêm trong tháng", "phone_subs_net_add", "thuê bao"),
        ("Tổng thuê bao Internet", "internet_subs_total", "thuê bao"),
        ("Thuê bao Internet phát triển thêm trong tháng", "internet_subs_net_add", "thuê bao"),
        ("Trạm điều khiển BSC", "telecom_bsc", "trạm"),
    ))
    return Draft(covering_note("Viettel Gia Lai", "biểu số liệu"), write_workbook(sheet, general))


def mobifone(month: SampleMonth, message: Message) -> Draft:
    """Roman sections under one title block; the general figures come first."""
    sheet = Sheet("BC thang")
    sheet.masthead("CÔNG TY DỊCH VỤ MOBIFONE KHU VỰC 7", "MOBIFONE TỈNH GIA LAI", 6)
    sheet.across("BÁO CÁO SỐ LIỆU THÁNG 4/2019", 6)
    sheet.gap()
    sheet.across("I. Chỉ tiêu chung", 6)
    _movements(sheet, month, "mobifone", (
        ("Tổng số thuê bao điện thoại lũy kế", "phone_subs_total", "thuê bao"),
        ("Thuê bao điện thoại tăng (giảm) trong tháng", "phone_subs_net_add", "thuê bao"),
        ("Trạm BSC", "telecom_bsc", "trạm"),
    ))
    sheet.gap()
    sheet.across("II. Thuê bao và trạm theo huyện", 6)
    sheet.header(["TT", "Đơn vị hành chính", "Thuê bao trả trước", "Thuê bao trả sau", "Cộng di động", "Số trạm BTS"])
    columns = ("phone_subs_mobile_prepaid", "phone_subs_mobile_postpaid", "phone_subs_mobile", "telecom_bts_total")
    for number, area in enumerate(month.districts_of("mobifone"), start=1):
        sheet.add(number, short_name(month, area), *_figures(month, "mobifone", columns, area))
    sheet.add(None, "Cộng", *_figures(month, "mobifone", columns), bold=True)
    sheet.signature("Gia Lai, ngày 16 tháng 4 năm 2019", "Giám đốc MobiFone tỉnh", 3)
    return Draft(covering_note("MobiFone Gia Lai", "báo cáo số liệu"), write_workbook(sheet))


def vietnamobile(month: SampleMonth, message: Message) -> Draft:
    """A small table with a dash where there is no presence, and two lines below it."""
    sheet = Sheet("T4")
    sheet.across("VIETNAMOBILE - VĂN PHÒNG GIA LAI", 5)
    sheet.across("Số liệu thuê bao di động và trạm phát sóng tháng 4 năm 2019", 5, bold=False)
    sheet.gap()
    sheet.header(["TT", "Huyện/TX/TP", "Di động trả trước", "Di động trả sau", "Trạm BTS"])
    columns = ("phone_subs_mobile_prepaid", "phone_subs_mobile_postpaid", "telecom_bts_total")
    for number, area in enumerate(month.districts_of("vietnamobile"), start=1):
        sheet.add(number, abbreviated(month, area), *_dashed(month, "vietnamobile", columns, area))
    sheet.add(None, "Tổng cộng", *_figures(month, "vietnamobile", columns), bold=True)
    sheet.gap()
    _movements(sheet, month, "vietnamobile", (
        ("Tổng số thuê bao điện thoại", "phone_subs_total", "thuê bao"),
        ("Thuê bao điện thoại tăng (giảm) trong tháng", "phone_subs_net_add", "thuê bao"),
    ))
    return Draft(covering_note("Văn phòng Vietnamobile Gia Lai", "số liệu"), write_workbook(sheet))


def fpt(month: SampleMonth, message: Message) -> Draft:
    """Only the districts with a network, one column of figures."""
    sheet = Sheet("FTTH")
    sheet.across("FPT TELECOM GIA LAI", 3)
    sheet.across("THUÊ BAO INTERNET CÁP QUANG THÁNG 4/2019", 3)
    sheet.gap()
    sheet.header(["TT", "Địa bàn", "Thuê bao FTTH"])
    for number, area in enumerate(month.districts_of("fpt"), start=1):
        sheet.add(number, short_name(month, area), *_figures(month, "fpt", ("internet_subs_ftth",), area))
    sheet.add(None, "Tổng cộng", *_figures(month, "fpt", ("internet_subs_ftth",)), bold=True)
    sheet.gap()
    _movements(sheet, month, "fpt", (
        ("Tổng số thuê bao Internet", "internet_subs_total", "thuê bao"),
        ("Thuê bao Internet tăng trong tháng", "internet_subs_net_add", "thuê bao"),
    ))
    return Draft(covering_note("FPT Telecom Gia Lai", "số liệu thuê bao Internet"), write_workbook(sheet))


def sctv(month: SampleMonth, message: Message) -> Draft:
    """A letter with two small tables."""
    letter = Letter("CÔNG TY TNHH TRUYỀN HÌNH CÁP SAIGONTOURIST", "CHI NHÁNH GIA LAI", "Số: 27/CN-GL",
                    "Pleiku, ngày 16 tháng 4 năm 2019")
    letter.title("BÁO CÁO THUÊ BAO INTERNET", "Tháng 4 năm 2019")
    rows = [["TT", "Huyện, thị xã, thành phố", "Thuê bao FTTH"]]
    for number, area in enumerate(month.districts_of("sctv"), start=1):
        rows.append([str(number), full_name(month, area), dotted(month.sent("sctv", "internet_subs_ftth", area))])
    rows.append(["", "Tổng cộng", dotted(month.sent("sctv", "internet_subs_ftth"))])
    letter.table(rows)
    letter.text("So với kỳ trước:")
    letter.table([
        ["Chỉ tiêu", "Tháng trước", "Tháng này"],
        ["Tổng số thuê bao Internet", dotted(month.sent("sctv", "internet_subs_total", period=month.previous)),
         dotted(month.sent("sctv", "internet_subs_total"))],
        ["Thuê bao Internet tăng trong tháng", "", dotted(month.sent("sctv", "internet_subs_net_add"))],
    ])
    return Draft(covering_note("SCTV Gia Lai", "báo cáo thuê bao Internet"), write_letter(letter))


def _movements(sheet: Sheet, month: SampleMonth, submitter: str, lines: tuple[tuple[str, str, str], ...]) -> None:
    """Append the table of general figures: last month beside this month; blank where last month is not stated."""
    sheet.header(["TT", "Chỉ tiêu", "ĐVT", "Tháng trước", "Tháng này"])
    for number, (label, indicator, unit) in enumerate(lines, start=1):
        before: Value = None
        if month.has(submitter, indicator, period=month.previous):
            before = _dash_for_zero(month.sent(submitter, indicator, period=month.previous))
        sheet.add(number, label, unit, before, _dash_for_zero(month.sent(submitter, indicator)))


def _figures(month: SampleMonth, submitter: str, columns: tuple[str, ...], area: str = "64") -> list[Value]:
    return [month.sent(submitter, indicator, area) for indicator in columns]


def _dashed(month: SampleMonth, submitter: str, columns: tuple[str, ...], area: str) -> list[Value]:
    return [_dash_for_zero(month.sent(submitter, indicator, area)) for indicator in columns]


def _dotted(month: SampleMonth, submitter: str, columns: tuple[str, ...], area: str = "64") -> list[Value]:
    return [dotted(month.sent(submitter, indicator, area)) for indicator in columns]


def _dash_for_zero(value: Decimal) -> Value:
    return value if value else "-"
