"""A document given to a child with limits, and its end in words: whatever becomes of the child, there is a reading."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from flows.read.preflight import MAX_FILE
from flows.read.problems import Problem
from flows.readings import reading_from_json
from flows.records import Document, Reading, Receipt
from infra.sandbox import Answer, Sandbox

# How a child failed: the kind of finding and its sentence. What is wrong with the file itself, the child says.
FAILURES = {
    "memory": ("memory_limit", "Tệp này không đọc được: cần nhiều bộ nhớ hơn mức cho phép."),
    "time": ("time_limit", "Tệp này không đọc được: đọc quá lâu so với mức cho phép."),
    "wall": ("time_limit", "Tệp này chưa đọc xong: máy quá bận hoặc tiến trình đọc bị treo. Chạy lại để đọc tiếp."),
    "budget": ("time_limit", "Tệp này chưa đọc: các phần khác của thư đã dùng hết thời gian dành cho một thư."),
    "crash": ("unreadable_file", "Tệp này không đọc được: chương trình đọc dừng đột ngột ở nội dung của tệp."),
    "fault": ("fault_of_ours", "Phần mềm gặp lỗi khi đọc tệp này; lỗi đã ghi ở {log}."),
}
PASSING = frozenset({"memory_limit", "time_limit", "fault_of_ours"})  # another run may read the same file


@dataclass(frozen=True, slots=True)
class Request:
    """One document to be read, with what its message says about it."""

    receipt: Receipt
    document: Document
    sibling_files: tuple[str, ...] = ()

    def header(self) -> dict[str, Any]:
        """Return what the child must know besides the document's bytes; JSON."""
        return {
            "receipt_id": self.receipt.receipt_id,
            "message": self.receipt.message,
            "submitter_id": self.receipt.submitter_id,
            "subject": self.receipt.subject,
            "file": self.document.file,
            "media_type": self.document.media_type,
            "sibling_files": self.sibling_files,
        }

    def digest_line(self) -> str:
        """Return the header as one line, for the key of a kept reading."""
        return json.dumps(self.header())


def read_in_child(sandbox: Sandbox, data: bytes, request: Request, period: str) -> Reading:
    """Return what a document says; a child that died gives a reading with one finding.

    Raises:
        OperationError: The server of the children cannot be started.
    """
    if len(data) > MAX_FILE * 2:
        return _reading_of(Problem("file_too_large", f"Tệp {len(data) / 1e6:.0f} MB, quá lớn để đọc."), request, period)
    extension = PurePosixPath(request.document.file).suffix.lower()[:8]
    answer = sandbox.run("read", request.header(), data, budget=request.receipt.receipt_id, preload=extension)
    try:
        if not answer.failure:
            return reading_from_json(answer.content["reading"])
    except (ValueError, TypeError, KeyError, RecursionError):
        answer = Answer({}, failure="fault", detail="the answer is not a reading")
    return _reading_of(_problem_of(answer, sandbox.log_name), request, period)


def is_lasting(reading: Reading) -> bool:
    """Return whether the same document would read the same again; a child that ran out of time may not."""
    return not any(f.kind in PASSING or f.raw_text.startswith("child ended:") for f in reading.findings)


def _problem_of(answer: Answer, log: str) -> Problem:
    kind, sentence = FAILURES[answer.failure]
    return Problem(kind, sentence.format(log=log), raw_text=answer.detail or f"child ended: {answer.failure}")


def _reading_of(problem: Problem, request: Request, period: str) -> Reading:
    where = (period, request.receipt.receipt_id, request.receipt.message, request.document.file)
    return Reading(findings=(problem.finding(*where, request.receipt.submitter_id),))
