"""Freezes a month's outputs as an edition: written once, numbered 1, 2, …, found again when nothing changed.

Order matters when the machine stops half-way: files by hash, then the manifest under the edition's name,
then the ledger, then the copies for people. Whatever is cut off, running again gives the same edition.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from flows.records import Edition, Finding, Output
from infra.catalogue import load_catalogue
from infra.files import file_sha256, replace_file
from infra.killpoints import reached

if TYPE_CHECKING:
    from flows.publish.outputs import Rendering
    from flows.publish.report_data import ReportData
    from infra.archive import Archive
    from infra.ledger import Ledger
    from infra.settings import Settings

MANIFEST = "manifest.json"
WORKING_PAPERS = (".xlsx", ".tsv")  # findings, reasons, messages: they move with every stray mail and are not the news
ReadReport = Callable[[bytes, str], Sequence[Any]]


def publish_edition(
    settings: Settings,
    archive: Archive,
    ledger: Ledger,
    period: str,
    build_id: str,
    findings: Sequence[Finding] = (),
    read_report: ReadReport | None = None,
) -> Edition:
    """Return the edition that this build gives: a new one, or the last one when it would publish the same.

    What is published is the report and the extract with its dictionary. A message that changed none of them (a
    stranger's, a twin) makes no new edition: nobody is to be mailed the same figures again.

    Args:
        settings: Where the warehouse is and where people find the copies.
        archive: Where the files are frozen.
        ledger: Where the edition is recorded.
        period: Report month.
        build_id: The build to publish.
        findings: Findings of the rules, waivers overlaid; waived ones get a footnote.
        read_report: A reader of reports that knows nothing of our documents; what it reads in our DOCX and
            PDF is compared as well.

    Raises:
        OperationError: A rendered file does not print the warehouse's figures, or a store fails.
        CatalogueError: The outline of the report does not fit the catalogue.
    """
    from flows.publish.outputs import render_outputs

    data = _load(settings, ledger, period, build_id, findings)
    editions = _frozen_editions(archive, ledger, period, build_id)
    fonts = settings.home / "fonts"
    if editions:
        same = render_outputs(data, len(editions), _extract_of(archive, editions[:-1]), fonts)
        if _publishes_the_same(same, editions[-1]):
            _copy_frozen(settings, archive, editions[-1])
            return editions[-1]
    rendering = render_outputs(data, len(editions) + 1, _extract_of(archive, editions), fonts)
    _check(settings, rendering, data, read_report)
    edition = _freeze(archive, ledger, rendering, period, build_id)
    _copy_for_people(settings, edition, rendering)
    return edition


def _load(settings: Settings, ledger: Ledger, period: str, build_id: str, findings: Sequence[Finding]) -> ReportData:
    from flows.publish.report_data import load_report_data
    from infra.warehouse import open_build

    catalogue = load_catalogue().at(period)
    with open_build(settings, build_id) as connection:
        return load_report_data(connection, catalogue, period, build_id, findings, ledger.decisions_in_force(period))


def _check(settings: Settings, rendering: Rendering, data: ReportData, read_report: ReadReport | None) -> None:
    """Read the rendered files back against the figures, fetched from the warehouse a second time."""
    from flows.publish.document_check import check_documents, check_with_reader
    from flows.publish.report_data import load_figures
    from infra.warehouse import open_build

    with open_build(settings, data.build_id) as connection:
        figures = load_figures(connection, data.period)
    files = {suffix: _only(rendering, suffix) for suffix in (".docx", ".pdf")}
    check_documents(rendering.document, files[".docx"], files[".pdf"], figures)
    if read_report:
        for suffix, file in files.items():
            name = f"bao-cao-{data.period}{suffix}"
            check_with_reader(read_report(file, name), name, rendering.document, figures, data.statements)


def _only(rendering: Rendering, suffix: str) -> bytes:
    return next(data for name, data in rendering.files.items() if name.endswith(suffix))


def _freeze(archive: Archive, ledger: Ledger, rendering: Rendering, period: str, build_id: str) -> Edition:
    for data in (*rendering.files.values(), rendering.manifest):
        archive.put(data)
    reached("publish.after_files")
    archive.put_named(_manifest_key(period, rendering.number), rendering.manifest)
    reached("publish.after_manifest")
    edition = _as_edition(rendering.manifest, rendering.manifest_sha256, build_id, ledger.now())
    ledger.add_edition(edition)
    reached("publish.after_ledger")
    return edition


def _frozen_editions(archive: Archive, ledger: Ledger, period: str, build_id: str) -> list[Edition]:
    """Return the editions of a month in order; one whose process died before the ledger knew is recorded now."""
    editions = sorted(ledger.editions(period), key=lambda edition: edition.number)
    key = _manifest_key(period, len(editions) + 1)
    if archive.exists(key):
        manifest = archive.get_named(key)
        edition = _as_edition(manifest, archive.put(manifest), build_id, ledger.now())
        ledger.add_edition(edition)
        editions.append(edition)
    return editions


def _as_edition(manifest: bytes, sha256: str, build_id: str, published_at: str) -> Edition:
    content = json.loads(manifest)
    outputs = tuple(Output(f["name"], f["sha256"], f["size"], f["media_type"]) for f in content["files"])
    own = Output(MANIFEST, sha256, len(manifest), "application/json")
    period, number = content["period"], content["edition"]
    return Edition(f"{period}-{number}", period, number, build_id, sha256, published_at, (*outputs, own))


def _extract_of(archive: Archive, editions: list[Edition]) -> bytes | None:
    """Return the CSV extract of the last of some editions, None when there is none."""
    from flows.publish.outputs import extract_name

    if not editions:
        return None
    name = extract_name(editions[-1].period)
    return archive.get(next(output.sha256 for output in editions[-1].outputs if output.name == name))


def _publishes_the_same(rendering: Rendering, edition: Edition) -> bool:
    frozen = {output.name: output.sha256 for output in edition.outputs}
    return all(
        hashlib.sha256(data).hexdigest() == frozen.get(name)
        for name, data in rendering.files.items() if not name.endswith(WORKING_PAPERS)
    )  # fmt: skip


def _copy_frozen(settings: Settings, archive: Archive, edition: Edition) -> None:
    """Put the copies for people back as they were frozen, where they are no longer so."""
    folder = settings.outputs_folder / edition.period / f"edition-{edition.number}"
    for output in edition.outputs:
        if file_sha256(folder / output.name) != output.sha256:
            replace_file(folder / output.name, archive.get(output.sha256))


def _copy_for_people(settings: Settings, edition: Edition, rendering: Rendering) -> None:
    folder = settings.outputs_folder / edition.period / f"edition-{edition.number}"
    for name, data in {**rendering.files, MANIFEST: rendering.manifest}.items():
        path = folder / name
        if not path.is_file() or path.read_bytes() != data:
            replace_file(path, data)


def _manifest_key(period: str, number: int) -> str:
    return f"editions/{period}/{number}/{MANIFEST}"
