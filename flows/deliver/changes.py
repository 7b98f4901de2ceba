"""What a later edition changed, for the letter: provincial figures by name, then the files."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from flows.deliver.message import outputs_for
from flows.records import Edition, Output
from infra.vietnamese import figure_text

if TYPE_CHECKING:
    from infra.archive import Archive
    from infra.catalogue import Catalogue

# A file of the edition is its list of changes when it has these columns; its name is the publisher's affair.
COLUMNS = {"REF_AREA", "REPORTING_UNIT", "INDICATOR", "FORMER_VALUE", "VALUE"}
ALL_UNITS = "_T"
SHOWN_FIGURES = 20


def describe_changes(archive: Archive, catalogue: Catalogue, former: Edition, edition: Edition) -> list[str]:
    """Return one line a provincial figure that moved since `former`, then one a file that did."""
    # The list of changes is against the edition just before, which may have reached nobody.
    listed = edition.outputs if former.number == edition.number - 1 else ()
    rows = [row for output in listed for row in _change_rows(archive, output)]
    provincial = [row for row in rows if row["REPORTING_UNIT"] == ALL_UNITS
                  and row["REF_AREA"] == catalogue.province.area_code]
    lines = [_figure_line(row, catalogue) for row in provincial[:SHOWN_FIGURES]]
    if len(rows) > len(lines):
        lines.append(f"và {len(rows) - len(lines)} số liệu khác (theo huyện, theo đơn vị), xem tệp thay đổi kèm theo")
    return lines + _file_lines(former, edition) or ["không có gì thay đổi"]


def _change_rows(archive: Archive, output: Output) -> list[dict[str, str]]:
    if not output.name.lower().endswith(".csv"):
        return []
    reader = csv.DictReader(archive.get(output.sha256).decode("utf-8-sig").splitlines())
    return list(reader) if set(reader.fieldnames or ()) >= COLUMNS else []


def _figure_line(row: dict[str, str], catalogue: Catalogue) -> str:
    indicator = catalogue.indicator_by_id.get(row["INDICATOR"])
    label, unit = (indicator.label_vi, indicator.unit) if indicator else (row["INDICATOR"], "")
    return f"{label}: trước {figure_text(row['FORMER_VALUE'])}, nay {figure_text(row['VALUE'])} {unit}".rstrip()


def _file_lines(former: Edition, edition: Edition) -> list[str]:
    """Return which of the files that recipients get are new, other or gone."""
    before = {output.name: output.sha256 for output in outputs_for(former, "email")}
    now = {output.name: output.sha256 for output in outputs_for(edition, "email")}
    kinds = {
        "tệp sửa": [name for name in now if name in before and before[name] != now[name]],
        "tệp thêm": [name for name in now if name not in before],
        "tệp bỏ": [name for name in before if name not in now],
    }
    return [f"{kind}: {', '.join(names)}" for kind, names in kinds.items() if names]
