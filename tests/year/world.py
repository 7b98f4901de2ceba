"""One simulated department: its clock, inboxes, mail server, machines and persons, and what ends them.

Everything that the product is given here is one of its parameters: the clock and the mail server are settings, the
stores are real files in memory, the heavy work comes through the doors of `flows.steps.Helpers`, and the places at
which a process may end or a disk be full are those of `infra.killpoints`.
"""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from flows import decide, deliver, steps
from flows.approving import approve_edition
from flows.attendant import Attendant
from flows.check import load_findings
from flows.monthly import compile_month, run_plainly
from flows.progress import Progress
from flows.records import Delivery, Edition, Receipt
from flows.steps import Helpers
from flows.verification import verify_stores
from infra.anchors import accept_ledger
from infra.archive import open_archive
from infra.catalogue import load_catalogue
from infra.errors import TonghopError
from infra.journal import close_journal
from infra.killpoints import watched
from infra.ledger import Ledger, open_ledger
from infra.schedules import Schedule
from infra.settings import Settings, load_settings
from infra.vietnamese import HANOI
from infra.warehouse import find_current_build
from tests.people import STEWARD_ID
from tests.year.letters import GATEWAY, PAIRS, Letter
from tests.year.mail_server import Mail, MailServer
from tests.year.oracle import ALL, Figures, Oracle, Word
from tests.year.trouble import KilledError, Trouble

APPROVER, REASON = "lanh_dao_mau", "Đã hỏi lại đơn vị"
BEGIN = datetime(2019, 4, 10, 8, tzinfo=HANOI)
SCHEDULE = Schedule("30 17 18 * *")
WAITING = ("pending", "held")
MakeHelpers = Callable[[Settings], Helpers]


_engines: dict[str, Any] = {}


class BrokenPromiseError(AssertionError):
    """What the product promises is not so."""


def promise(is_kept: object, what: str) -> None:
    if not is_kept:
        raise BrokenPromiseError(what)


@dataclasses.dataclass
class Machine:
    """A machine that runs months: its own home, and the stores that it shares with the others."""

    settings: Settings
    helpers: Helpers


