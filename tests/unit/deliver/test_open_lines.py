"""What is not sent is said, may be tried again, and a rehearsal never counts as sent."""

from __future__ import annotations

import dataclasses

import pytest

from flows.cli import app
from flows.deliver import deliver_edition, describe_open, open_deliveries
from flows.delivering import deliver_again, open_lines
from flows.doctor import examine
from infra.errors import OperationError
from tests.unit.deliver.test_delivery import MAILED, _message
from tests.unit.deliver.test_smtp_rehearsal import PATIENT, QUICK, Server, running

PRODUCTION = {"environment": "production", "approved_domains": ("gmail.com",), "mail_sender": "so@gialai.example"}


def _at(make_office, port, **changes):
    return make_office(smtp_host="127.0.0.1", smtp_port=port, **changes)


def _doctor(settings):
    return next((is_sound, text) for name, is_sound, text in examine(settings) if name.endswith("deliveries"))


@pytest.mark.parametrize(("server", "state"), [
    (Server(rcpt=["550 no such mailbox"] * 9), "rejected"), (Server(rcpt=["450 later"] * 99), "pending"),
    (Server(drop_at_end=True), "uncertain"),
])
def test_what_is_open_is_told_by_doctor_and_by_the_exit_code(make_office, server, state, monkeypatch, capsys):
    with running(server) as port:
        office = _at(make_office, port)
        edition = office.publish()
        deliveries = office.deliver(edition, QUICK)
        waiting = open_deliveries(office.settings, deliveries.values())
        assert {d.state for d in waiting} == {state} and len(waiting) == 4
        is_sound, text = _doctor(office.settings)
        assert not is_sound and "2019-04-1.mic" in text and "tonghop deliver" in text
        for name, value in (("HOME", office.settings.home), ("SMTP_HOST", "127.0.0.1"), ("SMTP_PORT", port)):
            monkeypatch.setenv(f"TONGHOP_{name}", str(value))
        monkeypatch.setattr("flows.deliver.step.Patience", lambda: QUICK)
        assert app(["deliver", "2019-04"], standalone_mode=False) == 7
    assert "mic" in capsys.readouterr().out


def test_nothing_open_is_told_as_well(office):
    assert _doctor(office.settings)[0]
    office.deliver(office.publish())
    assert _doctor(office.settings)[0] and open_lines(office.settings) == []


def test_a_held_line_is_open_until_its_domain_is_approved(make_office):
    with running(Server()) as port:
        office = _at(make_office, port, environment="production")
        edition = office.publish()
        office.deliver(edition, QUICK)
        assert [(d.recipient_id, d.state) for d in open_lines(office.settings)] == [("so_khdt", "held")]
        said = describe_open(open_lines(office.settings))
        assert "TONGHOP_APPROVED_DOMAINS" in said and "tonghop approve" not in said
        approved = _at(make_office, port, **PRODUCTION)
        assert {d.state for d in deliver_again(approved.settings, "2019-04") if d.message_id} == {"accepted"}
        assert open_lines(approved.settings) == []


def test_an_edition_by_month_or_by_name_is_tried_again(make_office):
    with running(Server(rcpt=["450 later"] * 8)) as port:
        office = _at(make_office, port)
        edition = office.publish()
        office.deliver(edition, QUICK)
    with running(Server()) as port:
        office = _at(make_office, port)
        lines = deliver_again(office.settings, edition.edition_id)
        assert {d.state for d in lines if d.message_id} == {"accepted"}
        assert deliver_again(office.settings, "2019-04") == lines


def test_how_many_messages_were_tried_is_told_as_it_goes(make_office):
    told: list[tuple[int, int]] = []
    with running(Server()) as port:
        office = _at(make_office, port)
        deliver_edition(office.settings, office.archive, office.ledger, office.catalogue, office.publish(), QUICK,
                        lambda done, total: told.append((done, total)))
    assert told == [(done, 4) for done in range(5)]


@pytest.mark.parametrize("target", ["2019-05", "2019-04-9", "nonsense"])
def test_what_was_not_published_is_not_delivered(office, target):
    office.publish()
    with pytest.raises(OperationError, match="Không có ấn bản"):
        deliver_again(office.settings, target)


def test_an_edition_that_was_replaced_is_not_delivered(office):
    office.publish()
    office.publish(2, **{"x.csv": b"new"})
    with pytest.raises(OperationError, match="thay bằng 2019-04-2"):
        deliver_again(office.settings, "2019-04-1")


@pytest.mark.parametrize("rehearsal", ["the local sink", "a server of this machine"])
def test_what_a_rehearsal_took_is_not_sent_in_production(make_office, rehearsal):
    stage = Server()
    with running(stage) as port:
        office = make_office() if rehearsal == "the local sink" else _at(make_office, port)
        edition = office.publish()
        office.deliver(edition, QUICK)
    server = Server()
    with running(server) as port:
        office = _at(make_office, port, **PRODUCTION)
        assert {d.recipient_id for d in open_lines(office.settings)} == set(MAILED)
        deliveries = office.deliver(edition, PATIENT)
        office.deliver(edition, PATIENT)
    assert [deliveries[key].state for key in MAILED] == ["accepted"] * 4
    assert server.named == [address for key in MAILED for address in office.addresses(key)]
    assert len(server.messages) == 4 and all(b"so@gialai.example" in message for message in server.messages)
    assert open_lines(office.settings) == []
    office.ledger.verify_audit()


def test_what_production_sent_is_not_sent_again_in_a_rehearsal(make_office):
    with running(Server()) as port:
        office = _at(make_office, port, **PRODUCTION)
        edition = office.publish()
        sent = office.deliver(edition, QUICK)
    rehearsing = make_office()
    assert rehearsing.deliver(edition) == sent
    assert not rehearsing.settings.mailbox_folder.exists()


def test_a_sink_of_an_older_release_does_not_count_either(office):
    delivery = next(d for d in office.deliver(office.publish()).values() if d.message_id)
    assert dataclasses.replace(delivery, environment="").is_rehearsal
    assert not dataclasses.replace(delivery, environment="", server="mail.gov.example:587").is_rehearsal


def test_an_edition_that_reached_nobody_is_not_said_to_be_replaced(office):
    """Killed between freezing and sending, with other figures since: the next edition is the first that anyone gets."""
    office.publish()
    office.deliver(office.publish(2, **{"x.csv": b"new"}))
    message = _message(office, "mic")
    assert message["Subject"].endswith("(phát hành lần 2)") and message["In-Reply-To"] is None
    assert "Thay đổi so với" not in message.get_body().get_content()
