"""Numbers, days, moments, severities and the time zone have one home: no module writes them its own way."""

from __future__ import annotations

import re

import pytest
import yaml

from infra.settings import PROJECT
from infra.vietnamese import SEVERITY_VI, ZONE_NAME

HOME = PROJECT / "infra" / "vietnamese.py"
SOURCES = [
    path
    for folder in ("flows", "expectations", "infra")
    for path in sorted((PROJECT / folder).rglob("*"))
    if path.suffix in {".py", ".html"} and path != HOME
]
OWN_WAYS = {
    "a time zone": r"hours\s*=\s*7\b|ZoneInfo|Ho_Chi_Minh|[\"']\+07:?00|:00\+07:00[\"']",
    "a printer of days": r"%d/%m|%H:%M ",
    "a printer of numbers": r":,[.}]|\{:,\}|replace\(\s*[\"']\.[\"'],\s*[\"'],[\"']\)|maketrans\(\s*[\"'],\.[\"']",
    "a wording of severities": r"(?i)chặn phát hành\b(?! \w)[\"']|[\"']blocking[\"']\s*:\s*f?[\"'](?:chặn|cản)",
}


@pytest.mark.parametrize("what", sorted(OWN_WAYS))
def test_no_module_has_its_own(what: str) -> None:
    found = [
        f"{path.relative_to(PROJECT)}:{number}: {line.strip()}"
        for path in SOURCES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if re.search(OWN_WAYS[what], line)
    ]
    assert not found, f"{what} stands outside infra/vietnamese.py: {found}"


def test_schedules_run_in_the_same_zone() -> None:
    text = (PROJECT / "infra" / "prefect.yaml").read_text(encoding="utf-8")
    zones = {s["timezone"] for d in yaml.safe_load(text)["deployments"] for s in d["schedules"]}
    assert zones == {ZONE_NAME}


def test_the_glossary_says_how_severities_are_called() -> None:
    glossary = (PROJECT / "GLOSSARY.md").read_text(encoding="utf-8")
    assert all(word in glossary for word in SEVERITY_VI.values())
