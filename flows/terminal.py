"""What commands print: nothing that arrives from outside steers the terminal, and a failing print fails nothing.

The exit code says what became of the work. A screen that cannot show a letter gets the letter without its marks; a
closed, full or broken output loses the text and nothing else. Of a command that only shows, the text is the work.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import io
import json
import os
import re
import select
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from infra.csv_text import csv_text
from infra.errors import OperationError, TonghopError

# C0 without line feed and tab, DEL, C1, line separators, zero width and direction marks, surrogates.
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
REPLACEMENT = "\ufffd"
WITHOUT_MARKS = "without-marks"
LETTERS = str.maketrans({"đ": "d", "Đ": "D", "✓": "v", "✗": "x", "·": "-", "→": ">", "›": ">", "“": '"', "”": '"'})
SHOWING = frozenset((  # commands of which the printed text is all that comes of them
    "read", "observations", "figures", "trace", "findings", "explain", "decisions", "deliveries", "read-report",
    "check-report",
))


def clean(text: str) -> str:
    """Return text in which nothing steers a terminal or hides: each such character is shown as one mark."""
    return CONTROL.sub(REPLACEMENT, text)


def say(text: str, is_error: bool = False) -> None:
    """Print lines of text that may quote what somebody sent."""
    print(clean(text), file=sys.stderr if is_error else sys.stdout)


def say_error(error: TonghopError) -> None:
    """Print what a person can mend: the sentence, the place, the way out, the English."""
    lines = [f"✗ {error.message_vi}"]
    if error.place:
        lines.append(f"  Tại: {error.place}")
    if error.remedy_vi:
        lines.append(f"  Cách xử lý: {error.remedy_vi}")
    say("\n".join([*lines, f"  ({error.message_en})"]), is_error=True)


def print_json(record: dict[str, Any]) -> None:
    """Print one record as a line of JSON; control characters are escaped, so nothing is lost."""
    line = json.dumps(record, ensure_ascii=False, default=str)
    print(CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", line))


def print_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print rows as CSV, as safe for a spreadsheet program as the files of an edition are."""
    sys.stdout.write(CONTROL.sub("", csv_text(columns, rows, lineterminator="\n")))


@contextlib.contextmanager
def unfailing_output() -> Iterator[None]:
    """Make standard output and error such that no print can fail, from here to the end of the process."""
    _fill_closed()
    codecs.register_error(WITHOUT_MARKS, _without_marks)
    sys.stdout, sys.stderr = _unfailing(sys.stdout, 1), _unfailing(sys.stderr, 2)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def code_of_output(exit_code: int, command: str) -> int:
    """Return the exit code of a command that ended: 5, with a sentence, when its text was its work and is lost.

    A reader that has seen enough and closes its end (`| head`) loses nothing.
    """
    sys.stdout.flush()
    reason = getattr(getattr(sys.stdout.buffer, "raw", None), "lost", 0)
    if command not in SHOWING or exit_code or reason in (0, errno.EPIPE):
        return exit_code
    error = OperationError("Không ghi hết được kết quả ra nơi nhận.", f"The output is lost: {os.strerror(reason)}.",
                           place=command, remedy_vi="Dọn bớt chỗ hoặc chọn nơi ghi khác rồi chạy lại lệnh.")
    say_error(error)
    return error.exit_code


class _Output(io.RawIOBase):
    """A file descriptor that takes everything; what it cannot pass on is dropped."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.lost = 0             # the number of the error that lost what was written since

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def write(self, data: Any) -> int:
        rest = memoryview(data).cast("B")
        size = len(rest)
        while rest and not self.lost:
            rest = rest[self._pass_on(rest) :]
        return size

    def _pass_on(self, data: memoryview) -> int:
        try:
            return os.write(self._descriptor, data)
        except BlockingIOError:
            select.select([], [self._descriptor], [])
            return 0
        except OSError as error:
            self.lost = error.errno or errno.EIO
            return 0


def _unfailing(stream: Any, descriptor: int) -> io.TextIOWrapper:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    output = _Output(descriptor)
    is_direct = descriptor == 2 or output.isatty()
    return io.TextIOWrapper(io.BufferedWriter(output), encoding, WITHOUT_MARKS, line_buffering=is_direct)


def _fill_closed() -> None:
    """Open what was closed on the null device, so that no store or child gets the number of a standard stream."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)


def _without_marks(error: UnicodeError) -> tuple[str, int]:
    """Return letters without their marks for a screen that has no others: "Dừng" is "Dung"."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    letters = unicodedata.normalize("NFKD", text.translate(LETTERS))
    return "".join(c if c.isascii() else "?" for c in letters if not unicodedata.combining(c)), error.end
