"""What a receiving mail server found about a message: its Authentication-Results line (RFC 8601), read strictly.

Here a line is only read; who wrote it and what it proves is for `flows.receive.proof`. A line that does not keep the
grammar says nothing at all: half of a verdict could be a forger's half.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from flows.mail.headers import MAX_VALUE
from flows.mail.quoting import end_of_comment, end_of_quoted

_PLAIN = re.compile(r'[^\s()";=]+')
_VALUE = re.compile(r'[^\s()";]+')
_PROPERTY = re.compile(r"[a-z0-9-]+\.[a-z0-9_.-]+|reason|action")  # "action" is what some servers add
_METHOD = re.compile(r"([a-z0-9][a-z0-9_-]*)(?:/1)?")


@dataclass(frozen=True, slots=True)
class MethodResult:
    """One method with its result ("dmarc", "pass") and its properties ("header.from", "donvi.example")."""

    method: str
    result: str
    properties: tuple[tuple[str, str], ...] = ()

    def values(self, name: str) -> list[str]:
        """Return the values of a property, in lower case."""
        return [value.lower() for key, value in self.properties if key == name]


@dataclass(frozen=True, slots=True)
class Results:
    """One line: who judged, and what was found."""

    authserv_id: str
    methods: tuple[MethodResult, ...] = ()

    def of(self, method: str) -> list[MethodResult]:
        """Return every result of one method."""
        return [found for found in self.methods if found.method == method]


class UnreadableResultsError(ValueError):
    """The line does not keep the grammar."""


def authserv_id_of(line: str) -> str:
    """Return who judged, in lower case; "" when the line does not begin with a name."""
    try:
        return _name_in(next(_segments(line)))
    except UnreadableResultsError:
        return ""


def read_results(line: str) -> Results:
    """Return what one line says.

    Raises:
        UnreadableResultsError: It does not keep the grammar, or is too long to be seen whole.
    """
    if len(line) >= MAX_VALUE or not line.isascii():
        raise UnreadableResultsError("too long, or letters that no mail server writes here")
    first, *others = _segments(line)
    name = _name_in(first)
    if not name:
        raise UnreadableResultsError("no authserv-id")
    if others and not others[-1]:
        others.pop()                   # the line ends with a semicolon, as some servers write it
    if others == [NO_RESULT]:
        return Results(name)
    return Results(name, tuple(map(_method_in, others)))


Token = tuple[str, str]  # kind ("word", "quoted", "=", "value") and text
NO_RESULT = [("word", "none")]      # stands alone, or the line is none of a server's


def _segments(line: str) -> Iterator[list[Token]]:
    """Yield the tokens between the semicolons; comments are passed over, whatever they say."""
    tokens: list[Token] = []
    position = 0
    while position < len(line):
        letter = line[position]
        if letter == ";":
            yield tokens
            tokens = []
        if letter in ";=" or letter.isspace():
            tokens += [("=", "=")] if letter == "=" else []
            position += 1
            continue
        end = _end_of_token(line, position, bool(tokens) and tokens[-1][0] == "=")
        if letter == '"':
            tokens.append(("quoted", line[position + 1 : end - 1]))
        elif letter != "(":
            tokens.append(("word", line[position:end]))
        position = end
    yield tokens


def _end_of_token(line: str, start: int, is_value: bool) -> int:
    if line[start] in '("':
        end = end_of_quoted(line, start) if line[start] == '"' else end_of_comment(line, start)
    else:
        found = (_VALUE if is_value else _PLAIN).match(line, start)
        end = found.end() if found else -1
    if end < 0:
        raise UnreadableResultsError("brackets or quotes do not match")
    return end


def _name_in(tokens: list[Token]) -> str:
    """Return the authserv-id of the first segment: a name, and perhaps the version 1."""
    kinds = [kind for kind, _ in tokens]
    if not tokens or "=" in kinds or len(tokens) > 2 or (len(tokens) == 2 and tokens[1] != ("word", "1")):
        return ""
    return tokens[0][1].lower()


def _method_in(tokens: list[Token]) -> MethodResult:
    pairs = _pairs(tokens)
    if not pairs or tokens[2][0] == "quoted":
        raise UnreadableResultsError("an empty result, or one that is no keyword")
    method = _METHOD.fullmatch(pairs[0][0])
    if not method or not all(_PROPERTY.fullmatch(name) for name, _ in pairs[1:]):
        raise UnreadableResultsError("no method, or what stands behind it is no property")
    return MethodResult(method[1], pairs[0][1].lower(), tuple(pairs[1:]))


def _pairs(tokens: list[Token]) -> list[tuple[str, str]]:
    """Return what stands as key=value; anything else in between makes the line unreadable."""
    if len(tokens) % 3:
        raise UnreadableResultsError("not a row of key=value")
    pairs = []
    for key, sign, value in zip(tokens[::3], tokens[1::3], tokens[2::3], strict=True):
        if (key[0], sign[0]) != ("word", "=") or value[0] == "=":
            raise UnreadableResultsError("not a row of key=value")
        pairs.append((key[1].lower(), value[1]))
    return pairs
