"""The forms of the two postal enterprises."""

from __future__ import annotations

from flows.sample.drafts import GREETING, MONTH_LINE, Draft, covering_note, full_name, outline, short_name
from flows.sample.figures import Message, SampleMonth, padded
from flows.sample.letters import Letter, write_letter
from flows.sample.sheets import Sheet, Value, write_workbook

VNPOST_COLUMNS = ("post_offices", "post_bdvhx_active", "post_bdvhx_suspended", "post_bdvhx_total", "post_agents",
                  "post_mailboxes_standalone", "press_communes_same_day")


def vnpost(month: SampleMonth, message: Message) -> Draft:
    """The network by district; a dash is a zero; the work items stand in the mail."""
    sheet = Sheet("Mang luoi")
    sheet.masthead("TỔNG CÔNG TY BƯU ĐIỆN VIỆT NAM", "BƯU ĐIỆN TỈNH GIA LAI", 9)
    sheet.across("BIỂU MẠNG LƯỚI BƯU CHÍNH", 9)
    sheet.across(MONTH_LINE, 9, bold=False)
    sheet.gap()
    sheet.header(
        ["TT", "Huyện, thị xã, thành phố", "Bưu cục các cấp", "Điểm Bưu điện văn hóa xã", None, None,
         "Đại lý bưu điện", "Thùng thư công cộng độc lập", "Số xã, phường, thị trấn có báo đến trong ngày"],
        [None, None, None, "Đang hoạt động", "Tạm đóng cửa", "Cộng", None, None, None],
    )
    for number, area in enumerate(month.districts_of("vnpost"), start=1):
        sheet.add(number, full_name(month, area), *_row(month, area))
    sheet.add(None, "Toàn tỉnh", *_row(month, "64"), bold=True)
    sheet.signature("Pleiku, ngày 15 tháng 4 năm 2019", "Giám đốc", 5)
    body = [GREETING, "", "Bưu điện tỉnh Gia Lai gửi biểu mạng lưới bưu chính kèm theo và nội dung báo cáo:", "",
            *outline(month, message), "", "Trân trọng."]
    return Draft("\n".join(body) + "\n", write_workbook(sheet))


def viettel_post(month: SampleMonth, message: Message) -> Draft:
    """A letter: one figure in a sentence, the routes in a table."""
    routes = month.sent("viettel_post", "post_viettel_district_routes")
    letter = Letter("TỔNG CÔNG TY CP BƯU CHÍNH VIETTEL", "CHI NHÁNH GIA LAI", "Số: 58/VTP-GLI",
                    "Pleiku, ngày 15 tháng 4 năm 2019")
    letter.title("CÔNG VĂN", "V/v báo cáo tuyến bưu chính tháng 4 năm 2019")
    letter.text("Kính gửi: Sở Thông tin và Truyền thông")
    letter.text(f"Bưu chính Viettel Gia Lai đang duy trì {padded(routes)} tuyến huyện, danh sách như sau:")
    names = [short_name(month, area.area_code) for area in month.catalogue.districts]
    letter.table([["TT", "Tên tuyến"], *[[str(n), f"Pleiku - {name}"] for n, name in enumerate(names, start=1)]])
    letter.text("Bưu chính Viettel Gia Lai trân trọng báo cáo./.")
    return Draft(covering_note("Bưu chính Viettel Gia Lai", "công văn báo cáo"), write_letter(letter))


def _row(month: SampleMonth, area: str) -> list[Value]:
    values = [month.sent("vnpost", indicator, area) for indicator in VNPOST_COLUMNS]
    return [value if value else "-" for value in values]
