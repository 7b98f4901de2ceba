"""What a document as a whole should be: no figure that its sender provides left out, none stated in two ways."""

from __future__ import annotations

from collections.abc import Iterable

from flows.read.document import ReadContext
from flows.read.observations import make_finding
from flows.records import IntakeFinding, Observation
from infra.catalogue import Catalogue, Provision


def missing_labels(
    in_tables: Iterable[Observation], in_document: Iterable[Observation], context: ReadContext
) -> list[IntakeFinding]:
    """Return a finding for each figure that the tables of this document should have had.

    A figure is expected here when the sender provides it and the same tables give another figure of the same
    section in the same detail: a sender may spread sections over several files, not one table's columns.
    A form by commune need not have every figure of its district.

    Args:
        in_tables: What the tables of the document gave.
        in_document: Everything the document gave, prose included.
        context: Whose document it is.
    """
    if context.submitter is None:
        return []
    provided = context.catalogue.provisions_by_submitter.get(context.submitter.submitter_id, ())
    in_tables = list(in_tables)
    if any(is_below_local_area(o.area_code, context.catalogue) for o in in_tables):
        return []
    given = {o.indicator_id for o in in_tables if o.period == context.report_period}
    said = {o.indicator_id for o in in_document}
    kinds = {_kind(p, context) for p in provided if p.indicator_id in given}
    return [
        _missing(p, context)
        for p in provided
        if p.role == "source" and p.indicator_id not in said and _kind(p, context) in kinds
    ]


def conflicts(in_tables: Iterable[Observation], context: ReadContext) -> list[IntakeFinding]:
    """Return a finding for each figure that the tables of one document state again with another value."""
    first: dict[tuple[str, str, str], Observation] = {}
    findings = []
    for observation in in_tables:
        key = (observation.indicator_id, observation.area_code, observation.period)
        before = first.setdefault(key, observation)
        if None in (before.value, observation.value) or before.value == observation.value:
            continue
        place = " ".join(filter(None, (before.sheet, before.cell)))
        findings.append(
            make_finding(
                context,
                "conflicting_figures",
                "warning",
                f"Số {observation.raw_text} khác số {before.raw_text} ở {place} của cùng chỉ tiêu và địa bàn.",
                sheet=observation.sheet,
                cell=observation.cell,
                remedy_vi="Cho biết số nào đúng, hoặc sửa nhãn nếu đó là hai chỉ tiêu khác nhau.",
                raw_text=observation.raw_text,
            )
        )
    return findings


def is_below_local_area(area_code: str, catalogue: Catalogue) -> bool:
    """Tell whether an area is a part of a local area: a commune while there were districts."""
    area = catalogue.area_by_code.get(area_code)
    return area is not None and area.parent_code not in ("", catalogue.province.area_code)


def _kind(provision: Provision, context: ReadContext) -> tuple[str, str]:
    indicator = context.catalogue.indicator_by_id.get(provision.indicator_id)
    section = indicator.section if indicator and provision.detail == "total" else ""
    return provision.detail, section


def _missing(provision: Provision, context: ReadContext) -> IntakeFinding:
    indicator = context.catalogue.indicator_by_id[provision.indicator_id]
    return make_finding(
        context,
        "missing_label",
        "warning",
        f"Biểu không có chỉ tiêu “{indicator.label_vi}” mà đơn vị phải báo cáo.",
        remedy_vi="Bổ sung cột hoặc dòng đó; nếu biểu gọi tên khác, thêm một dòng vào labels.csv.",
        raw_text=indicator.label_vi,
    )
