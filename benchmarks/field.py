"""How well the mailboxes of the field data are read: each month received and read as a real one, then compared.

`python -m benchmarks.field` prints one line a bar and a month and ends with 1 when a bar is missed. Without the
field data beside the project it says so and ends with 0.
"""

from __future__ import annotations

import csv
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from flows.records import DocumentReading, IntakeFinding, Observation
from infra.settings import PROJECT, load_settings

FIELD = PROJECT.parent / "shared" / "field"
RIGHT_SHARE = Decimal("0.995")
FALSE_SHARE = Decimal("0.05")
USE_OF_STATUS = {"in_force": "yes", "superseded": "superseded", "duplicate": "duplicate", "rejected": "rejected"}
Row = dict[str, str]
Figure = tuple[str, ...]


@dataclass
class Score:
    """What one month's reading was worth. Lists hold what is wrong, for the eye."""

    period: str
    n_true: int = 0
    n_right: int = 0
    wrong: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    invented: list[str] = field(default_factory=list)
    wrong_use: list[str] = field(default_factory=list)
    n_planted: int = 0
    planted_missed: list[str] = field(default_factory=list)
    n_messages: int = 0
    false_messages: list[str] = field(default_factory=list)
    n_items: int = 0
    items_missed: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def passes(self) -> bool:
        """Tell whether every bar of the month is met."""
        return (
            self.n_right >= RIGHT_SHARE * self.n_true
            and not (self.wrong or self.invented or self.planted_missed)
            and len(self.false_messages) <= FALSE_SHARE * self.n_messages
        )


def main() -> int:
    """Score every month of the field data and print the result."""
    months = sorted(path for path in FIELD.glob("20??-??")) if FIELD.is_dir() else []
    if not months:
        print("The field data is not beside the project: nothing to score.")
        return 0
    scores = [score_month(folder) for folder in months]
    for score in scores:
        print("\n".join(_lines(score)))
    from benchmarks.reading import FACTOR, compare_field

    speed = compare_field()
    print(speed)
    return 0 if all(score.passes for score in scores) and speed.factor >= FACTOR else 1


def score_month(folder: Path) -> Score:
    """Receive and read one mailbox in a new home, and compare with what is known of it."""
    score = Score(folder.name)
    with tempfile.TemporaryDirectory() as home:
        began = time.perf_counter()
        readings = read_mailbox(folder, Path(home))
        score.seconds = time.perf_counter() - began
    findings = [finding for reading in readings for finding in reading.reading.findings]
    _score_figures(score, _rows(folder / "truth.csv"), readings, findings)
    _score_findings(score, _rows(folder / "planted.csv"), findings, len(list(folder.glob("*.eml"))))
    _score_items(score, _rows(folder / "narrative.csv"), readings, _twins(folder))
    return score


def read_mailbox(folder: Path, home: Path) -> list[DocumentReading]:
    """Receive and read one folder of messages with stores of its own."""
    from flows.progress import Progress
    from flows.steps import Inbox, read_submissions, receive_submissions

    settings = replace(load_settings(home), authserv_id="", inbox_trusted="by_hand")  # no mail server of ours saw them
    inbox = Inbox(folder.name, folder, settings, Progress())
    return read_submissions(inbox, receive_submissions(inbox))


def _score_figures(
    score: Score, truth: list[Row], readings: list[DocumentReading], findings: list[IntakeFinding]
) -> None:
    marked = {(f.message, f.file, _place(f.cell)) for f in findings if f.cell}
    read = [o for reading in readings for o in reading.reading.observations]
    left = Counter(_figure(o) for o in read)
    use_of = {_figure(o): USE_OF_STATUS[o.use_status] for o in read}
    at_place = {_at(_figure(o)): o for o in read}
    for row in truth:
        figure = _true_figure(row)
        is_right = left[figure] > 0
        left[figure] -= is_right
        if is_right and use_of[figure] != row["use"]:
            score.wrong_use.append(f"{row['use']} → {use_of[figure]}: {' '.join(figure)}")
        if row["use"] != "yes":
            continue
        score.n_true += 1
        score.n_right += is_right
        if not is_right:
            other = at_place.get(_at(figure))
            is_marked = (row["message"], row["file"], _place(row["cell_or_place"])) in marked
            text = f"{' '.join(figure)}" + (f" read as {other.value}" if other else "")
            (score.wrong if other and not is_marked else score.missed).append(text)
    known_places = {_at(_true_figure(row)) for row in truth}
    for observation in read:
        figure = _figure(observation)
        is_marked = (observation.message, observation.file, _place(observation.cell)) in marked
        if left[figure] > 0 and not is_marked and _at(figure) not in known_places:
            score.invented.append(" ".join(figure))


