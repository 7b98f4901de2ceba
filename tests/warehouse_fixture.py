"""A real warehouse from a handful of records, for any test that needs figures.

    def test_something(build_warehouse):
        warehouse = build_warehouse([observation("vnpt", "622", "phone_subs_fixed", 5)])
        assert warehouse.rows("select value from marts.fct_figures where indicator_id = 'phone_subs_fixed'")

dbt runs as in production, in one process a session; the same records are built once (some two seconds).
Columns not given have ordinary values; see `whole_month` for a month in which nothing is missing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest

from flows.build import Builder, start_builder
from flows.build.inputs import BuildInputs
from flows.records import Decision, Observation, Receipt
from infra.catalogue import load_catalogue
from infra.settings import Settings, load_settings
from infra.warehouse import open_build

PERIOD = "2019-04"


@dataclass(frozen=True)
class BuiltWarehouse:
    """A finished build: `rows` asks it, `settings` and `build_id` hand it to the steps after it."""

    settings: Settings
    build_id: str
    period: str

    def rows(self, query: str, parameters: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        with open_build(self.settings, self.build_id) as connection:
            return connection.execute(query, list(parameters)).fetchall()

    def value(self, query: str, parameters: Iterable[Any] = ()) -> Any:
        rows = self.rows(query, parameters)
        assert len(rows) == 1, f"{len(rows)} rows where one was expected: {query}"
        return rows[0][0]


@pytest.fixture(scope="session")
def warehouse_builder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    """A builder with its dbt process, for the whole session."""
    builder = start_builder(load_settings(tmp_path_factory.mktemp("warehouse")))
    yield builder
    builder.stop()


@pytest.fixture(scope="session")
def build_warehouse(warehouse_builder: Builder) -> Callable[..., BuiltWarehouse]:
    """Build a warehouse from observations and, if they matter, receipts, decisions and the rest of `BuildInputs`."""

    def build(observations: Iterable[Observation], period: str = PERIOD, **records: Any) -> BuiltWarehouse:
        observations = tuple(observations)
        records.setdefault("receipts", receipts_of(observations))
        records.setdefault("catalogue", load_catalogue())
        records = {name: tuple(rows) if isinstance(rows, list) else rows for name, rows in records.items()}
        build_id = warehouse_builder.build_inputs(BuildInputs(period=period, observations=observations, **records))
        return BuiltWarehouse(warehouse_builder.settings, build_id, period)

    return build


def observation(
    submitter_id: str, area_code: str, indicator_id: str, value: int | str | None, period: str = PERIOD, **columns: Any
) -> Observation:
    """Return one observation of a submission of `period`; `value` None is a blank cell."""
    report_period = columns.pop("report_period", period)
    message = columns.pop("message", f"{submitter_id}-{report_period}.eml")
    cell = columns.pop("cell", "C1")
    key = "|".join((submitter_id, message, cell, indicator_id, period, area_code))
    indicator = load_catalogue().indicator_by_id.get(indicator_id.split("#")[0])
    text = "" if value is None else str(value)
    row = Observation(
        observation_id=hashlib.sha256(key.encode()).hexdigest()[:16],
        period=period,
        report_period=report_period,
        submitter_id=submitter_id,
        area_code=area_code,
        indicator_id=indicator_id,
        value=None if value is None else Decimal(text),
        unit_code=indicator.unit if indicator else "",
        obs_status="O" if value is None else "A",
        qualifier="",
        printed_decimals=len(text.partition(".")[2]),
        is_reported_total=False,
        receipt_id=f"r-{message}",
        message=message,
        file="bieu.xlsx",
        sheet="T4",
        cell=cell,
        raw_text=text,
    )
    return replace(row, **columns)


def whole_month(period: str = PERIOD) -> list[Observation]:
    """Return a month in which every source says something: 2 in each local area, 34 as a total."""
    catalogue = load_catalogue().at(period)
    rows = []
    for submitter_id, provisions in catalogue.provisions_by_submitter.items():
        own_area = catalogue.submitter_by_id[submitter_id].area_code
        for provision in provisions:
            if provision.detail == "by_district":
                places = [(area.area_code, 2) for area in catalogue.local_areas]
            else:
                places = [(own_area, 2 if provision.detail == "own_area" else 34)]
            rows += [observation(submitter_id, area, provision.indicator_id, value, period) for area, value in places]
    return rows


def without(observations: Iterable[Observation], **columns: Any) -> list[Observation]:
    """Return the observations that do not match all the given columns."""
    return [o for o in observations if any(getattr(o, name) != value for name, value in columns.items())]


def receipts_of(observations: Iterable[Observation]) -> tuple[Receipt, ...]:
    """Return a receipt in force for each message the observations stand in, sent on the 15th."""
    messages = {(o.receipt_id, o.report_period, o.message, o.submitter_id) for o in observations if o.receipt_id}
    return tuple(
        Receipt(
            receipt_id=receipt_id, period=period, message=message,
            sha256=hashlib.sha256(message.encode()).hexdigest(), sender_address=f"{submitter_id}@don-vi.example",
            submitter_id=submitter_id, subject="", sent_at=f"{period}-15T08:00:00+07:00",
            received_at=f"{period}-15T08:00:05+07:00", status="received",
        )
        for receipt_id, period, message, submitter_id in sorted(messages)
    )


def correction(target: Observation, value: str, decision_id: str = "d1", **columns: Any) -> Decision:
    """Return the decision to use `value` in place of what an observation says."""
    row = Decision(
        decision_id=decision_id, kind="correct", period=target.report_period, target=target.observation_id,
        value=value, basis="" if target.value is None else str(target.value), reason="Đơn vị xác nhận lại",
        person="Nguyễn Văn A", decided_at="2019-04-20T09:00:00+07:00",
    )
    return replace(row, **columns)


def supply(place: str, value: str, decision_id: str = "s1", **columns: Any) -> Decision:
    """Return the decision to use a figure nobody sent; `place` is "period/submitter/area/indicator"."""
    row = Decision(
        decision_id=decision_id, kind="supply", period=place.split("/")[0], target=place, value=value, basis="",
        reason="Đơn vị báo qua điện thoại", person="Nguyễn Văn A", decided_at="2019-04-20T09:00:00+07:00",
    )
    return replace(row, **columns)


__all__ = [
    "BuiltWarehouse", "build_warehouse", "correction", "observation", "receipts_of", "supply",
    "warehouse_builder", "whole_month", "without",
]
