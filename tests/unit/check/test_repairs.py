from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.constraints import LinearConstraint
from expectations.intervals import Interval, point
from flows.check.findings import make_findings
from flows.check.repair.problem import Problem, Variable
from flows.check.repair.programmes import fewest_figures
from flows.check.repair.records import make_cases
from flows.check.repair.repairs import find_repairs
from flows.check.repair.slips import candidates, explain_slip
from infra.catalogue import load_catalogue
from tests.unit.check.conftest import PERIOD, change
from tests.unit.check.month import observation

ONE = Fraction(1)


def sum_rule(values: dict[str, int], total: str, *parts: str) -> LinearConstraint:
    gap = values[total] - sum(values[p] for p in parts)
    return LinearConstraint({total: ONE, **dict.fromkeys(parts, -ONE)}, point(Fraction(-gap)))


def problem_of(values: dict[str, int], *rules: tuple[str, ...]) -> Problem:
    variables = {
        name: Variable(name, Fraction(v), is_total=any(name == r[0] for r in rules)) for name, v in values.items()
    }
    return Problem(variables, [sum_rule(values, *rule) for rule in rules])


def named(repair) -> dict[str, int]:
    return {c.name: int(c.right) for c in repair.changes}


def test_cell_in_two_failing_sums_is_the_only_repair() -> None:
    values = {"t1": 30, "a": 10, "b": 29, "t2": 101, "c": 81}
    assert [named(r) for r in find_repairs(problem_of(values, ("t1", "a", "b"), ("t2", "b", "c")))] == [{"b": 20}]


def test_one_wrong_cell_of_a_table_is_named_with_its_value() -> None:
    values = {"r1": 30, "a": 10, "b": 20, "r2": 70, "c": 30, "d": 40, "x": 40, "y": 60, "s": 100}
    values["d"] = 400
    rules = [("r1", "a", "b"), ("r2", "c", "d"), ("x", "a", "c"), ("y", "b", "d"), ("s", "r1", "r2"), ("s", "x", "y")]
    repairs = find_repairs(problem_of(values, *rules))
    assert named(repairs[0]) == {"d": 40}
    assert repairs[0].changes[0].slip == "factor_10"
    assert len(repairs) == 1


def test_two_cells_in_each_others_place() -> None:
    values = {"r1": 30, "a": 10, "b": 20, "r2": 70, "c": 30, "d": 40, "x": 40, "y": 60}
    values["a"], values["b"] = 20, 10
    problem = problem_of(values, ("r1", "a", "b"), ("r2", "c", "d"), ("x", "a", "c"), ("y", "b", "d"))
    for name in ("a", "b"):
        problem.variables[name] = Variable(name, Fraction(values[name]), line=("row 1",))
    best = find_repairs(problem)[0]
    assert named(best) == {"a": 10, "b": 20}
    assert {c.slip for c in best.changes} == {"exchanged_row"}


def test_two_slips_that_never_meet_are_found_together() -> None:
    values = {"t": 35, "a": 10, "b": 12, "c": 13, "u": 60, "d": 28, "e": 32, "row": 38, "v": 45}
    rules = [("t", "a", "b", "c"), ("u", "d", "e"), ("row", "a", "d"), ("v", "c", "e")]
    assert not problem_of(values, *rules).failing
    values["b"], values["e"] = 21, 23
    repairs = find_repairs(problem_of(values, *rules))
    assert {"b": 12, "e": 32} in [named(r) for r in repairs]


def test_program_finds_what_no_small_search_covers() -> None:
    """Five independent sums are wrong at once: more than the covers try."""
    values = {f"{n}{i}": v for i in range(5) for n, v in (("t", 30), ("a", 10), ("b", 21))}
    problem = problem_of(values, *[(f"t{i}", f"a{i}", f"b{i}") for i in range(5)])
    supports = list(fewest_figures(problem))
    assert {len(names) for names in supports} == {5}
    repairs = find_repairs(problem)
    assert repairs and all(problem.holds({c.name: c.right - c.written for c in r.changes}) for r in repairs)


