"""Record what a named person decided. Nothing received is edited; a decision stands beside it, with its reason.

A correction is bound to the value it replaces and a waiver to the exact values it accepts (`basis`), so
either ends by itself when a new submission moves them. Deciding the same again records nothing new.
"""

from __future__ import annotations

import hashlib
import itertools
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from flows.records import Decision, Finding, Receipt
from infra.audit import canonical_json
from infra.errors import SubmissionError
from infra.people import deciding_person
from infra.statements import stated
from infra.vietnamese import DAY_SHAPE, day_of, moment, number_text

if TYPE_CHECKING:
    from infra.ledger import Ledger

Kind = Literal["correct", "supply", "waive", "release", "refuse", "withdraw"]
# A figure is decimal(28, 6) in the warehouse: of this many whole digits, sums of thousands of figures fit as well.
WHOLE_DIGITS, DECIMALS = 18, 6


def correct(
    ledger: Ledger, period: str, observation_id: str, value: Decimal, basis: str, reason: str, person: str
) -> Decision:
    """Use `value` instead of what one cell says.

    Args:
        ledger: Where the decision is recorded.
        period: Month whose figures it concerns, "2019-04".
        observation_id: The cell.
        value: The figure to use, in the indicator's unit.
        basis: The figure read from the cell, as text; "" when the cell is blank.
        reason: Why, in the person's words.
        person: Who decides: id or name of a steward of people.csv.

    Raises:
        SubmissionError: Reason or person is missing, the value is the one that stands there, or the warehouse
            cannot hold it.
    """
    _check_fits(value, observation_id)
    if basis != "" and value == Decimal(basis):
        raise SubmissionError(f"Ô đang có đúng giá trị {number_text(value)}, không có gì để sửa.",
                              f"The cell already says {plain(value)}.", place=observation_id)
    return _record(ledger, "correct", period, observation_id, plain(value), basis, reason, person)


def supply(
    ledger: Ledger, period: str, submitter_id: str, area_code: str, indicator_id: str, value: Decimal,
    reason: str, person: str,
) -> Decision:
    """Use `value` for a figure that nobody sent.

    Raises:
        SubmissionError: Reason or person is missing, or the warehouse cannot hold the value.
    """
    target = f"{period}/{submitter_id}/{area_code}/{indicator_id}"
    _check_fits(value, target)
    return _record(ledger, "supply", period, target, plain(value), "", reason, person)


def waive(ledger: Ledger, period: str, finding: Finding, reason: str, person: str, until: str = "") -> Decision:
    """Accept a finding with the exact values it has now, until a day ("2019-12-31") or until they move.

    Raises:
        SubmissionError: Reason or person is missing, the day is not one or has passed, or the finding
            is not one that can be accepted.
    """
    if not finding.basis:
        raise SubmissionError(f"Phát hiện {finding.finding_id} không gắn với giá trị nào nên không chấp nhận được.",
                              f"Finding {finding.finding_id} has no values that a waiver could be bound to.",
                              remedy_vi="Bổ sung hoặc sửa số liệu bằng tonghop supply, tonghop correct.")
    _check_expiry(until, ledger.now())
    return _record(ledger, "waive", period, finding.finding_id, "", finding.basis, reason, person, until)


def release(ledger: Ledger, receipt: Receipt, submitter_id: str, reason: str, person: str) -> Decision:
    """Let a held message count as the submitter's, from the next run on.

    Raises:
        SubmissionError: Reason or person is missing.
    """
    return _record(ledger, "release", receipt.period, receipt.receipt_id, submitter_id, receipt.sha256, reason, person)


def refuse(ledger: Ledger, receipt: Receipt, reason: str, person: str) -> Decision:
    """Say that a held message is not used; it is kept.

    Raises:
        SubmissionError: Reason or person is missing.
    """
    return _record(ledger, "refuse", receipt.period, receipt.receipt_id, "", receipt.sha256, reason, person)


def withdraw(ledger: Ledger, period: str, decision_id: str, reason: str, person: str) -> Decision:
    """End a decision; the figures are again what they were without it.

    Raises:
        SubmissionError: Reason or person is missing, or no such decision holds in that month.
    """
    decided = {decision.decision_id: decision for decision in ledger.decisions(period)}
    found = decided.get(decision_id)
    if found is None or found.kind == "withdraw":
        raise SubmissionError(f"Tháng {period} không có quyết định {decision_id}.",
                              f"There is no decision {decision_id} in {period}.",
                              remedy_vi=f"Xem mã bằng tonghop decisions --period {period}.")
    return _record(ledger, "withdraw", period, decision_id, "", "", reason, person)


def plain(value: Decimal) -> str:
    """Return an exact figure as text, without exponent or trailing zeros: "16656", "4.48"."""
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def _check_fits(value: Decimal, place: str) -> None:
    """Refuse what the warehouse would have to round or to leave blank."""
    if not value.is_finite() or value.adjusted() >= WHOLE_DIGITS or -_last_place(value) > DECIMALS:
        raise SubmissionError(
            f"Kho số liệu chỉ giữ được số có tối đa {WHOLE_DIGITS} chữ số phần nguyên và {DECIMALS} chữ số thập phân.",
            f"The warehouse holds at most {WHOLE_DIGITS} whole digits and {DECIMALS} decimals.",
            place=place, remedy_vi="Xem lại giá trị và đơn vị tính, rồi ghi lại quyết định.",
        )


def _last_place(value: Decimal) -> int:
    """Return the power of ten of the last digit that is no zero: -2 of 4.480."""
    _, digits, exponent = value.as_tuple()
    written = "".join(map(str, digits))
    return int(exponent) + len(written) - len(written.rstrip("0")) if value else 0


def _record(
    ledger: Ledger, kind: Kind, period: str, target: str, value: str, basis: str, reason: str, person: str,
    expires_at: str = "",
) -> Decision:
    reason, person = stated(reason, "lý do", "--reason"), deciding_person(person, day_of(ledger.now()))
    content = (kind, period, target, value, basis, reason, person, expires_at)
    decided = {decision.decision_id: decision for decision in ledger.decisions(period)}
    holding = {decision.decision_id for decision in ledger.decisions_in_force(period)}
    for turn in itertools.count():
        decision_id = _decision_id(content, turn)
        if decision_id in holding or (kind == "withdraw" and decision_id in decided):
            return decided[decision_id]
        if decision_id not in decided:  # otherwise: withdrawn or replaced since, so this is the next of its kind
            break
    decision = Decision(decision_id, *content[:7], ledger.now(), expires_at)
    ledger.add_decision(decision)
    return decision


def _decision_id(content: tuple[str, ...], turn: int) -> str:
    return f"D{hashlib.sha256(canonical_json([*content, turn]).encode()).hexdigest()[:10]}"


def _check_expiry(until: str, now: str) -> None:
    if not until:
        return
    if not _is_day(until):
        raise SubmissionError(f"“{until}” không phải là một ngày.", f"{until!r} is not a date.",
                              remedy_vi="Viết như 2019-12-31.")
    if moment(until) < moment(now):
        raise SubmissionError(f"Ngày hết hiệu lực {until} đã qua.", f"The expiry {until} has passed.",
                              remedy_vi="Chọn một ngày từ hôm nay trở đi, hoặc bỏ --until.")


def _is_day(text: str) -> bool:
    """Return whether `text` is a day of the calendar written 2019-12-31, and no other of ISO's many forms."""
    try:
        return bool(DAY_SHAPE.fullmatch(text) and moment(text))
    except ValueError:
        return False
