"""The footnotes of a report: why a figure is not whole, or is published although a check failed."""

from __future__ import annotations

from flows.publish.report_data import Figure, ReportData
from flows.records import Decision, Finding
from infra.vietnamese import day_text


class Notes:
    """Numbers footnotes as they are called; the same reason keeps its number."""

    def __init__(self, data: ReportData) -> None:
        self._data = data
        self._reasons = waiver_reasons(data)
        self.texts: list[str] = []

    def number_of(self, figure: Figure) -> int:
        """Return the number of the footnote this figure needs, 0 for none."""
        reasons = (self._missing_text(figure), self._waiver_text(figure), self._break_text(figure))
        text = " ".join(part for part in reasons if part)
        if not text:
            return 0
        if text not in self.texts:
            self.texts.append(text)
        return self.texts.index(text) + 1

    def _missing_text(self, figure: Figure) -> str:
        names = self._data.missing_names(figure)
        if figure.completeness == "not_reported":
            return f"Chưa có đơn vị nào báo cáo số liệu này{f' ({names})' if names else ''}."
        if figure.completeness == "incomplete":
            return f"Số liệu chưa đầy đủ: chưa có báo cáo của {names or 'một số đơn vị'}."
        return ""

    def _waiver_text(self, figure: Figure) -> str:
        reasons = "; ".join(reason.strip().rstrip(".") for reason in self._reasons.get(figure.indicator_id, ()))
        return f"Số liệu còn chênh lệch, được chấp nhận công bố với lý do: {reasons}." if reasons else ""

    def _break_text(self, figure: Figure) -> str:
        return break_text(self._data) if figure.value is not None and figure.previous_status == "B" else ""


def break_text(data: ReportData) -> str:
    """Return why the figures of the first month of a series are compared with no month before it."""
    province = data.catalogue.province
    name = f"{province.area_name[:1].lower()}{province.area_name[1:]}"
    return (f"Gián đoạn chuỗi số liệu (mã B): từ ngày {day_text(province.valid_from)} số liệu tính theo địa giới mới "
            f"của {name}, không so sánh với các tháng trước.")


def waiver_reasons(data: ReportData) -> dict[str, tuple[str, ...]]:
    """Return for each published indicator the reasons of the waivers that touch a cell behind it.

    A cell is behind its own indicator and behind every ratio and sum computed from it.
    """
    published: dict[str, set[str]] = {}
    for row in data.sources:
        published.setdefault(row.observation_id, set()).add(row.indicator_id)
    reasons: dict[str, list[str]] = {}
    for finding, decision in open_waivers(data):
        for cell in finding.cells:
            for indicator_id in published.get(cell.observation_id, set()) | {cell.indicator_id}:
                reasons.setdefault(indicator_id, []).append(decision.reason)
    return {name: tuple(dict.fromkeys(texts)) for name, texts in reasons.items()}


def open_waivers(data: ReportData) -> list[tuple[Finding, Decision]]:
    """Return the waived findings, each with the decision that waives it."""
    decisions = {row.target: row for row in data.decisions if row.kind == "waive"}
    return [
        (finding, decisions[finding.finding_id])
        for finding in data.findings
        if finding.decision == "waived" and finding.finding_id in decisions
    ]
