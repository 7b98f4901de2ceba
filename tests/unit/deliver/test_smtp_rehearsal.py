"""Real SMTP servers on loopback that behave badly, and whom the dialogue names to them."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import struct
import threading
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from flows.deliver import settle_delivery
from flows.deliver.dialogue import Server as DialogueServer
from flows.deliver.mailer import Patience, Route, transmit
from infra.errors import OperationError
from tests.patience import FAR_SECONDS
from tests.people import STEWARD_ID

PROJECT = Path(__file__).resolve().parents[3]
MAILED = ["mic", "mic_da_nang", "cuc_thong_ke", "so_khdt"]
QUICK = Patience(answer=FAR_SECONDS, final_answer=FAR_SECONDS, pauses=())
PATIENT = Patience(answer=FAR_SECONDS, final_answer=FAR_SECONDS, pauses=(0.05, 0.05))


class Server:
    """An SMTP server that notes what it was told, and misbehaves as its script says."""

    def __init__(self, rcpt=(), end=(), drop_at_end=False, silent_at_end=False):
        self.rcpt_answers, self.end_answers = list(rcpt), list(end)
        self.drop_at_end, self.silent_at_end = drop_at_end, silent_at_end
        self.senders, self.named, self.messages = [], [], []

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802  the library's name
        self.senders.append(address)
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802  the library's name
        self.named.append(address)
        answer = self.rcpt_answers.pop(0) if self.rcpt_answers else "250 OK"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  the library's name
        self.messages.append(envelope.original_content)
        if self.drop_at_end:
            server.transport.abort()
        if self.silent_at_end:
            await asyncio.Event().wait()      # for ever
        return self.end_answers.pop(0) if self.end_answers else "250 taken over"


@contextlib.contextmanager
def running(server):
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]

    class Loopback(Controller):
        def _create_server(self):
            return self.loop.create_server(self._factory_invoker, sock=listener)

        def factory(self):
            return SMTP(self.handler, **self.SMTP_kwargs)

    controller = Loopback(server, hostname="127.0.0.1", port=port, ready_timeout=FAR_SECONDS)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@pytest.fixture
def office_at(make_office):
    def make(port, **changes):
        return make_office(smtp_host="127.0.0.1", smtp_port=port, **changes)

    return make


def _states(deliveries):
    return [deliveries[key].state for key in MAILED]


# ------------------------------------------------------------ bad servers


def test_a_connection_dropped_after_the_message_is_uncertain_and_never_repeated(office_at):
    server = Server(drop_at_end=True)
    with running(server) as port:
        office = office_at(port)
        edition = office.publish()
        assert _states(office.deliver(edition, PATIENT)) == ["uncertain"] * 4
        assert _states(office.deliver(edition, PATIENT)) == ["uncertain"] * 4
    assert len(server.messages) == 4


def test_lines_that_begin_with_a_dot_arrive_as_they_are(office_at):
    message = b"Subject: x\r\n\r\n.\r\n..\r\n.dots\r\nend\r\n"
    server = Server()
    with running(server) as port:
        office = office_at(port)
        delivery = office.deliver(office.publish(), QUICK)["mic"]
        server_named = DialogueServer("127.0.0.1", port, "localhost", "none")
        route = Route("test", server_named, "so@so.example", is_production=False)
        assert transmit(route, delivery, message, QUICK, lambda: None).state == "accepted"
    assert server.messages[-1] == message


def test_a_person_closes_an_uncertain_delivery_either_way(office_at):
    with running(Server(drop_at_end=True)) as port:
        office = office_at(port)
        edition = office.publish()
        office.deliver(edition, QUICK)
    settle_delivery(office.ledger, "2019-04-1.mic", True, STEWARD_ID, "Bộ xác nhận đã nhận")
    settle_delivery(office.ledger, "2019-04-1.so_khdt", False, STEWARD_ID, "Sở KHĐT chưa nhận")
    good = Server()
    with running(good) as port:
        deliveries = office_at(port).deliver(edition, QUICK)
    assert _states(deliveries) == ["accepted", "uncertain", "uncertain", "accepted"]
    assert good.named == ["so_khdt@sink.example"]


def test_a_person_closes_a_rejected_delivery_that_has_arrived_all_the_same(office_at):
    """A restored ledger may say "refused" of what went out later, and a recipient may have got it by hand."""
    with running(Server(rcpt=["550 no such mailbox"] * 9)) as port:
        office = office_at(port)
        edition = office.publish()
        office.deliver(edition, QUICK)
    settled = settle_delivery(office.ledger, "2019-04-1.mic", True, STEWARD_ID, "Bộ xác nhận đã nhận")
    assert settled.state == "accepted"
    assert office.deliver(edition, QUICK)["mic"].state == "accepted"


def test_no_answer_to_the_whole_message_is_uncertain(office_at):
    server = Server(silent_at_end=True)
    with running(server) as port:
        office = office_at(port)
        deliveries = office.deliver(office.publish(), Patience(answer=FAR_SECONDS, final_answer=0.2, pauses=(0.01,)))
    assert _states(deliveries) == ["uncertain"] * 4
    assert len(server.messages) == 4
    assert "không nhận được trả lời" in deliveries["mic"].response


def test_a_server_that_is_busy_is_asked_again_and_then_takes_it(office_at):
    server = Server(rcpt=["450 greylisted"] * 4, end=["451 disk full"])
    with running(server) as port:
        office = office_at(port)
        deliveries = office.deliver(office.publish(), PATIENT)
    assert _states(deliveries) == ["accepted"] * 4
    assert deliveries["mic"].attempts == 3
    assert deliveries["so_khdt"].attempts == 2
    assert deliveries["mic"].response == "250 taken over"
    assert len(server.messages) == 5  # one was refused after its end, and so not taken over


def test_a_server_that_stays_busy_leaves_the_line_in_the_outbox(office_at):
    with running(Server(rcpt=["450 later"] * 99)) as port:
        office = office_at(port)
        edition = office.publish()
        deliveries = office.deliver(edition, PATIENT)
    assert _states(deliveries) == ["pending"] * 4
    assert deliveries["mic"].attempts == 3
    assert "450 later" in deliveries["mic"].response
    with running(Server()) as port:
        assert _states(office_at(port).deliver(edition, QUICK)) == ["accepted"] * 4


def test_one_refused_address_refuses_the_line_before_anything_is_sent(office_at):
    server = Server(rcpt=["250 OK", "550 no such mailbox"])
    with running(server) as port:
        office = office_at(port, environment="production", approved_domains=("gmail.com",))
        office.catalogue = _only(office.catalogue, "so_khdt")
        edition = office.publish()
        delivery = office.deliver(edition, PATIENT)["so_khdt"]
        assert (delivery.state, delivery.attempts) == ("rejected", 1)
        assert delivery.response == f"{office.addresses('so_khdt')[1]}: 550 no such mailbox"
        assert office.deliver(edition, PATIENT)["so_khdt"].state == "rejected"
    assert server.messages == []


def test_a_message_refused_at_its_end_is_rejected(office_at):
    with running(Server(end=["554 looks like spam"])) as port:
        office = office_at(port)
        deliveries = office.deliver(office.publish(), PATIENT)
    assert _states(deliveries) == ["rejected", "accepted", "accepted", "accepted"]
    assert deliveries["mic"].response == "554 looks like spam"


def test_no_server_at_all_leaves_everything_in_the_outbox(office_at):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    office = office_at(port)
    deliveries = office.deliver(office.publish(), QUICK)
    assert _states(deliveries) == ["pending"] * 4
    assert deliveries["ubnd_tinh"].state == "packaged"


def test_a_server_that_hangs_before_the_message_leaves_the_line_in_the_outbox(office_at):
    with socket.create_server(("127.0.0.1", 0)) as mute:  # takes connections, never greets
        office = office_at(mute.getsockname()[1])
        deliveries = office.deliver(office.publish(), Patience(answer=0.2, final_answer=1, pauses=()))
    assert _states(deliveries) == ["pending"] * 4


def test_a_connection_cut_inside_the_message_is_tried_again(office_at):
    """The end of the message never went out, so nothing can have been delivered."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_cut_inside_body, args=(listener,), daemon=True).start()
        office = office_at(listener.getsockname()[1])
        office.catalogue = _only(office.catalogue, "mic")
        edition = office.publish(**{"lớn.pdf": b"x" * 9_000_000})
        delivery = office.deliver(edition, QUICK)["mic"]
    assert (delivery.state, delivery.data_ended_at) == ("pending", "")
    good = Server()
    with running(good) as port:
        office = office_at(port)
        office.catalogue = _only(office.catalogue, "mic")
        assert office.deliver(edition, QUICK)["mic"].state == "accepted"
    assert good.messages == [office.archive.get(delivery.message_sha256)]


