"""Who sent a message and what it may count for: decided from its headers, before any file is opened.

Whose address it names is looked up here; whether it comes from there is for `flows.receive.proof`.
"""

from __future__ import annotations

import re
import unicodedata

from flows.mail.answer import Unpacked
from flows.mail.contents import BODY
from flows.mail.message import Mail
from flows.receive.month import other_month_of_subject
from flows.receive.proof import CLOCKS_APART, Belief
from flows.records import ReceiptStatus
from infra.catalogue import Catalogue, Submitter
from infra.periods import is_late, late_sentence
from infra.vietnamese import moment, moment_text

BULK_HEADERS = ("list-unsubscribe", "list-id", "x-campaign-id", "feedback-id")
UNSUBSCRIBE = re.compile(r"huy (nhan|dang ky)|ngung nhan|unsubscribe|opt.?out")
REPORTING = re.compile(r"bao cao|so lieu|thue bao|bieu mau|bieu so|gui bc|\bbc t")


def find_submitter(mail: Mail, catalogue: Catalogue) -> Submitter | None:
    """Return whose address the message names as its author's."""
    return catalogue.submitter_by_address.get(mail.sender_address)


def judge_mail(
    opened: Unpacked, submitter: Submitter | None, belief: Belief, catalogue: Catalogue, period: str,
    dates: tuple[str, str],
) -> tuple[ReceiptStatus, str, str]:
    """Return the status of a message on arrival, the kind of finding and its sentence (both empty when received).

    Args:
        opened: The message.
        submitter: Whose address it names, if anybody's.
        belief: Whether that is proved.
        catalogue: The catalogue of the month under which it is filed.
        period: That month.
        dates: When the last mail server took it over ("" when unknown) and when it was received here.

    Raises:
        ValueError: What was taken apart is no message.
    """
    mail = opened.mail
    if mail is None:
        raise ValueError("a file by itself has no sender to judge")
    if is_automatic(mail):
        return "no_data", "", "Thư trả lời tự động hoặc thông báo của máy chủ thư, không có báo cáo."
    if submitter is None:
        return _judge_stranger(mail, bool(_files(opened)))
    if not belief.proof:
        sentence = f"Chưa tin thư này là của {submitter.submitter_name}: {belief.sentence_vi}."
        return "quarantined", "unproved_sender", sentence
    if not _files(opened) and not mail.body.strip() and not _has_unread_text(opened):
        return "no_data", "empty_message", "Thư không có chữ và không có tệp đính kèm."
    if is_in_future(mail.sent_at, *dates):
        return "quarantined", "date_in_future", _future_sentence(mail.sent_at, dates[0] or dates[1])
    if other := other_month_of_subject(period, opened.months, mail.sent_at):
        return "quarantined", "last_year_file" if other[:4] < period[:4] else "other_month_file", _other_sentence(other)
    if is_late(mail.sent_at, catalogue, period):
        return "late", "", late_sentence(mail.sent_at, catalogue, period)
    return "received", "", ""


def is_in_future(sent_at: str, traced_at: str, received_at: str) -> bool:
    """Return whether a message claims to have been sent more than a day after a server, or we, received it."""
    came_at = traced_at or received_at
    return bool(sent_at and came_at) and moment(sent_at) > moment(came_at) + CLOCKS_APART


def _future_sentence(sent_at: str, received_at: str) -> str:
    return (
        f"Thư ghi ngày gửi {moment_text(sent_at)}, sau lúc nhận {moment_text(received_at)}; "
        "giữ lại chờ người phụ trách xác nhận, chưa thay cho bản nào."
    )


def _other_sentence(month: str) -> str:
    return f"Tiêu đề thư ghi tháng {month[5:]}/{month[:4]}; giữ lại, chưa dùng cho kỳ nào, chờ người xác nhận."


def _has_unread_text(opened: Unpacked) -> bool:
    return any(content.file == BODY and content.problem for content in opened.contents)


def _files(opened: Unpacked) -> list[str]:
    return [content.file for content in opened.contents if content.file != BODY]


def is_automatic(mail: Mail) -> bool:
    """Return whether a machine wrote the message: an absence notice or a delivery report."""
    auto = mail.headers.get("auto-submitted", "no").lower()
    return not auto.startswith("no") or "multipart/report" in mail.headers.get("content-type", "").lower()


def is_bulk(mail: Mail) -> bool:
    """Return whether it is a newsletter: list headers, or a way to unsubscribe."""
    headers = any(name in mail.headers for name in BULK_HEADERS)
    is_sent_to_many = mail.headers.get("precedence", "").lower() in ("bulk", "list", "junk")
    return headers or is_sent_to_many or bool(UNSUBSCRIBE.search(_words_of(mail)))


def _words_of(mail: Mail) -> str:
    return _plain(f"{mail.subject} {mail.body}")


def _judge_stranger(mail: Mail, has_files: bool) -> tuple[ReceiptStatus, str, str]:
    if mail.sender_fault:
        return "quarantined", "unproved_sender", f"Không biết ai gửi: {mail.sender_fault}."
    if not has_files and is_bulk(mail):
        return "no_data", "newsletter_no_data", "Thư quảng bá hoặc bản tin, không phải báo cáo của đơn vị nào."
    if not has_files and not REPORTING.search(_words_of(mail)):
        sentence = (f"Thư của {mail.sender_address}, địa chỉ không có trong danh mục; không có tệp và không có lời nào "
                    "về báo cáo hay số liệu.")
        return "no_data", "stranger_without_report", sentence
    sentence = f"Địa chỉ {mail.sender_address} không có trong danh mục đơn vị báo cáo."
    return "quarantined", "unknown_sender", sentence


def _plain(text: str) -> str:
    """Return text in lower case without diacritics, for looking up a few words."""
    letters = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return "".join(c for c in letters if not unicodedata.combining(c))
