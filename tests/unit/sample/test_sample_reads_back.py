"""Every figure of the sample comes back from its form, with its value, area and month; nothing is invented."""

from __future__ import annotations

from decimal import Decimal

import pytest

from flows.mail import parse_mail
from flows.mail.contents import contents_of_mail
from flows.read.document import ReadContext
from flows.read.reader import read_document
from flows.records import Reading
from flows.sample.figures import PERIOD, Message, SampleMonth, as_first_sent, load_messages, load_month
from flows.sample.messages import write_sample

Key = tuple[str, str, str]  # indicator_id, area_code, period


@pytest.fixture(scope="module")
def month() -> SampleMonth:
    return load_month()


@pytest.fixture(scope="module")
def readings(tmp_path_factory: pytest.TempPathFactory, month: SampleMonth) -> dict[str, Reading]:
    """What each message says: its text and its attachment read together."""
    folder = tmp_path_factory.mktemp("sample")
    write_sample(PERIOD, folder)
    return {message.message: _read(folder / message.message, message, month) for message in load_messages()}


def _read(path: object, message: Message, month: SampleMonth) -> Reading:
    contents = contents_of_mail(parse_mail(path.read_bytes()))  # type: ignore[attr-defined]
    submitter = month.catalogue.submitter_by_id.get(message.submitter_id)
    parts = [
        read_document(content.data, ReadContext(
            catalogue=month.catalogue, report_period=PERIOD, submitter=submitter, receipt_id="r",
            message=message.message, file=content.file, subject=message.subject,
            sibling_files=tuple(c.file for c in contents),
        ))
        for content in contents
    ]
    return Reading(*(tuple(x for part in parts for x in getattr(part, name))
                     for name in ("observations", "narrative_items", "findings")))


def _expected(message: Message, month: SampleMonth) -> dict[Key, Decimal]:
    shown = as_first_sent(month, message.message)
    return {(i, area, period): shown.sent(s, i, area, period)
            for s, i, area, period in month.figures if s == message.submitter_id}


MESSAGES = [message for message in load_messages() if message.submitter_id]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda m: f"{m.message}-{m.submitter_id}")
def test_figures_come_back(message: Message, month: SampleMonth, readings: dict[str, Reading]) -> None:
    read = {(o.indicator_id, o.area_code, o.period): o.value for o in readings[message.message].observations}
    expected = _expected(message, month)
    assert {key: read.get(key) for key in expected} == expected


@pytest.mark.parametrize("message", MESSAGES, ids=lambda m: f"{m.message}-{m.submitter_id}")
def test_nothing_is_invented(message: Message, month: SampleMonth, readings: dict[str, Reading]) -> None:
    """Whatever is read beyond the figures is a total that the form prints, and it is right."""
    shown = as_first_sent(month, message.message)
    for o in readings[message.message].observations:
        if o.value is None or "#" in o.indicator_id:
            continue
        assert shown.has(message.submitter_id, o.indicator_id, o.area_code, o.period), o
        assert o.value == shown.sent(message.submitter_id, o.indicator_id, o.area_code, o.period), o


@pytest.mark.parametrize("message", MESSAGES, ids=lambda m: f"{m.message}-{m.submitter_id}")
def test_work_items_come_back_under_their_sections(
    message: Message, month: SampleMonth, readings: dict[str, Reading]
) -> None:
    expected = {(part, section, text) for part in ("I", "II")
                for section, texts in month.items(message.submitter_id, part) for text in texts}
    if message.form == "district_prose":  # a district's sentence that only states figures is no work item
        figures = {s.text for s in month.sentences if "{" in s.text or s.text.endswith("không phát sinh.")}
        stated = {month.filled(message.submitter_id, text) for text in figures}
        expected = {item for item in expected if item[2] not in stated}
    assert {(n.part, n.section, n.text) for n in readings[message.message].narrative_items} == expected


@pytest.mark.parametrize("message", MESSAGES, ids=lambda m: f"{m.message}-{m.submitter_id}")
def test_sample_gives_no_intake_finding(message: Message, readings: dict[str, Reading]) -> None:
    assert [f for f in readings[message.message].findings if f.severity != "note"] == []


def test_bounds_keep_their_qualifier(month: SampleMonth, readings: dict[str, Reading]) -> None:
    read = {(m.submitter_id, o.indicator_id): o.qualifier for m in MESSAGES
            for o in readings[m.message].observations if o.qualifier}
    assert read == {(s, i): qualifier for (s, i, _, _), qualifier in month.qualifiers.items()}
