"""Errors planted at random into the sample month: how many are found, and how often the right repair is named.

    python -m benchmarks.repairs [--months 1000]

Each month is the sample's, read from its messages, with a month before it that drifts by a few percent, and one
error of twelve kinds; seeds are fixed. Printed beside: the smallest repair in reading order (no view of slips),
and blaming the total of the rule that fails. Bars: 99 % found of those that break a rule, the true repair first
in 80 % and among the first three in 95 %. Exits with 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from random import Random

from expectations.rules import rules_in_force
from flows.check.cells import Book, Cell, draw_book
from flows.check.places import Instance, apply_rules, verdict_at
from flows.check.repair.causes import Case, _components, _problem, find_cases, weave
from flows.check.repair.problem import Repair
from flows.check.repair.repairs import minimal_cells
from flows.sample import PERIOD, write_sample
from infra.settings import load_settings
from infra.warehouse import open_build

MONTHS = 1000
ERRORS_A_PAST = 50  # months that share one drawn month before
MOST_AT_ONCE = 32    # errors in the month that shows how time grows
FOUND_BAR, FIRST_BAR, THREE_BAR = 0.99, 0.80, 0.95
TOTALS = {
    "phone_subs_total": ("phone_subs_fixed", "phone_subs_mobile_postpaid", "phone_subs_mobile_prepaid"),
    "phone_subs_mobile": ("phone_subs_mobile_postpaid", "phone_subs_mobile_prepaid"),
    "internet_subs_total": ("internet_subs_dialup", "internet_subs_adsl", "internet_subs_ftth"),
    "internet_subs_broadband": ("internet_subs_adsl", "internet_subs_ftth"),
    "post_bdvhx_total": ("post_bdvhx_active", "post_bdvhx_suspended"),
}
Values = Mapping[str, Fraction | None]
Wrong = dict[str, Fraction]  # cell_id -> what is written instead of the right value


@dataclass
class Score:
    """Counts of one kind of error."""

    planted: int = 0
    breaking: int = 0
    found: int = 0
    first: int = 0
    three: int = 0
    plain_first: int = 0
    total_first: int = 0

    def __iadd__(self, other: Score) -> Score:
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--months", type=int, default=MONTHS)
    months = parser.parse_args().months
    scores: dict[str, Score] = defaultdict(Score)
    seconds: list[float] = []
    sample = sample_book()
    for start in range(0, months, ERRORS_A_PAST):
        past = Past(sample, Random(f"past {start}"))
        for number in range(start, min(start + ERRORS_A_PAST, months)):
            kind = list(ERRORS)[number % len(ERRORS)]
            scores[kind] += past.score(kind, Random(f"error {number}"), seconds)
    show_growth(past)
    return show(scores, seconds)


class Past:
    """The sample month with one drawn month before it, and all its verdicts."""

    def __init__(self, sample: Book, random: Random) -> None:
        self.book = with_drawn_past(sample, random)
        found = apply_rules(self.book, rules_in_force(PERIOD))
        # What is published was computed from the figures as they were: it says nothing about a planted error.
        self.instances = [i for i in found if i.place.kind != "province" or i.rule.kind == "cross_source"]
        assert not [i for i in self.instances if i.verdict.outcome == "fail" and i.rule.severity == "blocking"]
        self.touched: dict[str, list[int]] = defaultdict(list)
        for number, instance in enumerate(self.instances):
            anchor = (instance.place.anchor.cell_id,) if instance.place.anchor else ()
            for cell in {*instance.verdict.cells, *anchor}:
                self.touched[cell].append(number)

    def score(self, kind: str, random: Random, seconds: list[float]) -> Score:
        """Plant one error of a kind and return what became of it."""
        wrong = plant(self.book, kind, random)
        score = Score(planted=1)
        if not breaks_a_rule(self.book, wrong):
            return score
        score.breaking = 1
        book, instances = self.judge(wrong)
        start = time.perf_counter()
        cases = find_cases(book, instances)
        seconds.append(time.perf_counter() - start)
        failed = [i for i in instances if i.verdict.outcome == "fail" and i.rule.severity == "blocking"]
        score.found = int(bool(set(wrong) & {cell for i in failed for cell in i.verdict.cells}))
        right = {cell: self.book.cells[cell].value for cell in wrong}
        rank = min((rank_of(book, instances, case, right) for case in cases), default=99)
        score.first, score.three = int(rank == 1), int(rank <= 3)
        score.plain_first = int(self.plain_rank(book, instances, right) == 1)
        score.total_first = int(blames_rightly(instances, right))
        return score

    def judge(self, wrong: Wrong) -> tuple[Book, list[Instance]]:
        cells = {
            cell_id: replace(cell, value=wrong[cell_id]) if cell_id in wrong else cell
            for cell_id, cell in self.book.cells.items()
        }
        book = Book(self.book.period, self.book.catalogue, cells, self.book.figures, self.book.statuses)
        instances = list(self.instances)
        for number in sorted({n for cell in wrong for n in self.touched[cell]}):
            old = instances[number]
            anchor = cells[old.place.anchor.cell_id] if old.place.anchor else None
            place = replace(old.place, anchor=anchor)
            instances[number] = Instance(old.rule, place, verdict_at(book, old.rule, place))
        return book, instances

    def plain_rank(self, book: Book, instances: list[Instance], right: Values) -> int:
        web = weave(book, instances)
        for group in _components(web, instances):
            repairs = minimal_cells(_problem(web, instances, group))
            if repairs and is_true(web.cells_of, repairs[0], right):
                return 1
        return 99


# ------------------------------------------------------------------------------------------- the month


def sample_book() -> Book:
    """Return the figures of the sample month, received, read and built like any other."""
    from flows import steps
    from flows.progress import Progress

    with tempfile.TemporaryDirectory(prefix="repairs-") as name:
        folder = Path(name)
        write_sample(PERIOD, folder / "inbox")
        settings = replace(load_settings(folder / "home"), authserv_id="", inbox_trusted="by_hand")
        with (
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
            steps.begun(settings, str(folder / "inbox"), Progress()),
            steps.open_month(PERIOD, str(folder / "inbox")) as month,
        ):
            receipts = steps.receive_submissions(month)
            build_id = steps.build_warehouse(month, steps.read_submissions(month, receipts))
            catalogue = month.catalogue
        with open_build(load_settings(folder / "home"), build_id) as connection:
            return draw_book(connection, catalogue, PERIOD)


def with_drawn_past(sample: Book, random: Random) -> Book:
    """Return the book with a month before it: every stock a few percent less, sums and stocks consistent."""
    now = {c.cell_id: c for c in sample.cells.values() if c.period == c.report_period == sample.period}
    parts: dict[tuple[str, str, str], Fraction] = {}
    for cell in now.values():
        indicator = sample.catalogue.indicator_by_id.get(cell.indicator_id)
        if indicator is None or indicator.indicator_kind != "stock" or cell.value is None:
            continue
        if (
            not sample.parts_of(cell.submitter_id, cell.indicator_id, cell.area_code)
            and cell.indicator_id not in TOTALS
        ):
            drift = Fraction(random.randint(-30, 10), 1000) if cell.value >= 30 else Fraction(0)
            parts[cell.submitter_id, cell.indicator_id, cell.area_code] = Fraction(round(cell.value * (1 + drift)))
    cells = dict(now)
    for cell in now.values():
        value = _past_value(sample, parts, cell.submitter_id, cell.indicator_id, cell.area_code)
        if value is not None:
            cells["past " + cell.cell_id] = replace(
                cell, cell_id="past " + cell.cell_id, period=sample.previous, report_period=sample.previous, value=value
            )
    book = Book(sample.period, sample.catalogue, cells, sample.figures, sample.statuses)
    return _with_consistent_growth(book)


def _past_value(
    book: Book, parts: Mapping[tuple[str, str, str], Fraction], submitter: str, indicator: str, area: str
) -> Fraction | None:
    if (submitter, indicator, area) in parts:
        return parts[submitter, indicator, area]
    inside = book.parts_of(submitter, indicator, area)
    pieces = [(indicator, a) for a in inside] if inside else [(p, area) for p in TOTALS.get(indicator, ())]
    values = [_past_value(book, parts, submitter, i, a) for i, a in pieces]
    known = [v for v in values if v is not None]
    return sum(known, Fraction(0)) if known else None


def _with_consistent_growth(book: Book) -> Book:
    """Net additions are whatever the two stocks say."""
    for net, stock in (("phone_subs_net_add", "phone_subs_total"), ("internet_subs_net_add", "internet_subs_total")):
        for cell in book.by_indicator.get(net, []):
            after = book.find(cell.submitter_id, stock, cell.area_code)
            before = book.find(cell.submitter_id, stock, cell.area_code, book.previous)
            if after and before and after[0].value is not None and before[0].value is not None:
                book.cells[cell.cell_id] = replace(cell, value=after[0].value - before[0].value)
    return Book(book.period, book.catalogue, book.cells, book.figures, book.statuses)


# ------------------------------------------------------------------------------------------- the errors


def plant(book: Book, kind: str, random: Random) -> Wrong:
    """Return one error of a kind: the cells it is in and what they say instead."""
    cells = [
        c for c in book.cells.values() if c.period == book.period and c.value is not None and "#" not in c.indicator_id
    ]
    while True:
        wrong = ERRORS[kind](book, cells, random)  # type: ignore[operator]
        if wrong and all(value != book.cells[cell].value for cell, value in wrong.items()):
            return wrong


def _one(change: object) -> object:
    def error(book: Book, cells: list[Cell], random: Random) -> Wrong:
        cell = random.choice(cells)
        assert cell.value is not None
        if cell.value.denominator != 1:
            return {}
        value = change(str(abs(cell.value.numerator)), random)  # type: ignore[operator]
        sign = -1 if cell.value < 0 else 1
        return {} if value is None else {cell.cell_id: sign * Fraction(value)}

    return error


def _swapped(text: str, random: Random) -> str | None:
    if len(text) < 2:
        return None
    i = random.randrange(len(text) - 1)
    return text[:i] + text[i + 1] + text[i] + text[i + 2 :]


def _lost(text: str, random: Random) -> str | None:
    i = random.randrange(len(text))
    return text[:i] + text[i + 1 :] if len(text) > 1 else None


def _doubled(text: str, random: Random) -> str | None:
    i = random.randrange(len(text))
    return text[:i] + text[i] + text[i:]


def _factor(text: str, random: Random) -> Fraction | None:
    factor = Fraction(10) ** random.choice((-3, -2, -1, 1, 2, 3))
    value = int(text) * factor
    return value if value.denominator == 1 else None


def _sign(text: str, random: Random) -> Fraction | None:
    return None if text == "0" else -Fraction(text)


def _decimal_point(text: str, random: Random) -> Fraction | None:
    return Fraction(int(text), 1000) if 4 <= len(text) <= 6 and int(text) % 1000 else None


def _neighbours(book: Book, cells: list[Cell], random: Random) -> Wrong:
    return _exchanged(cells, random, lambda a, b: bool(a.line) and a.line == b.line and a.area_code == b.area_code)


def _wrong_row(book: Book, cells: list[Cell], random: Random) -> Wrong:
    return _exchanged(
        cells,
        random,
        lambda a, b: (
            a.indicator_id == b.indicator_id
            and a.area_code != b.area_code
            and bool(a.column)
            and a.column == b.column
            and "64" not in (a.area_code, b.area_code)
        ),
    )


def _exchanged(cells: list[Cell], random: Random, is_pair: object) -> Wrong:
    one = random.choice(cells)
    others = [c for c in cells if c.cell_id != one.cell_id and is_pair(one, c)]  # type: ignore[operator]
    if not others:
        return {}
    other = random.choice(others)
    assert one.value is not None and other.value is not None
    return {one.cell_id: other.value, other.cell_id: one.value}


def _sum_error(sign: int) -> object:
    def error(book: Book, cells: list[Cell], random: Random) -> Wrong:
        cell = random.choice(cells)
        areas = book.parts_of(cell.submitter_id, cell.indicator_id, cell.area_code)
        parts = [book.find(cell.submitter_id, cell.indicator_id, a)[0] for a in areas]
        if not parts:
            parts = [
                c for p in TOTALS.get(cell.indicator_id, ()) for c in book.find(cell.submitter_id, p, cell.area_code)
            ]
        parts = [p for p in parts if p.value]
        if len(parts) < 2 or cell.value is None:
            return {}
        return {cell.cell_id: cell.value + sign * (random.choice(parts).value or 0)}

    return error


def _left_in(is_total: bool) -> object:
    def error(book: Book, cells: list[Cell], random: Random) -> Wrong:
        cell = random.choice(cells)
        before = book.find(cell.submitter_id, cell.indicator_id, cell.area_code, book.previous)
        is_sum = (
            bool(book.parts_of(cell.submitter_id, cell.indicator_id, cell.area_code)) or cell.indicator_id in TOTALS
        )
        if not before or before[0].value is None or is_sum != is_total:
            return {}
        return {cell.cell_id: before[0].value}

    return error


ERRORS: dict[str, object] = {
    "digits swapped": _one(_swapped),
    "digit lost": _one(_lost),
    "digit doubled": _one(_doubled),
    "x10, x100, x1000": _one(_factor),
    "sign": _one(_sign),
    "neighbours swapped": _neighbours,
    "wrong row": _wrong_row,
    "part omitted": _sum_error(-1),
    "part counted twice": _sum_error(1),
    "total not refreshed": _left_in(True),
    "last month's value": _left_in(False),
    "decimal point for thousands": _one(_decimal_point),
}


# ------------------------------------------------------------------------------------------- the scores


def breaks_a_rule(book: Book, wrong: Wrong) -> bool:
    """Say whether an error breaks a sum, a stock, a cross-check, a sign or a whole number, found the plain way."""
    values = {c.cell_id: wrong.get(c.cell_id, c.value) for c in book.cells.values()}
    touched = [book.cells[cell] for cell in wrong]
    if any(v is not None and v.denominator != 1 for v in wrong.values()):
        return True
    bounded = [c for c in touched if not c.indicator_id.endswith("net_add")]
    if any((values[c.cell_id] or 0) < 0 for c in bounded):
        return True
    return any(_is_off(book, values, cell) for cell in touched)


def _is_off(book: Book, values: Values, cell: Cell) -> bool:
    return any(left != right for left, right in _identities(book, values, cell))


def _identities(book: Book, values: Values, cell: Cell) -> Iterator[tuple[Fraction, Fraction]]:
    """Pairs that must be equal around a cell, worked out without the rules."""

    def stated(indicator: str, area: str, period: str = PERIOD) -> list[Fraction]:
        return [values[c.cell_id] or Fraction(0) for c in book.find(cell.submitter_id, indicator, area, period)]

    own = book.own_area(cell.submitter_id)
    for total in [t for t, parts in TOTALS.items() if cell.indicator_id in (t, *parts)]:
        yield from _row_sums(total, cell.area_code, stated)
    areas = book.parts_of(cell.submitter_id, cell.indicator_id, own)
    inside = [v[0] for a in areas if (v := stated(cell.indicator_id, a))]
    yield from ((total, sum(inside, Fraction(0))) for total in stated(cell.indicator_id, own) if inside)
    for stock, net in (("phone_subs_total", "phone_subs_net_add"), ("internet_subs_total", "internet_subs_net_add")):
        if cell.indicator_id in (stock, net) and cell.area_code == own:
            before, growth = stated(stock, own, book.previous)[:1], stated(net, own)[:1]
            yield from ((after, before[0] + growth[0]) for after in stated(stock, own) if before and growth)
    if cell.indicator_id == "telecom_bts_total" and len(cell.area_code) == 3:
        yield from _cross(book, values, cell)


def _row_sums(
    total: str, area: str, stated: Callable[[str, str], list[Fraction]]
) -> Iterator[tuple[Fraction, Fraction]]:
    parts = [v[0] for part in TOTALS[total] if (v := stated(part, area))]
    is_whole = total != "phone_subs_total" or len(parts) > 1 or not stated("phone_subs_fixed", "64")
    yield from ((value, sum(parts, Fraction(0))) for value in stated(total, area) if parts and is_whole)


def _cross(book: Book, values: Values, cell: Cell) -> Iterator[tuple[Fraction, Fraction]]:
    told = book.find(f"dist_{cell.area_code}", cell.indicator_id, cell.area_code)
    sources = [c for s in book.sources[cell.indicator_id] for c in book.find(s, cell.indicator_id, cell.area_code)[:1]]
    if told and sources:
        yield (
            values[told[0].cell_id] or Fraction(0),
            sum((values[c.cell_id] or Fraction(0) for c in sources), Fraction(0)),
        )


def rank_of(book: Book, instances: list[Instance], case: Case, right: Values) -> int:
    cells_of = weave_cells(book)
    for rank, repair in enumerate(case.repairs, start=1):
        if is_true(cells_of, repair, right):
            return rank
    return 99


def weave_cells(book: Book) -> dict[str, list[str]]:
    """Return the cells of each figure, equal ones typed twice together."""
    return dict(weave(book, []).cells_of)


def is_true(cells_of: Mapping[str, list[str]], repair: Repair, right: Values) -> bool:
    changed = {cell: c.right for c in repair.changes for cell in cells_of[c.name]}
    return changed == right


def blames_rightly(instances: list[Instance], right: Values) -> bool:
    """Say whether setting the total of the first sum that fails to the sum of its parts is the true repair."""
    for instance in instances:
        judged = instance.verdict.decisive
        if instance.rule.kind not in ("sum_of_parts", "sum_over_areas"):
            continue
        if instance.verdict.outcome == "fail" and judged and instance.place.anchor and judged.right.value is not None:
            return {instance.place.anchor.cell_id: judged.right.value} == dict(right)
    return False


def show(scores: Mapping[str, Score], seconds: list[float]) -> int:
    total = Score()
    print(
        f"{'error':28} {'planted':>8} {'breaking':>8} {'found':>7} {'first':>7} {'top 3':>7} {'plain':>7} {'total':>7}"
    )
    for kind, score in scores.items():
        total += score
        print(_line(kind, score))
    print(_line("all", total))
    ordered = sorted(seconds)
    median, longest = ordered[len(ordered) // 2], ordered[-1]
    print(f"a month's cases explained in {1000 * median:.0f} ms (median), {1000 * longest:.0f} ms (longest)")
    shares = (total.found / total.breaking, total.first / total.found, total.three / total.found)
    missed = [
        name
        for name, share, bar in zip(("found", "first", "top 3"), shares, (FOUND_BAR, FIRST_BAR, THREE_BAR), strict=True)
        if share < bar
    ]
    print("bars met" if not missed else f"bars missed: {', '.join(missed)}")
    return 1 if missed else 0


def show_growth(past: Past) -> None:
    """Print how long explaining takes as more and more errors are in one month."""
    print("errors in one month and milliseconds to explain them: ", end="")
    random = Random("growth")
    wrong: dict[str, Fraction] = {}
    for number in range(1, MOST_AT_ONCE + 1):
        wrong |= plant(past.book, list(ERRORS)[number % len(ERRORS)], random)
        if number & (number - 1):
            continue
        book, instances = past.judge(wrong)
        start = time.process_time()
        cases = find_cases(book, instances)
        spent = 1000 * (time.process_time() - start)
        print(f"{number}: {spent:.0f} ({len(cases)} cases)", end="  ", flush=True)
    print()


def _line(kind: str, score: Score) -> str:
    found = max(score.found, 1)
    shares = (
        score.found / max(score.breaking, 1),
        score.first / found,
        score.three / found,
        score.plain_first / found,
        score.total_first / found,
    )
    return f"{kind:28} {score.planted:8} {score.breaking:8} " + " ".join(f"{100 * share:6.1f}%" for share in shares)


if __name__ == "__main__":
    sys.exit(main())
