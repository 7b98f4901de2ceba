"""The steps of a month as plain functions, and what one run of a month holds open.

Each step reads what the step before left in the stores and leaves its own result there; what travels in
memory is only what saves a second read. Nothing here knows Prefect.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.children import start_children
from flows.duties import AWAITING, NO_MAIL, PUBLISHED
from flows.gate import Gate, change_sentence
from flows.gate import open_blocking as open_blocking
from flows.progress import Progress
from flows.records import Edition, Finding, InboxNotice, Passage, Receipt, RuleChange
from flows.soundness import sound_catalogue
from infra.catalogue import Catalogue, load_catalogue
from infra.errors import MovedError, OperationError, TonghopError
from infra.journal import note, open_journal
from infra.locks import held_lock, holder
from infra.machine_faults import told_in_words
from infra.periods import check_period as check_period
from infra.process_state import as_found
from infra.sandbox import Sandbox
from infra.settings import Settings, load_settings

if TYPE_CHECKING:
    from flows.build import Builder
    from flows.check.exact import Verdicts
    from flows.check.judge import Judge
    from flows.deliver.mailer import Patience
    from flows.publish.edition import PrintsEditions
    from flows.receive import Reception
    from infra.archive import Archive
    from infra.ledger import Ledger

    Stores = tuple[Archive, Ledger]
    OpenStores = Callable[[Settings], Stores]

LOCK = "month.lock"             # in the home: who holds it runs a month


NOT_DELIVERED = 7      # exit code: published, and a line is pending, rejected, held or uncertain
LATE_VI = ("Có quyết định hoặc thư được ghi sau khi số liệu được dựng: chạy lại để tính đến. "
           "(Recorded after the figures were built: run the month again.)")
MOST_REBUILDS = 2         # a ledger that keeps moving is for a person to calm


@dataclass(frozen=True)
class MonthResult:
    """What became of one month, for the screen, the artifacts and the exit code."""

    period: str
    settings: Settings
    receipts: list[Receipt]
    findings: list[Finding]
    build_id: str
    check_name: str = ""      # of its check, below <home>/checks
    edition: Edition | None = None
    deliveries: list[Any] = field(default_factory=list)
    notices: list[tuple[str, str]] = field(default_factory=list)    # path of the inbox, what is to be said of it

    @property
    def blocking(self) -> list[Finding]:
        return open_blocking(self.findings)

    @property
    def is_published(self) -> bool:
        return self.edition is not None

    @property
    def undelivered(self) -> list[Any]:
        """What is open of the deliveries: to be tried again, or a person's turn."""
        from flows.deliver import open_deliveries

        return open_deliveries(self.settings, self.deliveries)

    @property
    def exit_code(self) -> int:
        """What the command ends with: 0 published and sent, 3 stopped for findings, 7 not everybody has it."""
        if not self.is_published:
            return 3
        return NOT_DELIVERED if self.undelivered else 0


def open_stores(settings: Settings) -> Stores:
    """Return archive and ledger of an installation.

    Raises:
        OperationError: One of them cannot be opened.
    """
    from infra.archive import open_archive
    from infra.ledger import open_ledger

    return open_archive(settings), open_ledger(settings)


class Helpers:
    """Who does a month's heavy work: opens files, builds, judges, prints. The steps know them by these doors alone.

    Some are child processes begun before they are needed: importing dbt and Great Expectations takes longer than a
    month. The sandbox begins here and now; the others when they are first asked for, which may be long before their
    work. A simulation passes others through the same doors.
    """

    patience: Patience | None = None         # with the mail server; None for the usual

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.sandbox = start_children(settings)

    @cached_property
    def builder(self) -> Builder:
        from flows.build import start_builder

        return start_builder(self._settings)

    @cached_property
    def judge(self) -> Judge:
        from flows.check.judge import start_judge

        return start_judge(self._settings)

    def stores(self, settings: Settings) -> Stores:
        """Return archive and ledger."""
        return open_stores(settings)

    def judging(self, settings: Settings, catalogue: Catalogue, period: str, build_id: str) -> Verdicts:
        """Judge a build once more before it is published, by exact arithmetic alone."""
        from flows.check.exact import judge_build

        return judge_build(settings, catalogue, period, build_id)

    def press(self, settings: Settings, passage: Passage) -> PrintsEditions:
        """Return what prints the editions of a build that the gate let pass."""
        from flows.publish.press import Press
        from flows.read.published_report import read_report

        return Press(settings, passage, read_report)

    def write_page(
        self, settings: Settings, period: str, build_id: str, checked: Path, findings: Sequence[Finding],
        receipts: Sequence[Receipt],
    ) -> None:
        """Write the steward's page of a checked build."""
        from flows.steward_page import write_steward_page

        write_steward_page(settings, period, build_id, checked, findings, receipts)

    def begin(self) -> None:
        """Begin those that have not begun."""
        _ = self.builder, self.judge

    def stop(self) -> None:
        """End whatever began."""
        for name in ("builder", "judge", "sandbox"):
            if name in vars(self):
                getattr(self, name).stop()


