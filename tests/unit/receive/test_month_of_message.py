"""A message belongs to the month it speaks of, then to the month it was sent in, never to the folder alone."""

from __future__ import annotations

from email.header import Header

import pytest

from flows.mail.message import parse_mail
from flows.receive.month import month_of_message, other_month_of_subject
from flows.sandbox_jobs import _months_named


@pytest.mark.parametrize(
    ("months", "sent_at", "expected"),
    [
        ((), "", "2019-05"),
        (("-05",), "2019-05-16T09:00:00+07:00", "2019-05"),
        (("-04",), "2019-05-16T09:00:00+07:00", "2019-04"),  # a correction that arrives a month later
        (("2019-04",), "2019-05-16T09:00:00+07:00", "2019-04"),
        (("-04", "-05"), "2019-05-16T09:00:00+07:00", "2019-05"),  # the report of May compares with April
        (("-03", "-04"), "2019-05-16T09:00:00+07:00", "2019-05"),  # two others: a person decides
        (("2018-05",), "2019-05-16T09:00:00+07:00", "2019-05"),  # a year too old is more likely a slip
        (("-06",), "2019-05-16T09:00:00+07:00", "2019-05"),  # last year's June is too far back
        (("2019-06",), "2019-05-16T09:00:00+07:00", "2019-05"),  # a month to come is a plan
        (("2019-07",), "2019-07-14T09:00:00+07:00", "2019-07"),  # what it says and when it came agree
        (("=2019-06",), "2019-07-02T09:00:00+07:00", "2019-06"),
        (("=-07",), "2019-07-14T09:00:00+07:00", "2019-07"),
        (("=-05",), "2001-01-01T00:00:00+07:00", "2019-05"),  # a clock that stands names no year
        (("2019-07",), "2019-05-16T09:00:00+07:00", "2019-05"),  # a plan
        ((), "2019-04-16T09:00:00+07:00", "2019-04"),
        ((), "2019-06-02T09:00:00+07:00", "2019-05"),  # late
        ((), "2001-01-01T00:00:00+07:00", "2019-05"),  # a clock that stands
    ],
)
def test_the_month(months: tuple[str, ...], sent_at: str, expected: str) -> None:
    assert month_of_message("2019-05", months, sent_at) == expected


def test_december_is_of_the_year_before() -> None:
    assert month_of_message("2019-01", ("-12",), "2019-01-08T09:00:00+07:00") == "2018-12"


@pytest.mark.parametrize(
    ("months", "expected"),
    [
        (("=-05",), ""),
        (("=2019-04",), ""),  # filed under April
        (("=2018-05",), "2018-05"),
        (("=-06",), "2018-06"),
        (("=2019-06",), "2019-06"),
        (("=-05", "=2018-05"), ""),  # compared with last year
        (("2018-05",), ""),  # the text alone may compare
    ],
)
def test_a_subject_of_a_month_out_of_reach_waits_for_a_person(months: tuple[str, ...], expected: str) -> None:
    assert other_month_of_subject("2019-05", months) == expected


@pytest.mark.parametrize(
    ("months", "thread", "expected"),
    [
        ((), "2019-04", "2019-04"),  # a correction that names no month answers April's mail
        (("-05",), "2019-04", "2019-05"),  # the old thread was used for a new report
        ((), "2019-05", "2019-05"),
        ((), "2018-11", "2019-05"),  # too far back
        ((), "2019-06", "2019-05"),
        ((), "", "2019-05"),
    ],
)
def test_what_it_answers_decides_where_it_names_no_month(months: tuple[str, ...], thread: str, expected: str) -> None:
    assert month_of_message("2019-05", months, "2019-05-10T09:00:00+07:00", thread) == expected


def test_an_answer_to_this_months_mail_is_of_this_month_whenever_it_was_sent() -> None:
    assert month_of_message("2019-05", (), "2019-04-30T23:00:00+07:00", "2019-05") == "2019-05"


def test_where_two_other_months_are_named_no_thread_decides_between_them() -> None:
    assert month_of_message("2019-05", ("-02", "-03"), "2019-05-10T09:00:00+07:00", "2019-04") == "2019-05"


SUBJECTS = [
    "BC T.4/2019", "Bao cao 04.2019", "Báo cáo 4/2019", "bao cao thang bon", "BC tháng IV", "Báo cáo tháng tư",
    "T4-2019 KBang",
    "bao cao thang 4", "Báo cáo tháng Tư năm 2019", "BAO CAO THANG 4 NAM 2019", "report april 2019",
    "Báo cáo tháng trước",
    "Bao cao thang truoc", "BC 2019-04",
]  # fmt: skip


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_subject_of_april_in_may_is_aprils_however_it_is_spelled(subject: str) -> None:
    mail = parse_mail(f"From: a@b.example\r\nSubject: {Header(subject, 'utf-8').encode()}\r\n\r\n".encode())
    named = _months_named(mail, ["Bieu 02 thang 5.xlsx"])
    assert month_of_message("2019-05", named, "2019-05-16T09:00:00+07:00") == "2019-04"


@pytest.mark.parametrize("subject", [
    "Báo cáo tháng 5 so với tháng trước", "BC T5", "Số liệu", "CV 04/2019/CV-VHTT", "",
])  # fmt: skip
def test_other_subjects_stay_with_the_month_that_is_received(subject: str) -> None:
    mail = parse_mail(f"From: a@b.example\r\nSubject: {Header(subject, 'utf-8').encode()}\r\n\r\n".encode())
    assert month_of_message("2019-05", _months_named(mail, []), "2019-05-16T09:00:00+07:00") == "2019-05"
