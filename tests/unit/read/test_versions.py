"""Which version of a submission counts, on tiny months."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from flows.read.messages import message_findings, missing_references, missing_submissions, silent_documents
from flows.read.problems import Problem
from flows.read.versions import Resolved, resolve_versions
from flows.receipts import in_order
from flows.records import Document, DocumentReading, NarrativeItem, Observation, Reading, Receipt
from infra.catalogue import load_catalogue

PERIOD = "2019-04"
CATALOGUE = load_catalogue().at(PERIOD)


def receipt(message: str, day: int, submitter: str = "dist_632", **changes: str) -> Receipt:
    """One message of 10 o'clock on a day of April."""
    usual = {"subject": "BC", "status": "received", "in_reply_to": "", "proof": "by_hand"}
    fields: dict[str, str] = usual | {"sender_address": "a@b.example"} | changes
    return Receipt(
        receipt_id=f"R-{message}", period=PERIOD, message=message, sha256=message,
        submitter_id=submitter, sent_at=f"2019-04-{day:02d}T10:00:00+07:00", received_at="", **fields,  # type: ignore[arg-type]
    )  # fmt: skip


def reading(
    owner: Receipt, file: str, figures: dict[str, str], items: tuple[str, ...] = (), sha: str = "", kind: str = ""
) -> DocumentReading:
    """A document that states figures ({indicator: value}) of one district, and items of part I."""
    document = Document(owner.receipt_id, owner.message, file, sha or f"{owner.message}/{file}", 1, "")
    observations = tuple(
        Observation(
            observation_id=f"{document.sha256}/{name}", period=PERIOD, report_period=PERIOD,
            submitter_id=owner.submitter_id, area_code="632", indicator_id=name, value=Decimal(value), unit_code="",
            obs_status="A", qualifier="", printed_decimals=0, is_reported_total=False, receipt_id=owner.receipt_id,
            message=owner.message, file=file, sheet="", cell="B1", raw_text=value,
        )
        for name, value in figures.items()
    )  # fmt: skip
    narrative = tuple(
        NarrativeItem(PERIOD, owner.submitter_id, "I", "HUYEN", text, owner.receipt_id, owner.message, file, "p")
        for text in items
    )
    where = (PERIOD, owner.receipt_id, owner.message, file, owner.submitter_id)
    findings = (Problem(kind, "…").finding(*where),) if kind else ()
    return DocumentReading(document, owner.submitter_id, Reading(observations, narrative, findings))


def in_force(resolved: Resolved) -> dict[str, str]:
    """Return {indicator: "message value"} of what counts."""
    return {
        o.indicator_id: f"{o.message} {o.raw_text}"
        for r in resolved.readings
        for o in r.reading.observations
        if o.use_status == "in_force"
    }


def kinds(resolved: Resolved) -> set[tuple[str, str, str]]:
    return {(f.kind, f.message, f.file) for r in resolved.readings for f in r.reading.findings}


FULL = {"internet_agents": "42", "telecom_bts_total": "125", "press_communes_same_day": "19"}


def test_a_resubmission_supersedes_the_document_and_keeps_it() -> None:
    first, second = receipt("1.eml", 16), receipt("2.eml", 17)
    readings = [
        reading(second, "BC (sửa lần 2).docx", FULL | {"internet_agents": "41"}),
        reading(first, "BC.docx", FULL),
    ]
    resolved = resolve_versions([second, first], readings, CATALOGUE)
    assert in_force(resolved)["internet_agents"] == "2.eml 41"
    assert len(resolved.readings[1].reading.observations) == 3
    assert {o.use_status for o in resolved.readings[1].reading.observations} == {"superseded"}
    assert kinds(resolved) == {("superseded_by_resubmission", "1.eml", "BC.docx")}
    assert resolved.verdicts["R-1.eml"].status == "superseded"
    assert resolved.verdicts["R-2.eml"].supersedes == "R-1.eml"


@pytest.mark.parametrize("status", ["quarantined", "no_data"])
def test_a_message_that_is_not_used_replaces_nothing(status: str) -> None:
    first, held = receipt("1.eml", 16), receipt("2.eml", 17, status=status)
    readings = [reading(first, "a.xlsx", FULL), reading(held, "b.xlsx", FULL | {"internet_agents": "41"})]
    resolved = resolve_versions([first, held], readings, CATALOGUE)
    assert {o.use_status for o in resolved.readings[0].reading.observations} == {"in_force"}
    assert resolved.verdicts["R-1.eml"].status == "received"


