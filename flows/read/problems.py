"""What can be wrong with a file or a message: one vocabulary, its severity and what the sender can do about it."""

from __future__ import annotations

from dataclasses import dataclass

from flows.records import IntakeFinding, Severity

RESAVE = "Mở tệp bằng Excel/Word, kiểm tra nội dung, lưu lại rồi gửi lại."
# kind: (severity, remedy); a warning needs somebody's eye, a note is said and kept
KINDS: dict[str, tuple[Severity, str]] = {
    "empty_file": ("warning", "Gửi lại tệp; tệp nhận được không có nội dung."),
    "empty_workbook": ("warning", "Nếu số liệu nằm trong bảng tính, gửi lại tệp có số liệu."),
    "empty_document": ("warning", "Gửi lại văn bản có nội dung, không chỉ có hình ảnh."),
    "file_too_large": ("warning", "Chia nhỏ tệp hoặc bỏ hình ảnh trong tệp rồi gửi lại."),
    "truncated_file": ("warning", "Gửi lại tệp đầy đủ; tệp nhận được bị cắt giữa chừng."),
    "damaged_file": ("warning", RESAVE),
    "password_protected": ("warning", "Bỏ mật khẩu rồi gửi lại, hoặc gửi tệp không đặt mật khẩu."),
    "wrong_extension": ("warning", "Mở bằng Excel, chọn Lưu thành (Save As) dạng .xlsx rồi gửi lại."),
    "unsupported_format": (
        "warning",
        "Gửi lại dưới dạng .xlsx, .xls, .ods, .csv, .docx, .doc hoặc .pdf có chữ.",
    ),
    "zip_bomb": ("warning", "Gửi từng tệp riêng, không nén."),
    "unsafe_name": ("warning", "Nén lại chỉ các tệp báo cáo, không kèm đường dẫn."),
    "nested_archive": ("warning", "Gửi tệp nén một lớp: bỏ tệp nén nằm trong tệp nén."),
    "unsafe_xml": ("warning", RESAVE),
    "sheet_too_large": ("warning", "Xóa các ô, dòng, cột thừa ngoài bảng số liệu rồi lưu và gửi lại."),
    "wrong_dimension": ("note", ""),
    "formula_without_value": ("note", "Mở tệp bằng Excel để tính lại công thức, lưu rồi gửi lại."),
    "macro": ("note", "Lần sau nên gửi dạng .xlsx không có macro."),
    "external_links": ("note", "Kiểm tra các ô lấy số từ tệp khác đã là số mới nhất."),
    "embedded_objects": (
        "note",
        "Số liệu nằm trong đối tượng nhúng không được đọc; ghi vào ô của bảng tính.",
    ),
    "active_content": ("note", "Lần sau gửi tệp PDF không kèm mã lệnh."),
    "winmail_dat": ("warning", "Trong Outlook, gửi thư ở dạng HTML hoặc văn bản thuần rồi đính kèm lại tệp."),
    "attached_message": ("note", "Tệp trong thư đính kèm đã được đọc; phần chữ của thư đó thì không."),
    "image_not_read": ("warning", "Gửi kèm bảng số liệu dạng .xlsx hoặc ghi số liệu trong thư."),
    "unreadable_file": ("warning", RESAVE),
    "nothing_recognised": ("warning", "Kiểm tra đã đính kèm đúng tệp báo cáo chưa rồi gửi lại."),
    "late": ("warning", "Lần sau gửi trước hạn."),
    "no_date": ("note", ""),
    "unknown_sender": ("warning", "Gửi từ địa chỉ đã đăng ký, hoặc đề nghị Sở bổ sung địa chỉ vào danh mục."),
    "loose_file": ("warning", "Đặt tệp vào thư mục mang mã đơn vị (ví dụ vnpt/), hoặc gửi bằng thư."),
    "newsletter_no_data": ("note", ""),
    "empty_message": ("warning", "Gửi lại kèm tệp báo cáo."),
    "exact_duplicate": ("note", ""),
    "superseded_by_resubmission": ("note", ""),
    "figures_dropped": ("warning", "Nếu các số này vẫn đúng, ghi thêm vào bản gửi sau hoặc báo lại cho Sở."),
    "correction_by_reply": ("note", ""),
    "last_year_file": ("warning", "Gửi lại tệp của tháng này."),
    "other_month_file": ("warning", "Gửi lại tệp của tháng này."),
    "no_usable_submission": ("warning", "Đề nghị đơn vị gửi lại; lý do ghi ở từng thư."),
    "missing_submission": ("warning", "Nhắc đơn vị gửi báo cáo."),
}


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
        severity, remedy = KINDS[self.kind]
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
        )
