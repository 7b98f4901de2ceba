"""A message is taken apart whatever its mail program did to it."""

from __future__ import annotations

import base64
import unicodedata
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.mail import decode_words, parse_date, parse_mail, safe_name, sender_address
from tests.patience import grows_at_most_linearly


def message(*lines: str | bytes, body: bytes = b"Noi dung") -> bytes:
    encoded = [line.encode() if isinstance(line, str) else line for line in lines]
    return b"\r\n".join(encoded) + b"\r\n\r\n" + body


def attached(disposition: bytes) -> bytes:
    return message(
        "From: a@b.example",
        b"Content-Type: application/octet-stream",
        b"Content-Disposition: " + disposition,
        "Content-Transfer-Encoding: base64",
        body=base64.b64encode(b"bytes"),
    )


@pytest.mark.parametrize(
    ("header", "address"),
    [
        ("VNPT <thongke@vnpt-gl.example>", "thongke@vnpt-gl.example"),
        ("ThongKe@VNPT-gl.EXAMPLE", "thongke@vnpt-gl.example"),
        ('"baocao@viettel-gl.example" <evil@elsewhere.example>', "evil@elsewhere.example"),
        ('"Nguyễn, Văn A" < a@b.example >', "a@b.example"),
        ("khong co dia chi", ""),
        ("", ""),
    ],
)
def test_the_sender_is_the_address_and_never_the_name_beside_it(header: str, address: str) -> None:
    assert sender_address(header) == address


def test_a_letter_split_over_two_encoded_words_is_joined() -> None:
    raw = "huyện Krông Pa".encode()
    first, second = (base64.b64encode(part).decode() for part in (raw[:5], raw[5:]))
    assert decode_words(f"=?UTF-8?B?{first}?=\r\n =?UTF-8?B?{second}?=") == "huyện Krông Pa"


@pytest.mark.parametrize(
    "disposition",
    [
        b"attachment; filename*=UTF-8''B%C3%A1o%20c%C3%A1o.xlsx",
        b"attachment;\r\n filename*0*=UTF-8''B%C3%A1o%20;\r\n filename*1*=c%C3%A1o.xlsx",
        b'attachment; filename="=?UTF-8?B?QsOhbyBjw6FvLnhsc3g=?="',
        b'attachment; filename="=?utf-8?Q?B=C3=A1o?=\r\n =?utf-8?Q?_c=C3=A1o.xlsx?="',
        'attachment; filename="Báo cáo.xlsx"'.encode(),
        'attachment; filename="Báo cáo.xlsx"'.encode("cp1258"),
        b"attachment; filename*=UTF-8''Ba%CC%81o%20ca%CC%81o.xlsx",
        'attachment; filename="C:\\\\Users\\\\A\\\\Báo cáo.xlsx"'.encode(),
    ],
)
def test_a_file_name_is_read_in_every_spelling(disposition: bytes) -> None:
    assert [a.name for a in parse_mail(attached(disposition)).attachments] == ["Báo cáo.xlsx"]


def test_a_name_cannot_leave_its_folder() -> None:
    assert safe_name("../../etc/passwd") == "passwd"
    assert safe_name("a\x00\u2066b\n.xlsx") == "ab .xlsx"
    assert safe_name("bc\u202exslx.exe") == "bc\ufffdxslx.exe"
    assert len(safe_name("a" * 5000 + ".xlsx")) < 200
    assert safe_name("a" * 5000 + ".xlsx").endswith(".xlsx")


def test_two_files_of_one_name_stay_two() -> None:
    mail = EmailMessage()
    for data in (b"1", b"2"):
        mail.add_attachment(data, maintype="application", subtype="octet-stream", filename="BC.xlsx")
    assert [(a.name, a.data) for a in parse_mail(mail.as_bytes()).attachments] == [
        ("BC.xlsx", b"1"),
        ("BC (2).xlsx", b"2"),
    ]


def test_the_text_is_decoded_and_soft_breaks_are_joined() -> None:
    body = "Trạm BTS: \r\n75 trạm\r\n-- \r\nA".encode()
    mail = message("From: a@b.example", "Content-Type: text/plain; charset=utf-8; format=flowed", body=body)
    assert parse_mail(mail).body == "Trạm BTS: 75 trạm\n-- \nA"
    wrong = message("From: a@b.example", "Content-Type: text/plain; charset=us-ascii", body="Trạm BTS".encode())
    assert parse_mail(wrong).body == "Trạm BTS"