def test_the_figure_of_one_area_replaces_no_other_area() -> None:
    first, second = receipt("1.eml", 16), receipt("2.eml", 17)
    elsewhere = reading(second, "b.xlsx", FULL)
    moved = replace(elsewhere.reading, observations=tuple(
        replace(o, area_code="633") for o in elsewhere.reading.observations
    ))
    resolved = resolve_versions(
        [first, second], [reading(first, "a.xlsx", FULL), replace(elsewhere, reading=moved)], CATALOGUE
    )
    assert {o.use_status for r in resolved.readings for o in r.reading.observations} == {"in_force"}


def test_figures_that_a_resubmission_leaves_out_are_told() -> None:
    first, second = receipt("1.eml", 16), receipt("2.eml", 17)
    less = {name: value for name, value in FULL.items() if name != "telecom_bts_total"}
    resolved = resolve_versions(
        [first, second], [reading(first, "a.xlsx", FULL), reading(second, "b.xlsx", less)], CATALOGUE
    )
    assert "telecom_bts_total" not in in_force(resolved)
    dropped = [f for r in resolved.readings for f in r.reading.findings if f.kind == "figures_dropped"]
    assert len(dropped) == 1
    assert "125" in dropped[0].message_vi


def test_a_reply_corrects_only_the_figure_it_names() -> None:
    first, reply = receipt("1.eml", 16), receipt("2.eml", 17, in_reply_to="<1>")
    readings = [reading(first, "BC.doc", FULL, ("Việc một",)), reading(reply, "(body)", {"telecom_bts_total": "120"})]
    resolved = resolve_versions([first, reply], readings, CATALOGUE)
    assert in_force(resolved) == {
        "internet_agents": "1.eml 42",
        "press_communes_same_day": "1.eml 19",
        "telecom_bts_total": "2.eml 120",
    }
    assert kinds(resolved) == {("correction_by_reply", "2.eml", "(body)")}
    assert resolved.verdicts["R-1.eml"].status == "received"
    assert [i.use_status for r in resolved.readings for i in r.reading.narrative_items] == ["in_force"]


def test_a_reply_to_a_submission_of_one_figure_is_a_correction() -> None:
    first, reply = receipt("1.eml", 16), receipt("2.eml", 17, subject="Re: BC")
    readings = [
        reading(first, "(body)", {"internet_agents": "42"}),
        reading(reply, "(body)", {"internet_agents": "41"}),
    ]
    resolved = resolve_versions([first, reply], readings, CATALOGUE)
    assert in_force(resolved) == {"internet_agents": "2.eml 41"}
    assert ("correction_by_reply", "2.eml", "(body)") in kinds(resolved)
    assert resolved.verdicts["R-1.eml"].status == "superseded"


def test_corrections_follow_each_other() -> None:
    receipts = [receipt(f"{n}.eml", 15 + n, in_reply_to="<0>" if n else "") for n in range(3)]
    readings = [reading(receipts[0], "BC.doc", FULL)]
    readings += [reading(r, "(body)", {"telecom_bts_total": str(120 + n)}) for n, r in enumerate(receipts[1:])]
    assert in_force(resolve_versions(receipts, readings, CATALOGUE))["telecom_bts_total"] == "2.eml 121"


def test_the_date_decides_and_not_the_file_name() -> None:
    early, late = receipt("9.eml", 15), receipt("1.eml", 17)
    readings = [reading(late, "a.docx", {"internet_agents": "2"}), reading(early, "a.docx", {"internet_agents": "1"})]
    assert in_force(resolve_versions([late, early], readings, CATALOGUE)) == {"internet_agents": "1.eml 2"}


def test_messages_that_complete_each_other_both_count() -> None:
    first, second = receipt("1.eml", 16), receipt("2.eml", 17)
    readings = [
        reading(first, "a.xlsx", {"internet_agents": "42"}, ("Việc một",)),
        reading(second, "b.xlsx", {"telecom_bts_total": "125"}, ("Việc hai",)),
    ]
    resolved = resolve_versions([first, second], readings, CATALOGUE)
    assert set(in_force(resolved)) == {"internet_agents", "telecom_bts_total"}
    assert not kinds(resolved)
    assert {i.use_status for r in resolved.readings for i in r.reading.narrative_items} == {"in_force"}


