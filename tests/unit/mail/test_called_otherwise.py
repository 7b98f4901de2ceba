"""Files and messages that are called something else than they are: opened by their content, and said in true words."""

from __future__ import annotations

import base64
import io
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.mail.contents import Content, contents_of_file, contents_of_mail
from flows.mail.message import Attachment, parse_mail
from flows.mail.parts import UNREAD
from flows.read.containers import container_of
from flows.read.preflight import inspect_file, is_readable
from infra.zip_files import inspect_zip


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def workbook() -> bytes:
    from openpyxl import Workbook

    book, buffer = Workbook(), io.BytesIO()
    book.active.append(["Trạm BTS", 57])
    book.save(buffer)
    return buffer.getvalue()


BOOK = workbook()
ZIP = zipped({"BC.xlsx": BOOK})
PDF = b"%PDF-1.4\nx\nstartxref\n0\n%%EOF\n"


def mail_with(content_type: bytes, data: bytes, coding: bytes = b"base64") -> bytes:
    held = base64.encodebytes(data) if coding == b"base64" else data
    part = b"Content-Type: " + content_type + b"\r\nContent-Transfer-Encoding: " + coding + b"\r\n\r\n" + held
    return (b"From: a@b.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
            b"--b\r\nContent-Type: text/plain\r\n\r\nGui bao cao\r\n--b\r\n" + part + b"\r\n--b--\r\n")


def read_of(contents: list[Content]) -> list[tuple[str, bytes]]:
    """What a reader is given: nothing that is set aside, refused or unreadable."""
    return [(c.file, c.data) for c in contents if c.data and c.problem not in UNREAD and is_readable(c.data, c.file)
            and not any(problem.refuses for problem in inspect_file(c.data, c.file))]


@pytest.mark.parametrize("coding", [b"base64", b"binary"])
@pytest.mark.parametrize("content_type", [
    b'message/rfc822; name="x.eml"', b'application/octet-stream; name="x.eml"', b'message/rfc822; name="BC.xlsx"',
    b"message/rfc822", b'message/global; name="x.eml"', b'application/octet-stream; name="x.msg"',
])
def test_a_file_that_is_called_a_message_is_opened_by_its_content(content_type: bytes, coding: bytes) -> None:
    for data, found in ((BOOK, [BOOK]), (ZIP, [BOOK]), (PDF, [PDF])):
        contents = contents_of_mail(parse_mail(mail_with(content_type, data, coding)))
        assert [given_data for file, given_data in read_of(contents) if file != "(body)"] == found
        assert not [c for c in contents if c.problem]


def test_a_file_that_is_called_a_message_within_an_attached_message_is_not_lost() -> None:
    inner = mail_with(b'message/rfc822; name="x.eml"', BOOK)
    outer = mail_with(b'message/rfc822; name="thu.eml"', inner, b"8bit")
    assert BOOK in [data for _, data in read_of(contents_of_mail(parse_mail(outer)))]


@pytest.mark.parametrize("prefix", [b"\r\n", b"MZ\x90\x00 unpacks itself \x00\x01\x02", b"Tep nen:\n", b"\x00" * 600])
def test_a_zip_is_one_whatever_stands_before_it(prefix: bytes) -> None:
    assert container_of(prefix + ZIP) == "zip"
    assert container_of(prefix + BOOK) == "xlsx"
    contents = contents_of_file(Attachment("so-lieu.exe", prefix + ZIP, ""))
    assert read_of(contents) == [("so-lieu.exe/BC.xlsx", BOOK)]


@pytest.mark.parametrize("data", [b"%PDF-1.4\n" + ZIP + b"\n%%EOF", b"\x89PNG" + ZIP, b"{\\rtf1 " + ZIP + b"}"])
def test_what_begins_as_another_file_is_that_though_a_zip_lies_within_it(data: bytes) -> None:
    assert container_of(data) not in ("zip", "xlsx")
    assert len(contents_of_file(Attachment("x", data, ""))) == 1


@given(st.binary(max_size=300))
def test_bytes_before_a_zip_lose_none_of_its_members(prefix: bytes) -> None:
    if container_of(b"\x00" + prefix) == "binary":
        contents = contents_of_file(Attachment("x", b"\x00" + prefix + ZIP, ""))
        assert BOOK in [content.data for content in contents]


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
def test_however_its_lines_end_a_message_gives_its_parts(end: bytes) -> None:
    data = mail_with(b'text/csv; name="a.csv"', b"Tram BTS;57\r\nDai ly;26", b"8bit").replace(b"\r\n", end)
    contents = contents_of_mail(parse_mail(data))
    assert [c.file for c in contents] == ["(body)", "a.csv"]
    assert contents[0].data.strip() == b"Gui bao cao"
    assert contents[1].data.split() == [b"Tram", b"BTS;57", b"Dai", b"ly;26"]
    assert parse_mail(data).sender_address == "a@b.example"


