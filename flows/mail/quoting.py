"""Quoted strings and comments of a header (RFC 5322 3.2): where they end, and a value without its comments."""

from __future__ import annotations


def without_comments(text: str) -> str:
    """Return a value with each comment replaced by a blank; one that never ends takes the rest along."""
    kept: list[str] = []
    position = 0
    while position < len(text):
        if text[position] == "(":
            kept.append(" ")
            end = end_of_comment(text, position)
        elif text[position] == '"':
            end = end_of_quoted(text, position)
            kept.append(text[position : end if end > 0 else len(text)])
        else:
            end = position + 1
            kept.append(text[position])
        position = end if end > 0 else len(text)
    return "".join(kept)


def end_of_quoted(text: str, start: int) -> int:
    """Return where the quoted string that begins at `start` is over, -1 when it never is."""
    position = start + 1
    while position < len(text):
        if text[position] == '"':
            return position + 1
        position += 2 if text[position] == "\\" else 1
    return -1


def end_of_comment(text: str, start: int) -> int:
    """Return where the comment that begins at `start` is over, with those within it, -1 when it never is."""
    depth, position = 0, start
    while position < len(text):
        depth += {"(": 1, ")": -1}.get(text[position], 0)
        position += 2 if text[position] == "\\" else 1
        if depth == 0:
            return min(position, len(text))
    return -1