def test_a_text_sent_again_replaces_the_text() -> None:
    first, second = receipt("1.eml", 16), receipt("2.eml", 17)
    readings = [
        reading(first, "a.docx", {}, ("Việc một", "Việc hai")),
        reading(second, "a.docx", {}, ("Việc một", "Việc hai sửa")),
    ]
    resolved = resolve_versions([first, second], readings, CATALOGUE)
    assert [i.use_status for r in resolved.readings for i in r.reading.narrative_items] == ["superseded"] * 2 + [
        "in_force"
    ] * 2


def test_figures_sent_again_without_text_leave_the_text() -> None:
    first, second = receipt("1.eml", 16), receipt("2.eml", 17)
    readings = [reading(first, "a.docx", FULL, ("Việc một",)), reading(second, "b.xlsx", FULL)]
    resolved = resolve_versions([first, second], readings, CATALOGUE)
    assert [i.use_status for r in resolved.readings for i in r.reading.narrative_items] == ["in_force"]
    assert resolved.verdicts["R-1.eml"].status == "received"


def test_last_years_file_is_rejected_and_kept() -> None:
    wrong, right = receipt("1.eml", 16), receipt("2.eml", 17)
    readings = [reading(wrong, "a.ods", FULL, kind="last_year_file"), reading(right, "a.ods", FULL)]
    resolved = resolve_versions([wrong, right], readings, CATALOGUE)
    assert set(in_force(resolved).values()) == {"2.eml 42", "2.eml 125", "2.eml 19"}
    assert {o.use_status for o in resolved.readings[0].reading.observations} == {"rejected"}
    assert resolved.verdicts["R-1.eml"].status == "rejected"
    assert resolved.verdicts["R-2.eml"].supersedes == "R-1.eml"


def test_a_later_file_of_another_month_does_not_replace_this_months() -> None:
    right, wrong = receipt("1.eml", 16), receipt("2.eml", 17)
    readings = [reading(right, "a.xlsx", FULL), reading(wrong, "b.xlsx", FULL, kind="other_month_file")]
    resolved = resolve_versions([right, wrong], readings, CATALOGUE)
    assert set(in_force(resolved).values()) == {"1.eml 42", "1.eml 125", "1.eml 19"}


def test_a_twin_message_counts_once() -> None:
    first, twin = receipt("1.eml", 16), receipt("2.eml", 16, status="duplicate")
    readings = [reading(first, "a.xlsx", FULL, sha="x"), reading(twin, "a.xlsx", FULL, sha="x")]
    resolved = resolve_versions([first, twin], readings, CATALOGUE)
    assert {o.use_status for o in resolved.readings[1].reading.observations} == {"duplicate"}
    assert resolved.verdicts["R-1.eml"].status == "received"


def test_the_same_file_in_two_messages_counts_once() -> None:
    first, second = receipt("1.eml", 16), receipt("2.eml", 17)
    readings = [reading(first, "a.xlsx", FULL, sha="x"), reading(second, "b.xlsx", FULL, sha="x")]
    readings.append(reading(second, "(body)", {"telecom_bts_total": "120"}))
    resolved = resolve_versions([first, second], readings, CATALOGUE)
    assert in_force(resolved)["telecom_bts_total"] == "2.eml 120"
    assert in_force(resolved)["internet_agents"] == "1.eml 42"
    assert ("exact_duplicate", "2.eml", "b.xlsx") in kinds(resolved)


def test_a_broken_file_sent_again_is_replaced_without_more_findings() -> None:
    broken, whole = receipt("1.eml", 16), receipt("2.eml", 17)
    readings = [reading(broken, "a.xlsx", {}, kind="truncated_file"), reading(whole, "a.xlsx", FULL)]
    resolved = resolve_versions([broken, whole], readings, CATALOGUE)
    assert kinds(resolved) == {("truncated_file", "1.eml", "a.xlsx")}
    assert resolved.verdicts["R-1.eml"].status == "superseded"


def test_another_submitters_message_replaces_nothing() -> None:
    mine, theirs = receipt("1.eml", 16), receipt("2.eml", 17, submitter="dist_633")
    readings = [reading(mine, "a.xlsx", FULL), reading(theirs, "a.xlsx", FULL)]
    resolved = resolve_versions([mine, theirs], readings, CATALOGUE)
    assert {o.use_status for r in resolved.readings for o in r.reading.observations} == {"in_force"}


