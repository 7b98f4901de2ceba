"""A notice to the operator goes through the outbox: once for each key, whatever dies, and to nobody else."""

from __future__ import annotations

import dataclasses
import email
import subprocess
import sys
from email import policy
from pathlib import Path

import pytest

from flows.deliver.notice import send_notice
from flows.events import Event
from flows.telling import tell_operator
from infra.archive import open_archive
from infra.ledger import open_ledger
from infra.settings import PROJECT, Settings
from tests.patience import FAR_SECONDS
from tests.servers import free_port

EVENT = Event("monthly.failed.2026-11.x", "[tonghop] Báo cáo tháng 2026-11: không xong", "Hết chỗ trên ổ đĩa.\n")
TELL = """
import sys
from flows.telling import tell_operator
from infra.settings import load_settings
from tests.unit.deliver.test_notice import EVENT
tell_operator(load_settings(sys.argv[1]), EVENT)
"""


def mailbox(settings: Settings) -> list[Path]:
    return sorted(settings.mailbox_folder.glob("*.eml"))


def test_an_event_is_told_once_and_its_mail_says_what_happened(settings: Settings) -> None:
    for _ in range(3):
        assert tell_operator(settings, EVENT)
    (path,) = mailbox(settings)
    message = email.message_from_bytes(path.read_bytes(), policy=policy.default)
    assert message["Subject"] == EVENT.subject
    assert message.get_content().split() == EVENT.text.split()
    assert message["Auto-Submitted"] == "auto-generated"
    (line,) = open_ledger(settings).deliveries()
    assert (line.state, line.period, line.recipient_id) == ("accepted", "", "operator")
    assert open_ledger(settings).verify_audit() > 0


def test_another_event_is_another_mail(settings: Settings) -> None:
    tell_operator(settings, EVENT)
    tell_operator(settings, dataclasses.replace(EVENT, key="monthly.failed.2026-12.x"))
    assert len(mailbox(settings)) == 2


@pytest.mark.parametrize("place", [
    "deliver.after_claim", "deliver.before_end_of_data", "deliver.after_end_of_data", "deliver.after_answer",
    "sink.before_file", "sink.after_file",
])
def test_whoever_is_killed_while_telling_the_operator_hears_it_once(settings: Settings, place: str) -> None:
    command = [sys.executable, "-c", TELL, str(settings.home)]
    environment = {"KILL_AT": place, "PATH": ""}
    done = subprocess.run(command, cwd=PROJECT, env=environment, timeout=FAR_SECONDS, capture_output=True)
    assert done.returncode == -9, done.stderr
    assert tell_operator(settings, EVENT)
    assert len(mailbox(settings)) == 1


def test_a_server_that_is_away_leaves_the_notice_for_the_next_time(settings: Settings) -> None:
    away = dataclasses.replace(settings, smtp_host="127.0.0.1", smtp_port=free_port())
    assert not tell_operator(away, EVENT)
    assert tell_operator(settings, EVENT)
    assert len(mailbox(settings)) == 1


def test_in_production_without_an_operator_nobody_is_mailed(settings: Settings) -> None:
    production = dataclasses.replace(settings, environment="production")
    assert tell_operator(production, EVENT)
    assert open_ledger(settings).deliveries() == []


def test_a_free_mailbox_of_the_operator_waits_for_approval(settings: Settings) -> None:
    production = dataclasses.replace(settings, environment="production", smtp_host="127.0.0.1", smtp_port=free_port())
    ledger, archive = open_ledger(settings), open_archive(settings)
    for operator, state in (("op@office.example", "pending"), ("op@outlook.com", "held")):
        asked = dataclasses.replace(production, operator=operator)
        assert send_notice(asked, archive, ledger, state, "subject", "text").state == state
        (line,) = ledger.deliveries(edition_id=f"notice.{state}")
        assert (line.state, line.addresses) == (state, (operator,))
