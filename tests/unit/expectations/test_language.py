from __future__ import annotations

from fractions import Fraction

import pytest

from expectations.language import (
    LanguageError,
    evaluate,
    names,
    parse_comparison,
    parse_expression,
    round_half_up,
    square_root,
    to_sql,
)
from infra.catalogue import load_catalogue


def test_every_definition_of_the_catalogue_parses() -> None:
    for row in load_catalogue().definitions:
        assert names(row.expression)
        assert to_sql(row.expression)


@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("a + b", "a + b"),
        ("a - (b - c)", "a - (b - c)"),
        ("a - b - c", "a - b - c"),
        ("a * (b + c)", "a * (b + c)"),
        ("100 * a / b", "100 * a / nullif(b, 0)"),
        ("a / (b * c)", "a / nullif(b * c, 0)"),
        ("sqrt(area_km2 / (pi * n))", "sqrt(area_km2 / nullif(pi() * n, 0))"),
        ("-a", "0 - a"),
    ],
)
def test_expression_keeps_its_meaning_in_sql(text: str, sql: str) -> None:
    assert to_sql(text) == sql


def test_sql_and_exact_value_agree_on_the_warehouse_engine(tmp_path) -> None:
    import duckdb

    values = {"a": Fraction(163), "b": Fraction(184), "c": Fraction(7)}
    for text in ("100 * a / b", "a - (b - c)", "a / (b * c)", "sqrt(a / (pi * b))", "abs(a - b)", "(a + b) * c"):
        columns = ", ".join(f"{float(value)}::double as {name}" for name, value in values.items())
        row = duckdb.sql(f"select {to_sql(text)} from (select {columns})").fetchone()
        exact = evaluate(text, values)
        assert row is not None and exact is not None
        assert abs(row[0] - float(exact)) < 1e-12 * max(1, abs(float(exact)))


def test_missing_part_and_zero_divisor_give_nothing() -> None:
    assert evaluate("a + b", {"a": Fraction(1), "b": None}) is None
    assert evaluate("a / b", {"a": Fraction(1), "b": Fraction(0)}) is None


def test_names_leave_out_providers_and_pi() -> None:
    assert names(parse_comparison("from(district, a) = sum_sources(a) + pi * b")) == ("a", "b")


@pytest.mark.parametrize(
    "text",
    ["a +", "a ++ b", "(a", "a b", "unknown(a)", "sqrt(a, b)", "a = b", "", "a $ b"],
)
def test_what_is_not_an_expression_is_refused_with_its_position(text: str) -> None:
    with pytest.raises(LanguageError) as raised:
        parse_expression(text)
    assert 0 <= raised.value.position <= len(text)


def test_comparison_needs_a_sign() -> None:
    with pytest.raises(LanguageError):
        parse_comparison("a + b")


def test_place_call_has_no_sql_of_its_own() -> None:
    with pytest.raises(LanguageError):
        to_sql("prev(a) + b")


def test_other_targets_are_written_by_transpiling() -> None:
    assert to_sql("sqrt(a / b)", "spark") == "SQRT(a / NULLIF(b, 0))"


def test_halves_are_rounded_upwards_exactly() -> None:
    assert round_half_up(Fraction("2.675"), 2) == Fraction("2.68")
    assert round_half_up(Fraction(16300, 184), 2) == Fraction("88.59")
    assert round_half_up(Fraction("-0.5"), 0) == -1


def test_square_root_is_exact_where_it_can_be() -> None:
    assert square_root(Fraction(144)) == 12
    assert abs(square_root(Fraction(2)) ** 2 - 2) < Fraction(1, 10**39)
