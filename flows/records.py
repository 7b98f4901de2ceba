"""The typed records that travel between the steps. Steps meet here and in the stores, never in each other.

Figures are `Decimal`, never float. Dates and times are ISO 8601 text with offset: they are compared and
stored, not computed with. Every record is frozen; what was received is never edited.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

# What the ledger keeps is declared beside it, because infra/ never imports flows/.
from infra.ledger_records import Decision as Decision
from infra.ledger_records import Delivery as Delivery
from infra.ledger_records import Document as Document
from infra.ledger_records import Edition as Edition
from infra.ledger_records import Output as Output
from infra.ledger_records import Proof as Proof
from infra.ledger_records import Receipt as Receipt
from infra.ledger_records import ReceiptStatus as ReceiptStatus
from infra.ledger_records import Sighting as Sighting

UseStatus = Literal["in_force", "superseded", "duplicate", "rejected", "held"]
Severity = Literal["blocking", "warning", "note"]
Outcome = Literal["pass", "fail", "undecided", "not_applicable"]
Part = Literal["I", "II"]


@dataclass(frozen=True, slots=True)
class Observation:
    """One figure as it stands in a submission, with its place. Key: `observation_id`.

    `value` is the text read literally in the indicator's unit (header units applied), None when nothing
    was reported; `obs_status` then says why: "O" blank, "L" not collected ("…"), "M" cannot exist ("x").
    "A" is normal, "E" estimated. A stated zero ("-", "không phát sinh") is 0, never None.

    `area_code`: GSO code of the district, since July 2025 of the commune or ward; the province's is the submitter's
    own total; "a+b" a row covering several; before July 2025 five digits a commune. `period` is another month than
    `report_period` for a "previous period" column. `indicator_id` may carry a suffix: "x#list" is the
    length of the enumeration after a count, "newspaper_copies#run" a stated copies-per-issue.
    `printed_decimals`: decimals as written; the figure stands for ± half a unit of the last one.
    """

    observation_id: str
    period: str
    report_period: str
    submitter_id: str
    area_code: str
    indicator_id: str
    value: Decimal | None
    unit_code: str
    obs_status: str
    qualifier: str           # "", "gt", "ge", "lt", "le", "approx"
    printed_decimals: int
    is_reported_total: bool  # a total the submitter typed, kept beside the sum we compute
    receipt_id: str
    message: str
    file: str
    sheet: str
    cell: str                # "C10"; "table 2 row 3 col 4"; "paragraph 5"; "body"; "pdf"
    raw_text: str
    row_label: str = ""
    column_label: str = ""
    use_status: UseStatus = "in_force"


@dataclass(frozen=True, slots=True)
class NarrativeItem:
    """One work item of a submission, for the section of the report it belongs to.

    `section` is a section code of the report outline: CNTT, BCVT, TTBCXB, CTMTQG, THANHTRA, DVSN,
    KHAC, HUYEN. Key: `receipt_id`, `file`, `place`.
    """

    period: str
    submitter_id: str
    part: Part
    section: str
    text: str
    receipt_id: str
    message: str
    file: str
    place: str
    use_status: UseStatus = "in_force"


@dataclass(frozen=True, slots=True)
class IntakeFinding:
    """Something about a message or a file that is not understood, not usable, or odd; never silently dropped.

    `kind` is one word of the vocabulary in GLOSSARY.md ("unknown_label", "truncated_file", …). `is_loss`: something
    that may hold figures could not be used at all.
    """

    period: str
    receipt_id: str
    message: str
    file: str
    sheet: str
    cell: str
    kind: str
    severity: Severity
    submitter_id: str
    message_vi: str
    remedy_vi: str = ""
    raw_text: str = ""
    is_loss: bool = False


@dataclass(frozen=True, slots=True)
class InboxNotice:
    """A path of the inbox that was not received now: kind and sentence. It holds for this run alone."""

    name: str
    kind: str
    sentence_vi: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading one document gave. A file that could not be read gives findings and nothing else."""

    observations: tuple[Observation, ...] = ()
    narrative_items: tuple[NarrativeItem, ...] = ()
    findings: tuple[IntakeFinding, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentReading:
    """One document of one receipt with its reading; `use_status` in it already says which version counts.

    What concerns a whole message (late, unknown sender) or the month (a submitter who sent nothing) comes as
    a reading whose document has an empty `file` (and an empty `receipt_id` for the month).
    """

    document: Document
    submitter_id: str
    reading: Reading


@dataclass(frozen=True, slots=True)
class ReportedFigure:
    """One figure as a published report prints it, with its place ("line 512", "paragraph 40", "pdf").

    `printed_decimals` is the precision: the figure stands for ± half a unit of the last decimal. A length of an
    enumeration and a stated zero are exact. `sentence` is the one that states it.
    """

    indicator_id: str
    value: Decimal
    qualifier: str
    printed_decimals: int
    place: str
    raw_text: str
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class CellReference:
    """The place of one observation, as findings name it.

    Known by `observation_id` and `receipt_id`; `message` and `file` are for people: every month has its "019.eml".
    """

    observation_id: str
    submitter_id: str
    area_code: str
    indicator_id: str
    period: str
    value: str
    message: str
    file: str
    sheet: str
    cell: str
    receipt_id: str


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict of one rule at one place, when it is not a pass. Key: `finding_id`, the same at every run.

    `left`, `right`, `gap` are exact decimals as text, in the indicator's unit; empty when undecided.
    `basis` is the hash of the exact values judged: a waiver is bound to it and ends when it moves.
    `repair_vi`, `repair_en`: the likeliest repair of its case in a sentence, or why there is none.
    """

    finding_id: str
    rule_id: str
    severity: Severity
    outcome: Outcome
    submitter_id: str
    area_code: str
    left: str
    right: str
    gap: str
    message_vi: str
    cells: tuple[CellReference, ...] = ()
    period: str = ""
    owner: str = ""
    basis: str = ""
    case_id: str = ""
    decision: str = ""       # "", "waived"
    message_en: str = ""
    repair_vi: str = ""
    repair_en: str = ""


@dataclass(frozen=True, slots=True)
class RuleState:
    """How much a rule weighed when an edition was frozen, and the digest of everything else that it asked."""

    severity: str
    sha256: str


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A rule that weighs less, or asks something else, than in the last published edition; gone: no `severity`."""

    rule_id: str
    was: str
    severity: str


@dataclass(frozen=True, slots=True)
class Grounds:
    """What was true when the gate let a build pass, for the manifest. Every `_sha256` is hexadecimal.

    `inputs_sha256`: the receipts and decisions of the ledger. `check_sha256`: rules, catalogue and code of the check.
    `verdicts_sha256`: every verdict that is no pass. `ledger_seq`, `ledger_hash`: the last link of the audit chain.
    `decisions`: ids of those in force. `waived`: ids of the findings published against a waiver. `rules`: those in
    force, by id; `changed_rules`: how they differ from the last published edition's.
    """

    inputs_sha256: str
    readings_sha256: str
    check_sha256: str
    verdicts_sha256: str
    ledger_seq: int
    ledger_hash: str
    decisions: tuple[str, ...]
    waived: tuple[str, ...]
    rules: Mapping[str, RuleState]
    changed_rules: tuple[RuleChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """What the gate let pass: all that publishing takes besides the warehouse file of `build_id`.

    `findings` have the waivers overlaid; `decisions` are those in force. `build_sha256` is of the file that was judged.
    """

    period: str
    build_id: str
    build_sha256: str
    findings: tuple[Finding, ...]
    decisions: tuple[Decision, ...]
    grounds: Grounds