# ------------------------------------------------------------ whom the dialogue names


def _real_domains(office):
    return {address.rpartition("@")[2] for row in office.catalogue.recipients for address in row.addresses}


@pytest.mark.parametrize("environment", ["development", "", "test", "Production", "production "])
def test_outside_production_no_real_address_is_named_to_any_server(office_at, environment):
    server = Server()
    with running(server) as port:
        office = office_at(port, environment=environment)
        deliveries = office.deliver(office.publish(), QUICK)
    assert _real_domains(office) == {"mic.gov.vn", "gso.gov.vn", "gmail.com"}
    assert server.named == [f"{key}@sink.example" for key in MAILED]
    assert _states(deliveries) == ["accepted"] * 4
    assert office.addresses("mic")[0].encode() in server.messages[0]  # the printed header still shows whom it is for


@pytest.mark.parametrize("host", ["192.0.2.25", "2001:db8::25", "0.0.0.0", "smtp.invalid"])
def test_outside_production_a_server_elsewhere_is_refused(make_office, host):
    office = make_office(smtp_host=host)
    edition = office.publish()
    with pytest.raises(OperationError, match="Ngoài môi trường production"):
        office.deliver(edition)
    assert {d.attempts for d in office.ledger.deliveries()} == {0}


def test_in_production_the_printed_addresses_are_named(office_at):
    server = Server()
    with running(server) as port:
        office = office_at(port, environment="production", approved_domains=("Gmail.com",))
        office.deliver(office.publish(), QUICK)
    assert server.named == [address for key in MAILED for address in office.addresses(key)]
    assert len(server.named) == 5
    assert {address.rpartition("@")[2] for address in server.named} == _real_domains(office)
    assert set(server.senders) == {"tonghop@stttt-gialai.example"}


