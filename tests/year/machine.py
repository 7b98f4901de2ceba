"""A simulated year as a state machine: Hypothesis chooses the events, leaves whole kinds of them out, and shrinks."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from infra.archive import open_archive
from infra.catalogue import load_catalogue
from infra.ledger import open_ledger
from infra.periods import next_period, previous_period
from infra.settings import Settings
from tests.year import letters as write
from tests.year.fast import SmallHelpers
from tests.year.letters import Letter
from tests.year.mail_server import FAILURES
from tests.year.real import RealReaderHelpers
from tests.year.trouble import Place, Trouble
from tests.year.world import World

SUBMITTERS = tuple(write.PAIRS)
# Of a run, where something may happen: the nth place that it passes, or the first of that name.
PLACES = st.one_of(st.integers(1, 220), st.sampled_from((
    "receive.after_archive", "receive.before_receipt", "read.before_save", "publish.after_files",
    "publish.after_manifest", "publish.after_ledger", "deliver.before_outbox_row", "deliver.after_outbox_row",
    "deliver.after_package", "deliver.after_claim", "deliver.before_end_of_data", "deliver.after_end_of_data",
    "deliver.after_answer", "deliver.after_noted",
)))
# Where a person's word is easily overlooked: what an edition says is settled, and it is not frozen yet.
PLACES_OF_DECISIONS = st.one_of(st.just("publish.after_files"), PLACES)
MOST_BACK = timedelta(hours=-12)         # a day behind, and what comes in is of the future: a person is asked
MONTHS_BACK = st.sampled_from([0, 0, 0, 1])
FIRST_LETTERS = st.dictionaries(st.sampled_from(SUBMITTERS), st.booleans(), max_size=3)
NAMES = st.sampled_from(["both", "part", "whole"])
MACHINES = st.sampled_from([0, 0, 1])
WORDS = st.lists(st.sampled_from((*FAILURES, "ok")), min_size=1, max_size=5)
events: Counter[str] = Counter()         # played by this process
_ROOT = Path("/dev/shm") if Path("/dev/shm").is_dir() else Path(tempfile.gettempdir())


def fresh_folder() -> Path:
    """Return the folder of a department that has just been set up; in one process always the same one, emptied."""
    folder, template = _place() / "home", _place() / "template"
    if not template.exists():
        _lay(folder)
        folder.rename(template)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(template, folder)
    return folder


@cache
def _place() -> Path:
    atexit.register(leave_nothing)
    return Path(tempfile.mkdtemp(prefix="tonghop-year-", dir=_ROOT))


def leave_nothing() -> None:
    """Remove what this process wrote; whoever ends without `atexit` calls it."""
    shutil.rmtree(_place(), ignore_errors=True)
    _place.cache_clear()


def _lay(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    key = folder / "audit.key"
    key.write_text("ab" * 32)
    key.chmod(0o600)
    world = World(folder, SmallHelpers, "automatic")
    with closing(open_ledger(world.settings)):
        open_archive(world.settings).put(b"")
    world.close()


class Year(RuleBasedStateMachine):
    """A department from April 2019 on, for as many events as Hypothesis plays."""

    make_helpers: Callable[[Settings], Any] = SmallHelpers

    def __init__(self) -> None:
        super().__init__()
        self.world: World
        self.number = 0

    @initialize(release=st.sampled_from(["automatic", "approved"]), is_made_again=st.booleans(), first=FIRST_LETTERS)
    def set_up(self, release: str, is_made_again: bool, first: dict[str, bool]) -> None:
        """Begin a year, most often with what some have sent and a first run: persons can only act on what was read."""
        self.is_made_again = is_made_again
        self.world = World(fresh_folder(), type(self).make_helpers, release)
        self.addresses = {s.submitter_id: s.addresses for s in load_catalogue().at("2019-04").submitters}
        for submitter, is_over in first.items():
            self.send(submitter, is_over, "both")
        if first:
            self.run(0, 0)

    def teardown(self) -> None:
        if hasattr(self, "world"):
            try:
                self.world.finish(self.is_made_again)
            finally:
                events.update(self.world.events)
                self.world.close()

    # ---------------------------------------------------------------- mail

    @rule(submitter=st.sampled_from(SUBMITTERS), is_over=st.booleans(), names=NAMES)
    def send(self, submitter: str, is_over: bool, names: str) -> None:
        self._genuine("send", submitter, self.world.month, is_over, names)

    @rule(submitter=st.sampled_from(SUBMITTERS), names=NAMES)
    def correct_late(self, submitter: str, names: str) -> None:
        self._genuine("correct late", submitter, previous_period(self.world.month), False, names)

    @rule(submitter=st.sampled_from(("dist_626", "vnpt")))
    def send_from_another_address(self, submitter: str) -> None:
        self._genuine("from another address", submitter, self.world.month, False, "both", address=1)

    @rule(submitter=st.sampled_from(SUBMITTERS), months=st.sampled_from([-12, 1]))
    def send_for_a_wrong_month(self, submitter: str, months: int) -> None:
        month = next_period(self.world.month) if months == 1 else _a_year_before(self.world.month)
        self._genuine("wrong month", submitter, month, False, "both", filed=self.world.month, is_believed=False)

    @rule(submitter=st.sampled_from(SUBMITTERS))
    def send_nothing(self, submitter: str) -> None:
        address = self.addresses[submitter][0]
        raw = write.genuine(address, self.world.month, "Kính gửi Sở.\n", self._now(), self._next())
        self._lay("empty", Letter(self.number, self.world.month, raw, self.world.month, submitter, address))

    @rule(submitter=st.sampled_from(SUBMITTERS), kind=st.sampled_from(write.FORGERIES))
    def forge(self, submitter: str, kind: str) -> None:
        address, values = self.addresses[submitter][0], self._values(submitter, False, "both")
        raw = write.forged(kind, address, self.world.month, write.body_of(values), self._now(), self._next())
        bears = kind not in write.NAMING_NOBODY
        self._lay("forged", Letter(
            self.number, self.world.month, raw, self.world.month, submitter, address if bears else "", values,
            is_unproved=bears))

    @rule(submitter=st.sampled_from(SUBMITTERS))
    def forward(self, submitter: str) -> None:
        body = write.body_of(self._values(submitter, False, "both"))
        raw = write.forwarded(self.addresses[submitter][0], self.world.month, body, self._now(), self._next())
        self._lay("forwarded", Letter(self.number, self.world.month, raw, self.world.month))

    @rule(data=st.sampled_from(write.NOISE))
    def send_noise(self, data: bytes) -> None:
        raw = data + str(self._next()).encode()
        self._lay("noise", Letter(self.number, self.world.month, raw, self.world.month))

    @precondition(lambda self: self._counted())
    @rule(data=st.data())
    def send_the_same_again(self, data: st.DataObject) -> None:
        letter = data.draw(st.sampled_from(self._counted()))
        self.world.events["same bytes"] += 1
        self.world.lay_again(letter, self._next())

    @precondition(lambda self: self._counted())
    @rule(data=st.data())
    def send_the_same_text_again(self, data: st.DataObject) -> None:
        old = data.draw(st.sampled_from(self._counted()))
        raw = write.genuine(old.address, old.filed, write.body_of(old.values), self._now(), self._next())
        self._lay("same text", Letter(
            self.number, self.world.month, raw, old.filed, old.submitter, old.address, old.values, is_believed=True))

    @precondition(lambda self: self._counted())
    @rule(data=st.data(), hours=st.integers(1, 12))
    def send_another_version_after_the_clock_was_put_back(self, data: st.DataObject, hours: int) -> None:
        old = data.draw(st.sampled_from(self._counted()))
        self.world.skew = max(self.world.skew - timedelta(hours=hours), MOST_BACK)
        self._genuine("another version, clock put back", old.submitter, old.filed, False, "both")

    @precondition(lambda self: self._accepted())
    @rule(data=st.data())
    def send_others_than_what_was_accepted(self, data: st.DataObject) -> None:
        """Figures that break a rule were accepted as they were; now come others that break it too."""
        month, submitter = data.draw(st.sampled_from(self._accepted()))
        self._genuine("others than accepted", submitter, month, True, "both")

    # ---------------------------------------------------------------- time, runs

    @rule(hours=st.sampled_from([1, 30, 24 * 9, 24 * 31]))
    def pass_time(self, hours: int) -> None:
        self.world.events["time passes"] += 1
        self.world.pass_time(hours)

    @rule(hours=st.integers(-12, 12))
    def step_the_clock(self, hours: int) -> None:
        self.world.events["clock steps"] += 1
        self.world.skew = timedelta(hours=hours)

    @rule()
    def look(self) -> None:
        """The standing server looks, and begins what is due."""
        self.world.events["look"] += 1
        self.world.look()

    @rule(back=MONTHS_BACK, machine=MACHINES)
    def run(self, back: int, machine: int) -> None:
        self._run("", back, machine, Trouble())

    # ---------------------------------------------------------------- what goes wrong while a month runs

    @rule(back=MONTHS_BACK, machine=MACHINES, at=PLACES)
    def run_and_be_killed(self, back: int, machine: int, at: Place) -> None:
        self._run("killed", back, machine, Trouble(at, "kill"))

    @rule(back=MONTHS_BACK, machine=MACHINES, at=PLACES)
    def run_on_a_full_disk(self, back: int, machine: int, at: Place) -> None:
        self._run("full disk", back, machine, Trouble(at, "full"))

    @rule(back=MONTHS_BACK, machine=MACHINES, at=PLACES)
    def run_beside_another_machine(self, back: int, machine: int, at: Place) -> None:
        self._run("two machines", back, machine, Trouble(
            at, "meanwhile", lambda: self.world.run(self.world.month, None, 1 - machine)))

    @rule(back=MONTHS_BACK, machine=MACHINES, at=PLACES_OF_DECISIONS)
    def run_while_a_person_decides(self, back: int, machine: int, at: Place) -> None:
        self._run("decision meanwhile", back, machine, Trouble(at, "meanwhile", self._correct_one))

    @rule(back=MONTHS_BACK, machine=MACHINES, words=WORDS)
    def run_with_a_troubled_mail_server(self, back: int, machine: int, words: list[str]) -> None:
        self.world.server.plan[:] = words
        self._run("mail trouble", back, machine, Trouble())
        self.world.server.plan.clear()

    @rule(back=MONTHS_BACK, machine=MACHINES, words=WORDS, at=PLACES)
    def run_and_be_killed_with_a_troubled_mail_server(
        self, back: int, machine: int, words: list[str], at: Place
    ) -> None:
        self.world.server.plan[:] = words
        self._run("killed, mail trouble", back, machine, Trouble(at, "kill"))
        self.world.server.plan.clear()

    @rule()
    def copy_the_ledger(self) -> None:
        self.world.events["ledger copied"] += 1
        self.world.copy_ledger()

    @precondition(lambda self: self.world.backup)
    @rule(is_accepted=st.booleans())
    def restore_the_ledger(self, is_accepted: bool) -> None:
        self.world.events["ledger restored"] += 1
        self.world.restore_ledger()
        if is_accepted:
            self.world.accept()

    @rule()
    def lose_what_was_derived(self) -> None:
        self.world.events["derived files lost"] += 1
        self.world.lose_derived()

    # ---------------------------------------------------------------- persons

    @precondition(lambda self: self._held())
    @rule(data=st.data(), words=st.lists(st.booleans(), min_size=1, max_size=2))
    def decide_about_a_held_letter(self, data: st.DataObject, words: list[bool]) -> None:
        """A steward releases a letter or refuses it, and may have thought of something else meanwhile."""
        letter = data.draw(st.sampled_from(self._held()))
        for is_used in words:
            self.world.events["release" if is_used else "refuse"] += 1
            self.world.release(letter, is_used)

    @precondition(lambda self: self._counted())
    @rule()
    def correct_a_cell(self) -> None:
        self._correct_one()

    @rule()
    def waive_what_blocks(self) -> None:
        if self.world.checked(self.world.month):
            self.world.events["waive"] += 1
            self.world.waive(self.world.month)

    @precondition(lambda self: self.world.oracle.in_force())
    @rule(data=st.data())
    def withdraw_a_word(self, data: st.DataObject) -> None:
        found: dict[str, list[int]] = {}
        for place, word in self.world.oracle.in_force().values():
            found.setdefault(word.kind, []).append(place)
        kind = data.draw(st.sampled_from(sorted(found)))      # a release is rare among corrections
        self.world.events[f"withdraw: {kind}"] += 1
        self.world.withdraw(data.draw(st.sampled_from(sorted(found[kind]))))

    @precondition(lambda self: self.world.published)
    @rule(data=st.data())
    def approve_an_edition(self, data: st.DataObject) -> None:
        self.world.events["approve"] += 1
        self.world.approve(data.draw(st.sampled_from(sorted(self.world.published))))

    @rule()
    def settle(self) -> None:
        self.world.events["settle"] += 1
        self.world.settle_all()

    @rule()
    def deliver_again(self) -> None:
        self.world.events["deliver again"] += 1
        self.world.deliver_again(self.world.month)

    # ---------------------------------------------------------------- means

    def _run(self, event: str, back: int, machine: int, trouble: Trouble) -> None:
        month = previous_period(self.world.month) if back and self.world.month > "2019-04" else self.world.month
        self.world.server.met.clear()
        outcome = self.world.run(month, trouble, machine)
        self.world.events[f"run{', ' if event else ''}{event}: {outcome}"] += 1
        self.world.events.update(f"mail server: {word}" for word in self.world.server.met)

    def _genuine(
        self, event: str, submitter: str, said: str, is_over: bool, names: str, address: int = 0, filed: str = "",
        is_believed: bool = True,
    ) -> None:
        values, sender = self._values(submitter, is_over, names), self.addresses[submitter][address]
        raw = write.genuine(sender, said, write.body_of(values), self._now(), self._next())
        self._lay(event, Letter(
            self.number, self.world.month, raw, filed or said, submitter, sender, values, is_believed=is_believed))

    def _lay(self, event: str, letter: Letter) -> None:
        self.world.events[event] += 1
        self.world.lay(letter)

    def _now(self) -> Any:
        self.world.pass_time(0.25)
        return self.world.true_time

    def _next(self) -> int:
        self.number += 1
        return self.number

    def _values(self, submitter: str, is_over: bool, names: str) -> dict[str, int]:
        """Every figure is another number than all before, so that it can be told whose it is."""
        base = 10_000 + 10 * (self.number + 1)
        said = {"part": base + (2 if is_over else 0), "whole": base + 1}
        named = dict(zip(("part", "whole"), write.PAIRS[submitter], strict=True))
        return {named[name]: value for name, value in said.items() if names in ("both", name)}

    def _counted(self) -> list[Letter]:
        """Return the letters whose figures stand now, in the months of today and before."""
        found = {}
        for month in (self.world.month, previous_period(self.world.month)):
            for letter in self.world.oracle.standing(month)[0].values():
                if letter.is_believed:
                    found[letter.number] = letter
        return [found[number] for number in sorted(found)]

    def _accepted(self) -> list[tuple[str, ...]]:
        """Return the month and the submitter of each waiver in force about figures."""
        return sorted(word.target for _, word in self.world.oracle.in_force().values() if word.kind == "waive_over")

    def _held(self) -> list[Letter]:
        """Return the letters that a person may decide about."""
        oracle = self.world.oracle
        waiting = {letter.sha256 for month in self.world.months_with_mail for letter in oracle.standing(month)[1]}
        return [letter for sha, letter in sorted(oracle.letters.items(), key=lambda item: item[1].number)
                if sha in oracle.received and letter.values and (not letter.is_believed or sha in waiting)]

    def _correct_one(self) -> None:
        for letter in self._counted():
            cells = self.world.cells(letter.filed)
            for name in letter.values:
                if (letter.sha256, name) in cells:
                    self.world.events["correct"] += 1
                    value = letter.values[name] - 5 - self._next() % 3
                    return self.world.correct(letter, name, cells[letter.sha256, name], value)
        return None


def _a_year_before(month: str) -> str:
    return f"{int(month[:4]) - 1}{month[4:]}"


def year_of(gear: str) -> type[Year]:
    """Return the machine of a gear, new each time: a seed is bound to its class."""
    return type("Year", (Year,), {"make_helpers": {"fast": SmallHelpers, "real": RealReaderHelpers}[gear]})
