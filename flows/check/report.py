"""The rules of a published report: every figure read in it against the definitions, each other, and the warehouse."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from expectations.intervals import EVERYTHING, point, qualified
from expectations.language import Call, Name, names, parse_expression
from expectations.rules import Rule, day_count, load_rules
from expectations.verdicts import ABSENT, Figure, Verdict, constant, figure_of, judge, missing
from flows.check.cells import last_digit
from flows.check.report_text import CHECKS, ReportText, Spot, list_length, part_month
from flows.records import ReportedFigure
from infra.catalogue import Catalogue, Definition, previous_period
from infra.vietnamese import number_text

_CODE = re.compile(r"\bR\d{2}[ab]?\b")
MOST_TRIED = 2000  # counts above this are not searched for another value that would fit


@dataclass(frozen=True, slots=True)
class ReportVerdict:
    """The outcome of one rule on a report. `codes` are its numbers in the list of rules ("R05").

    `subject` is the indicator or the definition judged; `spots` are the places where a check of the text is off.
    """

    rule_id: str
    codes: tuple[str, ...]
    subject: str
    severity: str
    outcome: str
    left: str
    right: str
    gap: str
    message_vi: str
    spots: tuple[Spot, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of a report that is not the warehouse's."""

    indicator_id: str
    printed: str
    ours: str
    place: str
    message_vi: str


def check_report(
    figures: Iterable[ReportedFigure],
    paragraphs: Sequence[tuple[str, str]],
    catalogue: Catalogue,
    period: str,
    previous: Mapping[str, Fraction] | None = None,
) -> list[ReportVerdict]:
    """Return the verdict of every rule that applies to a report, definitions by name.

    Args:
        figures: What was read in the report.
        paragraphs: Its text as (place, text).
        catalogue: The catalogue of its month.
        period: "2019-04".
        previous: The published figures of the month before, where they are known.
    """
    by_id = {figure.indicator_id: figure for figure in figures}
    report = ReportText(paragraphs, by_id, catalogue)
    reader = _Resolver(report, period, previous or {})
    verdicts = []
    for rule in (r for r in load_rules() if "report" in r.at and r.holds_in(period)):
        for indicator_id in rule.selected(catalogue):
            if rule.kind == "definition":
                verdicts += reader.definitions(rule, indicator_id)
            else:
                verdicts += reader.verdict(rule, indicator_id)
    return verdicts


def compare_figures(
    figures: Iterable[ReportedFigure], published: Mapping[str, tuple[Fraction, str]], catalogue: Catalogue
) -> list[Difference]:
    """Return the figures of a report that differ from the warehouse's, in value or in qualifier.

    Args:
        figures: What was read in the report.
        published: Value and qualifier of each figure of the warehouse.
        catalogue: For the labels.
    """
    found = []
    for figure in figures:
        if figure.indicator_id not in published:
            continue
        ours, qualifier = published[figure.indicator_id]
        if Fraction(figure.value) == ours and figure.qualifier == qualifier:
            continue
        label = catalogue.indicator_by_id[figure.indicator_id].label_vi
        printed, held = number_text(Fraction(figure.value)), number_text(ours)
        found.append(
            Difference(
                figure.indicator_id,
                str(figure.value),
                held,
                figure.place,
                f"“{label}” in trong báo cáo là {printed} ({figure.place}), trong kho số liệu là {held}.",
            )
        )
    return found


