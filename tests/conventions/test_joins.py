"""What belongs together is joined by ids. A message's name comes back every month, a file's name in every message."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from infra.settings import PROJECT

CODE = [path for folder in ("flows", "expectations", "infra") for path in sorted((PROJECT / folder).rglob("*.py"))
        if "sample" not in path.parts]       # the sample plays one month, whose messages its tables name
# One receipt, already found by its id, whose two names are told apart for a sentence.
REASONED = {"flows/receive/folder.py": 1}
MODELS = sorted((PROJECT / "dbt_project" / "models").rglob("*.sql"))
MESSAGE_IN_SQL = re.compile(r"\bmessage\s*(?:=|<>|!=|\bin\b)|(?:=|<>|!=)\s*(?:\w+\.)?message\b(?!_)"
                            r"|using\s*\([^)]*\bmessage\b(?!_)|partition by(?:(?!order by)[^)])*\bmessage\b(?!_)",
                            re.IGNORECASE)
SQL = re.compile(r"(?:\s|--.*\n)*(?:select|with|insert|create)\b", re.IGNORECASE)
FILE_IN_SQL = re.compile(r"\bfile\s*=\s*(?:\?|\w+\.file)", re.IGNORECASE)
ID_IN_SQL = re.compile(r"\breceipt_id\s*=", re.IGNORECASE)


def joins_by_name(text: str) -> Iterator[int]:
    """Yield the lines on which code compares message names, keys something by them, or asks SQL to."""
    for node in ast.walk(ast.parse(text)):
        keys = [part for side in _keys(node) for part in _parts(side)]
        if any(_is_message(key) for key in keys) or sql_joins_by_name(_text_of(node)):
            yield node.lineno  # type: ignore[attr-defined]


def _keys(node: ast.AST) -> list[ast.expr]:
    """Return what a node compares or keys by; a word looked for inside a text is neither."""
    if isinstance(node, ast.Compare) and not isinstance(node.left, ast.Constant):
        return [node.left, *node.comparators]
    return [node.key] if isinstance(node, ast.DictComp) else []


def _text_of(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "?" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _parts(node: ast.expr) -> list[ast.expr]:
    """Return the parts of a key; one that has the receipt's id beside it is a key by id."""
    parts = list(node.elts) if isinstance(node, ast.Tuple) else [node]
    return [] if any(isinstance(p, ast.Attribute) and p.attr == "receipt_id" for p in parts) else parts


def _is_message(node: ast.expr) -> bool:
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Constant) and node.slice.value == "message"
    return isinstance(node, ast.Attribute) and node.attr == "message"


def sql_joins_by_name(text: str) -> bool:
    """Return whether a query joins or chooses by a message's name, or by a file's without the receipt."""
    if not SQL.match(text):
        return False
    return bool(MESSAGE_IN_SQL.search(text) or (FILE_IN_SQL.search(text) and not ID_IN_SQL.search(text)))


def test_code_joins_by_ids() -> None:
    found = {path.relative_to(PROJECT).as_posix(): sorted(set(joins_by_name(path.read_text(encoding="utf-8"))))
             for path in CODE}
    found = {name: lines for name, lines in found.items() if len(lines) > REASONED.get(name, 0)}
    assert not found, f"join by receipt_id or observation_id: {found}"


def test_models_join_by_ids() -> None:
    assert MODELS
    found = [path.name for path in MODELS if sql_joins_by_name(path.read_text(encoding="utf-8"))]
    assert not found, f"join by receipt_id or observation_id: {found}"


@pytest.mark.parametrize("text", [
    "any(c.message == receipt.message for c in cells)",
    "found = [r for r in rows if r['message'] in names]",
    "by_name = {r.message: r for r in receipts}",
    "(cell.message, cell.file) == (document.message, document.file)",
    "query = 'select 1 from t where message = ? and file = ?'",
    "query = 'select 1 from a join b using (message, file)'",
    "query = 'select 1 from a join b on a.message = b.message'",
    "query = 'select 1 from a join b on a.file = b.file'",
])
def test_a_join_by_names_is_recognised(text: str) -> None:
    assert list(joins_by_name(text))


@pytest.mark.parametrize("text", [
    "(cell.receipt_id, cell.file) == here",
    "sorted(receipts, key=lambda r: r.message)",
    "query = 'select message, file from t where receipt_id = ? and file = ?'",
    "query = 'select 1 from a join b on a.receipt_id = b.receipt_id and a.file = b.file order by a.message'",
])
def test_a_join_by_ids_is_left_alone(text: str) -> None:
    assert not list(joins_by_name(text))
