"""What a steward's command needs around a decision: the observation or finding it is about, from the stores."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from flows import decide
from flows.receipts import can_be_decided
from flows.records import Decision, Finding, Receipt
from infra.catalogue import Catalogue, Indicator, load_catalogue
from infra.errors import SubmissionError
from infra.ledger import Ledger, open_ledger
from infra.settings import Settings
from infra.vietnamese import STATUS_VI, number_text

FIGURE = re.compile(r"\s*[-+]?[0-9][0-9., ]*%?\s*")  # other scripts' digits and words are for what others sent

SENT = """
select observation_id, reported_value, file, cell from marts.fct_observations
where report_period = ? and period = report_period and submitter_id = ? and area_code = ? and indicator_id = ?
    and is_in_force and reported_value is not null
"""


def correct(settings: Settings, period: str, target: str, value: str, reason: str, person: str) -> Decision:
    """Record that `target` (an observation) is to be used with another value; the value it replaces binds it."""
    from infra.warehouse import fetch, open_current

    target = target.strip().lower()    # ids are copied from lists, and typed from paper
    with open_current(settings, period) as connection:
        query = "select reported_value, indicator_id from marts.fct_observations where observation_id = ?"
        rows = fetch(connection, query, target)
    if not rows:
        raise SubmissionError(
            f"Không có ô số liệu nào mang mã {target} trong tháng {period}.",
            f"There is no observation {target} in {period}.",
            remedy_vi="Lấy mã ở cột “Ô” của lệnh tonghop findings.",
        )
    replaced = "" if rows[0][0] is None else _plain(rows[0][0])
    counted = rows[0][1].partition("#")[0]    # "x#list", "x#run": a part of what is said of x
    right = _number(value, load_catalogue().at(period).indicator_by_id[counted])
    return decide.correct(open_ledger(settings), period, target, right, replaced, reason, person)


def supply(
    settings: Settings, period: str, submitter: str, area: str, indicator: str, value: str, reason: str, person: str
) -> Decision:
    """Record a figure that nobody sent.

    Raises:
        SubmissionError: An id is unknown, that submitter does not provide it there, or has sent it.
    """
    catalogue = load_catalogue().at(period)
    known: dict[str, tuple[str, Mapping[str, object]]] = {
        "đơn vị": (submitter, catalogue.submitter_by_id), "địa bàn": (area, catalogue.area_by_code),
        "chỉ tiêu": (indicator, catalogue.indicator_by_id),
    }
    for noun, (identifier, rows) in known.items():
        if identifier not in rows:
            raise SubmissionError(f"Không có {noun} mang mã {identifier}.", f"Unknown id {identifier}.",
                                  remedy_vi="Tra mã trong dbt_project/seeds/catalogue.")
    _check_owed(catalogue, submitter, area, indicator)
    _check_not_sent(settings, period, submitter, area, indicator)
    right = _number(value, catalogue.indicator_by_id[indicator])
    return decide.supply(open_ledger(settings), period, submitter, area, indicator, right, reason, person)


def _check_owed(catalogue: Catalogue, submitter_id: str, area_code: str, indicator_id: str) -> None:
    """Refuse a figure that the submitter does not provide, or not of that area: it would count nowhere."""
    provided = catalogue.provisions_by_submitter.get(submitter_id, ())
    detail = next((p.detail for p in provided if p.indicator_id == indicator_id), None)
    if detail is None:
        raise SubmissionError(
            f"{submitter_id} không phải cung cấp chỉ tiêu {indicator_id}.", f"{submitter_id} does not provide it.",
            remedy_vi="Xem đơn vị nào cung cấp chỉ tiêu này ở dbt_project/seeds/catalogue/provisions.csv.",
        )
    own = catalogue.submitter_by_id[submitter_id].area_code
    levels = {"by_district": ("district", "province"), "total": ("province",), "own_area": ()}[detail]
    if area_code != own and catalogue.area_by_code[area_code].area_level not in levels:
        raise SubmissionError(
            f"{submitter_id} không cung cấp {indicator_id} của địa bàn {area_code}.",
            f"{submitter_id} provides it {detail}, not of {area_code}.",
            remedy_vi=f"Dùng mã địa bàn của chính đơn vị ({own})" + (", hoặc mã một huyện." if levels[:-1] else "."),
        )


def _check_not_sent(settings: Settings, period: str, submitter_id: str, area_code: str, indicator_id: str) -> None:
    """Refuse a figure that stands in what was received: it is corrected where it stands."""
    from infra.warehouse import fetch, find_current_build, open_current

    if not find_current_build(settings, period):
        return
    with open_current(settings, period) as connection:
        rows = fetch(connection, SENT, period, submitter_id, area_code, indicator_id)
    if rows:
        observation_id, value, file, cell = rows[0]
        raise SubmissionError(
            f"{submitter_id} đã gửi số này: {number_text(value)} ở {file} {cell}.", f"{submitter_id} has sent it.",
            place=f"{file} {cell}", remedy_vi=f"Sửa bằng tonghop correct {observation_id} GIÁ_TRỊ --period {period}.",
        )


def waive(settings: Settings, period: str, finding_id: str, reason: str, person: str, until: str) -> Decision:
    """Record that one finding is accepted with its exact values."""
    return decide.waive(open_ledger(settings), period, _finding(settings, period, finding_id), reason, person, until)


def release(settings: Settings, receipt_id: str, submitter_id: str, reason: str, person: str) -> Decision:
    """Record that a held message counts: as its own submitter's or, where nobody knows whose it is, as the named one's.

    Raises:
        SubmissionError: No such message waits for a person, or it is not said whose it is.
    """
    ledger = open_ledger(settings)
    receipt = _held_receipt(ledger, receipt_id)
    return decide.release(ledger, receipt, _whose(receipt, submitter_id), reason, person)


def refuse(settings: Settings, receipt_id: str, reason: str, person: str) -> Decision:
    """Record that a held message is not used.

    Raises:
        SubmissionError: No such message waits for a person.
    """
    ledger = open_ledger(settings)
    return decide.refuse(ledger, _held_receipt(ledger, receipt_id), reason, person)


def _held_receipt(ledger: Ledger, receipt_id: str) -> Receipt:
    found = next((r for r in ledger.receipts() if r.receipt_id.lower() == receipt_id.strip().lower()), None)
    if found is None or not can_be_decided(found):
        state = f" (đang là “{STATUS_VI.get(found.status, found.status)}”)" if found else ""
        raise SubmissionError(
            f"Không có thư nào mang mã {receipt_id} đang chờ người quyết định{state}.",
            f"No message {receipt_id} waits for a person.",
            remedy_vi="Xem mã thư (R…) bằng tonghop findings, hoặc ở trang của cán bộ tổng hợp.",
        )
    return found


def _whose(receipt: Receipt, submitter_id: str) -> str:
    """Return the submitter whose message it is: the one named, else the one of its address."""
    catalogue = load_catalogue().at(receipt.period)
    by_address = catalogue.submitter_by_address.get(receipt.sender_address)
    whose = submitter_id or receipt.submitter_id or (by_address.submitter_id if by_address else "")
    if whose in catalogue.submitter_by_id:
        return whose
    remedy = "Thêm --for MÃ_ĐƠN_VỊ, như --for dist_622; tra mã trong dbt_project/seeds/catalogue/submitters.csv."
    if whose:
        raise SubmissionError(f"Không có đơn vị mang mã {whose}.", f"Unknown id {whose}.", remedy_vi=remedy)
    raise SubmissionError(f"Chưa biết thư {receipt.receipt_id} là của đơn vị nào.",
                          f"Nobody knows whose {receipt.receipt_id} is.", remedy_vi=remedy)


def withdraw(settings: Settings, period: str, decision_id: str, reason: str, person: str) -> Decision:
    """Record that a decision no longer holds."""
    return decide.withdraw(open_ledger(settings), period, decision_id, reason, person)


def _finding(settings: Settings, period: str, finding_id: str) -> Finding:
    from flows.all_findings import intake_row
    from flows.check import load_findings

    finding_id = finding_id.strip().upper()
    for finding in load_findings(settings, open_ledger(settings), period):
        if finding.finding_id == finding_id:
            return finding
    if intake_row(settings, period, finding_id):
        raise SubmissionError(
            f"Phát hiện {finding_id} là điều thấy khi đọc thư, không phải kết luận của quy tắc: không chấp nhận được.",
            f"{finding_id} was found while reading; only a rule's verdict can be waived.",
            remedy_vi=f"Xem tonghop explain {finding_id} --period {period}; rồi nhờ đơn vị gửi lại, "
            "hoặc tonghop correct, tonghop supply.",
        )
    raise SubmissionError(
        f"Không có phát hiện {finding_id} trong lần kiểm tra gần nhất của tháng {period}.",
        f"There is no finding {finding_id} in the last check of {period}.",
        remedy_vi=f"Xem mã bằng tonghop findings --period {period}.",
    )


def _number(text: str, indicator: Indicator) -> Decimal:
    """Return a typed figure; where two readings remain for this indicator ("4,480" km), nobody guesses."""
    from flows.read.numbers import parse_number

    parsed = parse_number(text, "measure" if indicator.decimals else "count")
    if parsed.value is not None and FIGURE.fullmatch(text):
        return _possible(Decimal(parsed.value), text, indicator)
    meanings = " hay ".join(_typed(reading) for reading in parsed.readings)
    if meanings:
        raise SubmissionError(f"“{text}” đọc được thành {meanings}.", f"{text!r} can be read in more than one way.",
                              remedy_vi=f"Viết lại một trong hai cách đó: {meanings}.")
    raise SubmissionError(f"“{text}” không phải là một số.", f"{text!r} is not a number.",
                          remedy_vi="Viết như 16656, 16.656 hay 4,48.")


def _typed(value: Decimal) -> str:
    """Return a figure as one types it so that it reads one way: no mark for thousands."""
    return str(int(value)) if value == int(value) else number_text(value.normalize())


def _possible(value: Decimal, text: str, indicator: Indicator) -> Decimal:
    """Return the value if the indicator can have it: what a rule refuses of a submitter, no decision puts in."""
    from expectations.rules import is_count

    low, high = indicator.lower_bound, indicator.upper_bound
    if (low is not None and value < low) or (high is not None and value > high):
        shown = [f"{word} {number_text(bound)}" for word, bound in (("từ", low), ("đến", high)) if bound is not None]
        raise SubmissionError(f"“{text}” nằm ngoài giới hạn của chỉ tiêu {indicator.indicator_id}: {' '.join(shown)}.",
                              f"{text!r} is outside the bounds of {indicator.indicator_id}: {low} to {high}.",
                              remedy_vi="Viết lại số; giới hạn ở dbt_project/seeds/catalogue/indicators.csv.")
    if is_count(indicator) and value != value.to_integral_value():
        raise SubmissionError(f"“{text}” không phải số nguyên, mà {indicator.indicator_id} là số đếm.",
                              f"{text!r} is no whole number, and {indicator.indicator_id} is a count.",
                              remedy_vi="Viết số nguyên, như 16656.")
    return value


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f")
