"""Who sent a message and what it may count for: decided from its headers, before any file is opened."""

from __future__ import annotations

import re
import unicodedata

from flows.mail import Mail
from flows.records import ReceiptStatus
from infra.catalogue import Catalogue, Submitter
from infra.periods import is_late, late_sentence

BULK_HEADERS = ("list-unsubscribe", "list-id", "x-campaign-id", "feedback-id")
UNSUBSCRIBE = re.compile(r"huy (nhan|dang ky)|ngung nhan|unsubscribe|opt.?out")
REPORTING = re.compile(r"bao cao|so lieu|thue bao|bieu mau|bieu so|gui bc|\bbc t")


def find_submitter(mail: Mail, catalogue: Catalogue) -> Submitter | None:
    """Return whose address sent the message; a message whose domain was proved forged belongs to nobody."""
    if is_forged(mail):
        return None
    return catalogue.submitter_by_address.get(mail.sender_address)


def is_forged(mail: Mail) -> bool:
    """Return whether the receiving mail server found that the sender's domain did not send this message."""
    return bool(re.search(r"\bdmarc=fail\b", mail.headers.get("authentication-results", "").lower()))


def judge_mail(mail: Mail, submitter: Submitter | None, catalogue: Catalogue, period: str) -> tuple[ReceiptStatus, str]:
    """Return the status of a message on arrival and the reason in Vietnamese (none when simply received)."""
    if is_automatic(mail):
        return "no_data", "Thư trả lời tự động hoặc thông báo của máy chủ thư, không có báo cáo."
    if submitter is None:
        return _judge_stranger(mail)
    if mail.is_broken:
        return "no_data", "Thư lồng quá nhiều lớp nên không tách được; đề nghị gửi lại thư mới kèm tệp báo cáo."
    if not mail.attachments and not mail.body.strip():
        return "no_data", "Thư không có chữ và không có tệp đính kèm."
    if is_late(mail.sent_at, catalogue, period):
        return "late", late_sentence(mail.sent_at, catalogue, period)
    return "received", ""


def is_automatic(mail: Mail) -> bool:
    """Return whether a machine wrote the message: an absence notice or a delivery report."""
    auto = mail.headers.get("auto-submitted", "no").lower()
    return not auto.startswith("no") or "multipart/report" in mail.headers.get("content-type", "").lower()


def is_bulk(mail: Mail) -> bool:
    """Return whether it is a newsletter: list headers, a way to unsubscribe, or no word of reporting."""
    headers = any(name in mail.headers for name in BULK_HEADERS)
    if headers or mail.headers.get("precedence", "").lower() in ("bulk", "list", "junk"):
        return True
    text = _plain(f"{mail.subject} {mail.body}")
    return bool(UNSUBSCRIBE.search(text)) or not REPORTING.search(text)


def _judge_stranger(mail: Mail) -> tuple[ReceiptStatus, str]:
    if is_forged(mail):
        return "quarantined", f"Máy chủ thư xác định địa chỉ {mail.sender_address} bị giả mạo."
    if not mail.attachments and is_bulk(mail):
        return "no_data", "Thư quảng bá hoặc bản tin, không phải báo cáo của đơn vị nào."
    address = mail.sender_address or "(không có địa chỉ)"
    return "quarantined", f"Địa chỉ {address} không có trong danh mục đơn vị báo cáo."


def _plain(text: str) -> str:
    """Return text in lower case without diacritics, for looking up a few words."""
    letters = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return "".join(c for c in letters if not unicodedata.combining(c))
