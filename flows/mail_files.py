"""What one message holds, as documents: its text, its attachments, and the files of a zip, one level deep."""

from __future__ import annotations

import hashlib
import re
import zipfile
from dataclasses import dataclass

from flows.mail import Attachment, Mail
from flows.records import Document
from infra.zip_files import entry_name, inspect_zip, open_zip, read_entry

BODY = "(body)"
JUNK = re.compile(r"(^|/)(__MACOSX/|\.DS_Store$|Thumbs\.db$|desktop\.ini$|~\$)", re.IGNORECASE)
MAX_MEMBER = 40_000_000


@dataclass(frozen=True, slots=True)
class Content:
    """A document's name, bytes and type before it is archived."""

    file: str
    data: bytes
    media_type: str

    def document(self, receipt_id: str, message: str) -> Document:
        """Return the record of these bytes within a receipt."""
        sha256 = hashlib.sha256(self.data).hexdigest()
        return Document(receipt_id, message, self.file, sha256, len(self.data), self.media_type)


def contents_of_mail(mail: Mail) -> list[Content]:
    """Return the text of a message (as UTF-8) and its files; the files of a zip follow it.

    A zip that may not be opened stands for itself: reading it says why.
    """
    contents = [Content(BODY, mail.body.encode(), "text/plain; charset=utf-8")] if mail.body.strip() else []
    for attachment in mail.attachments:
        contents += contents_of_file(attachment)
    return contents


def contents_of_file(attachment: Attachment) -> list[Content]:
    """Return a file and, when it is a zip of files, its members as "archive.zip/inner/name"."""
    media_type = attachment.media_type + ("; inline" if attachment.is_inline else "")
    contents = [Content(attachment.name, attachment.data, media_type)]
    if is_plain_zip(attachment.data) and not inspect_zip(attachment.data):
        contents += _members(attachment)
    return contents


def is_plain_zip(data: bytes) -> bool:
    """Return whether the bytes are a zip of files, not a workbook or a document that happens to be a zip."""
    if not data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return False
    try:
        names = set(open_zip(data).namelist())
    except zipfile.BadZipFile:
        return False
    return not names & {"[Content_Types].xml", "mimetype", "_rels/.rels"}


def _members(attachment: Attachment) -> list[Content]:
    members: dict[str, Content] = {}
    with open_zip(attachment.data) as archive:
        for entry in archive.infolist():
            name = entry_name(entry).replace("\\", "/")
            if entry.is_dir() or JUNK.search(name):
                continue
            file = f"{attachment.name}/{name}"
            members.setdefault(file, Content(file, _member_bytes(archive, entry), "application/octet-stream"))
    return list(members.values())


def _member_bytes(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Return a member's bytes; of a broken member nothing, which reading reports by name."""
    try:
        return read_entry(archive, entry, MAX_MEMBER)
    except zipfile.BadZipFile:
        return b""