class Inbox:
    """One month as it comes in: its settings, stores, catalogue, progress, and the children that open files."""

    def __init__(
        self, period: str, inbox: Path, settings: Settings, progress: Progress, sandbox: Sandbox | None = None,
        stores: OpenStores = open_stores,
    ) -> None:
        self.period = period
        self.inbox = inbox
        self.settings = settings
        self.progress = progress
        self.sandbox = sandbox
        self.notices: tuple[InboxNotice, ...] = ()
        self.has_mail = True
        open_journal(settings.home)
        # the command line has looked at it while helpers and server began
        self.catalogue: Catalogue = load_catalogue().at(period) if _begun.get() else sound_catalogue(period)
        self.archive, self.ledger = stores(settings)


class Month(Inbox):
    """One run of one month, with the helpers that build and judge."""

    def __init__(self, period: str, inbox: Path, settings: Settings, helpers: Helpers, progress: Progress) -> None:
        super().__init__(period, inbox, settings, progress, helpers.sandbox, helpers.stores)
        self.helpers = helpers
        self.gate = Gate(settings, self.archive, self.ledger, self.catalogue, period, helpers.judging)
        self.rebuilds = 0         # because the ledger moved while this run went on
        self.changed_rules: tuple[RuleChange, ...] = ()
        self.outcome: MonthResult | None = None

    def result(
        self, receipts: list[Receipt], findings: list[Finding], build_id: str,
        edition: Edition | None = None, deliveries: list[Any] | None = None,
    ) -> MonthResult:
        """Return the outcome, with the receipts' status as the ledger has it now."""
        current = self.ledger.receipts(self.period)
        self.outcome = MonthResult(
            self.period, self.settings, current or receipts, findings, build_id,
            self.helpers.judge.check_name, edition, deliveries or [], self._told(build_id),
        )
        return self.outcome

    def _told(self, build_id: str) -> list[tuple[str, str]]:
        """Return what is to be said of paths of the inbox, of rules that ask less, and of what came too late."""
        told = [*((notice.name, notice.sentence_vi) for notice in self.notices),
                *((seen.name, seen.sentence_vi) for seen in self.ledger.sightings(self.period)),
                *((rule.rule_id, change_sentence(rule)) for rule in self.changed_rules)]
        if self.gate.has_moved(build_id):
            told.append(("sổ cái · ledger", LATE_VI))
        return told


def look_for_mail(month: Inbox) -> bool:
    """Return whether anything of the month has come, now or before; noted in `month.has_mail`."""
    from flows.receive import EmptyInboxError
    from flows.receive.paths import list_inbox

    has_files = False
    with contextlib.suppress(EmptyInboxError):       # the folder is not there yet
        has_files = any(list_inbox(month.inbox))
    month.has_mail = has_files or bool(month.ledger.receipts(month.period))
    return month.has_mail


def receive_submissions(month: Inbox) -> Reception:
    """Archive every message and file of the inbox, one receipt each."""
    from flows.receive import receive_folder

    with month.progress.step("receive") as progress:
        reception = receive_folder(
            month.settings, month.archive, month.ledger, month.catalogue, month.period, month.inbox, progress,
            sandbox=month.sandbox,
        )
    month.notices = reception.notices
    return reception


def read_submissions(month: Inbox, reception: Reception) -> list[Any]:
    """Read every received document into observations, in children with limits."""
    from flows.read.step import read_receipts

    with month.progress.step("read") as progress:
        return list(read_receipts(
            month.settings, month.archive, month.ledger, month.catalogue, month.period, progress,
            month.sandbox, reception.notices,
        ))


def prepare_replies(month: Inbox, findings: Sequence[Finding] = ()) -> list[Path]:
    """Write the answer to each sender: what was read, what was not and why, their workbook with the cells marked."""
    from flows.reply import prepare_replies as prepare

    with month.progress.step("reply"):
        return list(prepare(
            month.settings, month.archive, month.ledger, month.catalogue, month.period, findings,
            month.sandbox,
        ))


