"""A flow as the standing server runs it: opened patiently, ended with its runner, and its last state says why.

What stands in the way for a while (a person's run that holds the home, a ledger that is busy) is waited for. What
does not pass is a state with the sentence a person can act on; the traceback of a sentence helps nobody.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from prefect.states import Completed, Failed, State

from flows import steps
from flows.events import AWAITING, NO_MAIL
from infra.errors import OperationError, TonghopError
from infra.helper_child import end_with_runner
from infra.journal import note_fault

T = TypeVar("T")
MOST_LISTED = 20                                         # findings in the message of a state
OPENING = (5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0)    # seconds between two tries to open a month


def attended(work: Callable[[], State[Any]]) -> State[Any]:
    """Return the state that `work` ends in; an error that a person can mend is a failed state with its sentence."""
    end_with_runner()
    try:
        return work()
    except TonghopError as error:
        return Failed(message=str(error))


def no_mail(period: str, folder: object) -> State[Any]:
    """Return the state of a run that found nothing to do: that is an answer, not a failure."""
    return Completed(
        name=NO_MAIL, message=f"Chưa có thư nào của tháng {period} trong {folder}. (No mail of {period} yet.)"
    )


def awaiting(finding_ids: Sequence[str], result: Any = None) -> State[Any]:
    """Return the state of a month that a person must look at before it goes on."""
    listed = ", ".join(sorted(finding_ids)[:MOST_LISTED])
    return Completed(name=AWAITING, message=f"{len(finding_ids)} blocking findings: {listed}", data=result)


@contextlib.contextmanager
def opened_patiently(
    opening: Callable[[], AbstractContextManager[T]], pauses: Sequence[float] = OPENING
) -> Iterator[T]:
    """Hold open what `opening` gives, trying again after each pause while what stands in the way may pass.

    Raises:
        OperationError: It did not pass.
    """
    with contextlib.ExitStack() as stack:
        yield _entered(stack, opening, pauses)


def _entered(
    stack: contextlib.ExitStack, opening: Callable[[], AbstractContextManager[T]], pauses: Sequence[float]
) -> T:
    for pause in pauses:
        try:
            return stack.enter_context(opening())
        except OperationError as error:
            if not error.is_temporary:
                raise
            time.sleep(pause)
    return stack.enter_context(opening())


@contextlib.contextmanager
def noted_opening(period: str) -> Iterator[Callable[[], None]]:
    """Note a month that could not be opened in the ledger; gives what is called once it is open."""
    is_open = False

    def opened() -> None:
        nonlocal is_open
        is_open = True

    try:
        yield opened
    except Exception as error:
        if not is_open:
            with _unless_the_ledger_fails(period):
                steps.note_failed_opening(period, error)
        raise


@contextlib.contextmanager
def _unless_the_ledger_fails(period: str) -> Iterator[None]:
    try:
        yield
    except TonghopError:
        note_fault(f"The failed opening of {period} could not be noted.")
