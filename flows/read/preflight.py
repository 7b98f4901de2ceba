"""Everything that is asked of a file before a reader opens it. Runs in the child, with its limits.

Order: size, container against extension, zip directory, XML declarations, sheets, then what the file carries
besides figures (macros, links to other files). The first refusal ends it.
"""

from __future__ import annotations

import re
import xml.parsers.expat
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath

from flows.read import preflight_sheets as sheets
from flows.read.containers import EXPECTED, READABLE, container_of, embedded_programs, open_ole
from flows.read.packages import MAX_PARTS, main_parts, plain_package
from flows.read.problems import Problem
from infra.zip_files import READ_ERRORS, inspect_zip, open_zip, read_entry

MAX_FILE = 40_000_000
MAX_BODY = 2_000_000
MAX_LINES = 1_100_000
MAX_FIELDS = 600_000  # of separated text: 10 000 lines of sixty columns
_WORD_97 = b"\xec\xa5"  # begins the main stream of Word 97 to 2003; Word 6 and 95 write another mark
ARCHIVES = {"rar": "RAR", "7z": "7z", "gzip": "gzip", "bzip2": "bzip2", "xz": "xz"}


def inspect_file(data: bytes, file: str, media_type: str = "") -> list[Problem]:
    """Return what is wrong with a file, refusals first; empty when it may be read and nothing is odd.

    Args:
        data: The bytes as received.
        file: Name within the message; "(body)" for its text, with "/" for a member of a zip.
        media_type: As the message declared it; only "inline" (a picture in the text) is looked at.
    """
    problems = list(_problems(data, file, media_type))
    return sorted(problems, key=lambda problem: not problem.refuses)


def is_readable(data: bytes, file: str) -> bool:
    """Return whether a reader is given this file; the files of a zip come as documents of their own."""
    return file == "(body)" or container_of(data) in READABLE


def _problems(data: bytes, file: str, media_type: str) -> Iterator[Problem]:
    limit = MAX_BODY if file == "(body)" else MAX_FILE
    if len(data) > limit:
        yield Problem("file_too_large", f"Tệp {len(data) / 1e6:.0f} MB, quá mức {limit / 1e6:.0f} MB.")
        return
    container = container_of(data)
    if file == "(body)":
        return
    if container == "image" and "inline" in media_type:
        yield Problem("picture_in_text", "Hình chèn trong phần chữ của thư không được đọc.", refuses=False)
        return
    extension = PurePosixPath(file).suffix.lower()
    refusal = _refused_container(container, file, extension)
    if refusal:
        yield refusal
        return
    if container not in EXPECTED.get(extension, set()) and not container.startswith("broken"):
        yield _wrong_extension(container, extension, refuses=False)
    yield from _INSPECTORS[container](data)


def _refused_container(container: str, file: str, extension: str) -> Problem | None:
    """Return the refusal of a container that no reader is given."""
    named = PurePosixPath(file).name.lower()
    if container == "empty":
        return Problem("empty_file", "Tệp không có nội dung (0 byte hoặc toàn khoảng trắng).")
    if container == "tnef" or named == "winmail.dat":
        return Problem("winmail_dat", "Outlook gói tệp đính kèm vào winmail.dat nên không đọc được.")
    if container == "msg" or (extension in (".eml", ".msg") and not _is_other_file(container)):
        return Problem("attached_message", "Một thư khác được đính kèm nguyên thư.")
    if container == "old_word":
        return Problem("too_old_format", "Tệp thuộc phiên bản Word quá cũ (trước Word 97) nên không đọc được.")
    if container == "encrypted":
        return Problem("password_protected", "Tệp đặt mật khẩu nên không mở được.")
    if container == "image":
        return Problem("image_not_read", "Tệp là hình ảnh nên không đọc được số liệu.")
    if container in ("zip", "broken_zip") or container in ARCHIVES:
        return _refused_archive(container, file, extension)
    return _refused_format(container, extension)


def _is_other_file(container: str) -> bool:
    """Return whether a file that is called a message is something else by its content, and is opened as that."""
    return container in READABLE - {"text"} or container in ("zip", "broken_zip")