def build_warehouse(month: Month, readings: list[Any]) -> str:
    """Build the warehouse file of these readings. Readers follow it once it is checked."""
    from flows.read.step import readings_of

    def earlier(period: str) -> list[Any]:
        """A month before whose readings are gone or no longer hold is read again from the archive."""
        catalogue = load_catalogue().at(period)
        return readings_of(month.settings, month.archive, month.ledger, catalogue, period, month.sandbox)

    with month.progress.step("build"):
        return str(month.helpers.builder.build(
            month.settings, month.ledger, month.archive, month.catalogue, readings, month.period, earlier
        ))


def check_figures(month: Month, build_id: str) -> list[Finding]:
    """Judge every rule at every place, overlay the waivers in force, and let readers follow build and check."""
    from flows.check import overlay_waivers
    from flows.check.findings import check_folder
    from infra.warehouse import set_current_build

    with month.progress.step("check"):
        month.gate.judge_meanwhile(build_id)
        found = month.helpers.judge.check(month.settings, month.period, build_id)
        checked = month.helpers.judge.check_name
        decisions = month.ledger.decisions_in_force(month.period)
        findings = overlay_waivers(found, decisions, month.settings.now().isoformat())
        receipts = month.ledger.receipts(month.period)
        folder = check_folder(month.settings, checked)
        month.helpers.write_page(month.settings, month.period, build_id, folder, findings, receipts)
        set_current_build(month.settings, month.period, build_id, checked)
        return findings


def publish_edition(month: Month, build_id: str) -> Edition | None:
    """Write the report, the workbook and the extracts, read the report back, and freeze them.

    None when the ledger moved meanwhile: the month is to be built again, at most `MOST_REBUILDS` times in one run.
    """
    from flows import publish

    with month.progress.step("publish"):
        try:
            passage = month.gate.pass_through(build_id)
            month.changed_rules = passage.grounds.changed_rules
            press = month.helpers.press(month.settings, passage)
            return publish.publish_edition(month.settings, month.archive, month.ledger, passage, press)
        except MovedError as error:
            month.rebuilds += 1
            if month.rebuilds > MOST_REBUILDS:
                raise
            note(f"{month.period}: {error.message_en} It is built again.")
            return None


def deliver_edition(month: Month, edition: Edition) -> list[Any]:
    """Send each recipient what is theirs, once."""
    from flows import deliver

    with month.progress.step("deliver") as advance:
        return list(deliver.deliver_edition(
            month.settings, month.archive, month.ledger, month.catalogue, edition, month.helpers.patience, advance
        ))


@dataclass(frozen=True)
class Begun:
    """What the command line began before Prefect was imported, and the inbox its user named."""

    settings: Settings
    inbox: str
    helpers: Helpers
    progress: Progress


_begun: ContextVar[Begun | None] = ContextVar("begun", default=None)    # a scheduled run begins its own


@contextlib.contextmanager
def begun(
    settings: Settings, inbox: str, progress: Progress, helpers: Helpers | None = None
) -> Iterator[Helpers]:
    """Hold the helpers, some of its own if none are given, of the month that is opened inside; end them with it."""
    helpers = helpers or Helpers(settings)
    token = _begun.set(Begun(settings, inbox, helpers, progress))
    try:
        yield helpers
    finally:
        _begun.reset(token)
        helpers.stop()


@contextlib.contextmanager
def open_inbox(period: str, inbox: str = "", home: str = "") -> Iterator[Inbox]:
    """Hold one month's inbox open, without building anything. Raises as `open_month`."""
    check_period(period)
    with as_found():
        settings = _allowed_settings(home)
        folder = _allowed_inbox(settings, inbox, period)
        with told_in_words(settings.home), one_run_at_a_time(settings), start_children(settings) as sandbox:
            yield Inbox(period, folder, settings, Progress(), sandbox)


@contextlib.contextmanager
def open_month(period: str, inbox: str = "", home: str = "") -> Iterator[Month]:
    """Hold one run of a month open; a second run on the same home is refused while it lasts.

    Raises:
        SubmissionError: The period is not a month.
        OperationError: The home cannot be written, another run holds it, or a scheduled run names a home or an
            inbox that the settings do not.
        CatalogueError: The catalogue has nothing in force in that month, or does not fit together.
    """
    check_period(period)
    with as_found():
        settings = _allowed_settings(home)
        folder = _allowed_inbox(settings, inbox, period)
        with told_in_words(settings.home), one_run_at_a_time(settings), _helpers_of(settings) as (helpers, progress):
            month = Month(period, folder, settings, helpers, progress)
            with _recorded(month):
                yield month


