"""What the search for repairs promises, whatever rules and figures it is given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expectations.constraints import Constraint, FormulaConstraint, LinearConstraint, WholeNumber, constraints_of
from expectations.intervals import NOTHING, Interval, point
from expectations.language import Call, Name, parse_comparison
from expectations.verdicts import Figure, Verdict, judge, missing, moved
from flows.check.repair import problem as problem_module
from flows.check.repair.problem import Change, Problem, Repair, SearchTooLongError, Variable
from flows.check.repair.programmes import MOST_FIGURES, fewest_figures
from flows.check.repair.repairs import find_repairs

ONE = Fraction(1)


@dataclass(frozen=True)
class Web:
    """Figures as written, and rules' lines over them: everything a problem is made of."""

    variables: dict[str, Variable]
    lines: tuple[str, ...]
    lost: frozenset[str] = frozenset()  # figures that were not reported

    def verdicts(self, values: Mapping[str, Fraction] | None = None) -> list[Verdict]:
        """Judge every line afresh, with other values where given."""
        return [judge(parse_comparison(line), lambda node: self._figure(node, values or {})) for line in self.lines]

    def problem(self) -> Problem:
        constraints: list[Constraint] = [c for verdict in self.verdicts() for c in constraints_of(verdict)]
        whole = [WholeNumber(n, v.value) for n, v in self.variables.items() if not v.is_share]
        return Problem(dict(self.variables), [*constraints, *(w for w in whole if not w.holds_now)])

    def _figure(self, node: Name | Call, values: Mapping[str, Fraction]) -> Figure:
        assert isinstance(node, Name)
        variable = self.variables[node.name]
        if node.name in self.lost:
            return missing(node.name, Interval(Fraction(0), None))
        value = values.get(node.name, variable.value)
        half = variable.grid * variable.unit(value) / 2 if variable.is_share else Fraction(0)
        return Figure(value, point(value), {node.name: ONE}, (node.name,), half_unit=half)


def variable(name: str, value: Any, **more: Any) -> Variable:
    return Variable(name, Fraction(value), **more)


def web_of(values: Mapping[str, Any], *lines: str, fixed: Iterable[str] = ()) -> Web:
    return Web({n: variable(n, v, is_fixed=n in set(fixed)) for n, v in values.items()}, lines)


def share(name: str, text: str) -> Variable:
    return variable(name, text, grid=Fraction(1, 10 ** len(text.partition(".")[2])), is_share=True)


def first(web: Web) -> tuple[dict[str, str], list[str]]:
    """Return the first repair: what each figure would be, and the slips."""
    best = find_repairs(web.problem())[0]
    return {c.name: str(float(c.right)).removesuffix(".0") for c in best.changes}, [c.slip for c in best.changes]


@pytest.mark.parametrize(
    "problem",
    [
        Problem({}, []),
        Problem({"a": variable("a", 1)}, []),
        Problem({"a": variable("a", 1)}, [LinearConstraint({"a": ONE}, point(Fraction(0)))]),
        Problem({}, [LinearConstraint({}, point(ONE))]),
        Problem({"a": variable("a", 1)}, [LinearConstraint({"a": Fraction(0)}, point(ONE))]),
        Problem({"a": variable("a", 1, is_fixed=True)}, [LinearConstraint({"a": ONE}, point(ONE))]),
        Problem({"a": variable("a", 1)}, [LinearConstraint({"a": ONE}, Interval(ONE, ONE, is_low_open=True))]),
        Problem({"a": variable("a", 1)}, [LinearConstraint({"a": ONE}, NOTHING)]),
        web_of({"a": 1, "b": 2}, "a = b", fixed="ab").problem(),
        web_of({"a": 1}, "a = 2", "a = 3").problem(),
        web_of({"a": 1, "b": 2, "c": 3}, "a = b * c", fixed="abc").problem(),
        web_of({"a": "1.5"}, "a >= 0", fixed="a").problem(),
    ],
    ids=["empty", "no rule", "all hold", "a rule over nothing", "zero coefficient", "all fixed", "open point",
         "no value would do", "both settled", "contradiction", "settled product", "settled fraction"],
)
def test_what_cannot_be_mended_has_no_repair(problem: Problem) -> None:
    assert find_repairs(problem) == []


def test_what_is_said_twice_counts_once() -> None:
    once = find_repairs(web_of({"t": 30, "a": 10, "b": 21}, "t = a + b").problem())
    lines = ("t = a + b", "t = a + b", "2 * t = 2 * a + 2 * b")
    twice = find_repairs(web_of({"t": 30, "a": 10, "b": 21}, *lines).problem())
    assert once == twice != []


