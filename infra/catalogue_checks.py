"""What must hold between the rows of the catalogue: known ids, no overlaps, words that fit the row's kind.

Each check names the first row that breaks it, with file and line.
"""

from __future__ import annotations

import typing
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from typing import Any

from infra.catalogue_cells import ENDLESS
from infra.catalogue_files import Table
from infra.catalogue_words import IndicatorSuffix, LabelRole, PartNumber, SectionCode, unknown_word

Tables = dict[str, Table]
MAY_BE_EMPTY = {"area_aliases"}
PARENT_LEVELS = {"province": ("",), "district": ("province",), "commune": ("district", "province")}
CODE_LENGTH = {"province": 2, "district": 3, "commune": 5}
LOCAL_OFFICES = {"district": "huyện", "commune": "xã"}  # kinds of submitters named after the level of their area
REPORT = "report"  # the context of a phrase that stands only in the published report


def check_tables(tables: Tables) -> None:
    """Check all tables together.

    Raises:
        CatalogueError: With file and line of the row that does not fit.
    """
    for check in CHECKS:
        check(tables)


def _check_filled(tables: Tables) -> None:
    for name, table in tables.items():
        if not table.rows and name not in MAY_BE_EMPTY:
            raise table.error(1, "tệp không có dòng nào dưới dòng tiêu đề", "there is no row below the header")


def _check_spans(tables: Tables) -> None:
    for table in tables.values():
        for line, row in table.numbered():
            start, end = _span(row)
            if start > end:
                raise table.error(line, f"valid_to {end} đứng trước valid_from {start}",
                                  f"valid_to {end} is before valid_from {start}")


def _check_overlaps(tables: Tables) -> None:
    for table in tables.values():
        keys = ((line, row, tuple(getattr(row, name) for name in row.KEY)) for line, row in table.numbered())
        _no_two_at_once(table, keys, "trùng khóa hoặc chồng thời hạn", "duplicate or overlapping")


def _check_references(tables: Tables) -> None:
    indicators, areas = _ids(tables, "indicators"), _ids(tables, "areas")
    for name in ("provisions", "definitions"):
        _check_known(tables[name], "indicator_id", indicators)
    for name in ("submitters", "area_aliases"):
        _check_known(tables[name], "area_code", areas)
    _check_known(tables["areas"], "parent_code", areas | {""})
    _check_known(tables["provisions"], "provider", _providers(tables))
    _check_known(tables["indicators"], "unit", {row.unit for row in tables["units"].rows})


def _check_meanings(tables: Tables) -> None:
    """A label means an indicator, a part of one ("x#run") or a role of its column; a phrase no role."""
    meanings = {"", *_ids(tables, "indicators")}
    meanings |= {f"{name}#{suffix}" for name in meanings if name for suffix in typing.get_args(IndicatorSuffix)}
    _check_known(tables["phrases"], "indicator_id", meanings)
    _check_known(tables["labels"], "indicator_id", meanings | set(typing.get_args(LabelRole)))
    for line, row in tables["phrases"].numbered():
        if not row.indicator_id and row.kind not in ("none", "change"):
            raise tables["phrases"].error(line, f"cột indicator_id để trống mà kind là “{row.kind}”",
                                          f"column indicator_id is blank for kind {row.kind!r}")


def _check_contexts(tables: Tables) -> None:
    providers = _providers(tables)
    _check_known(tables["labels"], "context", providers | {""})
    for line, row in tables["phrases"].numbered():
        for context in row.context:
            _check_one(tables["phrases"], line, "context", context, providers | {REPORT})


def _check_wordings(tables: Tables) -> None:
    table = tables["narrative_wordings"]
    sections = set(typing.get_args(SectionCode))
    targets = {"part": set(typing.get_args(PartNumber)), "closing": {""}}
    for line, row in table.numbered():
        _check_one(table, line, "target", row.target, targets.get(row.kind, sections))
        if row.kind == "submitter":
            _check_one(table, line, "wording", row.wording, _providers(tables))


