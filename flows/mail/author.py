"""Whose address a message gives as its author: exactly one From line with exactly one address (RFC 5322), or why not.

Only that address counts. Reply-To, Sender, quoted names and comments are never asked, and whatever two mail programs
could read in two ways is no address: a group, a list, a second line, an unbalanced quote or bracket, a hidden address.
"""

from __future__ import annotations

import re
import unicodedata

from flows.mail.headers import MAX_VALUE, Headers
from flows.mail.quoting import end_of_comment, end_of_quoted
from infra.clean_text import clean_line

MAX_ADDRESS = 254
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")
_NAMED = re.compile(r"([^<>]*)<([^<>]*)>")
_QUOTED = "\x00"  # stands for a quoted name: it is no letter of an address


def author_of(headers: Headers) -> tuple[str, str]:
    """Return the address in the one From header in lower case, and why there is none ("" when there is)."""
    authors = headers.all("from")
    if len(authors) != 1:
        return "", f"thư có {len(authors)} dòng From" if authors else "thư không có dòng From"
    if headers.is_cut or len(authors[0]) >= MAX_VALUE:
        return "", "phần đầu thư hoặc dòng From dài quá mức nên không xem hết được"
    address, why = _address_in(authors[0])
    shown = f": “{clean_line(authors[0])[:100]}”" if why else ""
    return address, f"{why}{shown}"


def sender_address(header: str) -> str:
    """Return the address of a From header in lower case, never the name shown beside it; "" when it has not one."""
    return author_of(Headers((("from", header[:MAX_VALUE]),)))[0] if header else ""


def _address_in(value: str) -> tuple[str, str]:
    text, why = _bare(value)
    if why:
        return "", why
    if any(mark in text for mark in ",;:"):
        return "", "dòng From là một nhóm hoặc một danh sách địa chỉ"
    named = _NAMED.fullmatch(text)
    name, address = (named[1].strip(), named[2].strip()) if named else ("", text)
    if not _ADDRESS.fullmatch(address) or len(address) > MAX_ADDRESS or "=?" in address:
        return "", "dòng From không có đúng một địa chỉ thư"
    if "@" in name and name.lower() != address.lower():
        return "", "dòng From có hai địa chỉ"
    return address.lower(), ""


def _bare(value: str) -> tuple[str, str]:
    """Return the value without comments and with its quoted names taken out, or why it cannot be read in one way."""
    if any(unicodedata.category(letter) == "Cc" and letter != "\t" for letter in value):
        return "", "dòng From có ký tự điều khiển"
    kept: list[str] = []
    position = 0
    while position < len(value):
        letter = value[position]
        if letter not in '("':
            if letter in ")\\":
                return "", "dòng From có dấu ngoặc không khớp"
            kept.append(letter)
            position += 1
            continue
        end = end_of_quoted(value, position) if letter == '"' else end_of_comment(value, position)
        if end < 0:
            return "", "dòng From có dấu ngoặc không khớp"
        if letter == "(" and "@" in value[position:end]:
            return "", "dòng From giấu một địa chỉ trong chú thích"
        kept.append(_QUOTED if letter == '"' else " ")
        position = end
    return "".join(kept).strip(), ""
