"""The law of receiving: every leaf of a message and every member of an archive ends as one content, or says why not."""

from __future__ import annotations

import io
import random
import warnings
import zipfile
from email.message import EmailMessage

from hypothesis import given
from hypothesis import strategies as st

from flows.mail.answer import content_rows, mail_fields, unpacked_of
from flows.mail.contents import BODY, contents_of_mail
from flows.mail.message import parse_mail

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
    assert body.problem == "skipped_part"
    assert "75" in body.problem_vi


def test_text_outside_the_parts_is_said() -> None:
    data = (
        b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"So lieu: 75\r\n--b\r\n\r\nx\r\n--b--\r\nCon nua: 12\r\n"
    )
    assert [c.problem for c in contents_through_the_pipe(data)] == ["", "skipped_part", "skipped_part"]
