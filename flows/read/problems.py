"""What can be wrong with a file or a message: one vocabulary, its severity and what the sender can do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from flows.records import IntakeFinding, Severity

RESAVE = "Mở tệp bằng Excel/Word, kiểm tra nội dung, lưu lại rồi gửi lại."
EXPLAINS = True  # see `Kind.explains_silence`


class Kind(NamedTuple):
    """What one kind of finding means. A warning needs somebody's eye, a note is said and kept.

    `explains_silence`: the finding says by itself why nothing was read in the file, so that it is not said again.
    """

    severity: Severity
    remedy_vi: str
    explains_silence: bool = False


KINDS: dict[str, Kind] = {
    "empty_file": Kind("warning", "Gửi lại tệp; tệp nhận được không có nội dung.", EXPLAINS),
    "empty_workbook": Kind("warning", "Nếu số liệu nằm trong bảng tính, gửi lại tệp có số liệu.", EXPLAINS),
    "empty_document": Kind("warning", "Gửi lại văn bản có nội dung, không chỉ có hình ảnh.", EXPLAINS),
    "file_too_large": Kind("warning", "Chia nhỏ tệp hoặc bỏ hình ảnh trong tệp rồi gửi lại.", EXPLAINS),
    "truncated_file": Kind("warning", "Gửi lại tệp đầy đủ; tệp nhận được bị cắt giữa chừng.", EXPLAINS),
    "damaged_file": Kind("warning", RESAVE, EXPLAINS),
    "password_protected": Kind("warning", "Bỏ mật khẩu rồi gửi lại, hoặc gửi tệp không đặt mật khẩu.", EXPLAINS),
    "wrong_extension": Kind("warning", "Mở bằng Excel/Word, lưu thành (Save As) dạng .xlsx hoặc .docx rồi gửi lại."),
    "unsupported_format": Kind(
        "warning",
        "Gửi lại dưới dạng .xlsx, .xls, .ods, .csv, .docx, .doc, .rtf hoặc .pdf có chữ.",
        EXPLAINS,
    ),
    "zip_bomb": Kind("warning", "Gửi từng tệp riêng, không nén.", EXPLAINS),
    "unsafe_name": Kind("warning", "Nén lại chỉ các tệp báo cáo, không kèm đường dẫn.", EXPLAINS),
    "nested_archive": Kind("warning", "Gửi tệp nén một lớp: bỏ tệp nén nằm trong tệp nén.", EXPLAINS),
    "unsafe_xml": Kind("warning", RESAVE, EXPLAINS),
    "sheet_too_large": Kind("warning", "Xóa các ô, dòng, cột thừa ngoài bảng số liệu rồi lưu và gửi lại."),
    "wrong_dimension": Kind("note", ""),
    "formula_without_value": Kind("note", "Mở tệp bằng Excel để tính lại công thức, lưu rồi gửi lại."),
    "macro": Kind("note", "Lần sau nên gửi dạng .xlsx không có macro."),
    "external_links": Kind("note", "Kiểm tra các ô lấy số từ tệp khác đã là số mới nhất."),
    "embedded_objects": Kind(
        "note",
        "Số liệu nằm trong đối tượng nhúng không được đọc; ghi vào ô của bảng tính.",
    ),
    "active_content": Kind("note", "Lần sau gửi tệp PDF không kèm mã lệnh."),
    "winmail_dat": Kind(
        "warning", "Trong Outlook, gửi thư ở dạng HTML hoặc văn bản thuần rồi đính kèm lại tệp.", EXPLAINS
    ),
    "attached_message": Kind("note", "Nếu số liệu nằm trong thư đính kèm, gửi thẳng tệp báo cáo, không qua thư khác."),
    "image_not_read": Kind("warning", "Gửi kèm bảng số liệu dạng .xlsx hoặc ghi số liệu trong thư.", EXPLAINS),
    "picture_in_text": Kind("note", "Nếu hình này có số liệu, ghi số liệu trong thư hoặc gửi kèm bảng tính."),
    "unreadable_file": Kind("warning", RESAVE, EXPLAINS),
    "nothing_recognised": Kind("warning", "Kiểm tra đã đính kèm đúng tệp báo cáo chưa rồi gửi lại."),
    "late": Kind("warning", "Lần sau gửi trước hạn."),
    "no_date": Kind("note", ""),
    "unknown_sender": Kind("warning", "Gửi từ địa chỉ đã đăng ký, hoặc đề nghị Sở bổ sung địa chỉ vào danh mục."),
    "loose_file": Kind("warning", "Đặt tệp vào thư mục mang mã đơn vị (ví dụ vnpt/), hoặc gửi bằng thư."),
    "newsletter_no_data": Kind("note", ""),
    "number_too_large": Kind("warning", "Kiểm tra lại số này và đơn vị tính, rồi gửi lại."),
    "number_not_read": Kind("warning", "Nếu là số liệu báo cáo, ghi vào ô có tên dòng và tiêu đề cột rồi gửi lại."),
    "line_without_item": Kind("note", "Nếu đây là việc cần báo cáo, ghi mỗi việc một dòng bắt đầu bằng dấu “-”."),
    "unprintable_letters": Kind("note", "Nếu ký tự đó cần có trong báo cáo, viết lại bằng chữ."),
    "stranger_without_report": Kind("note", "Trả lời người gửi; nếu là đơn vị báo cáo, bổ sung địa chỉ vào danh mục."),
    "empty_message": Kind("warning", "Gửi lại kèm tệp báo cáo.", EXPLAINS),
    "exact_duplicate": Kind("note", "", EXPLAINS),
    "superseded_by_resubmission": Kind("note", ""),
    "figures_dropped": Kind("warning", "Nếu các số này vẫn đúng, ghi thêm vào bản gửi sau hoặc báo lại cho Sở."),
    "correction_by_reply": Kind("note", ""),
    "last_year_file": Kind("warning", "Gửi lại tệp của tháng này.", EXPLAINS),
    "other_month_file": Kind("warning", "Gửi lại tệp của tháng này.", EXPLAINS),
    "other_unit_file": Kind(
        "warning", "Gửi tệp của chính đơn vị; nếu báo cáo thay, báo cho Sở biết trước khi gửi lại.", EXPLAINS
    ),
    "no_usable_submission": Kind("warning", "Đề nghị đơn vị gửi lại; lý do ghi ở từng thư."),
    "missing_submission": Kind("warning", "Nhắc đơn vị gửi báo cáo."),
    "reference_missing": Kind("warning", "Thêm một dòng có hiệu lực trong tháng vào reference_figures.csv."),
    "too_old_format": Kind("warning", "Mở tệp bằng Excel/Word, lưu lại dạng .xlsx hoặc .docx rồi gửi lại.", EXPLAINS),
    "time_limit": Kind("warning", "Gửi lại tệp chỉ có bảng báo cáo, bỏ các trang tính và dòng không cần.", EXPLAINS),
    "memory_limit": Kind("warning", "Gửi lại tệp chỉ có bảng báo cáo, bỏ hình ảnh và trang tính không cần.", EXPLAINS),
    "fault_of_ours": Kind(
        "warning",
        "Đơn vị gửi không phải làm gì. Người vận hành xem nhật ký của hệ thống (thư mục logs) và báo lỗi.",
        EXPLAINS,
    ),
    "message_unreadable": Kind("warning", "Soạn một thư mới, đính kèm lại tệp báo cáo rồi gửi.", EXPLAINS),
    "second_message": Kind("warning", "Gửi mỗi thư thành một tệp .eml riêng.", EXPLAINS),
    "outside_body": Kind("note", "Nếu phần này có số liệu báo cáo, ghi vào thân văn bản rồi gửi lại."),
    "unreadable_path": Kind("warning", "Người vận hành kiểm tra tên và quyền đọc của tệp trong hộp thư đến.", EXPLAINS),
    "skipped_part": Kind("note", "Nếu phần này có số liệu báo cáo, gửi lại trong tệp đính kèm.", EXPLAINS),
    "unknown_charset": Kind("note", "Lần sau gửi thư dạng UTF-8, hoặc ghi số liệu trong tệp đính kèm."),
    "unknown_coding": Kind("note", "Lần sau gửi thư bằng chương trình thư thông thường (Outlook, Gmail)."),
    "unnamed_member": Kind("note", "Lần sau nén tệp bằng chương trình ghi đủ tên tệp."),
    "parts_beyond_limit": Kind(
        "warning", "Gửi lại các tệp chưa đọc trong một thư khác, ít tệp hơn, đính kèm trực tiếp.", EXPLAINS
    ),
    "details_not_read": Kind("note", "Lần sau lưu lại tệp bằng Excel dạng .xlsx rồi gửi."),
    "set_aside_text": Kind("note", "Nếu các dòng này là số liệu báo cáo, ghi chúng ở phần đầu thư rồi gửi lại."),
    "filed_under_other_month": Kind("note", "Nếu xếp sai tháng, ghi rõ tháng báo cáo trong tiêu đề thư rồi gửi lại."),
    "date_in_future": Kind(
        "warning",
        "Đơn vị kiểm tra ngày giờ của máy gửi; người phụ trách xác nhận trước khi thư này thay bản đã nhận.",
    ),
    "unproved_sender": Kind("warning", "Người phụ trách gọi lại đơn vị theo số đã biết trước khi dùng thư này."),
    "unproved_replacement": Kind(
        "blocking", "Người phụ trách gọi lại đơn vị theo số đã biết, rồi cho dùng hoặc từ chối thư này.", EXPLAINS
    ),
}


# A whole file or message that may hold figures was not used. It blocks the month unless what came with it or later
# tells all that its sender owes (dbt_project/models/intermediate/int_intake_findings_lost.sql).
LOSSES = frozenset({
    "empty_file", "empty_document", "file_too_large", "truncated_file", "damaged_file", "password_protected",
    "unsupported_format", "zip_bomb", "unsafe_name", "nested_archive", "unsafe_xml", "sheet_too_large", "winmail_dat",
    "image_only_pdf", "image_not_read", "unreadable_file", "too_old_format", "time_limit", "memory_limit",
    "fault_of_ours", "message_unreadable", "parts_beyond_limit",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about one file. `refuses` means that the file must not be read."""

    kind: str
    message_vi: str
    refuses: bool = True
    sheet: str = ""
    cell: str = ""
    raw_text: str = ""

    def finding(
        self, period: str, receipt_id: str, message: str, file: str, submitter_id: str
    ) -> IntakeFinding:
        """Return the problem as a finding at its message and file."""
        severity, remedy, _ = KINDS[self.kind]
        return IntakeFinding(
            period,
            receipt_id,
            message,
            file,
            self.sheet,
            self.cell,
            self.kind,
            severity,
            submitter_id,
            self.message_vi,
            remedy,
            self.raw_text,
            self.kind in LOSSES,
        )