def test_values_above_a_thousand_million_stay_exact() -> None:
    values = {"t": 3_946_000_000_000_001, "a": 3_094_000_000_000_000, "b": 852_000_000_000_001}
    values["a"] += 9
    assert {"a": 3_094_000_000_000_000} in [named(r) for r in find_repairs(problem_of(values, ("t", "a", "b")))]


def test_what_was_settled_before_is_not_changed() -> None:
    values = {"now": 110, "before": 100, "grown": 11}
    problem = problem_of(values, ("now", "before", "grown"))
    problem.variables["before"] = Variable("before", Fraction(100), is_fixed=True)
    assert {name for r in find_repairs(problem) for name in named(r)} == {"now", "grown"}


def test_bound_offers_what_a_slip_explains() -> None:
    variables = {"revenue": Variable("revenue", Fraction(3_094_000_000_000), previous=Fraction(3_000_000_000))}
    room = Interval(Fraction(-3_092_000_000_000), Fraction(-3_089_000_000_000))
    best = find_repairs(Problem(variables, [LinearConstraint({"revenue": ONE}, room)]))[0]
    assert named(best) == {"revenue": 3_094_000_000}
    assert best.is_open


def test_same_problem_gives_the_same_list() -> None:
    values = {"t": 100, **{f"p{i}": 10 + i for i in range(8)}}
    problem = problem_of(values, ("t", *[f"p{i}" for i in range(8)]))
    assert find_repairs(problem) == find_repairs(problem_of(values, ("t", *[f"p{i}" for i in range(8)])))


@given(st.lists(st.integers(0, 6), min_size=4, max_size=4), st.integers(0, 8), st.integers(0, 6))
@settings(max_examples=300)
def test_repairs_are_those_that_brute_force_finds(cells: list[int], place: int, value: int) -> None:
    """A table of two rows and two columns with its totals; every change of at most one cell is tried."""
    a, b, c, d = cells
    values = {"a": a, "b": b, "c": c, "d": d, "r1": a + b, "r2": c + d, "x": a + c, "y": b + d, "s": a + b + c + d}
    rules = [("r1", "a", "b"), ("r2", "c", "d"), ("x", "a", "c"), ("y", "b", "d"), ("s", "r1", "r2"), ("s", "x", "y")]
    name = list(values)[place]
    values[name] = value
    problem = problem_of(values, *rules)
    if not problem.failing:
        return
    possible = set()
    for changed, new in product(values, range(-30, 60)):
        tried = values | {changed: new}
        if new != values[changed] and all(tried[t] == sum(tried[p] for p in parts) for t, *parts in rules):
            possible.add((changed, new))
    found = {(c.name, int(c.right)) for r in find_repairs(problem) if len(r.changes) == 1 for c in r.changes}
    assert found == possible


@pytest.mark.parametrize(
    ("written", "right", "kind"),
    [
        ("16665", "16656", "digits_swapped"),
        ("1350", "10350", "digit_lost"),
        ("99", "9", "digit_doubled"),
        ("420", "42", "factor_10"),
        ("3094000000000", "3094000000", "factor_1000"),
        ("-1175", "1175", "sign"),
        ("4.651", "4651", "decimal_for_thousands"),
        ("75", "78", "one_digit"),
        ("12", "734", "unexplained"),
    ],
)
def test_slip_is_recognised(written: str, right: str, kind: str) -> None:
    assert explain_slip(Fraction(written), Fraction(right), None, is_total=False) == kind


def test_slips_of_totals_are_recognised() -> None:
    parts = [Fraction(21904), Fraction(31240), Fraction(268430)]
    assert explain_slip(Fraction(299670), Fraction(321574), None, True, parts) == "part_omitted"
    assert explain_slip(Fraction(343478), Fraction(321574), None, True, parts) == "part_twice"
    assert explain_slip(Fraction(3196), Fraction(3275), Fraction(3196), True) == "total_not_refreshed"
    assert explain_slip(Fraction(77), Fraction(95), Fraction(77), False) == "last_month"


