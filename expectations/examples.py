"""Examples of every rule, `tests/rules/<id>.csv`: figures, the verdict they must get, and why.

A column is a part of the rule's line as it is written there ("phone_subs_total", "prev(x)"). An empty value is
missing, "absent" is not provided by anybody, ">576" is "trên 576"; decimals as written are the printed precision.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from expectations.intervals import Interval, qualified
from expectations.language import ARITHMETIC_CALLS, Call, Comparison, Name, Node, Number, Operation
from expectations.rules import Rule, check_rule, load_rules, rule_error
from expectations.verdicts import ABSENT, Figure, judge, missing
from infra.catalogue import load_catalogue
from infra.settings import PROJECT

EXAMPLES = PROJECT / "tests" / "rules"
_TRANSPARENT = {"printed", *ARITHMETIC_CALLS}
_QUALIFIERS = {">": "gt", "<": "lt"}


@dataclass(frozen=True, slots=True)
class Example:
    """One line of a rule's examples; `figures` by the text of the part."""

    figures: Mapping[str, str]
    expected: str
    why: str
    line: int


def verify(folder: Path = EXAMPLES, rules: tuple[Rule, ...] | None = None) -> int:
    """Check every rule: known names, fitting units, examples that pass, fail and stay undecided as they say.

    Returns:
        The number of rules.

    Raises:
        CatalogueError: With file and line of the rule or the example.
    """
    catalogue = load_catalogue()
    found = load_rules() if rules is None else rules
    for rule in found:
        check_rule(rule, catalogue)
        check_examples(rule, folder)
    return len(found)


def check_examples(rule: Rule, folder: Path = EXAMPLES) -> None:
    """Check that a rule has examples of all three outcomes and gives each the verdict it says.

    Raises:
        CatalogueError: With file and line.
    """
    path = folder / f"{rule.rule_id}.csv"
    if not path.is_file():
        raise rule_error(rule, f"chưa có ví dụ {path.name}", f"no examples: {path} is missing")
    examples = read_examples(path)
    lacking = {"pass", "fail", "undecided"} - {example.expected for example in examples}
    if lacking:
        raise rule_error(rule, f"thiếu ví dụ {sorted(lacking)}", f"no example of {sorted(lacking)} in {path.name}")
    for example in examples:
        unknown = set(example.figures) - set(parts_of(rule))
        if unknown:
            raise rule_error(rule, f"{path.name} có cột lạ {sorted(unknown)}", f"unknown columns {sorted(unknown)}")
        outcome = verdict_of(rule, example.figures)
        if outcome != example.expected:
            raise rule_error(
                rule,
                f"ví dụ {path.name} dòng {example.line} cho “{outcome}”, cần “{example.expected}”",
                f"{path.name} line {example.line} gives {outcome}, expected {example.expected} ({example.why})",
            )


def read_examples(path: Path) -> list[Example]:
    """Return the examples of one file."""
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        return [
            Example(
                {k: v for k, v in row.items() if k not in ("expected", "why")},
                row["expected"],
                row["why"],
                reader.line_num,
            )
            for row in reader
        ]


def verdict_of(rule: Rule, figures: Mapping[str, str]) -> str:
    """Return the outcome of a rule where its parts have these figures."""

    def resolve(node: Name | Call) -> Figure:
        return _figure(figures.get(part_text(node), ""), part_text(node))

    if any(judge(tree, resolve).outcome != "pass" for tree in rule.condition_trees):
        return "not_applicable"
    return judge(rule.comparison, resolve, is_sum_of_parts=rule.kind == "sum_of_parts").outcome


def parts_of(rule: Rule) -> tuple[str, ...]:
    """Return the parts of a rule's line and conditions that stand for figures, in the order they are read."""
    return tuple(dict.fromkeys(part for tree in (rule.comparison, *rule.condition_trees) for part in _parts(tree)))


def part_text(node: Node) -> str:
    """Return a part as it is written in a rule: "prev(x)"."""
    if isinstance(node, Name):
        return node.name
    if isinstance(node, Call):
        return f"{node.function}({', '.join(part_text(a) for a in node.arguments)})"
    raise TypeError(f"{node} is not a part")


def _parts(tree: Comparison | Node) -> list[str]:
    """Return the parts in reading order; what stands inside `printed()` or `sqrt()` is looked into."""
    if isinstance(tree, Comparison):
        return [part for side in tree.sides for part in _parts(side)]
    if isinstance(tree, Operation):
        return _parts(tree.left) + _parts(tree.right)
    if isinstance(tree, Call) and tree.function in _TRANSPARENT:
        return [part for argument in tree.arguments for part in _parts(argument)]
    if isinstance(tree, Number) or tree == Name("pi"):
        return []
    return [part_text(tree)]


def _figure(text: str, name: str) -> Figure:
    if text == "absent":
        return ABSENT
    if text == "":
        return missing(name, Interval(Fraction(0), None))
    qualifier = _QUALIFIERS.get(text[0], "")
    number = text.lstrip("<>")
    value = Fraction(number)
    half = Fraction(1, 2 * 10 ** len(number.partition(".")[2]))
    return Figure(
        value, qualified(value, qualifier), {name: Fraction(1)}, (name,), half_unit=half, is_bound=bool(qualifier)
    )
