"""What today's rules say of one warehouse file, by exact arithmetic alone; nothing of a kept check is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.records import Finding

if TYPE_CHECKING:
    from expectations.rules import Rule
    from infra.catalogue import Catalogue
    from infra.settings import Settings


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The rules in force, and a finding for every verdict that is no pass."""

    rules: tuple[Rule, ...]
    findings: tuple[Finding, ...]


def judge_build(settings: Settings, catalogue: Catalogue, period: str, build_id: str) -> Verdicts:
    """Judge every rule of the rule files, as they are now, at every place of a build.

    Raises:
        OperationError: There is no such build, or it cannot be opened.
        CatalogueError: A rule in force in that month is wrong.
    """
    from expectations.rules import read_rules, rules_in_force
    from flows.check.cells import draw_book
    from flows.check.findings import make_findings
    from flows.check.places import apply_rules
    from infra.warehouse import open_build

    rules = rules_in_force(period, read_rules())
    with open_build(settings, build_id) as connection:
        book = draw_book(connection, catalogue, period)
    return Verdicts(tuple(rules), tuple(make_findings(book, apply_rules(book, rules))))
