"""What moved between two editions: figure by figure, and in one sentence for the head of the report."""

from __future__ import annotations

from dataclasses import dataclass

from infra.csv_text import read_csv, write_csv
from infra.vietnamese import figure_text

KEY = ("REF_AREA", "REPORTING_UNIT", "INDICATOR")
SHOWN = ("OBS_VALUE", "QUALIFIER", "OBS_STATUS")
HEADER = ("TIME_PERIOD", *KEY, "FORMER_VALUE", "VALUE")


@dataclass(frozen=True, slots=True)
class Change:
    """One figure that moved; `former` or `current` is empty where it appears or disappears."""

    area_code: str
    submitter_id: str
    indicator_id: str
    former: str
    current: str

    @property
    def is_provincial(self) -> bool:
        return self.submitter_id == "_T" and "+" not in self.area_code and len(self.area_code) == 2


def find_changes(former_extract: bytes, extract: bytes) -> list[Change]:
    """Return the figures that differ between two extracts, in the order of the newer one."""
    before, after = _by_key(former_extract), _by_key(extract)
    keys = [*after, *(key for key in before if key not in after)]
    return [
        Change(*key, before.get(key, ""), after.get(key, ""))
        for key in keys
        if before.get(key, "") != after.get(key, "")
    ]


def changes_csv(period: str, changes: list[Change]) -> bytes:
    """Return the list of changes as a CSV file."""
    rows = [(period, c.area_code, c.submitter_id, c.indicator_id, c.former, c.current) for c in changes]
    return write_csv(HEADER, rows)


def changes_sentence(number: int, changes: list[Change], labels: dict[str, str]) -> str:
    """Return what a later edition says about the former one, naming the provincial figures that moved."""
    moved = [
        f"{labels.get(c.indicator_id, c.indicator_id)} (trước: {figure_text(c.former)}; nay: {figure_text(c.current)})"
        for c in changes
        if c.is_provincial
    ]
    what = (
        f"các số liệu toàn tỉnh thay đổi: {'; '.join(moved)}" if moved else "không có số liệu toàn tỉnh nào thay đổi"
    )
    return f"(Phát hành lần {number}, thay thế lần {number - 1}; {what}.)"


def _by_key(extract: bytes) -> dict[tuple[str, str, str], str]:
    rows = {}
    for row in read_csv(extract):
        text = " ".join(part for part in (row[name] for name in SHOWN) if part and part != "A")
        rows[row["REF_AREA"], row["REPORTING_UNIT"], row["INDICATOR"]] = text
    return rows
