"""What a file really is, from its first bytes and its directory; the extension is only what somebody typed."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from flows.read.packages import package_kind
from infra.zip_files import END_OF_DIRECTORY, LOCAL_HEADER, is_zip

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MAGICS = (
    (b"Rar!\x1a\x07", "rar"), (b"7z\xbc\xaf\x27\x1c", "7z"), (b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"), (b"MZ", "exe"), (b"\x7fELF", "exe"), (b"{\\rtf", "rtf"), (b"\x78\x9f\x3e\x22", "tnef"),
    (b"\x89PNG", "image"), (b"\xff\xd8\xff", "image"), (b"GIF8", "image"), (b"BM", "image"),
    (b"II*\x00", "image"), (b"MM\x00*", "image"),
    (b"\xdb\xa5-\x00", "old_word"), (b"1\xbe\x00\x00", "old_word"),
    *((bytes((9, version, length, 0)), "old_xls") for version in (0, 2, 4, 8) for length in (4, 6, 8)),
)  # fmt: skip
# Main streams of an OLE file, at its top level and nowhere else: an embedded object has its own below a storage.
STREAMS = {
    "encryptedpackage": "encrypted", "workbook": "xls", "book": "xls", "worddocument": "doc",
    "powerpoint document": "ppt", "__properties_version1.0": "msg",
}  # fmt: skip
_PROGRAMS = {"xls": "Excel", "doc": "Word", "ppt": "PowerPoint", "encrypted": "Office", "msg": "Outlook"}
_WORD_CLASS = re.compile("0002090[0-9A-F]-", re.IGNORECASE)
EXPECTED = {
    ".xlsx": {"xlsx", "xlsm"}, ".xlsm": {"xlsm", "xlsx"}, ".xltx": {"xlsx"}, ".xlsb": {"xlsb"},
    ".xls": {"xls", "old_xls"}, ".ods": {"ods"}, ".docx": {"docx"}, ".docm": {"docx"}, ".doc": {"doc", "rtf"},
    ".rtf": {"rtf"}, ".odt": {"odt"}, ".pdf": {"pdf"}, ".zip": {"zip"}, ".csv": {"text"},
    ".tsv": {"text"}, ".txt": {"text"},
}  # fmt: skip
WORKBOOKS = frozenset({"xlsx", "xlsm", "xlsb", "xls", "old_xls", "ods"})
_BEFORE_A_ZIP = frozenset({"binary", "exe", "text"})  # what may stand before the first member of a zip
READABLE = WORKBOOKS | {"docx", "doc", "rtf", "pdf", "text"}


@lru_cache(maxsize=2)  # preflight and readers ask about the same bytes
def container_of(data: bytes) -> str:
    """Return the container: xlsx, xlsm, xlsb, ods, docx, odt, pptx, zip, broken_zip, xls, old_xls, doc, old_word,
    encrypted, msg, ole, broken_ole, pdf, html, xml, rtf, text, image, rar, 7z, gzip, exe, tnef, binary or empty.
    """
    if not data.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        return "empty"
    if data.startswith((LOCAL_HEADER, END_OF_DIRECTORY)):
        return package_kind(data)
    container = _other_container(data)
    return package_kind(data) if container in _BEFORE_A_ZIP and is_zip(data) else container


def _other_container(data: bytes) -> str:
    if data.startswith(OLE):
        return _ole_container(data)
    for magic, name in MAGICS:
        if data.startswith(magic):
            return name
    if b"%PDF-" in data[:1024]:
        return "pdf"
    return _text_container(data)


def _ole_container(data: bytes) -> str:
    """The streams at the top of the directory decide; where there are two, the class of the root does."""
    ole = open_ole(data)
    if ole is None:
        return "broken_ole"
    with ole:
        kinds = [kind for name, kind in STREAMS.items() if name in ole.root.kids_dict]
        if "doc" in kinds and _WORD_CLASS.match(str(ole.root.clsid)):
            return "doc"
        return next(iter(kinds), "ole")


def open_ole(data: bytes) -> Any:
    """Return the OLE file over `data`, None when its directory cannot be followed."""
    import olefile

    try:
        return olefile.OleFileIO(io.BytesIO(data))
    except Exception:  # olefile raises whatever a hostile chain leads it to
        return None


def embedded_programs(paths: Iterable[list[str]]) -> Counter[str]:
    """Return how many objects of which program stand below the top of an OLE file, by the paths of its streams."""
    found: Counter[str] = Counter()
    seen: dict[str, set[str]] = {}
    for path in paths:
        if len(path) > 1:
            seen.setdefault("/".join(path[:-1]), set()).add(path[-1].lower())
    for names in seen.values():
        kind = next((kind for name, kind in STREAMS.items() if name in names), "")
        found[_PROGRAMS.get(kind, "")] += bool(kind)
    return +found


def _text_container(data: bytes) -> str:
    head = data[:4096]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = data[:4096].decode("utf-16", "replace").encode("utf-8", "replace")
    elif b"\x00" in head:
        return "binary"
    lowered = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if lowered.startswith(b"mime-version:"):
        return "html"
    if re.match(rb"<(!doctype html|html|table|head|meta|body|div)\b", lowered) or b"<table" in lowered[:2048]:
        return "html"
    if lowered.startswith((b"<?xml", b"<!doctype")):
        return "html" if b"<html" in lowered else "xml"
    controls = sum(byte < 9 or 13 < byte < 32 for byte in head)
    return "binary" if controls > len(head) // 50 else "text"
