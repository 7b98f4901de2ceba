"""Reads our own DOCX and PDF back before anybody gets them: what they print must be what the warehouse holds.

Two readings that share nothing with the renderers but the file: the DOCX through its XML (each figure stands
in a named bookmark), the PDF through the text of its pages. A difference stops the publication.
"""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flows.publish.document import ReportDocument, Run
from flows.publish.docx_report import MARKERS, W
from flows.publish.figures import NO_CHANGE_REPORTED, NOT_REPORTED, parse_printed
from flows.publish.passages import count_names
from flows.publish.report_data import Figure, Statement
from infra.errors import OperationError
from infra.vietnamese import QUALIFIER_VI

_OF_LINE_BREAKS = {0xFFFE: "-", 0x02: "-", 0x200B: None}     # hyphens at a line's end, and where a long word may break


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A figure or a paragraph of a rendered file that is not what it should be."""

    file: str
    place: str
    printed: str
    expected: str


def check_documents(document: ReportDocument, docx: bytes, pdf: bytes, figures: dict[str, Figure]) -> None:
    """Refuse a report whose files do not print the warehouse's figures, each of them, in order.

    Args:
        document: What was to be rendered.
        docx: The rendered DOCX.
        pdf: The rendered PDF.
        figures: The figures as the warehouse has them now, read anew.

    Raises:
        OperationError: Naming the figures that differ, with both values.
    """
    found = [*check_runs(document, figures), *check_docx(document, docx, figures), *check_pdf(document, pdf)]
    if found:
        shown = "; ".join(f"{m.file}, {m.place}: in “{m.printed}”, đúng là “{m.expected}”" for m in found[:5])
        raise OperationError(
            f"Báo cáo không in đúng {len(found)} chỗ so với kho số liệu: {shown}.",
            f"The rendered report differs from the warehouse in {len(found)} places: "
            + "; ".join(f"{m.file}, {m.place}: {m.printed!r} instead of {m.expected!r}" for m in found[:5]),
            remedy_vi="Chưa có gì được gửi đi; báo cho người quản trị kèm thông báo này.",
        )


def check_runs(document: ReportDocument, figures: dict[str, Figure]) -> list[Mismatch]:
    """Return the figures of the document that the warehouse has otherwise, and those it prints nowhere."""
    found = [
        Mismatch("báo cáo", run.indicator_id, run.text, _shown(figures.get(run.indicator_id)))
        for run in document.figure_runs()
        if not prints(run.text, run.form, figures.get(run.indicator_id))
    ]
    printed = {run.indicator_id for run in document.figure_runs()}
    absent = [name for name in document.expected_ids if name not in printed]
    return found + [Mismatch("báo cáo", name, "", _shown(figures.get(name))) for name in absent]


def check_docx(document: ReportDocument, docx: bytes, figures: dict[str, Figure]) -> list[Mismatch]:
    """Return what differs in the DOCX: its bookmarked figures against the warehouse, its text against the document."""
    paragraphs, bookmarks = read_docx(docx)
    runs = list(document.figure_runs())
    found = []
    if [name.split("_", 1)[1] for name, _ in bookmarks] != [run.indicator_id for run in runs]:
        found.append(Mismatch("DOCX", "bookmarks", str(len(bookmarks)), str(len(runs))))
    for (name, text), run in zip(bookmarks, runs, strict=False):
        if not prints(text, run.form, figures.get(run.indicator_id)):
            found.append(Mismatch("DOCX", name, text, _shown(figures.get(run.indicator_id))))
    return found + _missing_paragraphs("DOCX", document, _squeezed(paragraphs), with_notes=False)


def check_pdf(document: ReportDocument, pdf: bytes) -> list[Mismatch]:
    """Return the paragraphs of the document that the pages of the PDF do not print word for word, in order."""
    return _missing_paragraphs("PDF", document, _squeezed(read_pdf(document, pdf)), with_notes=True)


def prints(text: str, form: str, figure: Figure | None) -> bool:
    """Whether a printed text says what the figure is: its number and bound, its zero, or that there is none."""
    if figure is None or figure.value is None:
        return form == "missing" and text in (NOT_REPORTED, NO_CHANGE_REPORTED)
    if form == "zero_phrase":
        return figure.value == 0 and not re.search(r"[1-9]", text)
    if form == "list":
        return count_names(text) == figure.value
    words = QUALIFIER_VI[figure.qualifier].strip()
    return parse_printed(text) == figure.value and text.lower().startswith(words)


def read_docx(docx: bytes) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the texts of the paragraphs and of the figure bookmarks of a DOCX, in order; notes' calls left out."""
    from lxml import etree

    with zipfile.ZipFile(io.BytesIO(docx)) as file:
        root = etree.fromstring(file.read("word/document.xml"))
    paragraphs: list[str] = []
    bookmarks: list[tuple[str, str]] = []
    for paragraph in root.iter(f"{{{W}}}p"):
        texts: list[str] = []
        opened = ""
        for node in paragraph.iter():
            if node.tag == f"{{{W}}}bookmarkStart":
                opened = node.get(f"{{{W}}}name", "")
                bookmarks.append((opened, ""))
            elif node.tag == f"{{{W}}}bookmarkEnd":
                opened = ""
            elif node.tag == f"{{{W}}}t" and not _is_superscript(node):
                texts.append(node.text or "")
                if opened:
                    bookmarks[-1] = (opened, bookmarks[-1][1] + (node.text or ""))
        paragraphs.append("".join(texts))
    return paragraphs, bookmarks


