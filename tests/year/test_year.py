"""A few simulated years in every run of the tests, and whether what plays and judges them can be trusted.

`make year` plays thousands; `make year-mutants` proves that the oracle notices what it promises to notice.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest

from benchmarks.mutants import read_mutants, unclear
from benchmarks.year import play, play_all
from benchmarks.year_mutants import LIST
from tests.year import machine
from tests.year.fast import SmallHelpers
from tests.year.letters import PAIRS, Letter
from tests.year.oracle import ALL, Oracle, Word
from tests.year.world import BrokenPromiseError, World

MONTH, DISTRICT = "2019-04", "dist_622"
PART, WHOLE = PAIRS[DISTRICT]


@pytest.fixture
def world() -> Iterator[World]:
    made = World(machine.fresh_folder(), SmallHelpers, "automatic")
    yield made
    made.close()


def letter(number: int, part: int, whole: int, **facts: object) -> Letter:
    told = {"is_believed": True, "address": "a@b.example"} | facts
    return Letter(number, MONTH, str(number).encode(), MONTH, DISTRICT, values={PART: part, WHOLE: whole}, **told)  # type: ignore[arg-type]


def oracle_of(*letters: Letter) -> Oracle:
    oracle = Oracle(PAIRS, letters={one.sha256: one for one in letters})
    oracle.see([one.sha256 for one in letters], run=1)
    return oracle


@pytest.mark.slow
@pytest.mark.parametrize("gear", ["fast", "real"])
def test_no_promise_breaks_in_a_few_years(gear: str) -> None:
    played = play(1, years=15 if gear == "fast" else 4, gear=gear)
    assert played.broken == ""
    assert sum(number for name, number in played.events.items() if name.startswith("run")) >= 5


@pytest.mark.slow
def test_a_seed_gives_the_same_years_again() -> None:
    first, again = (play_all([3], 4, "fast", 1)[0] for _ in range(2))
    assert first.events == again.events and not first.broken


def test_every_change_that_must_be_noticed_has_its_place() -> None:
    mutants = read_mutants(LIST)
    assert len(mutants) >= 30 and unclear(mutants) == []
    assert unclear(read_mutants(LIST.with_name("mutants.toml"))) == []


def test_a_mail_that_arrives_twice_breaks_a_promise(world: World) -> None:
    _lay(world, letter(1, 5, 6))
    assert world.run(MONTH) == "published"
    (mail, *_) = world.mails.values()
    with pytest.raises(BrokenPromiseError, match="twice"):
        world._check_mail(mail)


def test_an_edition_that_says_something_else_breaks_a_promise(world: World) -> None:
    _lay(world, letter(1, 5, 6))
    laid = next(iter(world.oracle.letters.values()))
    world.oracle.letters = {laid.sha256: dataclasses.replace(laid, values={PART: 5, WHOLE: 7})}
    with pytest.raises(BrokenPromiseError, match="prints"):
        world.run(MONTH)


def test_the_newest_letter_stands_for_what_it_says() -> None:
    older = letter(1, 5, 9)
    newer = Letter(2, MONTH, b"2", MONTH, DISTRICT, "a@b.example", {PART: 7}, is_believed=True)
    assert oracle_of(older, newer).figures(MONTH) == {
        (DISTRICT, PART): 7, (DISTRICT, WHOLE): 9, (ALL, PART): 7, (ALL, WHOLE): 9}


def test_a_letter_from_elsewhere_waits_for_a_person() -> None:
    oracle = oracle_of(letter(1, 5, 9), letter(2, 6, 9, address="c@d.example"))
    assert oracle.own_figures(MONTH)[DISTRICT, PART] == 5 and len(oracle.open_questions(MONTH)) == 1
    oracle.say(Word("release", MONTH, (letter(2, 6, 9).sha256,)))
    assert oracle.own_figures(MONTH)[DISTRICT, PART] == 6 and not oracle.open_questions(MONTH)


def test_a_waiver_holds_for_the_values_it_accepts() -> None:
    oracle = oracle_of(letter(1, 9, 5))
    oracle.say(Word("waive_over", MONTH, (MONTH, DISTRICT), (9, 5)))
    assert not oracle.open_questions(MONTH)
    oracle.say(Word("correct", MONTH, (letter(1, 9, 5).sha256, PART), (9,), 8))
    assert oracle.open_questions(MONTH) == {("over", DISTRICT)}
    oracle.withdrawn.add(1)
    assert not oracle.open_questions(MONTH)


def _lay(world: World, told: Letter) -> None:
    from tests.year import letters as write

    address = "pvhtt.pleiku@pleiku-gialai.example"
    raw = write.genuine(address, MONTH, write.body_of(told.values), world.true_time, told.number)
    world.lay(Letter(told.number, MONTH, raw, MONTH, DISTRICT, address, told.values, is_believed=True))
