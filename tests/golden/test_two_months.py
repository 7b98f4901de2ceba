"""Two months in one home, whose messages and files bear the same names: no reply holds another submitter's figure."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import openpyxl
import pytest

from flows.mail import parse_mail
from infra.settings import load_settings
from infra.warehouse import fetch, open_current
from tests.whole_month import run_tonghop

SENDERS = {
    "vnpt": "thongke@vnpt-gl.example",
    "viettel": "baocao@viettel-gl.example",
    "mobifone": "mobifone.gl@mbf-tn.example",
}
MONTHS = ("2019-04", "2019-05")
DISTRICTS = ("TP. Pleiku", "Chư Sê", "KBang")


def figures(month: int, submitter: int) -> list[list[int]]:
    """Rows of (prepaid, stations) that no two submitters or months share.

    May doubles, so that rules quote the month before; the typed totals are too large.
    """
    prepaid, stations, times = 10_000 + 3_000 * submitter, 1_200 + 130 * submitter, month - 3
    rows = [[times * (prepaid + 101 * n) + month, times * (stations + 11 * n) + month] for n in range(len(DISTRICTS))]
    return [*rows, [sum(r[0] for r in rows) + 900, sum(r[1] for r in rows) + 90]]


def workbook(month: int, submitter: int) -> bytes:
    book = openpyxl.Workbook()
    book.active.title = "BC"
    book.active.append([f"BÁO CÁO SỐ LIỆU THÁNG {month} NĂM 2019"])
    book.active.append(["TT", "Huyện", "Thuê bao trả trước", "Trạm BTS"])
    for number, (name, row) in enumerate(zip((*DISTRICTS, "Tổng cộng"), figures(month, submitter), strict=True), 1):
        book.active.append([number if name in DISTRICTS else "", name, *row])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def write_inbox(folder: Path, month: int) -> None:
    """The same three names every month, each time from another sender."""
    folder.mkdir()
    for number, (name, address) in enumerate(SENDERS.items()):
        mail = EmailMessage()
        mail["From"], mail["Subject"] = address, f"BC tháng {month}/2019"
        mail["Date"] = f"16 {'Apr' if month == 4 else 'May'} 2019 09:00:00 +0700"
        mail["Message-ID"] = f"<{name}.{month}@x.example>"
        mail.set_content(f"Gửi báo cáo tháng {month}/2019.")
        mail.add_attachment(workbook(month, number), maintype="application", subtype="octet-stream",
                            filename="Bieu so lieu.xlsx")
        (folder / f"{(number + month) % 3}.eml").write_bytes(mail.as_bytes())


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("months")
    for period in MONTHS:
        write_inbox(folder / period, int(period[5:]))
        done = run_tonghop("month", period, "--inbox", folder / period, home=folder / "home",
                           env={"TONGHOP_PREFECT": "off"})
        assert done.returncode in (0, 3), done.stdout + done.stderr
    return folder / "home"


def words_of(reply: Path) -> tuple[str, str]:
    """Return whom a reply goes to, and every word of its letter and of the workbooks with it, notes too."""
    mail = parse_mail(reply.read_bytes())
    return mail.headers["to"], "\n".join([mail.body, *(w for a in mail.attachments for w in workbook_words(a.data))])


def workbook_words(data: bytes) -> Iterator[str]:
    for sheet in openpyxl.load_workbook(io.BytesIO(data)):
        for cell in (cell for row in sheet.iter_rows() for cell in row):
            yield str(cell.value or "")
            yield cell.comment.text if cell.comment else ""


def numbers_in(text: str) -> set[int]:
    """Numbers of four digits and more, however they are grouped."""
    found = re.findall(r"(?<!\w)(?:\d{1,3}(?:[. ]\d{3})+|\d{4,})(?!\w)", text)
    return {int(re.sub(r"\D", "", number)) for number in found}


@pytest.mark.parametrize("period", MONTHS)
def test_no_reply_holds_a_figure_of_another_submitter(home: Path, period: str) -> None:
    sent = {address: {n for m in (4, 5) for row in figures(m, number) for n in row}
            for number, address in enumerate(SENDERS.values())}
    replies = [words_of(path) for path in sorted((home / "replies" / period).iterdir())]
    assert sorted(to for to, _ in replies) == sorted(SENDERS.values())
    for to, words in replies:
        foreign = set().union(*(values for address, values in sent.items() if address != to)) - sent[to]
        assert numbers_in(words) & sent[to], "a reply that quotes nothing proves nothing"
        assert not numbers_in(words) & foreign


def test_every_wrong_total_is_said_to_who_sent_it(home: Path) -> None:
    for path in (home / "replies" / "2019-05").iterdir():
        assert "Số liệu chưa khớp khi kiểm tra" in words_of(path)[1]


def test_both_months_stand_in_the_warehouse_under_their_own_receipts(home: Path) -> None:
    with open_current(load_settings(home), "2019-05") as connection:
        rows = fetch(connection, "select count(distinct receipt_id), count(distinct message), count(*)"
                                 " from marts.fct_observations where file <> ''")
    assert rows[0] == (6, 3, 48)
