"""Settings are typed: what a variable cannot say is a sentence, and a secret is printed nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.doctor import examine
from infra.errors import OperationError
from infra.ledger_store import open_engine
from infra.settings import VARIABLES, load_settings, unknown_variables
from tests.whole_month import run_tonghop

WRONG = {
    "TONGHOP_SMTP_PORT": ["abc", "0", "65536", "-25", "２５", "25.0"],
    "TONGHOP_ENVIRONMENT": ["prod", "Production", "development;"],
    "TONGHOP_SMTP_SECURITY": ["ssl", "TLS", "true"],
    "TONGHOP_PREFECT": ["no", "0"],
    "TONGHOP_SMTP_HOST": ["smtp://mail.example", "mail.example:25", "hai từ", "x..y", "x" * 70, "-x.example"],
    "TONGHOP_MAIL_SENDER": ["Sở", "so@", "a@b.example, c@d.example"],
    "TONGHOP_APPROVED_DOMAINS": ["gmail", "a@mail.example", "gmail.com;yahoo"],
    "TONGHOP_ARCHIVE": ["http://bucket", "s3:bucket", "s3://", "../archive", "~nobody-here/a"],
    "TONGHOP_S3_ENDPOINT": ["minio:9000"],
    "TONGHOP_LEDGER": [
        "mysql://x", "ledger.sqlite", "sqlite:///", "sqlite:///:memory:", "sqlite://", "sqlite:", "sqlite:////",
        "sqlite:///.", "sqlite:///../x.sqlite", "sqlite:///~nobody-here/x", "sqlite:///file:x?mode=memory&uri=true",
        "sqlite+pysqlite:////x.db", "sqlite+aiosqlite:///x.db", "postgresql+asyncpg://h/x", "postgresql://h:abc/x",
        "postgresql://:::", "postgresql://", "postgresql://h", "postgresql://h/", "postgresql://h:0/x",
        "postgresql://[/x", "sqlite:////dev/null",
    ],
    "TONGHOP_HOME": ["~nobody-here/x"],
    "TONGHOP_SMTP_CA": ["../ca.pem", "~nobody-here/ca.pem"],
    "PREFECT_API_URL": ["foo", " ", "ftp://h/api", "http://", "http://[", "http://a b", "http://h:99999/api"],
    "PREFECT_SERVER_API_AUTH_STRING": ["sở:mật-khẩu", "name", ":", "name:", ":word", "a b:c", " "],
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in WRONG.items() for text in texts])
def test_what_a_variable_cannot_say_is_a_sentence(
    name: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, text)
    with pytest.raises(OperationError) as raised:
        load_settings(None if name == "TONGHOP_HOME" else tmp_path / "home")
    assert name in raised.value.message_vi and name in raised.value.message_en and raised.value.remedy_vi


def test_blank_variables_count_as_unset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TONGHOP_INBOX_TRUSTED")
    expected = load_settings(tmp_path / "home")
    for name in VARIABLES:
        monkeypatch.setenv(name, "  ")
    assert load_settings(tmp_path / "home") == expected


def test_right_values_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given_values = {"TONGHOP_SMTP_PORT": " 587 ", "TONGHOP_APPROVED_DOMAINS": "Gmail.com, yahoo.com.vn",
                    "TONGHOP_SMTP_HOST": "::1", "TONGHOP_ARCHIVE": "s3://bucket/a b", "TONGHOP_SMTP_PASSWORD": " x "}
    for name, text in given_values.items():
        monkeypatch.setenv(name, text)
    found = load_settings(tmp_path / "home")
    assert (found.smtp_port, found.approved_domains, found.smtp_password) == (587, ("gmail.com", "yahoo.com.vn"), " x ")


def test_every_path_is_absolute_and_below_the_home_unless_it_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, user = tmp_path / "nhà ?#%", tmp_path / "user"
    monkeypatch.setenv("HOME", str(user))
    for text, expected in (("a/b", home / "a/b"), ("~/b", user / "b"), (str(tmp_path / "c"), tmp_path / "c")):
        monkeypatch.setenv("TONGHOP_ARCHIVE", text)
        monkeypatch.setenv("TONGHOP_SMTP_CA", text)
        monkeypatch.setenv("TONGHOP_LEDGER", f"sqlite:///{text}")
        expected.parent.mkdir(parents=True, exist_ok=True)
        expected.touch()
        found = load_settings(home)
        assert {found.archive_url, found.smtp_authorities} == {str(expected)}
        assert found.ledger_url == f"sqlite:///{expected}"
    monkeypatch.setenv("TONGHOP_HOME", "~/nhà")
    assert load_settings().home == user / "nhà"


@pytest.mark.parametrize("url", [
    "postgresql://h/x", "postgresql+psycopg://user:p%40ss@h:5432/x?sslmode=require", "postgresql:///x?host=/var/run",
])  # fmt: skip
def test_addresses_of_a_postgresql_ledger_are_kept(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGHOP_LEDGER", url)
    found = load_settings(tmp_path / "home").ledger_url
    assert found == url and open_engine(found).dialect.driver == "psycopg"


@pytest.mark.parametrize("url", ["sqlite:///", "sqlite:///:memory:", "sqlite://", "sqlite:///x", "postgresql://h:a/x"])
def test_no_ledger_is_opened_that_would_forget(url: str) -> None:
    with pytest.raises(OperationError, match="TONGHOP_LEDGER"):
        open_engine(url)


@given(secret=st.text("abcdefgh0123456789", min_size=12, max_size=20))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_secrets_are_printed_nowhere(secret: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGHOP_SMTP_PASSWORD", secret)
    monkeypatch.setenv("TONGHOP_LEDGER", f"postgresql://user:{secret}@127.0.0.1/x")
    assert secret not in repr(load_settings(tmp_path / "home"))
    for name, wrong in (
        ("TONGHOP_LEDGER", f"mysql://user:{secret}@127.0.0.1/x"), ("TONGHOP_LEDGER", f"postgresql://user:{secret}"),
        ("PREFECT_API_URL", f"http://user:{secret}@"), ("PREFECT_SERVER_API_AUTH_STRING", f"ổ:{secret}"),
    ):  # fmt: skip
        with monkeypatch.context() as patch, pytest.raises(OperationError) as raised:
            patch.setenv(name, wrong)
            load_settings(tmp_path / "home")
        assert secret not in str(raised.value)


def test_a_mistyped_variable_is_told_with_the_one_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGHOP_SMPT_HOST", "mail.example")
    assert unknown_variables() == [("TONGHOP_SMPT_HOST", "TONGHOP_SMTP_HOST")]
    rows = {name: (ok, text) for name, ok, text in examine(load_settings(tmp_path / "home"))}
    assert rows["Cài đặt · settings"][0] is False and "TONGHOP_SMTP_HOST" in rows["Cài đặt · settings"][1]


@pytest.mark.parametrize(("name", "text"), [
    ("TONGHOP_LEDGER", "sqlite:///"), ("PREFECT_SERVER_API_AUTH_STRING", "sở:mật-khẩu"), ("PREFECT_API_URL", "foo"),
])  # fmt: skip
def test_the_doctor_names_a_setting_that_cannot_be_used_with_prefect_off(name: str, text: str, tmp_path: Path) -> None:
    done = run_tonghop("doctor", home=tmp_path / "home", env={name: text, "TONGHOP_PREFECT": "off"})
    assert done.returncode == 5 and name in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [("doctor",), ("month", "2019-04"), ("decisions", "--period", "2019-04")])
def test_a_wrong_setting_is_a_sentence_at_the_start(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = run_tonghop(*command, home=tmp_path / "home", env={"TONGHOP_SMTP_PORT": "abc"})
    assert done.returncode == 5 and "TONGHOP_SMTP_PORT" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "home").exists()
