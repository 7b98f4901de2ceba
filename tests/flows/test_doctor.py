"""The doctor names what an operator must mend, each with its place and its remedy."""

from __future__ import annotations

import dataclasses
import http.server
import os
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from flows import doctor
from flows.prefect_server import named_server
from infra import vietnamese
from infra.errors import CatalogueError, OperationError
from infra.locks import held_lock
from infra.settings import Settings
from tests.servers import free_port
from tests.whole_month import run_tonghop


def rows(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[bool, str]]:
    for slow in ("_children", "_archive", "_ledger", "_catalogue"):
        monkeypatch.setattr(doctor, slow, lambda _settings: "")
    return {name: (is_sound, text) for name, is_sound, text in doctor.examine(settings)}


def test_a_home_open_to_other_accounts_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.home.chmod(0o700)
    assert rows(settings, monkeypatch)["Thư mục dữ liệu · home"][0]
    settings.home.chmod(0o750)
    is_sound, text = rows(settings, monkeypatch)["Thư mục dữ liệu · home"]
    assert not is_sound and "050" in text and f"chmod 700 '{settings.home}'" in text


def test_what_proves_senders_is_told_and_in_production_something_must(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = "Thư đến · senders"
    nothing = dataclasses.replace(settings, inbox_trusted="no")
    assert rows(dataclasses.replace(nothing, authserv_id="mx.a.example"), monkeypatch)[row][0]
    assert rows(settings, monkeypatch)[row] == (True, doctor._senders(settings))
    assert "mọi bản gửi lại đều chờ" in rows(nothing, monkeypatch)[row][1]
    is_sound, text = rows(dataclasses.replace(nothing, environment="production"), monkeypatch)[row]
    assert not is_sound and "TONGHOP_AUTHSERV_ID" in text and "by_hand" in text


def test_keys_that_cannot_be_used_are_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert rows(settings, monkeypatch)["Khóa · keys"][0]
    file = settings.home / "a file"
    file.write_text("no folder")
    is_sound, text = rows(dataclasses.replace(settings, keys=str(file)), monkeypatch)["Khóa · keys"]
    assert not is_sound and str(file) in text


def test_little_room_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert rows(settings, monkeypatch)["Chỗ trống · free disk"][0]
    monkeypatch.setattr(doctor, "FREE_ENOUGH", 1 << 60)
    is_sound, text = rows(settings, monkeypatch)["Chỗ trống · free disk"]
    assert not is_sound and str(settings.home) in text


def test_a_clock_before_the_installation_is_named(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rows(settings, monkeypatch)["Giờ máy · clock"][0]
    lock = tmp_path / "requirements.lock"
    lock.write_text("")
    os.utime(lock, (4_000_000_000, 4_000_000_000))
    monkeypatch.setattr(doctor, "PROJECT", tmp_path)
    is_sound, text = rows(settings, monkeypatch)["Giờ máy · clock"]
    assert not is_sound and "NTP" in text


def test_production_without_a_mail_server_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert rows(settings, monkeypatch)["Thư đi · mail"][0]
    production = dataclasses.replace(settings, environment="production")
    is_sound, text = rows(production, monkeypatch)["Thư đi · mail"]
    assert not is_sound and "TONGHOP_SMTP_HOST" in text


def test_mail_settings_that_delivery_refuses_are_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = dataclasses.replace(settings, smtp_host="192.0.2.1")   # outside production mail stays on the machine
    assert not rows(elsewhere, monkeypatch)["Thư đi · mail"][0]


def test_a_catalogue_without_this_month_or_the_next_is_named(settings: Settings) -> None:
    def on(year: int, month: int, day: int) -> Settings:
        return dataclasses.replace(settings, clock=lambda: datetime(year, month, day, tzinfo=vietnamese.HANOI))

    assert doctor._catalogue(on(2019, 4, 30))
    with pytest.raises(CatalogueError, match="does not serve 1990-01, 1990-02"):
        doctor._catalogue(on(1990, 1, 31))


def test_the_standing_server_is_said_to_run_and_production_wants_an_operator(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "Máy chủ thường trực · standing server"
    is_sound, text = rows(settings, monkeypatch)[name]
    assert is_sound and "not running" in text and "30 17 18 * *" in text
    with held_lock(settings.home / "serve.lock", 0, "http://127.0.0.1:4201"):
        assert "http://127.0.0.1:4201" in rows(settings, monkeypatch)[name][1]
    production = dataclasses.replace(settings, environment="production")
    is_sound, text = rows(production, monkeypatch)[name]
    assert not is_sound and "TONGHOP_OPERATOR" in text


@pytest.fixture
def web_server() -> Iterator[str]:
    """A web server: below /api it answers as Prefect does, below /key it asks for one, elsewhere with a page."""

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(401 if self.path.startswith("/key") else 200)
            self.end_headers()
            self.wfile.write(b"true" if self.path == "/api/health" else b"<p>true</p>")

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test's output clean."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_prefect_server_that_answers_is_used(
    web_server: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in ("/api", "/api/", "/key"):
        monkeypatch.setenv("PREFECT_API_URL", web_server + path)
        assert rows(settings, monkeypatch)["Prefect"] == (True, web_server + path)
    monkeypatch.delenv("PREFECT_API_URL")
    assert rows(settings, monkeypatch)["Prefect"][0] and named_server() == ""


NONSENSE = ["nonsense", "http://[", "file:///proc/version", "http://", "http://127.0.0.1:99999/api", "http://a b", " "]


@pytest.mark.parametrize("url", NONSENSE)
def test_an_address_at_which_no_prefect_can_answer_is_named(
    url: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", url)
    is_sound, text = rows(settings, monkeypatch)["Prefect"]
    assert not is_sound and f"PREFECT_API_URL={url}" in text and "Sửa PREFECT_API_URL" in text


def test_another_web_server_is_not_prefect_and_no_password_is_shown(
    web_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for address in (web_server, "http://[", "http://127.0.0.1:x"):
        monkeypatch.setenv("PREFECT_API_URL", address.replace("//", "//user:secret@"))
        with pytest.raises(OperationError) as raised:
            named_server()
        assert "secret" not in str(raised.value)


def test_a_month_does_not_begin_without_the_named_prefect(sample_inbox: Path, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}/api"
    home = tmp_path / "home"
    done = run_tonghop("month", "2019-04", "--inbox", sample_inbox, home=home, env={"PREFECT_API_URL": url})
    assert done.returncode == 5 and f"PREFECT_API_URL={url}" in done.stderr, done.stderr
    assert not (home / "archive").exists() and not (home / "ledger.sqlite").exists()
