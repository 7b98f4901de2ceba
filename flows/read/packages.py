"""Zip packages (OOXML, OpenDocument): what they are by their own directory, and made plain for the readers.

The readers want UTF-8 parts and an OpenDocument type in its place; a package without them is sound and rewritten.
"""

from __future__ import annotations

import io
import re
import zipfile
from xml.etree import ElementTree

from infra.zip_files import READ_ERRORS, open_zip, read_entry

MAX_PARTS = 20_000
_XML_PARTS = (".xml", ".rels", ".vml")
_DIRECTORY_PART = 5_000_000  # bytes that the list of a package's parts may have
_MIMETYPES = {"spreadsheet": "ods", "text": "odt", "presentation": "odp", "graphics": "odg"}
_ODS = "application/vnd.oasis.opendocument.spreadsheet"
_STRICT = re.compile(rb"http://purl\.oclc\.org/ooxml/(\w+)/([\w-]+)")
_MAIN_TYPES = (
    ("sheet.binary.macroenabled", "xlsb"), ("sheet.macroenabled", "xlsm"),
    ("spreadsheetml", "xlsx"), ("ms-excel", "xlsm"), ("wordprocessingml", "docx"), ("ms-word", "docx"),
    ("presentationml", "pptx"), ("ms-powerpoint", "pptx"),
)  # fmt: skip
_MAIN_PARTS = {
    "xl/workbook.bin": "xlsb", "xl/workbook.xml": "xlsx", "word/document.xml": "docx", "ppt/presentation.xml": "pptx",
}  # fmt: skip


def package_kind(data: bytes) -> str:
    """Return xlsx, xlsm, xlsb, docx, pptx, ods, odt, odp, odg, "zip" for no package, "broken_zip" without directory.

    A package says what it is in its type part; one without is known by its main part. Folder names decide nothing.
    """
    try:
        with open_zip(data) as archive:
            names = set(archive.namelist())
            return _open_document(archive, names) or _office_open(archive, names) or _by_main_part(names)
    except zipfile.BadZipFile:
        return "broken_zip"


def _open_document(archive: zipfile.ZipFile, names: set[str]) -> str:
    said = _part(archive, "mimetype") if "mimetype" in names else b""
    if not said and "content.xml" in names and "META-INF/manifest.xml" in names:
        said = b" ".join(re.findall(rb"application/vnd\.oasis\.[\w.-]+", utf8(_part(archive, "META-INF/manifest.xml"))))
    found = re.search(rb"application/vnd\.oasis\.opendocument\.(\w+)", said)
    return _MIMETYPES.get(found[1].decode(), "") if found else ""


def _office_open(archive: zipfile.ZipFile, names: set[str]) -> str:
    """The relation "officeDocument" of the package names its main part, the list of content types that part's type."""
    if "[Content_Types].xml" not in names:
        return ""
    types = _elements(_part(archive, "[Content_Types].xml"))
    main = main_parts(archive, names)
    by_part = {t.get("PartName", "").lstrip("/").lower(): t.get("ContentType", "") for t in types}
    said = [by_part.get(part.lower(), "") for part in main] or [t for t in by_part.values() if ".main+xml" in t]
    return next((kind for word, kind in _MAIN_TYPES for content in said if word in content.lower()), "")


def main_parts(archive: zipfile.ZipFile, names: set[str]) -> list[str]:
    """Return the parts that a package's relations call its main part; one in a sound package."""
    relations = _elements(_part(archive, "_rels/.rels")) if "_rels/.rels" in names else []
    return [r.get("Target", "").lstrip("/") for r in relations if r.get("Type", "").endswith("/officeDocument")]


def _by_main_part(names: set[str]) -> str:
    if "content.xml" in names and "META-INF/manifest.xml" in names:
        return "ods"
    return next((kind for part, kind in _MAIN_PARTS.items() if part in names), "zip")


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return a small part, "" when it is broken: whoever reads the package says so."""
    try:
        return read_entry(archive, name, _DIRECTORY_PART)
    except zipfile.BadZipFile:
        return b""


def _elements(part: bytes) -> list[ElementTree.Element]:
    plain = utf8(part)
    if b"<!DOCTYPE" in plain or b"<!ENTITY" in plain:
        return []
    try:
        return list(ElementTree.fromstring(plain))
    except (ElementTree.ParseError, ValueError):
        return []


def utf8(xml: bytes) -> bytes:
    """Return an XML text in UTF-8, whatever its byte order mark or its first letters say.

    Raises:
        UnicodeDecodeError: Never: what cannot be decoded is replaced, and the parser refuses it.
    """
    encoding = encoding_of(xml[:4])
    if not encoding:
        return xml
    text = xml.decode(encoding, "replace").lstrip("\ufeff")
    return re.sub(r"^(<\?xml[^>]{0,200}?)\s+encoding\s*=\s*[\"'][^\"']*[\"']", r"\1", text).encode("utf-8", "replace")


def encoding_of(head: bytes) -> str:
    """Return "utf-16" or the UTF-16 without a mark that the first four bytes of an XML text are in, else ""."""
    if head.startswith((b"\xff\xfe\0\0", b"\0\0")):
        return ""  # UTF-32: no office program writes it
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    return {b"<\0": "utf-16-le", b"\0<": "utf-16-be"}.get(head[:2], "")


def transitional(xml: bytes) -> bytes:
    """Return a part of a Strict Open XML package (ISO/IEC 29500-4, annex A) under the names of a transitional one."""
    return _STRICT.sub(rb"http://schemas.openxmlformats.org/\1/2006/\2", xml)


def plain_package(data: bytes, kind: str) -> bytes:
    """Return a package as the readers want it: the same bytes, or rewritten where it needs to be.

    Call it only after the directory was judged (`infra.zip_files.inspect_zip`): everything is inflated.

    Raises:
        zipfile.BadZipFile: A part is broken.
    """
    with open_zip(data) as archive:
        entries = archive.infolist()
        odd = {entry.filename for entry in entries if _is_xml(entry.filename) and encoding_of(_head(archive, entry))}
        said = _part(archive, "mimetype") if "mimetype" in archive.namelist() else b""
        needs_type = kind == "ods" and said != _ODS.encode()
        if not odd and not needs_type:
            return data
        return _rewritten(archive, entries, odd, {"mimetype": _ODS.encode()} if needs_type else {})


def _rewritten(
    archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], odd: set[str], added: dict[str, bytes]
) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as copy:
        for name, content in added.items():
            copy.writestr(zipfile.ZipInfo(name), content)
        for entry in entries:
            if entry.filename not in added:
                part = read_entry(archive, entry)
                copy.writestr(entry.filename, utf8(part) if entry.filename in odd else part)
    return buffer.getvalue()


def _is_xml(name: str) -> bool:
    return name.lower().endswith(_XML_PARTS)


def _head(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    try:
        with archive.open(entry) as stream:
            return stream.read(4)
    except READ_ERRORS as error:
        raise zipfile.BadZipFile(str(error)) from error
