"""The press: what makes an edition's files from a build, and reads them back before they are frozen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from flows.records import Passage
from infra.catalogue import load_catalogue

if TYPE_CHECKING:
    from flows.publish.outputs import Rendering
    from flows.publish.report_data import ReportData
    from infra.settings import Settings

ReadReport = Callable[[bytes, str], Sequence[Any]]


class Press:
    """Prints editions of one build: takes its figures from the warehouse once, as often as it prints.

    Args:
        settings: Where the warehouse is, and the fonts that the operator wants in the PDF.
        passage: The build, as the gate let it pass; waived findings get a footnote.
        read_report: A reader of reports that knows nothing of our documents; what it reads in our DOCX and PDF is
            compared as well.
    """

    def __init__(self, settings: Settings, passage: Passage, read_report: ReadReport | None = None) -> None:
        self.settings, self.passage, self.read_report = settings, passage, read_report
        self._data = self._load()

    def print(self, number: int, former_extract: bytes | None) -> Rendering:
        """Return the files of edition `number`; `former_extract` is the CSV extract of the one before.

        Raises:
            CatalogueError: The outline of the report does not fit the catalogue.
        """
        from flows.publish.outputs import render_outputs

        return render_outputs(self._data, number, former_extract, self.settings.home / "fonts")

    def check(self, rendering: Rendering) -> None:
        """Read the rendered files back against the figures, fetched from the warehouse a second time.

        Raises:
            OperationError: A file does not print the warehouse's figures.
        """
        from flows.publish.document_check import check_documents, check_with_reader
        from flows.publish.report_data import load_figures
        from infra.warehouse import open_build

        with open_build(self.settings, self.passage.build_id) as connection:
            figures = load_figures(connection, self.passage.period)
        files = {suffix: _only(rendering, suffix) for suffix in (".docx", ".pdf")}
        check_documents(rendering.document, files[".docx"], files[".pdf"], figures)
        if self.read_report:
            for suffix, file in files.items():
                name = f"bao-cao-{self.passage.period}{suffix}"
                printed = self.read_report(file, name)
                check_with_reader(printed, name, rendering.document, figures, self._data.statements)

    def _load(self) -> ReportData:
        from flows.publish.report_data import load_report_data
        from infra.warehouse import open_build

        period, build_id = self.passage.period, self.passage.build_id
        catalogue = load_catalogue().at(period)
        with open_build(self.settings, build_id) as connection:
            return load_report_data(
                connection, catalogue, period, build_id, self.passage.findings, self.passage.decisions
            )


def _only(rendering: Rendering, suffix: str) -> bytes:
    return next(data for name, data in rendering.files.items() if name.endswith(suffix))
