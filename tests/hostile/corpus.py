"""The corpus: broken and hostile files, each with the kinds of finding one of which must answer it.

An empty set means that the file may be read; it must only end well. Names say what is wrong.
"""

from __future__ import annotations

import random
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from tests.hostile import builders as b

READABLE: frozenset[str] = frozenset()
BIG = 1_048_576


@dataclass(frozen=True)
class HostileFile:
    """A name as sent, how to make the bytes, and the kinds that answer it."""

    title: str
    file: str
    make: Callable[[], bytes]
    kinds: frozenset[str]


CORPUS: list[HostileFile] = []


def add(title: str, file: str, *kinds: str) -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
    """Register what a function makes."""

    def register(make: Callable[[], bytes]) -> Callable[[], bytes]:
        CORPUS.append(HostileFile(title, file, make, frozenset(kinds)))
        return make

    return register


def put(title: str, file: str, data: Callable[[], bytes], *kinds: str) -> None:
    """Register a file made by an expression."""
    CORPUS.append(HostileFile(title, file, data, frozenset(kinds)))


def noise(size: int) -> bytes:
    """Return bytes without any order, the same every time."""
    return random.Random(size).randbytes(size)


ENTITIES = (
    '<?xml version="1.0"?>\n<!DOCTYPE lolz [<!ENTITY a "lol">'
    + "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
    + "]>\n"
)

# ---------------------------------------------------------------- nothing, noise and other formats
put("zero bytes", "BC T4.xlsx", lambda: b"", "empty_file")
put("only blanks", "so lieu.csv", lambda: b" \r\n\t\r\n" * 50, "empty_file")
put("only zero bytes", "BC.xls", lambda: b"\0" * 4096, "empty_file")
put("only a byte order mark", "so lieu.csv", lambda: b"\xef\xbb\xbf", "empty_file")
for _extension in ("xlsx", "xls", "docx", "pdf", "zip", "ods", "csv"):
    put(f"noise as {_extension}", f"a.{_extension}", lambda: noise(20_000), "wrong_extension")
put("a program as workbook", "BC.xlsx", lambda: b"MZ\x90\0" + noise(5000), "wrong_extension")
put("a program", "setup.exe", lambda: b"MZ\x90\0" + noise(5000), "unsupported_format")
put("text as workbook", "BC.xlsx", lambda: "Trạm BTS;75\n".encode() * 20, "wrong_extension")
put("workbook as text", "BC.csv", b.xlsx, "wrong_extension")
put("new workbook as old", "BC.xls", b.xlsx, "wrong_extension")
put("a page of HTML as workbook", "BC.xls", lambda: b"<html><table><tr><td>75</td></table>", "wrong_extension")
put("HTML after a mark and blanks", "BC.xls", lambda: b"\xef\xbb\xbf  \n <TABLE><tr><td>75</table>", "wrong_extension")
put(
    "XML spreadsheet as workbook",
    "BC.xls",
    lambda: b'<?xml version="1.0"?><Workbook xmlns="urn:x"/>',
    "wrong_extension",
)
put(
    "web archive as workbook",
    "BC.xls",
    lambda: b"MIME-Version: 1.0\nContent-Type: multipart/related\n\n<html/>",
    "wrong_extension",
)
put("picture", "IMG_2045.jpg", lambda: b"\xff\xd8\xff\xe0" + noise(3000), "image_not_read")
put("picture as PDF", "scan.pdf", lambda: b"\x89PNG\r\n\x1a\n" + noise(3000), "image_not_read")
put("RAR", "VNPT_042019.rar", lambda: b"Rar!\x1a\x07\0" + noise(3000), "unsupported_format")
put("7z", "VNPT.7z", lambda: b"7z\xbc\xaf\x27\x1c" + noise(3000), "unsupported_format")
put("winmail.dat", "winmail.dat", lambda: b"\x78\x9f\x3e\x22" + noise(3000), "winmail_dat")
put("Outlook message", "thu.msg", lambda: b.ole("__properties_version1.0", noise(5000)), "attached_message")
put("over the size limit", "BC.csv", lambda: b"1;2;3\n" * 8_000_000, "file_too_large")

