"""What a recipient reads: the letter, and the message that carries it with the files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import PurePath
from typing import TYPE_CHECKING

from flows.records import Delivery, Edition, Output
from infra.errors import CatalogueError
from infra.mail_policy import MAIL
from infra.vietnamese import moment, moment_text, size_text

if TYPE_CHECKING:
    from infra.archive import Archive
    from infra.catalogue import Recipient
    from infra.settings import Settings

MAX_ATTACHED_BYTES = 10 * 10**6  # encoded for the mail they grow by a third; many servers stop at 15 MB
# What may leave the house, in the order in which it finds room: the report, the extract, its dictionary, the changes.
# The workbook, the traces and the manifest are working papers: findings, reasons, cells, messages of single senders.
SENT_KINDS = (".pdf", ".docx", ".csv")


@dataclass(frozen=True)
class Parcel:
    """An edition as a recipient gets it: the files that find room in a message, those that do not, what is new."""

    edition: Edition
    former: Edition | None
    attached: tuple[Output, ...]
    left_out: tuple[Output, ...]
    changes: tuple[str, ...] = ()


def outputs_for(edition: Edition, channel: str) -> tuple[Output, ...]:
    """Return the files for a channel: all for the office's own copy; the working papers leave the house for nobody."""
    if channel == "archive":
        return edition.outputs
    sent = [output for output in edition.outputs if _kind(output) in SENT_KINDS]
    return tuple(sorted(sent, key=lambda output: SENT_KINDS.index(_kind(output))))


def pack(edition: Edition, former: Edition | None) -> Parcel:
    """Choose what goes into a message, up to `MAX_ATTACHED_BYTES`."""
    attached, left_out, room = [], [], MAX_ATTACHED_BYTES
    for output in outputs_for(edition, "email"):
        if output.size <= room:
            attached.append(output)
            room -= output.size
        else:
            left_out.append(output)
    return Parcel(edition, former, tuple(attached), tuple(left_out))


def subject_of(edition: Edition, former: Edition | None) -> str:
    """Return the subject: which report of which month, which edition after the first, and what it replaces."""
    year, month = edition.period.split("-")
    replaced = f", thay thế lần {former.number}" if former else ""
    again = f" (phát hành lần {edition.number}{replaced})" if edition.number > 1 else ""
    return f"Báo cáo công tác thông tin và truyền thông tháng {int(month)} năm {year}{again}"


def message_id(settings: Settings, edition: Edition, recipient_id: str) -> str:
    """Return the one Message-ID that an edition's message to a recipient can have."""
    domain = settings.mail_sender.rpartition("@")[2]
    return f"<{edition.edition_id}.{recipient_id}.{edition.manifest_sha256[:8]}@{domain}>"


def write_letter(parcel: Parcel, recipient: Recipient, office: str, audit_head: tuple[int, str]) -> str:
    """Return the letter: what comes with it, what is new in it, and how to check that it arrived unchanged."""
    edition = parcel.edition
    purpose = "báo cáo" if recipient.mark else "gửi để biết"
    year, month = edition.period.split("-")
    lines = [
        f"Kính gửi: {recipient.recipient_name}", "",
        f"{office} {purpose} kết quả công tác thông tin và truyền thông"
        f" tháng {int(month)} năm {year} (phát hành lần {edition.number}, {moment_text(edition.published_at)}).", "",
        "Tệp kèm theo:", *_listed(parcel.attached), "",
    ]
    if parcel.left_out:
        lines += ["Tệp giao riêng vì vượt dung lượng một thư:", *_listed(parcel.left_out), ""]
    if parcel.former:
        changes = (f"  - {change}" for change in parcel.changes)
        lines += [f"Thay đổi so với lần phát hành {parcel.former.number}:", *changes, ""]
    lines += [
        "Mã SHA-256 để đối chiếu:", *(f"  {o.sha256}  {o.name}" for o in parcel.attached + parcel.left_out), "",
        f"Mã phát hành {edition.edition_id}; nhật ký mục {audit_head[0]}: {audit_head[1]}", "",
        "Bản kèm theo chưa có số, ngày và chữ ký; bản chính thức do văn thư phát hành.",
        f"In English: the monthly report {edition.period}, edition {edition.number}, with its data files.", "",
    ]
    return "\n".join(lines)


def compose_message(
    settings: Settings, archive: Archive, parcel: Parcel, delivery: Delivery, letter: str, office: str
) -> bytes:
    """Return the exact bytes to send; the same arguments give the same bytes.

    Raises:
        CatalogueError: An address is not one.
    """
    message = EmailMessage(policy=MAIL)
    message["From"] = _address(office, settings.mail_sender)
    message["To"] = [_address(delivery.recipient_name, address) for address in delivery.addresses]
    message["Subject"] = delivery.subject
    message["Date"] = format_datetime(moment(delivery.created_at))
    message["Message-ID"] = delivery.message_id
    if parcel.former:
        message["In-Reply-To"] = message_id(settings, parcel.former, delivery.recipient_id)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter, cte="quoted-printable")
    for output in parcel.attached:
        maintype, _, subtype = output.media_type.partition("/")
        message.add_attachment(
            archive.get(output.sha256), maintype, subtype or "octet-stream", filename=output.name,
            params={"charset": "utf-8"} if maintype == "text" else None,
        )
    message["Content-Language"] = "vi"
    if message.is_multipart():
        # The library would choose a random boundary; a fixed one makes the bytes a function of the contents.
        message.set_boundary(f"=={hashlib.sha256(delivery.message_id.encode()).hexdigest()[:32]}==")
    return message.as_bytes()


def _address(name: str, address: str) -> Address:
    try:
        return Address(display_name=name, addr_spec=address)
    except (ValueError, IndexError) as error:
        raise CatalogueError(f"Địa chỉ “{address}” của {name} không hợp lệ.", f"{address!r} is not a mail address.",
                             place="recipients.csv", remedy_vi="Sửa cột addresses của nơi nhận này.") from error


def _listed(outputs: tuple[Output, ...]) -> list[str]:
    return [f"  - {output.name} ({size_text(output.size)})" for output in outputs] or ["  - không có"]


def _kind(output: Output) -> str:
    return PurePath(output.name).suffix.lower()
