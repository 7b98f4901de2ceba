"""Real servers that speak TLS and ask for a login: mail goes only to the one that was named."""

from __future__ import annotations

import contextlib
import socket

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from flows.deliver.mailer import Patience
from flows.doctor import examine
from infra.errors import OperationError
from tests.certificates import Authority
from tests.patience import FAR_SECONDS

# The library warns of a server that takes a login without STARTTLS; one that speaks TLS from the start may.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
QUICK = Patience(answer=FAR_SECONDS, final_answer=FAR_SECONDS, pauses=())
USER, PASSWORD = "tonghop", "mật khẩu ✓"


class Keeper:
    """Keeps what it is given, and from whom."""

    def __init__(self):
        self.messages, self.named, self.logins = [], [], []

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802  the library's name
        self.named.append(address)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  the library's name
        self.messages.append(envelope.original_content)
        self.logins.append(session.auth_data)
        return "250 taken over"

    def believe(self, server, session, envelope, mechanism, auth_data):
        given = (auth_data.login.decode(), auth_data.password.decode())
        return AuthResult(success=given == (USER, PASSWORD), handled=False, auth_data=given[0])


@contextlib.contextmanager
def running(keeper, security, context):
    """Run a server that takes nothing without TLS and a login."""
    listener = socket.create_server(("127.0.0.1", 0))

    class Loopback(Controller):
        def _create_server(self):
            return self.loop.create_server(self._factory_invoker, sock=listener, ssl=self.ssl_context)

        def factory(self):
            return SMTP(self.handler, **self.SMTP_kwargs)

    options = {"ssl_context": context, "auth_require_tls": False}
    if security == "starttls":
        options = {"tls_context": context, "require_starttls": True}
    controller = Loopback(
        keeper, hostname="127.0.0.1", port=listener.getsockname()[1], ready_timeout=FAR_SECONDS,
        authenticator=keeper.believe, auth_required=True, **options,
    )
    controller.start()
    try:
        yield listener.getsockname()[1]
    finally:
        controller.stop()


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@pytest.fixture
def office_at(make_office, authority):
    def make(port, security, **changes):
        secured = {
            "environment": "production", "approved_domains": ("gmail.com",), "smtp_host": "localhost",
            "smtp_port": port, "smtp_security": security, "smtp_authorities": str(authority.file),
            "smtp_user": USER, "smtp_password": PASSWORD,
        }
        return make_office(**(secured | changes))

    return make


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("environment", ["production", "development"])
def test_mail_goes_out_over_a_verified_connection_with_a_login(office_at, authority, security, environment):
    keeper = Keeper()
    with running(keeper, security, authority.server_context("localhost")) as port:
        office = office_at(port, security, environment=environment)
        deliveries = office.deliver(office.publish(), QUICK)
        sound = {name: text for name, is_sound, text in examine(office.settings) if is_sound}
    mailed = [d for d in deliveries.values() if d.message_id]
    assert [d.state for d in mailed] == ["accepted"] * 4
    assert keeper.messages == [office.archive.get(d.message_sha256) for d in mailed]
    assert keeper.logins == [USER] * 4
    assert security in sound["Thư đi · mail"] and "logged in" in sound["Thư đi · mail"]


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("fault", ["another name", "expired", "not yet in force", "unknown authority"])
def test_a_server_that_does_not_prove_who_it_is_gets_nothing(office_at, authority, tmp_path, security, fault):
    stranger = Authority(tmp_path, "stranger")
    context = {
        "another name": lambda: authority.server_context("elsewhere.example"),
        "expired": lambda: authority.server_context("localhost", -9, -1),
        "not yet in force": lambda: authority.server_context("localhost", 1, 9),
        "unknown authority": lambda: stranger.server_context("localhost"),
    }[fault]()
    keeper = Keeper()
    with running(keeper, security, context) as port:
        office = office_at(port, security)
        edition = office.publish()
        with pytest.raises(OperationError, match="không chứng minh được máy chủ là “localhost”") as raised:
            office.deliver(edition, QUICK)
        failing = {name: text for name, is_sound, text in examine(office.settings) if not is_sound}
    assert "TONGHOP_SMTP_CA" in raised.value.remedy_vi
    assert "localhost" in failing["Thư đi · mail"]
    assert (keeper.named, keeper.messages) == ([], [])
    assert {d.state for d in office.ledger.deliveries() if d.message_id} == {"pending"}


def test_without_a_file_of_our_own_the_authorities_of_the_system_decide(office_at, authority):
    keeper = Keeper()
    with running(keeper, "tls", authority.server_context("localhost")) as port:
        office = office_at(port, "tls", smtp_authorities="")
        with pytest.raises(OperationError, match="không chứng minh được"):
            office.deliver(office.publish(), QUICK)
    assert keeper.messages == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_wrong_password_sends_nothing_and_rejects_nobody(office_at, authority, security):
    keeper = Keeper()
    with running(keeper, security, authority.server_context("localhost")) as port:
        office = office_at(port, security, smtp_password="nhầm")
        edition = office.publish()
        with pytest.raises(OperationError, match="không chấp nhận tài khoản"):
            office.deliver(edition, QUICK)
        assert {d.state for d in office.ledger.deliveries() if d.message_id} == {"pending"}
        right = office_at(port, security)
        assert {d.state for d in right.deliver(edition, QUICK).values() if d.message_id} == {"accepted"}
    assert len(keeper.messages) == 4


def test_a_server_that_asks_for_a_login_we_do_not_have_rejects_nobody(office_at, authority):
    keeper = Keeper()
    with running(keeper, "tls", authority.server_context("localhost")) as port:
        office = office_at(port, "tls", smtp_user="", smtp_password="")
        with pytest.raises(OperationError, match="không chấp nhận tài khoản"):
            office.deliver(office.publish(), QUICK)
    assert {d.state for d in office.ledger.deliveries() if d.message_id} == {"pending"}


def test_a_plain_server_where_tls_is_asked_for_gets_nothing(office_at):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        office = office_at(listener.getsockname()[1], "tls")
        brief = Patience(answer=0.3, final_answer=0.3, pauses=())
        deliveries = office.deliver(office.publish(), brief)
    assert {d.state for d in deliveries.values() if d.message_id} == {"pending"}


@pytest.mark.parametrize("environment", ["production", "development"])
def test_a_password_without_tls_is_refused_with_a_sentence(make_office, environment):
    office = make_office(environment=environment, smtp_host="127.0.0.1", smtp_user="u", smtp_password="p")
    with pytest.raises(OperationError, match="không mã hóa"):
        office.deliver(office.publish())


@pytest.mark.parametrize("half", [{"smtp_user": "u"}, {"smtp_password": "p"}])
def test_half_a_login_is_refused_with_a_sentence(make_office, half):
    office = make_office(smtp_host="127.0.0.1", smtp_security="tls", **half)
    with pytest.raises(OperationError, match="cả tên và mật khẩu"):
        office.deliver(office.publish())


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_a_file_of_authorities_that_holds_none_is_refused_with_a_sentence(make_office, tmp_path, content):
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    office = make_office(smtp_host="127.0.0.1", smtp_security="tls", smtp_authorities=str(file))
    with pytest.raises(OperationError, match=r"ca\.pem"):
        office.deliver(office.publish())
