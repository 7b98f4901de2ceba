"""One check from warehouse to results: draw, apply, judge, group, write. Runs inside the judge's process."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from typing import Any

from expectations.data_docs import RulePage, render_pages
from expectations.rules import Rule, rules_in_force
from expectations.sentences import rule_sentence
from expectations.suites import failing_rows, import_engine, open_context
from flows.check.cells import Book, draw_book
from flows.check.findings import check_folder, check_name, make_findings, validation_report, write_results
from flows.check.frames import draw_frames
from flows.check.messages import place_vi, sides
from flows.check.places import Instance, apply_rules
from flows.check.repair.records import make_cases
from flows.records import Finding
from infra.catalogue import Catalogue, load_catalogue
from infra.dependencies import step_digest
from infra.derived import is_whole
from infra.errors import OperationError
from infra.journal import open_journal
from infra.settings import load_settings
from infra.vietnamese import SEVERITY_VI, number_text
from infra.warehouse import open_build

OUTCOME_VI = {"pass": "đạt", "fail": "không đạt", "undecided": "chưa kết luận được"}
OWNER_VI = {
    "submitter": "đơn vị gửi",
    "steward": "cán bộ tổng hợp",
    "division": "phòng chuyên môn",
    "district": "huyện",
}


class Engine:
    """Great Expectations, imported and ready."""

    def __init__(self) -> None:
        self._engine = import_engine()
        import pandas

        pandas.DataFrame({"a": [1]})

    def check(self, home: str, period: str, build_id: str) -> dict[str, Any]:
        """Check a build and keep the results; return the name of the check and how many seconds each part took.

        A build checked before under the same rules is not judged again: both are fixed by their hash.

        Raises:
            OperationError: The engine could not evaluate, or its verdicts are not ours.
        """
        settings = load_settings(home)
        open_journal(settings.home)
        catalogue = load_catalogue().at(period)
        stamp = step_digest("check", catalogue)
        name = check_name(build_id, stamp)
        folder = check_folder(settings, name)
        if is_whole(folder, stamp):
            return {"check": name, "seconds": {"reused": 0.0}}
        clock = _Clock()
        with open_build(settings, build_id) as connection:
            book = draw_book(connection, catalogue, period)
        clock.lap("draw")
        rules = rules_in_force(period)
        instances = apply_rules(book, rules)
        clock.lap("apply")
        self._judge(instances, rules)
        clock.lap("judge")
        findings, cases = make_cases(book, instances, make_findings(book, instances))
        clock.lap("explain")
        docs = _docs(book, rules, instances, findings)
        clock.lap("pages")
        report = validation_report(book, build_id, instances) | {"rules_stamp": stamp}
        write_results(folder, stamp, findings, report, cases, docs)
        clock.lap("write")
        return {"check": name, "seconds": clock.laps}

    def _judge(self, instances: list[Instance], rules: list[Rule]) -> None:
        """Let the engine judge the frames; its failing rows must be exactly those of the exact arithmetic."""
        failing = failing_rows(open_context(self._engine), draw_frames(instances), rules)
        judged = {int(row.partition("#")[0]) for rows in failing.values() for row in rows}
        ours = {number for number, instance in enumerate(instances) if instance.verdict.outcome == "fail"}
        if judged != ours:
            odd = sorted({instances[number].rule.rule_id for number in judged ^ ours})
            raise OperationError(
                f"Hai cách đánh giá cho kết quả khác nhau ở các quy tắc: {', '.join(odd)}.",
                f"The engine and the exact arithmetic disagree on: {', '.join(odd)}.",
                remedy_vi="Đây là lỗi của hệ thống; báo người vận hành kèm mã bản dựng.",
            )


class _Clock:
    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = round(now - self._last, 4)
        self._last = now


def _docs(book: Book, rules: list[Rule], instances: list[Instance], findings: list[Finding]) -> str:
    by_rule: dict[str, list[Instance]] = defaultdict(list)
    for instance in instances:
        by_rule[instance.rule.rule_id].append(instance)
    severities = Counter(f.severity for f in findings if f.outcome == "fail")
    outcomes = Counter(i.verdict.outcome for i in instances)
    summary = [
        ("Kỳ báo cáo", book.period),
        *((f"Số nơi {OUTCOME_VI[o]}", str(n)) for o, n in sorted(outcomes.items())),
        *((f"Phát hiện {SEVERITY_VI[s]}", str(n)) for s, n in sorted(severities.items())),
    ]
    pages = [_rule_page(book, book.catalogue, rule, by_rule[rule.rule_id]) for rule in rules]
    return render_pages(f"Kết quả kiểm tra số liệu tháng {book.period}", summary, pages)


def _rule_page(book: Book, catalogue: Catalogue, rule: Rule, instances: list[Instance]) -> RulePage:
    counts = Counter(i.verdict.outcome for i in instances)
    return RulePage(
        rule.rule_id,
        rule.label_vi,
        rule_sentence(rule, catalogue),
        (SEVERITY_VI[rule.severity], f"người xử lý: {OWNER_VI[rule.owner]}", f"nguồn: {rule.source}"),
        [(OUTCOME_VI[outcome], counts[outcome]) for outcome in OUTCOME_VI if counts[outcome]],
        [_failing_row(book, i) for i in instances if i.verdict.outcome in ("fail", "undecided")],
    )


def _failing_row(book: Book, instance: Instance) -> tuple[str, ...]:
    _, left, right, gap = sides(instance)
    numbers = ("" if value is None else number_text(value) for value in (left, right, gap))
    return (place_vi(book, instance), OUTCOME_VI[instance.verdict.outcome], *numbers)