def test_a_part_whose_own_lines_end_in_cr_alone_keeps_its_headers() -> None:
    part = b'Content-Type: text/csv; name="a.csv"\r\rTram BTS;57\rDai ly;26'
    data = (b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + part + b"\r\n--b--\r\n")
    (content,) = contents_of_mail(parse_mail(data))
    assert (content.file, content.data) == ("a.csv", b"Tram BTS;57\rDai ly;26")


def test_parts_that_name_nothing_are_found_though_the_header_names_another_boundary() -> None:
    data = (b"From: a@b.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=lost\r\n\r\n"
            b"--real\r\n\r\nTram BTS: 57\r\n--real\r\n\r\n" + PDF + b"\r\n--real--\r\n")
    contents = contents_of_mail(parse_mail(data))
    assert contents[0].data.strip() == b"Tram BTS: 57"
    assert [c.data.strip() for c in contents[1:]] == [PDF.strip()]


def test_a_line_of_dashes_is_no_boundary() -> None:
    text = b"-- \r\nSo TTTT\r\n-----Thu goc-----\r\nTram BTS: 57\r\n---\r\n"
    data = b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=lost\r\n\r\n" + text
    assert [c.data for c in contents_of_mail(parse_mail(data))] == [text]


@pytest.mark.parametrize("name", ["thu.mbox", "thu.mht", "thu.eml", "thu.bin"])
def test_a_message_that_came_as_a_file_is_not_called_unreadable_where_its_files_are_read(name: str) -> None:
    inner = mail_with(b'application/octet-stream; name="BC.xlsx"', BOOK)
    if name.endswith("mbox"):
        inner = b"From a@b.example Tue Apr 16 09:00:00 2019\r\n" + inner
    inner = inner.replace(b"MIME-Version", b"Subject: x\r\nDate: Tue, 16 Apr 2019 09:00:00 +0700\r\nMIME-Version")
    contents = contents_of_file(Attachment(name, inner, "application/octet-stream"))
    assert (contents[0].problem, contents[0].problem_vi) == (
        "attached_message", "Một thư khác được đính kèm nguyên thư; các tệp trong thư đó được đọc riêng.")
    assert read_of(contents) == [(f"{name}/BC.xlsx", BOOK)]


def test_a_page_saved_as_a_message_of_which_nothing_is_read_stays_a_loss() -> None:
    page = b"MIME-Version: 1.0\r\nSubject: x\r\nFrom: a@b.example\r\nContent-Type: text/html\r\n\r\n<table><td>57"
    whole, text = contents_of_file(Attachment("BC.mht", page, "application/octet-stream"))
    assert (whole.problem, text.problem) == ("", "skipped_part")
    assert [p.kind for p in inspect_file(whole.data, whole.file)] == ["unsupported_format"]


def twice_named() -> bytes:
    """A zip whose directory names the bytes of its one member twice."""
    data = zipped({"a.csv": b"Tram BTS;57\n" * 400})
    begin, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    entry = data[begin:end]
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 2, 2, 2 * len(entry), begin, 0)
    return data[:begin] + entry + entry.replace(b"a.csv", b"b.csv") + tail


def test_two_entries_for_one_member_are_read_once_and_said() -> None:
    data = twice_named()
    assert inspect_zip(data) == []
    contents = contents_of_file(Attachment("x.zip", data, ""))
    assert [(c.file, c.problem) for c in contents] == [
        ("x.zip", ""), ("x.zip/a.csv", ""), ("x.zip/b.csv", "exact_duplicate")]
    assert "a.csv" in contents[2].problem_vi


def test_members_that_lie_within_each_other_stay_a_bomb() -> None:
    data = zipped({"a.csv": b"x", "b.csv": bytes(range(256)) * 40})
    begin = data.index(b"PK\x01\x02")
    swollen = bytearray(data)
    swollen[begin + 20 : begin + 24] = struct.pack("<L", len(data))
    assert [problem.kind for problem in inspect_zip(bytes(swollen))] == ["zip_bomb"]
