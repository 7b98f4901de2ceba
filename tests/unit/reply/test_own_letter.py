"""Our own letter, sent back to us in whatever way a mail program quotes it, is never a submission."""

from __future__ import annotations

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.mail.html_text import html_text
from flows.own_letter import HOW_TO_CORRECT
from flows.read.document import Paragraph, ReadContext
from flows.read.problems import KINDS
from flows.read.prose import read_paragraphs
from flows.read.reader import read_document
from flows.records import Document, DocumentReading, Reading, Receipt
from flows.reply.letter import Answer, letter_text
from infra.catalogue import Submitter, load_catalogue

PERIOD = "2019-04"
CATALOGUE = load_catalogue().at(PERIOD)
DISTRICT = CATALOGUE.submitter_by_id["dist_632"]
SENT = (
    "- Trạm BTS: 60 trạm\n- Đại lý Internet: 42 đại lý\n- Pa nô biên giới: không phát sinh\n"
    "Dự kiến tháng 5: Trạm BTS: 210 trạm\nPhòng không đề nghị sửa số trạm BTS thành 120 trạm.\n"
)


def read(text: str) -> Reading:
    return read_document(text.encode(), ReadContext(CATALOGUE, PERIOD, DISTRICT, "r", "m", "(body)"))


def letter() -> str:
    receipt = Receipt(
        receipt_id="R0123456789abcdef", message="1.eml", sha256="0" * 64, period=PERIOD,
        submitter_id="dist_632", sender_address="pvhtt@x.example", subject="Re: Trạm BTS: 77 trạm",
        sent_at="2019-04-16T09:00:00+07:00", received_at="2019-04-16T09:01:00+07:00", status="received",
    )  # fmt: skip
    document = Document(receipt.receipt_id, receipt.message, "(body)", "0" * 64, 1, "text/plain")
    reading = DocumentReading(document, "dist_632", read(SENT))
    return letter_text(Answer(receipt, DISTRICT.submitter_name, (reading,), (), (), CATALOGUE), [])


LETTER = letter()
LINES = LETTER.split("\n")


def plain(lines: list[str]) -> str:
    return "Đã nhận, cảm ơn Sở.\n\n" + "\n".join(lines)


def below_dashes(lines: list[str]) -> str:
    return "Đã nhận.\n\n--------------------\n" + "\n".join(lines)


def with_marks(lines: list[str]) -> str:
    return "Đã nhận.\n" + "\n".join(f"> {line}" for line in lines)


def with_bars(lines: list[str]) -> str:
    return "Đã nhận.\n" + "\n".join(f"| {line}" for line in lines)


def in_a_blockquote(lines: list[str]) -> str:
    quoted = "<br>".join(map(html.escape, lines))
    return html_text(f"<html><body><div>Đã nhận.</div><blockquote>{quoted}</blockquote></body></html>")


def in_html_without_a_mark(lines: list[str]) -> str:
    return html_text("<p>Đã nhận.</p>" + "".join(f"<div>{html.escape(line)}</div>" for line in lines))


QUOTED = [plain, below_dashes, with_marks, with_bars, in_a_blockquote, in_html_without_a_mark]


def test_the_letter_tells_of_figures() -> None:
    assert "60 trạm" in LETTER
    assert "“120”" in LETTER
    assert [o.value for o in read(SENT).observations] != []


@pytest.mark.parametrize("quoted", QUOTED)
def test_a_letter_sent_back_states_nothing_and_is_said(quoted) -> None:
    reading = read(quoted(LINES))
    assert (reading.observations, reading.narrative_items) == ((), ())
    assert {f.kind for f in reading.findings} == {"set_aside_text"}


@given(st.sampled_from(QUOTED), st.integers(0, len(LINES)), st.integers(0, len(LINES)))
def test_no_piece_of_a_letter_sent_back_states_a_figure(quoted, first: int, last: int) -> None:
    assert read(quoted(LINES[first:last])).observations == ()


@pytest.mark.parametrize("quoted", QUOTED)
def test_what_is_written_above_the_letter_is_read(quoted) -> None:
    reading = read("Đề nghị sửa số trạm BTS thành 121 trạm.\n" + quoted(LINES))
    assert [str(o.value) for o in reading.observations] == ["121"]


@pytest.mark.parametrize("quoted", [plain, with_marks, with_bars, in_a_blockquote])
def test_what_is_written_below_the_letter_is_read(quoted) -> None:
    reading = read(quoted(LINES) + "\nĐề nghị sửa số trạm BTS thành 121 trạm.")
    assert [str(o.value) for o in reading.observations] == ["121"]


def test_an_answer_between_quoted_lines_of_the_letter_is_read() -> None:
    text = f"> {LINES[0]}\n> Trạm BTS: 60 trạm\nSố trạm BTS đúng là 121 trạm.\n> {LINES[-2]}"
    assert [str(o.value) for o in read(text).observations] == ["121"]


def test_a_code_that_a_writer_names_sets_nothing_aside() -> None:
    text = "Về thư mã tiếp nhận R0123456789abcdef,\nđề nghị sửa số trạm BTS thành 121 trạm."
    assert [str(o.value) for o in read(text).observations] == ["121"]


@pytest.mark.parametrize("submitter", CATALOGUE.submitters, ids=lambda row: row.submitter_id)
def test_what_we_tell_senders_to_write_holds_no_figure(submitter: Submitter) -> None:
    context = ReadContext(CATALOGUE, PERIOD, submitter, "r", "m", "a.docx")
    told = [*HOW_TO_CORRECT, *(kind.remedy_vi for kind in KINDS.values())]
    assert read_paragraphs([Paragraph(sentence, "p") for sentence in told], context).observations == ()
