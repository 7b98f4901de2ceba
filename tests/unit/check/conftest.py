"""A made-up month of two enterprises, a post and a few districts, in which every rule holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from expectations.rules import load_rules
from flows.check.cells import Book, draw_book
from flows.check.places import Instance, apply_rules
from infra.catalogue import load_catalogue
from infra.settings import Settings
from infra.warehouse import open_build
from tests.unit.check.month import observation, table, write_month

HEARD = ["mobifone", "vietnamobile", "fpt", "sctv", "van_phong"]
PERIOD, BEFORE = "2019-04", "2019-03"
PHONES = ["phone_subs_fixed", "phone_subs_mobile_postpaid", "phone_subs_mobile_prepaid", "phone_subs_total"]
Month = list[dict[str, Any]]


def phones(period: str, submitter: str, grown: bool = True) -> Month:
    """The table of one month; prepaid grew by 51 since the month before."""
    rows = {
        "622": [4651, 9000, 60000],
        "623": [1203, 2040, 16665],
        "627": [880, 1500, 10350],
        "639": [905, 1610, 11480],
    }
    if not grown:
        for values, growth in zip(rows.values(), (7, 11, 13, 20), strict=True):
            values[2] -= growth
    full = {area: [*values, sum(values)] for area, values in rows.items()}
    full["64"] = [sum(column) for column in zip(*full.values(), strict=True)]
    return table(period, submitter, PHONES, full)


def stations(period: str, submitter: str, counts: dict[str, int]) -> Month:
    rows = {area: [count] for area, count in counts.items()} | {"64": [sum(counts.values())]}
    return table(period, submitter, ["telecom_bts_total"], rows, first_row=40)


def sound_month() -> Month:
    """Two months; the stock of each enterprise grows by its net additions."""
    cells = []
    for submitter, bts in (
        ("vnpt", {"622": 110, "623": 40, "627": 34, "639": 39}),
        ("viettel", {"622": 90, "623": 38, "627": 21, "639": 24}),
    ):
        cells += phones(BEFORE, submitter, grown=False) + phones(PERIOD, submitter)
        cells += stations(BEFORE, submitter, bts) + stations(PERIOD, submitter, bts)
        cells.append(observation(PERIOD, submitter, "64", "phone_subs_net_add", 51, cell="D60"))
    for area, count in (("622", 200), ("623", 78), ("627", 55), ("639", 63)):
        for period in (BEFORE, PERIOD):
            cells.append(observation(period, f"dist_{area}", area, "telecom_bts_total", count, cell="C3"))
            cells.append(observation(period, f"dist_{area}", area, "internet_agents", 42, cell="C4"))
    for period, issues, copies in ((BEFORE, 24, 222720), (PERIOD, 25, 232000)):
        cells.append(observation(period, "bao_gia_lai", "64", "newspaper_issues", issues, file="(body)", cell="body"))
        cells.append(observation(period, "bao_gia_lai", "64", "newspaper_copies", copies, file="(body)", cell="body"))
    return cells


def change(month: Month, submitter: str, area: str, indicator: str, value: Any, period: str = PERIOD) -> None:
    """Write another value into every cell of one figure."""
    from decimal import Decimal

    found = [
        r
        for r in month
        if (r["submitter_id"], r["area_code"], r["indicator_id"], r["period"]) == (submitter, area, indicator, period)
    ]
    assert found
    for row in found:
        row["value"] = None if value is None else Decimal(str(value))
        row["raw_text"] = "" if value is None else str(value)
        row["printed_decimals"] = len(str(value).partition(".")[2])


@pytest.fixture
def month() -> Month:
    return sound_month()


@pytest.fixture
def judged(settings: Settings) -> Callable[[Month], tuple[Book, list[Instance]]]:
    """Return the book and the verdicts of a month written into a warehouse of its own."""

    def judge_month(rows: Month, past: Month = ()) -> tuple[Book, list[Instance]]:
        build = write_month(settings, rows, PERIOD, heard=HEARD, past=past)
        with open_build(settings, build) as connection:
            book = draw_book(connection, load_catalogue().at(PERIOD), PERIOD)
        return book, apply_rules(book, [rule for rule in load_rules() if rule.holds_in(PERIOD)])

    return judge_month
