"""What a sender is told in words of theirs: they have no commands, so none is named to them.

The same sentences stand on the steward's page, with the command that decides. Everything that goes into an answer comes
through here, whoever wrote it.
"""

from __future__ import annotations

import re
from dataclasses import replace

from flows.records import DocumentReading, Finding, IntakeFinding, Receipt
from infra.catalogue import TABLES

# A file may be called "tonghop thang 4.xlsx": only what can be typed is a command. A test compares the list.
COMMANDS = (
    "accept-ledger", "approve", "check-report", "check-rules", "correct", "decisions", "deliver", "deliveries",
    "doctor", "editions", "explain", "figures", "findings", "month", "observations", "read", "read-report", "receive",
    "refuse", "release", "sample", "serve", "settle", "supply", "trace", "verify", "waive", "withdraw",
)
# Nor have they the files of the catalogue.
_COMMAND = re.compile(rf"\btonghop (?:{'|'.join(COMMANDS)})(?![\w-])|\b(?:{'|'.join(TABLES)})\.csv\b")
_ANSWER_VI = "Trả lời thư này, ghi rõ đó là chỉ tiêu nào, địa bàn nào."
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_CLAUSE = re.compile(r"(?<=[;,])\s+")


def without_commands(text: str) -> str:
    """Return a text without the clauses that name a command; a sentence of nothing else goes whole."""
    if not _COMMAND.search(text):
        return text
    return " ".join(filter(None, map(_plain_sentence, _SENTENCE.split(text))))


def _plain_sentence(sentence: str) -> str:
    clauses = _CLAUSE.split(sentence)
    kept = [clause for clause in clauses if not _COMMAND.search(clause)]
    if len(kept) == len(clauses):
        return sentence
    return f"{' '.join(kept).rstrip(' ;,.')}." if kept else ""


def told_of_receipt(receipt: Receipt) -> Receipt:
    """Return a receipt whose reason is said to its sender."""
    return replace(receipt, reason_vi=without_commands(receipt.reason_vi))


def told_of_reading(reading: DocumentReading) -> DocumentReading:
    """Return a reading whose findings are said to its sender."""
    findings = tuple(map(_told_of_intake, reading.reading.findings))
    return replace(reading, reading=replace(reading.reading, findings=findings))


def told_of_verdict(finding: Finding) -> Finding:
    """Return a verdict of the month's rules that is said to whoever sent its cells."""
    return replace(finding, message_vi=without_commands(finding.message_vi))


def _told_of_intake(finding: IntakeFinding) -> IntakeFinding:
    said, remedy = without_commands(finding.message_vi), without_commands(finding.remedy_vi)
    if finding.remedy_vi and not remedy:
        remedy = _ANSWER_VI
    return replace(finding, message_vi=said, remedy_vi=remedy)
