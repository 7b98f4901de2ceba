"""Rules as records: `expectations/rules/*.yml`, read once, checked against the catalogue.

A rule says what must hold, where, how serious it is and who can mend it. The kind is derived from the line
itself. A rule with an unknown indicator, units that do not fit or no examples is a `CatalogueError` with file
and line: see `verify` in `expectations.examples`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import get_args

from expectations.language import (
    Call,
    Comparison,
    LanguageError,
    Name,
    Number,
    names,
    parse_comparison,
    substitute,
    walk,
)
from infra.catalogue import FOREVER, Catalogue, Indicator, month_bounds
from infra.catalogue_words import Owner, Severity
from infra.errors import CatalogueError
from infra.process_state import once_a_run
from infra.settings import PROJECT
from infra.yaml_records import Record, load_yaml

RULES = PROJECT / "expectations" / "rules"
SEVERITIES = get_args(Severity)
OWNERS = get_args(Owner)
PLACES = {
    "cell": "từng ô số liệu",
    "row": "từng dòng của biểu",
    "total": "dòng tổng của biểu",
    "submitter": "từng đơn vị báo cáo",
    "district": "từng huyện, thị xã, thành phố (từ 7/2025: từng xã, phường)",
    "province": "toàn tỉnh",
    "report": "báo cáo đã in",
    "receipt": "từng thư gửi đến",
}
SELECTIONS = {
    "all": "mọi chỉ tiêu",
    "counts": "mọi chỉ tiêu đếm (số nguyên)",
    "additive": "mọi chỉ tiêu cộng được theo địa bàn",
    "stocks": "mọi chỉ tiêu thời điểm",
    "derived": "mọi chỉ tiêu được tính ra",
}
_TEXT_CHECKS = (
    "misclassed_parts",
    "misprinted_units",
    "unknown_communes",
    "malformed_references",
    "references_on_days_off",
    "heading_gaps",
    "untrue_claims",
)
# What a rule is by the first of these calls that its line makes.
_KINDS_BY_CALL = (
    *(("completeness", name) for name in ("submitted", "reported", "unread", "left_open", "districts_lost")),
    *(("text", name) for name in ("plan_month", *_TEXT_CHECKS)),
    ("definition", "defined"),
    ("list_length", "list"),
    ("cross_source", "from"),
    ("sum_over_areas", "sum_areas"),
    ("sum_over_submitters", "sum_sources"),
    ("whole_number", "integer_part"),
    ("bounds", "lower_bound"),
    ("series", "usual_low"),
    ("stated_twice", "again"),
    ("stated_twice", "stated_prev"),
)
_REQUIRED = {"id", "expr", "at", "severity", "owner", "label_vi", "label_en", "source", "since"}
_OPTIONAL = {"for", "when", "until", "same_unit", "why_vi"}


@dataclass(frozen=True)
class Rule:
    """One rule. `indicators` is what `x` stands for, one of `SELECTIONS`, or empty when the line names them all.

    `conditions`: further comparisons that must hold before the rule applies. `same_unit`: units that count as
    one in this rule (a post office is a service point). `place` is file and line of the record.
    """

    rule_id: str
    expression: str
    at: tuple[str, ...]
    severity: str
    owner: str
    label_vi: str
    label_en: str
    source: str
    since: str
    until: str
    indicators: tuple[str, ...] | str
    conditions: tuple[str, ...]
    same_unit: tuple[str, ...]
    why_vi: str
    place: str

    @cached_property
    def comparison(self) -> Comparison:
        return parse_comparison(self.expression)

    @cached_property
    def condition_trees(self) -> tuple[Comparison, ...]:
        return tuple(parse_comparison(text) for text in self.conditions)

    @cached_property
    def kind(self) -> str:
        return _kind(self.comparison)

    @property
    def anchor(self) -> str:
        """The indicator whose figures a rule without `x` is seen from: the first one, of a chain's middle side."""
        sides = self.comparison.sides
        found = [*(names(sides[1]) if len(sides) == 3 else ()), *names(self.comparison)]
        return next((name for name in found if name != "x"), "")

    def holds_in(self, period: str) -> bool:
        """Return whether the rule is in force in a month ("2019-04")."""
        return self.since <= period <= (self.until or FOREVER)

    def for_indicator(self, indicator_id: str) -> Comparison:
        """Return the line with `x` replaced."""
        return _substituted(self.comparison, indicator_id)

    def conditions_for(self, indicator_id: str) -> tuple[Comparison, ...]:
        """Return the conditions with `x` replaced."""
        return tuple(_substituted(tree, indicator_id) for tree in self.condition_trees)

    def selected(self, catalogue: Catalogue) -> tuple[str, ...]:
        """Return the indicators that `x` stands for; ("",) for a rule without `x`."""
        if not self.indicators:
            return ("",)
        if isinstance(self.indicators, tuple):
            return self.indicators
        return tuple(row.indicator_id for row in catalogue.indicators if _is_selected(row, self.indicators))


