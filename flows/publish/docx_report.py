"""The report as DOCX, in the layout of administrative documents of 2019 (Circular 01/2011/TT-BNV).

Every figure stands in a bookmark "f<position>_<indicator id>", so that the document itself says which
number is which; footnotes are real ones. The bytes depend on the document alone.
"""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from flows.publish.document import Head, Paragraph, ReportDocument, Run
from infra.catalogue import month_bounds

FONT = "Times New Roman"
MARKERS = {"item": "- ", "detail": "+ ", "block": "* "}
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
FOOTNOTES_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
FOOTNOTES_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
TEXT_WIDTH_MM, LEFT_MM = 165, 76
NOTE_STYLE = "FootnoteReference"
STYLES = {"part": "Heading1", "section": "Heading2"}


def render_docx(document: ReportDocument) -> bytes:
    """Return the report as the bytes of a .docx file: A4, Times New Roman, the same bytes for the same report."""
    import docx

    file = docx.Document()
    _set_page(file.sections[0])
    _set_styles(file)
    body = file.element.body
    for block in (*_head(document.head), *_paragraphs(document), *_foot(document)):
        body.insert(len(body) - 1, block)  # before the section's own properties
    if document.notes:
        _add_footnotes(file, document.notes)
    _set_properties(file, document)
    buffer = io.BytesIO()
    file.save(buffer)
    return _with_fixed_times(buffer.getvalue())


def _set_page(section: Any) -> None:
    from docx.shared import Mm

    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin = section.bottom_margin = Mm(20)
    section.left_margin, section.right_margin = Mm(30), Mm(15)
    section.header_distance = section.footer_distance = Mm(10)
    section.different_first_page_header_footer = True  # no number on page 1
    footer = section.footer.paragraphs[0]
    footer._p.getparent().replace(
        footer._p,
        _xml(
            '<w:p><w:pPr><w:jc w:val="right"/></w:pPr>'
            '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
            '<w:r><w:instrText xml:space="preserve"> PAGE </w:instrText></w:r>'
            '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>2</w:t></w:r>'
            '<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
        ),
    )


def _set_styles(file: Any) -> None:
    """Give every style used the font, 14 points, black; the language is Vietnamese."""
    for name, bold in (("Normal", False), ("Heading 1", True), ("Heading 2", True), ("Footer", False)):
        style = file.styles[name]
        properties = style.element.get_or_add_rPr()
        for child in list(properties):
            properties.remove(child)
        look = "<w:b/>" if bold else ""
        fonts = f'<w:rFonts w:ascii="{FONT}" w:hAnsi="{FONT}" w:cs="{FONT}" w:eastAsia="{FONT}"/>'
        for child in _xml(
            f'<w:rPr>{fonts}{look}<w:color w:val="000000"/><w:sz w:val="28"/><w:szCs w:val="28"/>'
            '<w:lang w:val="vi-VN" w:eastAsia="vi-VN"/></w:rPr>'
        ):
            properties.append(child)
        style.paragraph_format.space_before = 0


def _paragraphs(document: ReportDocument) -> list[Any]:
    position = 0
    called: set[int] = set()
    blocks = []
    for paragraph in document.paragraphs:
        parts = []
        for run in paragraph.runs:
            position += bool(run.indicator_id)
            parts.append(_run(run, position) + _note_call(run.note, called))
        leads = paragraph.leads or paragraph is document.paragraphs[-1]  # the signature never stands alone
        blocks.append(_xml(_paragraph_xml(paragraph, leads, "".join(parts))))
    return blocks


def _paragraph_xml(paragraph: Paragraph, leads: bool, runs: str) -> str:
    style = f'<w:pStyle w:val="{STYLES[paragraph.level]}"/>' if paragraph.is_heading else ""
    keep = "<w:keepNext/>" if leads else ""
    marker = _text_run(MARKERS.get(paragraph.level, ""), "<w:b/>" if paragraph.level == "block" else "")
    return (
        f'<w:p><w:pPr>{style}{keep}<w:spacing w:before="0" w:after="120" w:line="259" w:lineRule="auto"/>'
        f'<w:ind w:firstLine="567"/><w:jc w:val="both"/></w:pPr>{marker}{runs}</w:p>'
    )


def _run(run: Run, position: int) -> str:
    look = ("<w:b/>" if run.is_bold else "") + ("<w:i/>" if run.is_italic else "")
    text = _text_run(run.text, look)
    if run.indicator_id:
        name = f"f{position:03d}_{run.indicator_id}"[:40]
        text = f'<w:bookmarkStart w:id="{position}" w:name="{name}"/>{text}<w:bookmarkEnd w:id="{position}"/>'
    return text


def _note_call(note: int, called: set[int]) -> str:
    """Return the call of a footnote, in brackets so that copied text never reads "1.3064" for 1.306 and note 4."""
    if not note:
        return ""
    raised = '<w:vertAlign w:val="superscript"/>'
    if note in called:
        return _text_run(f"[{note}]", raised)
    called.add(note)
    reference = f'<w:r><w:rPr><w:rStyle w:val="{NOTE_STYLE}"/></w:rPr><w:footnoteReference w:id="{note + 1}"/></w:r>'
    return _text_run("[", raised) + reference + _text_run("]", raised)


