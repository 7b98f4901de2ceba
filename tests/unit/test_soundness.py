"""What publishing would refuse, `check-rules` refuses before: every wrong line, in file and line."""

from __future__ import annotations

import csv
import dataclasses
import re
import shutil
import typing
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from expectations.rules import RULES, load_rules
from flows import soundness, steps
from flows.publish.outline import OUTLINE, load_outline
from flows.steps import Inbox
from infra.catalogue import Catalogue, load_catalogue
from infra.catalogue_words import SectionCode, SubmitterKind
from infra.errors import CatalogueError
from infra.settings import CATALOGUE, Settings


def test_the_shipped_files_are_sound_in_every_month_that_differs() -> None:
    count, months = soundness.verify_everything(["2019-04"])
    assert count == len(load_rules()) and {"2019-01", "2019-04", "2020-01", "2025-03"} <= set(months)


def with_rows(monkeypatch: pytest.MonkeyPatch, **tables: tuple[object, ...]) -> Catalogue:
    changed = dataclasses.replace(load_catalogue(), **tables)  # type: ignore[arg-type]
    monkeypatch.setattr(soundness, "load_catalogue", lambda: changed)
    return changed


def test_an_indicator_to_be_printed_from_a_month_on_needs_its_place_in_the_outline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = load_catalogue().indicators
    later = dataclasses.replace(rows[0], indicator_id="post_new_figure", valid_from="2021-06-15")
    with_rows(monkeypatch, indicators=(*rows, later))
    soundness.sound_catalogue("2021-05")
    with pytest.raises(CatalogueError, match="post_new_figure"):
        soundness.verify_everything()


def test_a_formula_of_an_unknown_figure_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = load_catalogue().definitions
    wrong = dataclasses.replace(rows[0], expression="post_offices + post_agnts")
    with_rows(monkeypatch, definitions=(wrong, *rows[1:]))
    with pytest.raises(CatalogueError, match="post_agnts"):
        soundness.verify_everything()


def test_a_month_without_recipients_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with_rows(monkeypatch, recipients=())
    with pytest.raises(CatalogueError, match="recipient"):
        soundness.sound_catalogue("2019-04")


@pytest.mark.parametrize("begin", [steps.open_inbox, steps.open_month])
def test_a_scheduled_run_receives_nothing_by_an_unsound_catalogue(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, begin: Callable[[str], AbstractContextManager[Inbox]]
) -> None:
    monkeypatch.setenv("TONGHOP_HOME", str(settings.home))
    with_rows(monkeypatch, recipients=())
    with pytest.raises(CatalogueError, match="recipient"), begin("2019-04"):
        pytest.fail("the month was opened")


@pytest.mark.parametrize("phrase", ["(thuê bao", "{n} thuê bao {n}", "{nn} thuê bao", "{n thuê bao"])
def test_a_phrase_that_is_no_pattern_is_refused_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, phrase: str
) -> None:
    error = refused_after(tmp_path, monkeypatch, "phrases", 6, 0, phrase)
    assert error.place.endswith("/phrases.csv:6")


def refused_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, line: int, column: int, value: str
) -> CatalogueError:
    """Return what April 2019 says of a catalogue with one cell replaced; `check-rules` must say the same."""
    folder = Path(shutil.copytree(CATALOGUE, tmp_path / "catalogue"))
    rows = list(csv.reader((folder / f"{name}.csv").read_text(encoding="utf-8").splitlines()))
    rows[line - 1][column] = value
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    monkeypatch.setattr(soundness, "load_catalogue", lambda: load_catalogue(folder))
    monkeypatch.setattr("infra.catalogue.CATALOGUE", folder)
    with pytest.raises(CatalogueError) as at_start:
        soundness.sound_catalogue("2019-04")
    with pytest.raises(CatalogueError) as at_check:
        soundness.verify_everything()
    assert at_start.value.place == at_check.value.place
    return at_start.value


@pytest.mark.parametrize(("line", "expression", "said"), [
    (2, "post_service_points_total + 1", "itself"), (2, "post_service_points_total", "itself"),
    (3, "post_service_points_total * 2", "itself"), (16, "unit_communes_rural + 0", "itself"),
    (11, "phone_subs_per_100 + 1", "circle"), (2, "1/0", "no indicator"), (3, "2 * pi", "no indicator"),
    (4, "post_offices +", "cannot be read"), (4, "prev(post_offices)", "cannot be read"), (3, "post_ofices", "ofices"),
])
def test_a_formula_that_publishes_untruth_is_refused_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: int, expression: str, said: str
) -> None:
    error = refused_after(tmp_path, monkeypatch, "definitions", line, 3, expression)
    assert said in error.message_en and error.place.endswith(f"/definitions.csv:{line}")