def test_a_message_of_html_alone_gives_its_text() -> None:
    html = "<html><head><style>p{}</style></head><body><p>Trạm&nbsp;BTS: <b>75</b></p><p>Hết</p></body></html>"
    mail = message("From: a@b.example", "Content-Type: text/html; charset=utf-8", body=html.encode())
    assert unicodedata.normalize("NFKC", parse_mail(mail).body) == "Trạm BTS: 75\nHết"


def test_an_attached_message_gives_itself_and_its_files() -> None:
    inner = EmailMessage()
    inner["From"] = "c@d.example"
    inner.set_content("bên trong")
    inner.add_attachment(b"x", maintype="application", subtype="octet-stream", filename="BC.xlsx")
    outer = EmailMessage()
    outer["From"] = "a@b.example"
    outer.set_content("xem thư kèm")
    outer.add_attachment(inner, filename="thu.eml")
    mail = parse_mail(outer.as_bytes())
    assert mail.sender_address == "a@b.example"
    assert [(a.name, a.problem) for a in mail.attachments] == [
        ("thu.eml", ""), ("phan-chu-thu-kem.txt", "skipped_part"), ("BC.xlsx", ""),
    ]  # fmt: skip
    assert mail.body.strip() == "xem thư kèm"


@pytest.mark.parametrize("header", ["", "hôm qua", "Tue, 99 Foo 2019", "32/13/2019"])
def test_a_date_that_is_none_is_empty(header: str) -> None:
    assert parse_date(header) == ""


def test_a_date_without_offset_is_of_vietnam() -> None:
    assert parse_date("Tue, 16 Apr 2019 16:05:05 -0000") == "2019-04-16T16:05:05+07:00"
    assert parse_date("Tue, 16 Apr 2019 16:05:05 +0000") == "2019-04-16T16:05:05+00:00"


@given(st.binary(max_size=2000))
def test_any_bytes_give_a_message(data: bytes) -> None:
    parse_mail(data)


NESTED = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n"
SENDER = b"From: a@b.example\r\n"
ENDLESS = {
    "deep": lambda n: b"".join(NESTED % (level, level) for level in range(n)) + b"x",
    "messages in messages": lambda n: b"Content-Type: message/rfc822\r\n\r\n" * n,
    "words": lambda n: b"Subject: " + b"=?utf-8?q?a?= " * n + b"\r\n\r\nx",
    "declarations": lambda n: b"Content-Type: text/html\r\n\r\n" + b"<![" * n,
    "open tags": lambda n: b"Content-Type: text/html\r\n\r\n" + b"<a " * n,
    "parts": lambda n: b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n\r\na\r\n" * n,
    "headers": lambda n: b"X-Spam: 1\r\n" * n + b"\r\nx",
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_a_message_made_to_exhaust_costs_what_its_size_does(kind: str) -> None:
    assert parse_mail(SENDER + ENDLESS[kind](3000)).sender_address == "a@b.example"
    assert grows_at_most_linearly(lambda n: parse_mail(SENDER + ENDLESS[kind](n)), 750)


@pytest.mark.parametrize("letter", ["a", "<", "<a@", "@"])
def test_a_sender_without_end_costs_what_its_size_does(letter: str) -> None:
    assert grows_at_most_linearly(lambda n: parse_mail(f"From: {letter * n}\r\n\r\nx".encode()), 50_000)


LINES = (
    b"From: a@b\r\n",
    b"Content-Type: multipart/mixed; boundary=x\r\n",
    b"\r\n",
    b"--x\r\n",
    b"--x--\r\n",
    b"Content-Type: message/rfc822\r\n",
    b"Content-Type: text/plain; charset=nosuch\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"Subject: =?UTF-8?B?!!!?= =?nosuch?Q?=ZZ?=\r\n",
    b"Content-Disposition: attachment; filename*=x''%ZZ\r\n",
    b"\xff\xfe\x80\r\n",
)


@given(st.lists(st.sampled_from(LINES), max_size=30))
def test_a_broken_message_is_still_taken_apart(lines: list[bytes]) -> None:
    mail = parse_mail(b"".join(lines))
    assert all(a.name and (a.data or a.problem) for a in mail.attachments)
