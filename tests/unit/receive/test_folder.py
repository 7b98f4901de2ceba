"""Receiving a folder: archive, receipts, whose they are, and the same again adds nothing."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import os
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from flows.children import start_children
from flows.receive import EmptyInboxError, Reception, receive_folder
from flows.records import Receipt
from infra.archive import open_archive
from infra.catalogue import load_catalogue
from infra.errors import OperationError
from infra.ledger import open_ledger
from infra.sandbox import Sandbox
from infra.settings import Settings

PERIOD = "2019-04"
CATALOGUE = load_catalogue().at(PERIOD)
VNPT = "thongke@vnpt-gl.example"
Receive = Callable[[], dict[str, Receipt]]


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def stores(settings: Settings) -> tuple[object, object]:
    return open_archive(settings), open_ledger(settings)


@pytest.fixture(scope="module")
def children() -> Iterator[Sandbox]:
    with start_children() as started:
        yield started


@pytest.fixture
def receive_all(
    settings: Settings, stores: tuple[object, object], inbox: Path, children: Sandbox
) -> Callable[..., Reception]:
    archive, ledger = stores

    def run(period: str = PERIOD) -> Reception:
        catalogue = load_catalogue().at(period)
        return receive_folder(  # type: ignore[arg-type]
            settings, archive, ledger, catalogue, period, inbox, sandbox=children
        )

    return run


@pytest.fixture
def receive(receive_all: Callable[..., Reception]) -> Receive:
    return lambda: {r.message: r for r in receive_all().receipts}


def write(
    path: Path, sender: str = VNPT, text: str = "Gửi báo cáo.", files: dict[str, bytes] | None = None, **headers: str
) -> Path:
    mail = EmailMessage()
    mail["From"] = f"Ai đó <{sender}>"
    mail["Date"] = headers.pop("date", "Tue, 16 Apr 2019 09:00:00 +0700")
    mail["Subject"] = headers.pop("subject", "Báo cáo tháng 4")
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    for name, data in (files or {}).items():
        mail.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(mail.as_bytes())
    return path


def zipped(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def test_a_message_is_archived_whole_and_part_by_part(
    inbox: Path, receive: Receive, stores: tuple[object, object]
) -> None:
    path = write(inbox / "001.eml", files={"BC.xlsx": b"bytes of a workbook"})
    receipt = receive()["001.eml"]
    archive, ledger = stores
    documents = ledger.documents(receipt.receipt_id)  # type: ignore[attr-defined]
    assert receipt.submitter_id == "vnpt"
    assert receipt.status == "received"
    assert archive.get(receipt.sha256) == path.read_bytes()  # type: ignore[attr-defined]
    assert [d.file for d in documents] == ["(body)", "BC.xlsx"]
    assert archive.get(documents[0].sha256).decode() == "Gửi báo cáo.\n"  # type: ignore[attr-defined]
    assert archive.get(documents[1].sha256) == b"bytes of a workbook"  # type: ignore[attr-defined]


def test_receiving_the_same_folder_again_adds_nothing(
    inbox: Path, receive: Receive, stores: tuple[object, object]
) -> None:
    write(inbox / "001.eml", files={"a.zip": zipped({"x.csv": b"1"})})
    write(inbox / "002.eml", sender="nobody@elsewhere.example", files={"b.xlsx": b"1"})
    first = receive()
    count = len(stores[1].documents())  # type: ignore[attr-defined]
    assert receive() == first
    assert len(stores[1].documents()) == count  # type: ignore[attr-defined]


def test_the_file_name_does_not_decide_whose_it_is(inbox: Path, receive: Receive) -> None:
    write(inbox / "001.eml", sender="baocao@viettel-gl.example", files={"VNPT_GLI_042019.xlsx": b"1"})
    assert receive()["001.eml"].submitter_id == "viettel"


def test_every_address_of_a_submitter_speaks_for_it(inbox: Path, receive: Receive) -> None:
    write(inbox / "001.eml", sender="kehoach@vnpt-gl.example")
    assert receive()["001.eml"].submitter_id == "vnpt"


def test_an_unknown_sender_is_kept_and_quarantined(
    inbox: Path, receive: Receive, stores: tuple[object, object]
) -> None:
    write(inbox / "001.eml", sender="bc@la.example", files={"So lieu.xlsx": b"1"})
    receipt = receive()["001.eml"]
    assert (receipt.status, receipt.submitter_id) == ("quarantined", "")
    assert "bc@la.example" in receipt.reason_vi
    assert len(stores[1].documents(receipt.receipt_id)) == 2  # type: ignore[attr-defined]


def test_figures_of_a_stranger_in_the_text_are_quarantined_not_dropped(inbox: Path, receive: Receive) -> None:
    write(inbox / "001.eml", sender="bc@la.example", text="Báo cáo số liệu: 120 thuê bao")
    assert receive()["001.eml"].status == "quarantined"


@pytest.mark.parametrize(
    "headers",
    [
        {"List_Unsubscribe": "<mailto:x@y.example>"},
        {"Precedence": "bulk"},
        {"subject": "Khuyến mại", "text": "Giảm giá 30%. Hủy nhận tin: bấm vào đây."},
    ],
)
def test_a_newsletter_is_no_data(inbox: Path, receive: Receive, headers: dict[str, str]) -> None:
    text = headers.pop("text", "Bản tin tuần")
    write(inbox / "001.eml", sender="tin@bantin.example", text=text, **headers)
    receipt = receive()["001.eml"]
    assert (receipt.status, receipt.problem) == ("no_data", "newsletter_no_data")


def test_a_whole_message_after_a_cut_one_is_not_its_twin(inbox: Path, receive: Receive) -> None:
    whole = write(inbox / "002.eml", files={"BC.csv": b"Tram BTS;75"}).read_bytes()
    (inbox / "001.eml").write_bytes(whole[: whole.rstrip().rfind(b"\n")])          # the last boundary is gone
    found = receive()
    assert {r.status for r in found.values()} == {"received"}, {r.message: r.reason_vi for r in found.values()}


def test_a_text_too_long_to_be_read_is_not_called_no_text(inbox: Path, receive: Receive) -> None:
    head = b"From: thongke@vnpt-gl.example\r\nDate: Tue, 16 Apr 2019 09:00:00 +0700\r\nContent-Type: text/html\r\n\r\n"
    (inbox / "001.eml").write_bytes(head + b"<div>" * 500_000 + "Trạm BTS: 345".encode())
    assert receive()["001.eml"].status == "received"


def test_a_question_of_a_stranger_is_no_report_and_is_not_called_a_newsletter(inbox: Path, receive: Receive) -> None:
    write(inbox / "001.eml", sender="moi@la.example", subject="Hỏi", text="Tôi là cán bộ mới, xin hỏi hạn nộp.")
    receipt = receive()["001.eml"]
    assert (receipt.status, receipt.problem) == ("no_data", "stranger_without_report")
    assert "bản tin" not in receipt.reason_vi and "moi@la.example" in receipt.reason_vi


def test_a_strangers_files_are_kept_whatever_the_letter_looks_like(inbox: Path, receive: Receive) -> None:
    write(inbox / "001.eml", sender="bc@la.example", files={"So lieu.xlsx": b"1"}, Precedence="bulk")
    assert receive()["001.eml"].status == "quarantined"


def test_an_absence_notice_of_a_submitter_is_no_data(inbox: Path, receive: Receive) -> None:
    write(inbox / "001.eml", text="Tôi đi vắng", Auto_Submitted="auto-replied")
    assert receive()["001.eml"].status == "no_data"


def test_a_message_nested_too_deep_is_kept_and_said(
    inbox: Path, receive: Receive, stores: tuple[object, object]
) -> None:
    head = b"From: thongke@vnpt-gl.example\r\nDate: Tue, 16 Apr 2019 09:00:00 +0700\r\n"
    (inbox / "001.eml").write_bytes(head + b"Content-Type: message/rfc822\r\n\r\n" * 3000)
    receipt = receive()["001.eml"]
    assert (receipt.status, receipt.submitter_id) == ("received", "vnpt")
    problems = {d.problem: d.problem_vi for d in stores[1].documents(receipt.receipt_id)}  # type: ignore[attr-defined]
    assert "lồng hơn 30 lớp" in problems["parts_beyond_limit"]


def test_a_forged_sender_is_quarantined(inbox: Path, receive: Receive) -> None:
    write(inbox / "001.eml", Authentication_Results="mx.example; dmarc=fail header.from=vnpt-gl.example")
    receipt = receive()["001.eml"]
    assert (receipt.status, receipt.submitter_id) == ("quarantined", "")


@pytest.mark.parametrize(
    ("date", "status"),
    [
        ("Thu, 18 Apr 2019 17:00:00 +0700", "received"),
        ("Thu, 18 Apr 2019 17:00:01 +0700", "late"),
        ("Thu, 18 Apr 2019 10:00:00 +0000", "received"),
        ("Thu, 18 Apr 2019 10:00:01 +0000", "late"),
        ("không rõ", "received"),
    ],
)
def test_only_the_date_header_makes_a_message_late(inbox: Path, receive: Receive, date: str, status: str) -> None:
    write(inbox / "001.eml", date=date)
    assert receive()["001.eml"].status == status


def test_the_same_bytes_under_two_names_are_one_receipt(
    inbox: Path, receive: Receive, receive_all: Callable[[], Reception], stores: tuple[object, object]
) -> None:
    path = write(inbox / "002.eml", files={"BC.xlsx": b"1"})
    (inbox / "001.eml").write_bytes(path.read_bytes())
    assert list(receive()) == ["001.eml"]
    assert receive_all().notices == ()
    (sighting,) = stores[1].sightings(PERIOD)  # type: ignore[attr-defined]
    assert (sighting.name, sighting.kind) == ("002.eml", "exact_duplicate")
    assert "001.eml" in sighting.sentence_vi


def test_of_twins_the_later_one_is_the_duplicate_whatever_its_name(inbox: Path, receive: Receive) -> None:
    write(inbox / "001.eml", files={"BC.xlsx": b"1"}, date="Wed, 17 Apr 2019 09:00:00 +0700")
    write(inbox / "002.eml", files={"BC.xlsx": b"1"})
    receipts = receive()
    assert [receipts[name].status for name in ("001.eml", "002.eml")] == ["duplicate", "received"]


def test_a_twin_that_comes_later_is_recognised(inbox: Path, receive: Receive) -> None:
    write(inbox / "001.eml", files={"BC.xlsx": b"1"})
    receive()
    write(inbox / "002.eml", files={"BC.xlsx": b"1"}, date="Wed, 17 Apr 2019 09:00:00 +0700")
    assert receive()["002.eml"].status == "duplicate"


def test_the_same_file_with_another_text_is_no_duplicate(inbox: Path, receive: Receive) -> None:
    write(inbox / "001.eml", files={"BC.xlsx": b"1"})
    write(inbox / "002.eml", files={"BC.xlsx": b"1"}, text="Đề nghị sửa số trạm BTS thành 120 trạm")
    assert receive()["002.eml"].status == "received"


def test_two_submitters_may_send_the_same_bytes(inbox: Path, receive: Receive) -> None:
    write(inbox / "001.eml", files={"BC.xlsx": b"1"})
    write(inbox / "002.eml", files={"BC.xlsx": b"1"}, sender="baocao@viettel-gl.example")
    assert receive()["002.eml"].status == "received"


def test_a_zip_gives_its_files_one_level_deep(inbox: Path, receive: Receive, stores: tuple[object, object]) -> None:
    inner = zipped({"sau.csv": b"3"})
    data = zipped({"thang/BC.csv": b"1", "thang/trong.zip": inner, "__MACOSX/x.csv": b"2"})
    write(inbox / "001.eml", files={"Bao cao.zip": data})
    receipt = receive()["001.eml"]
    files = [d.file for d in stores[1].documents(receipt.receipt_id)]  # type: ignore[attr-defined]
    assert files == [
        "(body)", "Bao cao.zip", "Bao cao.zip/thang/BC.csv", "Bao cao.zip/thang/trong.zip",
        "Bao cao.zip/__MACOSX/x.csv",
    ]  # fmt: skip
    assert stores[1].documents(receipt.receipt_id)[-1].problem == "skipped_part"  # type: ignore[attr-defined]


def test_names_in_a_zip_are_read_without_the_utf8_flag(
    inbox: Path, receive: Receive, stores: tuple[object, object]
) -> None:
    data = zipped({"Báo cáo.csv": b"1"})
    plain = bytearray(data)
    for mark, offset in ((b"PK\x03\x04", 7), (b"PK\x01\x02", 9)):
        plain[plain.index(mark) + offset] &= 0xF7
    write(inbox / "001.eml", files={"a.zip": bytes(plain)})
    receipt = receive()["001.eml"]
    assert stores[1].documents(receipt.receipt_id)[-1].file == "a.zip/Báo cáo.csv"  # type: ignore[attr-defined]


def test_a_workbook_is_not_taken_for_a_zip_of_files(
    inbox: Path, receive: Receive, stores: tuple[object, object]
) -> None:
    write(inbox / "001.eml", files={"BC.xlsx": zipped({"[Content_Types].xml": b"1", "xl/workbook.xml": b"2"})})
    receipt = receive()["001.eml"]
    assert len(stores[1].documents(receipt.receipt_id)) == 2  # type: ignore[attr-defined]


def test_a_loose_file_belongs_to_the_account_whose_folder_it_stands_in(inbox: Path, receive: Receive) -> None:
    for folder in ("vnpt", "ai-do"):
        (inbox / folder).mkdir()
        (inbox / folder / "BC.xlsx").write_bytes(b"1")
    (inbox / "VNPT_GLI.xlsx").write_bytes(b"2")
    os.utime(inbox / "vnpt" / "BC.xlsx", (4e9, 4e9))
    receipts = receive()
    assert (receipts["vnpt/BC.xlsx"].submitter_id, receipts["vnpt/BC.xlsx"].status) == ("vnpt", "received")
    assert receipts["ai-do/BC.xlsx"].status == "quarantined"
    assert receipts["VNPT_GLI.xlsx"].status == "quarantined"


def test_an_empty_inbox_is_a_sentence(inbox: Path, receive: Receive) -> None:
    with pytest.raises(EmptyInboxError) as caught:
        receive()
    assert str(inbox) in caught.value.message_vi
    assert caught.value.remedy_vi


def test_an_inbox_emptied_after_receiving_is_no_fault(inbox: Path, receive: Receive) -> None:
    path = write(inbox / "001.eml")
    receive()
    path.unlink()
    assert list(receive()) == ["001.eml"]


def test_an_inbox_that_is_not_there_is_a_sentence(
    tmp_path: Path, settings: Settings, stores: tuple[object, object]
) -> None:
    with pytest.raises(EmptyInboxError):
        receive_folder(settings, *stores, CATALOGUE, PERIOD, tmp_path / "nowhere")  # type: ignore[arg-type]


def test_receipts_do_not_depend_on_the_clock(inbox: Path, receive: Receive) -> None:
    write(inbox / "001.eml")
    receipt = receive()["001.eml"]
    assert dataclasses.replace(receipt, received_at="").receipt_id == receipt.receipt_id


def test_what_comes_after_the_clock_was_put_back_stands_behind_what_came_before(
    inbox: Path, settings: Settings, stores: tuple[object, object], children: Sandbox
) -> None:
    noon = datetime(2019, 4, 17, 12, tzinfo=UTC)
    for name, clock in (("002.eml", noon), ("001.eml", noon - timedelta(hours=9)), ("000.eml", noon)):
        write(inbox / name, text=f"Thư {name}", date="Wed, 17 Apr 2019 01:00:00 +0000")
        told = dataclasses.replace(settings, clock=lambda clock=clock: clock)
        reception = receive_folder(told, *stores, CATALOGUE, PERIOD, inbox, sandbox=children)  # type: ignore[arg-type]
    assert [r.message for r in reception.receipts] == ["002.eml", "001.eml", "000.eml"]
    assert len({r.received_at for r in reception.receipts}) == 3


def test_a_correction_that_arrives_a_month_later_is_of_its_own_month(
    inbox: Path, receive_all: Callable[..., Reception], stores: tuple[object, object]
) -> None:
    write(inbox / "001.eml", subject="Đính chính số liệu tháng 4", text="Đề nghị sửa số trạm BTS thành 120 trạm.",
          date="Thu, 16 May 2019 09:00:00 +0700")  # fmt: skip
    write(inbox / "002.eml", subject="Báo cáo tháng 5", date="Thu, 16 May 2019 09:00:00 +0700")
    for _ in range(2):  # also when it is found again
        reception = receive_all("2019-05")
        assert [r.message for r in reception.receipts] == ["002.eml"]
        (sighting,) = stores[1].sightings("2019-05")  # type: ignore[attr-defined]
        assert (sighting.name, sighting.kind) == ("001.eml", "filed_under_other_month")
        assert "2019-04" in sighting.sentence_vi
    (filed,) = stores[1].receipts("2019-04")  # type: ignore[attr-defined]
    assert (filed.message, filed.status) == ("001.eml", "late")


@pytest.mark.parametrize(
    ("subject", "text", "filed", "status"),
    [
        ("Bao cao thang 5/2019", "So với tháng 4/2019 thì tăng.", "2019-05", "received"),
        ("Bao cao thang 5", "Số liệu tháng 4/2019: 70", "2019-05", "received"),
        ("Bao cao thang 4 nam 2018", "Trạm BTS: 62", "2019-05", "quarantined"),
        ("BC", "Báo cáo tháng 4 năm 2019", "2019-04", "late"),
    ],
)
def test_the_subjects_own_month_wins(
    inbox: Path, receive_all: Callable[..., Reception], stores: tuple[object, object], subject: str, text: str,
    filed: str, status: str,
) -> None:
    write(inbox / "001.eml", subject=subject, text=text, date="Thu, 16 May 2019 09:00:00 +0700")
    receive_all("2019-05")
    (receipt,) = stores[1].receipts()  # type: ignore[attr-defined]
    assert (receipt.period, receipt.status) == (filed, status)


def test_a_message_dated_in_the_future_waits_for_a_person(inbox: Path, receive: Receive) -> None:
    write(inbox / "001.eml", date="Fri, 18 Dec 2099 08:00:00 +0700")
    receipt = receive()["001.eml"]
    assert (receipt.status, receipt.problem, receipt.submitter_id) == ("quarantined", "date_in_future", "vnpt")
    assert "18/12/2099" in receipt.reason_vi


def test_a_message_that_could_not_be_opened_is_kept_and_opened_at_the_next_run(
    inbox: Path, receive_all: Callable[..., Reception], stores: tuple[object, object], settings: Settings
) -> None:
    path = write(inbox / "001.eml", files={"BC.csv": b"1"})
    with start_children(limits={"cpu": 0}) as spent:
        reception = receive_folder(settings, *stores, CATALOGUE, PERIOD, inbox, sandbox=spent)  # type: ignore[arg-type]
    (receipt,) = reception.receipts
    assert (receipt.status, receipt.problem) == ("unopened", "message_unreadable")
    assert "không tiếp nhận được vì" in receipt.reason_vi
    assert stores[0].get(receipt.sha256) == path.read_bytes()  # type: ignore[attr-defined]
    path.unlink()
    (opened,) = receive_all().receipts
    assert (opened.receipt_id, opened.status, opened.submitter_id) == (receipt.receipt_id, "received", "vnpt")
    assert [d.file for d in stores[1].documents(opened.receipt_id)] == ["(body)", "BC.csv"]  # type: ignore[attr-defined]
    assert stores[1].verify_audit() > 0  # type: ignore[attr-defined]


def test_a_message_too_large_to_open_is_archived_like_any_other(
    inbox: Path, receive: Receive, stores: tuple[object, object]
) -> None:
    path = write(inbox / "001.eml")
    with path.open("ab") as stream:
        stream.write(b"a" * 85_000_000)
    receipt = receive()["001.eml"]
    assert (receipt.status, receipt.problem) == ("quarantined", "file_too_large")
    assert stores[0].exists(receipt.sha256)  # type: ignore[attr-defined]
    assert hashlib.sha256(path.read_bytes()).hexdigest() == receipt.sha256


def test_production_opens_nothing_without_every_wall(
    inbox: Path, stores: tuple[object, object], settings: Settings
) -> None:
    write(inbox / "001.eml")
    production = dataclasses.replace(settings, environment="production")
    with start_children() as children:
        children.wait_until_ready()
        children.missing_defences = ("landlock",)
        with pytest.raises(OperationError, match="lack defences"):
            receive_folder(production, *stores, CATALOGUE, PERIOD, inbox, sandbox=children)  # type: ignore[arg-type]
    assert stores[1].receipts() == []  # type: ignore[attr-defined]


@pytest.mark.shared
@pytest.mark.parametrize("period", ["2019-03", "2019-04"])
def test_field_messages_come_from_whom_the_truth_says(
    period: str, settings: Settings, stores: tuple[object, object], shared_folder: Path
) -> None:
    import csv

    folder = shared_folder / "field" / period
    reception = receive_folder(settings, *stores, load_catalogue().at(period), period, folder)  # type: ignore[arg-type]
    found = {r.message: r.submitter_id for r in reception.receipts}
    found |= {seen.name: seen.submitter_id for seen in stores[1].sightings(period)}  # type: ignore[attr-defined]
    with (folder / "truth.csv").open(encoding="utf-8") as stream:
        expected = {row["message"]: row["submitter_id"] for row in csv.DictReader(stream) if row["message"]}
    assert {message: found[message] for message in expected} == expected


@pytest.mark.parametrize("answers", ["their mail", "our answer"])
def test_a_correction_that_names_no_month_belongs_to_the_mail_that_it_answers(
    inbox: Path, receive_all: Callable[..., Reception], answers: str
) -> None:
    write(inbox / "001.eml", Message_ID="<1.2019-04@vnpt-gl.example>")
    (april,) = receive_all().receipts
    ours = f"<{april.receipt_id}.0123456789abcdef01234567@stttt-gialai.example>"
    answered = "<1.2019-04@vnpt-gl.example>" if answers == "their mail" else ours
    write(inbox / "001.eml", subject="Re: bao cao", text="Sửa số trạm BTS thành 51.", In_Reply_To=answered,
          date="Fri, 10 May 2019 09:00:00 +0700")
    assert receive_all("2019-05").receipts == []
    assert {r.subject: r.period for r in receive_all().receipts} == {"Báo cáo tháng 4": PERIOD, "Re: bao cao": PERIOD}