@given(st.integers(1, 99999))
def test_candidates_undo_every_digit_slip(right: int) -> None:
    text = str(right)
    for i in range(len(text)):
        for written in (text[:i] + text[i + 1 :], text[:i] + text[i] + text[i:]):
            if written and written[0] != "0" and int(written) != right:
                assert Fraction(right) in candidates(Fraction(int(written)), ONE)


def cases_of(judged, month) -> tuple[list, list]:
    book, instances = judged(month)
    return make_cases(book, instances, make_findings(book, instances))


def test_findings_with_one_cause_are_one_case_and_follow_ons_no_other(month, judged) -> None:
    change(month, "vnpt", "623", "phone_subs_mobile_prepaid", 1666)
    findings, cases = cases_of(judged, month)
    numbers = [c for c in cases if c["repairs"]]
    assert len(numbers) == 1
    together = {f.rule_id for f in findings if f.case_id == numbers[0]["case_id"]}
    assert {"phone_total_equals_parts", "total_equals_areas", "row_change_is_ordinary"} <= together
    best = numbers[0]["repairs"][0]["changes"]
    assert [(c["written"], c["right"], c["slip"]) for c in best] == [("1666", "16665", "digit_lost")]
    assert all(f.case_id for f in findings)


def test_impact_is_told_in_published_figures(month, judged) -> None:
    change(month, "vnpt", "623", "phone_subs_mobile_prepaid", 1666)
    _, cases = cases_of(judged, month)
    impact = {row["indicator_id"]: row for row in next(c for c in cases if c["repairs"])["impact"]}
    moved = impact["phone_subs_mobile_prepaid"]
    assert Fraction(moved["repaired"]) - Fraction(moved["published"]) == 16665 - 1666


def test_impact_is_told_in_figures_as_they_are_published(month, judged) -> None:
    """A slip with decimals in one cell: what the report would say is a whole number, as its indicator is counted."""
    change(month, "vnpt", "623", "phone_subs_mobile_prepaid", "16.665")
    _, cases = cases_of(judged, month)
    for row in (row for case in cases for row in case["impact"] if row["repaired"]):
        decimals = load_catalogue().at(PERIOD).indicator_by_id[row["indicator_id"]].decimals
        assert len(row["repaired"].partition(".")[2]) <= decimals, row
    moved = next(r for c in cases for r in c["impact"] if r["indicator_id"] == "phone_subs_mobile_prepaid")
    assert moved["repaired"] == str(sum_of(judged, month, "phone_subs_mobile_prepaid"))


def sum_of(judged, month, indicator: str) -> int:
    change(month, "vnpt", "623", indicator, 16665)
    book, _ = judged(month)
    return int(book.figures[PERIOD, indicator].value)


def test_impact_names_no_figure_that_no_repair_moves(month, judged) -> None:
    """Radio hours beyond those of one channel are a question without a repair."""
    change(month, "vnpt", "623", "phone_subs_mobile_prepaid", 1666)
    month.append(observation(PERIOD, "dai_ptth", "64", "radio_hours", 1095, file="(body)", cell="body"))
    _, cases = cases_of(judged, month)
    rows = [(bool(case["repairs"]), row) for case in cases for row in case["impact"]]
    assert {has_repair for has_repair, _ in rows} == {True, False}
    for has_repair, row in rows:
        assert row["repaired"] != row["published"] and (has_repair or not row["repaired"]), row


