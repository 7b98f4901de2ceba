"""The sample's messages as they would come a month later: the same names and figures, dates moved on by a month."""

from __future__ import annotations

import io
import re
import zipfile
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

MONTH = re.compile(
    r"(?P<before>(?:tháng|thang)[\s\xa0_]*0?|\bT0?)(?P<named>[3-5])(?![\d.,])|\b(?P<zero>0?)(?P<dated>[3-5])(?=[/.\-]2019\b)",
    re.IGNORECASE,
)
MARKUP = (".xml", ".rels", ".csv", ".txt")


def next_month(text: str) -> str:
    """Return the text with its months of spring 2019 moved on by one."""
    return MONTH.sub(_moved_on, text)


def _moved_on(match: re.Match[str]) -> str:
    lead = match["before"] if match["named"] else match["zero"]
    return f"{lead}{int(match['named'] or match['dated']) + 1}"


def move_inbox(source: Path, target: Path) -> None:
    """Write every message of one folder into another as it would come a month later, under the same name."""
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.glob("*.eml")):
        (target / path.name).write_bytes(_moved(path.read_bytes()))


def _moved(data: bytes) -> bytes:
    old = message_from_bytes(data, policy=policy.default)
    new = EmailMessage()
    for name in ("From", "To", "Message-ID", "List-Unsubscribe", "Precedence"):
        if old[name]:
            new[name] = str(old[name]).replace("@", "-05@") if name == "Message-ID" else str(old[name])
    new["Subject"] = next_month(str(old["Subject"]))
    new["Date"] = str(old["Date"]).replace(" Apr ", " May ")
    body = old.get_body(("plain",))
    new.set_content(next_month(body.get_content() if body else ""))
    for part in old.iter_attachments():
        maintype, _, subtype = part.get_content_type().partition("/")
        content = _moved_file(part.get_payload(decode=True))  # type: ignore[arg-type]
        name = next_month(part.get_filename() or "tep")
        new.add_attachment(content, maintype=maintype, subtype=subtype, filename=name)
    if new.is_multipart():
        new.set_boundary("==moved==")  # twins stay twins
    return new.as_bytes()


def _moved_file(data: bytes) -> bytes:
    if not data.startswith(b"PK"):
        return next_month(data.decode("utf-8")).encode()
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename.endswith(MARKUP):
                content = next_month(content.decode("utf-8")).encode()
            elif content.startswith(b"PK"):
                content = _moved_file(content)
            new.writestr(entry.filename, content)
    return stream.getvalue()
