"""What one message or file holds, as documents: its text, its attachments, the files of a zip, one level deep.

Runs in the child, with one budget a message. The law: every leaf of the message and every member of an archive becomes
exactly one content; one that cannot be a document says why in `problem`.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from flows.mail.codings import is_file
from flows.mail.message import Attachment, Mail, free_name, parse_mail
from flows.mail.parts import UNREAD, looks_like_message
from flows.records import Document
from infra.clean_text import clean_line
from infra.zip_files import LOCAL_HEADER, entry_name, inspect_zip, is_zip, open_zip, read_entry, unlisted_members

BODY = "(body)"
JUNK = re.compile(r"(^|/)(__MACOSX/|\.DS_Store$|Thumbs\.db$|desktop\.ini$|~\$)", re.IGNORECASE)
MAX_MEMBER = 40_000_000
MAX_INFLATED = 150_000_000  # bytes that the zips of one message may give together
MAX_CONTENTS = 2_500
TYPES_OF_NO_MESSAGE = ("text/html", "application/pdf", "application/zip")


@dataclass(frozen=True, slots=True)
class Content:
    """A document's name, bytes and type before it is archived; without bytes it only says why (`problem`)."""

    file: str
    data: bytes
    media_type: str
    problem: str = ""
    problem_vi: str = ""

    def document(self, receipt_id: str, message: str) -> Document:
        """Return the record of these bytes within a receipt."""
        sha256 = hashlib.sha256(self.data).hexdigest() if self.data else ""
        size = len(self.data)
        return Document(receipt_id, message, self.file, sha256, size, self.media_type, self.problem, self.problem_vi)


class Budget:
    """What the archives of one message may still give: bytes and contents."""

    def __init__(self, inflated: int = MAX_INFLATED, contents: int = MAX_CONTENTS) -> None:
        self.inflated = inflated
        self.contents = contents


def contents_of_mail(mail: Mail) -> list[Content]:
    """Return the text of a message (as UTF-8) and its files; the files of a zip or of an attached message follow it.

    A zip that may not be opened stands for itself: reading it says why.
    """
    body = mail.body.encode("utf-8", "replace") if mail.body.strip() else b""
    contents: list[Content] = []
    if body or mail.body_problem:
        contents.append(Content(BODY, body, "text/plain; charset=utf-8", mail.body_problem, mail.body_problem_vi))
    budget, taken = Budget(), {BODY}
    for attachment in mail.attachments:
        contents += _unfolded(attachment, budget, taken)
    return contents


def contents_of_file(attachment: Attachment) -> list[Content]:
    """Return a file and, when it is a zip of files, its members as "archive.zip/inner/name"."""
    return list(_unfolded(attachment, Budget(), set()))


def _unfolded(attachment: Attachment, budget: Budget, taken: set[str]) -> Iterator[Content]:
    """Yield a file, then what is inside it when it is a zip or a message that came as a file."""
    media_type = attachment.media_type + ("; inline" if attachment.is_inline else "")
    name = free_name(attachment.name, taken)
    budget.contents -= 1
    unread = attachment.problem == "skipped_part"
    whole = Content(name, b"" if unread else attachment.data, media_type, attachment.problem, attachment.problem_vi)
    if attachment.problem in UNREAD:
        yield whole
    elif attachment.media_type != "message/rfc822" and _is_message(attachment):
        inside = list(_of_attached(parse_mail(attachment.data), name, budget, taken))
        yield whole if whole.problem else _taken_apart(whole, inside)
        yield from inside
    else:
        yield whole
        if is_plain_zip(attachment.data):
            yield from _members_or_why(attachment.data, name, budget, taken)


def _taken_apart(whole: Content, inside: Iterable[Content]) -> Content:
    """Return a message that came as a file (.eml, .mht, .mbox): where its files are read, it is only their wrapping."""
    if all(content.problem in UNREAD for content in inside):
        return whole
    sentence = "Một thư khác được đính kèm nguyên thư; các tệp trong thư đó được đọc riêng."
    return replace(whole, problem="attached_message", problem_vi=sentence)


def _is_message(attachment: Attachment) -> bool:
    return attachment.media_type not in TYPES_OF_NO_MESSAGE and looks_like_message(attachment.data, attachment.name)


def _of_attached(inner: Mail, name: str, budget: Budget, taken: set[str]) -> Iterator[Content]:
    """Yield the files of a message that was attached as a file; its text is said to be unread, as of any attached."""
    if inner.body.strip():
        sentence = f"Phần chữ của thư đính kèm “{name}” không được đọc; chỉ đọc tệp trong thư đó."
        yield Content(free_name(f"{name}/{BODY}", taken), b"", "text/plain", "skipped_part", sentence)
    for attachment in inner.attachments:
        contents = [Content(f"{name}/{attachment.name}", attachment.data, attachment.media_type,
                            attachment.problem, attachment.problem_vi)]
        if attachment.problem not in UNREAD and is_plain_zip(attachment.data):
            contents += _members_or_why(attachment.data, f"{name}/{attachment.name}", budget, taken)
        for content in contents:
            taken.add(content.file.casefold())
            yield content