@once_a_run
def load_rules(folder: Path = RULES) -> tuple[Rule, ...]:
    """Return what `read_rules` gives; read once a run."""
    return read_rules(folder)


def read_rules(folder: Path = RULES) -> tuple[Rule, ...]:
    """Return all rules in the order of files and records, as the files say now.

    Raises:
        CatalogueError: A record is malformed, an id is used twice, or a line is not of the language.
    """
    rules: dict[str, Rule] = {}
    for path in sorted(folder.glob("*.yml")):
        for record in _records(path):
            rule = _rule(record, f"{path}:{record.line}")
            if rule.rule_id in rules:
                raise rule_error(rule, "mã quy tắc bị trùng", f"also at {rules[rule.rule_id].place}")
            rules[rule.rule_id] = rule
    return tuple(rules.values())


def rule_error(rule: Rule, what_vi: str, what_en: str) -> CatalogueError:
    """Return the error of a rule that the editor of its record must mend."""
    return CatalogueError(
        f"Quy tắc {rule.rule_id}: {what_vi}.",
        f"Rule {rule.rule_id}: {what_en}.",
        place=rule.place,
        remedy_vi="Sửa bản ghi đó trong expectations/rules rồi chạy lại.",
    )


def check_rule(rule: Rule, catalogue: Catalogue) -> None:
    """Check one rule against the catalogue: its names are known and the units of what it compares fit.

    Raises:
        CatalogueError: With file and line of the rule.
    """
    from expectations.units import UnitError, check_units

    known = {row.indicator_id: row.unit for row in catalogue.indicators}
    known |= {row.reference_id: row.unit for row in catalogue.reference_figures if row.reference_id not in known}
    providers = {s.submitter_id for s in catalogue.submitters} | {s.submitter_kind for s in catalogue.submitters}
    for tree in (rule.comparison, *rule.condition_trees):
        _check_names(rule, tree, known, providers)
    for indicator_id in rule.selected(catalogue):
        if indicator_id and indicator_id not in known:
            raise rule_error(rule, f"không có chỉ tiêu “{indicator_id}”", f"unknown indicator {indicator_id!r}")
        try:
            check_units(rule.for_indicator(indicator_id), known, rule.same_unit)
        except UnitError as error:
            raise rule_error(rule, f"đơn vị tính không khớp ({error})", f"units do not fit: {error}") from error


def rules_in_force(period: str, rules: Iterable[Rule] | None = None) -> list[Rule]:
    """Return the rules of a month."""
    return [rule for rule in (load_rules() if rules is None else rules) if rule.holds_in(period)]


def day_count(period: str) -> int:
    """Return the number of days of the calendar month."""
    return int(month_bounds(period)[1][-2:])


def is_count(row: Indicator) -> bool:
    """Return whether a figure of this indicator is a whole number."""
    return row.decimals == 0 and row.indicator_kind != "ratio"


def _is_selected(row: Indicator, selection: str) -> bool:
    if selection == "counts":
        return is_count(row)
    if selection == "additive":
        return row.indicator_kind in ("stock", "flow", "count")
    if selection == "stocks":
        return row.indicator_kind == "stock"
    if selection == "derived":
        return row.aggregation == "derived"
    return True


