"""How every reader makes an observation and a finding, so that ids, units and places agree."""

from __future__ import annotations

import hashlib
from decimal import Decimal

from flows.read.document import ReadContext
from flows.read.numbers import ParsedNumber
from flows.records import IntakeFinding, Observation, Severity
from infra.catalogue import Catalogue

_UNIT_CODES: dict[int, tuple[Catalogue, dict[str, str]]] = {}


def make_observation(
    context: ReadContext,
    parsed: ParsedNumber,
    *,
    indicator_id: str,
    area_code: str,
    cell: str,
    raw_text: str,
    sheet: str = "",
    period: str = "",
    is_reported_total: bool = False,
    row_label: str = "",
    column_label: str = "",
) -> Observation:
    """Return the observation of one figure. `parsed.value` is already in the indicator's unit.

    The id is the same at every reading of the same bytes: a hash of document, place, indicator, month, area.
    """
    period = period or context.report_period
    indicator = context.catalogue.indicator_by_id.get(indicator_id.split("#")[0])
    return Observation(
        observation_id=observation_id(context, sheet, cell, indicator_id, period, area_code),
        period=period,
        report_period=context.report_period,
        submitter_id=context.submitter.submitter_id if context.submitter else "",
        area_code=area_code,
        indicator_id=indicator_id,
        value=parsed.value,
        unit_code=unit_code(context.catalogue, indicator.unit) if indicator else "",
        obs_status=parsed.obs_status,
        qualifier=parsed.qualifier,
        printed_decimals=parsed.printed_decimals,
        is_reported_total=is_reported_total,
        receipt_id=context.receipt_id,
        message=context.message,
        file=context.file,
        sheet=sheet,
        cell=cell,
        raw_text=raw_text,
        row_label=row_label,
        column_label=column_label,
    )


def observation_id(context: ReadContext, sheet: str, cell: str, indicator_id: str, period: str, area_code: str) -> str:
    """Return the id of the figure that stands at one place of one document."""
    key = (context.document_sha256, context.file, sheet, cell, indicator_id, period, area_code)
    return hashlib.sha256("|".join(key).encode()).hexdigest()[:16]


def make_finding(
    context: ReadContext,
    kind: str,
    severity: Severity,
    message_vi: str,
    *,
    sheet: str = "",
    cell: str = "",
    remedy_vi: str = "",
    raw_text: str = "",
) -> IntakeFinding:
    """Return a finding about this document, at a place of it."""
    return IntakeFinding(
        period=context.report_period,
        receipt_id=context.receipt_id,
        message=context.message,
        file=context.file,
        sheet=sheet,
        cell=cell,
        kind=kind,
        severity=severity,
        submitter_id=context.submitter.submitter_id if context.submitter else "",
        message_vi=message_vi,
        remedy_vi=remedy_vi,
        raw_text=raw_text,
    )


def unit_code(catalogue: Catalogue, unit: str) -> str:
    """Return the code of an indicator's unit ("thuê bao" gives "subscriber")."""
    key = id(catalogue)
    if key not in _UNIT_CODES:  # the catalogue is kept with its codes, so that its id stays its own
        codes: dict[str, str] = {}
        for row in catalogue.units:
            if row.multiplier == Decimal(1):
                codes.setdefault(row.unit, row.unit_code)
        _UNIT_CODES[key] = (catalogue, codes)
    return _UNIT_CODES[key][1].get(unit, unit)
