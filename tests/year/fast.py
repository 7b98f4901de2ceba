"""The fast gear: another sandbox, builder, judge and press through the doors of a month's heavy work.

Everything that keeps promises runs for real: receiving, versions, proof of the sender, decisions, the gate, editions,
manifests, the outbox, the dialogue with the mail server, approval, the ledger, the archive, `verify`. Only the four
crafts are small here, and plainly right: a submission is lines of "- label: value unit.", a figure is the sum of what
is in force, and one rule and one question block. Messages are still taken apart by the real code, in this process.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from flows import sandbox_jobs
from flows.build.builder import Builder
from flows.check.exact import Verdicts
from flows.check.findings import check_folder, check_name, finding_id, read_findings, write_results
from flows.decide.decisions import plain
from flows.deliver.mailer import Patience
from flows.publish.outputs import Rendering
from flows.readings import reading_to_json
from flows.records import CellReference, Finding, Observation, Passage, Reading
from flows.steps import Helpers
from infra.catalogue import Catalogue, load_catalogue
from infra.dependencies import step_digest
from infra.derived import is_whole
from infra.sandbox import Answer
from infra.settings import Settings
from infra.standing import in_force
from infra.warehouse import build_path, intact_sha256, is_intact, seal_build
from tests.year.letters import PAIRS, SAID

RULE, QUESTION = "part_within_whole", "replacement_unproved"
AT_ONCE = Patience(pauses=())
INDICATORS = {label: name for name, (label, _) in SAID.items()}
LINE = re.compile(r"- (.+): (\d+) .+\.")


class InProcess:
    """A sandbox without walls: messages are taken apart by the real code, bodies are read as "- label: value unit."."""

    workers = 1                    # in order, so that a seed plays the same each time
    log_name = "stderr"

    def __init__(self) -> None:
        self._month: tuple[str, Any] = ("", None)

    def configure(self, configuration: Any) -> None:
        self._month = configuration

    def run(self, job: str, header: dict[str, Any], data: bytes, budget: str = "", preload: str = "") -> Answer:
        if job == "unpack":
            content, blobs = sandbox_jobs.unpack(header, data)
            return Answer(json.loads(json.dumps(content)), tuple(blobs))
        assert job == "read", job
        return Answer({"reading": json.loads(json.dumps(reading_to_json(self._read(header, data))))})

    def _read(self, header: dict[str, Any], data: bytes) -> Reading:
        lines = enumerate(data.decode("utf-8", "replace").splitlines(), 1)
        found = [(number, LINE.fullmatch(line)) for number, line in lines]
        return Reading(tuple(self._observed(header, number, INDICATORS[line[1]], line[2])
                             for number, line in found if line and line[1] in INDICATORS))

    def _observed(self, header: dict[str, Any], number: int, name: str, value: str) -> Observation:
        period, catalogue = self._month
        key = f"{header['receipt_id']} {header['file']} {number}"
        return Observation(
            hashlib.sha256(key.encode()).hexdigest()[:16], period, period, header["submitter_id"],
            catalogue.submitter_by_id[header["submitter_id"]].area_code, name, Decimal(value), "", "A", "", 0, False,
            header["receipt_id"], header["message"], header["file"], "", f"line {number}", value,
        )

    def forget_budget(self, budget: str) -> None:
        """There is none."""

    def wait_until_ready(self) -> tuple[str, ...]:
        return ()

    def stop(self) -> None:
        """Nothing runs."""


class SmallBuilder(Builder):
    """Sums what is in force, with the decisions applied; gathers, names, seals and sweeps as the real one does."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, None)  # type: ignore[arg-type]

    def build_inputs(self, inputs: Any) -> str:
        noted = inputs.request()
        if is_intact(self.settings, noted.build_id):
            return str(noted.build_id)
        self.settings.warehouse_folder.mkdir(exist_ok=True)
        source = self.settings.warehouse_folder / f".{noted.build_id}.json"
        source.write_text(json.dumps(_content(inputs)), encoding="utf-8")
        seal_build(self.settings, source, noted.build_id, noted.inputs_sha256, noted.readings_sha256)
        return str(noted.build_id)

    def stop(self) -> None:
        """Nothing runs."""


def _content(inputs: Any) -> dict[str, Any]:
    """Return what the small warehouse holds: the cells in force of the month asked for, and the open questions."""
    corrected = {d.target: d for d in in_force(inputs.decisions) if d.kind == "correct"}
    cells = []
    for seen in inputs.observations:
        if seen.period == inputs.period and seen.use_status == "in_force":
            word = corrected.get(seen.observation_id)
            holds = word is not None and word.basis == plain(seen.value)
            cells.append({"id": seen.observation_id, "submitter": seen.submitter_id, "indicator": seen.indicator_id,
                          "area": seen.area_code, "value": word.value if word and holds else plain(seen.value),
                          "receipt": seen.receipt_id, "message": seen.message, "file": seen.file, "cell": seen.cell})
    questions = sorted({f.receipt_id for f in inputs.intake_findings
                        if f.kind == "unproved_replacement" and f.period == inputs.period})
    return {"period": inputs.period, "cells": sorted(cells, key=lambda c: c["id"]), "questions": questions}


