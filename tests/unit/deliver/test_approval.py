"""In production nothing leaves the house before the word of a person whom the catalogue names as approver."""

from __future__ import annotations

import dataclasses

import pytest

from flows.approving import approve_edition
from flows.deliver import approved_by, edition_state
from flows.delivering import deliver_again, open_lines
from flows.soundness import sound_catalogue
from infra import people
from infra.errors import CatalogueError, OperationError
from infra.people import load_people, person_in_role
from tests.unit.deliver.test_delivery import MAILED
from tests.unit.deliver.test_smtp_rehearsal import QUICK, Server, running

HEADER = "person_id,person_name,roles,valid_from,valid_to"
APPROVER, STEWARD = "lanh_dao_mau", "tong_hop_mau"


@pytest.fixture
def production(make_office):
    server = Server()
    with running(server) as port:
        yield make_office(environment="production", approved_domains=("gmail.com",), smtp_host="127.0.0.1",
                          smtp_port=port, release="approved"), server


def test_nothing_leaves_before_the_word_and_all_of_it_after(production):
    office, server = production
    edition = office.publish()
    for _ in range(2):
        waiting = office.deliver(edition, QUICK)
        assert [waiting[key].state for key in MAILED] == ["held"] * 4
        assert "approve" in waiting["mic"].response and waiting["ubnd_tinh"].state == "pending"
    assert (server.named, server.messages, office.settings.handover_folder.exists()) == ([], [], False)
    assert {d.recipient_id for d in open_lines(office.settings)} >= set(MAILED)
    assert approve_edition(office.settings, "2019-04-1", APPROVER).person_id == APPROVER
    done = {d.recipient_id: d.state for d in deliver_again(office.settings, "2019-04-1")}
    assert {done[key] for key in MAILED} == {"accepted"} and done["ubnd_tinh"] == "packaged"
    assert len(server.messages) == 4
    (link,) = office.ledger.audit_entries("approvals/2019-04-1")
    assert (link.actor, link.action) == (APPROVER, "edition_approved")
    office.ledger.verify_audit()


def test_a_word_holds_for_the_edition_it_was_given_for(production):
    office, server = production
    office.publish()
    first = approve_edition(office.settings, "2019-04-1", APPROVER)
    assert approve_edition(office.settings, "2019-04-1", APPROVER) == first
    second = office.publish(2, **{"x.csv": b"new"})
    assert office.deliver(second, QUICK)["mic"].state == "held"
    with pytest.raises(OperationError, match="mới hơn"):
        approve_edition(office.settings, "2019-04-1", APPROVER)
    assert server.messages == []


def test_how_far_an_edition_is_follows_from_what_the_ledger_knows(production):
    office, _ = production
    first = office.publish()
    states = [edition_state(office.settings, office.ledger, first)]
    office.deliver(first, QUICK)
    states.append(edition_state(office.settings, office.ledger, first))
    approve_edition(office.settings, first.edition_id, APPROVER)
    states.append(edition_state(office.settings, office.ledger, first))
    office.deliver(first, QUICK)
    states.append(edition_state(office.settings, office.ledger, first))
    assert states == ["proposed", "proposed", "approved", "delivered"]
    assert approved_by(office.settings, office.ledger, first) == "Nguyễn Văn A (mẫu)"
    second = office.publish(2, **{"x.csv": b"new"})
    assert [edition_state(office.settings, office.ledger, e) for e in (first, second)] == ["replaced", "proposed"]


def test_an_edition_of_which_a_line_is_open_is_still_being_delivered(office):
    edition = office.publish()
    assert edition_state(office.settings, office.ledger, edition) == "approved"
    office.deliver(edition)
    assert edition_state(office.settings, office.ledger, edition) == "rehearsed"
    assert "rehearsal" in approved_by(office.settings, office.ledger, edition)
    production = dataclasses.replace(office.settings, environment="production")
    assert edition_state(production, office.ledger, edition) == "delivering", "the local mailbox only rehearses"


@pytest.mark.parametrize("named", [STEWARD, "Trần Thị B", "…", "", "lanh_dao"])
def test_nobody_else_approves(production, named):
    office, _ = production
    office.publish()
    with pytest.raises(OperationError, match=r"people\.csv"):
        approve_edition(office.settings, "2019-04-1", named)
    assert office.ledger.approval(office.ledger.editions()[0]) is None


def test_an_edition_that_is_none_is_not_approved(production):
    with pytest.raises(OperationError, match="Không có ấn bản"):
        approve_edition(production[0].settings, "2019-04-9", APPROVER)


def test_a_rehearsal_waits_for_nobody(make_office):
    office = make_office(release="approved")
    assert {d.state for d in office.deliver(office.publish()).values()} == {"accepted", "packaged", "filed"}


def test_who_has_left_no_longer_approves(tmp_path):
    file = tmp_path / "people.csv"
    file.write_text(f"{HEADER}\na,An Văn,approver;steward,2019-01-01,2019-06-30\n")
    assert person_in_role("a", "approver", "2019-06-30", file).person_id == "a"
    with pytest.raises(OperationError, match="2019-07-01"):
        person_in_role("a", "approver", "2019-07-01", file)


@pytest.mark.parametrize("row", ["a,An,boss,2019-01-01,", "a,An,approver,2019-01-01,\na,Ba,steward,2019-01-01,"])
def test_a_wrong_row_of_people_is_refused_before_a_month_begins(tmp_path, monkeypatch, row):
    file = tmp_path / "people.csv"
    file.write_text(f"{HEADER}\n{row}\n")
    monkeypatch.setattr(people.load_people, "__defaults__", (file,))
    with pytest.raises(CatalogueError, match=r"people\.csv"):
        sound_catalogue("2019-04")
    assert load_people(people.PEOPLE)