def read_pdf(document: ReportDocument, pdf: bytes) -> list[str]:
    """Return the text of each page without its number and its footnotes."""
    import pypdfium2

    pages = []
    with pypdfium2.PdfDocument(pdf) as file:
        for number in range(len(file)):
            text = file[number].get_textpage().get_text_bounded().translate(_OF_LINE_BREAKS)
            pages.append(_without_furniture(text, number + 1, document.notes))
    return pages


def _without_furniture(text: str, number: int, notes: Iterable[str]) -> str:
    lines = text.rstrip().split("\n")
    if lines and lines[-1].strip() == str(number):
        lines = lines[:-1]
    squeezed = _squeezed(lines)
    for index, note in enumerate(notes, start=1):
        squeezed = squeezed.replace(f"[{index}]{_squeezed([note])}", "")
    return squeezed


def _missing_paragraphs(file: str, document: ReportDocument, text: str, with_notes: bool) -> list[Mismatch]:
    """Look for the paragraphs one after the other; each starts where the one before ended."""
    position = 0
    for paragraph in document.paragraphs:
        wanted = _squeezed(
            [MARKERS.get(paragraph.level, ""), *(_with_note(run, with_notes) for run in paragraph.runs)]
        )
        at = text.find(wanted, position)
        first = position == 0
        if at < 0 or (at > position and not first):
            return [Mismatch(file, paragraph.text[:60], text[position : position + 80], wanted[:80])]
        position = at + len(wanted)
    return []


def _with_note(run: Run, with_notes: bool) -> str:
    return f"{run.text}[{run.note}]" if with_notes and run.note else run.text


def _squeezed(texts: Iterable[str]) -> str:
    """Return the texts without any white space: line breaks differ, letters and digits must not."""
    return re.sub(r"\s+", "", "".join(texts))


def _is_superscript(node: object) -> bool:
    run = node.getparent()  # type: ignore[attr-defined]
    return run is not None and run.find(f"{{{W}}}rPr/{{{W}}}vertAlign") is not None


def _is_of_others(reported: Any, document: ReportDocument) -> bool:
    """Whether the sentence stands only in paragraphs that print no figure of that indicator."""
    sentence = _bare(reported.sentence)
    around = [paragraph for paragraph in document.paragraphs if sentence and sentence in _bare(paragraph.text)]
    own = [run for paragraph in around for run in paragraph.runs if run.indicator_id == reported.indicator_id]
    return bool(around) and not own


def _bare(text: str) -> str:
    """Return a text without white space, calls of notes and the difference between composed and decomposed letters."""
    return re.sub(r"\s+|\[\d*\]", "", unicodedata.normalize("NFC", text))


def _shown(figure: Figure | None) -> str:
    if figure is None or figure.value is None:
        return NOT_REPORTED
    return f"{figure.qualifier} {figure.value:f}".strip() if isinstance(figure.value, Decimal) else ""


def check_with_reader(
    reported: Iterable[Any],
    name: str,
    document: ReportDocument,
    figures: dict[str, Figure],
    statements: Iterable[Statement] = (),
) -> None:
    """Refuse a report in which a reader of other people's reports reads another figure than the warehouse's.

    Args:
        reported: What the reader found: records with `indicator_id`, `value` and the `sentence` that states it.
        name: Name of the file it read.
        document: What the file was rendered from; what a work item says outside the province's figures is its
            sender's, and is printed as sent.
        figures: The figures as the warehouse has them.
        statements: Figures in the words of work items: a unit's own count may differ from the province's, and
            its item is printed as sent.

    Raises:
        OperationError: Naming the figures read otherwise.
    """
    said = {(row.indicator_id, row.value) for row in statements}
    wrong = [
        f"{r.indicator_id}: {r.value} ≠ {_shown(figures[r.indicator_id])}"
        for r in reported
        if r.indicator_id in figures
        and figures[r.indicator_id].value != r.value
        and (r.indicator_id, r.value) not in said
        and not _is_of_others(r, document)
    ]
    if wrong:
        raise OperationError(
            f"Đọc lại {name} thấy số khác kho số liệu: {'; '.join(wrong[:5])}.",
            f"{name} read back differs from the warehouse: {'; '.join(wrong[:5])}.",
            place=name,
            remedy_vi="Chưa có gì được gửi đi; báo cho người quản trị kèm thông báo này.",
        )
