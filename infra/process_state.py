"""What a run changes in its process, put back when it ends: a standing process can run the next month."""

from __future__ import annotations

import contextlib
import functools
import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
PRIVATE = 0o077             # what we write is for the account that runs us, and for nobody else
_remembered: list[Callable[[], None]] = []


def once_a_run(function: Callable[P, R]) -> Callable[P, R]:
    """Remember what `function` returned until the run ends: for files that do not change under a run.

    The next run of the same process reads them again, as its own children do.
    """
    remembering = functools.cache(function)
    _remembered.append(remembering.cache_clear)
    return remembering  # type: ignore[return-value]


@contextlib.contextmanager
def as_found() -> Iterator[None]:
    """Leave the process as it was found: environment, working folder, collection, umask, remembered files.

    Inside, new files are for this account alone.
    """
    environment, folder, was_collecting = dict(os.environ), Path.cwd(), gc.isenabled()
    mask = os.umask(PRIVATE)
    try:
        yield
    finally:
        os.umask(mask)
        if was_collecting:
            gc.enable()
        else:
            gc.disable()
        if Path.cwd() != folder:
            os.chdir(folder)
        _restore(environment)
        forget_files()


def forget_files() -> None:
    """Forget what files said: whoever stands for days looks again, as each run does."""
    for forget in _remembered:
        forget()


def _restore(environment: dict[str, Any]) -> None:
    for name in [name for name in os.environ if name not in environment]:
        del os.environ[name]
    os.environ.update({name: value for name, value in environment.items() if os.environ.get(name) != value})
