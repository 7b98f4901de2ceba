"""The figures and sentences of the sample month, from the tables beside this module.

The provincial totals are those of the report of April 2019; every split by enterprise and district and
every sentence is invented. Forms ask for a figure by submitter, indicator, area and period; totals are
added up here, so a form cannot disagree with its parts unless an error is planted in it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from pathlib import Path

from infra.catalogue import Catalogue, load_catalogue, previous_period
from infra.vietnamese import number_text

PERIOD = "2019-04"
PROVINCE = "64"
TABLES = Path(__file__).parent / "april_2019"
SECTION_ORDER = ("CNTT", "BCVT", "TTBCXB", "CTMTQG", "THANHTRA", "DVSN", "HUYEN", "KHAC")

# Totals that forms print beside their parts.
PARTS = {
    "phone_subs_mobile": ("phone_subs_mobile_postpaid", "phone_subs_mobile_prepaid"),
    "phone_subs_total": ("phone_subs_fixed", "phone_subs_mobile_postpaid", "phone_subs_mobile_prepaid"),
    "internet_subs_total": ("internet_subs_adsl", "internet_subs_ftth"),
    "post_bdvhx_total": ("post_bdvhx_active", "post_bdvhx_suspended"),
}

Key = tuple[str, str, str, str]  # submitter_id, indicator_id, area_code, period


@dataclass(frozen=True, slots=True)
class Sentence:
    """One work item. `{indicator_id}` in the text stands for the submitter's own figure."""

    submitter_id: str
    part: str
    section: str
    text: str


@dataclass(frozen=True, slots=True)
class Message:
    """One mail of the sample: who sends what, when, on which form. `replaces`: the mail it corrects or repeats."""

    message: str
    address: str
    submitter_id: str
    sent_at: str
    subject: str
    form: str
    attachment: str
    replaces: str


@dataclass(frozen=True, slots=True)
class PlantedError:
    """A wrong figure put into one cell on purpose, and the rule that catches it.

    `sent` and `right` are in the indicator's unit; the cell may print it in another one.
    """

    error_id: str
    kind: str
    message: str
    submitter_id: str
    indicator_id: str
    area_code: str
    file: str
    sheet: str
    cell: str
    sent: Decimal
    right: Decimal
    rule_id: str


@dataclass(frozen=True)
class SampleMonth:
    """All figures and sentences. `sent_instead` holds the figures that a form prints wrongly, by key."""

    catalogue: Catalogue
    figures: dict[Key, Decimal]
    qualifiers: dict[Key, str]
    sentences: tuple[Sentence, ...]
    sent_instead: dict[Key, Decimal] = field(default_factory=dict)

    @cached_property
    def previous(self) -> str:
        return previous_period(PERIOD)

    def districts_of(self, submitter_id: str) -> list[str]:
        """Return the district codes that a submitter has figures for, in official order."""
        return sorted({area for s, _, area, _ in self.figures if s == submitter_id and area != PROVINCE})

    def right(self, submitter_id: str, indicator_id: str, area: str = PROVINCE, period: str = PERIOD) -> Decimal:
        """Return the true figure: stated, or the sum of its parts, or the sum over the districts.

        Raises:
            KeyError: The submitter has no such figure.
        """
        key = (submitter_id, indicator_id, area, period)
        if key in self.figures:
            return self.figures[key]
        if area == PROVINCE and period == PERIOD:
            rows = [a for a in self.districts_of(submitter_id) if self.has(submitter_id, indicator_id, a)]
            if rows:
                return sum((self.right(submitter_id, indicator_id, a) for a in rows), Decimal())
        parts = [p for p in PARTS.get(indicator_id, ()) if self.has(submitter_id, p, area, period)]
        if not parts:
            raise KeyError(key)
        return sum((self.right(submitter_id, part, area, period) for part in parts), Decimal())

    def has(self, submitter_id: str, indicator_id: str, area: str = PROVINCE, period: str = PERIOD) -> bool:
        """Say whether `right` would find this figure."""
        try:
            self.right(submitter_id, indicator_id, area, period)
        except KeyError:
            return False
        return True

    def sent(self, submitter_id: str, indicator_id: str, area: str = PROVINCE, period: str = PERIOD) -> Decimal:
        """Return the figure as the form prints it: the true one unless an error is planted in that place."""
        key = (submitter_id, indicator_id, area, period)
        return self.sent_instead[key] if key in self.sent_instead else self.right(*key)

    def items(self, submitter_id: str, part: str) -> Iterator[tuple[str, list[str]]]:
        """Yield the sections of one part with their sentences, figures filled in."""
        for section in SECTION_ORDER:
            texts = [
                self.filled(s.submitter_id, s.text)
                for s in self.sentences
                if (s.submitter_id, s.part, s.section) == (submitter_id, part, section)
            ]
            if texts:
                yield section, texts

    def filled(self, submitter_id: str, text: str) -> str:
        """Return a sentence with the submitter's own figures in place of their names."""
        area = self.catalogue.submitter_by_id[submitter_id].area_code
        for indicator_id in re.findall(r"{(\w+)}", text):
            if self.has(submitter_id, indicator_id, area):
                text = text.replace(f"{{{indicator_id}}}", padded(self.sent(submitter_id, indicator_id, area)))
        return text


