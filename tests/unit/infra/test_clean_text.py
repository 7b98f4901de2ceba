"""Foreign text that has passed the border survives whatever it is put into."""

from __future__ import annotations

import csv
import io
import re
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from flows.readings import reading_from_json
from flows.records import NarrativeItem
from infra.clean_text import clean_line, clean_text

ANYTHING = st.text(st.characters(codec=None, categories=None), max_size=200)
LETTERS = "\x00\x1b[2J\r\n\x85\u2028\u2029\u202e\u2066\ud800\udfff\ufffe\uffff\ufeff\u200b\x9b=+@"
FEARED = st.text(st.sampled_from(LETTERS))


@given(st.one_of(ANYTHING, FEARED))
def test_it_survives_utf8_xml_csv_a_mail_header_and_a_terminal(text: str) -> None:
    cleaned = clean_text(text)
    assert cleaned.encode("utf-8").decode("utf-8") == cleaned
    element = etree.Element("a")
    element.text = cleaned
    assert (etree.fromstring(etree.tostring(element)).text or "") == cleaned
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerow([cleaned, "b"])
    assert next(csv.reader(io.StringIO(stream.getvalue(), newline=""))) == [cleaned, "b"]
    line = clean_line(text)
    message = EmailMessage(policy=SMTP)
    message["Subject"] = line
    Header(line, "utf-8").encode()
    assert message.as_bytes().count(b"\r\n\r\n") == 1
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", cleaned)
    assert "\n" not in line and "\t" not in line


def test_what_is_shown_backwards_is_no_longer_a_number() -> None:
    """A person reads 345 where the digits stand as 543: neither may be taken."""
    assert clean_text("Trạm BTS: \u202e543\u202c trạm.") == "Trạm BTS: \ufffd543 trạm."


@given(st.one_of(ANYTHING, FEARED))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean_text(clean_text(text)) == clean_text(text)
    assert clean_line(clean_line(text)) == clean_line(text)


def test_vietnamese_passes_untouched() -> None:
    text = "Đăk Đoa: 1.095 thuê bao – “mạng lưới” (tăng 2 %)\n- Trạm BTS\u00a0: 75"
    assert clean_text(text) == text


@given(st.one_of(ANYTHING, FEARED))
def test_every_record_that_a_child_sends_is_clean(text: str) -> None:
    fields = list(NarrativeItem.__dataclass_fields__)
    row = ["II" if name == "part" else text for name in fields]
    (item,) = reading_from_json({"narrative_items": {"fields": fields, "rows": [row]}}).narrative_items
    assert item.text == clean_text(text)
