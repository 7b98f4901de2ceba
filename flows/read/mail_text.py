"""The text of a mail as lines of prose and tables: no quotation of an earlier mail, no signature, wrapped lines joined.

What is set aside is said in a note, with its lines. A rule of dashes parts nothing off: it is a rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from flows.own_letter import begins_letter, ends_letter, is_of_letter
from flows.read.document import Content, Grid, Paragraph
from flows.read.problems import KINDS
from flows.read.text import detect_legacy, fold, normalise
from flows.read.typed_tables import shows_cells, typed_tables
from flows.records import IntakeFinding

_LINE_END = re.compile("\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_QUOTED = (">", "|>")
_QUOTE_HEAD = re.compile(
    r"^(?:-{2,} ?(original message|thư gốc|forwarded message|thư chuyển tiếp)|"
    r"(on|vào|ngày|le) .{5,120}(wrote|đã viết|viết) ?:$|from: .+@|từ: .+@)"
)
_SIGNATURE = "--"  # RFC 3676 4.3; its blank is often lost on the way
_RULE = re.compile(r"[-_=*~#–—]{3,}")
_QUOTATION, _SIGNED = "thư cũ được trích lại", "chữ ký cuối thư (sau dấu “--”)"
_OURS = "thư trả lời của Sở được trích lại"
_ITEM = re.compile(r"^\s*(?:[-+*•▪●–]\s|\d{1,2}[.)]\s|[IVX]{1,4}[.)]\s|[a-zđ][.)]\s)")
_NUMBERED = re.compile(r"\s*(\d{1,3})\s+[^\W\d_]")
_WRAPPED = 55  # a line shorter than this was ended by its writer, not by the mail program


def open_body(text: str) -> Content:
    """Return the writer's own lines, each with the place "body", and a note for those that are set aside.

    Lines that begin with ">" or a bar and what follows the head of a quoted mail belong to an earlier message, what
    follows the mark "-- " is the signature. A letter of ours is set aside from its first line to its last.
    """
    lines = _LINE_END.split(text)
    reasons = list(_reasons(lines))
    own = ["" if _RULE.fullmatch(x.strip()) else x for x, reason in zip(lines, reasons, strict=True) if not reason]
    encoding = detect_legacy(own)
    blocks = tuple(_blocks([normalise(line, encoding=encoding) for line in own]))
    return Content(blocks, tuple(_set_aside(lines, reasons)))


def _blocks(lines: list[str]) -> Iterator[Grid | Paragraph]:
    """Yield the lines as prose, and the tables among them."""
    at = 0
    for number, table in enumerate(typed_tables(lines), start=1):
        yield from _prose(lines[at : table.first])
        yield table.grid(number)
        at = table.last
    yield from _prose(lines[at:])


def _prose(lines: list[str]) -> Iterator[Paragraph]:
    return (Paragraph(text=line.strip(), place="body") for line in _joined(lines))


def _reasons(lines: list[str]) -> Iterator[str]:
    """Yield for each line why it is not the writer's own, "" when it is."""
    rest = ""  # what all lines from here on are
    for number, line in enumerate(lines):
        bare = line.strip()
        folded = fold(bare)
        is_head = not rest and bool(_QUOTE_HEAD.match(folded))
        if is_head and not _next_line(lines, number).startswith(_QUOTED):
            rest = _QUOTATION
        elif not rest and bare == _SIGNATURE:
            rest = _SIGNED
        elif not rest and begins_letter(folded):
            rest = _OURS
        own = _QUOTATION if is_head or _is_quoted(bare) else _OURS if is_of_letter(folded) else ""
        yield rest or own
        rest = "" if rest == _OURS and ends_letter(folded) else rest


def _is_quoted(bare: str) -> bool:
    """Tell whether a line is marked as a quotation; a row of a table has more bars than the first."""
    return bare.startswith(_QUOTED) or (bare.startswith("|") and bare.count("|") == 1)


def _next_line(lines: list[str], number: int) -> str:
    """Return the next line that is not blank, of the few after a line."""
    return next((bare for line in lines[number + 1 : number + 4] if (bare := line.strip())), "")


def _set_aside(lines: list[str], reasons: list[str]) -> Iterator[IntakeFinding]:
    """Yield one note a reason for the lines that are set aside."""
    for reason in (_QUOTATION, _SIGNED, _OURS):
        numbers = [n for n, line in enumerate(lines, 1) if reasons[n - 1] == reason and line.strip(" \t>|-")]
        if numbers:
            where = f"dòng {numbers[0]}" if len(numbers) == 1 else f"từ dòng {numbers[0]} đến dòng {numbers[-1]}"
            text = f"{len(numbers)} dòng của thư ({where}) không được đọc: {reason}."
            yield _note(text, lines[numbers[0] - 1].strip()[:200])


def _note(message_vi: str, raw_text: str) -> IntakeFinding:
    """Return a finding that the reader completes with month, message, file and submitter."""
    severity, remedy, _ = KINDS["set_aside_text"]
    return IntakeFinding(
        period="", receipt_id="", message="", file="", sheet="", cell="body", kind="set_aside_text",
        severity=severity, submitter_id="", message_vi=message_vi, remedy_vi=remedy, raw_text=raw_text,
    )  # fmt: skip


def _joined(lines: list[str]) -> list[str]:
    """Join lines that the mail program broke: a long one, without an end, before one that opens no item."""
    joined: list[list[str]] = []
    before = ""  # the last line as it stood
    for line in lines:
        bare = line.strip()
        was_broken = len(before) >= _WRAPPED and not before.endswith((".", ";", ":", "!"))
        if bare and was_broken and not _ITEM.match(line) and not _is_row(line, before):
            joined[-1].append(bare)
        else:
            joined.append([line.rstrip()])
        before = bare
    return [" ".join(parts) for parts in joined]


def _is_row(line: str, before: str) -> bool:
    """Tell whether a line is a row and not the rest of the one before: it shows cells, or has the next number."""
    number, last = _NUMBERED.match(line), _NUMBERED.match(before)
    is_next = number is not None and last is not None and int(number[1]) == int(last[1]) + 1
    return is_next or shows_cells(line) or shows_cells(before)