def test_two_files_of_one_message_both_count() -> None:
    one = receipt("1.eml", 16)
    readings = [
        reading(one, "scan.pdf", {}, kind="unreadable_file"),
        reading(one, "a.xlsx", FULL),
        reading(one, "a.docx", FULL),
    ]
    resolved = resolve_versions([one], readings, CATALOGUE)
    assert len([o for r in resolved.readings for o in r.reading.observations if o.use_status == "in_force"]) == 6


def test_the_order_in_which_readings_come_changes_nothing() -> None:
    receipts = [receipt("1.eml", 16), receipt("2.eml", 17), receipt("3.eml", 18, in_reply_to="<2>")]
    readings = [
        reading(receipts[0], "a", FULL),
        reading(receipts[1], "b", FULL),
        reading(receipts[2], "(body)", {"internet_agents": "9"}),
    ]
    forward = resolve_versions(receipts, readings, CATALOGUE)
    backward = resolve_versions(receipts[::-1], readings[::-1], CATALOGUE)
    assert in_force(forward) == in_force(backward)
    assert forward.verdicts == backward.verdicts


def test_messages_are_said_to_be_what_they_are() -> None:
    def said(**changes: str) -> list[str]:
        return [f.kind for f in message_findings(receipt("1.eml", int(changes.pop("day", "16")), **changes), CATALOGUE)]

    assert said() == []
    assert said(day="19") == ["late"]
    assert said(status="quarantined", submitter="") == ["unknown_sender"]
    assert said(status="no_data", submitter="") == ["newsletter_no_data"]
    assert said(status="no_data") == ["empty_message"]
    assert said(status="duplicate") == ["exact_duplicate"]


def test_a_message_of_which_nothing_was_read_is_told_once() -> None:
    one, two = receipt("1.eml", 16), receipt("2.eml", 16)
    readings = [
        reading(one, "(body)", {}), reading(one, "a.xlsx", FULL),
        reading(two, "(body)", {}), reading(two, "b.zip", {}), reading(two, "b.zip/c.xlsx", {}),
    ]  # fmt: skip
    findings = silent_documents(readings, PERIOD)
    assert [(f.message, f.file, f.severity) for f in findings] == [("2.eml", "b.zip/c.xlsx", "warning")]


@pytest.mark.parametrize(
    ("kind", "is_said"),
    [("external_links", True), ("macro", True), ("hidden_part", True), ("damaged_file", False), ("time_limit", False)],
)
def test_a_note_on_a_file_does_not_hide_that_nothing_was_read(kind: str, is_said: bool) -> None:
    one = receipt("1.eml", 16)
    noted = reading(one, "a.xlsx", {}, kind="macro")
    found = replace(noted.reading.findings[0], kind=kind)  # some kinds are made by the readers themselves
    noted = replace(noted, reading=Reading(findings=(found,)))
    told = [f.kind for f in silent_documents([reading(one, "(body)", {}), noted], PERIOD)]
    assert told == ["nothing_recognised"] * is_said


def test_a_table_shown_inside_the_text_counts_as_a_file() -> None:
    one = receipt("1.eml", 16)
    pdf = reading(one, "a.pdf", {})
    pdf = replace(pdf, document=replace(pdf.document, media_type="application/pdf; inline"))
    picture = reading(one, "logo.png", {})
    picture = replace(picture, document=replace(picture.document, media_type="image/png; inline"))
    assert [f.file for f in silent_documents([reading(one, "(body)", {}), pdf, picture], PERIOD)] == ["a.pdf"]


def test_who_sent_nothing_and_who_sent_nothing_usable_are_told_apart() -> None:
    receipts = [receipt("1.eml", 16, submitter="vnpt")]
    findings = missing_submissions(receipts, CATALOGUE, PERIOD, in_force={"viettel"})
    by_submitter = {f.submitter_id: f.kind for f in findings}
    assert "viettel" not in by_submitter
    assert by_submitter["vnpt"] == "no_usable_submission"
    assert by_submitter["mobifone"] == "missing_submission"


