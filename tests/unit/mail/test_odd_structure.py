"""Header lines that say a message's structure wrongly, twice or not at all: its documents are those of a sound one."""

from __future__ import annotations

import base64

import pytest

from flows.mail.contents import contents_of_mail
from flows.mail.message import parse_mail

FILE = b"PK\x03\x04" + bytes(range(256)) * 20
CODED = base64.encodebytes(FILE)
HEAD = b"From: a@b.example\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
TEXT = b"Content-Type: text/plain\r\n\r\nTram BTS: 416\r\n"
PART = b'Content-Type: application/octet-stream; name="bc.xlsx"\r\nContent-Transfer-Encoding: '


def message(content_type: bytes, boundary: bytes = b"bd", coding: bytes = b"base64", file: bytes = CODED) -> bytes:
    line = b"\r\n--" + boundary
    parts = line + b"\r\n" + TEXT + line + b"\r\n" + PART + coding + b"\r\n\r\n" + file + line + b"--\r\n"
    return HEAD + content_type + b"\r\n" + parts


def documents(data: bytes) -> list[tuple[str, bytes]]:
    return [(content.file, content.data.strip()) for content in contents_of_mail(parse_mail(data))]


SOUND = [("(body)", b"Tram BTS: 416"), ("bc.xlsx", FILE)]


@pytest.mark.parametrize("content_type", [
    b"Content-Type: multipart/mixed; boundary=bd\r\n",
    b"Content-Type: text/plain\r\nContent-Type: multipart/mixed; boundary=bd\r\n",
    b"Content-Type: multipart/mixed; boundary=bd\r\nContent-Type: text/plain\r\n",
    b"Content-Type: multipart/mixed; boundary=other\r\nContent-Type: multipart/mixed; boundary=bd\r\n",
    b"Content-Type: multipart/mixed; boundary=other\r\n", b"Content-Type: multipart/mixed\r\n", b"",
    b"Content-Type: \r\n", b"Content-Type: text/plain\r\n", b"Content-Type: multipart / mixed ; boundary=bd\r\n",
    b"Content-Type: multipart/mixed (a; b); (c) boundary=bd (d)\r\n", b"Content-Type: multipart/mixed boundary=bd\r\n",
    b"Content-Type: multipart/mixed;; boundary=bd;\r\n", b'Content-Type: multipart/mixed; boundary="b\\d"\r\n',
])  # fmt: skip
def test_the_parts_are_found_whatever_the_header_says_of_them(content_type: bytes) -> None:
    assert documents(message(content_type)) == SOUND


@pytest.mark.parametrize("boundary", [b"a b", b"a  b c", b" ab", b"'()+_,-./:=?", b"ab ", b"b" * 70, "đ".encode()])
def test_a_boundary_is_any_text(boundary: bytes) -> None:
    assert documents(message(b'Content-Type: multipart/mixed; boundary="' + boundary + b'"\r\n', boundary)) == SOUND


@pytest.mark.parametrize("coding", [
    b"base64", b"BASE64 (comment)", b"(a) base64", b'"base64"', b"base64;", b"x-foo", b"7bit", b"8-bit", b"utf-8", b"",
    b"7bit\r\nContent-Transfer-Encoding: base64", b"base64\r\nContent-Transfer-Encoding: 7bit",
])  # fmt: skip
def test_a_file_is_a_file_whatever_its_coding_is_called(coding: bytes) -> None:
    assert documents(message(b"Content-Type: multipart/mixed; boundary=bd\r\n", coding=coding)) == SOUND


def test_a_coding_that_is_none_is_said_and_its_text_read() -> None:
    data = HEAD + b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: utf-8\r\n\r\nTram BTS: 416"
    mail = parse_mail(data)
    assert (mail.body, mail.body_problem) == ("Tram BTS: 416", "unknown_coding")
    assert "utf-8" in mail.body_problem_vi


@pytest.mark.parametrize("head", [
    b"Content-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\n", b"Content-Transfer-Encoding: base64\r\n",
    b"Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n",
])  # fmt: skip
def test_a_file_that_is_called_text_is_a_file(head: bytes) -> None:
    content = FILE if b"binary" in head else CODED
    assert documents(HEAD + head + b"\r\n" + content)[0] == ("tep-1.bin", FILE)


def test_the_parts_of_a_digest_are_messages() -> None:
    inner = message(b"Content-Type: multipart/mixed; boundary=bd\r\n")
    digest = b"Content-Type: multipart/digest; boundary=out\r\n\r\n--out\r\n\r\n" + inner + b"\r\n--out--\r\n"
    assert [name for name, _ in documents(HEAD + digest)] == ["tep-1.eml", "phan-chu-thu-kem.txt", "bc.xlsx"]


def test_parts_coded_all_together_are_found() -> None:
    head = b"Content-Type: multipart/mixed; boundary=bd\r\n"
    inside = message(b"").removeprefix(HEAD)
    data = HEAD + head + b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(inside)
    assert documents(data) == SOUND


def test_dashes_in_a_text_part_nothing() -> None:
    text = b"--tong hop\r\nTram BTS: 416\r\n--tong hop--"
    assert documents(HEAD + b"Content-Type: text/plain\r\n\r\n" + text) == [("(body)", text.replace(b"\r", b""))]