def test_figures_beyond_every_float_have_a_defined_answer() -> None:
    values = {"t": 10**400, "a": 10**400 - 5, "b": 4, "c": 10**320}
    repairs = find_repairs(web_of(values, "t = a + b", "c = t * b", "0.001 * c <= t").problem())
    assert all(isinstance(repair, Repair) for repair in repairs)


def test_program_answers_nothing_where_it_cannot_work() -> None:
    """No figure to change, more figures than it takes, numbers beyond a float."""
    many = {f"a{i}": 1 for i in range(MOST_FIGURES + 1)}
    names = list(many)
    sums = [" + ".join(names[start:start + 51]) + " = 3" for start in range(0, len(names) - 1, 50)]    # overlapping
    for web in (
        web_of({"a": 1, "b": 2}, "a = b", fixed="ab"),
        web_of(many, *sums),
        web_of({"a": 1, "b": 2, "c": 10**400}, "a = b", "a <= c"),
    ):
        assert list(fewest_figures(web.problem())) == []


def test_a_repair_cannot_be_empty_or_change_nothing() -> None:
    change = Change("a", ONE, Fraction(2), "one_digit")
    assert Repair((change,), 1.0).moves == {"a": ONE}
    for changes in ((), (replace(change, right=ONE),), (change, change)):
        with pytest.raises(ValueError, match="a repair changes"):
            Repair(changes, 1.0)


def test_a_problem_names_every_figure_of_its_rules() -> None:
    with pytest.raises(ValueError, match="not given: b"):
        Problem({"a": variable("a", 1)}, [LinearConstraint({"a": ONE, "b": ONE}, point(ONE))])
    with pytest.raises(ValueError, match="above zero"):
        variable("a", 1, grid=Fraction(0))


def test_search_ends_after_a_fixed_number_of_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    web = web_of({"t": 30, "a": 10, "b": 21}, "t = a + b")
    assert find_repairs(web.problem())
    hurried = web.problem()
    hurried.looks_left = 3
    with pytest.raises(SearchTooLongError):
        find_repairs(hurried)
    assert problem_module.MOST_LOOKS > 1000


# ---------------------------------------------------------------------------------- products and percentages


def test_copies_that_are_not_issues_times_run_are_mended() -> None:
    web = web_of({"copies": 228600, "issues": 27, "run": 8400}, "copies = issues * run")
    assert first(web) == ({"copies": "226800"}, ["digits_swapped"])


@pytest.mark.parametrize(("name", "written", "right"), [("issues", 72, 27), ("run", 840, 8400), ("run", 8040, 8400)])
def test_either_factor_of_a_product_is_mended(name: str, written: int, right: int) -> None:
    values = {"copies": 226800, "issues": 27, "run": 8400} | {name: written}
    repairs = find_repairs(web_of(values, "copies = issues * run", "issues <= 31").problem())
    assert {name: Fraction(right)} in [{c.name: c.right for c in r.changes} for r in repairs]


@pytest.mark.parametrize("written", ["500.9", "5.009", "5009", "0.5009"])
def test_percentage_with_its_comma_elsewhere_gets_it_back(written: str) -> None:
    values = {"part": variable("part", 27800), "whole": variable("whole", 55500), "pct": share("pct", written)}
    web = Web(values, ("0 <= pct <= 100", "printed(pct) ~ 100 * part / whole"))
    assert first(web) == ({"pct": "50.09"}, ["comma_moved"])


def test_percentage_whose_parts_are_fixed_figures_too() -> None:
    web = Web({"part": variable("part", 111), "pct": share("pct", "500.0")}, ("printed(pct) ~ 100 * part / 222",))
    assert first(web) == ({"pct": "50"}, ["comma_moved"])


def test_moved_comma_is_judged_by_its_own_last_digit() -> None:
    """50,09 is not what 27 801 / 55 400 rounds to, though 50,1 ± 0,05 would hold it."""
    values = {"part": variable("part", 27801, is_fixed=True), "whole": variable("whole", 55400, is_fixed=True)}
    web = Web(values | {"pct": share("pct", "501.0")}, ("printed(pct) ~ 100 * part / whole",))
    assert {c.right for r in find_repairs(web.problem()) for c in r.changes} == {Fraction("50.2")}


def test_share_of_two_figures_leads_to_its_parts() -> None:
    values = {"part": variable("part", 1500), "whole": variable("whole", 222), "pct": share("pct", "67.57")}
    repairs = find_repairs(Web(values, ("printed(pct) ~ 100 * part / whole",)).problem())
    assert {"part": Fraction(150)} in [{c.name: c.right for c in r.changes} for r in repairs]


def test_room_ends_where_a_divisor_would_be_zero() -> None:
    (constraint,) = web_of({"a": 5, "b": 1, "c": 2}, "a <= 100 * b / c").problem().constraints
    assert constraint.room("c") == Interval(Fraction(-2), Fraction(18), is_low_open=True)


