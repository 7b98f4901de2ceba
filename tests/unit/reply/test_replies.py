"""Every submission gets an answer that says what was read, what was not and why."""

from __future__ import annotations

import dataclasses
import email
import io
import json
import re
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from flows.children import start_children, use_month
from flows.mail import Mail, parse_mail
from flows.read.sandbox import Request, read_in_child
from flows.read.step import read_receipts
from flows.readings import load_month
from flows.receive import receive_folder
from flows.records import CellReference, Finding, Observation, Receipt
from flows.reply import prepare_replies, step
from flows.reply.mark_job import mark, mark_request
from flows.reply.marks import Mark, value_of
from flows.reply.message import ReplyFile, compose
from flows.reply.step import reply_name
from flows.reply.submitters_words import COMMANDS, without_commands
from infra.archive import Archive, open_archive
from infra.catalogue import load_catalogue
from infra.errors import OperationError
from infra.journal import open_journal
from infra.ledger import Ledger, open_ledger
from infra.sandbox import Sandbox
from infra.settings import Settings
from tests.unit.read.test_account import of_text

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
    prepare_replies(settings, *stores, CATALOGUE, PERIOD)
    return answers(settings, stores[1])


def answers(settings: Settings, ledger: Ledger) -> dict[str, Mail]:
    """The answers that lie in the home, by the name of the message they answer."""
    folder = settings.home / "replies" / PERIOD
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    receipts = {reply_name(r): r.message for r in ledger.receipts(PERIOD)}
    return {receipts[name]: parse_mail(data) for name, data in files.items()}