@pytest.mark.parametrize(("column", "day"), [(6, "2019-06-01"), (7, "2019-12-31")])
def test_a_derived_indicator_without_a_formula_for_a_time_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, column: int, day: str
) -> None:
    error = refused_after(tmp_path, monkeypatch, "definitions", 5, column, day)
    assert error.place.endswith("/definitions.csv:5") and "post_bdvhx_total" in error.message_en


def test_a_derived_indicator_without_a_formula_between_two_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = refused_after(tmp_path, monkeypatch, "definitions", 2, 7, "2025-06-29")
    assert "from 2025-06-30 on" in error.message_en and "post_service_points_total" in error.message_en


@pytest.mark.parametrize("spelling", ["Plei Ku", "plei-ku", "PLEIKU"])
def test_an_alias_of_two_areas_of_one_level_is_refused_with_both_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spelling: str
) -> None:
    error = refused_after(tmp_path, monkeypatch, "area_aliases", 4, 0, spelling)
    assert error.place.endswith("/area_aliases.csv:4") and "622" in error.message_vi
    assert re.search(r"areas\.csv dòng \d+", error.message_vi) or "area_aliases.csv dòng 2" in error.message_vi


# ---------------------------------------------------------------- the outline and the rules, word by word

OUTLINE_SLIPS = [
    ("kinds: [department_unit]", "kinds: [department_unt]", "department_unit"),
    ("sections: [CNTT]", "sections: [CNT]", "CNTT"), ("speaks: item", "speaks: itme", "item"),
    ("speaks: item", "speak: item", "speaks"), ("number: I\n", "number: 1\n", ""), ("named: true", "named: có", ""),
    ("heading: Lĩnh vực công", "headin: Lĩnh vực công", "heading"), ("motto_line: Độc", "motto_state: Độc", ""),
    ("parts:\n", "part:\n", "parts"),
]


@pytest.mark.parametrize(("right", "wrong", "meant"), OUTLINE_SLIPS)
def test_a_slip_in_the_outline_is_refused_at_its_line(tmp_path: Path, right: str, wrong: str, meant: str) -> None:
    text = OUTLINE.read_text(encoding="utf-8")
    line = text[: text.index(right)].count("\n") + 1
    path = tmp_path / "outline.yml"
    path.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(CatalogueError) as raised:
        load_outline(path)
    assert raised.value.place == f"{path}:{line}"
    assert not meant or f"“{meant}”" in raised.value.message_vi


def test_every_word_of_the_outline_is_of_its_vocabulary() -> None:
    sections = {s for e in load_outline().entries for s in getattr(e, "sections", ())}
    kinds = {k for e in load_outline().entries for k in getattr(e, "kinds", ())}
    assert sections <= set(typing.get_args(SectionCode)) and kinds <= set(typing.get_args(SubmitterKind))


RULE_SLIPS = [
    ("severity: blocking", "severity: blockin", "blocking"), ("owner: submitter", "owner: submiter", "submitter"),
    ("at: [row", "at: [rwo", "row"), ("since: 2019-01", "since: 1/2019", ""), ("since: 2019-01", "since: 2019-13", ""),
    ("severity: blocking", "severty: blocking", "severity"),
    ("since: 2019-01\n", "since: 2019-01\n  since: 2019-02\n", ""),
]


@pytest.mark.parametrize(("right", "wrong", "meant"), RULE_SLIPS)
def test_a_slip_in_a_rule_is_refused_at_its_line(tmp_path: Path, right: str, wrong: str, meant: str) -> None:
    text = (RULES / "sums.yml").read_text(encoding="utf-8")
    line = text[: text.index(right)].count("\n") + 1 + wrong.count("since") // 2
    path = tmp_path / "sums.yml"
    path.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(CatalogueError) as raised:
        load_rules(tmp_path)
    assert raised.value.place == f"{path}:{line}"
    assert not meant or f"“{meant}”" in raised.value.message_vi


@pytest.mark.parametrize("data", [b"\xff\xfe", b"- a: [", b"a: 1", b"- 5", b"\xc4"])
def test_a_rule_file_that_is_none_is_a_sentence(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.yml").write_bytes(data)
    with pytest.raises(CatalogueError) as raised:
        load_rules(tmp_path)
    assert raised.value.place.startswith(str(tmp_path / "x.yml"))
