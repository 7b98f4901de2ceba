"""The query of a rule against its exact verdict: on every example, and on a month with wrong figures."""

from __future__ import annotations

from decimal import Decimal

import duckdb
import pytest
import sqlglot

from expectations.examples import EXAMPLES, parts_of, read_examples
from expectations.language import Call, Name
from expectations.rules import load_rules
from expectations.sql import NoQueryError, _Writer, outcome_sql, rule_query
from infra.catalogue import load_catalogue

CATALOGUE = load_catalogue().at("2019-04")
# Without those that a column of figures cannot say: parts nobody gives, and printed figures inside a formula.
ANYWHERE = [
    rule
    for rule in load_rules()
    if "absent" not in (EXAMPLES / f"{rule.rule_id}.csv").read_text() and not rule.rule_id.endswith("_one_population")
]


class _OverParts(_Writer):
    """Writes a rule over one row whose columns are the parts of its line, as the examples give them."""

    def figure(self, name: str, period: str) -> str:
        return "pi()" if name == "pi" else f'"{name}"'

    def call(self, node: Call) -> str:
        if node.function in ("printed", "sqrt", "abs"):
            return super().call(node)
        from expectations.examples import part_text

        return f'"{part_text(node)}"'

    def decimals(self, node) -> str:
        name = next(n.name for n in (node, *getattr(node, "arguments", ())) if isinstance(n, Name))
        return f'"{name} decimals"'


@pytest.mark.parametrize("rule", ANYWHERE, ids=lambda rule: rule.rule_id)
def test_query_gives_the_verdict_of_every_example(rule) -> None:
    writer = _OverParts(rule, "row", CATALOGUE, "")
    when = " and ".join(writer.condition(tree) for tree in rule.condition_trees)
    query = outcome_sql(writer.condition(rule.comparison), when)
    for example in read_examples(EXAMPLES / f"{rule.rule_id}.csv"):
        if any(value.startswith((">", "<")) for value in example.figures.values()):
            continue  # a bound is not a figure of a column
        columns = []
        for part in parts_of(rule):
            text = example.figures[part]
            value = f"{Decimal(text)}::decimal(28, 6)" if text else "null::decimal(28, 6)"
            columns += [f'{value} as "{part}"', f'{len(text.partition(".")[2])} as "{part} decimals"']
        found = duckdb.sql(f"select {query} from (select {', '.join(columns)})").fetchone()
        given = found[0] if found else None
        if example.expected == "fail" and "" in example.figures.values():
            assert given in ("fail", "undecided")  # SQL does not know that a missing part cannot be negative
        else:
            assert given == example.expected, example


@pytest.mark.parametrize("rule", load_rules(), ids=lambda rule: rule.rule_id)
def test_query_parses_on_every_target_or_says_there_is_none(rule) -> None:
    indicator = next(iter(rule.selected(CATALOGUE)))
    for place in rule.at:
        try:
            query = rule_query(rule, place, CATALOGUE, indicator)
        except NoQueryError:
            unsaid = ("completeness", "definition", "stated_twice", "text")
            assert place in ("report", "receipt") or rule.kind in unsaid or "usual_low" in rule.expression
            continue
        for target in ("spark", "postgres"):
            assert sqlglot.parse_one(rule_query(rule, place, CATALOGUE, indicator, target), read=target)
        assert "select row_id, " in query
