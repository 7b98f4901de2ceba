"""The gate before publishing: what is published is what was checked, as the stores say it now.

Nothing that a check left behind is believed by itself. The gate takes, at one moment of the ledger, the decisions in
force; it judges every rule of today's rule files in the warehouse file itself; and it lets pass only when the kept
check belongs to that file and those rules, says the same, and nothing that blocks is left open. Freezing the edition
(`flows.publish`) then refuses when the ledger or the file has moved meanwhile.

Great Expectations is not asked again: its verdicts were compared with the same exact arithmetic when the check was
made, and the kept check is sealed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flows.check.exact import Verdicts, judge_build
from flows.records import Finding, Grounds, Passage, RuleChange, RuleState
from infra.catalogue import Catalogue
from infra.dependencies import step_digest
from infra.derived import forget_set, is_whole
from infra.errors import MovedError, OperationError
from infra.journal import note
from infra.settings import Settings
from infra.standing import in_force
from infra.vietnamese import SEVERITY_VI

if TYPE_CHECKING:
    from expectations.rules import Rule
    from infra.archive import Archive
    from infra.ledger import Ledger
    from infra.warehouse import BuildSeal

MOST_NAMED = 5
AGAIN = "Chạy lại tháng đó: những gì đã đổi sẽ được làm lại từ kho lưu trữ. (Run the month again.)"
WEIGHT = {"blocking": 2, "warning": 1, "note": 0}


Judging = Callable[[Settings, Catalogue, str, str], Verdicts]     # of a month's build, as `judge_build`


@dataclass(frozen=True)
class Judged:
    """What the rules say of one warehouse file, by exact arithmetic; none of it was read from a kept check."""

    build: BuildSeal
    rules: tuple[Rule, ...]
    findings: tuple[Finding, ...]


class Gate:
    """The gate of one run. What it judged is kept in memory for as long as file and rules are the same."""

    def __init__(
        self, settings: Settings, archive: Archive, ledger: Ledger, catalogue: Catalogue, period: str,
        judging: Judging = judge_build,
    ) -> None:
        self.settings, self.archive, self.ledger = settings, archive, ledger
        self.catalogue, self.period, self.judging = catalogue, period, judging
        self._judged: dict[tuple[str, str], Judged] = {}
        self._meanwhile: Future[Judged] | None = None

    def judge_meanwhile(self, build_id: str) -> None:
        """Begin to judge a build while another process checks it; `pass_through` waits for it."""
        with contextlib.suppress(OSError, LookupError):
            pool = ThreadPoolExecutor(1)
            self._meanwhile = pool.submit(self.judge, build_id, self._stamp())
            pool.shutdown(wait=False)

    def pass_through(self, build_id: str) -> Passage:
        """Return what may be published of a build, with the grounds that go into the manifest.

        Raises:
            MovedError: A newer decision or receipt exists than the build knows, or a waiver ended: build again.
            OperationError: The build, its check or the rules are not what was checked.
        """
        from flows.check import overlay_waivers

        if self._meanwhile:
            self._meanwhile.exception()      # whatever went wrong goes wrong again below
        view, stamp = self.ledger.view(self.period), self._stamp()
        judged = self.judge(build_id, stamp)
        if judged.build.inputs_sha256 != view.inputs_sha256:
            raise moved()
        kept = self._kept_findings(build_id, stamp, judged)
        decisions = in_force([d for d in view.decisions if d.period == self.period])
        findings = overlay_waivers(kept, decisions, self.settings.now().isoformat())
        if open_blocking(findings):
            raise moved()
        rules = {rule.rule_id: rule_state(rule) for rule in judged.rules}
        grounds = Grounds(
            inputs_sha256=judged.build.inputs_sha256, readings_sha256=judged.build.readings_sha256, check_sha256=stamp,
            verdicts_sha256=digest_of(_verdict(f) for f in judged.findings),
            ledger_seq=view.head[0], ledger_hash=view.head[1],
            decisions=tuple(sorted(d.decision_id for d in decisions)),
            waived=tuple(sorted(f.finding_id for f in findings if f.decision == "waived")),
            rules=rules, changed_rules=self._changed(rules),
        )
        return Passage(self.period, build_id, judged.build.sha256, tuple(findings), tuple(decisions), grounds)

    def judge(self, build_id: str, stamp: str) -> Judged:
        """Return what today's rules say of the file of a build.

        Raises:
            OperationError: The file is not what was built.
        """
        from infra.warehouse import intact_build

        build = intact_build(self.settings, build_id)
        if build is None:
            raise _differs("tệp kho số liệu đã bị sửa hoặc không còn", "the warehouse file was edited or is gone",
                           build_id)
        if (build.sha256, stamp) not in self._judged:
            verdicts = self.judging(self.settings, self.catalogue, self.period, build_id)
            self._judged = {(build.sha256, stamp): Judged(build, verdicts.rules, verdicts.findings)}
        return self._judged[build.sha256, stamp]

    def has_moved(self, build_id: str) -> bool:
        """Return whether the ledger holds newer decisions or receipts of these months than the build knows."""
        from infra.warehouse import sealed_build

        seal = sealed_build(self.settings, build_id)
        return seal is None or seal.inputs_sha256 != self.ledger.view(self.period).inputs_sha256

    def _stamp(self) -> str:
        """Return the digest of the rules, the catalogue and the code as they are now, not as this run began."""
        return step_digest("check", self.catalogue, is_fresh=True)

    def _kept_findings(self, build_id: str, stamp: str, judged: Judged) -> list[Finding]:
        """Return the findings of the kept check, with their cases and repairs, once they say what was judged."""
        from flows.check.findings import check_folder, check_name, read_findings

        folder = check_folder(self.settings, check_name(build_id, stamp))
        if not folder.is_dir():
            raise _differs("quy tắc, danh mục hoặc chương trình đã đổi sau khi kiểm tra",
                           "the rules, the catalogue or the program changed after the check", build_id)
        if not is_whole(folder, stamp):
            raise _differs("kết quả kiểm tra đã bị sửa sau khi kiểm tra", "the kept check was edited", str(folder))
        kept = read_findings(folder)
        said, found = {_verdict(f) for f in kept}, {_verdict(f) for f in judged.findings}
        if said != found:
            odd = sorted({finding_id for finding_id, *_ in said ^ found})
            named = ", ".join(odd[:MOST_NAMED]) + (" …" if len(odd) > MOST_NAMED else "")
            forget_set(folder, "it does not say what the warehouse gives")
            raise _differs(f"kết quả kiểm tra được giữ khác với kết quả tính lại ở {named}",
                           f"the kept check is not what the warehouse gives: {named}", str(folder))
        return kept

    def _changed(self, rules: Mapping[str, RuleState]) -> tuple[RuleChange, ...]:
        """Return the rules that ask less, or otherwise, than in the last published edition; the journal says so."""
        found = changed_rules(self._last_rules(), rules)
        for change in found:
            note(f"{self.period}: rule {change.rule_id}: {change_en(change)}")
        return found

    def _last_rules(self) -> dict[str, RuleState]:
        editions = [e for e in self.ledger.editions() if e.period <= self.period]
        if not editions:
            return {}
        last = max(editions, key=lambda e: (e.period, e.number))
        grounds = json.loads(self.archive.get(last.manifest_sha256)).get("grounds", {})
        return {rule_id: RuleState(**rule) for rule_id, rule in grounds.get("rules", {}).items()}


def open_blocking(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings that stop the month: blocking, failed or undecided, and not decided by anybody."""
    return [f for f in findings if f.severity == "blocking" and f.outcome in ("fail", "undecided") and not f.decision]


