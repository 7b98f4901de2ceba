"""A connection to a mail server that believes little: strict answers, verified certificates, an end to every wait.

smtplib takes "25" and a hang-up for an answer and has no host to verify when it is made without one, so what it
reads and how it is secured are ours; its commands stay.
"""

from __future__ import annotations

import base64
import re
import smtplib
import socket
import ssl
import time
from typing import NamedTuple

# RFC 5321 4.2: a first digit from 2 to 5, and after "-" a further line with the same code.
_LINE = re.compile(rb"([2-5][0-5][0-9])(?:([ -])([^\r\n]*))?\r?\n")
LONGEST_LINE = 8192        # bytes; RFC 5321 asks for 512
PIECE = 1 << 16            # bytes sent within one wait

# RFC 4954 6: these answers are about us, whatever command they answer, and no recipient is to blame.
ABOUT_OUR_LOGIN = (530, 534, 535, 538)


class Server(NamedTuple):
    """Where a mail server answers, the name its certificate must bear, how it is secured, and who logs in."""

    host: str
    port: int
    certified_name: str
    security: str              # "none", "starttls", "tls"
    authorities: str = ""      # a file of certificates to trust instead of the system's
    user: str = ""
    password: str = ""


class GarbledError(smtplib.SMTPException):
    """What came is no answer: half a line, no code, two codes, nothing (`is_hang_up`), or one that nobody asked for."""

    def __init__(self, text: str, is_hang_up: bool = False) -> None:
        super().__init__(text)
        self.is_hang_up = is_hang_up


class LoginError(smtplib.SMTPException):
    """The server refuses our account, offers no way to log in that we know, or not the security asked for."""


class Dialogue(smtplib.SMTP):
    """The commands of smtplib over a connection that `open_dialogue` made."""

    def __init__(self, connection: socket.socket, own_name: str, seconds: float) -> None:
        super().__init__(local_hostname=own_name, timeout=seconds)
        self.sock = connection
        self.answer_seconds = seconds
        self._received = b""

    def getreply(self) -> tuple[int, bytes]:
        """Return code and text of one whole answer.

        Raises:
            GarbledError: What came is none.
            TimeoutError: It did not come in time, all of it.
        """
        end = time.monotonic() + self.answer_seconds
        code, texts, has_more = b"", [], True
        while has_more:
            line = self._line(end)
            found = _LINE.fullmatch(line)
            if found is None or code not in (b"", found[1]):
                raise GarbledError(f"{line[:100]!r}")
            code, has_more = found[1], found[2] == b"-"
            texts.append((found[3] or b"").strip())
        return int(code), b"\n".join(texts)

    def _line(self, end: float) -> bytes:
        """Return the next line as it came; what a hang-up cut off as well."""
        assert self.sock is not None
        while b"\n" not in self._received and len(self._received) < LONGEST_LINE:
            self.sock.settimeout(max(end - time.monotonic(), 0.001))
            piece = self.sock.recv(4096)
            if not piece:
                raise GarbledError(f"hang-up after {self._received[:100]!r}", is_hang_up=not self._received)
            self._received += piece
        line, newline, self._received = self._received.partition(b"\n")
        return line + newline

    def send(self, s: bytes | str) -> None:  # type: ignore[override]
        """Send a command or much of a message: each piece may take as long as an answer."""
        assert self.sock is not None
        data = s.encode("ascii") if isinstance(s, str) else s
        self.sock.settimeout(self.answer_seconds)
        for start in range(0, len(data), PIECE):
            self.sock.sendall(data[start:start + PIECE])

    def putcmd(self, cmd: str, args: str = "") -> None:
        """Send a command, once nothing is left that answers an earlier one: answers must not slip by one."""
        self.expect_silence()
        super().putcmd(cmd, args)

    def expect_silence(self) -> None:
        """Make sure that the server has said nothing that nobody asked for.

        Raises:
            GarbledError: It has, or it hung up.
        """
        assert self.sock is not None
        if not self._received:
            self.sock.settimeout(0)
            try:
                self._received = self.sock.recv(4096)
            except (BlockingIOError, ssl.SSLWantReadError):
                return
            finally:
                self.sock.settimeout(self.answer_seconds)
        raise GarbledError(f"unasked: {self._received[:100]!r}", is_hang_up=not self._received)

    def secure(self, context: ssl.SSLContext, name: str) -> None:
        """Go on in TLS with a server that proves to be `name`; what it said before is forgotten."""
        if not self.has_extn("starttls"):
            raise LoginError("STARTTLS is not offered")
        code, text = self.docmd("STARTTLS")
        if code != 220:
            raise smtplib.SMTPResponseException(code, text)
        assert self.sock is not None
        self.sock.settimeout(self.answer_seconds)
        self.sock = context.wrap_socket(self.sock, server_hostname=name)
        self._received = b""
        self.helo_resp = self.ehlo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False
        self.ehlo_or_helo_if_needed()

    def log_in(self, user: str, password: str) -> None:
        """Show user and password, by PLAIN or LOGIN: both are safe in TLS, and need no ASCII.

        Raises:
            LoginError: They are not believed.
            smtplib.SMTPException: There is no answer, or one that says "later".
        """
        offered = self.esmtp_features.get("auth", "").upper().split()
        if "PLAIN" in offered:
            code, text = self.docmd("AUTH", f"PLAIN {_encoded(f'{chr(0)}{user}{chr(0)}{password}')}")
        elif "LOGIN" in offered:
            code, text = self.docmd("AUTH", "LOGIN")
            for word in (user, password):
                code, text = self.docmd(_encoded(word)) if code == 334 else (code, text)
        else:
            raise LoginError("neither AUTH PLAIN nor AUTH LOGIN is offered")
        if code >= 500:
            raise LoginError(f"{code} {text.decode('utf-8', 'replace')}")
        if code != 235:
            raise smtplib.SMTPResponseException(code, text)


def trusted(server: Server) -> ssl.SSLContext:
    """Return what proves a server: a certificate in force, for its name, of an authority of the system or the file.

    Raises:
        OSError: The file of authorities cannot be read or holds no certificate.
    """
    return ssl.create_default_context(cafile=server.authorities or None)


def open_dialogue(server: Server, own_name: str, seconds: float) -> Dialogue:
    """Return a connection on which the server greeted us, proved itself, and knows who we are, as far as asked.

    Raises:
        ssl.SSLCertVerificationError: The server is not the one that was named.
        LoginError: It does not take our account, or does not offer the security.
        smtplib.SMTPException, OSError: It does not answer, or not now.
    """
    connection: socket.socket = socket.create_connection((server.host, server.port), seconds)
    # The end of a message is a piece of its own: it must not wait for the server to acknowledge the one before.
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    dialogue = None
    try:
        if server.security == "tls":
            connection = trusted(server).wrap_socket(connection, server_hostname=server.certified_name)
        # Our own name is given, because looking it up can take a minute where there is no name server.
        dialogue = Dialogue(connection, own_name, seconds)
        _greet(dialogue, server)
    except BaseException:
        (dialogue or connection).close()
        raise
    return dialogue


def _greet(dialogue: Dialogue, server: Server) -> None:
    code, text = dialogue.getreply()
    if code != 220:
        raise smtplib.SMTPConnectError(code, text)
    dialogue.ehlo_or_helo_if_needed()
    if server.security == "starttls":
        dialogue.secure(trusted(server), server.certified_name)
    if server.user:
        dialogue.log_in(server.user, server.password)


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")
