"""What a block changed in the process is put back; what a run remembered is read again by the next."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.errors import OperationError, SubmissionError
from infra.machine_faults import machine_fault, told_in_words
from infra.process_state import as_found, once_a_run

NAMES = st.sampled_from(["TZ_OF_NOBODY", "GREETING", "PATH", "ANOTHER"])


TEXTS = st.text("abc", min_size=1)


@given(before=st.dictionaries(NAMES, TEXTS), inside=st.dictionaries(NAMES, st.none() | TEXTS),
       fails=st.booleans(), collecting=st.booleans())  # fmt: skip
def test_the_process_is_left_as_it_was(
    before: dict[str, str], inside: dict[str, str | None], fails: bool, collecting: bool
) -> None:
    with as_found():
        os.environ.update(before)
        (gc.enable if collecting else gc.disable)()
        expected = dict(os.environ), Path.cwd(), gc.isenabled(), _umask()
        try:
            with as_found():
                for name, value in inside.items():
                    os.environ.pop(name, None) if value is None else os.environ.update({name: value})
                (gc.disable if collecting else gc.enable)()
                os.umask(0)
                os.chdir("/")
                if fails:
                    raise ZeroDivisionError
        except ZeroDivisionError:
            assert fails
        assert (dict(os.environ), Path.cwd(), gc.isenabled(), _umask()) == expected


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def test_files_written_in_a_run_are_for_this_account_alone(tmp_path: Path) -> None:
    with as_found():
        (tmp_path / "file").write_text("x")
    assert (tmp_path / "file").stat().st_mode & 0o077 == 0


def test_what_a_run_remembered_is_read_again_by_the_next(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    read = once_a_run(file.read_text)
    file.write_text("one")
    with as_found():
        assert read() == "one"
        file.write_text("two")
        assert read() == "one"
    assert read() == "two"


def test_what_the_machine_refuses_is_told_and_nothing_else(tmp_path: Path) -> None:
    with pytest.raises(OperationError, match="no room") as full, told_in_words(tmp_path):
        Path("/dev/full").write_text("x")
    assert full.value.place == str(tmp_path)
    with pytest.raises(OperationError, match="no room"), told_in_words(tmp_path):
        try:
            Path("/dev/full").write_text("x")
        except OSError as error:
            raise ValueError("a library's own") from error
    for other in (KeyError("x"), FileNotFoundError(2, "No such file", "x"), SubmissionError("a", "b")):
        with pytest.raises(type(other)), told_in_words(tmp_path):
            raise other
    assert machine_fault(RuntimeError("IO Error: No space left on device"), "/x") is not None
    assert machine_fault(RuntimeError("something"), tmp_path) is None