def _check_areas(tables: Tables) -> None:
    table = tables["areas"]
    level = {row.area_code: row.area_level for row in table.rows}
    for line, row in table.numbered():
        if len(row.area_code) != CODE_LENGTH[row.area_level] or not row.area_code.isdecimal():
            raise table.error(line, f"cột area_code: “{row.area_code}” không đủ {CODE_LENGTH[row.area_level]} chữ số",
                              f"column area_code: {row.area_code!r} is no code of a {row.area_level}")
        if level.get(row.parent_code, "") not in PARENT_LEVELS[row.area_level]:
            raise table.error(line, f"cột parent_code: “{row.parent_code}” không phải cấp trên của {row.area_code}",
                              f"column parent_code: {row.parent_code!r} is not above {row.area_code}")


def _check_submitters(tables: Tables) -> None:
    table = tables["submitters"]
    level = {row.area_code: row.area_level for row in tables["areas"].rows}
    for line, row in table.numbered():
        if row.submitter_kind in LOCAL_OFFICES and level[row.area_code] != row.submitter_kind:
            vi = LOCAL_OFFICES[row.submitter_kind]
            raise table.error(line, f"cột area_code: đơn vị cấp {vi} mà địa bàn {row.area_code} không phải {vi}",
                              f"column area_code: a {row.submitter_kind} whose area {row.area_code} is none")
    for line, row in table.numbered():
        if bool(row.relays) != (row.proof_level == "known_relay"):
            raise table.error(line, f"cột relays: cần tên miền khi và chỉ khi proof_level là known_relay, "
                                    f"đang là “{row.proof_level}”",
                              "column relays: domains are needed for known_relay, and for nothing else")
    senders = ((line, row, (address.lower(),)) for line, row in table.numbered() for address in row.addresses)
    _no_two_at_once(table, senders, "địa chỉ thư của hai đơn vị", "a mail address of two submitters")


def _check_recipients(tables: Tables) -> None:
    table = tables["recipients"]
    for line, row in table.numbered():
        if row.channel == "email" and not row.addresses:
            raise table.error(line, "cột addresses để trống mà channel là email",
                              "column addresses is blank for channel email")


def _check_bounds(tables: Tables) -> None:
    table = tables["indicators"]
    for line, row in table.numbered():
        low, high = row.lower_bound, row.upper_bound
        if low is not None and high is not None and low > high:
            raise table.error(line, f"lower_bound {low} lớn hơn upper_bound {high}",
                              f"lower_bound {low} is above upper_bound {high}")


def _check_units(tables: Tables) -> None:
    table = tables["units"]
    unit_of: dict[str, str] = {}
    for line, row in table.numbered():
        if unit_of.setdefault(row.unit_code, row.unit) != row.unit:
            raise table.error(line, f"mã {row.unit_code} đã dùng cho đơn vị “{unit_of[row.unit_code]}”",
                              f"unit_code {row.unit_code} already stands for {unit_of[row.unit_code]!r}")


def _check_definitions(tables: Tables) -> None:
    """A derived indicator has one current formula at a time, and nothing that is summed has one."""
    table = tables["definitions"]
    current = ((line, row, (row.indicator_id,)) for line, row in table.numbered() if row.is_current)
    _no_two_at_once(table, current, "hai công thức hiện hành của một chỉ tiêu", "two current formulas")
    defined = {row.indicator_id for row in table.rows if row.is_current}
    indicators = tables["indicators"]
    for line, row in indicators.numbered():
        if row.aggregation == "derived" and row.indicator_id not in defined:
            raise indicators.error(line, f"cột aggregation: derived mà {row.indicator_id} không có công thức hiện hành",
                                   f"column aggregation: derived, but {row.indicator_id} has no current formula")
        if row.aggregation == "sum_submitters" and row.indicator_id in defined:
            raise indicators.error(line, f"cột aggregation: sum_submitters mà {row.indicator_id} có công thức",
                                   f"column aggregation: sum_submitters, but {row.indicator_id} has a formula")