def test_in_production_a_free_mailbox_waits_for_its_approval(office_at):
    server = Server()
    with running(server) as port:
        office = office_at(port, environment="production")
        edition = office.publish()
        held = office.deliver(edition, QUICK)["so_khdt"]
        assert (held.state, held.attempts) == ("held", 0)
        assert "gmail.com" in held.response
        assert not [address for address in server.named if "gmail" in address]
        approved = office_at(port, environment="production", approved_domains=("gmail.com",))
        assert approved.deliver(edition, QUICK)["so_khdt"].state == "accepted"
    assert len(server.messages) == 4


def test_production_without_a_mail_server_is_refused(make_office):
    office = make_office(environment="production")
    with pytest.raises(OperationError, match="Chưa khai báo máy chủ thư"):
        office.deliver(office.publish())
    assert not office.settings.mailbox_folder.exists()


def test_a_password_does_not_travel_in_clear(make_office):
    office = make_office(environment="production", smtp_host="127.0.0.1", smtp_user="u", smtp_password="p")
    with pytest.raises(OperationError, match="không mã hóa"):
        office.deliver(office.publish())


def test_a_misspelt_security_is_refused_rather_than_ignored(make_office):
    office = make_office(smtp_security="STARTTLS")
    with pytest.raises(OperationError, match="TONGHOP_SMTP_SECURITY"):
        office.deliver(office.publish())


def test_a_server_without_the_security_asked_for_gets_nothing(office_at):
    server = Server()
    with running(server) as port:
        office = office_at(port, smtp_security="starttls")
        edition = office.publish()
        with pytest.raises(OperationError, match="cách mã hóa"):
            office.deliver(edition, QUICK)
    assert (server.named, server.messages) == ([], [])
    assert _states(office_at(1).deliver(edition, QUICK)) == ["pending"] * 4


def test_only_one_module_names_recipients_to_a_server():
    found = [
        path.relative_to(PROJECT).as_posix()
        for folder in ("flows", "infra", "expectations") for path in (PROJECT / folder).rglob("*.py")
        if re.search(r"\.(rcpt|sendmail|send_message)\(|RCPT TO|aiosmtplib", path.read_text(encoding="utf-8"))
    ]
    assert found == ["flows/deliver/mailer.py"]


def _only(catalogue, recipient_id):
    import dataclasses

    rows = tuple(row for row in catalogue.recipients if row.recipient_id == recipient_id)
    return dataclasses.replace(catalogue, recipients=rows)


def _cut_inside_body(listener):
    """Play a server that takes a part of one message and then is gone."""
    connection, _ = listener.accept()
    with connection:
        connection.sendall(b"220 here\r\n")
        commands = connection.makefile("rb")
        for line in commands:
            if line.upper().startswith(b"DATA"):
                connection.sendall(b"354 go on\r\n")
                commands.read(100_000)
                # An abortive close, as when the machine loses power.
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            connection.sendall(b"250 OK\r\n")