# ---------------------------------------------------------------- cut and damaged
put("workbook cut at 60 %", "BC.xlsx", lambda: b.xlsx()[: len(b.xlsx()) * 6 // 10], "truncated_file")
put("workbook cut after 40 bytes", "BC.xlsx", lambda: b.xlsx()[:40], "truncated_file", "wrong_extension")
put("document cut", "BC.docx", lambda: b.docx()[:-200], "truncated_file", "damaged_file")
put("ods cut", "BC.ods", lambda: b.ods(b.ODS_FORM)[:-100], "truncated_file", "damaged_file")
put("zip cut", "BC.zip", lambda: b.zip_of({"a.csv": noise(5000)})[:3000], "truncated_file")
put(
    "old workbook cut",
    "BC.xls",
    lambda: b.ole("Workbook", b.biff(b.number_cell(0, 0, 1)) * 400)[:6000],
    "truncated_file",
    "damaged_file",
)
put(
    "old workbook cut within a record",
    "BC.xls",
    lambda: b.ole("Workbook", b.biff(b.number_cell(0, 0, 1))[:-4] + b"\x03\x02\xff\xff" + b"\1" * 5000),
    "truncated_file",
    "unreadable_file",
)
put("old document cut", "BC.doc", lambda: b.ole("WordDocument", noise(9000))[:5000], "truncated_file", "damaged_file")
put("PDF cut", "BC.pdf", lambda: b.pdf(b"<< /Type /Catalog >>")[:30], "truncated_file")
put(
    "directory damaged",
    "BC.xlsx",
    lambda: b.xlsx().replace(b"PK\x01\x02", b"PK\x09\x09"),
    "damaged_file",
    "truncated_file",
    "wrong_extension",
)


@add("a byte of a sheet changed", "BC.xlsx", "damaged_file")
def changed_byte() -> bytes:
    parts = b.xlsx_parts(b.sheet_xml(b.grid_rows([[i * 7919 % 10007] for i in range(3000)])))
    data = bytearray(b.zip_of(parts))
    at = data.index(b"xl/worksheets/sheet1.xml") + 2000
    data[at] ^= 0xFF
    return bytes(data)


@add("no workbook part", "BC.xlsx", "damaged_file")
def no_workbook_part() -> bytes:
    parts = b.xlsx_parts()
    del parts["xl/workbook.xml"]
    return b.zip_of(parts)


@add("no sheet part", "BC.xlsx", "damaged_file")
def no_sheet_part() -> bytes:
    parts = b.xlsx_parts()
    del parts["xl/worksheets/sheet1.xml"]
    return b.zip_of(parts)


put("a zip that is no workbook", "BC.xlsx", lambda: b.zip_of({"readme.txt": "x"}), "wrong_extension")
put("empty zip", "BC.zip", lambda: b.zip_of({}))
put(
    "broken XML in a sheet",
    "BC.xlsx",
    lambda: b.xlsx(b.sheet_xml(b.FORM).replace("</sheetData>", "")),
    "unreadable_file",
)
put(
    "text index far outside",
    "BC.xlsx",
    lambda: b.xlsx(b.sheet_xml('<row r="1"><c r="A1" t="s"><v>99999</v></c></row>')),
)
put(
    "negative and absurd references",
    "BC.xlsx",
    lambda: b.xlsx(b.sheet_xml('<row r="0"><c r="A0"><v>1</v></c><c r="-1"><v>1</v></c><c r=""><v>1</v></c></row>')),
)
put("styles broken", "BC.xlsx", lambda: b.xlsx(xl__styles_xml="<styleSheet><cellXfs"))
put("no cells", "Book1.xlsx", lambda: b.xlsx(b.sheet_xml("")), "empty_workbook")
put(
    "cells without values",
    "Book1.xlsx",
    lambda: b.xlsx(b.sheet_xml('<row r="1"><c r="A1" s="0"/></row>')),
    "empty_workbook",
)
put("old workbook without cells", "Book1.xls", lambda: b.ole("Workbook", b.biff()), "empty_workbook")
put("ods without cells", "BC.ods", lambda: b.ods("<table:table-row/>"), "empty_workbook")
put("document without text", "BC.docx", lambda: b.docx("<w:p/>"), "empty_document")

# ---------------------------------------------------------------- bombs
put(
    "entry of 350 MB",
    "BC.xlsx",
    lambda: b.with_more_entries(b.xlsx(), "xl/media/a.bin", b.bomb(1 << 20), 350_000_000),
    "zip_bomb",
)
put(
    "50 MB of blanks, ratio 1000",
    "BC.xlsx",
    lambda: b.with_more_entries(b.xlsx(), "xl/sharedStrings.xml", b.bomb(50_000_000), 50_331_648),
    "zip_bomb",
)
put("5 000 entries", "BC.zip", lambda: b.zip_of({f"{i}.csv": "1" for i in range(5000)}), "zip_bomb")
put(
    "claims 10 bytes, holds 60 MB",
    "BC.xlsx",
    lambda: b.with_more_entries(b.xlsx(), "xl/worksheets/sheet2.xml", b.bomb(60_000_000), 10),
    "damaged_file",
    "zip_bomb",
)


@add("entries laid over each other", "BC.zip", "zip_bomb")
def overlapping_entries() -> bytes:
    data = b.zip_of({"a.csv": noise(20_000)}, zipfile.ZIP_STORED)
    at = data.rindex(b"PK\x01\x02")
    end = data.rindex(b"PK\x05\x06")
    entry = data[at:end]
    central = entry * 400
    return data[:at] + central + b"PK\x05\x06" + b.struct.pack("<HHHHIIH", 0, 0, 400, 400, len(central), at, 0)


put("rar within a zip", "BC.zip/trong.rar", lambda: b"Rar!\x1a\x07\0" + noise(300), "unsupported_format")
put("path out of the folder", "BC.zip", lambda: b.zip_of({"../../etc/cron.d/a": "x"}), "unsafe_name")
put("absolute path", "BC.zip", lambda: b.zip_of({"/etc/passwd": "x"}), "unsafe_name")
put("drive path", "BC.zip", lambda: b.zip_of({"C:\\Windows\\a.dll": "x"}), "unsafe_name")
put(
    "entity bomb in a sheet",
    "BC.xlsx",
    lambda: b.xlsx(ENTITIES + b.sheet_xml(f'<row r="1">{b.text_cell("A1", "&j;")}</row>').removeprefix(b.HEAD)),
    "unsafe_xml",
)
put(
    "file entity in the workbook",
    "BC.xlsx",
    lambda: b.xlsx(xl__workbook_xml='<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><workbook>&x;</workbook>'),
    "unsafe_xml",
)
put(
    "entity bomb in a document",
    "BC.docx",
    lambda: b.docx("<w:p><w:r><w:t>&j;</w:t></w:r></w:p>", ENTITIES),
    "unsafe_xml",
)
put("entity bomb in an ods", "BC.ods", lambda: b.ods(b.ODS_FORM, prolog=ENTITIES), "unsafe_xml")
put(
    "entities behind a long comment",
    "BC.xlsx",
    lambda: b.xlsx("<?xml version='1.0'?><!--" + "x" * 100_000 + "-->" + ENTITIES[21:] + "<worksheet/>"),
    "unsafe_xml",
)
put(
    "sheet in UTF-16",
    "BC.xlsx",
    lambda: b.xlsx(b.sheet_xml(b.FORM).replace("UTF-8", "UTF-16").encode("utf-16")),
)
put(
    "entity bomb in a sheet in UTF-16",
    "BC.xlsx",
    lambda: b.xlsx((ENTITIES + b.sheet_xml(b.FORM).removeprefix(b.HEAD)).encode("utf-16")),
    "unsafe_xml",
)
put("sheet in UTF-32", "BC.xlsx", lambda: b.xlsx(b.sheet_xml(b.FORM).encode("utf-32")), "damaged_file")
put(
    "1 500 parts",
    "BC.xlsx",
    lambda: b.xlsx(**{f"xl__media__image{i}_png": b"x" for i in range(1500)}),
)


def pdf_page(content: bytes, extra: bytes = b"") -> bytes:
    """Return a PDF of one page with this content."""
    return b.pdf(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R"
        b" /Resources << /Font << /F 5 0 R >> >> >>",
        b.stream(content, extra),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )


@add("PDF page that inflates to 700 MB", "BC.pdf")
def pdf_bomb() -> bytes:
    packer = zlib.compressobj(9)
    block = b"q Q\n" * (1 << 18)
    packed = b"".join(packer.compress(block) for _ in range(700)) + packer.flush()
    return pdf_page(packed, b"/Filter /FlateDecode")


# ---------------------------------------------------------------- sheets larger than they are
def lone(cell: str) -> bytes:
    """Return a workbook with a form and one cell far away."""
    row = "".join(c for c in cell if c.isdigit())
    return b.xlsx(b.sheet_xml(b.FORM + f'<row r="{row}"><c r="{cell}"><v>1</v></c></row>'))


put("one cell at XFD1048576", "BC.xlsx", lambda: lone("XFD1048576"), "sheet_too_large")
put(
    "one cell at XFD1048576, other spelling",
    "BC.xlsx",
    lambda: b.xlsx(b.sheet_xml("<row><c s='0' r = 'xfd1048576'><v>1</v></c></row>")),
    "sheet_too_large",
)
put("one cell beyond any sheet", "BC.xlsx", lambda: lone("ZZZZ99999999"), "sheet_too_large")
put("one cell at A1048576", "BC.xlsx", lambda: lone(f"A{BIG}"))
put(
    "a row beyond any sheet",
    "BC.xlsx",
    lambda: b.xlsx(b.sheet_xml('<row r="10000000"><c><v>1</v></c></row>')),
    "sheet_too_large",
)
put("10 million rows declared", "BC.xlsx", lambda: b.xlsx(b.sheet_xml(b.FORM, "A1:C10000000")), "wrong_dimension")
put(
    "dimension says one cell",
    "BC.xlsx",
    lambda: b.xlsx(b.sheet_xml(b.grid_rows([[i, i] for i in range(500)]), "A1")),
    "wrong_dimension",
)
put("a million fields in a line", "BC.csv", lambda: b"7;" * 1_000_000, "sheet_too_large")
put("10 million rows of text", "BC.csv", lambda: b"1\n" * 10_000_000, "sheet_too_large")
put(
    "one merge over the whole sheet",
    "BC.xlsx",
    lambda: b.xlsx(b.sheet_xml(b.FORM, after='<mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells>')),
    "sheet_too_large",
)
put(
    "60 000 merges",
    "BC.xlsx",
    lambda: b.xlsx(
        b.sheet_xml(
            b.FORM,
            after="<mergeCells>" + "".join(f'<mergeCell ref="A{i}:B{i}"/>' for i in range(5, 60_005)) + "</mergeCells>",
        )
    ),
    "sheet_too_large",
)
put(
    "old workbook with a far cell",
    "BC.xls",
    lambda: b.ole("Workbook", b.biff(b.number_cell(65_535, 255, 1))),
    "sheet_too_large",
)
put(
    "ods cell repeated over the sheet",
    "BC.ods",
    lambda: b.ods(b.ODS_FORM + b.ods_row(BIG, 16_384, value=1)),
    "sheet_too_large",
)
put("ods blank rows to the end", "BC.ods", lambda: b.ods(b.ODS_FORM + b.ods_row(BIG - 2, 16_384)))


@add("10 million rows in a sheet", "BC.xlsx", "sheet_too_large", "zip_bomb")
def ten_million_rows() -> bytes:
    head = f'{b.HEAD}<worksheet xmlns="{b.MAIN}"><sheetData>'.encode()
    unit = b"<row><c><v>1</v></c></row>"
    return b.with_more_entries(
        b.xlsx(), "xl/worksheets/sheet2.xml", b.bomb(10_000_000 * len(unit), head, unit), 260_000_000
    )


@add("1.2 million numbered rows", "BC.xlsx", "sheet_too_large")
def numbered_rows() -> bytes:
    rows = "".join(f'<row r="{i}"><c r="A{i}"><v>{i * 7919 % 10007}</v></c></row>' for i in range(1, 1_200_000))
    return b.xlsx(b.sheet_xml(rows))


# ---------------------------------------------------------------- locked, and carrying more than figures
put("workbook with a password", "BC.xlsx", lambda: b.ole("EncryptedPackage", noise(9000)), "password_protected")
put(
    "old workbook with a password",
    "BC.xls",
    lambda: b.ole("Workbook", b.biff((0x002F, noise(54)), (0x00FD, noise(10)))),
    "password_protected",
)
put(
    "old document with a password",
    "BC.doc",
    lambda: b.ole("WordDocument", b"\xec\xa5\xc1\0" + b"\0" * 6 + b"\0\x01" + noise(6000)),
    "password_protected",
)
put(
    "ods with a password",
    "BC.ods",
    lambda: b.ods(b.ODS_FORM, "<manifest><encryption-data/></manifest>"),
    "password_protected",
)


@add("zip with a password", "BC.zip", "password_protected")
def locked_zip() -> bytes:
    data = bytearray(b.zip_of({"a.csv": "1"}))
    data[6] |= 1
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


put(
    "PDF with a password",
    "BC.pdf",
    lambda: b.pdf(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [] /Count 0 >>",
        b"<< /Filter /Standard /V 1 /R 2 /O (" + b"o" * 32 + b") /U (" + b"u" * 32 + b") /P -4 >>",
        trailer=b"/Encrypt 3 0 R /ID [(a)(b)]",
    ),
    "password_protected",
    "unreadable_file",
)
put("macro", "BC.xlsm", lambda: b.xlsx(**{"xl__vbaProject.bin": noise(3000)}), "macro")
put("macro in a plain workbook", "BC.xlsx", lambda: b.xlsx(**{"xl__vbaProject.bin": noise(3000)}), "macro")
put(
    "links to other workbooks",
    "BC.xlsx",
    lambda: b.xlsx(xl__externalLinks__externalLink1_xml="<externalLink/>"),
    "external_links",
)
put("embedded object", "BC.xlsx", lambda: b.xlsx(**{"xl__embeddings__oleObject1.bin": noise(900)}), "embedded_objects")
put(
    "PDF with a script",
    "BC.pdf",
    lambda: b.pdf(
        b"<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (x) >> >>",
        b"<< /Type /Pages /Kids [] /Count 0 >>",
    ),
    "active_content",
)

# ---------------------------------------------------------------- content that leads a reader astray
put(
    "formulas in a circle",
    "BC.xlsx",
    lambda: b.xlsx(b.sheet_xml('<row r="1"><c r="A1"><f>B1+1</f></c><c r="B1"><f>A1+1</f></c></row>')),
    "formula_without_value",
)
put(
    "formula over itself",
    "BC.xlsx",
    lambda: b.xlsx(b.sheet_xml('<row r="1"><c r="A1"><f>SUM(A1:A9)</f></c><c r="B1"><v>1</v></c></row>')),
    "formula_without_value",
)
put(
    "chain of 20 000 formulas",
    "BC.xlsx",
    lambda: b.xlsx(
        b.sheet_xml("".join(f'<row r="{i}"><c r="A{i}"><f>A{i + 1}+1</f></c></row>' for i in range(1, 20_000)))
    ),
    "formula_without_value",
)
put(
    "formula of 8 000 brackets",
    "BC.xlsx",
    lambda: b.xlsx(b.sheet_xml(f'<row r="1"><c r="A1"><f>{"(" * 4000}1{")" * 4000}</f></c></row>')),
    "formula_without_value",
)
put(
    "error values",
    "BC.xlsx",
    lambda: b.xlsx(
        b.sheet_xml(f'<row r="1">{b.text_cell("A1", "Trạm BTS")}<c r="B1" t="e"><f>1/0</f><v>#DIV/0!</v></c></row>')
    ),
)
put(
    "100 000 tags deep",
    "BC.docx",
    lambda: b.docx("<w:p>" * 100_000 + "<w:r><w:t>x</w:t></w:r>" + "</w:p>" * 100_000),
    "unreadable_file",
)
put(
    "table of 40 000 cells",
    "BC.docx",
    lambda: b.docx(
        "<w:tbl>" + ("<w:tr>" + "<w:tc><w:p><w:r><w:t>1</w:t></w:r></w:p></w:tc>" * 20 + "</w:tr>") * 2000 + "</w:tbl>"
    ),
)
put(
    "PDF whose pages are in a circle",
    "BC.pdf",
    lambda: b.pdf(b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R] /Count 99999999 >>"),
)
put(
    "PDF with a broken table of contents",
    "BC.pdf",
    lambda: b"%PDF-1.7\n" + noise(9000) + b"\nstartxref\n99999999\n%%EOF",
)
put("separated text in UTF-16", "BC.csv", lambda: "Huyện;Trạm BTS\nKBang;75\n".encode("utf-16"))
put("separated text with zero bytes", "BC.csv", lambda: b"Huyen;BTS\0\0\0\nKBang;75\n" * 9, "wrong_extension")
put("one line of 2 MB", "BC.csv", lambda: b"7;" * 1_000_000)
put("bytes of no charset", "BC.csv", lambda: bytes(range(128, 256)) * 20 + b";1\n")
put("quotes never closed", "BC.csv", lambda: b'"Huyen;BTS\n' * 20_000)
put("figure of a million digits", "BC.csv", lambda: b"Tram BTS;" + b"1.111" * 200_000 + b"\n")
put("text of the message too long", "(body)", lambda: "Trạm BTS: 75 trạm\n".encode() * 120_000, "file_too_large")
put("message of one endless number", "(body)", lambda: b"Tram BTS: " + b"1 " * 150_000)
put("message of marks over letters", "(body)", lambda: ("Trạm BTS" + "\u0301" * 200_000 + ": 75").encode())
put("message of control letters", "(body)", lambda: bytes(range(1, 32)) * 2000 + "\u202e\ufeff\u200b75".encode())
put("message that is no UTF-8", "(body)", lambda: b"Tr\xf0m BTS: 75 \xff\xfe" * 100)