def test_rule_that_no_longer_applies_is_not_mended_by_that() -> None:
    (constraint,) = web_of({"a": 5, "b": 1, "c": 2, "d": 3}, "a = b / c + d").problem().constraints
    assert not constraint.holds({"c": Fraction(-2)})
    assert constraint.holds({"c": Fraction(-3, 2)})


def test_what_a_rounded_figure_stands_for_moves_with_its_comma() -> None:
    written, half = Fraction("500.9"), Fraction(1, 20)
    figure = Figure(written, Interval(written - half, written + half, False, True), {"p": ONE}, ("p",), half_unit=half)
    after = moved(figure, {"p": Fraction("-450.81")}, {"p": Fraction(1, 10)})
    assert after.interval == Interval(Fraction("50.085"), Fraction("50.095"), False, True)
    assert (after.value, after.half_unit) == (Fraction("50.09"), Fraction(1, 200))


# --------------------------------------------------------------------------------------------- random webs

NAMES = "abcdefg"
LINES = (
    "{0} = {1} + {2}", "{0} = {1} + {2} + {3}", "{0} = {1} * {2}", "{0} = {1} - {2}", "{0} >= 0", "{0} <= {1}",
    "3 * {0} <= {1} <= 5 * {0}", "printed({4}) ~ 100 * {0} / {1}", "0 <= {4} <= 100", "{0} < {1} * {2} + {3}",
    "{0} = 7", "abs({0} - {1}) <= 3", "{0} / {1} = {2} / {3}", "{0} ~ sqrt({1})", "0 * {0} = 0", "0 * {0} = 1",
    "{0} - {0} = 1", "round({0} / {1}, 0) = {2}",
)


@st.composite
def webs(draw: st.DrawFn) -> Web:
    number = st.one_of(st.integers(-3, 60), st.integers(0, 10**7), st.sampled_from([0, 10**30, 10**400]))
    variables = {}
    for name in NAMES:
        position = draw(st.integers(0, 2))
        variables[name] = variable(
            name, draw(number), previous=draw(st.none() | st.integers(0, 60).map(Fraction)),
            is_total=draw(st.booleans()), is_fixed=draw(st.sampled_from([False, False, True])),
            line=("row", str(position)),
        )
    variables["p"] = replace(share("p", draw(st.sampled_from(["50.09", "500.9", "0", "7", "5.0"]))),
                             is_fixed=draw(st.sampled_from([False, False, True])))
    if draw(st.booleans()):
        variables["a"] = replace(variables["a"], value=variables["a"].value + Fraction(1, 4))
    lost = frozenset(draw(st.sets(st.sampled_from(NAMES), max_size=1)))
    variables |= {name: replace(variables[name], is_fixed=True) for name in lost}
    lines = ["0 <= p <= 100"] if draw(st.booleans()) else []
    for shape in draw(st.lists(st.sampled_from(LINES), max_size=6)):
        four = draw(st.permutations(NAMES))[:4]
        lines.append(shape.format(*four, "p"))
    return Web(variables, tuple(lines), lost)


@given(webs())
@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
def test_every_repair_of_a_random_web_mends_it(web: Web) -> None:
    problem = web.problem()
    try:
        repairs = find_repairs(problem)
    except SearchTooLongError:
        return
    before = web.verdicts()
    judged_again = [bool(constraints_of(verdict)) for verdict in before]
    for repair in repairs:
        assert not any(problem.variables[name].is_fixed for name in repair.names)
        assert all(c.written == problem.variables[c.name].value for c in repair.changes)
        after = web.verdicts({c.name: c.right for c in repair.changes})
        for old, new, is_bound in zip(before, after, judged_again, strict=True):
            if is_bound and (old.outcome == "fail" or repair.names & set(old.cells)):
                assert new.outcome in ("pass", "undecided")
        for change in repair.changes:
            assert change.right.denominator == 1 or problem.variables[change.name].is_share
    if problem.is_mendable is False:
        assert repairs == []
    assert repairs == find_repairs(web.problem())
    costs = [round(repair.cost, 6) for repair in repairs]
    assert costs == sorted(costs)


@given(
    st.sampled_from(["a = b * c", "a <= b * c", "a = 100 * b / c", "b * c + a = 40", "a / c = b", "a * c >= b"]),
    st.lists(st.integers(1, 9), min_size=3, max_size=3), st.sampled_from("abc"),
)
def test_room_of_one_factor_is_exact(line: str, values: list[int], name: str) -> None:
    web = web_of(dict(zip("abc", values, strict=True)), line)
    (constraint,) = web.problem().constraints
    assert isinstance(constraint, FormulaConstraint)
    room = constraint.room(name)
    start = web.variables[name].value
    for change in (Fraction(n, 6) for n in range(-6 * int(start) + 1, 300)):
        assert room.holds(change) == constraint.holds({name: change})