def _read_build(settings: Settings, build_id: str) -> dict[str, Any]:
    return dict(json.loads(build_path(settings, build_id).read_text(encoding="utf-8")))


def judged(settings: Settings, period: str, build_id: str) -> list[Finding]:
    """Return what the one rule and the one question find in a build."""
    content = _read_build(settings, build_id)
    cells: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for cell in content["cells"]:
        cells[cell["submitter"]][cell["indicator"]] = cell
    found = [_over(period, submitter, own[part], own[whole]) for submitter, (part, whole) in PAIRS.items()
             if {part, whole} <= set(own := cells[submitter]) and int(own[part]["value"]) > int(own[whole]["value"])]
    return found + [_asked(period, receipt) for receipt in content["questions"]]


def _over(period: str, submitter: str, *cells: dict[str, Any]) -> Finding:
    part, whole = (cell["value"] for cell in cells)
    references = tuple(
        CellReference(c["id"], submitter, c["area"], c["indicator"], period, c["value"], c["message"], c["file"], "",
                      c["cell"], c["receipt"]) for c in cells
    )
    basis = hashlib.sha256(f"{part} {whole}".encode()).hexdigest()
    return Finding(
        finding_id(RULE, period, submitter), RULE, "blocking", "fail", submitter, cells[0]["area"], part, whole,
        str(int(part) - int(whole)), f"{part} > {whole}", references, period, "submitter", basis,
    )


def _asked(period: str, receipt: str) -> Finding:
    return Finding(finding_id(QUESTION, period, receipt), QUESTION, "blocking", "fail", "", "", "", "", "",
                   "Thư giữ lại", (), period, "steward", hashlib.sha256(receipt.encode()).hexdigest())


class SmallJudge:
    """Keeps a check as the real judge does, under the real name and stamp."""

    def __init__(self) -> None:
        self.check_name = ""
        self.timings: dict[str, float] = {}

    def check(self, settings: Settings, period: str, build_id: str) -> list[Finding]:
        stamp = step_digest("check", load_catalogue().at(period))
        self.check_name = check_name(build_id, stamp)
        folder = check_folder(settings, self.check_name)
        if not is_whole(folder, stamp):
            write_results(folder, stamp, judged(settings, period, build_id), {}, [], "")
        return read_findings(folder)

    def stop(self) -> None:
        """Nothing runs."""


class SmallPress:
    """Prints the figures of a build as CSV, with a report and a dictionary beside it; reads them back."""

    def __init__(self, settings: Settings, passage: Passage) -> None:
        self.settings, self.passage = settings, passage

    def print(self, number: int, former_extract: bytes | None) -> Rendering:
        content = _read_build(self.settings, self.passage.build_id)
        extract = extract_of(content["cells"])
        period = self.passage.period
        files = {
            f"bao-cao-{period}.pdf": b"%PDF " + extract, f"trich-xuat-{period}.csv": extract,
            f"so-lieu-{period}.xlsx": json.dumps(content).encode(),
        }
        return Rendering(number, None, files)  # type: ignore[arg-type]

    def check(self, rendering: Rendering) -> None:
        assert intact_sha256(self.settings, self.passage.build_id) == self.passage.build_sha256


def extract_of(cells: Iterable[dict[str, Any]]) -> bytes:
    """Return the extract: a line a figure of a submitter, and a line an indicator of the province ("_T")."""
    rows: dict[tuple[str, str], int] = defaultdict(int)
    for cell in cells:
        rows[cell["submitter"], cell["indicator"]] = int(cell["value"])
        rows["_T", cell["indicator"]] += int(cell["value"])
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(
        [("REPORTING_UNIT", "INDICATOR", "VALUE"), *((*key, value) for key, value in sorted(rows.items()))])
    return stream.getvalue().encode()


class SmallHelpers(Helpers):
    """A month's heavy work, done small."""

    patience = AT_ONCE

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.sandbox = InProcess()  # type: ignore[assignment]
        vars(self).update(builder=SmallBuilder(settings), judge=SmallJudge())

    def judging(self, settings: Settings, catalogue: Catalogue, period: str, build_id: str) -> Verdicts:
        rules = tuple(SimpleNamespace(rule_id=rule, severity="blocking", expression=rule, at=(), since="", until="",
                                      indicators=(), conditions=(), same_unit=False) for rule in (RULE, QUESTION))
        return Verdicts(rules, tuple(judged(settings, period, build_id)))  # type: ignore[arg-type]

    def press(self, settings: Settings, passage: Passage) -> Any:
        return SmallPress(settings, passage)

    def write_page(
        self, settings: Settings, period: str, build_id: str, checked: Path, findings: Sequence[Finding],
        receipts: Sequence[Any],
    ) -> None:
        """The page is a picture for people: nothing is decided by it."""