@pytest.mark.parametrize("proof", ["", "address", "upload"])
def test_a_replacement_that_is_not_proved_waits_and_the_first_stands(proof: str) -> None:
    first, second = receipt("1.eml", 16, proof="address"), receipt("2.eml", 17, proof=proof)
    readings = [reading(first, "a.xlsx", FULL, ("Việc một",)), reading(second, "b.xlsx", FULL, ("Việc hai",))]
    resolved = resolve_versions([first, second], readings, CATALOGUE)
    assert set(in_force(resolved).values()) == {"1.eml 42", "1.eml 125", "1.eml 19"}
    assert {o.use_status for o in resolved.readings[1].reading.observations} == {"held"}
    assert {i.use_status for i in resolved.readings[1].reading.narrative_items} == {"held"}
    verdict = resolved.verdicts["R-2.eml"]
    assert verdict.status == "quarantined" and "tonghop release R-2.eml" in verdict.reason_vi
    (said,) = message_findings(replace(second, status="quarantined", reason_vi=verdict.reason_vi), CATALOGUE)
    assert (said.kind, said.severity) == ("unproved_replacement", "blocking")


def test_a_replacement_from_another_address_waits_however_well_it_is_proved() -> None:
    first = receipt("1.eml", 16, proof="dmarc")
    second = receipt("2.eml", 17, proof="dmarc", sender_address="c@d.example")
    readings = [reading(first, "a.xlsx", FULL), reading(second, "(body)", {"internet_agents": "41"})]
    resolved = resolve_versions([first, second], readings, CATALOGUE)
    assert in_force(resolved)["internet_agents"] == "1.eml 42"
    assert "c@d.example" in resolved.verdicts["R-2.eml"].reason_vi


def test_what_was_not_stated_before_needs_no_proof_to_stand_beside_it() -> None:
    first, second = receipt("1.eml", 16, proof="address"), receipt("2.eml", 17, proof="address")
    less = {name: value for name, value in FULL.items() if name != "internet_agents"}
    readings = [reading(first, "a.xlsx", less), reading(second, "b.xlsx", {"internet_agents": "41"})]
    resolved = resolve_versions([first, second], readings, CATALOGUE)
    assert in_force(resolved)["internet_agents"] == "2.eml 41"
    assert resolved.verdicts["R-2.eml"].status == "received"


def test_a_text_sent_again_without_proof_waits() -> None:
    first, second = receipt("1.eml", 16, proof="dmarc"), receipt("2.eml", 17, proof="address")
    readings = [reading(first, "a.docx", {}, ("Việc một",)), reading(second, "b.docx", {}, ("Việc một", "Việc hai"))]
    resolved = resolve_versions([first, second], readings, CATALOGUE)
    assert resolved.verdicts["R-2.eml"].status == "quarantined"


def test_a_released_replacement_replaces() -> None:
    first = receipt("1.eml", 16, proof="address")
    second = receipt("2.eml", 17, proof="address", sender_address="c@d.example", decision_id="D1")
    readings = [reading(first, "a.xlsx", FULL), reading(second, "b.xlsx", FULL | {"internet_agents": "41"})]
    resolved = resolve_versions([first, second], readings, CATALOGUE)
    assert set(in_force(resolved).values()) == {"2.eml 41", "2.eml 125", "2.eml 19"}


def test_a_proved_correction_passes_by_one_that_waits() -> None:
    receipts = [receipt("1.eml", 15), receipt("2.eml", 16, sender_address="c@d.example"), receipt("3.eml", 17)]
    readings = [reading(r, "a.xlsx", FULL | {"internet_agents": str(n)}) for n, r in enumerate(receipts)]
    resolved = resolve_versions(receipts, readings, CATALOGUE)
    assert in_force(resolved)["internet_agents"] == "3.eml 2"
    assert [resolved.verdicts[r.receipt_id].status for r in receipts] == ["superseded", "quarantined", "received"]


def test_the_servers_line_orders_what_came_together_and_not_the_senders_date() -> None:
    came = "2019-04-20T10:00:00+07:00"
    first = replace(receipt("2.eml", 17), received_at=came, traced_at="2019-04-16T09:00:00+07:00")
    second = replace(receipt("1.eml", 16), received_at=came, traced_at="2019-04-17T09:00:00+07:00")
    assert in_order([second, first]) == [first, second]
    ahead = replace(receipt("0.eml", 16), received_at=came, sent_at="2019-04-20T20:00:00+07:00")
    later = replace(receipt("9.eml", 10), received_at="2019-04-20T10:00:01+07:00")
    assert in_order([later, ahead]) == [ahead, later]