def is_plain_zip(data: bytes) -> bool:
    """Return whether the bytes are a zip of files, not a workbook or a document that happens to be a zip."""
    if (is_file(data) and not data.startswith(LOCAL_HEADER)) or not is_zip(data):
        return False
    try:
        names = set(open_zip(data).namelist())
    except zipfile.BadZipFile:
        return False
    return not names & {"[Content_Types].xml", "mimetype", "_rels/.rels", "content.xml"}


def _members_or_why(data: bytes, archive_name: str, budget: Budget, taken: set[str]) -> Iterator[Content]:
    """Yield the members of a zip; of one that may not be opened nothing (reading it says why), of an empty one that."""
    if inspect_zip(data):
        return
    is_empty = True
    for member in _members(data, archive_name, budget, taken):
        is_empty = False
        yield member
    if unlisted := [clean_line(name) for name in unlisted_members(data)]:
        sentence = (f"Trong tệp nén “{archive_name}” còn tệp mà mục lục của nó không ghi, nên không đọc: "
                    f"{', '.join(unlisted[:10])}. Hãy gửi lại các tệp đó.")
        yield Content(free_name(f"{archive_name}/(ngoài mục lục)", taken), b"", "", "damaged_file", sentence)
    elif is_empty:
        sentence = f"Tệp nén “{archive_name}” không có tệp nào bên trong."
        yield Content(free_name(f"{archive_name}/(trống)", taken), b"", "", "empty_file", sentence)


def _members(data: bytes, archive_name: str, budget: Budget, taken: set[str]) -> Iterator[Content]:
    """Yield one content a member, folders aside."""
    with open_zip(data) as archive:
        first: dict[int, zipfile.ZipInfo] = {}     # of each member the entry that names it first
        for number, entry in enumerate(_files(archive), start=1):
            if budget.contents <= 0:
                sentence = f"Thư và tệp nén có hơn {MAX_CONTENTS} tệp; từ tệp này trở đi không mở."
                yield Content(free_name(f"{archive_name}/(…)", taken), b"", "", "parts_beyond_limit", sentence)
                return
            budget.contents -= 1
            if first.setdefault(entry.header_offset, entry) is not entry:
                yield _named_twice(entry, first[entry.header_offset], number, archive_name, taken)
                continue
            member = _member(archive, entry, number, archive_name, budget, taken)
            yield member
            if member.data and looks_like_message(member.data, member.file):
                yield from _of_attached(parse_mail(member.data), member.file, budget, taken)


def _files(archive: zipfile.ZipFile) -> Iterable[zipfile.ZipInfo]:
    return (entry for entry in archive.infolist() if not (entry.filename.endswith("/") and not entry.file_size))


def _member(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, number: int, archive_name: str, budget: Budget, taken: set[str]
) -> Content:
    own = _own_name(entry)
    file = _file_name(entry, number, archive_name, taken)
    kind = "application/octet-stream"
    if JUNK.search(own):
        return Content(file, b"", kind, "skipped_part", f"“{own}” là tệp phụ của máy tính, không phải báo cáo.")
    try:
        limit = min(MAX_MEMBER, budget.inflated)
        member = read_entry(archive, entry, limit)
    except zipfile.BadZipFile as error:
        return _unopened(file, entry, budget, str(error))
    budget.inflated -= len(member)
    if is_plain_zip(member):
        return Content(file, member, kind, "nested_archive", "Tệp nén nằm trong một tệp nén khác nên không mở.")
    if not own:
        return Content(file, member, kind, "unnamed_member", "Trong tệp nén có một tệp không có tên.")
    return Content(file, member, kind, *(() if member else ("empty_file", f"Tệp “{own}” trong tệp nén có 0 byte.")))


def _own_name(entry: zipfile.ZipInfo) -> str:
    return clean_line(entry_name(entry)).replace("\\", "/").strip("/ ")


def _file_name(entry: zipfile.ZipInfo, number: int, archive_name: str, taken: set[str]) -> str:
    return free_name(f"{archive_name}/{_own_name(entry) or f'(không tên {number})'}", taken)


def _named_twice(
    entry: zipfile.ZipInfo, first: zipfile.ZipInfo, number: int, archive_name: str, taken: set[str]
) -> Content:
    """Two entries of the directory lead to the same bytes: they are read once, under the first name."""
    file = _file_name(entry, number, archive_name, taken)
    sentence = f"Mục này của tệp nén là chính dữ liệu của “{_own_name(first)}”; chỉ đọc một lần."
    return Content(file, b"", "application/octet-stream", "exact_duplicate", sentence)


def _unopened(file: str, entry: zipfile.ZipInfo, budget: Budget, detail: str) -> Content:
    kind = "application/octet-stream"
    if "longer than" in detail or entry.file_size > min(MAX_MEMBER, budget.inflated):
        sentence = f"Tệp trong tệp nén bung ra quá mức cho phép ({min(MAX_MEMBER, budget.inflated) / 1e6:.0f} MB)."
        return Content(file, b"", kind, "file_too_large", sentence)
    sentence = f"Tệp trong tệp nén không giải nén được ({clean_line(detail)[:100]})."
    return Content(file, b"", kind, "damaged_file", sentence)
