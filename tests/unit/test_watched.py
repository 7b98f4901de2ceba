"""A child that dies is begun again, ever later, and given up when it never lives for long."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.watched import Watched
from infra.errors import OperationError


class Child:
    """A child without a process."""

    log_file = Path("x.log")
    last_words = "why"

    def __init__(self) -> None:
        self.is_running = True

    def stop(self, patience: float = 0.0) -> None:
        self.is_running = False


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def watched(clock: Clock, said: list[str]) -> Watched[Child]:  # type: ignore[type-var]
    return Watched("Con", "The child", Child, (1, 5), 100, clock, said.append)  # type: ignore[type-var]


def die(child: Watched[Child]) -> None:  # type: ignore[type-var]
    assert child.child
    child.child.is_running = False


def test_a_child_is_begun_again_after_a_pause_and_said_to_be() -> None:
    clock, said = Clock(), []
    child = watched(clock, said)
    assert child.tend() and not child.tend()
    die(child)
    assert not child.tend() and len(said) == 1
    clock.now = 1
    assert child.tend() and child.child and child.child.is_running


def test_a_child_that_never_lives_for_long_is_given_up_with_its_last_words() -> None:
    clock, said = Clock(), []
    child = watched(clock, said)
    for pause in (1, 5):
        child.tend()
        die(child)
        child.tend()
        clock.now += pause
    child.tend()
    die(child)
    with pytest.raises(OperationError, match="3 times in a row: why"):
        child.tend()


def test_a_child_that_lived_long_has_not_died_in_a_row() -> None:
    clock, said = Clock(), []
    child = watched(clock, said)
    for _ in range(10):
        child.tend()
        clock.now += 100
        die(child)
        child.tend()
        clock.now += 1
    assert len(said) == 10 and child.deaths == 1