def rule_state(rule: Rule) -> RuleState:
    """Return how much a rule weighs, and the digest of everything else that it asks."""
    asked = (rule.expression, rule.at, rule.since, rule.until, rule.indicators, rule.conditions, rule.same_unit)
    return RuleState(rule.severity, digest_of([asked]))


def changed_rules(before: Mapping[str, RuleState], now: Mapping[str, RuleState]) -> tuple[RuleChange, ...]:
    """Return the rules that weigh less than before, ask something else, or are gone (then without a severity)."""
    return tuple(
        RuleChange(rule_id, was.severity, now[rule_id].severity if rule_id in now else "")
        for rule_id, was in sorted(before.items()) if rule_id not in now or _is_changed(was, now[rule_id])
    )


def _is_changed(was: RuleState, now: RuleState) -> bool:
    return WEIGHT[was.severity] > WEIGHT[now.severity] or was.sha256 != now.sha256


def change_en(change: RuleChange) -> str:
    """Return what became of a rule since the last edition, in English."""
    if change.was == change.severity:
        return "it asks something else than in the last edition"
    return f"it was {change.was} in the last edition, now it is {change.severity or 'gone'}"


def change_sentence(change: RuleChange) -> str:
    """Return what became of a rule since the last edition, in both languages."""
    was, now = SEVERITY_VI[change.was], SEVERITY_VI.get(change.severity, "không còn")
    vi = "nội dung đã đổi" if was == now else f"lần phát hành trước là “{was}”, nay là “{now}”"
    return f"Quy tắc {change.rule_id}: {vi}. ({change_en(change)})"


def moved() -> MovedError:
    """Return the error of what the ledger holds being newer than what was built."""
    return MovedError(
        "Trong lúc chạy đã có quyết định hoặc thư mới; số liệu vừa dựng chưa tính đến.",
        "A decision or a message was recorded while the month ran; what was built does not know it.",
        remedy_vi=AGAIN,
    )


def digest_of(lines: Iterable[Any]) -> str:
    """Return the SHA-256 (hex) of some tuples of texts; the order does not count."""
    return hashlib.sha256("\n".join(sorted(map(json.dumps, lines))).encode()).hexdigest()


def _verdict(finding: Finding) -> tuple[str, str, str, str]:
    return finding.finding_id, finding.severity, finding.outcome, finding.basis


def _differs(vi: str, en: str, place: str) -> OperationError:
    return OperationError(
        f"Không phát hành: {vi}.", f"Nothing is published: {en}.", place=place, remedy_vi=AGAIN,
    )
