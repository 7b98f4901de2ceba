"""What a server may answer, at each point of the dialogue, and what is believed of it."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from flows.deliver.dialogue import Server
from flows.deliver.mailer import Patience, Route, transmit
from flows.records import Delivery
from tests.patience import FAR_SECONDS

MESSAGE = b"Subject: x\r\n\r\ntext\r\n"
DELIVERY = Delivery("2019-04-1.mic", "2019-04-1", "2019-04", "mic", "M", "email", ("a@x.example",), "claimed", "x", "t")
GOOD = {"greet": b"220 here\r\n", "EHLO": b"250 here\r\n", "MAIL": b"250 OK\r\n", "RCPT": b"250 OK\r\n",
        "DATA": b"354 go on\r\n", "end": b"250 taken over\r\n"}


END = b".\r\n"


def _up_to_the_end(lines: Iterable[bytes]) -> Iterator[bytes]:
    for line in lines:
        yield line
        if line == END:
            return


class Scripted:
    """A server that answers each command with the bytes of its script, and hangs up when one of them is cut short."""

    def __init__(self, **answers: bytes) -> None:
        self.answers, self.messages = GOOD | answers, []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with connection, contextlib.suppress(OSError):
                    self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        commands = connection.makefile("rb")
        if not self._say(connection, "greet"):
            return
        for line in commands:
            command = line[:4].upper().decode("latin-1")
            if not self._say(connection, command):
                return
            if command == "DATA":
                lines = list(_up_to_the_end(commands))
                if lines[-1:] != [END]:       # the other side went away before the end
                    return
                self.messages.append(b"".join(lines[:-1]))
                if not self._say(connection, "end"):
                    return

    def _say(self, connection: socket.socket, point: str) -> bool:
        answer = self.answers.get(point, b"221 bye\r\n")
        connection.sendall(answer)
        return answer == GOOD.get(point)        # anything else is the last that is said

    def close(self) -> None:
        self._listener.close()


def _try(server: Scripted, seconds: float = FAR_SECONDS) -> tuple[str, str]:
    route = Route("test", Server("127.0.0.1", server.port, "localhost", "none"), "so@so.example", is_production=False)
    patience = Patience(answer=seconds, final_answer=seconds, pauses=())
    try:
        return transmit(route, DELIVERY, MESSAGE, patience, lambda: None)
    finally:
        server.close()


NO_ANSWERS = [
    b"", b"2", b"25", b"250", b"25\r\n", b"250 taken", b"250-taken over\r\n", b"250-taken\r\n251 over\r\n",
    b"taken over\r\n", b"2500 OK\r\n", b"\xb2\xb5\xb0 OK\r\n", b"250_OK\r\n", b"+OK\r\n", b"\r\n", b"999 x\r\n",
    b"099 x\r\n", b"199 x\r\n", b"290 x\r\n", b"354 go on\r\n", b"-250 OK\r\n", b"250\tOK\r\n", b"45\r\n", b"4",
    b"4xx later\r\n", b"451 la", b"x" * 20_000, b"\0" * 4,
]


@pytest.mark.parametrize("answer", NO_ANSWERS)
def test_after_the_end_what_is_no_plain_answer_is_uncertain(answer):
    server = Scripted(end=answer)
    assert _try(server)[0] == "uncertain"
    assert server.messages == [MESSAGE]


@pytest.mark.parametrize(("answer", "state"), [
    (b"250 taken over\r\n", "accepted"), (b"250\r\n", "accepted"), (b"250-a\r\n250 b\r\n", "accepted"),
    (b"250 OK\n", "accepted"), (b"421 busy\r\n", "pending"), (b"451-a\r\n451 b\r\n", "pending"),
    (b"452 full\r\n", "pending"), (b"550 no\r\n", "rejected"), (b"554 spam\r\n", "rejected"),
])
def test_after_the_end_a_plain_answer_says_what_became_of_it(answer, state):
    assert _try(Scripted(end=answer))[0] == state


@pytest.mark.parametrize("point", ["greet", "EHLO", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("answer", [b"", b"25", b"25\r\n", b"250-x", b"OK\r\n"])
def test_before_the_end_what_is_no_answer_leaves_the_line_due(point, answer):
    server = Scripted(**{point: answer})
    assert _try(server)[0] == "pending"
    assert server.messages == []


@given(st.binary(max_size=40))
@examples(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_only_a_whole_4xx_is_ever_tried_again_after_the_end(answer):
    """Whatever bytes come: due again only after a whole line that says 4xx, arrived only after one that says 2xx."""
    state, _ = _try(Scripted(end=answer))
    if state in ("pending", "accepted", "rejected"):
        assert answer[:1] == {"pending": b"4", "accepted": b"2", "rejected": b"5"}[state]
        assert answer[:3].isdigit() and b"\n" in answer


@pytest.mark.parametrize(("point", "state"), [("RCPT", "pending"), ("end", "uncertain")])
def test_a_server_that_says_one_byte_at_a_time_for_ever_is_left(point, state):
    class Dripping(Scripted):
        def _say(self, connection, at):
            if at != point:
                return super()._say(connection, at)
            while True:        # ends when the other side hangs up
                connection.sendall(b"2")
                select.select([connection], [], [], 0.02)

    assert _try(Dripping(), 0.5)[0] == state


class Talkative(Scripted):
    """A server that goes on whatever it said."""

    def _say(self, connection: socket.socket, point: str) -> bool:
        super()._say(connection, point)
        return True


@pytest.mark.parametrize(("answers", "state", "has_arrived"), [
    ({"DATA": b"354 go on\r\n250 early\r\n", "end": b"554 no\r\n"}, "pending", False),
    ({"MAIL": b"250 OK\r\n250 OK\r\n", "RCPT": b"550 no\r\n"}, "pending", False),
    ({"RCPT": b"250 OK\r\n354 go on\r\n", "DATA": b"250 OK\r\n", "end": b"554 no\r\n"}, "pending", False),
    ({"end": b"250 taken over\r\n554 no\r\n"}, "uncertain", True),
    ({"end": b"250 taken over\r\n", "QUIT": b"554 no\r\n"}, "uncertain", True),
    ({"end": b"554 no\r\n250 taken over\r\n"}, "uncertain", True),
    ({"end": b"250 taken over\r\n", "QUIT": b"421 bye\r\n"}, "accepted", True),
])
def test_an_answer_that_nobody_asked_for_answers_nothing(answers, state, has_arrived):
    """A server that says more than one answer a command is out of step: no answer can be told from another."""
    server = Talkative(**answers)
    assert _try(server)[0] == state
    assert bool(server.messages) is has_arrived


def test_half_an_answer_sends_the_mail_once(make_office):
    server = Scripted(end=b"25")
    office = make_office(smtp_host="127.0.0.1", smtp_port=server.port)
    edition = office.publish()
    patience = Patience(answer=FAR_SECONDS, final_answer=FAR_SECONDS, pauses=(0.01, 0.01, 0.01))
    for _ in range(2):
        deliveries = office.deliver(edition, patience)
        assert [d.state for d in deliveries.values() if d.message_id] == ["uncertain"] * 4
    server.close()
    assert len(server.messages) == len(set(server.messages)) == 4
