"""One document in a child with limits: everything that is asked of a file before it is opened, then its reading."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flows.read.document import ReadContext
from flows.read.problems import Problem
from flows.records import IntakeFinding, NarrativeItem, Observation, Reading
from infra.catalogue import Catalogue
from infra.figure_limits import LARGEST
from infra.printable import unprintable_letters

MOST_SHOWN = 40      # letters of a number


def read_checked(data: bytes, header: dict[str, Any], catalogue: Catalogue, period: str) -> Reading:
    """Return what the document says; a file that may not or cannot be read gives findings."""
    from flows.read.preflight import inspect_file, is_readable
    from infra.errors import SubmissionError

    file = header["file"]
    problems = inspect_file(data, file, header.get("media_type", ""))
    reading = Reading()
    if not any(p.refuses for p in problems) and is_readable(data, file):
        try:
            reading = _read(data, header, catalogue, period)
        except SubmissionError as error:
            kind = "password_protected" if "mật khẩu" in error.message_vi else "unreadable_file"
            problems.append(Problem(kind, error.message_vi, raw_text=error.message_en))
    where = (period, header["receipt_id"], header["message"], file, header["submitter_id"])
    findings = tuple(problem.finding(*where) for problem in problems)
    reading = _with_notes_on_letters(_within_bounds(reading))
    return replace(reading, findings=findings + reading.findings)


def _within_bounds(reading: Reading) -> Reading:
    """Take out numbers that no report has and no warehouse holds: one such cell must not stop the month."""
    beyond = tuple(_too_large(o) for o in reading.observations if not _is_held(o))
    kept = tuple(o if _is_held(o) else replace(o, value=None, obs_status="O") for o in reading.observations)
    return replace(reading, observations=kept, findings=reading.findings + beyond)


def _is_held(observation: Observation) -> bool:
    return observation.value is None or abs(observation.value) < LARGEST


def _too_large(observation: Observation) -> IntakeFinding:
    shown = observation.raw_text if len(observation.raw_text) <= MOST_SHOWN else f"{observation.raw_text[:MOST_SHOWN]}…"
    sentence = f"Số “{shown}” lớn hơn mọi số có thể có trong báo cáo; số này chưa được lấy."
    raw = observation.raw_text[:200]
    problem = Problem("number_too_large", sentence, False, observation.sheet, observation.cell, raw)
    where = (observation.report_period, observation.receipt_id, observation.message, observation.file)
    return problem.finding(*where, observation.submitter_id)


def _with_notes_on_letters(reading: Reading) -> Reading:
    """Say of which work items the report will leave letters out."""
    odd = ((item, unprintable_letters(item.text)) for item in reading.narrative_items)
    notes = tuple(_left_out(item, letters) for item, letters in odd if letters)
    return replace(reading, findings=reading.findings + notes)


def _left_out(item: NarrativeItem, letters: str) -> IntakeFinding:
    sentence = f"Mục việc này có ký tự mà báo cáo không in được ({letters}); báo cáo bỏ các ký tự đó."
    problem = Problem("unprintable_letters", sentence, False, "", item.place, item.text[:200])
    where = (item.period, item.receipt_id, item.message, item.file)
    return problem.finding(*where, item.submitter_id)


def _read(data: bytes, header: dict[str, Any], catalogue: Catalogue, period: str) -> Reading:
    from flows.read.reader import read_document

    context = ReadContext(
        catalogue=catalogue,
        report_period=period,
        submitter=catalogue.submitter_by_id.get(header["submitter_id"]),
        receipt_id=header["receipt_id"],
        message=header["message"],
        file=header["file"],
        subject=header.get("subject", ""),
        sibling_files=tuple(header.get("sibling_files", ())),
    )
    return read_document(data, context)