@pytest.mark.parametrize(("period", "lacking"), [("2019-04", 0), ("2020-04", 1)])
def test_a_formula_that_lacks_its_reference_figure_is_said_with_what_stays_blank(period: str, lacking: int) -> None:
    found = missing_references(load_catalogue().at(period), period)
    assert [f.kind for f in found] == ["reference_missing"] * lacking
    assert all("population" in f.message_vi and "Mật độ thuê bao Internet" in f.message_vi for f in found)


# ------------------------------------------------------------ an earlier version comes again

NEWER = FULL | {"internet_agents": "41"}


def returns(day: int = 18, **changes: str) -> tuple[Resolved, list[Receipt]]:
    """A, then B in its place, then A again."""
    receipts = [receipt("1.eml", 16), receipt("2.eml", 17), receipt("3.eml", day, **changes)]
    figures = (FULL, NEWER, FULL)
    readings = [reading(r, "BC.docx", f, sha=str(f)) for r, f in zip(receipts, figures, strict=True)]
    return resolve_versions(receipts, readings, CATALOGUE), receipts


def test_a_replaced_version_that_comes_again_is_a_question_and_the_newer_stands() -> None:
    resolved, _ = returns()
    assert in_force(resolved)["internet_agents"] == "2.eml 41"
    assert resolved.verdicts["R-3.eml"].status == "quarantined"
    assert "giống hệt" in resolved.verdicts["R-3.eml"].reason_vi


def test_a_replaced_version_that_a_person_releases_is_the_newest() -> None:
    resolved, _ = returns(decision_id="D-1")
    assert in_force(resolved) == {name: f"3.eml {value}" for name, value in FULL.items()}


def test_a_version_sent_again_before_it_was_replaced_is_a_twin_and_no_question() -> None:
    resolved, _ = returns(day=16)
    assert in_force(resolved)["internet_agents"] == "2.eml 41"
    assert ("exact_duplicate", "3.eml", "BC.docx") in kinds(resolved)


def test_a_version_of_which_a_figure_was_corrected_by_a_reply_comes_again_as_a_question() -> None:
    receipts = [receipt("1.eml", 16), receipt("2.eml", 17, in_reply_to="<a>"), receipt("3.eml", 18)]
    readings = [reading(receipts[0], "BC.docx", FULL, sha="a"),
                reading(receipts[1], "(body)", {"internet_agents": "41"}),
                reading(receipts[2], "BC.docx", FULL, sha="a")]  # fmt: skip
    resolved = resolve_versions(receipts, readings, CATALOGUE)
    assert in_force(resolved)["internet_agents"] == "2.eml 41"
    assert resolved.verdicts["R-3.eml"].status == "quarantined"


def test_a_file_that_was_corrected_and_goes_along_with_something_new_takes_no_correction_back() -> None:
    receipts = [receipt("1.eml", 16), receipt("2.eml", 17, in_reply_to="<a>"), receipt("3.eml", 18, in_reply_to="<a>")]
    readings = [reading(receipts[0], "BC.docx", FULL, sha="a"),
                reading(receipts[1], "(body)", {"internet_agents": "41"}),
                reading(receipts[2], "(body)", {"telecom_bts_total": "126"}),
                reading(receipts[2], "BC.docx", FULL, sha="a")]  # fmt: skip
    resolved = resolve_versions(receipts, readings, CATALOGUE)
    assert in_force(resolved) == {
        "internet_agents": "2.eml 41", "telecom_bts_total": "3.eml 126", "press_communes_same_day": "1.eml 19"}


def test_the_same_text_as_a_held_message_counts_on_its_own() -> None:
    first, held, proved = receipt("1.eml", 15), receipt("2.eml", 16, sender_address="x@y.example"), receipt("3.eml", 17)
    readings = [reading(first, "a.docx", FULL), reading(held, "b.docx", NEWER, sha="b"),
                reading(proved, "b.docx", NEWER, sha="b")]  # fmt: skip
    resolved = resolve_versions([first, held, proved], readings, CATALOGUE)
    assert resolved.verdicts["R-2.eml"].status == "quarantined"
    assert in_force(resolved)["internet_agents"] == "3.eml 41"
