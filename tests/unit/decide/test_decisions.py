"""Decisions in a real ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Context, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows import decide, decisions
from flows.decide.decisions import _check_fits, plain
from flows.records import Finding
from infra.catalogue import load_catalogue
from infra.errors import OperationError, SubmissionError
from infra.ledger import open_ledger
from infra.settings import load_settings
from tests.people import STEWARD, STEWARD_ID

BY_ID = load_catalogue().at("2019-04").indicator_by_id
COUNT, MEASURE = BY_ID["phone_subs_total"], BY_ID["post_service_radius_km"]
WHY, WHO = "Đơn vị xác nhận qua điện thoại", STEWARD_ID
FINDING = Finding(
    "F0000abcd", "phone_total_equals_parts", "blocking", "fail", "viettel_gl", "64", "16566", "16656", "90",
    "Tổng khác cộng các phần.", period="2019-04", basis="3f" * 8,
)


@pytest.fixture
def ledger(tmp_path):
    ledger = open_ledger(replace(load_settings(tmp_path), clock=lambda: datetime(2019, 4, 20, 2, tzinfo=UTC)))
    yield ledger
    ledger.close()


def _correct(ledger, value="16656", reason=WHY, person=WHO):
    return decide.correct(ledger, "2019-04", "obs1", Decimal(value), "16566", reason, person)


def test_a_correction_keeps_who_why_when_and_what_it_replaces(ledger):
    decision = _correct(ledger)
    assert ledger.decisions("2019-04") == [decision]
    assert (decision.kind, decision.target, decision.value, decision.basis) == ("correct", "obs1", "16656", "16566")
    assert (decision.reason, decision.person, decision.decided_at) == (WHY, STEWARD, "2019-04-20T02:00:00.000000+00:00")
    (entry,) = ledger.audit_entries()
    assert entry.actor == STEWARD


@pytest.mark.parametrize(("typed", "kept"), [
    ("a\x1b[31mb", "a[31mb"), ("đã\x01 hỏi", "đã hỏi"), ("h\u202eỏi", "h\ufffdỏi"), ("h\udc85ỏi", "h\ufffdỏi"),
    ("hai\ndòng", "hai dòng"),
])
def test_a_reason_is_kept_as_a_record_survives(ledger, typed, kept):
    decision = _correct(ledger, reason=typed)
    assert decision.reason == kept and ledger.decisions("2019-04") == [decision]


def test_the_same_decision_twice_is_one(ledger):
    assert _correct(ledger) == _correct(ledger, value="16656.000", reason=f"  {WHY} ")
    assert len(ledger.decisions()) == 1


def test_decided_again_after_a_withdrawal_is_a_new_decision(ledger):
    ids = []
    for _ in range(3):
        ids.append(_correct(ledger).decision_id)
        assert [d.decision_id for d in ledger.decisions_in_force()] == [ids[-1]]
        decide.withdraw(ledger, "2019-04", ids[-1], "Nhầm ô", WHO)
        assert ledger.decisions_in_force() == []
    assert len(set(ids)) == 3
    assert ledger.verify_audit() == 6


def test_going_back_to_an_earlier_value_is_a_new_decision(ledger):
    _correct(ledger, "16656")
    _correct(ledger, "16665")
    back = _correct(ledger, "16656")
    assert ledger.decisions_in_force() == [back]
    assert len(ledger.decisions()) == 3


def test_withdrawing_twice_is_once(ledger):
    decision = _correct(ledger)
    decide.withdraw(ledger, "2019-04", decision.decision_id, "Nhầm ô", WHO)
    decide.withdraw(ledger, "2019-04", decision.decision_id, "Nhầm ô", WHO)
    assert len(ledger.decisions()) == 2


@pytest.mark.parametrize("person", ["Trần Thị B", "a", "lanh_dao_mau", "người khác"])
def test_only_a_steward_of_people_csv_decides(ledger, person):
    """The approver is no steward, and what anybody can type is no person."""
    with pytest.raises(OperationError, match=r"people\.csv") as refused:
        _correct(ledger, person=person)
    assert STEWARD_ID in refused.value.remedy_vi
    assert ledger.decisions() == []
    assert _correct(ledger, person=STEWARD_ID).person == STEWARD


@pytest.mark.parametrize("reason, person", [("", WHO), ("   ", WHO), (WHY, ""), (WHY, "\t\n")])
def test_every_decision_needs_a_reason_and_a_person(ledger, reason, person):
    known = _correct(ledger)
    attempts = [
        lambda: decide.correct(ledger, "2019-04", "obs2", Decimal(1), "2", reason, person),
        lambda: decide.supply(ledger, "2019-04", "viettel_gl", "622", "phone_subs_fixed", Decimal(1), reason, person),
        lambda: decide.waive(ledger, "2019-04", FINDING, reason, person),
        lambda: decide.withdraw(ledger, "2019-04", known.decision_id, reason, person),
    ]
    for attempt in attempts:
        with pytest.raises(SubmissionError, match="Quyết định cần có"):
            attempt()
    assert ledger.decisions() == [known]


def test_a_supplied_figure_names_its_place(ledger):
    decision = decide.supply(ledger, "2019-04", "viettel_gl", "622", "phone_subs_fixed", Decimal("12.50"), WHY, WHO)
    assert (decision.target, decision.value) == ("2019-04/viettel_gl/622/phone_subs_fixed", "12.5")


def test_a_supplied_zero_is_a_zero(ledger):
    assert decide.supply(ledger, "2019-04", "s", "622", "x", Decimal("0.0"), WHY, WHO).value == "0"


def test_a_waiver_is_bound_to_the_values_it_accepts(ledger):
    decision = decide.waive(ledger, "2019-04", FINDING, WHY, WHO, "2019-12-31")
    assert (decision.target, decision.basis, decision.expires_at) == ("F0000abcd", "3f" * 8, "2019-12-31")


@pytest.mark.parametrize("until, message", [
    ("31/12/2019", "không phải là một ngày"), ("20191231", "không phải là một ngày"),
    ("2019-W52-2", "không phải là một ngày"), ("2019-13-01", "không phải là một ngày"),
    ("2019-12-31T10:00", "không phải là một ngày"), ("2019-04-19", "đã qua"),
])
def test_a_waiver_ends_on_a_day_to_come(ledger, until, message):
    with pytest.raises(SubmissionError, match=message):
        decide.waive(ledger, "2019-04", FINDING, WHY, WHO, until)
    assert decide.waive(ledger, "2019-04", FINDING, WHY, WHO, "2019-04-20").expires_at == "2019-04-20"


def test_a_finding_without_values_cannot_be_waived(ledger):
    import dataclasses

    with pytest.raises(SubmissionError, match="không gắn với giá trị nào"):
        decide.waive(ledger, "2019-04", dataclasses.replace(FINDING, basis=""), WHY, WHO)


def test_a_correction_that_changes_nothing_is_refused(ledger):
    with pytest.raises(SubmissionError, match="không có gì để sửa"):
        _correct(ledger, value="16566.0")


def test_a_blank_cell_can_be_corrected(ledger):
    assert decide.correct(ledger, "2019-04", "obs1", Decimal(0), "", WHY, WHO).basis == ""


def test_only_a_decision_of_the_month_can_be_withdrawn(ledger):
    decision = _correct(ledger)
    withdrawal = decide.withdraw(ledger, "2019-04", decision.decision_id, "Nhầm ô", WHO)
    unknown = (("2019-04", "D0"), ("2019-05", decision.decision_id), ("2019-04", withdrawal.decision_id))
    for period, decision_id in unknown:
        with pytest.raises(SubmissionError, match="không có quyết định"):
            decide.withdraw(ledger, period, decision_id, WHY, WHO)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6))
def test_a_figure_as_text_is_exact_and_has_one_form(value):
    text = plain(value)
    assert Decimal(text) == value
    assert plain(Decimal(text)) == text
    assert "E" not in text.upper()


TOO_MUCH = ("9" * 32, "1" + "0" * 18, "-1" + "0" * 18, "0.0000001", "1E+30", "NaN", "Infinity")


@pytest.mark.parametrize("value", TOO_MUCH)
def test_a_figure_that_the_warehouse_cannot_hold_is_refused(ledger, value):
    with pytest.raises(SubmissionError, match="Kho số liệu chỉ giữ được"):
        _correct(ledger, value)
    with pytest.raises(SubmissionError, match="Kho số liệu chỉ giữ được"):
        decide.supply(ledger, "2019-04", "s", "622", "x", Decimal(value), WHY, WHO)
    assert ledger.decisions() == []


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_what_is_accepted_comes_back_from_the_warehouse_as_it_was_and_sums_fit(value):
    import duckdb

    try:
        _check_fits(value, "")
    except SubmissionError:
        return
    query = "select cast(? as decimal(28, 6)), cast(sum(cast(? as decimal(28, 6))) as decimal(28, 6)) from range(1000)"
    with duckdb.connect() as connection:
        kept, total = connection.execute(query, [plain(value)] * 2).fetchone()
    assert kept == value and total == Context(prec=60).multiply(value, Decimal(1000))


@pytest.mark.parametrize("text", ["１６６５６", "١٦٦", "16६", "½", "không", "trên 100", "25 triệu", "1\n2", "9 km", ""])
def test_a_decision_is_written_with_plain_digits(text):
    with pytest.raises(SubmissionError, match="không phải là một số"):
        decisions._number(text, COUNT)


@pytest.mark.parametrize("text", ["4,480", "4.480"])
def test_a_figure_that_reads_two_ways_for_its_indicator_is_asked(text):
    assert decisions._number(text, COUNT) == 4480
    with pytest.raises(SubmissionError, match="4480 hay 4,48") as caught:
        decisions._number(text, MEASURE)
    assert "4,48" in caught.value.remedy_vi


def test_the_usual_notations_are_figures():
    texts = {"16656": "16656", "16.656": "16656", " 1 234 ": "1234"}
    assert {text: plain(decisions._number(text, COUNT)) for text in texts} == texts
    assert plain(decisions._number("4,48", MEASURE)) == "4.48"
    assert plain(decisions._number("-309", BY_ID["phone_subs_net_add"])) == "-309"


@pytest.mark.parametrize(("text", "indicator", "said"), [
    ("-5", COUNT, "giới hạn"), ("12,5", COUNT, "số nguyên"), ("1.27", COUNT, "số nguyên"),
    ("-0,1", MEASURE, "giới hạn"),
    ("100,01", BY_ID["internet_users_pct"], "từ 0 đến 100"), ("0,5", BY_ID["phone_subs_net_add"], "số nguyên"),
])  # fmt: skip
def test_a_decision_takes_only_what_its_indicator_can_be(text, indicator, said):
    with pytest.raises(SubmissionError, match=said) as caught:
        decisions._number(text, indicator)
    assert caught.value.remedy_vi and indicator.indicator_id in caught.value.message_vi