def load_month(with_errors: bool = False) -> SampleMonth:
    """Return the sample month; with `with_errors` the five planted errors stand in for the true figures."""
    month = SampleMonth(
        catalogue=load_catalogue().at(PERIOD),
        figures=_read_figures(),
        qualifiers={_key(row): row["qualifier"] for row in read_table("own_totals") if row["qualifier"]},
        sentences=tuple(Sentence(**row) for row in read_table("narrative")),
    )
    if with_errors:
        wrong = {(e.submitter_id, e.indicator_id, e.area_code, PERIOD): e.sent for e in load_planted_errors()}
        month.sent_instead.update(wrong)
    return month


def as_first_sent(month: SampleMonth, message: str) -> SampleMonth:
    """Return the month as a message showed it that a later one corrects; the same month for any other."""
    wrong = {_key(row): Decimal(row["value"]) for row in read_table("first_versions") if row["message"] == message}
    return replace(month, sent_instead=month.sent_instead | wrong) if wrong else month


def load_messages() -> list[Message]:
    """Return the mails of the month in the order they were sent."""
    return [Message(**row) for row in read_table("messages")]


def load_planted_errors() -> list[PlantedError]:
    """Return the five errors that `with_errors` plants, each with its place."""
    return [_planted(**row) for row in read_table("planted_errors")]


def read_table(name: str) -> list[dict[str, str]]:
    """Return the rows of one table of the sample month."""
    with (TABLES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def dotted(value: Decimal | int) -> str:
    """Return a whole number with dots between thousands: 1306834 gives "1.306.834"."""
    return number_text(int(value))


def padded(value: Decimal) -> str:
    """Return a figure as letters print it: two digits below ten, a comma before decimals."""
    if value != value.to_integral_value():
        return number_text(value)
    return f"{int(value):02d}" if 0 <= value < 10 else dotted(value)


def _planted(sent: str, right: str, **place: str) -> PlantedError:
    return PlantedError(sent=Decimal(sent), right=Decimal(right), **place)


def _read_figures() -> dict[Key, Decimal]:
    figures: dict[Key, Decimal] = {}
    for name in ("telecom", "post", "districts"):
        for row in read_table(name):
            submitter_id, area = row.pop("submitter_id"), row.pop("area_code")
            figures |= {(submitter_id, i, area, PERIOD): Decimal(v) for i, v in row.items() if v}
    figures |= {_key(row): Decimal(row["value"]) for row in read_table("own_totals")}
    last_month = previous_period(PERIOD)
    figures |= {_key(row, last_month): Decimal(row["value"]) for row in read_table("previous_month")}
    return figures


def _key(row: dict[str, str], period: str = PERIOD) -> Key:
    return row["submitter_id"], row["indicator_id"], row["area_code"], period