def test_share_that_only_a_bound_judges_gets_its_comma_back_though_the_other_side_is_drawn(month, judged) -> None:
    month.append(observation(PERIOD, "p_bcvt", "64", "internet_users_pct", "0.5009", cell="D3"))
    for submitter in ("vnpt", "viettel", "fpt", "sctv"):
        for kind, area, count in (("dialup", "64", 0), ("adsl", "622", 900), ("ftth", "622", 22_000)):
            month.append(observation(PERIOD, submitter, area, f"internet_subs_{kind}", count, cell=kind))
    book, instances = judged(month)
    findings, cases = make_cases(book, instances, make_findings(book, instances))
    case = next(c for c in cases if any(f.rule_id == "internet_users_cover_subscribers" and f.case_id == c["case_id"]
                                        for f in findings))
    best = case["repairs"][0]["changes"]
    assert [(c["written"], c["right"], c["slip"]) for c in best] == [("0.5009", "50.09", "comma_moved")]


def test_no_repair_gives_a_count_that_cannot_be() -> None:
    """The row of one district is gone: only a negative count in another's place would make up for it."""
    values = {"t1": 30, "a": 10, "b": 20, "c": 45}
    least = Interval(Fraction(0), None)
    variables = {n: Variable(n, Fraction(v), is_fixed=n == "t1", possible=least) for n, v in values.items()}
    rule = sum_rule(values, "t1", "a", "b", "c")
    assert all(change.right >= 0 for r in find_repairs(Problem(variables, [rule])) for change in r.changes)
    free = {n: Variable(n, Fraction(v), is_fixed=n == "t1") for n, v in values.items()}
    assert any(change.right < 0 for r in find_repairs(Problem(free, [rule])) for change in r.changes)


@pytest.mark.parametrize(("raw", "words"), [
    ("9 9", "chưa dùng được số"), ("#REF!", "chưa dùng được số"), ("", "chưa báo cáo"), ("…", "chưa báo cáo"),
])
def test_a_cell_with_something_in_it_is_not_called_blank(month, judged, raw: str, words: str) -> None:
    change(month, "vnpt", "64", "phone_subs_net_add", None)
    for row in month:
        if (row["indicator_id"], row["submitter_id"]) == ("phone_subs_net_add", "vnpt"):
            row["raw_text"] = raw
    book, instances = judged(month)
    said = [f.message_vi for f in make_findings(book, instances)
            if f.rule_id.startswith("figure_missing") and f.submitter_id == "vnpt" and "D60" in f.message_vi]
    assert said and all(words in text and ("để trống" in text) == (words == "chưa báo cáo") for text in said)


def test_a_total_above_its_rows_names_the_area_without_a_row_and_what_is_lacking(month, judged) -> None:
    """The catalogue has more districts than the made-up form: here all but one of them get a row."""
    catalogue = load_catalogue().at(PERIOD)
    districts = [a.area_code for a in catalogue.areas if a.parent_code == "64"]
    rows = {code: 10 + n for n, code in enumerate(districts)}
    month[:] = [r for r in month if r["indicator_id"] != "telecom_bts_total" or r["period"] != PERIOD]
    stations = "telecom_bts_total"
    cells = [observation(PERIOD, "vnpt", code, stations, count, cell=f"C{count}") for code, count in rows.items()]
    total = observation(PERIOD, "vnpt", "64", stations, sum(rows.values()), cell="C99", is_reported_total=True)

    def said(kept) -> str:
        book, instances = judged([*month, *kept, total])
        found = [f for f in make_findings(book, instances) if f.rule_id == "total_equals_areas"]
        return " ".join(f.message_vi for f in found if f.submitter_id == "vnpt")

    gone = catalogue.area_by_code[districts[3]].area_name
    assert f"không có dòng của {gone}" in said([c for c in cells if c["area_code"] != districts[3]])
    assert "phần thiếu là 13" in said([c for c in cells if c["area_code"] != districts[3]])
    assert "không có dòng" not in said(cells[:5]), "who is not everywhere has not lost the others"
    assert "không có dòng" not in said(cells)
    rest = [c for c in cells if c["area_code"] != districts[3]]
    book, instances = judged([*month, *rest, total])
    (case,) = [c for c in make_cases(book, instances, make_findings(book, instances))[1] if "vnpt" in c["submitters"]
               and c["severity"] == "blocking" and c["no_repair"] == "row_missing"]
    assert not case["repairs"] and "bổ sung dòng đó" in case["no_repair_vi"]