class World:
    """The department. Every method is one event; whatever is broken by it raises `BrokenPromiseError`."""

    def __init__(self, folder: Path, make_helpers: MakeHelpers, release: str) -> None:
        self.folder, self.release_rule = folder, release
        self.true_time, self.skew = BEGIN, timedelta()
        self.oracle = Oracle(PAIRS)
        self.events: Counter[str] = Counter()
        self.said: list[str] = []             # what runs refused, in words
        self.runs = 0
        self._depth = 0            # of runs that go on at once
        self.expected: dict[tuple[str, int], tuple[Figures, set[tuple[str, ...]]]] = {}
        self.published: dict[str, Edition] = {}
        self.mails: dict[tuple[str, str], Mail] = {}
        self.faults: list[str] = []           # of promises that broke where no exception may pass
        self.server = MailServer(self._arrived)
        self._ledger: Ledger | None = None
        self.machines = [self._machine(name, make_helpers) for name in ("one", "two")]
        self.backup: tuple[Path, Any] | None = None
        self.months_with_mail: set[str] = set()
        self._attendant = self._new_attendant()

    # ---------------------------------------------------------------- time and places

    def clock(self) -> datetime:
        return self.true_time + self.skew

    @property
    def month(self) -> str:
        return self.true_time.strftime("%Y-%m")

    def pass_time(self, hours: float) -> None:
        self.true_time += timedelta(hours=hours)

    def inbox(self, month: str) -> Path:
        folder = self.folder / "inbox" / month
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def settings(self) -> Settings:
        return self.machines[0].settings

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        yield self._opened()

    def _opened(self) -> Ledger:
        """Return the one ledger that all machines of this process share; a restored one is opened anew."""
        if self._ledger is None:
            self._ledger = open_ledger(self.settings)
            # Whatever SQL was compiled for the departments before holds for this one: they all lie at the same place.
            engine = _engines.setdefault(self.settings.ledger_url, self._ledger.engine)
            self._ledger.engine = engine
        return self._ledger

    def _shut(self) -> None:
        if self._ledger:
            self._ledger.close()
        self._ledger = None

    def _machine(self, name: str, make_helpers: MakeHelpers) -> Machine:
        home = self.folder / f"machine-{name}"
        settings = dataclasses.replace(
            load_settings(home), clock=self.clock, environment="production", release=self.release_rule,
            archive_url=str(self.folder / "archive"), ledger_url=f"sqlite:///{self.folder / 'ledger.sqlite'}",
            smtp_host="127.0.0.1", smtp_port=self.server.port, authserv_id=GATEWAY,
            approved_domains=("gmail.com", "yahoo.com"), anchor_folder=str(_made(self.folder / "anchors")),
            audit_key_file=str(self.folder / "audit.key"), operator="truc@so-tttt.example",
        )
        helpers = make_helpers(settings)
        helpers.stores = lambda settings: (open_archive(settings), self._opened())  # type: ignore[method-assign]
        return Machine(settings, helpers)

    def _addresses(self) -> dict[str, tuple[str, ...]]:
        return {r.recipient_id: r.addresses for r in load_catalogue().at("2019-04").recipients}

    # ---------------------------------------------------------------- mail comes in

    def lay(self, letter: Letter) -> None:
        """Let a message come in."""
        (self.inbox(letter.inbox) / letter.name).write_bytes(letter.raw)
        self.oracle.letters[letter.sha256] = letter
        self.months_with_mail |= {letter.inbox}

    def lay_again(self, letter: Letter, number: int) -> None:
        """Let the very same bytes come in once more, under another name."""
        (self.inbox(letter.inbox) / f"{number:05d}.eml").write_bytes(letter.raw)

    # ---------------------------------------------------------------- months are run

    def run(self, month: str, trouble: Trouble | None = None, machine: int = 0) -> str:
        """Run a month; return what became of it: published, asked, refused (in words), killed."""
        self.runs += 1
        number, office = self.runs, self.machines[machine]
        trouble = trouble or Trouble()
        self._depth += 1
        outcome = self._compile(month, trouble, office, number)
        self._depth -= 1
        if not self._depth:
            self.server.settle()
        self._after_run(month, outcome, number, trouble)
        return outcome

    def _compile(self, month: str, trouble: Trouble, office: Machine, number: int) -> str:
        def watch(name: str) -> None:
            trouble.reach(name)
            if name == "publish.after_files":
                self._expect(month, number)

        inbox = str(self.inbox(month))
        try:
            with watched(watch), steps.begun(office.settings, inbox, Progress(), office.helpers), \
                    steps.open_month(month, inbox) as opened:
                result = compile_month(opened, run_plainly)
        except KilledError:
            return "killed"
        except TonghopError as error:
            self.said.append(str(error))
            return "refused"
        return "published" if result.is_published else "asked"

    def _expect(self, month: str, number: int) -> None:
        """Just before an edition is frozen: note what it must say, and what may not be open."""
        with self.ledger() as ledger:
            self.oracle.see((r.sha256 for r in ledger.receipts()), number)
        frozen = len(open_archive(self.settings).list(f"editions/{month}/"))
        self.expected[month, frozen + 1] = self.oracle.figures(month), self.oracle.open_questions(month)

    def _after_run(self, month: str, outcome: str, number: int, trouble: Trouble) -> None:
        with self.ledger() as ledger:
            receipts = ledger.receipts()
            self.oracle.see((r.sha256 for r in receipts), number)
            self._check_editions(ledger)
            self._check_left(ledger)
        promise(not self.faults, "; ".join(self.faults))
        if outcome in ("published", "asked"):
            self._check_received(month, receipts)
        if outcome == "asked" and not trouble.kind:
            promise(self.oracle.open_questions(month), f"{month} stopped, and nothing that blocks is open")
        if outcome == "refused" and not trouble.kind:
            promise(self.said[-1], "a refusal without words")

    def _check_received(self, month: str, receipts: list[Receipt]) -> None:
        """Nothing that came in is lost: every file of the inbox is in the archive, with a receipt."""
        archive, known = open_archive(self.settings), {r.sha256 for r in receipts}
        for path in sorted(self.inbox(month).iterdir()):
            data = path.read_bytes()
            sha256 = hashlib.sha256(data).hexdigest()
            promise(sha256 in known and archive.exists(sha256), f"{path.name} of {month} has no receipt")

    def _check_left(self, ledger: Ledger) -> None:
        """Nothing has left the house that nobody approved, by mail or by hand."""
        if self.release_rule != "automatic":
            gone = [d.delivery_id for d in ledger.deliveries() if d.period and d.state not in WAITING
                    and d.edition_id not in self.oracle.once_approved]
            promise(not gone, f"{gone} left the house and nobody approved it")

    def _check_editions(self, ledger: Ledger) -> None:
        """Every figure of a new edition is the oracle's, and nothing that blocks was open when it was frozen."""
        archive = open_archive(self.settings)
        for edition in ledger.editions():
            if self.published.get(edition.edition_id, edition).manifest_sha256 != edition.manifest_sha256:
                raise BrokenPromiseError(f"{edition.edition_id} was changed after it was frozen")
            if edition.edition_id in self.published:
                continue
            figures, open_ = self.expected[edition.period, edition.number]
            output = next(o for o in edition.outputs if o.name.startswith("trich-xuat") and o.name.endswith(".csv"))
            printed = _figures_in(archive.get(output.sha256))
            promise(printed == figures, f"{edition.edition_id} prints {printed}, not {figures}")
            promise(not open_, f"{edition.edition_id} was published while {open_} was open")
            self.published[edition.edition_id] = edition

    # ---------------------------------------------------------------- the standing server

    def look(self) -> None:
        """One look of the standing server: what is due and not done is begun."""
        with self.ledger() as ledger:
            self._attendant.look(ledger)

    def _new_attendant(self) -> Attendant:
        return Attendant(self, SCHEDULE, lambda: True, lambda now: (), lambda event: True, self.clock)

    def is_month_active(self) -> bool:
        return False

    def begin_month(self, period: str, why: str) -> None:
        self.events[f"begun: {why}"] += 1
        self.run(period)

    def ended_since(self, moment: datetime) -> tuple[()]:
        return ()

    # ---------------------------------------------------------------- persons

    def release(self, letter: Letter, is_used: bool) -> None:
        """A steward lets a held letter count, or refuses it."""
        with self.ledger() as ledger:
            receipt = next(r for r in ledger.receipts() if r.sha256 == letter.sha256)
            if is_used:
                decision = decide.release(ledger, receipt, letter.submitter, REASON, STEWARD_ID)
            else:
                decision = decide.refuse(ledger, receipt, REASON, STEWARD_ID)
        self.oracle.say(Word(decision.kind, letter.filed, (letter.sha256,), decision_id=decision.decision_id))

    def correct(self, letter: Letter, name: str, observation_id: str, value: int) -> None:
        """A steward uses another value instead of what one cell says."""
        stated = letter.values[name]
        with self.ledger() as ledger:
            decision = decide.correct(
                ledger, letter.filed, observation_id, Decimal(value), str(stated), REASON, STEWARD_ID)
        target = letter.sha256, name
        self.oracle.say(Word("correct", letter.filed, target, (stated,), value, decision.decision_id))

    def checked(self, month: str) -> bool:
        """Return whether a month has a check that can be read."""
        return bool(find_current_build(self.settings, month))

    def waive(self, month: str) -> None:
        """A steward accepts, exactly as they are, the findings that block the last check of a month."""
        with self.ledger() as ledger:
            findings = steps.open_blocking(load_findings(self.settings, ledger, month))
            for finding in findings:
                if said := self._waiver(ledger, month, finding):
                    decision = decide.waive(ledger, month, finding, REASON, STEWARD_ID)
                    self.oracle.say(dataclasses.replace(said, decision_id=decision.decision_id))

    def _waiver(self, ledger: Ledger, month: str, finding: Any) -> Word | None:
        """Return what accepting a finding says; None when a restored ledger no longer knows of what it speaks."""
        if finding.submitter_id:
            return Word("waive_over", month, (month, finding.submitter_id), (int(finding.left), int(finding.right)))
        asked = [r.sha256 for r in ledger.receipts() if self._asks(finding, month, r.receipt_id)]
        return Word("waive_question", month, (month, asked[0])) if asked else None

    def _asks(self, finding: Any, month: str, receipt_id: str) -> bool:
        from flows.check.findings import finding_id

        return bool(finding.finding_id == finding_id(finding.rule_id, month, receipt_id))

    def withdraw(self, place: int) -> None:
        """A steward takes a word back."""
        word = self.oracle.words[place]
        with self.ledger() as ledger:
            if word.decision_id not in {d.decision_id for d in ledger.decisions_in_force(word.month)}:
                raise BrokenPromiseError(f"{word} was said, and the ledger does not hold it")
            decide.withdraw(ledger, word.month, word.decision_id, REASON, STEWARD_ID)
        self.oracle.withdrawn.add(place)

    def cells(self, month: str) -> dict[tuple[str, str], str]:
        """Return the id of each cell that was read in a month: by letter and indicator."""
        from flows.readings import find_month

        found: dict[tuple[str, str], str] = {}
        with self.ledger() as ledger:
            shas = {r.receipt_id: r.sha256 for r in ledger.receipts()}
        for machine in self.machines:
            for reading in find_month(machine.settings, month) or []:
                for seen in reading.reading.observations:
                    if seen.receipt_id in shas:
                        found[shas[seen.receipt_id], seen.indicator_id] = seen.observation_id
        return found

    def approve(self, edition_id: str) -> None:
        """The approver lets an edition leave the house; the product refuses one that was replaced."""
        try:
            approve_edition(self.settings, edition_id, APPROVER)
        except TonghopError as error:
            self.said.append(str(error))
            return
        self.oracle.approved.add(edition_id)
        self.oracle.once_approved.add(edition_id)

    def settle_all(self) -> None:
        """A steward asks the recipients of what is open, and records what they say: the truth."""
        with self.ledger() as ledger:
            for delivery in ledger.deliveries():
                if delivery.state in ("uncertain", "rejected") and delivery.period:
                    has_it = (delivery.edition_id, delivery.recipient_id) in self.mails
                    deliver.settle_delivery(ledger, delivery.delivery_id, has_it, STEWARD_ID, REASON)

    def deliver_again(self, month: str) -> None:
        """An operator sends what is still due of a month's last edition."""
        with self.ledger() as ledger:
            editions = deliver.latest_editions(ledger.editions(month))
            if month in editions:
                try:
                    deliver.deliver_edition(self.settings, open_archive(self.settings), ledger, load_catalogue(),
                                            editions[month], self.machines[0].helpers.patience)
                except TonghopError as error:
                    self.said.append(str(error))
        self.server.settle()
        promise(not self.faults, "; ".join(self.faults))

    # ---------------------------------------------------------------- what arrives elsewhere

    def _arrived(self, mail: Mail) -> None:
        """A recipient has a mail: the one and only, of an edition that may leave, and it says what the edition says."""
        try:
            self._check_mail(mail)
        except Exception as error:  # the server's thread has nobody to tell
            self.faults.append(str(error) or repr(error))

    def _check_mail(self, mail: Mail) -> None:
        local = mail.message_id.strip("<>").rpartition("@")[0]
        edition_id, recipient_id, _ = local.split(".", 2) if not local.startswith("notice.") else ("", local, "")
        if not edition_id:
            return
        key = edition_id, recipient_id
        promise(key not in self.mails, f"{recipient_id} got {edition_id} twice")
        self.mails[key] = mail
        promise(tuple(mail.recipients) == self._addresses()[recipient_id], f"{key} went to {mail.recipients}")
        is_released = self.release_rule == "automatic" or edition_id in self.oracle.approved
        promise(is_released, f"{edition_id} was mailed and nobody approved it")
        month, _, number = edition_id.rpartition("-")
        extract = next(part.get_payload(decode=True) for part in mail.message.walk()
                       if str(part.get_filename()).startswith("trich-xuat"))
        assert isinstance(extract, bytes), key
        printed = _figures_in(extract)
        promise(printed == self.expected[month, int(number)][0], f"the mail {key} prints {printed}")

    # ---------------------------------------------------------------- copies and restores

    def copy_ledger(self) -> None:
        """An operator keeps a copy of the ledger."""
        target = self.folder / "backup.sqlite"
        with closing(sqlite3.connect(self.folder / "ledger.sqlite")) as source, closing(sqlite3.connect(target)) as to:
            source.backup(to)
        oracle = self.oracle
        self.backup = target, (list(oracle.words), set(oracle.withdrawn), set(oracle.approved))

    def restore_ledger(self) -> None:
        """An operator puts an older copy of the ledger back: it has forgotten what came after."""
        assert self.backup
        target, (words, withdrawn, approved) = self.backup
        self._shut()
        for path in self.folder.glob("ledger.sqlite*"):
            if path.suffix != ".lock":
                path.unlink()
        shutil.copyfile(target, self.folder / "ledger.sqlite")
        self.oracle.words, self.oracle.withdrawn, self.oracle.approved = list(words), set(withdrawn), set(approved)
        with self.ledger() as ledger:
            self.oracle.see((r.sha256 for r in ledger.receipts()), self.runs)

    def accept(self) -> None:
        """A steward goes on with a ledger that has forgotten."""
        accept_ledger(self.settings, STEWARD_ID, REASON)

    def lose_derived(self) -> None:
        """Everything that can be made again is gone from a machine."""
        for name in ("warehouse", "checks", "readings", "steward"):
            shutil.rmtree(self.settings.home / name, ignore_errors=True)

    # ---------------------------------------------------------------- the end of all trouble

    def finish(self, is_made_again: bool = True) -> None:
        """After the last fault every month ends published and delivered to all, and what is made again is the same."""
        self.server.plan.clear()
        self.skew = max(self.skew, timedelta())
        self.accept()
        self.pass_time(24 * 40)
        outcomes = {month: self.run(month) for month in sorted(self.months_with_mail)}
        for month in sorted(self._months()):
            self._finish_month(month, outcomes.get(month, ""))
        if is_made_again and (months := sorted(self._months())):
            self._check_rebuilt(months[-1])
        found = verify_stores(self.settings)
        promise(not found.faults, f"verify: {found.faults}")

    def _months(self) -> set[str]:
        filed = {letter.filed for sha, letter in self.oracle.letters.items() if sha in self.oracle.received}
        return self.months_with_mail | filed

    def _finish_month(self, month: str, outcome: str) -> None:
        """Do what a month asks of persons, and run it again, until nothing is asked."""
        for _ in range(6):
            if outcome == "asked":
                self.waive(month)
            elif outcome and self._is_done(month):
                return
            outcome = self.run(month)
        raise BrokenPromiseError(f"{month} does not come to its end: {outcome} {self.said[-2:]}")

    def _is_done(self, month: str) -> bool:
        """Return whether the last edition says what holds now and reached everybody; let it go as far as it can."""
        with self.ledger() as ledger:
            latest = deliver.latest_editions(ledger.editions(month)).get(month)
        if not latest or self.expected[month, latest.number][0] != self.oracle.figures(month):
            return False
        if self._open_lines(latest):
            if self.release_rule != "automatic":
                self.approve(latest.edition_id)
            self.settle_all()
            self.deliver_again(month)
        if self._open_lines(latest):
            return False
        with self.ledger() as ledger:
            lines = ledger.deliveries(edition_id=latest.edition_id)
        due = {recipient for recipient, addresses in self._addresses().items() if addresses}
        got = {recipient for edition_id, recipient in self.mails if edition_id == latest.edition_id}
        promise({line.recipient_id for line in lines} == set(self._addresses()), f"{latest.edition_id} lacks lines")
        promise(got == due, f"{latest.edition_id} reached {sorted(got)}")
        return True

    def _open_lines(self, edition: Edition) -> list[Delivery]:
        with self.ledger() as ledger:
            return deliver.open_deliveries(self.settings, ledger.deliveries(edition_id=edition.edition_id))

    def _check_rebuilt(self, month: str) -> None:
        """A warehouse made again from archive and ledger is the same: no new edition, no new mail."""
        self.lose_derived()
        before = len(self.published), len(self.mails)
        outcome = self.run(month)
        promise(outcome == "published", f"{month} made again: {outcome} {self.said[-1:]}")
        promise((len(self.published), len(self.mails)) == before, f"{month} made again is another")

    def close(self) -> None:
        self.server.close()
        self._shut()
        close_journal()


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


def _figures_in(extract: bytes) -> Figures:
    rows = list(csv.reader(io.StringIO(extract.decode("utf-8-sig"))))[1:]
    return {(unit or ALL, name): int(value) for unit, name, value in rows}
