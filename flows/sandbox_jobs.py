"""What the limited children can do: take a message apart, read a document, mark a workbook. Runs in them alone.

Each job takes a header (JSON) and the foreign bytes, and gives JSON and bytes. An exception out of a job is a fault of
ours and is logged; what is wrong with a file is part of the answer.
"""

from __future__ import annotations

import contextlib
import importlib
import re
from collections.abc import Callable
from typing import Any

from infra.catalogue import Catalogue

Job = Callable[[dict[str, Any], bytes], tuple[dict[str, Any], list[bytes]]]
WARMING = (
    (
        "(body)",
        "Kính gửi Sở.\nI. Kết quả\n- Trạm BTS: 75 trạm.\n1. Đại lý Internet: 10 đại lý, tăng 2.\nII. Kế hoạch\n- Họp.",
    ),
    ("a.csv", "TT;Chỉ tiêu;ĐVT;Số liệu\n1;Trạm BTS;trạm;75\n2;Đại lý Internet;đại lý;-\n"),
    ("b.csv", "TT;Huyện;Thuê bao trả trước;Trạm BTS\n1;TP. Pleiku;1.095;7\n2;Chư Sê;12;\n;Tổng cộng;1.107;7\n"),
)
BY_EXTENSION = {
    ".docx": ("lxml.etree",), ".doc": ("olefile",), ".xls": ("xlrd", "olefile"), ".pdf": ("pypdfium2.raw",),
}  # fmt: skip
BY_JOB = {"unpack": ("lxml.etree",), "mark": ("lxml.etree", "flows.reply.mark_job")}
IMPORTED = (
    "flows.readings", "flows.read.reader", "flows.read.preflight", "flows.read.prose", "flows.read.csv_files",
    "flows.read.mail_text", "flows.read.workbooks", "flows.read.word_files", "flows.read.pdf_files",
    "flows.read.periods", "flows.read.document_job", "flows.mail.contents", "flows.mail.answer", "python_calamine",
)  # fmt: skip

_LAST_MONTH = re.compile(r"\bthang truoc\b(?<!so voi thang truoc)(?<!cua thang truoc)")

_month: list[tuple[str, Catalogue]] = []


def prepare() -> None:
    """Import what most requests need, once, before any child is forked."""
    for name in IMPORTED:
        importlib.import_module(name)


def configure(month: tuple[str, Catalogue]) -> None:
    """Keep the month and its catalogue; read a few harmless lines, so that children inherit what is computed once."""
    _month[:] = [month]
    _warm_readers(*month)


def preload(job: str, extension: str) -> None:
    """Import what a request will need, in the server, so that the next child of the kind has it."""
    for name in (*BY_JOB.get(job, ()), *BY_EXTENSION.get(extension, ())):
        importlib.import_module(name)


def unpack(header: dict[str, Any], data: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """Take a message (or, without `is_message`, a single file) apart into its documents.

    The answer holds the fields of `Mail`, the months that the message names, and a line a content; the blobs are
    the contents' bytes in the same order.
    """
    from flows.mail.answer import content_rows, mail_fields
    from flows.mail.contents import contents_of_file, contents_of_mail
    from flows.mail.headers import safe_name
    from flows.mail.message import Attachment, parse_mail

    if header["is_message"]:
        mail = parse_mail(data)
        contents = contents_of_mail(mail)
        answer = mail_fields(mail) | {"months": _months_named(mail, [content.file for content in contents])}
    else:
        name = safe_name(header["name"]) or "tep"
        contents = contents_of_file(Attachment(name, data, "application/octet-stream"))
        answer = {}
    return answer | {"contents": content_rows(contents)}, [content.data for content in contents]


def _months_named(mail: Any, files: list[str]) -> list[str]:
    """Return the months that a message declares: its subject's, else those of its file names, else of its own text.

    Those of the subject are marked "=": what stands there is said of the whole message. "<" is the month before the
    message was sent ("báo cáo tháng trước").
    """
    from flows.read.text import strip_marks

    own = [line[:300] for line in mail.body.split("\n") if line.strip() and not line.lstrip().startswith(">")]
    subject = _declared([mail.subject]) or (["<"] if _LAST_MONTH.search(strip_marks(mail.subject[:300])) else [])
    if subject:
        return [f"={month}" for month in subject]
    return _declared([name.replace("_", " ")[:300] for name in files[:50]]) or _declared(own[:12])


def _declared(texts: list[str]) -> list[str]:
    from flows.read.periods import months_declared

    return [f"{d.year or ''}-{d.month:02d}" for d in months_declared(texts) if d.month <= 12]


def read(header: dict[str, Any], data: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """Read one document: {"reading": …} as `flows.readings` writes it."""
    from flows.read.document_job import read_checked
    from flows.readings import reading_to_json

    period, catalogue = _month[0]
    return {"reading": reading_to_json(read_checked(data, header, catalogue, period))}, []


def mark(header: dict[str, Any], data: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """Mark a sender's workbook: the blob is the marked one; {"refusal": why} when it cannot be marked."""
    from flows.reply.mark_job import mark as mark_workbook
    from flows.reply.marked_workbook import UnmarkableWorkbookError

    try:
        return {}, [mark_workbook(data, header)]
    except UnmarkableWorkbookError as error:
        return {"refusal": str(error)[:300]}, []


JOBS: dict[str, Job] = {"unpack": unpack, "read": read, "mark": mark}


def _warm_readers(period: str, catalogue: Catalogue) -> None:
    from flows.read.document import ReadContext
    from flows.read.reader import read_document

    one_a_kind = {submitter.submitter_kind: submitter for submitter in catalogue.submitters}
    for submitter in one_a_kind.values():
        for file, text in WARMING:
            context = ReadContext(catalogue, period, submitter, "", "", file)
            with contextlib.suppress(Exception):  # a reader at fault says so when it reads a document
                read_document(text.encode(), context)
