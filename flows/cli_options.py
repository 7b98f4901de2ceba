"""What several commands take and share: the month, the home, the person, the reason, the form of a listing."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from infra.periods import check_period
from infra.settings import Settings, load_settings
from infra.statements import stated

TOLD: dict[str, str] = {}  # the home and the command that were given


class Format(StrEnum):
    """How rows are printed."""

    table = "table"
    csv = "csv"
    json = "json"


def known_month(period: str) -> str:
    """Return a month as it was given; refuse what is none."""
    if period:
        check_period(period)
    return period


def _known_home(home: str) -> str:
    TOLD["home"] = home or TOLD.get("home", "")
    return home


Period = Annotated[str, typer.Argument(help="Tháng báo cáo, như 2019-04 (the report month).", callback=known_month)]
PeriodOption = Annotated[
    str, typer.Option("--period", help="Tháng báo cáo, như 2019-04 (the report month).", callback=known_month)
]
HomeOption = Annotated[
    str, typer.Option("--home", help="Thư mục của mọi dữ liệu (folder of all state).", callback=_known_home)
]


def _person(text: str) -> str:
    return stated(text, "người quyết định", "--by")


def _reason(text: str) -> str:
    return stated(text, "lý do", "--reason")


Person = Annotated[
    str, typer.Option("--by", help="Mã người quyết định trong people.csv (a steward's id).", callback=_person)
]
Reason = Annotated[str, typer.Option("--reason", help="Lý do (the reason).", callback=_reason)]
FormatOption = Annotated[Format, typer.Option("--format", help="table, csv hoặc json.")]


def settings_of(home: str = "") -> Settings:
    """Return the settings of a command: of the home it was given, here or before its name."""
    return load_settings(home or TOLD.get("home") or None)