@contextlib.contextmanager
def _helpers_of(settings: Settings) -> Iterator[tuple[Helpers, Progress]]:
    if ready := _begun.get():
        yield ready.helpers, ready.progress     # whoever began them ends them
        return
    helpers = Helpers(settings)
    try:
        helpers.begin()
        yield helpers, Progress()
    finally:
        helpers.stop()


def _allowed_settings(home: str) -> Settings:
    """Return the settings; a run created through Prefect's API may name no other home than theirs."""
    if ready := _begun.get():
        return ready.settings
    settings = load_settings()
    if home and Path(home).resolve() != settings.home.resolve():
        raise _not_allowed("Thư mục dữ liệu", "home", home, f"TONGHOP_HOME={settings.home}")
    return settings


def _allowed_inbox(settings: Settings, inbox: str, period: str) -> Path:
    """Return the inbox; the command line's user may name any, a run created through Prefect's API one below ours."""
    if not inbox:
        return settings.home / "inbox" / period
    ready = _begun.get()
    root = (settings.home / "inbox").resolve()
    if not (ready and ready.inbox == inbox) and not Path(inbox).resolve().is_relative_to(root):
        raise _not_allowed("Thư mục thư đến", "inbox", inbox, str(root))
    return Path(inbox)


def _not_allowed(what_vi: str, what_en: str, given: str, allowed: str) -> OperationError:
    return OperationError(
        f"{what_vi} “{given}” của lần chạy này nằm ngoài cài đặt.",
        f"The {what_en} {given!r} of this run is outside the settings.",
        place=given,
        remedy_vi=f"Bỏ tham số đó, hoặc dùng {allowed}; thư mục khác chỉ dùng được từ dòng lệnh tonghop month.",
    )


@contextlib.contextmanager
def _recorded(month: Month) -> Iterator[None]:
    """Note in the ledger that a run began and how it ended; one without an end was killed."""
    from infra.ledger_records import COMMANDED, SCHEDULED, Run

    run_id, command = uuid.uuid4().hex, COMMANDED if _begun.get() else SCHEDULED
    month.ledger.start_run(Run(run_id, month.period, command, month.ledger.now()))
    try:
        yield
    except BaseException as error:
        with contextlib.suppress(TonghopError):      # a ledger that cannot be written hides no reason
            month.ledger.finish_run(run_id, type(error).__name__)
        raise
    edition = month.outcome.edition if month.outcome else None
    calm = AWAITING if month.has_mail else NO_MAIL
    month.ledger.finish_run(
        run_id, PUBLISHED if edition else calm,
        month.outcome.build_id if month.outcome else "", edition.edition_id if edition else "",
    )


def month_of_today() -> str:
    """Return the report month that a scheduled run is for. Called at a flow's entry only."""
    return load_settings().now().strftime("%Y-%m")


def note_failed_opening(period: str, error: Exception) -> None:
    """Note in the ledger that a scheduled month could not even be opened: a month that was tried is no idle month."""
    from infra.ledger import open_ledger
    from infra.ledger_records import SCHEDULED, Run

    ledger = open_ledger(load_settings())
    now = ledger.now()
    ledger.start_run(Run(uuid.uuid4().hex, period, SCHEDULED, now, now, type(error).__name__))


def is_held(settings: Settings) -> bool:
    """Return whether a run holds the home's lock at this moment."""
    return bool(holder(settings.home / LOCK))


@contextlib.contextmanager
def one_run_at_a_time(settings: Settings, wait_seconds: float = 5.0) -> Iterator[None]:
    """Hold the home's lock; the system releases it when the process ends in whatever way."""
    path = settings.home / LOCK
    with held_lock(path, wait_seconds) as is_ours:
        if not is_ours:
            raise _already_running(str(path))
        yield


def _already_running(path: str) -> OperationError:
    error = OperationError(
        "Một lần chạy khác đang dùng thư mục dữ liệu này.",
        "Another run holds this home.",
        place=path,
        remedy_vi="Chờ lần chạy kia xong rồi chạy lại.",
    )
    error.is_temporary = True
    return error
