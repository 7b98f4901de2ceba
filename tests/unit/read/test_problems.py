"""The vocabulary of findings: every kind is in the glossary and says what to do."""

from __future__ import annotations

from flows.read.problems import KINDS
from infra.settings import PROJECT


def test_every_kind_stands_in_the_glossary() -> None:
    text = (PROJECT / "GLOSSARY.md").read_text(encoding="utf-8")
    words = set(text[text.index("## Kinds of intake finding") :].replace("|", " ").split())
    assert KINDS.keys() - words == set()


def test_a_warning_always_says_what_to_do() -> None:
    assert [kind for kind, meaning in KINDS.items() if meaning.severity == "warning" and not meaning.remedy_vi] == []
