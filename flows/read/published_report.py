"""Every figure of a published report, read back from its text, whoever wrote it and however it was damaged.

The reader knows the wordings of the catalogue and the order of the report's sections, nothing of our own
renderers, so it can judge our documents as well as those of others. Text taken from a PDF may have lost
letters with diacritics and full stops to blanks: phrases are compared with that in mind, and a blank run
before a capital ends a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from flows.read.document import Paragraph, ReadContext
from flows.read.narrative import Line, outline
from flows.read.phrases import sentences
from flows.read.statements import Statement, Wordings, statements
from flows.read.text import decode_bytes, normalise
from flows.records import ReportedFigure
from infra.catalogue import Catalogue, Phrase, load_catalogue

REPORT = "report"
# Section of the outline in which an indicator's section is printed; others are printed in their own.
_PRINTED_IN = {"BUUCHINH": "BCVT", "VIENTHONG": "BCVT"}
_KINDS = ("figure", "denominator", "noun", "name", "list", "count", "zero")
_OPENS = re.compile(r"\s*(?:[-+*•]\s|\d{1,2}\.\s+[^\W\d_]|[IVX]{1,4}\.\s)")
_VOWELLESS = re.compile(r"(?<=\s)(?!(?:km|kg|tr|đ|tb|m|h)\b)[bcdđghklmnpqrstvx]{1,3}(?=\s)")
_FOOTNOTE = re.compile(r"\s*\[\d+\]")
_HEADING = re.compile(r"\s*(?:\d{1,2}\.|[IVX]{1,4}\.)\s.*:\s*$")


def read_report(data: bytes, file: str, catalogue: Catalogue | None = None) -> list[ReportedFigure]:
    """Return the figures of a report in reading order, one an indicator unless it prints two values.

    Part I up to section 7 is read: what districts wrote (section 8) and the plan (part II) state no figure
    of the province.

    Args:
        data: Bytes of a .docx, .doc, .pdf or text file.
        file: Its name; only the ending of a text file matters.
        catalogue: Of the report's month; without one, all rows.

    Raises:
        SubmissionError: The file cannot be read.
    """
    catalogue = catalogue or load_catalogue()
    paragraphs = _paragraphs(data)
    reader = _ReportReader(catalogue, _is_damaged(paragraphs))
    context = ReadContext(catalogue, "", None, "", "", file)
    for line in outline(paragraphs, context):
        is_stated = line.part == "I" and line.role != "heading" and line.section != "HUYEN"
        if is_stated and not _FOOTNOTE.match(line.text):
            reader.read(line)
    return reader.figures


def report_paragraphs(data: bytes) -> list[Paragraph]:
    """Return the paragraphs of a report in reading order, hard-wrapped lines joined.

    Raises:
        SubmissionError: The file cannot be read.
    """
    return _paragraphs(data)


class _ReportReader:
    def __init__(self, catalogue: Catalogue, damaged: bool) -> None:
        self._damaged = damaged
        self.figures: list[ReportedFigure] = []
        self._catalogue = catalogue
        self._wordings: dict[str, Wordings] = {}

    def read(self, line: Line) -> None:
        """Add what one paragraph states."""
        wordings = self._wordings_of(line.section)
        for sentence in sentences(line.text):
            for item in statements(sentence, wordings):
                self._add(item, line.paragraph.place, sentence.raw)

    def _wordings_of(self, section: str) -> Wordings:
        if section not in self._wordings:
            rows = tuple(row for row in self._catalogue.phrases if self._is_used(row, section))
            self._wordings[section] = Wordings.of(rows, self._catalogue.indicators, damaged=self._damaged)
        return self._wordings[section]

    def _is_used(self, row: Phrase, section: str) -> bool:
        if row.kind == "none":
            return True
        indicator = self._catalogue.indicator_by_id.get(row.indicator_id)
        is_ours = not row.context or REPORT in row.context
        if indicator is None or not indicator.is_printed or not is_ours or row.kind not in _KINDS:
            return False
        return _PRINTED_IN.get(indicator.section, indicator.section) == section

    def _add(self, item: Statement, place: str, sentence: str) -> None:
        number = item.number
        if number.value is None:
            return
        figure = ReportedFigure(
            item.indicator_id, number.value, number.qualifier, max(number.printed_decimals, 0), place, item.raw_text,
            sentence,
        )
        for index, known in enumerate(self.figures):
            if known.indicator_id == figure.indicator_id and known.value == figure.value:
                if figure.qualifier and not known.qualifier:
                    self.figures[index] = replace(figure, place=known.place)
                return
        self.figures.append(figure)


def _is_damaged(paragraphs: list[Paragraph]) -> bool:
    """Tell whether letters were lost: words without a vowel ("d n", "l nh") are rare in whole text."""
    rests = sum(len(_VOWELLESS.findall(paragraph.text)) for paragraph in paragraphs)
    return rests >= 3


def _paragraphs(data: bytes) -> list[Paragraph]:
    if data.startswith(b"%PDF"):
        from flows.read.pdf_files import open_pdf

        return list(open_pdf(data).paragraphs)
    if data.startswith(b"PK"):
        from flows.read.word_files import open_docx

        return list(open_docx(data).paragraphs)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        from flows.read.word_files import open_doc

        return list(open_doc(data).paragraphs)
    return list(_lines_joined(decode_bytes(data)[0]))


def _lines_joined(text: str) -> Iterator[Paragraph]:
    """Join hard-wrapped lines; a bullet or a number opens a paragraph, a heading's colon closes it.

    Two blanks before a capital, or at the end of a line, stand for a full stop that was lost.
    """
    parts: list[str] = []
    first = 0
    for number, line in enumerate(normalise(text).splitlines(), start=1):
        if not line.strip():
            continue
        if parts and (_OPENS.match(line) or _HEADING.match(" ".join(parts))):
            yield _paragraph(parts, first)
            parts = []
        first = first if parts else number
        parts.append(line.rstrip() + ("  " if line.endswith("  ") else ""))
    if parts:
        yield _paragraph(parts, first)


def _paragraph(parts: list[str], first: int) -> Paragraph:
    text = re.sub(r"(?<=[^\s.;:,])\s{2,}(?=[^\W\d_])", _stop_before_capital, " ".join(parts).strip())
    return Paragraph(text=text, place=f"line {first}")


def _stop_before_capital(match: re.Match[str]) -> str:
    return ". " if match.string[match.end()].isupper() else match.group()