def test_who_is_answered_and_who_is_not(replies: dict[str, Mail]) -> None:
    assert {name: mail.headers["to"] for name, mail in replies.items()} == {
        "1.eml": "pvhtt.kbang@kbang-gialai.example",
        "2.eml": "ai@do.example",
        "4.eml": "pvhtt.chuse@chuse-gialai.example",
        "vnpt/so.csv": "thongke@vnpt-gl.example",
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
    mail = replies["vnpt/so.csv"]
    assert [a.name for a in mail.attachments] == ["Kết quả đọc - so.csv.xlsx"]
    assert "không ghi chú thẳng vào được" in mail.body


def receipt_of(ledger: Ledger, message: str) -> str:
    return next(r.receipt_id for r in ledger.receipts(PERIOD) if r.message == message)


def test_a_verdict_of_the_rules_reaches_its_cell(settings: Settings, stores: tuple[Archive, Ledger]) -> None:
    cell = CellReference("o", "dist_625", "625", "internet_agents", PERIOD, "26", "1.eml", "Biểu T4.xlsx", "BC", "D4",
                         receipt_of(stores[1], "1.eml"))
    finding = Finding(
        "F1", "r", "blocking", "fail", "dist_625", "625", "26", "62", "36", "Không khớp: 26 và 62.", (cell,)
    )
    prepare_replies(settings, *stores, CATALOGUE, PERIOD, [finding])
    replies = answers(settings, stores[1])
    mail = replies["1.eml"]
    assert "Không khớp: 26 và 62." in mail.body
    book = openpyxl.load_workbook(io.BytesIO(mail.attachments[0].data))
    assert "Không khớp" in book["BC"]["D4"].comment.text
    assert "Không khớp" not in replies["4.eml"].body


@pytest.mark.parametrize("sentence", [
    "Biểu không có dòng của KBang; đề nghị đơn vị gửi lại đủ dòng, hoặc bổ sung bằng tonghop supply.",
    "Sai. Xem tonghop explain F1 --period 2019-04; rồi nhờ đơn vị gửi lại, hoặc tonghop correct, tonghop supply.",
])
def test_no_answer_names_a_command(
    settings: Settings, stores: tuple[Archive, Ledger], tmp_path: Path, sentence: str
) -> None:
    archive, ledger = stores
    inbox = tmp_path / "inbox"
    book = openpyxl.load_workbook(io.BytesIO(workbook()))
    book.active["D4"] = 27
    stream = io.BytesIO()
    book.save(stream)
    write(inbox / "5.eml", "pvhtt.kbang@kbang-gialai.example", {"Biểu T4.xlsx": stream.getvalue()})    # not proved
    (inbox / "bc.csv").write_text("TT;Chỉ tiêu;Số liệu\n1;Trạm BTS;7\n", encoding="utf-8")
    unproved = dataclasses.replace(settings, inbox_trusted="no")
    receive_folder(unproved, archive, ledger, CATALOGUE, PERIOD, inbox)
    read_receipts(settings, archive, ledger, CATALOGUE, PERIOD)
    held = receipt_of(ledger, "5.eml")
    assert "tonghop release" in next(r.reason_vi for r in ledger.receipts(PERIOD) if r.receipt_id == held)
    cell = CellReference("o", "dist_625", "625", "internet_agents", PERIOD, "26", "1.eml", "Biểu T4.xlsx", "BC", "D4",
                         receipt_of(ledger, "1.eml"))
    finding = Finding("F1", "r", "blocking", "fail", "dist_625", "625", "26", "62", "36", sentence, (cell,))
    for path in prepare_replies(settings, archive, ledger, CATALOGUE, PERIOD, [finding]):
        mail = parse_mail(path.read_bytes())
        said = [mail.body, *(_all_texts(a.data) for a in mail.attachments if a.name.endswith(".xlsx"))]
        assert not re.search("tonghop [a-z]", "\n".join(said)), said
    answer = answers(settings, ledger)
    assert "vẫn đứng" in answer["5.eml"].body and "gửi lại" in answer["1.eml"].body


def _all_texts(data: bytes) -> str:
    book = openpyxl.load_workbook(io.BytesIO(data))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    return "\n".join(f"{cell.value} {cell.comment.text if cell.comment else ''}" for cell in cells)


def test_every_command_is_known_that_an_answer_may_not_name() -> None:
    import typer

    from flows.cli import app

    assert set(COMMANDS) == set(typer.main.get_group(app).commands)


@pytest.mark.parametrize("text", ["Giống hệt tệp “tonghop thang 4.xlsx” (1.eml); tính một lần.", "", "A. B; C, D!"])
def test_what_names_no_command_is_said_as_it_is(text: str) -> None:
    assert without_commands(text) == text


def test_only_the_clause_that_names_a_command_is_left_out() -> None:
    told = "Ghi vào kỳ 2019-04, không vào 2019-05; chạy lại “tonghop month 2019-04” để dùng. Hết."
    assert without_commands(told) == "Ghi vào kỳ 2019-04, không vào 2019-05. Hết."


def test_preparing_again_writes_the_same_bytes(settings: Settings, stores: tuple[Archive, Ledger]) -> None:
    first = {p: p.read_bytes() for p in prepare_replies(settings, *stores, CATALOGUE, PERIOD)}
    assert {p: p.read_bytes() for p in prepare_replies(settings, *stores, CATALOGUE, PERIOD)} == first


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with start_children() as started:
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
    prepare_replies(settings, archive, ledger, CATALOGUE, PERIOD)
    replies = answers(settings, ledger)
    _assert_same_reading(settings, ledger, replies, sandbox, PERIOD, n_files=15)


def _assert_same_reading(
    settings: Settings, ledger: Ledger, replies: dict[str, Mail], sandbox: Sandbox, period: str, n_files: int
) -> None:
    use_month(sandbox, period, CATALOGUE)
    receipts = {r.receipt_id: r for r in ledger.receipts(period)}
    compared = 0
    for reading in load_month(settings, period):
        document = reading.document
        if not (document.file.endswith((".xlsx", ".xlsm", ".xls")) and reading.reading.observations):
            continue
        receipt = receipts[document.receipt_id]
        name = document.file + ("x" if document.file.endswith(".xls") else "")     # an .xls comes back as .xlsx
        back = next(a.data for a in replies[receipt.message].attachments if a.name == name.replace("/", " - "))
        again = read_in_child(sandbox, back, Request(receipt, dataclasses.replace(document, file=name)), period)
        expected = [dataclasses.replace(meaning(o), use_status="in_force") for o in reading.reading.observations]
        assert [meaning(o) for o in again.observations] == expected
        compared += 1
    assert compared == n_files


def test_a_message_of_the_same_name_in_another_month_is_another_message(
    settings: Settings, stores: tuple[Archive, Ledger]
) -> None:
    cell = CellReference("o", "dist_625", "625", "internet_agents", "2019-03", "9817", "1.eml", "Biểu T4.xlsx", "BC",
                         "D4", "R-of-march")
    finding = Finding("F1", "r", "blocking", "fail", "dist_625", "625", "9817", "62", "36", "Có 9817.", (cell,))
    prepare_replies(settings, *stores, CATALOGUE, PERIOD, [finding])
    assert not [name for name, mail in answers(settings, stores[1]).items() if "9817" in mail.body]


def test_a_comparison_with_another_submitter_shows_only_ones_own_figure(
    settings: Settings, stores: tuple[Archive, Ledger]
) -> None:
    own = CellReference("o", "dist_625", "625", "internet_agents", PERIOD, "26", "1.eml", "Biểu T4.xlsx", "BC", "D4",
                        receipt_of(stores[1], "1.eml"))
    other = dataclasses.replace(own, observation_id="p", submitter_id="vnpt", value="7531", message="vnpt/so.csv",
                                receipt_id=receipt_of(stores[1], "vnpt/so.csv"))
    finding = Finding("F1", "r", "blocking", "fail", "", "625", "26", "7531", "7505", "26 khác 7531.", (own, other))
    prepare_replies(settings, *stores, CATALOGUE, PERIOD, [finding])
    replies = answers(settings, stores[1])
    assert "= 26 [Biểu T4.xlsx BC D4]" in replies["1.eml"].body
    assert "7.531" in replies["vnpt/so.csv"].body
    book = openpyxl.load_workbook(io.BytesIO(replies["1.eml"].attachments[0].data))
    texts = [str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row]
    notes = [cell.comment.text for sheet in book for row in sheet.iter_rows() for cell in row if cell.comment]
    assert "đối chiếu" in " ".join(notes)
    assert not [t for t in (replies["1.eml"].body, *texts, *notes) if "7531" in t or "7.531" in t or "7505" in t]


def test_two_messages_of_one_flattened_name_have_two_answers(
    settings: Settings, stores: tuple[Archive, Ledger], tmp_path: Path
) -> None:
    write(tmp_path / "inbox" / "xa" / "5.eml", "pvhtt.kbang@kbang-gialai.example", {}, "Đại lý Internet: 26 đại lý")
    write(tmp_path / "inbox" / "xa - 5.eml", "pvhtt.chuse@chuse-gialai.example", {}, "Đại lý Internet: 31 đại lý")
    receive_folder(settings, *stores, CATALOGUE, PERIOD, tmp_path / "inbox")
    read_receipts(settings, *stores, CATALOGUE, PERIOD)
    assert len(prepare_replies(settings, *stores, CATALOGUE, PERIOD)) == 6
    replies = answers(settings, stores[1])
    assert replies["xa/5.eml"].headers["to"] == "pvhtt.kbang@kbang-gialai.example"
    assert replies["xa - 5.eml"].headers["to"] == "pvhtt.chuse@chuse-gialai.example"


def test_an_answer_that_no_receipt_stands_for_does_not_stay(
    settings: Settings, stores: tuple[Archive, Ledger]
) -> None:
    folder = settings.home / "replies" / PERIOD
    folder.mkdir(parents=True)
    (folder / "9 R0000000000000000.eml").write_bytes(b"of an earlier run")
    paths = prepare_replies(settings, *stores, CATALOGUE, PERIOD)
    assert set(folder.iterdir()) == set(paths)


ODD = "BC\u2028tháng\r\nBcc: evil@x.example\r4\x00\x07 \udc80\ud83d \u202eđảo"


@pytest.mark.parametrize("field", ["subject", "reason_vi", "message", "sender_address"])
def test_no_word_of_a_sender_makes_a_header_or_stops_an_answer(
    settings: Settings, stores: tuple[Archive, Ledger], field: str
) -> None:
    archive, ledger = stores
    odd = {"sender_address": f"a@b.example\r\n{ODD}"}.get(field, ODD)

    class Odd:
        def receipts(self, period: str | None = None) -> list[Receipt]:
            first, *others = ledger.receipts(period)
            return [dataclasses.replace(first, **{field: odd}), *others]

    paths = prepare_replies(settings, archive, Odd(), CATALOGUE, PERIOD)
    assert len(paths) == 4
    for path in paths:
        message = email.message_from_bytes(path.read_bytes(), policy=default)
        assert not message.defects
        assert message["Bcc"] is None
        assert set(message.keys()) <= {"From", "To", "Subject", "In-Reply-To", "References", "Auto-Submitted",
                                       "Message-ID", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"}
        assert not re.search("[\u2028\r\x00\x07\udc80]", str(message["Subject"]))
        assert message["To"].addresses[0].domain in {"kbang-gialai.example", "do.example", "chuse-gialai.example",
                                                     "vnpt-gl.example"}


HEADER_PIECES = st.sampled_from(
    ["=?utf-8?q?", "=?utf-8?b?=E1=BB", "=E1", "?=", "=?", "\"", "<", ">", ";", "(", "\\", "á"]
)
ANY_TEXT = st.lists(st.text(st.characters(codec=None), max_size=12) | HEADER_PIECES, max_size=8).map("".join)


@settings_of_hypothesis(max_examples=300)
@given(subject=ANY_TEXT, text=st.text(st.characters(codec=None), max_size=80))
def test_any_text_becomes_a_message_of_one_subject(subject: str, text: str) -> None:
    receipt = Receipt("R1", PERIOD, "1.eml", "00", "a@b.example", "", subject, "", "", "received")
    data = compose(receipt, "we@x.example", "a@b.example", text, [ReplyFile(f"{subject}.xlsx", b"x", "")])
    message = email.message_from_bytes(data, policy=default)
    assert str(message["Subject"]).strip().lower().startswith("re:")
    assert len(list(message.iter_attachments())) == 1
    assert sum(name.lower() == "to" for name in message) == 1
    assert sum(name.lower() == "bcc" for name in message) == 0


def test_a_subject_that_a_gateway_cut_inside_an_encoded_word_is_answered() -> None:
    receipt = Receipt("R1", PERIOD, "1.eml", "00", "a@b.example", "", "Báo cáo =?utf-8?q?=E1=BB", "", "", "received")
    message = email.message_from_bytes(compose(receipt, "we@x.example", "a@b.example", "", []), policy=default)
    assert str(message["Subject"]) == "Re: Báo cáo = ?utf-8?q?=E1=BB" and not message.defects


def test_nothing_of_theirs_stands_in_the_last_resort(
    settings: Settings, stores: tuple[Archive, Ledger], monkeypatch: pytest.MonkeyPatch
) -> None:
    def compose_only_ours(receipt: Receipt, *rest: Any) -> bytes:
        if receipt.subject or receipt.message_id:
            raise UnicodeEncodeError("ascii", "á", 0, 1, "ordinal not in range(128)")
        return compose(receipt, *rest)

    monkeypatch.setattr(step, "compose", compose_only_ours)
    prepare_replies(settings, *stores, CATALOGUE, PERIOD)
    named = {r.message for r in stores[1].receipts(PERIOD) if r.subject or r.message_id}
    replies = answers(settings, stores[1])
    assert named & set(replies)
    assert all(("không kèm tệp đánh dấu" in reply.body) == (name in named) for name, reply in replies.items())


def test_one_answer_that_cannot_be_made_hurts_no_other(
    settings: Settings, stores: tuple[Archive, Ledger], monkeypatch: pytest.MonkeyPatch
) -> None:
    class UnforeseenError(Exception):
        pass

    def fail(*arguments: object) -> bytes:
        raise UnforeseenError

    def fail_on_list(rows: object) -> bytes:
        raise UnforeseenError

    open_journal(settings.home)
    prepare_replies(settings, *stores, CATALOGUE, PERIOD)
    sound = answers(settings, stores[1])
    monkeypatch.setattr(step, "mark_request", fail)
    monkeypatch.setattr(step, "listing_workbook", fail_on_list)
    prepare_replies(settings, *stores, CATALOGUE, PERIOD)
    replies = answers(settings, stores[1])
    assert set(replies) == set(sound)
    assert "26 đại lý [D4]" in replies["1.eml"].body
    assert "không kèm tệp đánh dấu" in replies["1.eml"].body
    assert replies["1.eml"].attachments == ()
    assert replies["2.eml"].body == sound["2.eml"].body
    assert "Unforeseen" in (settings.home / "logs" / "tonghop.log").read_text(encoding="utf-8")


def test_a_workbook_that_cannot_be_marked_is_answered_with_its_list(
    settings: Settings, stores: tuple[Archive, Ledger]
) -> None:
    with start_children(limits={"cpu": 0}) as too_small:
        prepare_replies(settings, *stores, CATALOGUE, PERIOD, sandbox=too_small)
    assert [a.name for a in answers(settings, stores[1])["1.eml"].attachments] == ["Kết quả đọc - Biểu T4.xlsx.xlsx"]


def test_a_store_that_does_not_answer_is_no_trouble_of_one_message(
    settings: Settings, stores: tuple[Archive, Ledger]
) -> None:
    class Silent:
        def get(self, sha256: str) -> bytes:
            raise OperationError("Kho không trả lời.", "The store is silent.")

    with pytest.raises(OperationError):
        prepare_replies(settings, Silent(), stores[1], CATALOGUE, PERIOD)


@pytest.mark.parametrize(("head", "expected"), [
    (b"Subject: a\r\nMessage-ID: <1@x>\r\n\r\n", "<1@x>"),
    (b"message-id:\r\n <2@x>\n\nMessage-ID: <3@x>", "<2@x>"),
    (b"Subject: a\n\nMessage-ID: <3@x>", ""),
    ("Message-ID: <ê@x>\n\n".encode(), ""),
    (b"Message-ID: <1@x\r\nBcc: a@b>\n\n", ""),
    (b"X: " + b"a" * 10_000_000 + b"\nMessage-ID: <1@x>\n\n", ""),
])
def test_the_thread_of_the_original_is_kept_where_it_can_be_quoted(head: bytes, expected: str) -> None:
    receipt = Receipt("R1", PERIOD, "1.eml", "0" * 64, "a@b.example", "", "", "", "", "received",
                      message_id=parse_mail(head).message_id)  # fmt: skip
    answer = parse_mail(compose(receipt, "we@x.example", "a@b.example", "chào", []))
    assert answer.in_reply_to == expected


def test_a_request_to_mark_crosses_a_pipe_as_json() -> None:
    request = mark_request("a.xlsx", [Mark("BC", "D4", "fault", "sai")], [("KẾT QUẢ",), ()])
    again = json.loads(json.dumps(request))
    assert mark(workbook(), again) == mark(workbook(), request)
    assert "sai" in openpyxl.load_workbook(io.BytesIO(mark(workbook(), again)))["BC"]["D4"].comment.text
    with pytest.raises(ValueError, match="index"):
        mark(workbook(), again | {"marks": [["BC", "D4", "purple", ""]]})


@pytest.mark.parametrize(("said", "told"), [
    ("Thêm một dòng vào labels.csv: nhãn này và chỉ tiêu của nó.", ""),
    ("Bổ sung cột hoặc dòng đó; nếu biểu gọi tên khác, thêm một dòng vào labels.csv.",
     "Bổ sung cột hoặc dòng đó; nếu biểu gọi tên khác."),
    ("Đọc được tệp “So lieu.csv”.", "Đọc được tệp “So lieu.csv”."),
])  # fmt: skip
def test_no_answer_names_a_file_of_the_catalogue(said: str, told: str) -> None:
    assert without_commands(said) == told


@pytest.mark.parametrize(("raw", "told"), [("88k", "ghi “88k”, chưa dùng được"), (" ", "để trống")])
def test_a_cell_that_was_not_understood_is_not_called_empty(raw: str, told: str) -> None:
    (figure,) = of_text("Trạm BTS: 88 trạm").observations
    assert value_of(dataclasses.replace(figure, value=None, obs_status="O", raw_text=raw), CATALOGUE) == told
