"""The reference page of the rules, from the records: a table of all, then each with its line, words and query."""

from __future__ import annotations

from expectations.rules import PLACES, Rule, load_rules
from expectations.sentences import rule_sentence
from expectations.sql import NoQueryError, rule_query
from infra.catalogue import Catalogue

KINDS = {
    "sum_of_parts": "sum of parts",
    "sum_over_areas": "sum over areas",
    "printed_ratio": "printed ratio",
    "roll_forward": "roll-forward",
    "cross_source": "two sources",
    "bounds": "bounds",
    "whole_number": "whole number",
    "part_of_whole": "part of a whole",
    "series": "series",
    "list_length": "list length",
    "stated_twice": "stated twice",
    "definition": "definition",
    "completeness": "completeness",
    "text": "text",
    "sum_over_submitters": "sum over submitters",
}


def rules_page(catalogue: Catalogue) -> str:
    """Return the page as Markdown; the id of a rule is the anchor of its section."""
    rules = load_rules()
    lines = [
        "# Rules",
        "",
        "Records of `expectations/rules/*.yml`, with examples in `tests/rules/<id>.csv`. Everything here is derived",
        "from the record: see [the rule language](rule-language.md).",
        "",
        "| rule | kind | severity | who mends it | where | what must hold |",
        "|---|---|---|---|---|---|",
        *(_row(rule) for rule in rules),
        "",
    ]
    for rule in rules:
        lines += _section(rule, catalogue)
    return "\n".join(lines)


def _row(rule: Rule) -> str:
    where = ", ".join(rule.at)
    anchor = f"[`{rule.rule_id}`](#{rule.rule_id})"
    return f"| {anchor} | {KINDS[rule.kind]} | {rule.severity} | {rule.owner} | {where} | {rule.label_vi} |"


def _section(rule: Rule, catalogue: Catalogue) -> list[str]:
    lines = [f"## {rule.rule_id}", "", f"**{rule.label_vi}** · {rule.label_en}", "", f"    {rule.expression}"]
    lines += [f"    when {condition}" for condition in rule.conditions]
    lines += ["", rule_sentence(rule, catalogue) + ".", ""]
    if rule.why_vi:
        lines += [rule.why_vi, ""]
    places = ", ".join(f"{place} ({PLACES[place]})" for place in rule.at)
    lines += [f"At {places} · {rule.severity} · {rule.owner} mends it · since {rule.since} · {rule.source}", ""]
    return lines + _query(rule, catalogue)


def _query(rule: Rule, catalogue: Catalogue) -> list[str]:
    """Return the query of the rule at its first place, for one indicator where it holds for many."""
    indicator = "" if not rule.indicators else "telecom_bts_total"
    if isinstance(rule.indicators, tuple):
        indicator = rule.indicators[0]
    try:
        query = rule_query(rule, rule.at[0], catalogue, indicator)
    except NoQueryError:
        return []
    return ["```sql", query, "```", ""]
