"""What a finding says: a gap has the unit in which the two sides are compared."""

from __future__ import annotations

import pytest

from expectations.language import parse_comparison
from flows.check.messages import compared_unit
from infra.catalogue import load_catalogue

UNITS = {row.indicator_id: row.unit for row in load_catalogue().at("2019-04").indicators}


@pytest.mark.parametrize(
    ("expression", "indicator_id", "unit"),
    [
        ("internet_users_pct * population / 100 >= internet_subs_total", "internet_users_pct", "thuê bao"),
        ("internet_users_pct * population / 100 >= population", "internet_users_pct", ""),
        ("phone_subs_total = phone_subs_fixed + phone_subs_mobile", "phone_subs_total", "thuê bao"),
        ("printed(internet_users_pct) ~ 100 * internet_subs_total / population", "internet_users_pct", "%"),
        ("0 <= x <= 100", "internet_users_pct", "%"),
        ("0 <= x", "telecom_bts_total", "trạm"),
        ("newspaper_copies = newspaper_issues * newspaper_issues", "newspaper_issues", "tờ"),
    ],
)
def test_a_gap_has_the_unit_of_what_is_compared(expression: str, indicator_id: str, unit: str) -> None:
    assert compared_unit(parse_comparison(expression), indicator_id, UNITS) == unit
