"""The law of receiving: every leaf of a message and every member of an archive ends as one content, or says why not."""

from __future__ import annotations

import base64
import binascii
import io
import random
import re
import warnings
import zipfile
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.mail.answer import content_rows, mail_fields, unpacked_of
from flows.mail.contents import BODY, Content, contents_of_file, contents_of_mail
from flows.mail.message import Attachment, parse_mail
from flows.mail.parts import UNREAD

NAMES = ["BC.xlsx", "bc.XLSX", "(body)", "", "a/b.csv", "..", "Báo cáo.docx", "x" * 300, "thu.eml", "a.zip", "\u202ea"]
MEMBERS = ["a.csv", "a.csv", "thang/b.csv", "~$a.xlsx", ".DS_Store", "x"]
TYPES = ["application/octet-stream", "text/csv", "application/pdf", "text/calendar", "image/png", "text/plain"]


def token(number: int) -> bytes:
    return b"token-%06d;" % number


class Builder:
    """Builds a message and counts the tokens it hid: each stands in one leaf alone."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.hidden = 0

    def fresh(self) -> bytes:
        self.hidden += 1
        return token(self.hidden)

    def message(self, depth: int = 0) -> EmailMessage:
        mail = EmailMessage()
        mail["From"] = "a@b.example"
        mail["Subject"] = "Bao cao"
        mail.set_content(self.fresh().decode())
        for _ in range(self.random.randrange(4)):
            self.attach(mail, depth)
        return mail

    def attach(self, mail: EmailMessage, depth: int) -> None:
        kind = self.random.randrange(4)
        name = self.random.choice(NAMES)
        if kind == 0 and depth < 2:
            mail.add_attachment(self.message(depth + 1), filename=name or None)
        elif kind == 1:
            data = self.zip_of_files()
            mail.add_attachment(data, maintype="application", subtype="zip", filename=name or None)
        else:
            maintype, _, subtype = self.random.choice(TYPES).partition("/")
            mail.add_attachment(self.fresh(), maintype=maintype, subtype=subtype, filename=name or None)

    def zip_of_files(self) -> bytes:
        stream = io.BytesIO()
        with warnings.catch_warnings(), zipfile.ZipFile(stream, "w") as archive:
            warnings.simplefilter("ignore")
            for _ in range(self.random.randrange(1, 4)):
                archive.writestr(self.random.choice(MEMBERS), self.fresh())
        return stream.getvalue()


def contents_through_the_pipe(data: bytes):
    mail = parse_mail(data)
    contents = contents_of_mail(mail)
    return unpacked_of(mail_fields(mail) | {"contents": content_rows(contents)}, [c.data for c in contents]).contents


@given(st.integers(0, 100_000))
def test_every_leaf_and_every_member_ends_as_a_content(seed: int) -> None:
    builder = Builder(seed)
    data = builder.message().as_bytes()
    contents = contents_through_the_pipe(data)
    held = b"".join(c.data for c in contents if not c.data.startswith((b"PK", b"From:", b"Content-Type:")))
    for number in range(1, builder.hidden + 1):
        times = held.count(token(number))
        if times == 0:  # not a document: the content that stands for it says so
            continue
        assert times == 1, f"{token(number)!r} stands in {times} documents"
    lost = [n for n in range(1, builder.hidden + 1) if token(n) not in held]
    unread = [c for c in contents if c.problem == "skipped_part"]
    assert len(lost) <= len(unread), "what is in no document is a stated skip"
    assert all(c.data or c.problem for c in contents)


@given(st.integers(0, 100_000))
def test_no_two_contents_share_a_name(seed: int) -> None:
    names = [c.file.casefold() for c in contents_through_the_pipe(Builder(seed).message().as_bytes())]
    assert len(names) == len(set(names))


def test_a_file_named_like_the_body_is_not_taken_for_it() -> None:
    mail = EmailMessage()
    mail.set_content("phần chữ")
    mail.add_attachment(b"tep", maintype="application", subtype="octet-stream", filename=BODY)
    assert [(c.file, c.data.strip()) for c in contents_through_the_pipe(mail.as_bytes())] == [
        (BODY, "phần chữ".encode()), ("(body) (2)", b"tep"),
    ]  # fmt: skip


def test_figures_only_in_the_html_are_said() -> None:
    mail = EmailMessage()
    mail.set_content("Xem bảng.")
    mail.add_alternative("<p>Xem bảng.</p><table><tr><td>Trạm BTS</td><td>75</td></tr></table>", subtype="html")
    (body,) = contents_through_the_pipe(mail.as_bytes())
    assert body.problem == "set_aside_text"
    assert "75" in body.problem_vi
    assert body.problem not in UNREAD, "what is said of the body does not take it away"
    assert b"Xem" in body.data


def test_text_outside_the_parts_is_said() -> None:
    data = (
        b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"So lieu: 75\r\n--b\r\n\r\nx\r\n--b--\r\nCon nua: 12\r\n"
    )
    assert [c.problem for c in contents_through_the_pipe(data)] == ["", "skipped_part", "skipped_part"]


def text_of(data: bytes) -> str:
    return next(c.data.decode() for c in contents_through_the_pipe(data) if c.file == BODY)


def html_mail(html: str, plain: str = "", kind: str = "mixed") -> bytes:
    parts = [f"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{plain}\r\n"] if plain else []
    parts.append(f"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n--b--\r\n")
    return f"From: a@b.example\r\nContent-Type: multipart/{kind}; boundary=b\r\n\r\n{''.join(parts)}".encode()


def test_html_beside_a_text_is_read_and_html_instead_of_it_is_not() -> None:
    plain, html = "Trạm BTS: 75", "<p>Đại lý Internet: 75</p>"
    assert text_of(html_mail(html, plain, "mixed")).split("\n")[-1] == "Đại lý Internet: 75"
    assert "Đại lý" not in text_of(html_mail(html, plain, "alternative"))


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 5_000 + "Trạm BTS: 75" + "</div>" * 5_000,
        "<table><tr><td>" * 2_000 + "Trạm BTS: 75",
        "<script>if (a < b) </script>Trạm BTS: 75<style>p{}</style>",
        "<!-- <b> -->Trạm BTS: 75<!-- không đóng",
        "<style>không đóng<p>Trạm BTS: 75",
        "a < b<br>Trạm BTS: 75 < 80",
        "<p title='x>y'>Trạm BTS:&nbsp;75",
    ],
    ids=["deep", "tables", "script", "comment", "style", "signs", "entity"],
)
def test_no_depth_and_no_open_end_hides_a_text(html: str) -> None:
    assert re.search(r"Trạm BTS:\s75", text_of(html_mail(html)))


def test_a_file_uuencoded_within_the_text_is_a_file() -> None:
    coded = binascii.b2a_uu(b"Tram BTS;75\n").replace(b"\n", b"\r\n")
    body = b"Gui kem.\r\nbegin 644 a.csv\r\n" + coded + b"`\r\nend\r\n"
    contents = contents_through_the_pipe(b"From: a@b.example\r\n\r\n" + body)
    assert [(c.file, c.data.strip()) for c in contents] == [(BODY, b"Gui kem."), ("a.csv", b"Tram BTS;75")]


@pytest.mark.parametrize("data", [b"a;b\n1;2\n", b"x" * 3000], ids=["short", "long"])
def test_a_footer_below_base64_is_set_aside_and_the_file_is_whole(data: bytes) -> None:
    coded = base64.encodebytes(data + b"=" * ((1 - len(data)) % 3))
    assert b"=" in coded
    mail = (
        b"From: a@b.example\r\nContent-Type: a/b; name=a.csv\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + coded + b"_______________\nDanh sach thu bao-cao@x.example\nhttps://x.example/huy\n"
    )  # fmt: skip
    (content,) = contents_through_the_pipe(mail)
    assert content.data.startswith(data)
    assert content.problem == "set_aside_text"


def test_a_member_that_cannot_be_inflated_takes_nothing_with_it() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("hong.csv", bytes(range(256)) * 200, zipfile.ZIP_LZMA)
        archive.writestr("lanh.csv", b"Tram BTS;75")
        size = archive.infolist()[0].compress_size
    data = bytearray(stream.getvalue())
    start = data.index(b"hong.csv") + len(b"hong.csv")
    for place in range(start, start + size - 8):
        broken = bytearray(data)
        broken[place : place + 8] = b"\xff" * 8
        contents = list(contents_of_file(Attachment("bc.zip", bytes(broken), "application/zip")))
        assert [c.data for c in contents if c.file == "bc.zip/lanh.csv"] == [b"Tram BTS;75"]


def test_a_message_within_a_zip_is_opened_like_any_attached_one() -> None:
    inner = EmailMessage()
    inner["From"] = "a@b.example"
    inner["Subject"] = "Bao cao"
    inner["Date"] = "Tue, 16 Apr 2019 09:00:00 +0700"
    inner.add_attachment(b"Tram BTS;75", maintype="text", subtype="csv", filename="q.csv")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("fw.eml", inner.as_bytes())
    contents = list(contents_of_file(Attachment("bc.zip", stream.getvalue(), "application/zip")))
    assert [c.file for c in contents] == ["bc.zip", "bc.zip/fw.eml", "bc.zip/fw.eml/q.csv"]


@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b"\r\n\r\n", b"\n"])
def test_what_stands_before_the_headers_hides_none(before: bytes) -> None:
    assert parse_mail(before + b"From: a@b.example\r\nSubject: x\r\n\r\ny").sender_address == "a@b.example"


@given(st.integers(0, 100_000), st.floats(0, 1))
def test_what_is_read_of_a_cut_message_is_whole(seed: int, share: float) -> None:
    """A message of several parts that was cut anywhere: each part that is read is one that was sent, to its end."""
    builder = Builder(seed)
    message = builder.message()
    builder.attach(message, 2)
    data = message.as_bytes()
    first_boundary = data.index(b"\n--" + message.get_boundary().encode())
    cut = data[: first_boundary + int(share * (len(data) - first_boundary - 4))]
    sent = {c.data.strip() for c in contents_through_the_pipe(data)}
    for content in contents_through_the_pipe(cut):
        # the parts of a message are contents of their own; parts without any boundary line stand for themselves
        is_wrapping = content.media_type.startswith(("message/", "multipart/"))
        assert is_wrapping or content.problem in UNREAD or content.data.strip() in sent, content.file


@pytest.mark.parametrize(("encoding", "coded", "is_whole"), [
    ("base64", b"VHJhbSBCVFM6IDQxNg==", True), ("base64", b"VHJhbSBCVFM6IDQ", False), ("base64", b"VHJhb", False),
    ("quoted-printable", b"Tr=C3=A1m 416", True), ("quoted-printable", b"Tr=C3=A", False),
    ("quoted-printable", b"416=\r\n", True),
])  # fmt: skip
def test_a_part_whose_code_stops_half_way_is_not_read(encoding: str, coded: bytes, is_whole: bool) -> None:
    mail = b"From: a@b.example\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: " + encoding.encode() + b"\r\n\r\n"
    (content,) = contents_through_the_pipe(mail + coded)
    assert (content.problem not in UNREAD) == is_whole
    assert is_whole or "cắt cụt" in content.problem_vi


def zip_of(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


@pytest.mark.parametrize("empty", [zip_of(), zip_of(**{"thang 4/": b""})])
def test_an_archive_without_files_says_so(empty: bytes) -> None:
    (wrapping, said) = contents_of_file(Attachment("BC.zip", empty, "application/zip"))
    assert (wrapping.problem, said.problem) == ("", "empty_file")
    assert "không có tệp nào" in said.problem_vi


@given(st.lists(st.tuples(st.binary(max_size=300), st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])),
                min_size=2, max_size=4))
def test_of_archives_one_after_the_other_the_members_of_all_but_the_last_are_said(parts: list) -> None:
    archives = []
    for number, (data, method) in enumerate(parts):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", method) as archive:
            archive.writestr(f"so {number}.csv", data or b"x")
        archives.append(stream.getvalue())
    contents = _contents_of(b"".join(archives))
    said = next(c for c in contents if c.problem == "damaged_file")
    assert all(f"so {number}.csv" in said.problem_vi for number in range(len(parts) - 1))
    assert [c.file for c in contents if c.data] == ["BC.zip", f"BC.zip/so {len(parts) - 1}.csv"]
    assert not [c for c in _contents_of(archives[0]) if c.problem], "nothing is said of a sound archive"


def _contents_of(archive: bytes) -> list[Content]:
    return list(contents_of_file(Attachment("BC.zip", archive, "application/zip")))


def test_a_zip_that_is_stored_in_a_zip_is_no_member_without_a_directory() -> None:
    outer = zip_of(**{"trong.zip": zip_of(**{"m.csv": b"BTS;7"})})
    assert not [c for c in _contents_of(outer) if c.problem == "damaged_file"]


def test_an_archive_within_an_archive_is_said_to_be_unopened_and_one_in_a_message_within_it_is_opened() -> None:
    inner = zip_of(**{"m.csv": b"BTS;7"})
    mail = EmailMessage()
    mail["From"], mail["Subject"], mail["Date"] = "a@b.example", "BC", "Tue, 16 Apr 2019 09:00:00 +0700"
    mail.set_content("Kem tep")
    mail.add_attachment(inner, maintype="application", subtype="zip", filename="kem.zip")
    outer = zip_of(**{"trong.zip": inner, "thu.eml": mail.as_bytes()})
    contents = {c.file: c for c in contents_of_file(Attachment("BC.zip", outer, "application/zip"))}
    assert contents["BC.zip/trong.zip"].problem == "nested_archive"
    assert "BC.zip/trong.zip/m.csv" not in contents
    assert contents["BC.zip/thu.eml/kem.zip"].problem == ""
    assert contents["BC.zip/thu.eml/kem.zip/m.csv"].data == b"BTS;7"


@pytest.mark.parametrize("media_type", ["multipart/mixed; boundary=b", "text/plain"])
def test_a_message_whose_head_is_too_long_to_be_looked_at_is_said_to_be_unopened(media_type: str) -> None:
    head = b"From: a@b.example\r\n" + b"X-Filler: " + b"x" * 300_000 + b"\r\nContent-Type: " + media_type.encode()
    (content,) = contents_through_the_pipe(head + b"\r\n\r\n--b\r\n\r\nBTS 7\r\n--b--\r\n")
    assert (content.problem, content.data) == ("message_unreadable", b"")


def test_a_multipart_message_whose_head_goes_on_beyond_what_is_looked_at_is_opened() -> None:
    head = b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\nX-Filler: " + b"x" * 300_000
    contents = contents_through_the_pipe(head + b"\r\n\r\n--b\r\n\r\nBTS 7\r\n--b--\r\n")
    assert [(c.data, c.problem) for c in contents] == [(b"BTS 7", "set_aside_text")]


def mailbox(coding: str, line_end: str) -> bytes:
    def one(number: int) -> bytes:
        text = f"Trạm BTS: {number} trạm".encode()
        coded = base64.encodebytes(text) if coding == "base64" else text + b"\n"
        head = f"From: a@b.example\nSubject: BC {number}\nContent-Type: text/plain; charset=utf-8\n"
        return head.encode() + f"Content-Transfer-Encoding: {coding}\n\n".encode() + coded

    separator = b"From a@b.example Wed Apr 17 08:00:00 2019\n"
    return b"".join(separator + one(number) + b"\n" for number in (11, 22, 33)).replace(b"\n", line_end.encode())


@pytest.mark.parametrize("coding", ["8bit", "base64"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_the_messages_after_the_first_of_a_mailbox_are_said(coding: str, line_end: str) -> None:
    mail = parse_mail(mailbox(coding, line_end))
    assert mail.body.strip() == "Trạm BTS: 11 trạm"
    assert mail.body_problem == ""
    (rest,) = mail.attachments
    assert rest.problem == "second_message"
    assert "3 thư" in rest.problem_vi
    assert [c.problem for c in contents_of_mail(mail)] == ["", "second_message"]
    assert mailbox(coding, line_end).endswith(rest.data)


def test_the_files_of_the_messages_after_the_first_are_nobodys() -> None:
    """They may be another sender's: what is said not to be opened is not opened."""
    second = (b"From: b@c.example\nSubject: BC\nContent-Type: multipart/mixed; boundary=x\n\n--x\n"
              b"Content-Type: text/csv\nContent-Disposition: attachment; filename=BC.csv\n\nTram BTS;75\n--x--\n")
    separator = b"From a@b.example Wed Apr 17 08:00:00 2019\n"
    mail = parse_mail(separator + b"From: a@b.example\nSubject: BC\n\nMot.\n\n" + separator + second)
    assert [(c.file, c.problem) for c in contents_of_mail(mail)] == [
        ("(body)", ""), ("cac-thu-sau.mbox", "second_message")]


def test_a_line_that_begins_like_a_separator_parts_no_message() -> None:
    data = b"From: a@b.example\nSubject: BC\n\nMot.\n\nFrom a@b Wed Apr 17 08:00:00 2019\nSubject: x\n\nHai.\n"
    assert parse_mail(data).attachments == ()