def _refused_archive(container: str, file: str, extension: str) -> Problem | None:
    if container in ARCHIVES:
        sentence = f"Tệp nén {ARCHIVES[container]} chưa đọc được; chỉ đọc tệp .zip."
        return Problem("unsupported_format", sentence)
    disguised = container == "zip" and extension in EXPECTED and extension != ".zip"
    return _wrong_extension(container, extension) if disguised else None


def _refused_format(container: str, extension: str) -> Problem | None:
    is_text_file = extension in ("", ".csv", ".tsv", ".txt", ".prn")
    is_what_it_says = container in EXPECTED.get(extension, ())
    if container == "broken_ole" or (container in READABLE and (container != "text" or is_text_file)):
        return None
    is_disguised = extension in EXPECTED and not is_what_it_says
    return _wrong_extension(container, extension) if is_disguised else _unsupported(container)


def _unsupported(container: str) -> Problem:
    return Problem("unsupported_format", f"Dạng tệp này chưa đọc được (nội dung: {container}).")


def _wrong_extension(container: str, extension: str, refuses: bool = True) -> Problem:
    sentence = f"Đuôi tệp là “{extension or '(không có)'}” nhưng nội dung thật là {container}."
    return Problem("wrong_extension", sentence, refuses)


def _inspect_zip_of_files(data: bytes) -> Iterator[Problem]:
    for problem in inspect_zip(data):
        yield Problem(problem.kind, problem.message_vi)


def _inspect_ooxml_workbook(data: bytes) -> Iterator[Problem]:
    yield from _guard_zip(data, _workbook_problems)


def _inspect_document(data: bytes) -> Iterator[Problem]:
    yield from _guard_zip(data, _document_problems)


def _inspect_ods(data: bytes) -> Iterator[Problem]:
    yield from _guard_zip(data, _ods_problems)


def _guard_zip(data: bytes, inspect: object) -> Iterator[Problem]:
    """Judge the zip's directory, then its XML declarations, then its content; a broken entry ends it."""
    refused = inspect_zip(data, MAX_PARTS)
    if refused:
        yield from (Problem(p.kind, p.message_vi) for p in refused)
        return
    try:
        with open_zip(plain_package(data, container_of(data))) as archive:
            unsafe = _unsafe_xml(archive)
            yield from [unsafe] if unsafe else inspect(archive)  # type: ignore[operator]
    except zipfile.BadZipFile as error:
        yield Problem("damaged_file", "Tệp bị hỏng: một phần bên trong không giải nén được.", raw_text=str(error))


def _unsafe_xml(archive: zipfile.ZipFile) -> Problem | None:
    """Office programs write no document type; one that stands there is a bomb or a trick."""
    for entry in archive.infolist():
        if not entry.filename.lower().endswith((".xml", ".rels", ".vml")):
            continue
        prolog = _prolog(archive, entry)
        if b"\x00" in prolog[:100]:
            sentence = "Một phần của tệp dùng bảng mã ký tự không đọc được."
            return Problem("damaged_file", sentence, raw_text=entry.filename)
        if b"<!DOCTYPE" in prolog or b"<!ENTITY" in prolog:
            sentence = "Tệp khai báo thực thể XML (DOCTYPE/ENTITY), dạng thường dùng để tấn công, nên không mở."
            return Problem("unsafe_xml", sentence, raw_text=entry.filename)
    return None