def _score_findings(score: Score, planted: list[Row], findings: list[IntakeFinding], n_messages: int) -> None:
    """Check every planted defect of a file; a finding on a message without any planted line is a false one."""
    intake = [row for row in planted if row["rules"] == "intake" or row["kind"] == "missing_submission"]
    reported = {(f.message, f.kind) for f in findings} | {(f.submitter_id, f.kind) for f in findings}
    score.n_planted = len(intake)
    score.planted_missed = [
        f"{row['message']} {row['kind']} ({row['submitter_id']})"
        for row in intake
        if (row["message"] or row["submitter_id"], row["kind"]) not in reported
    ]
    touched = {row["message"] for row in planted} | {f.message for f in findings if not f.message.endswith(".eml")}
    score.n_messages = n_messages - len({row["message"] for row in planted if row["message"]})
    false = sorted({(f.message, f.kind) for f in findings if f.severity != "note" and f.message not in touched})
    score.false_messages = [f"{message} {kind}" for message, kind in false if message]


def _twins(folder: Path) -> dict[str, str]:
    """Return the message that stands for each message: the same bytes under two names are one."""
    first: dict[bytes, str] = {}
    return {path.name: first.setdefault(path.read_bytes(), path.name) for path in sorted(folder.glob("*.eml"))}


def _score_items(
    score: Score, narrative: list[Row], readings: list[DocumentReading], twins: dict[str, str]
) -> None:
    """Compare work items by message, part, section and words."""
    read = {
        (item.message, item.part, item.section, _words(item.text))
        for reading in readings
        for item in reading.reading.narrative_items
    }
    for row in narrative:
        score.n_items += 1
        if (twins[row["message"]], row["part"], row["section"], _words(row["text"])) not in read:
            score.items_missed.append(f"{row['message']} {row['part']} {row['section']} {row['text'][:60]}")


def _figure(o: Observation) -> Figure:
    value = "" if o.value is None else f"{o.value.normalize():f}"
    return (
        o.message,
        o.file,
        _place(o.cell),
        o.submitter_id,
        o.area_code,
        o.indicator_id,
        o.period,
        value,
        o.qualifier,
    )


def _true_figure(row: Row) -> Figure:
    value = f"{Decimal(row['value']).normalize():f}" if row["value"] else ""
    keys = ("submitter_id", "area_code", "indicator_id", "period")
    place = _place(row["cell_or_place"])
    return (row["message"], row["file"], place, *(row[key] for key in keys), value, row["qualifier"])


def _at(figure: Figure) -> Figure:
    """Return what a figure is, without its value and qualifier."""
    return figure[:7]


def _place(place: str) -> str:
    """Return a place for comparison; inside a PDF the document is place enough."""
    return "pdf" if place.startswith("pdf") else place


def _words(text: str) -> str:
    return " ".join(text.lower().replace("- ", "").split()).strip(" .;")


def _rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _lines(score: Score) -> Iterator[str]:
    share = 100 * Decimal(score.n_right) / max(score.n_true, 1)
    yield f"{score.period}  read in {score.seconds:.1f} s  {'bars met' if score.passes else 'BARS MISSED'}"
    yield f"  figures right            {score.n_right} of {score.n_true} ({share:.2f} %, bar {100 * RIGHT_SHARE} %)"
    yield from _listed("missed", score.missed)
    yield from _listed("wrong without a finding", score.wrong)
    yield from _listed("invented", score.invented)
    yield from _listed("other use than in truth", score.wrong_use)
    yield f"  planted defects of files {score.n_planted - len(score.planted_missed)} of {score.n_planted}"
    yield from _listed("planted and not reported", score.planted_missed)
    yield from _listed(f"false findings on {score.n_messages} other messages", score.false_messages)
    yield f"  work items               {score.n_items - len(score.items_missed)} of {score.n_items}"
    yield from _listed("work items missed", score.items_missed)


def _listed(name: str, texts: Iterable[str], limit: int = 12) -> Iterator[str]:
    texts = list(texts)
    yield f"  {name:<24} {len(texts)}"
    yield from (f"      {text}" for text in texts[:limit])


if __name__ == "__main__":
    sys.exit(main())
