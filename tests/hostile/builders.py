"""Small tools that make broken and hostile files: zip entries, OOXML packages, OLE files, BIFF records, PDF objects."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping

from xlwt.CompoundDoc import XlsDoc

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def zip_of(entries: Mapping[str, bytes | str], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip file of these entries, in this order."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression, compresslevel=6) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return stream.getvalue()


def sheet_xml(rows: str, dimension: str = "", after: str = "") -> str:
    """Return a worksheet part around these rows."""
    declared = f'<dimension ref="{dimension}"/>' if dimension else ""
    return f'{HEAD}<worksheet xmlns="{MAIN}">{declared}<sheetData>{rows}</sheetData>{after}</worksheet>'


def text_cell(place: str, text: str) -> str:
    """Return a cell of inline text."""
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def grid_rows(values: Iterable[Iterable[object]]) -> str:
    """Return rows of inline text and numbers."""
    rows = []
    for number, row in enumerate(values, start=1):
        cells = "".join(
            f'<c r="{chr(65 + column)}{number}"><v>{value}</v></c>'
            if isinstance(value, int)
            else text_cell(f"{chr(65 + column)}{number}", str(value))
            for column, value in enumerate(row)
        )
        rows.append(f'<row r="{number}">{cells}</row>')
    return "".join(rows)


FORM = grid_rows([["BIỂU SỐ LIỆU THÁNG 4 NĂM 2019"], ["TT", "Chỉ tiêu", "Số liệu"], ["1", "Trạm BTS", 75]])


def xlsx_parts(sheet: str | bytes = "", **extra: bytes | str) -> dict[str, bytes | str]:
    """Return the parts of a workbook of one sheet; `extra` names more parts with "__" for "/"."""
    types = (
        f'{HEAD}<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
        'ContentType="application/xml"/><Override PartName="/xl/workbook.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override '
        'PartName="/xl/worksheets/sheet1.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
    )
    rels = (
        f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{OFFICE}/%s" Target="%s"/></Relationships>'
    )
    parts: dict[str, bytes | str] = {
        "[Content_Types].xml": types,
        "_rels/.rels": rels % ("officeDocument", "xl/workbook.xml"),
        "xl/workbook.xml": f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
        '<sheet name="BC" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": rels % ("worksheet", "worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": sheet or sheet_xml(FORM),
    }
    return parts | {name.replace("__", "/").replace("_xml", ".xml"): data for name, data in extra.items()}


def xlsx(sheet: str | bytes = "", **extra: bytes | str) -> bytes:
    """Return a workbook of one sheet."""
    return zip_of(xlsx_parts(sheet, **extra))


def docx(body: str = "<w:p><w:r><w:t>Số trạm BTS: 75 trạm</w:t></w:r></w:p>", prolog: str = HEAD) -> bytes:
    """Return a text document with this body."""
    return zip_of(
        {
            "[Content_Types].xml": f'{HEAD}<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override '
            'PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.'
            'wordprocessingml.document.main+xml"/></Types>',
            "_rels/.rels": f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
            f'Type="{OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>',
            "word/document.xml": f'{prolog}<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>',
        }
    )


def ods(table: str, manifest: str = "<m/>", prolog: str = HEAD) -> bytes:
    """Return a spreadsheet of one table whose rows are given."""
    names = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        f'{prolog}<office:document-content xmlns:office="{names}:office:1.0" xmlns:table="{names}:table:1.0" '
        f'xmlns:text="{names}:text:1.0" office:version="1.2"><office:body><office:spreadsheet>'
        f'<table:table table:name="BC">{table}</table:table></office:spreadsheet></office:body>'
        "</office:document-content>"
    )
    mimetype = "application/vnd.oasis.opendocument.spreadsheet"
    return zip_of({"mimetype": mimetype, "content.xml": content, "META-INF/manifest.xml": HEAD + manifest})


def ods_row(repeat: int = 1, columns: int = 1, value: int | None = None) -> str:
    """Return a row that stands for many rows and columns, of one value or blank."""
    kind = "" if value is None else f' office:value-type="float" office:value="{value}"'
    cell = f'<table:table-cell table:number-columns-repeated="{columns}"{kind}/>'
    return f'<table:table-row table:number-rows-repeated="{repeat}">{cell}</table:table-row>'


ODS_FORM = ods_row(value=75)


def ole(stream_name: str, stream: bytes) -> bytes:
    """Return an OLE file of one stream: the directory entry of an .xls, renamed."""
    data = XlsDoc()
    buffer = io.BytesIO()
    data.save(buffer, stream)
    content = buffer.getvalue()
    old = "Workbook".encode("utf-16-le")
    at = content.index(old)
    name = stream_name.encode("utf-16-le")
    entry = name.ljust(64, b"\0") + struct.pack("<H", len(name) + 2)
    return content[:at] + entry + content[at + 66 :]


def ole_tree(tree: dict[str, object]) -> bytes:
    """Return an OLE file of streams (bytes) and storages (dictionaries of them), siblings chained to the right."""
    entries: list[list[object]] = [["Root Entry", 5, -1, -1, b""]]  # name, type, next sibling, first child, stream
    _add_entries(entries, 0, tree)
    sectors: list[bytes] = []
    chains: list[int] = []

    def put(data: bytes) -> int:
        first, count = len(sectors), -(-len(data) // 512)
        sectors.extend(data[512 * i : 512 * i + 512].ljust(512, b"\0") for i in range(count))
        chains.extend([*range(first + 1, first + count), 0xFFFFFFFE])
        return first

    directory = b""
    for name, kind, following, child, stream in entries:
        data = bytes(stream).ljust(4096, b"\0") if kind == 2 else b""  # type: ignore[call-overload]
        first = put(data) if data else 0xFFFFFFFE
        raw = str(name).encode("utf-16-le")
        directory += raw.ljust(64, b"\0") + struct.pack("<HBBiii", len(raw) + 2, kind, 1, -1, following, child)
        directory += bytes(36) + struct.pack("<IQ", first, len(data))
    start = put(directory.ljust(-(-len(directory) // 512) * 512, b"\0"))
    n_fat = -(-(len(chains) + 1) // 127)
    fat_at = len(sectors)
    table = chains + [0xFFFFFFFD] * n_fat
    table += [0xFFFFFFFF] * (128 * n_fat - len(table))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, n_fat, start, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    difat = [*range(fat_at, fat_at + n_fat)] + [0xFFFFFFFF] * (109 - n_fat)
    return header + struct.pack("<109I", *difat) + b"".join(sectors) + struct.pack(f"<{len(table)}I", *table)


def _add_entries(entries: list[list[object]], parent: int, tree: dict[str, object]) -> None:
    before = None
    for name, content in tree.items():
        number = len(entries)
        entries.append([name, 1 if isinstance(content, dict) else 2, -1, -1, content])
        if before is None:
            entries[parent][3] = number
        else:
            entries[before][2] = number
        before = number
        if isinstance(content, dict):
            _add_entries(entries, number, content)


def biff5(rows: Iterable[Iterable[object]]) -> bytes:
    """Return a workbook stream of Excel 5 with one sheet of texts and numbers."""

    def record(kind: int, body: bytes) -> bytes:
        return struct.pack("<HH", kind, len(body)) + body

    def cell(row: int, column: int, value: object) -> bytes:
        if isinstance(value, str):
            text = value.encode("cp1258")
            return record(0x0204, struct.pack("<HHHH", row, column, 0, len(text)) + text)
        return record(0x0203, struct.pack("<HHHd", row, column, 0, value))

    def head(at: int) -> bytes:
        page = record(0x0042, struct.pack("<H", 1258)) + record(0x0085, struct.pack("<IHB", at, 0, 2) + b"BC")
        return record(0x0809, struct.pack("<HHHH", 0x0500, 0x0005, 0, 0)) + page + record(0x000A, b"")

    cells = b"".join(cell(r, c, value) for r, row in enumerate(rows) for c, value in enumerate(row))
    sheet = record(0x0809, struct.pack("<HHHH", 0x0500, 0x0010, 0, 0)) + cells + record(0x000A, b"")
    return head(len(head(0))) + sheet


def biff(*records: tuple[int, bytes]) -> bytes:
    """Return a BIFF8 workbook stream of these records between a beginning and an end."""
    beginning = (0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6))
    return b"".join(struct.pack("<HH", kind, len(body)) + body for kind, body in (beginning, *records, (0x000A, b"")))


def number_cell(row: int, column: int, value: float) -> tuple[int, bytes]:
    """Return a BIFF NUMBER record, counted from 0."""
    return 0x0203, struct.pack("<HHHd", row, column, 0, value)


def bomb(size: int, head: bytes = b"", unit: bytes = b" " * 1024) -> bytes:
    """Return a deflate stream of `size` bytes and more that costs next to nothing to make."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    pieces = [packer.compress(head)]
    block = unit * ((1 << 20) // len(unit) + 1)
    for _ in range(size // len(block) + 1):
        pieces.append(packer.compress(block))
    return b"".join([*pieces, packer.flush()])


def zip_with_raw_entry(name: str, packed: bytes, size: int, crc: int = 0) -> bytes:
    """Return a zip whose one deflated entry is given as it is, with whatever size it claims."""
    raw = name.encode()
    common = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, crc, len(packed), size, len(raw), 0)
    local = b"PK\x03\x04" + common + raw + packed
    central = b"PK\x01\x02" + struct.pack("<H", 20) + common + struct.pack("<HHHII", 0, 0, 0, 0, 0) + raw
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)
    return local + central + end


def with_more_entries(package: bytes, name: str, packed: bytes, size: int) -> bytes:
    """Return a package to which an entry with a made-up size has been added."""
    at = package.rindex(b"PK\x05\x06")
    n_entries, central_size, central_at = struct.unpack_from("<HII", package, at + 10)
    raw = name.encode()
    common = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, 0, len(packed), size, len(raw), 0)
    local = b"PK\x03\x04" + common + raw + packed
    entry = b"PK\x01\x02" + struct.pack("<H", 20) + common + struct.pack("<HHHII", 0, 0, 0, 0, central_at) + raw
    central = package[central_at : central_at + central_size] + entry
    end = b"PK\x05\x06" + struct.pack(
        "<HHHHIIH", 0, 0, n_entries + 1, n_entries + 1, len(central), central_at + len(local), 0
    )
    return package[:central_at] + local + central + end


def pdf(*objects: bytes, trailer: bytes = b"") -> bytes:
    """Return a PDF of these objects, numbered from 1; object 1 is the catalogue."""
    data, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    tail = b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, len(data))
    return data + head + table + tail


def stream(content: bytes, extra: bytes = b"") -> bytes:
    """Return a PDF stream object."""
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), extra, content)
