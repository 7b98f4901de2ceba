from __future__ import annotations

from pathlib import Path

import pytest

import expectations
from expectations.examples import EXAMPLES, check_examples, parts_of, read_examples
from expectations.rules import RULES, check_rule, load_rules
from expectations.sentences import rule_sentence
from infra.catalogue import load_catalogue
from infra.errors import CatalogueError
from infra.vietnamese import number_text

RECORD = """
- id: sample_rule
  expr: {expr}
  at: [row]
  severity: blocking
  owner: submitter
  label_vi: Quy tắc thử
  label_en: A rule to try
  source: test
  since: 2019-01
"""


def rule_of(folder: Path, expr: str, more: str = ""):
    (folder / "rules.yml").write_text(RECORD.format(expr=expr) + more, encoding="utf-8")
    load_rules.cache_clear()
    return load_rules(folder)[0]


def test_all_rules_and_their_examples_are_sound() -> None:
    assert expectations.verify() == len(load_rules())


@pytest.mark.parametrize("rule", load_rules(), ids=lambda rule: rule.rule_id)
def test_rule_has_examples_and_a_sentence_without_ids(rule) -> None:
    check_examples(rule)
    sentence = rule_sentence(rule, load_catalogue())
    assert "_" not in sentence, "every name of a rule has words of its own"


def test_no_examples_without_a_rule() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.csv")} == {rule.rule_id for rule in load_rules()}


def test_unknown_indicator_is_an_error_with_file_and_line(tmp_path: Path) -> None:
    rule = rule_of(tmp_path, "phone_subs_total = phone_subs_fixd")
    with pytest.raises(CatalogueError) as raised:
        check_rule(rule, load_catalogue())
    assert raised.value.place == f"{tmp_path / 'rules.yml'}:2"
    assert "phone_subs_fixd" in raised.value.message_vi


@pytest.mark.parametrize(
    "expr",
    [
        "phone_subs_total = telecom_bts_total",
        "phone_subs_total = phone_subs_fixed + telecom_bsc",
        "printed(phone_subs_per_100) ~ 100 * telecom_bts_total / population",
        "printed(post_persons_per_point) ~ post_service_points_total / population",
    ],
)
def test_units_that_do_not_fit_are_refused(tmp_path: Path, expr: str) -> None:
    with pytest.raises(CatalogueError, match="units"):
        check_rule(rule_of(tmp_path, expr), load_catalogue())


@pytest.mark.parametrize(
    ("expr", "more"),
    [("phone_subs_total +", ""), ("phone_subs_total", ""), ("x = 1", "  for: nothing\n"), ("1 = 1", "  surprise: 1\n")],
)
def test_malformed_record_is_refused_with_its_line(tmp_path: Path, expr: str, more: str) -> None:
    with pytest.raises(CatalogueError) as raised:
        rule_of(tmp_path, expr, more)
    assert raised.value.place.startswith(str(tmp_path / "rules.yml") + ":")


def test_file_that_is_not_yaml_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text("- id: a\n  expr: [\n", encoding="utf-8")
    with pytest.raises(CatalogueError):
        load_rules(tmp_path)


def test_rule_without_examples_or_with_a_wrong_one_is_refused(tmp_path: Path) -> None:
    rule = rule_of(tmp_path, "phone_subs_total = phone_subs_fixed")
    with pytest.raises(CatalogueError, match="missing"):
        check_examples(rule, tmp_path)
    path = tmp_path / "sample_rule.csv"
    path.write_text("phone_subs_total,phone_subs_fixed,expected,why\n1,1,pass,\n1,2,fail,\n1,,undecided,\n")
    check_examples(rule, tmp_path)
    path.write_text("phone_subs_total,phone_subs_fixed,expected,why\n1,1,pass,\n1,2,pass,\n1,,undecided,\n3,4,fail,\n")
    with pytest.raises(CatalogueError, match="line 3"):
        check_examples(rule, tmp_path)


def test_rule_ids_are_unique(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="also at"):
        rule_of(tmp_path, "phone_subs_total = phone_subs_fixed", RECORD.format(expr="x1 = 1"))


def test_every_kind_of_rule_is_in_use() -> None:
    kinds = {rule.kind for rule in load_rules(RULES)}
    assert kinds == {
        "sum_of_parts",
        "sum_over_areas",
        "printed_ratio",
        "roll_forward",
        "cross_source",
        "bounds",
        "whole_number",
        "part_of_whole",
        "series",
        "list_length",
        "stated_twice",
        "definition",
        "completeness",
        "text",
    }


def test_examples_name_parts_as_the_rule_writes_them() -> None:
    for rule in load_rules():
        for example in read_examples(EXAMPLES / f"{rule.rule_id}.csv"):
            assert set(example.figures) == set(parts_of(rule))


@pytest.mark.parametrize(
    ("value", "text"),
    [("1306834", "1.306.834"), ("89.28", "89,28"), ("-9", "-9"), ("0", "0"), ("0.5", "0,5")],
)
def test_numbers_are_printed_as_in_the_reports(value: str, text: str) -> None:
    from fractions import Fraction

    assert number_text(Fraction(value)) == text
