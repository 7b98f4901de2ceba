"""What a person gets wrong is answered with a sentence, the place and an exit code, never with a traceback."""

from __future__ import annotations

import email
import email.policy
import os
from email.message import EmailMessage
from pathlib import Path

import pytest

from flows import decisions
from flows.sample import write_sample
from infra.errors import SubmissionError
from infra.ledger import open_ledger
from infra.settings import Settings, load_settings
from tests.people import STEWARD_ID
from tests.whole_month import run_tonghop

PLAIN = {"TONGHOP_PREFECT": "off"}


def assert_answered(done: object, exit_code: int, *words: str) -> None:
    text = done.stdout + done.stderr  # type: ignore[attr-defined]
    assert done.returncode == exit_code, text  # type: ignore[attr-defined]
    assert "Traceback" not in text
    for word in words:
        assert word in text, f"“{word}” is not in: {text}"


def test_an_empty_inbox_is_answered(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    done = run_tonghop("month", "2019-04", "--inbox", tmp_path / "inbox", home=tmp_path / "home", env=PLAIN)
    assert_answered(done, 4, str(tmp_path / "inbox"))


def test_an_inbox_that_is_not_there_is_answered(tmp_path: Path) -> None:
    done = run_tonghop("month", "2019-04", "--inbox", tmp_path / "nowhere", home=tmp_path / "home", env=PLAIN)
    assert_answered(done, 4, str(tmp_path / "nowhere"))


def test_a_month_without_catalogue_is_answered(tmp_path: Path) -> None:
    done = run_tonghop("month", "2010-01", "--inbox", tmp_path, home=tmp_path / "home", env=PLAIN)
    assert_answered(done, 6, "2010-01", "submitters.csv")


@pytest.mark.parametrize("period", ["04-2019", "2019-13", "april"])
def test_a_period_that_is_no_month_is_answered(period: str, tmp_path: Path) -> None:
    done = run_tonghop("month", period, "--inbox", tmp_path, home=tmp_path / "home", env=PLAIN)
    assert_answered(done, 4, "2019-04")


def test_a_home_that_cannot_be_written_is_answered(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where the folder should be")
    done = run_tonghop("month", "2019-04", "--inbox", tmp_path, home=tmp_path / "home", env=PLAIN)
    assert_answered(done, 5, str(tmp_path / "home"))


def test_figures_of_a_month_never_run_are_answered(tmp_path: Path) -> None:
    done = run_tonghop("figures", "--period", "2019-04", home=tmp_path / "home")
    assert_answered(done, 5)


def _change_first_workbook(folder: Path, change: object) -> str:
    """Replace the first .xlsx attachment of the sample by what `change` makes of it; return the message's name."""
    for path in sorted(folder.glob("*.eml")):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        for part in message.iter_attachments():
            if (part.get_filename() or "").endswith(".xlsx"):
                data, name = part.get_payload(decode=True), part.get_filename()
                part.set_content(change(data), maintype="application", subtype="octet-stream",  # type: ignore[operator]
                                 disposition="attachment", filename=name)
                path.write_bytes(bytes(message))
                return path.name
    raise AssertionError("the sample has no workbook")


def test_a_truncated_workbook_is_named_and_stops_the_month(tmp_path: Path) -> None:
    inbox, home = tmp_path / "inbox", tmp_path / "home"
    write_sample("2019-04", inbox)
    name = _change_first_workbook(inbox, lambda data: data[: len(data) * 6 // 10])
    done = run_tonghop("month", "2019-04", "--inbox", inbox, home=home, env=PLAIN)
    assert_answered(done, 3)
    listed = run_tonghop("findings", "--period", "2019-04", "--format", "json", home=home)
    assert name in listed.stdout
    assert "Traceback" not in listed.stdout + listed.stderr


def test_a_workbook_of_another_month_is_refused_and_stops_the_month(tmp_path: Path) -> None:
    inbox, home = tmp_path / "inbox", tmp_path / "home"
    write_sample("2019-04", inbox)
    name = _change_first_workbook(inbox, _say_another_year)
    done = run_tonghop("month", "2019-04", "--inbox", inbox, home=home, env=PLAIN)
    assert_answered(done, 3)
    listed = run_tonghop("findings", "--period", "2019-04", "--format", "json", home=home)
    assert name in listed.stdout


def _say_another_year(data: bytes) -> bytes:
    """Return the same workbook with 2018 wherever a text cell says 2019."""
    import io

    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(data))
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, str):
                    cell.value = cell.value.replace("2019", "2018")
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(("submitter", "area", "indicator", "said"), [
    ("vnpt", "633", "telecom_bts_total", ("đã gửi số này: 35", "tonghop correct")),
    ("vnpt", "64", "newspaper_issues", ("không phải cung cấp", "provisions.csv")),
    ("dist_633", "64", "telecom_bts_total", ("không cung cấp telecom_bts_total của địa bàn 64", "633")),
])
def test_a_figure_that_was_sent_or_that_nobody_owes_is_not_supplied(
    published_home: Path, submitter: str, area: str, indicator: str, said: tuple[str, ...]
) -> None:
    settings = load_settings(published_home)
    with pytest.raises(SubmissionError) as caught:
        decisions.supply(settings, "2019-04", submitter, area, indicator, "7", "Đơn vị báo qua thư", STEWARD_ID)
    text = f"{caught.value.message_vi} {caught.value.remedy_vi}"
    assert all(word in text for word in said), text
    assert open_ledger(settings).decisions("2019-04") == []


@pytest.mark.parametrize("command", [("read",), ("read-report",), ("check-report", "--against", "2019-04")])
@pytest.mark.parametrize("kind", ["device", "pipe", "folder", "absent"])
def test_what_is_no_file_is_answered_and_not_read_to_its_end(
    command: tuple[str, ...], kind: str, tmp_path: Path
) -> None:
    path = Path("/dev/zero") if kind == "device" else tmp_path / "x.docx"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    done = run_tonghop(command[0], path, *command[1:], home=tmp_path / "home", env=PLAIN)
    assert_answered(done, 4, str(path), "Cách xử lý")


def test_a_delivery_that_is_not_there_is_answered_with_the_place_and_the_way_out(tmp_path: Path) -> None:
    stated = ("--arrived", "--by", STEWARD_ID, "--reason", "b")
    done = run_tonghop("settle", "2019-04-9.NOBODY", *stated, home=tmp_path / "home", env=PLAIN)
    assert_answered(done, 5, "2019-04-9.nobody", "Tại", "tonghop deliveries")


def test_ids_may_be_typed_in_capitals(published_home: Path) -> None:
    settings = load_settings(published_home)
    with pytest.raises(SubmissionError, match="không có gì để sửa"):
        _correct_in_capitals(settings)


def _correct_in_capitals(settings: Settings) -> None:
    from infra.warehouse import fetch, open_current

    query = "select observation_id, reported_value from marts.fct_observations where reported_value > 100 limit 1"
    with open_current(settings, "2019-04") as connection:
        (name, value), = fetch(connection, query)
    decisions.correct(settings, "2019-04", f" {name.upper()} ", f"{value:.0f}", "b", STEWARD_ID)
