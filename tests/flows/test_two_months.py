"""A second month in the same home, whose messages bear the names of the first: nothing stops, nothing is mixed up."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from flows.readings import load_month
from infra.ledger import open_ledger
from infra.settings import load_settings
from tests.moved_month import move_inbox
from tests.whole_month import run_tonghop

FIRST, SECOND = "2019-04", "2019-05"
WITHOUT_PREFECT = {"TONGHOP_PREFECT": "off"}
NUMBER = re.compile(r"(?<![\d.,])\d{1,3}(?:\.\d{3})+(?![\d.,])")  # 1.095: long enough to be one submitter's own
# What a rule computes from a sender's own cells may by chance be a number that somebody else wrote.
COMPUTED = re.compile(r"(?:lệch|vượt|thiếu|theo quy tắc là|nhiều nhất là|ít nhất là|tính ra) -?[\d.,]+")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home_of_two_months(tmp_path_factory: pytest.TempPathFactory, faulty_inbox: Path) -> Path:
    home = tmp_path_factory.mktemp("two-months") / "home"
    later = home.parent / "later"
    move_inbox(faulty_inbox, later)
    for period, inbox in ((FIRST, faulty_inbox), (SECOND, later)):
        done = run_tonghop("month", period, "--inbox", inbox, home=home, env=WITHOUT_PREFECT)
        assert done.returncode == 3, done.stdout + done.stderr
        assert "gặp lỗi" not in done.stderr
    return home


def test_the_second_month_is_read_like_the_first(home_of_two_months: Path) -> None:
    settings = load_settings(home_of_two_months)
    first, second = (
        sorted((o.message, o.submitter_id, o.area_code, o.indicator_id, str(o.value))
               for r in load_month(settings, period) for o in r.reading.observations if o.period == period)
        for period in (FIRST, SECOND)
    )  # fmt: skip
    assert len(second) > 300
    assert second == first


def test_every_file_name_exists_in_both_months_and_each_has_its_receipt(home_of_two_months: Path) -> None:
    receipts = open_ledger(load_settings(home_of_two_months)).receipts()
    names = {period: {r.message for r in receipts if r.period == period} for period in (FIRST, SECOND)}
    assert len(names[FIRST] & names[SECOND]) >= 37
    assert len({r.receipt_id for r in receipts}) == len(receipts)


@pytest.mark.parametrize("period", [FIRST, SECOND])
def test_no_reply_holds_a_figure_of_another_submitter(home_of_two_months: Path, period: str) -> None:
    settings = load_settings(home_of_two_months)
    receipts = {r.receipt_id: r for r in open_ledger(settings).receipts(period)}
    own: dict[str, set[str]] = {}
    for month in (FIRST, SECOND):
        for reading in load_month(settings, month):
            for o in reading.reading.observations:
                own.setdefault(o.submitter_id, set()).update(_shapes(str(o.value)) | set(NUMBER.findall(o.raw_text)))
    foreign: list[str] = []
    replies = sorted((settings.home / "replies" / period).glob("*.eml"))
    assert len(replies) > 30
    for path in replies:
        (receipt_id,) = re.findall(r"R[0-9a-f]{16}", path.name)
        submitter = receipts[receipt_id].submitter_id
        others = {number for other, numbers in own.items() if other != submitter for number in numbers}
        message = message_from_bytes(path.read_bytes(), policy=policy.default)
        text = message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        quoted = set(NUMBER.findall(COMPUTED.sub(" ", text))) & (others - own.get(submitter, set()))
        foreign += [f"{path.name}: {number}" for number in quoted]
    assert not foreign


def _shapes(value: str) -> set[str]:
    return {f"{int(value):,}".replace(",", ".")} if value.isdigit() and int(value) > 999 else set()