class _Resolver:
    """What names stand for in one report."""

    def __init__(self, report: ReportText, period: str, previous: Mapping[str, Fraction]) -> None:
        self.report = report
        self.catalogue = report.catalogue
        self.period = period
        self.previous = previous
        self.spots: list[Spot] = []

    def verdict(self, rule: Rule, indicator_id: str) -> list[ReportVerdict]:
        """Return the verdict of one rule, [] when it does not apply."""
        self.spots = []
        line = rule.for_indicator(indicator_id)
        verdict = judge(line, self.resolve, is_sum_of_parts=False)
        if verdict.outcome == "not_applicable":
            return []
        hint = self._hint(rule, verdict)
        return [self._made(rule, verdict, indicator_id, rule.label_vi, hint)]

    def definitions(self, rule: Rule, indicator_id: str) -> list[ReportVerdict]:
        """Return one verdict a definition of a derived figure, so that it is seen which one holds."""
        found: list[ReportVerdict] = []
        indicator = self.catalogue.indicator_by_id[indicator_id]
        if indicator.indicator_kind == "ratio":
            return found  # each printed ratio has a rule of its own
        for row in self.catalogue.definitions:
            if row.indicator_id == indicator_id and row.expression != indicator_id:
                verdict = judge(rule.for_indicator(indicator_id), self._with_definition(row))
                if verdict.outcome != "not_applicable":
                    label = f"{self._label(indicator_id)} theo định nghĩa “{row.label_vi}”"
                    made = self._made(rule, verdict, row.definition_id, label, "", is_current=row.is_current)
                    found.append(replace(made, codes=tuple(_CODE.findall(row.source))))
        return found

    def resolve(self, node: Name | Call) -> Figure:
        """Return what a name or a place call stands for."""
        if isinstance(node, Name):
            return self._figure(node.name)
        return self._call(node)

    def _call(self, node: Call) -> Figure:
        if node.function in CHECKS:
            self.spots = list(CHECKS[node.function](self.report))
            return constant(Fraction(len(self.spots)))
        if node.function in ("report_month", "plan_month"):
            month = part_month(self.report, "I" if node.function == "report_month" else "II")
            wrapped = 12 if node.function == "plan_month" and month == 1 else 0
            return missing(node.function) if month is None else constant(Fraction(month + wrapped))
        if node.function == "days":
            return constant(Fraction(day_count(self.period)))
        name = node.arguments[-1]
        assert isinstance(name, Name)
        if node.function == "list":
            length = list_length(self.report, name.name)
            return ABSENT if length is None else constant(Fraction(length))
        if node.function == "prev":
            return self._of_month_before(name.name)
        if node.function == "written":
            figure = self._figure(name.name)
            return figure if figure.value is None else constant(figure.value)
        return ABSENT

    def _of_month_before(self, name: str) -> Figure:
        if name in self.previous:
            return constant(self.previous[name])
        return missing(f"{self._label(name)} của tháng {previous_period(self.period)}")

    def _figure(self, name: str) -> Figure:
        printed = self.report.figures.get(name)
        if printed is not None:
            value = Fraction(printed.value)
            half = last_digit(printed.printed_decimals) / 2
            interval = qualified(value, printed.qualifier)
            return Figure(
                value, interval, {name: Fraction(1)}, (name,), half_unit=half, is_bound=bool(printed.qualifier)
            )
        for row in self.catalogue.reference_figures:
            if row.reference_id == name:
                return constant(Fraction(row.value))
        indicator = self.catalogue.indicator_by_id.get(name)
        return ABSENT if indicator is None or not indicator.is_printed else missing(self._label(name), EVERYTHING)

    def _with_definition(self, row: Definition) -> Any:
        tree = parse_expression(row.expression)

        def resolve(node: Name | Call) -> Figure:
            is_defined = isinstance(node, Call) and node.function == "defined"
            return figure_of(tree, self.resolve) if is_defined else self.resolve(node)

        return resolve

    def _hint(self, rule: Rule, verdict: Verdict) -> str:
        """Return which single other count would make a failing printed ratio hold."""
        if rule.kind != "printed_ratio" or verdict.outcome != "fail":
            return ""
        for name in names(rule.comparison):
            printed = self.report.figures.get(name)
            if printed is None or printed.printed_decimals or not 0 < printed.value < MOST_TRIED:
                continue
            fitting = [n for n in range(1, 2 * int(printed.value)) if self._holds_with(rule, name, n)]
            if fitting:
                ends = sorted({fitting[0], fitting[-1]})
                text = " đến ".join(number_text(Fraction(n)) for n in ends)
                return f" Khớp nếu {self._label(name)} là {text}."
        return ""

    def _holds_with(self, rule: Rule, name: str, value: int) -> bool:
        def resolve(node: Name | Call) -> Figure:
            if isinstance(node, Name) and node.name == name:
                return Figure(Fraction(value), point(Fraction(value)))
            return self.resolve(node)

        return judge(rule.comparison, resolve).outcome == "pass"

    def _made(
        self, rule: Rule, verdict: Verdict, subject: str, label: str, hint: str, is_current: bool = True
    ) -> ReportVerdict:
        judged = verdict.decisive
        left, right = (None, None) if judged is None else (judged.left.value, judged.right.value)
        gap = None if left is None or right is None else left - right
        severity = rule.severity if is_current else "note"
        return ReportVerdict(
            rule.rule_id,
            tuple(_CODE.findall(rule.source)),
            subject,
            severity,
            verdict.outcome,
            _number(left),
            _number(right),
            _number(gap),
            self._message(rule, verdict, label, left, right) + hint,
            tuple(self.spots),
        )

    def _message(self, rule: Rule, verdict: Verdict, label: str, left: Fraction | None, right: Fraction | None) -> str:
        if verdict.outcome == "undecided":
            lost = "; ".join(verdict.missing) or "số liệu chỉ nêu giới hạn"
            return f"{label}: chưa kết luận được, chưa có {lost}."
        word = "khớp" if verdict.outcome == "pass" else "không khớp"
        if self.spots:
            return f"{label}: {word}: " + "; ".join(f"{s.text} ({s.place})" for s in self.spots) + "."
        return f"{label}: {word} ({_number(left)} {rule.comparison.signs[0]} {_number(right)})."

    def _label(self, name: str) -> str:
        indicator = self.catalogue.indicator_by_id.get(name)
        return indicator.label_vi if indicator else name


def _number(value: Fraction | None) -> str:
    return "" if value is None else number_text(value)