def _kind(comparison: Comparison) -> str:
    functions = {node.function for node in walk(comparison) if isinstance(node, Call)}
    for kind, function in _KINDS_BY_CALL:
        if function in functions:
            return kind
    if "prev" in functions:
        return "roll_forward" if comparison.signs == ("=",) else "series"
    if "~" in comparison.signs or "printed" in functions:
        return "printed_ratio"
    if comparison.signs == ("=",):
        return "sum_of_parts"
    is_bound = any(isinstance(side, Number) for side in comparison.sides)
    return "bounds" if is_bound else "part_of_whole"


def _substituted(comparison: Comparison, indicator_id: str) -> Comparison:
    if not indicator_id:
        return comparison
    values = {"x": Name(indicator_id)}
    return Comparison(tuple(substitute(side, values) for side in comparison.sides), comparison.signs)


def _check_names(rule: Rule, tree: Comparison, known: dict[str, str], providers: set[str]) -> None:
    for name in names(tree):
        is_each = name == "x" and rule.indicators
        if name not in known and not is_each:
            raise rule_error(rule, f"không có chỉ tiêu “{name}”", f"unknown indicator {name!r}")
    for node in walk(tree):
        if isinstance(node, Call) and node.function == "from":
            provider = node.arguments[0]
            if not isinstance(provider, Name) or provider.name not in providers:
                raise rule_error(rule, "from() không nêu đơn vị báo cáo", "from() names no submitter or kind")


def _records(path: Path) -> list[Record]:
    records = load_yaml(path)
    if records is None:
        return []
    if not isinstance(records, list):
        raise _record_error(f"{path}:1", "phải là một danh sách quy tắc", "a list of rules is expected")
    return [record if isinstance(record, Record) else _no_record(path) for record in records]


def _no_record(path: Path) -> Record:
    raise _record_error(f"{path}:1", "có bản ghi không có trường", "a record with fields is expected")


def _rule(record: Record, place: str) -> Rule:
    record.only(*sorted(_REQUIRED | _OPTIONAL))
    lacking = sorted(_REQUIRED - set(record))
    if lacking:
        raise _record_error(place, f"trường thiếu {lacking}", f"missing fields {lacking}")
    record.word("severity", SEVERITIES)
    record.word("owner", OWNERS)
    record.words("at", PLACES)
    for name in ("since", "until"):
        if name in record and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", str(record[name]), re.ASCII):
            raise record.error(name, f"trường {name}: “{record[name]}” không phải một tháng, như 2019-01",
                               f"field {name}: {record[name]!r} is no month such as 2019-01")
    for name in ("when", "same_unit"):
        if not isinstance(record.get(name, []), list):
            raise record.error(name, f"trường {name} phải là một danh sách", f"field {name} must be a list")
    if isinstance(record.get("for", ""), str) and record.get("for"):
        record.word("for", tuple(SELECTIONS))
    selection = record.get("for", "")
    rule = Rule(
        rule_id=str(record["id"]),
        expression=str(record["expr"]),
        at=tuple(record["at"]),
        severity=str(record["severity"]),
        owner=str(record["owner"]),
        label_vi=str(record["label_vi"]),
        label_en=str(record["label_en"]),
        source=str(record["source"]),
        since=str(record["since"]),
        until=str(record.get("until", "")),
        indicators=tuple(selection) if isinstance(selection, list) else str(selection),
        conditions=tuple(record.get("when", ())),
        same_unit=tuple(record.get("same_unit", ())),
        why_vi=str(record.get("why_vi", "")),
        place=place,
    )
    _check_record(rule)
    return rule


def _check_record(rule: Rule) -> None:
    try:
        trees = (rule.comparison, *rule.condition_trees)
    except LanguageError as error:
        raise rule_error(rule, f"biểu thức sai ({error})", str(error)) from error
    if rule.indicators and not any("x" in names(tree) for tree in trees):
        raise rule_error(rule, "có “for” nhưng biểu thức không dùng x", "`for` without x in the line")


def _record_error(place: str, vi: str, en: str) -> CatalogueError:
    return CatalogueError(
        f"Tệp quy tắc: {vi}.",
        f"Rule file: {en}.",
        place=place,
        remedy_vi="Sửa dòng đó trong expectations/rules rồi chạy lại.",
    )
