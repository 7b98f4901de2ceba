"""No file of the corpus may crash the reading, hang it or take its memory; each is answered with the right kind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from flows.children import start_children, use_month
from flows.read.sandbox import Request, read_in_child
from flows.records import Document, Reading, Receipt
from infra.catalogue import load_catalogue
from infra.sandbox import Sandbox
from tests.hostile.corpus import CORPUS, HostileFile

PERIOD = "2019-04"
RECEIPT = Receipt("R1", PERIOD, "001.eml", "0" * 64, "a@vnpt-gl.example", "vnpt", "", "", "", "received")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with start_children() as started:
        use_month(started, PERIOD, load_catalogue().at(PERIOD))
        yield started


def read(sandbox: Sandbox, file: str, data: bytes) -> Reading:
    document = Document("R1", "001.eml", file, "0" * 64, len(data), "application/octet-stream")
    return read_in_child(sandbox, data, Request(RECEIPT, document), PERIOD)


def test_the_corpus_is_large_enough() -> None:
    assert len({case.title for case in CORPUS}) == len(CORPUS) >= 60


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: f"{case.title} [{case.file}]")
def test_hostile_file_is_answered(sandbox: Sandbox, case: HostileFile) -> None:
    data = case.make()
    sandbox.forget_budget("R1")
    reading = read(sandbox, case.file, data)
    kinds = {finding.kind for finding in reading.findings}
    assert sandbox.peak_memory < 500_000_000, f"{sandbox.peak_memory / 1e6:.0f} MB"
    assert not case.kinds or kinds & case.kinds, f"answered with {kinds}: {[f.raw_text for f in reading.findings]}"
    assert all(f.message_vi and f.message == "001.eml" and f.file == case.file for f in reading.findings)


def test_a_good_file_is_still_read_after_the_corpus(sandbox: Sandbox) -> None:
    text = "Báo cáo số liệu tháng 4/2019:\n- Tổng số trạm BTS: 75 trạm\n".encode()
    reading = read(sandbox, "(body)", text)
    assert not any(finding.kind == "unreadable_file" for finding in reading.findings)
