"""The generated reference pages: commands, indicators, rules, catalogue. `--check` fails when one is stale."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from infra.catalogue import TABLES, load_catalogue

FOLDER = Path(__file__).parent / "reference"


def main() -> int:
    """Write every page, or with --check compare; return the exit code."""
    checking = "--check" in sys.argv
    stale = [name for name, page in PAGES.items() if _write(FOLDER / name, page(), checking)]
    if checking and stale:
        print(f"Stale reference pages: {', '.join(stale)}. Run `make docs` and commit the result.", file=sys.stderr)
    return 1 if checking and stale else 0


def _write(path: Path, text: str, checking: bool) -> bool:
    current = path.read_text(encoding="utf-8") if path.is_file() else ""
    if not checking and current != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return current != text


def commands_page() -> str:
    """Return one row per command of `tonghop`, with its first sentence."""
    import typer

    from flows.cli import app

    group = typer.main.get_group(app)
    lines = ["# Commands", "", "`tonghop COMMAND --help` lists the options.", ""]
    lines += ["| command | what it does |", "|---|---|"]
    lines += [f"| `tonghop {name}` | {(c.help or '').splitlines()[0]} |" for name, c in sorted(group.commands.items())]
    return "\n".join(lines) + "\n"


def indicators_page() -> str:
    """Return the dictionary of indicators, in printed order."""
    lines = ["# Indicators", "", "From `indicators.csv` and `definitions.csv` of the catalogue.", "",
             "| id | tiếng Việt | English | unit | kind | decimals | how the provincial figure comes about |",
             "|---|---|---|---|---|---|---|"]
    catalogue = load_catalogue()
    formulas = {d.indicator_id: d.expression for d in catalogue.definitions if d.is_current}
    for row in catalogue.indicators:
        how = f"`{formulas[row.indicator_id]}`" if row.indicator_id in formulas else "sum over its sources"
        lines.append(f"| `{row.indicator_id}` | {row.label_vi} | {row.label_en} | {row.unit} | {row.indicator_kind} "
                     f"| {row.decimals} | {how} |")
    return "\n".join(lines) + "\n"


def catalogue_page() -> str:
    """Return one row per catalogue table, with its key and what it declares."""
    lines = ["# Catalogue", "", "CSV tables in `dbt_project/seeds/catalogue/`, read by `infra/catalogue.py`.", "",
             "| table | key | what a row says |", "|---|---|---|"]
    for name, row_type in TABLES.items():
        summary = " ".join((row_type.__doc__ or "").split("\n\n")[0].split())
        key = ", ".join(f"`{column}`" for column in row_type.KEY)  # type: ignore[attr-defined]
        lines.append(f"| `{name}.csv` | {key} | {summary} |")
    return "\n".join(lines) + "\n"


def rules_page() -> str:
    """Return the page of rules as the rule language documents them."""
    from expectations.pages import rules_page as page_of

    return page_of(load_catalogue())


PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands_page,
    "indicators.md": indicators_page,
    "catalogue.md": catalogue_page,
    "rules.md": rules_page,
}

if __name__ == "__main__":
    sys.exit(main())
