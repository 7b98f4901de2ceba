"""A header folded once is the header that the library folds, and a subject arrives as it was written."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage

from hypothesis import given
from hypothesis import strategies as st

from infra.mail_policy import MAIL

LINES = st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), max_size=200)


@given(st.lists(LINES, min_size=1, max_size=3), LINES)
def test_a_message_is_written_as_the_library_writes_it(subjects: list[str], name: str) -> None:
    for subject in [*subjects, *subjects]:
        written = []
        for chosen in (MAIL, policy.SMTP):
            message = EmailMessage(policy=chosen)
            message["To"] = [Address(name.strip(), addr_spec="a@b.example"), Address(addr_spec="c@d.example")]
            message["Comments"] = subject
            message.set_content("Kính gửi\n", cte="quoted-printable")
            message.add_attachment(b"x", "text", "csv", filename=subject.strip() or "x.csv")
            message.set_boundary("=")
            written.append(message.as_bytes())
        assert written[0] == written[1]


@given(LINES)
def test_a_subject_arrives_with_each_of_its_letters_and_blanks(subject: str) -> None:
    message = EmailMessage(policy=MAIL)
    message["Subject"] = subject
    message.set_content("Kính gửi\n")
    arrived = message_from_bytes(message.as_bytes(), policy=policy.default)
    assert arrived["Subject"] == str(message["Subject"])
