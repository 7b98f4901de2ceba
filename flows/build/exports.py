"""Rows of a warehouse for other programs: observations, provincial figures, and the trace of one figure."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from infra.warehouse import fetch

OBSERVATION_COLUMNS = (
    "observation_id", "period", "submitter_id", "area_code", "indicator_id", "value", "unit", "obs_status", "qualifier",
    "message", "file", "sheet", "cell", "raw_text",
)
FIGURE_COLUMNS = ("period", "indicator_id", "value", "unit", "qualifier")
TRACE_COLUMNS = (
    "period", "indicator_id", "submitter_id", "area_code", "value", "reported_value", "decision_id",
    "message", "file", "sheet", "cell", "raw_text", "document_sha256", "observation_id",
)

Row = tuple[str, ...]


def observation_rows(connection: Any, period: str) -> list[Row]:
    """Return the observations in force that the submissions of `period` hold, in the order of the files.

    What a form states about the month before has that month in its `period`. `value` is the figure after
    decisions, "" where nothing was reported; `unit` is the indicator's.
    """
    return _rows(connection, f"""
        select {_listed('observations', OBSERVATION_COLUMNS, unit="coalesce(indicators.unit, '')")}
        from marts.fct_observations as observations
        left join marts.dim_indicators as indicators
            on split_part(observations.indicator_id, '#', 1) = indicators.indicator_id
        where observations.report_period = ? and observations.is_in_force
        order by observations.message, observations.file, observations.sheet, length(observations.cell),
            observations.cell, observations.indicator_id, observations.observation_id
    """, [period])


def figure_rows(connection: Any, period: str) -> list[Row]:
    """Return the provincial figures of `period` that have a value, in print order."""
    return _rows(connection, f"""
        select {_listed('figures', FIGURE_COLUMNS)}
        from marts.fct_figures as figures
        left join marts.dim_indicators as indicators on figures.indicator_id = indicators.indicator_id
        where figures.period = ? and figures.value is not null
        order by indicators.print_order, figures.indicator_id
    """, [period])


def trace_rows(connection: Any, period: str, indicator_id: str) -> list[Row]:
    """Return every cell behind one provincial figure, through formulas too; empty when there is none."""
    return _rows(connection, f"""
        select {_listed('observations', TRACE_COLUMNS)}
        from marts.fct_figure_sources as sources
        inner join marts.fct_observations as observations on sources.observation_id = observations.observation_id
        where sources.period = ? and sources.indicator_id = ?
        order by observations.indicator_id, observations.submitter_id, observations.area_code
    """, [period, indicator_id])


def plain_number(value: Decimal | None) -> str:
    """Return a figure without exponent or trailing zeros, "" for none: 1000, 0.5, 88.59."""
    if value is None:
        return ""
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def _listed(table: str, columns: tuple[str, ...], **expressions: str) -> str:
    return ", ".join(expressions.get(name, f"{table}.{name}") for name in columns)


def _rows(connection: Any, query: str, parameters: list[str]) -> list[Row]:
    return [tuple(_text(cell) for cell in row) for row in fetch(connection, query, *parameters)]


def _text(cell: Any) -> str:
    return plain_number(cell) if isinstance(cell, Decimal) or cell is None else str(cell)
