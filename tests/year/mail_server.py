"""A mail server on this machine's loopback that fails as it is told: before, during and after DATA."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from typing import IO

# What a connection may meet. Of these the message arrives only with "ok", "lost_answer" and "half_answer".
FAILURES = (
    "busy", "later_at_mail", "never_at_rcpt", "hang_up_in_data", "lost_answer", "half_answer", "later_after_data",
    "never_after_data",
)


@dataclass(frozen=True)
class Mail:
    """A message that arrived, with the addresses that the dialogue named."""

    message: Message
    recipients: tuple[str, ...]

    @property
    def message_id(self) -> str:
        return str(self.message["Message-ID"])


REFUSALS = {("later_at_mail", b"MAIL"): b"451 later\r\n", ("never_at_rcpt", b"RCPT"): b"550 never\r\n"}
Say = Callable[[bytes], object]


class _HangUpError(Exception):
    """The server closes the connection here."""


class MailServer:
    """Takes mail as long as nothing is planned; each planned word meets one connection.

    `arrived` is called with every message as it arrives, in the server's thread, while its sender waits for the answer.
    """

    def __init__(self, arrived: Callable[[Mail], None]) -> None:
        self.plan: list[str] = []
        self.met: list[str] = []
        self._arrived = arrived
        self._talks: list[threading.Thread] = []
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=16)
        self.port = int(self._socket.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def settle(self) -> None:
        """Wait until the server has read whatever was sent to it: a sender that died has sent before."""
        while self._talks:
            self._talks.pop().join()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self._talks.append(threading.Thread(target=self._meet, args=(connection,), daemon=True))
                self._talks[-1].start()

    def _meet(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError, _HangUpError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._talk(connection.makefile("rb"), connection.sendall)

    def _talk(self, stream: IO[bytes], say: Say) -> None:
        """Answer one connection; the first command decides which planned word it meets."""
        say(b"220 year.example\r\n")
        word, recipients = "", []
        while (line := stream.readline()) and not line.upper().startswith(b"QUIT"):
            word = word or self._planned()
            if word == "busy":
                say(b"421 busy\r\n")
                return
            verb = line[:4].upper()
            if verb == b"RCPT" and word != "never_at_rcpt":
                recipients.append(line.split(b"<")[1].split(b">")[0].decode())
            if verb == b"DATA":
                say(b"354 go on\r\n")
                self._take(stream, say, word, tuple(recipients))
            else:
                say(REFUSALS.get((word, verb), b"250 ok\r\n"))

    def _planned(self) -> str:
        self.met.append(self.plan.pop(0) if self.plan else "ok")
        return self.met[-1]

    def _take(self, stream: IO[bytes], say: Say, word: str, recipients: tuple[str, ...]) -> None:
        if word == "hang_up_in_data":
            raise _HangUpError
        lines = []
        while (line := stream.readline()) != b".\r\n":
            if not line:
                raise _HangUpError           # no end came: whatever was said before is forgotten
            lines.append(line[1:] if line.startswith(b".") else line)
        if word in ("later_after_data", "never_after_data"):
            say(b"451 later\r\n" if word == "later_after_data" else b"554 never\r\n")
            return
        self._arrived(Mail(message_from_bytes(b"".join(lines)), recipients))
        if word == "lost_answer":
            raise _HangUpError
        if word == "half_answer":
            say(b"25")
            raise _HangUpError
        say(b"250 taken\r\n")
