"""Every submission gets an answer that says what was read, what was not and why."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import openpyxl
import pytest

from flows.mail import Mail, parse_mail
from flows.read.sandbox import Request, Sandbox
from flows.read.step import read_receipts
from flows.readings import load_month
from flows.receive import receive_folder
from flows.records import CellReference, Finding, Observation
from flows.reply import prepare_replies
from infra.archive import Archive, open_archive
from infra.catalogue import load_catalogue
from infra.ledger import Ledger, open_ledger
from infra.settings import Settings

PERIOD = "2019-04"
CATALOGUE = load_catalogue().at(PERIOD)
ROWS = [
    ["PHÒNG VĂN HÓA VÀ THÔNG TIN HUYỆN KBANG"],
    ["BIỂU SỐ LIỆU THÁNG 4 NĂM 2019"],
    ["TT", "Chỉ tiêu", "ĐVT", "Số liệu"],
    [1, "Đại lý Internet", "đại lý", 26],
    [2, "Trạm BTS", "trạm", "5 7 x"],
    [3, "Chỉ tiêu lạ chưa ai biết", "cái", 3],
]


def workbook() -> bytes:
    book = openpyxl.Workbook()
    book.active.title = "BC"
    for row in ROWS:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def write(path: Path, sender: str, files: dict[str, bytes], text: str = "Gửi báo cáo.") -> None:
    mail = EmailMessage()
    mail["From"] = sender
    mail["Date"] = "Tue, 16 Apr 2019 09:00:00 +0700"
    mail["Subject"] = "BC tháng 4"
    mail["Message-ID"] = f"<{path.stem}@x.example>"
    mail.set_content(text)
    for name, data in files.items():
        mail.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_bytes(mail.as_bytes())


@pytest.fixture
def stores(settings: Settings, tmp_path: Path) -> tuple[Archive, Ledger]:
    """A month of four messages, received and read."""
    inbox = tmp_path / "inbox"
    write(inbox / "1.eml", "pvhtt.kbang@kbang-gialai.example", {"Biểu T4.xlsx": workbook()})
    write(inbox / "2.eml", "ai@do.example", {"a.xlsx": workbook()})
    write(inbox / "3.eml", "tin@bantin.example", {}, "Giảm giá. Hủy nhận tin tại đây.")
    write(inbox / "4.eml", "pvhtt.chuse@chuse-gialai.example", {"BC.xlsx": workbook()[:2000]})
    (inbox / "vnpt").mkdir()
    (inbox / "vnpt" / "so.csv").write_text("TT;Chỉ tiêu;Số liệu\n1;Trạm BTS;7\n", encoding="utf-8")
    archive, ledger = open_archive(settings), open_ledger(settings)
    receive_folder(settings, archive, ledger, CATALOGUE, PERIOD, inbox)
    read_receipts(settings, archive, ledger, CATALOGUE, PERIOD)
    return archive, ledger


@pytest.fixture
def replies(settings: Settings, stores: tuple[Archive, Ledger]) -> dict[str, Mail]:
    paths = prepare_replies(settings, *stores, CATALOGUE, PERIOD)
    return {path.name: parse_mail(path.read_bytes()) for path in paths}


def test_who_is_answered_and_who_is_not(replies: dict[str, Mail]) -> None:
    assert {name: mail.headers["to"] for name, mail in replies.items()} == {
        "1.eml": "pvhtt.kbang@kbang-gialai.example",
        "2.eml": "ai@do.example",
        "4.eml": "pvhtt.chuse@chuse-gialai.example",
        "vnpt - so.csv.eml": "thongke@vnpt-gl.example",
    }


def test_an_answer_says_what_was_read_and_what_was_not(replies: dict[str, Mail]) -> None:
    mail = replies["1.eml"]
    assert (mail.subject, mail.in_reply_to) == ("Re: BC tháng 4", "<1@x.example>")
    assert "Đại lý Internet" in mail.body
    assert "26 đại lý [D4]" in mail.body
    assert "Chưa đọc được" in mail.body
    assert "D5" in mail.body or "B5" in mail.body
    assert mail.headers["auto-submitted"] == "auto-replied"


def test_a_broken_file_is_answered_with_its_remedy(replies: dict[str, Mail]) -> None:
    assert "bị cắt" in replies["4.eml"].body
    assert "Gửi lại tệp đầy đủ" in replies["4.eml"].body


def test_a_stranger_is_told_how_to_register_and_nothing_else(replies: dict[str, Mail]) -> None:
    mail = replies["2.eml"]
    assert "không có trong danh mục" in mail.body
    assert "đã đăng ký" in mail.body
    assert mail.attachments == ()


def test_the_workbook_comes_back_marked(replies: dict[str, Mail]) -> None:
    (attachment,) = replies["1.eml"].attachments
    book = openpyxl.load_workbook(io.BytesIO(attachment.data))
    assert attachment.name == "Biểu T4.xlsx"
    assert book.sheetnames == ["BC", "Kết quả đọc"]
    assert "26" in book["BC"]["D4"].comment.text
    assert [row[:4] for row in book["BC"].iter_rows(values_only=True)][3] == (1, "Đại lý Internet", "đại lý", 26)


def test_what_cannot_be_marked_comes_as_a_list_and_is_said_to(replies: dict[str, Mail]) -> None:
    mail = replies["vnpt - so.csv.eml"]
    assert [a.name for a in mail.attachments] == ["Kết quả đọc - so.csv.xlsx"]
    assert "không ghi chú thẳng vào được" in mail.body


def test_a_verdict_of_the_rules_reaches_its_cell(settings: Settings, stores: tuple[Archive, Ledger]) -> None:
    cell = CellReference("o", "dist_625", "625", "internet_agents", PERIOD, "26", "1.eml", "Biểu T4.xlsx", "BC", "D4")
    finding = Finding(
        "F1", "r", "blocking", "fail", "dist_625", "625", "26", "62", "36", "Không khớp: 26 và 62.", (cell,)
    )
    prepare_replies(settings, *stores, CATALOGUE, PERIOD, [finding])
    mail = parse_mail((settings.home / "replies" / PERIOD / "1.eml").read_bytes())
    assert "Không khớp: 26 và 62." in mail.body
    book = openpyxl.load_workbook(io.BytesIO(mail.attachments[0].data))
    assert "Không khớp" in book["BC"]["D4"].comment.text
    others = parse_mail((settings.home / "replies" / PERIOD / "4.eml").read_bytes())
    assert "Không khớp" not in others.body


def test_preparing_again_writes_the_same_bytes(settings: Settings, stores: tuple[Archive, Ledger]) -> None:
    first = {p: p.read_bytes() for p in prepare_replies(settings, *stores, CATALOGUE, PERIOD)}
    assert {p: p.read_bytes() for p in prepare_replies(settings, *stores, CATALOGUE, PERIOD)} == first


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as started:
        yield started


def meaning(observation: Observation) -> Observation:
    """An observation without what names the bytes it was read from; an .xls comes back as .xlsx."""
    file = observation.file + ("x" if observation.file.endswith(".xls") else "")
    return dataclasses.replace(observation, observation_id="", file=file)


def test_the_marked_workbook_sent_back_reads_the_same(
    settings: Settings, stores: tuple[Archive, Ledger], replies: dict[str, Mail], sandbox: Sandbox
) -> None:
    _assert_same_reading(settings, stores[1], replies, sandbox, PERIOD, n_files=1)


@pytest.mark.shared
def test_the_fields_workbooks_sent_back_read_the_same(
    settings: Settings, sandbox: Sandbox, shared_folder: Path
) -> None:
    archive, ledger = open_archive(settings), open_ledger(settings)
    receive_folder(settings, archive, ledger, CATALOGUE, PERIOD, shared_folder / "field" / PERIOD)
    read_receipts(settings, archive, ledger, CATALOGUE, PERIOD)
    paths = prepare_replies(settings, archive, ledger, CATALOGUE, PERIOD)
    replies = {path.name: parse_mail(path.read_bytes()) for path in paths}
    _assert_same_reading(settings, ledger, replies, sandbox, PERIOD, n_files=16)


def _assert_same_reading(
    settings: Settings, ledger: Ledger, replies: dict[str, Mail], sandbox: Sandbox, period: str, n_files: int
) -> None:
    sandbox.use_catalogue(period, CATALOGUE)
    receipts = {r.receipt_id: r for r in ledger.receipts(period)}
    compared = 0
    for reading in load_month(settings, period):
        document = reading.document
        if not (document.file.endswith((".xlsx", ".xlsm", ".xls")) and reading.reading.observations):
            continue
        receipt = receipts[document.receipt_id]
        name = document.file + ("x" if document.file.endswith(".xls") else "")     # an .xls comes back as .xlsx
        back = next(a.data for a in replies[receipt.message].attachments if a.name == name.replace("/", " - "))
        again = sandbox.read(back, Request(receipt, dataclasses.replace(document, file=name)), period)
        expected = [dataclasses.replace(meaning(o), use_status="in_force") for o in reading.reading.observations]
        assert [meaning(o) for o in again.observations] == expected
        compared += 1
    assert compared == n_files