def _prolog(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Return what stands before the root element, at most a megabyte."""
    prolog = b""
    try:
        with archive.open(entry) as stream:
            while len(prolog) < 1_000_000 and (piece := stream.read(2048)):
                prolog += piece
                if root := re.search(rb"<[A-Za-z_]", prolog):
                    return prolog[: root.start()]
    except READ_ERRORS as error:
        raise zipfile.BadZipFile(str(error)) from error
    return prolog


def _workbook_problems(archive: zipfile.ZipFile) -> Iterator[Problem]:
    names = archive.namelist()
    if "xl/workbook.bin" in names:
        parts = [n for n in names if re.match(r"xl/worksheets/[^/]+\.bin$", n)]
        extents = [sheets.xlsb_extent(archive, name) for name in parts]
    elif "xl/workbook.xml" not in names:
        yield _missing("xl/workbook.xml")
        return
    else:
        extents = sheets.ooxml_extents(archive)
        if lost := sheets.lost_sheets(archive):
            yield _missing(lost[0])
            return
    refusals = [problem for extent in extents if (problem := extent.problem())]
    if refusals:
        yield from refusals
        return
    if not any(extent.values for extent in extents):
        yield _empty_workbook()
        return
    for extent in extents:
        yield from extent.remarks()
    yield from _extras(names)


def _missing(part: str) -> Problem:
    return Problem("damaged_file", "Tệp bị hỏng: thiếu một phần bắt buộc bên trong.", raw_text=part)


def _empty_workbook() -> Problem:
    return Problem("empty_workbook", "Bảng tính không có ô nào có số liệu.")


def _extras(names: list[str]) -> Iterator[Problem]:
    joined = "\n".join(names)
    if "vbaProject.bin" in joined or re.search(r"^Basic/", joined, re.M):
        yield Problem("macro", "Tệp có macro; macro không được chạy, chỉ đọc số liệu.", refuses=False)
    if re.search(r"xl/(externalLinks/|connections\.xml)", joined):
        sentence = "Bảng tính có liên kết tới tệp hoặc nguồn khác; chỉ đọc giá trị đã lưu trong tệp."
        yield Problem("external_links", sentence, refuses=False)
    if re.search(r"/(embeddings|activeX)/", joined):
        yield _embedded()


def _embedded(what: str = "") -> Problem:
    listed = f" ({what})" if what else ""
    sentence = f"Tệp có đối tượng nhúng{listed}; nội dung trong đó không được đọc."
    return Problem("embedded_objects", sentence, refuses=False)


def _document_problems(archive: zipfile.ZipFile) -> Iterator[Problem]:
    main = next(iter(main_parts(archive, set(archive.namelist()))), "word/document.xml")
    if main not in archive.namelist():
        yield _missing(main)
        return
    text = read_entry(archive, main, 60_000_000)
    if not re.search(rb"<w:t[\s>]|<m:t[\s>]", text):
        yield Problem("empty_document", "Văn bản không có chữ nào (có thể chỉ là hình ảnh).")
        return
    yield from _extras(archive.namelist())


def _ods_problems(archive: zipfile.ZipFile) -> Iterator[Problem]:
    names = archive.namelist()
    if "META-INF/manifest.xml" in names and b"encryption-data" in read_entry(archive, "META-INF/manifest.xml", 10**7):
        yield Problem("password_protected", "Tệp đặt mật khẩu nên không mở được.")
        return
    if "content.xml" not in names:
        yield _missing("content.xml")
        return
    try:
        extents = sheets.ods_extents(read_entry(archive, "content.xml", 200_000_000))
    except xml.parsers.expat.ExpatError as error:
        yield Problem("damaged_file", "Nội dung bảng tính bị hỏng.", raw_text=str(error))
        return
    refusals = [problem for extent in extents if (problem := extent.problem())]
    if refusals:
        yield from refusals
    elif not any(extent.values for extent in extents):
        yield _empty_workbook()
    else:
        yield from _extras(names)


def _inspect_ole(data: bytes) -> Iterator[Problem]:
    ole = open_ole(data)
    main = {"doc": "WordDocument", "xls": "Workbook"}.get(container_of(data), "")
    if ole is None or not main:
        yield _broken_ole(data, "directory")
        return
    with ole:
        try:
            main = main if ole.exists(main) else "Book"
            stream, declared = ole.openstream(main).read(), ole.get_size(main)
            paths = ole.listdir()
        except Exception as error:  # olefile raises whatever a hostile chain leads it to
            yield _broken_ole(data, str(error))
            return
    if not stream or len(stream) < declared:
        yield _broken_ole(data, "main stream")
        return
    names, embedded = ["/".join(path) for path in paths], embedded_programs(paths)
    found = list(_doc_problems(stream, names) if main == "WordDocument" else _xls_problems(stream, names))
    yield from found
    if embedded and not any(problem.refuses for problem in found):
        yield _embedded(", ".join(f"{number} {program}" for program, number in embedded.most_common()))


def _broken_ole(data: bytes, detail: str) -> Problem:
    """A file that ends before its own sectors do was cut; anything else is damage."""
    sector = 1 << int.from_bytes(data[30:32], "little") if len(data) > 32 and data[30] in (9, 12) else 512
    n_fat = int.from_bytes(data[44:48], "little") if len(data) > 48 else 0
    is_header = data[28:30] == b"\xfe\xff"  # the mark of the byte order: the file was one once
    if is_header and (len(data) % sector or (n_fat < 10_000 and len(data) < (n_fat - 1) * sector * (sector // 4))):
        return Problem("truncated_file", "Tệp bị cắt cụt: thiếu phần cuối.", raw_text=detail)
    return Problem("damaged_file", "Tệp bị hỏng: cấu trúc bên trong không đọc được.", raw_text=detail)


def _doc_problems(stream: bytes, names: list[str]) -> Iterator[Problem]:
    if stream[:2] != _WORD_97:
        yield Problem("too_old_format", "Tệp .doc thuộc phiên bản Word quá cũ (trước Word 97) nên không đọc được.")
    elif len(stream) > 12 and stream[11] & 0x01:
        yield Problem("password_protected", "Văn bản đặt mật khẩu nên không mở được.")
    elif any(name.startswith("Macros/VBA") for name in names):
        yield Problem("macro", "Văn bản có macro; macro không được chạy.", refuses=False)


def _inspect_biff(data: bytes) -> Iterator[Problem]:
    """The records of a workbook of Excel 2 to 4 stand in the file itself."""
    yield from _xls_problems(data, [])


def _xls_problems(stream: bytes, names: list[str]) -> Iterator[Problem]:
    try:
        extent, records = sheets.biff_extent(stream)
    except ValueError as error:
        yield Problem("truncated_file", "Bảng tính bị cắt cụt.", raw_text=str(error))
        return
    if 0x002F in records:
        yield Problem("password_protected", "Bảng tính đặt mật khẩu nên không mở được.")
    elif refusal := extent.problem():
        yield refusal
    elif not extent.values:
        yield _empty_workbook()
    elif any(name.startswith("_VBA_PROJECT_CUR") for name in names):
        yield Problem("macro", "Tệp có macro; macro không được chạy, chỉ đọc số liệu.", refuses=False)


def _inspect_pdf(data: bytes) -> Iterator[Problem]:
    if b"%%EOF" not in data[-2048:] and b"startxref" not in data[-2048:]:
        yield Problem("truncated_file", "Tệp PDF bị cắt cụt: thiếu phần cuối.")
        return
    if re.search(rb"/(JavaScript|Launch|EmbeddedFile)\b", data):
        sentence = "Tệp PDF chứa mã lệnh hoặc tệp nhúng; chỉ đọc phần chữ."
        yield Problem("active_content", sentence, refuses=False)


def _inspect_text(data: bytes) -> Iterator[Problem]:
    fields = max(data.count(mark) for mark in b";,\t|")
    if fields > MAX_FIELDS:
        yield Problem("sheet_too_large", f"Tệp có {fields} dấu phân cách cột, quá lớn để là một biểu số liệu.")
        return
    if data.count(b"\n") + data.count(b"\r") > MAX_LINES * 2 or data.count(b"\n") > MAX_LINES:
        yield Problem("sheet_too_large", f"Tệp có hơn {MAX_LINES} dòng, quá lớn để là một biểu số liệu.")


def _inspect_rtf(data: bytes) -> Iterator[Problem]:
    if not data.rstrip(b"\x00\x1a \t\r\n").endswith(b"}"):
        yield Problem("truncated_file", "Tệp RTF bị cắt cụt: thiếu phần cuối.")
    elif re.search(rb"\\(?:objdata|objemb|objautlink)\b", data):
        yield _embedded()


_INSPECTORS = {
    "xlsx": _inspect_ooxml_workbook, "xlsm": _inspect_ooxml_workbook, "xlsb": _inspect_ooxml_workbook,
    "docx": _inspect_document, "ods": _inspect_ods, "xls": _inspect_ole, "doc": _inspect_ole, "rtf": _inspect_rtf,
    "pdf": _inspect_pdf, "text": _inspect_text, "zip": _inspect_zip_of_files, "broken_zip": _inspect_zip_of_files,
    "broken_ole": _inspect_ole, "old_xls": _inspect_biff,
}  # fmt: skip
