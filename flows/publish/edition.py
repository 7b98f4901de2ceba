"""Freezes a month's outputs as an edition: written once, numbered 1, 2, …, found again when nothing changed.

Order matters when the machine stops half-way: files by hash, then the manifest under the edition's name,
then the ledger, then the copies for people. Whatever is cut off, running again gives the same edition.

The manifest gets its name inside the ledger's transaction that records the edition, and only while the ledger holds
what the build was made from: nobody's decision falls between what was checked and what is frozen.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from flows.records import Edition, Output, Passage
from infra.errors import OperationError
from infra.files import file_sha256, replace_file
from infra.killpoints import reached
from infra.ledger_records import manifest_key

if TYPE_CHECKING:
    from flows.publish.outputs import Rendering
    from infra.archive import Archive
    from infra.ledger import Ledger
    from infra.settings import Settings

MANIFEST = "manifest.json"
WORKING_PAPERS = (".xlsx", ".tsv")  # findings, reasons, messages: they move with every stray mail and are not the news


class PrintsEditions(Protocol):
    """What publishing needs of a press (`flows.publish.press`)."""

    def print(self, number: int, former_extract: bytes | None) -> Rendering: ...

    def check(self, rendering: Rendering) -> None: ...


def publish_edition(
    settings: Settings, archive: Archive, ledger: Ledger, passage: Passage, press: PrintsEditions
) -> Edition:
    """Return the edition that a build gives: a new one, or the last one when it would publish the same.

    What is published is the report and the extract with its dictionary. A message that changed none of them (a
    stranger's, a twin) makes no new edition: nobody is to be mailed the same figures again.

    Args:
        settings: Where the warehouse is and where people find the copies.
        archive: Where the files are frozen.
        ledger: Where the edition is recorded.
        passage: The build to publish, as the gate let it pass.
        press: Prints its files and reads them back.

    Raises:
        OperationError: A rendered file does not print the warehouse's figures, or a store fails.
        MovedError: The ledger has moved since the gate.
        CatalogueError: The outline of the report does not fit the catalogue.
    """
    editions = _frozen_editions(archive, ledger, passage.period)
    if editions:
        same = press.print(len(editions), _extract_of(archive, editions[:-1]))
        if _publishes_the_same(same, editions[-1]):
            _copy_frozen(settings, archive, editions[-1])
            return editions[-1]
    rendering = press.print(len(editions) + 1, _extract_of(archive, editions))
    press.check(rendering)
    manifest = write_manifest(passage, rendering)
    edition = _freeze(settings, archive, ledger, passage, rendering, manifest)
    _copy_for_people(settings, edition, {**rendering.files, MANIFEST: manifest})
    return edition


def write_manifest(passage: Passage, rendering: Rendering) -> bytes:
    """Return the manifest: every file by name, size and SHA-256, the build, and what was true when it was frozen."""
    from flows.publish.outputs import listed_files

    content = {
        "period": passage.period, "edition": rendering.number, "build_id": passage.build_id,
        "files": listed_files(rendering.files), "grounds": dataclasses.asdict(passage.grounds),
    }
    return (json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()


def _freeze(
    settings: Settings, archive: Archive, ledger: Ledger, passage: Passage, rendering: Rendering, manifest: bytes
) -> Edition:
    for data in (*rendering.files.values(), manifest):
        archive.put(data)
    reached("publish.after_files")
    with ledger.freezing(passage.period, passage.grounds.inputs_sha256) as record:
        _check_unmoved(settings, passage)
        archive.put_named(manifest_key(passage.period, rendering.number), manifest)
        reached("publish.after_manifest")
        edition = _as_edition(manifest, hashlib.sha256(manifest).hexdigest(), ledger.now())
        record(edition)
    reached("publish.after_ledger")
    return edition


def _check_unmoved(settings: Settings, passage: Passage) -> None:
    """Refuse to freeze what was rendered when the warehouse file is no longer the one that was judged."""
    from infra.warehouse import intact_sha256

    if intact_sha256(settings, passage.build_id) != passage.build_sha256:
        raise OperationError(
            "Không phát hành: tệp kho số liệu đã bị sửa trong lúc phát hành.",
            "Nothing is published: the warehouse file was edited while the edition was made.",
            place=passage.build_id, remedy_vi="Chạy lại tháng đó: kho số liệu sẽ được dựng lại.",
        )


def _frozen_editions(archive: Archive, ledger: Ledger, period: str) -> list[Edition]:
    """Return the editions of a month in order; those of which the ledger does not know are recorded now.

    The process died before it was told, or the ledger is an older copy.
    """
    editions = sorted(ledger.editions(period), key=lambda edition: edition.number)
    while archive.exists(key := manifest_key(period, len(editions) + 1)):
        manifest = archive.get_named(key)
        edition = _as_edition(manifest, archive.put(manifest), ledger.now())
        ledger.add_edition(edition)
        editions.append(edition)
    return editions


def _as_edition(manifest: bytes, sha256: str, published_at: str) -> Edition:
    """Return the edition that a manifest describes; it names the build it was made from."""
    content = json.loads(manifest)
    outputs = tuple(Output(f["name"], f["sha256"], f["size"], f["media_type"]) for f in content["files"])
    own = Output(MANIFEST, sha256, len(manifest), "application/json")
    period, number = content["period"], content["edition"]
    return Edition(f"{period}-{number}", period, number, content["build_id"], sha256, published_at, (*outputs, own))


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


def _copy_for_people(settings: Settings, edition: Edition, files: Mapping[str, bytes]) -> None:
    folder = settings.outputs_folder / edition.period / f"edition-{edition.number}"
    for name, data in files.items():
        path = folder / name
        if not path.is_file() or path.read_bytes() != data:
            replace_file(path, data)
