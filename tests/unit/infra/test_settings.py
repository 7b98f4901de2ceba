"""Settings are typed: what a variable cannot say is a sentence, and a secret is printed nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.doctor import examine
from infra.errors import OperationError
from infra.settings import VARIABLES, load_settings, unknown_variables
from tests.whole_month import run_tonghop

WRONG = {
    "TONGHOP_SMTP_PORT": ["abc", "0", "65536", "-25", "２５", "25.0"],
    "TONGHOP_ENVIRONMENT": ["prod", "Production", "development;"],
    "TONGHOP_SMTP_SECURITY": ["ssl", "TLS", "true"],
    "TONGHOP_PREFECT": ["no", "0"],
    "TONGHOP_SMTP_HOST": ["smtp://mail.example", "mail.example:25", "hai từ"],
    "TONGHOP_MAIL_SENDER": ["Sở", "so@", "a@b.example, c@d.example"],
    "TONGHOP_APPROVED_DOMAINS": ["gmail", "a@mail.example", "gmail.com;yahoo"],
    "TONGHOP_ARCHIVE": ["http://bucket", "s3:bucket", "s3://"],
    "TONGHOP_S3_ENDPOINT": ["minio:9000"],
    "TONGHOP_LEDGER": ["mysql://x", "ledger.sqlite"],
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in WRONG.items() for text in texts])
def test_what_a_variable_cannot_say_is_a_sentence(
    name: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, text)
    with pytest.raises(OperationError) as raised:
        load_settings(tmp_path / "home")
    assert name in raised.value.message_vi and name in raised.value.message_en and raised.value.remedy_vi


def test_blank_variables_count_as_unset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


@given(secret=st.text("abcdefgh0123456789", min_size=12, max_size=20))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_secrets_are_printed_nowhere(secret: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGHOP_SMTP_PASSWORD", secret)
    monkeypatch.setenv("TONGHOP_LEDGER", f"postgresql://user:{secret}@127.0.0.1/x")
    assert secret not in repr(load_settings(tmp_path / "home"))
    monkeypatch.setenv("TONGHOP_LEDGER", f"mysql://user:{secret}@127.0.0.1/x")
    with pytest.raises(OperationError) as raised:
        load_settings(tmp_path / "home")
    assert secret not in str(raised.value)


def test_a_mistyped_variable_is_told_with_the_one_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGHOP_SMPT_HOST", "mail.example")
    assert unknown_variables() == [("TONGHOP_SMPT_HOST", "TONGHOP_SMTP_HOST")]
    rows = {name: (ok, text) for name, ok, text in examine(load_settings(tmp_path / "home"))}
    assert rows["Cài đặt · settings"][0] is False and "TONGHOP_SMTP_HOST" in rows["Cài đặt · settings"][1]


@pytest.mark.parametrize("command", [("doctor",), ("month", "2019-04"), ("decisions", "--period", "2019-04")])
def test_a_wrong_setting_is_a_sentence_at_the_start(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = run_tonghop(*command, home=tmp_path / "home", env={"TONGHOP_SMTP_PORT": "abc"})
    assert done.returncode == 5 and "TONGHOP_SMTP_PORT" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "home").exists()