def test_a_figure_beside_a_blank_cell_of_its_place_takes_part_in_the_sum(month, judged) -> None:
    """Whatever the files are called: the blank cell is read first here."""
    change(month, "vnpt", "623", "telecom_bts_total", None)
    told = observation(PERIOD, "vnpt", "623", "telecom_bts_total", 40, file="z.xlsx", cell="D1")
    for rows, is_open in ((month, True), ([*month, told], False)):
        book, instances = judged(rows)
        found = [f for f in make_findings(book, instances) if f.rule_id == "total_equals_areas"]
        assert bool([f for f in found if f.submitter_id == "vnpt" and "BTS" in f.message_vi]) == is_open


def test_what_a_person_supplied_beside_a_blank_cell_is_reported(month, judged) -> None:
    change(month, "vnpt", "64", "phone_subs_net_add", None)
    supplied = observation(PERIOD, "vnpt", "64", "phone_subs_net_add", 51, file="(decision)", message="", cell="D1")
    for rows, is_open in ((month, True), ([*month, supplied], False)):
        book, instances = judged(rows)
        missing = [f for f in make_findings(book, instances) if f.rule_id == "figure_missing" and "D60" in f.message_vi]
        assert bool(missing) == is_open


def test_exchange_of_two_districts_is_one_case(month, judged) -> None:
    change(month, "vnpt", "627", "telecom_bts_total", 39)
    change(month, "vnpt", "639", "telecom_bts_total", 34)
    _, cases = cases_of(judged, month)
    best = next(c for c in cases if c["repairs"])["repairs"][0]["changes"]
    assert [(c["cells"][0]["area_code"], c["right"], c["slip"]) for c in best] == [
        ("627", "34", "exchanged_column"),
        ("639", "39", "exchanged_column"),
    ]


def test_two_errors_of_one_submitter_are_two_cases(month, judged) -> None:
    change(month, "vnpt", "623", "phone_subs_mobile_prepaid", 16656)
    change(month, "vnpt", "64", "phone_subs_total", 999)
    _, cases = cases_of(judged, month)
    mended = [[c["cells"][0]["area_code"] for c in case["repairs"][0]["changes"]] for case in cases if case["repairs"]]
    assert sorted(mended) == [["623"], ["64"]]


def test_cases_are_ordered_by_severity_and_impact(month, judged) -> None:
    change(month, "vnpt", "622", "phone_subs_mobile_prepaid", 6)
    change(month, "viettel", "639", "phone_subs_fixed", 950)
    _, cases = cases_of(judged, month)
    order = ["blocking", "warning", "note"]
    ranks = [(order.index(c["severity"]), -c["impact_share"]) for c in cases]
    assert ranks == sorted(ranks)


def test_case_of_a_hundred_cells_and_sixty_rules_is_solved_quickly() -> None:
    """Eight columns of twelve rows with row sums, column sums, and a second table of the same totals."""
    values: dict[str, int] = {f"c{r}_{c}": 100 + 7 * r + 13 * c for r in range(10) for c in range(8)}
    rules: list[tuple[str, ...]] = []
    for r in range(10):
        parts = [f"c{r}_{c}" for c in range(8)]
        values[f"row{r}"] = sum(values[p] for p in parts)
        rules += [(f"row{r}", *parts)] * 3
    for c in range(8):
        parts = [f"c{r}_{c}" for r in range(10)]
        values[f"col{c}"] = sum(values[p] for p in parts)
        rules += [(f"col{c}", *parts)] * 3
    values["all"] = sum(values[f"row{r}"] for r in range(10))
    rules += [("all", *[f"row{r}" for r in range(10)]), ("all", *[f"col{c}" for c in range(8)])]
    values["c3_4"], values["c3_5"] = values["c3_5"], values["c3_4"]
    problem = problem_of(values, *rules)
    assert len(values) >= 99 and len(rules) >= 56
    assert find_repairs(problem)