def _check_coverage(tables: Tables) -> None:
    """On every day on which a derived indicator is valid, a current formula of it is in force."""
    formulas: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
    for line, row in tables["definitions"].numbered():
        if row.is_current:
            formulas[row.indicator_id].append((*_span(row), line))
    for row in tables["indicators"].rows:
        spans = sorted(formulas[row.indicator_id])
        gap = _gap(_span(row), spans) if row.aggregation == "derived" else None
        if gap:
            day, line = gap
            raise tables["definitions"].error(
                line, f"chỉ tiêu {row.indicator_id} có hiệu lực mà từ ngày {day} không có công thức hiện hành nào",
                f"from {day} on the valid indicator {row.indicator_id} has no current formula in force")


def _gap(valid: tuple[str, str], spans: list[tuple[str, str, int]]) -> tuple[str, int] | None:
    """Return the first day of `valid` that no span holds, and the line of the span after it, or of the last."""
    day, end = valid
    for start, last, line in spans:
        if start > day:
            return day, line
        if last >= end:
            return None
        day = max(day, (date.fromisoformat(last) + timedelta(days=1)).isoformat())
    return day, spans[-1][2]


def _check_regimes(tables: Tables) -> None:
    table = tables["reporting_regimes"]
    defaults = ((line, row, (True,)) for line, row in table.numbered() if row.is_default)
    _no_two_at_once(table, defaults, "hai chế độ báo cáo mặc định", "two default regimes")


def _check_one_at_a_time(tables: Tables) -> None:
    """One department publishes at a time, and there is one province."""
    departments = ((line, row, ()) for line, row in tables["departments"].numbered())
    _no_two_at_once(tables["departments"], departments, "hai Sở ban hành cùng lúc", "two departments publish")
    areas = tables["areas"]
    provinces = ((line, row, ()) for line, row in areas.numbered() if row.area_level == "province")
    _no_two_at_once(areas, provinces, "hai tỉnh cùng lúc", "two provinces")


def _no_two_at_once(table: Table, keyed: Iterator[tuple[int, Any, tuple[Any, ...]]], vi: str, en: str) -> None:
    seen: dict[tuple[Any, ...], list[tuple[str, str, int]]] = {}
    for line, row, key in keyed:
        start, end = _span(row)
        for other_start, other_end, other_line in seen.get(key, []):
            if start <= other_end and other_start <= end:
                raise table.error(line, f"{vi} (cùng dòng {other_line}): {key}", f"{en} with line {other_line}: {key}")
        seen.setdefault(key, []).append((start, end, line))


def _check_known(table: Table, column: str, known: set[str]) -> None:
    for line, row in table.numbered():
        _check_one(table, line, column, getattr(row, column), known)


def _check_one(table: Table, line: int, column: str, value: str, known: Iterable[str]) -> None:
    if value not in known:
        raise table.error(line, *unknown_word(column, value, known))


def _span(row: Any) -> tuple[str, str]:
    return getattr(row, "valid_from", ""), getattr(row, "valid_to", "") or ENDLESS


def _ids(tables: Tables, name: str) -> set[str]:
    return {getattr(row, row.KEY[0]) for row in tables[name].rows}


def _providers(tables: Tables) -> set[str]:
    rows = tables["submitters"].rows
    return {row.submitter_id for row in rows} | {row.submitter_kind for row in rows}


CHECKS: tuple[Callable[[Tables], None], ...] = (
    _check_filled,
    _check_spans,
    _check_overlaps,
    _check_areas,
    _check_references,
    _check_meanings,
    _check_contexts,
    _check_wordings,
    _check_submitters,
    _check_recipients,
    _check_bounds,
    _check_units,
    _check_definitions,
    _check_coverage,
    _check_regimes,
    _check_one_at_a_time,
)
