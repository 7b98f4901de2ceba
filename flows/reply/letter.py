"""The words of the answer to a sender: what was read, what was not and why, what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flows.own_letter import HOW_TO_CORRECT, first_line, last_line
from flows.records import DocumentReading, Finding, IntakeFinding, Receipt
from flows.reply.marks import USE_VI, name_of, value_of
from infra.catalogue import Catalogue

MAX_LISTED = 40
STATUS_VI = {
    "received": "Đã tiếp nhận.",
    "late": "Đã tiếp nhận, nhưng gửi sau hạn.",
    "superseded": "Đã tiếp nhận; bản gửi sau của đơn vị được dùng thay cho thư này.",
    "duplicate": "Thư này trùng với thư đã nhận, chỉ tính một lần.",
    "rejected": "Đã lưu nhưng chưa dùng được.",
    "quarantined": "Đã lưu nhưng chưa dùng, vì lý do dưới đây.",
    "unopened": "Đã lưu nhưng chưa mở được.",
    "no_data": "Thư không có nội dung báo cáo.",
}
CLOSING = ("", "Trân trọng.", "")
Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything one answer is made from."""

    receipt: Receipt
    submitter_name: str
    readings: tuple[DocumentReading, ...]
    about_message: tuple[IntakeFinding, ...]
    verdicts: tuple[Finding, ...]
    catalogue: Catalogue

    @property
    def intake(self) -> list[IntakeFinding]:
        return [*self.about_message, *(f for r in self.readings for f in r.reading.findings)]


def letter_text(answer: Answer, attached: Sequence[str]) -> str:
    """Return the body of the answer, Vietnamese, plain text, between the two lines by which it is known again.

    Args:
        answer: The receipt, what was read and what was found.
        attached: A line for every file that goes with the answer.
    """
    code = answer.receipt.receipt_id
    return "\n".join([first_line(code), "", *_letter_lines(answer, attached), *CLOSING, last_line(code), ""])


def _letter_lines(answer: Answer, attached: Sequence[str]) -> list[str]:
    receipt = answer.receipt
    month = f"{receipt.period[5:7]}/{receipt.period[:4]}"
    lines = [f"Kính gửi: {answer.submitter_name or receipt.sender_address}", ""]
    office = answer.catalogue.department.department_name
    lines.append(f"{office} đã nhận thư “{receipt.subject}” của kỳ báo cáo tháng {month}.")
    lines.append(f"Mã tiếp nhận: {receipt.receipt_id}. {STATUS_VI[receipt.status]}")
    if receipt.reason_vi:
        lines.append(receipt.reason_vi)
    if receipt.status in ("quarantined", "unopened"):
        return [*lines, *_section("Cách xử lý", _finding_lines(answer.about_message))]
    lines += _section("1. Đã đọc được", _read_lines(answer))
    lines += _section("2. Chưa đọc được hoặc cần kiểm tra lại", _finding_lines(answer.intake))
    lines += _section("3. Số liệu chưa khớp khi kiểm tra", [f"- {f.message_vi}" for f in answer.verdicts])
    lines += _section("Tệp gửi kèm", [f"- {line}" for line in attached])
    return [*lines, *HOW_TO_CORRECT]


def summary_rows(answer: Answer, file: str) -> list[Row]:
    """Return the rows of the sheet "Kết quả đọc" for one file: figures with their cells, then what is to be said."""
    receipt = answer.receipt
    rows: list[Row] = [(f"KẾT QUẢ ĐỌC TỆP “{file}”",)]
    rows.append(
        (f"Mã tiếp nhận {receipt.receipt_id}, kỳ {receipt.period}. Trang này do hệ thống thêm vào, không tính.",)
    )
    rows.append(("Màu ô: xanh = đã đọc; xám = không dùng; vàng = lưu ý; đỏ cam = cần xem lại.",))
    rows += [(), ("Trang tính", "Ô", "Chỉ tiêu", "Ghi trong tệp", "Đọc được", "Tình trạng")]
    for reading in answer.readings:
        if reading.document.file == file:
            for o in reading.reading.observations:
                state = "được dùng" if o.use_status == "in_force" else f"không dùng: {USE_VI[o.use_status]}"
                read_as = value_of(o, answer.catalogue)
                rows.append((o.sheet, o.cell, name_of(o, answer.catalogue), o.raw_text, read_as, state))
    findings = [f for f in answer.intake if f.file in ("", file)]
    if findings or answer.verdicts:
        rows += [(), ("Trang tính", "Ô", "Điều cần xem lại", "Ghi trong tệp", "", "Cách xử lý")]
    rows += [(f.sheet, f.cell, f.message_vi, f.raw_text[:200], "", f.remedy_vi) for f in findings]
    rows += [_verdict_row(finding, file) for finding in answer.verdicts]
    return rows


def _verdict_row(finding: Finding, file: str) -> Row:
    cells = [c for c in finding.cells if c.file == file]
    places = ", ".join(dict.fromkeys(c.cell for c in cells))
    return (cells[0].sheet if cells else "", places[:60], finding.message_vi, "", "", "Kiểm tra và gửi lại số đúng.")


def _section(title: str, lines: list[str]) -> list[str]:
    return ["", title, *lines] if lines else []


def _read_lines(answer: Answer) -> list[str]:
    lines = []
    for reading in answer.readings:
        content = reading.reading
        if content.observations or content.narrative_items:
            what = "phần chữ của thư" if reading.document.file == "(body)" else f"tệp “{reading.document.file}”"
            lines.append(
                f"- {what}: {len(content.observations)} số liệu, {len(content.narrative_items)} nội dung công việc."
            )
            lines += _figure_lines(reading, answer.catalogue)
    return lines or ["- Chưa đọc được số liệu hay nội dung nào."]


def _figure_lines(reading: DocumentReading, catalogue: Catalogue) -> list[str]:
    """A short list in the letter; a long one stands in the attached workbook."""
    figures = reading.reading.observations
    if len(figures) > MAX_LISTED:
        return ["    (danh sách đầy đủ trong tệp gửi kèm)"]
    lines = []
    for o in figures:
        unused = "" if o.use_status == "in_force" else f" – không dùng: {USE_VI[o.use_status]}"
        lines.append(f"    {name_of(o, catalogue)}: {value_of(o, catalogue)} [{o.cell}]{unused}")
    return lines


def _finding_lines(findings: Sequence[IntakeFinding]) -> list[str]:
    lines = []
    for finding in findings:
        place = " ".join(p for p in (finding.file, finding.sheet, finding.cell) if p not in ("", "(body)", "body"))
        lines.append(f"- {f'{place}: ' if place else ''}{finding.message_vi}")
        if finding.remedy_vi:
            lines.append(f"    Cách xử lý: {finding.remedy_vi}")
    return lines