def _text_run(text: str, look: str = "", size: float = 0, caps: bool = False) -> str:
    if not text:
        return ""
    size_xml = f'<w:sz w:val="{int(size * 2)}"/><w:szCs w:val="{int(size * 2)}"/>' if size else ""
    return f'<w:r><w:rPr>{look}{size_xml}</w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def _head(head: Head) -> list[Any]:
    left = (
        _centred(_text_run(head.superior, size=12))
        + _centred(_text_run(head.issuer, "<w:b/>", 12))
        + _rule(22, LEFT_MM)
    )
    right = (
        _centred(_text_run(head.motto_state, "<w:b/>", 12))
        + _centred(_text_run(head.motto_line, "<w:b/>", 13))
        + _rule(54, TEXT_WIDTH_MM - LEFT_MM)
    )
    second = (_centred(_text_run(head.number_line, size=13)), _centred(_text_run(head.date_line, "<w:i/>", 13)))
    title = [
        _centred(_text_run(head.title, "<w:b/>", 14), before=240),
        _centred(_text_run(head.abstract, "<w:b/>", 14)),
        _rule(40, TEXT_WIDTH_MM, after=200),
    ]
    return [_table([(left, right), second]), *(_xml(block) for block in title)]


def _foot(document: ReportDocument) -> list[Any]:
    lines = [_plain(_text_run("Nơi nhận:", "<w:b/><w:i/>", 12))]
    lines += [_plain(_text_run(line, size=11)) for line in document.recipients]
    signature = _centred(_text_run(document.head.signer_title, "<w:b/>", 14)) + "<w:p/>" * 4
    return [
        _xml(_plain("").replace("<w:pPr>", "<w:pPr><w:keepNext/>")),
        _table([("".join(lines), signature)], left_mm=90),
    ]


def _table(rows: list[tuple[str, str]], left_mm: int = LEFT_MM) -> Any:
    widths = (_twips(left_mm), _twips(TEXT_WIDTH_MM - left_mm))
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    body = "".join(
        "<w:tr><w:trPr><w:cantSplit/></w:trPr>"
        + "".join(
            f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>{cell}</w:tc>'
            for width, cell in zip(widths, row, strict=True)
        )
        + "</w:tr>"
        for row in rows
    )
    return _xml(
        f'<w:tbl><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:tblLayout w:type="fixed"/>'
        '<w:tblCellMar><w:left w:w="0" w:type="dxa"/><w:right w:w="0" w:type="dxa"/></w:tblCellMar></w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{body}</w:tbl>"
    )


def _centred(runs: str, before: int = 0) -> str:
    return f'<w:p><w:pPr><w:spacing w:before="{before}" w:after="0"/><w:jc w:val="center"/></w:pPr>{runs}</w:p>'


def _plain(runs: str) -> str:
    return f'<w:p><w:pPr><w:spacing w:before="0" w:after="0"/></w:pPr>{runs}</w:p>'


def _rule(length_mm: int, column_mm: int, after: int = 0) -> str:
    """Return a centred rule of a given length: an empty line with a border above it and equal indents."""
    indent = _twips((column_mm - length_mm) / 2)
    return (
        f'<w:p><w:pPr><w:pBdr><w:top w:val="single" w:sz="6" w:space="1" w:color="000000"/></w:pBdr>'
        f'<w:spacing w:before="20" w:after="{after}" w:line="120" w:lineRule="exact"/>'
        f'<w:ind w:left="{indent}" w:right="{indent}"/><w:jc w:val="center"/></w:pPr></w:p>'
    )


def _add_footnotes(file: Any, notes: tuple[str, ...]) -> None:
    from docx.opc.packuri import PackURI
    from docx.opc.part import Part

    file.styles.element.append(
        _xml(
            f'<w:style w:type="character" w:styleId="{NOTE_STYLE}"><w:name w:val="footnote reference"/>'
            '<w:rPr><w:vertAlign w:val="superscript"/></w:rPr></w:style>'
        )
    )
    mark = f'<w:r><w:rPr><w:rStyle w:val="{NOTE_STYLE}"/></w:rPr><w:footnoteRef/></w:r>'
    body = "".join(
        f'<w:footnote w:id="{number + 1}"><w:p><w:pPr><w:spacing w:before="0" w:after="0"/><w:jc w:val="both"/></w:pPr>'
        f"{mark}{_text_run(' ' + text, size=10)}</w:p></w:footnote>"
        for number, text in enumerate(notes, start=1)
    )
    separators = (
        '<w:footnote w:type="separator" w:id="0"><w:p><w:r><w:separator/></w:r></w:p></w:footnote>'
        '<w:footnote w:type="continuationSeparator" w:id="1">'
        "<w:p><w:r><w:continuationSeparator/></w:r></w:p></w:footnote>"
    )
    declaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    xml = f'{declaration}<w:footnotes xmlns:w="{W}">{separators}{body}</w:footnotes>'
    part = Part(PackURI("/word/footnotes.xml"), FOOTNOTES_TYPE, xml.encode(), file.part.package)
    file.part.relate_to(part, FOOTNOTES_RELATION)


def _set_properties(file: Any, document: ReportDocument) -> None:
    """Fill the document's properties; its dates are the last day of the period, so that bytes repeat."""
    moment = datetime.fromisoformat(month_bounds(document.period)[1])
    properties = file.core_properties
    properties.title = f"{document.head.title}: {document.head.abstract}"
    properties.author = properties.last_modified_by = document.head.issuer
    properties.language = "vi-VN"
    properties.comments = properties.keywords = properties.subject = ""
    properties.created = properties.modified = moment
    properties.revision = 1


def _with_fixed_times(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            target.writestr(entry, source.read(name))
    return buffer.getvalue()


def _xml(text: str) -> Any:
    from docx.oxml import parse_xml

    tag_end = min(index for index in (text.find(" "), text.find(">"), text.find("/>")) if index > 0)
    return parse_xml(f'{text[:tag_end]} xmlns:w="{W}"{text[tag_end:]}')


def _twips(millimetres: float) -> int:
    return round(millimetres * 1440 / 25.4)
