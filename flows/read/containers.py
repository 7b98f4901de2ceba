"""What a file really is, from its first bytes and its inner names; the extension is only what somebody typed."""

from __future__ import annotations

import re
import zipfile

from infra.zip_files import open_zip

ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MAGICS = (
    (b"Rar!\x1a\x07", "rar"), (b"7z\xbc\xaf\x27\x1c", "7z"), (b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"), (b"MZ", "exe"), (b"\x7fELF", "exe"), (b"{\\rtf", "rtf"), (b"\x78\x9f\x3e\x22", "tnef"),
    (b"\x89PNG", "image"), (b"\xff\xd8\xff", "image"), (b"GIF8", "image"), (b"BM", "image"),
    (b"II*\x00", "image"), (b"MM\x00*", "image"),
)  # fmt: skip
EXPECTED = {
    ".xlsx": {"xlsx", "xlsm"}, ".xlsm": {"xlsm", "xlsx"}, ".xltx": {"xlsx"}, ".xlsb": {"xlsb"}, ".xls": {"xls"},
    ".ods": {"ods"}, ".docx": {"docx"}, ".docm": {"docx"}, ".doc": {"doc", "rtf"}, ".rtf": {"rtf"}, ".odt": {"odt"},
    ".pdf": {"pdf"}, ".zip": {"zip"}, ".csv": {"text"}, ".tsv": {"text"}, ".txt": {"text"},
}  # fmt: skip
READABLE = frozenset({"xlsx", "xlsm", "xlsb", "xls", "ods", "docx", "doc", "pdf", "text"})


def container_of(data: bytes) -> str:
    """Return the container: xlsx, xlsm, xlsb, ods, docx, odt, zip, xls, doc, encrypted, msg, ole, pdf, html, xml,
    rtf, text, image, rar, 7z, gzip, exe, tnef, binary or empty.
    """
    if not data.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        return "empty"
    if data.startswith((ZIP, b"PK\x05\x06")):
        return _zip_container(data)
    if data.startswith(OLE):
        return _ole_container(data)
    for magic, name in MAGICS:
        if data.startswith(magic):
            return name
    if b"%PDF-" in data[:1024]:
        return "pdf"
    return _text_container(data)


def _zip_container(data: bytes) -> str:
    try:
        names = set(open_zip(data).namelist())
    except zipfile.BadZipFile:
        names = _names_without_directory(data)
    folders = {name.split("/")[0] for name in names}
    if "xl" in folders:
        return "xlsb" if "xl/workbook.bin" in names else "xlsm" if "xl/vbaProject.bin" in names else "xlsx"
    if "word" in folders:
        return "docx"
    if "ppt" in folders:
        return "pptx"
    if "mimetype" in names or "content.xml" in names:
        return "odt" if b"opendocument.text" in data[:200] else "ods"
    return "zip"


def _names_without_directory(data: bytes) -> set[str]:
    """Entry names from the local headers of a zip whose directory is lost."""
    return {
        name.decode("latin-1")
        for name in re.findall(rb"PK\x03\x04.{22}(?:..){2}([\w./\[\]-]{3,80})", data, re.S)
    }


def _ole_container(data: bytes) -> str:
    """The names of an OLE directory are UTF-16 within it; searching them needs no walk through a hostile chain."""
    names = {
        "EncryptedPackage": "encrypted", "WordDocument": "doc", "Workbook": "xls", "Book": "xls",
        "__properties_version1.0": "msg", "PowerPoint Document": "ppt",
    }  # fmt: skip
    for name, container in names.items():
        if f"{name}\0".encode("utf-16-le") in data:
            return container
    return "ole"


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
