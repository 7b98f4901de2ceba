"""The SMTP dialogue, and the one place that decides whom it may reach.

Outside production no real address is ever named to a server: `Route.envelope` gives sink addresses, and a
server that is not on this machine is refused. In production free mailboxes need an approval.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from flows.deliver.dialogue import ABOUT_OUR_LOGIN, Dialogue, GarbledError, LoginError, Server, open_dialogue, trusted
from flows.records import Delivery
from infra.errors import OperationError
from infra.killpoints import reached

if TYPE_CHECKING:
    from infra.ledger_records import DeliveryState
    from infra.settings import Settings

SINK = "sink"                 # name of the route to the local mailbox
SINK_DOMAIN = "sink.example"  # reserved by RFC 2606: no such mailbox can exist anywhere
# After the end of the message, by the first digit: only a plain "not now" may be tried again.
AFTER_END: dict[int, DeliveryState] = {2: "accepted", 4: "pending", 5: "rejected"}
FREE_MAIL = frozenset({
    "aol.com", "gmail.com", "gmx.com", "googlemail.com", "hotmail.com", "icloud.com", "live.com", "mail.com",
    "mail.ru", "me.com", "outlook.com", "outlook.com.vn", "proton.me", "protonmail.com", "qq.com", "yahoo.com",
    "yahoo.com.vn", "yandex.com", "ymail.com", "zoho.com",
})


@dataclass(frozen=True)
class Patience:
    """How long to wait, in seconds: for each answer, for the answer to a whole message, and between tries."""

    answer: float = 60
    final_answer: float = 600  # RFC 5321 4.5.3.2.6
    pauses: tuple[float, ...] = (1, 5)


class Answer(NamedTuple):
    """What became of one try."""

    state: DeliveryState
    response: str


@dataclass(frozen=True)
class Route:
    """The server that mail goes to, and to whom it may name addresses."""

    name: str
    server: Server
    sender: str
    is_production: bool

    def envelope(self, delivery: Delivery) -> list[str]:
        """Return the addresses to name to the server: real ones in production, else one that cannot exist."""
        if self.is_production:
            return list(delivery.addresses)
        return [f"{delivery.recipient_id}@{SINK_DOMAIN}"]


class _RefusedError(Exception):
    """The server answered with something else than what lets the dialogue go on."""

    def __init__(self, state: DeliveryState, response: str) -> None:
        super().__init__(response)
        self.answer = Answer(state, response)


@contextlib.contextmanager
def open_route(settings: Settings) -> Iterator[Route]:
    """Give the way mail leaves: the server of the settings, or the local sink while this lasts.

    Raises:
        OperationError: The settings would let mail leave a machine that is not in production, or are not usable.
    """
    if settings.smtp_security not in ("none", "starttls", "tls"):
        raise _settings_error(f"TONGHOP_SMTP_SECURITY là “{settings.smtp_security}”",
                              f"TONGHOP_SMTP_SECURITY is {settings.smtp_security!r}",
                              "Chọn none, starttls hoặc tls.")
    if settings.smtp_host:
        yield _server_route(settings)
    elif settings.is_production:
        raise _settings_error("Chưa khai báo máy chủ thư", "No mail server is set", "Đặt TONGHOP_SMTP_HOST.")
    else:
        from flows.deliver.sink import run_sink

        with run_sink(settings.mailbox_folder) as port:
            server = Server("127.0.0.1", port, "localhost", "none")
            yield Route(SINK, server, settings.mail_sender, is_production=False)


def _server_route(settings: Settings) -> Route:
    _check_login(settings)
    host = settings.smtp_host if settings.is_production else _loopback_address(settings.smtp_host)
    server = Server(host, settings.smtp_port, settings.smtp_host, settings.smtp_security,
                    settings.smtp_authorities, settings.smtp_user, settings.smtp_password)
    if server.security != "none":
        _check_authorities(server)
    return Route(f"{settings.smtp_host}:{settings.smtp_port}", server, settings.mail_sender, settings.is_production)


def _check_login(settings: Settings) -> None:
    if bool(settings.smtp_user) != bool(settings.smtp_password):
        raise _settings_error("Tài khoản thư cần cả tên và mật khẩu", "A login needs a user and a password",
                              "Đặt cả TONGHOP_SMTP_USER và TONGHOP_SMTP_PASSWORD, hoặc bỏ cả hai.")
    if settings.smtp_user and settings.smtp_security == "none":
        raise _settings_error("Mật khẩu máy chủ thư sẽ đi không mã hóa", "The mail password would travel in clear",
                              "Đặt TONGHOP_SMTP_SECURITY là starttls hoặc tls.")


def _check_authorities(server: Server) -> None:
    try:
        trusted(server)
    except OSError as error:
        raise _settings_error(f"Không đọc được chứng thư trong tệp “{server.authorities}”",
                              f"The file of certificates {server.authorities!r} cannot be used: {error}",
                              "Đặt TONGHOP_SMTP_CA là tệp PEM chứa chứng thư của nơi cấp.") from error


def _loopback_address(host: str) -> str:
    """Return the address of a server on this machine; refuse every other outside production.

    The number is what is connected to: a name could mean another machine a moment later.
    """
    try:
        found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
    except OSError:
        found = []
    if not found or not all(ipaddress.ip_address(address).is_loopback for address in found):
        raise _settings_error(
            f"Ngoài môi trường production không được gửi thư qua máy chủ “{host}”",
            f"Outside production no mail may go to the server {host!r}",
            "Bỏ TONGHOP_SMTP_HOST để dùng hộp thư trên máy, hoặc đặt TONGHOP_ENVIRONMENT=production.",
        )
    return found[0]


def hold_reason(settings: Settings, addresses: tuple[str, ...]) -> str:
    """Return why a message must wait for an approval before it is sent; "" when it need not.

    Official documents go to a free mailbox only when its domain is approved (`TONGHOP_APPROVED_DOMAINS`).
    """
    if not settings.is_production:
        return ""
    domains = {address.rpartition("@")[2].lower() for address in addresses}
    waiting = sorted(domains & FREE_MAIL - {domain.lower() for domain in settings.approved_domains})
    return f"Cần phê duyệt gửi tới hộp thư miễn phí (TONGHOP_APPROVED_DOMAINS): {', '.join(waiting)}" if waiting else ""


def transmit(
    route: Route, delivery: Delivery, message: bytes, patience: Patience, note_end: Callable[[], None]
) -> Answer:
    """Try once to hand a message to the server.

    `note_end` is called just before the end of the message goes out. A failure before that cannot have
    delivered anything ("pending"); after it only an answer tells, and silence is "uncertain".

    Raises:
        OperationError: The server does not know our account or the security asked for.
    """
    with contextlib.ExitStack() as stack:
        try:
            smtp = connect(route, patience)
            stack.callback(smtp.close)
            _name_addresses(smtp, route, delivery, len(message))
            _send_body(smtp, message)
        except _RefusedError as refusal:
            return refusal.answer
        except (smtplib.SMTPException, OSError) as error:
            return Answer("pending", f"Chưa gửi được: {error}")
        note_end()
        return _finish(smtp, patience)


def connect(route: Route, patience: Patience) -> Dialogue:
    """Return a dialogue with the server of a route: it greeted us, proved itself, and knows our account.

    Raises:
        OperationError: It is another than the one named, or refuses our account or the security asked for.
        smtplib.SMTPException, OSError: It does not answer, or not now.
    """
    try:
        return open_dialogue(route.server, route.sender.rpartition("@")[2], patience.answer)
    except ssl.SSLCertVerificationError as error:
        name = route.server.certified_name
        raise _settings_error(
            f"Chứng thư của máy chủ thư không chứng minh được máy chủ là “{name}”: {error.verify_message}",
            f"The mail server does not prove to be {name!r}: {error.verify_message}",
            "Kiểm tra TONGHOP_SMTP_HOST; nếu cơ quan dùng nơi cấp chứng thư riêng, đặt TONGHOP_SMTP_CA.",
        ) from error
    except LoginError as error:
        raise _login_error(error) from error


def _login_error(why: object) -> OperationError:
    return _settings_error("Máy chủ thư không chấp nhận tài khoản hoặc cách mã hóa",
                           f"The mail server refuses the account or the security: {why}",
                           "Kiểm tra TONGHOP_SMTP_USER, TONGHOP_SMTP_PASSWORD, TONGHOP_SMTP_SECURITY.")


def _name_addresses(smtp: Dialogue, route: Route, delivery: Delivery, size: int) -> None:
    """Name sender and recipients; one refused recipient refuses the line, so that nobody gets it twice later."""
    options = [f"size={size}"] if smtp.has_extn("size") else []
    _expect((250,), smtp.mail(route.sender, options))
    for address in route.envelope(delivery):
        _expect((250, 251), smtp.rcpt(address), about=address)


def _send_body(smtp: Dialogue, message: bytes) -> None:
    """Send all but the end of the message: without its end a server must forget what it got."""
    _expect((354,), smtp.docmd("DATA"))
    smtp.send(re.sub(rb"(?m)^\.", b"..", message))
    smtp.expect_silence()      # what is said before the end is no answer to it


def _finish(smtp: Dialogue, patience: Patience) -> Answer:
    """Send the end and believe the answer only: whatever is not plainly one leaves open whether it arrived."""
    smtp.answer_seconds = patience.final_answer
    try:
        smtp.send(b".\r\n")
        reached("deliver.after_end_of_data")
        answer = smtp.getreply()
    except (smtplib.SMTPException, OSError) as error:
        return Answer("uncertain", f"Đã gửi hết nội dung nhưng không nhận được trả lời rõ ràng: {error}")
    smtp.answer_seconds = patience.answer
    if not _ends_well(smtp):
        return Answer("uncertain", f"Máy chủ trả lời “{_text(answer)}” rồi còn nói thêm: không rõ câu nào về thư này")
    return Answer(AFTER_END.get(answer[0] // 100, "uncertain"), _text(answer))


def _ends_well(smtp: Dialogue) -> bool:
    """Say goodbye; return whether the server says nothing but goodbye, or nothing more at all."""
    try:
        smtp.expect_silence()
        smtp.putcmd("quit")
        return smtp.getreply()[0] in (221, 421)
    except GarbledError as error:
        return error.is_hang_up
    except (smtplib.SMTPException, OSError):
        return True


def _expect(codes: tuple[int, ...], answer: tuple[int, bytes], about: str = "") -> None:
    """Raise unless the server answered with one of `codes`; a 5xx is final, any other may be tried again.

    Raises:
        OperationError: The server wants another login than ours.
    """
    if answer[0] in ABOUT_OUR_LOGIN:
        raise _login_error(_text(answer))
    if answer[0] not in codes:
        response = f"{about}: {_text(answer)}" if about else _text(answer)
        raise _RefusedError("rejected" if 500 <= answer[0] < 600 else "pending", response)


def _text(answer: tuple[int, bytes]) -> str:
    return f"{answer[0]} {answer[1].decode('utf-8', 'replace')}"


def _settings_error(vi: str, en: str, remedy_vi: str) -> OperationError:
    return OperationError(f"{vi}.", f"{en}.", remedy_vi=remedy_vi)
