"""A finding explained in text: what does not add up, what else follows from it, and how it could be mended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from flows.check.findings import CASES
from flows.records import Finding
from infra.derived import load_member
from infra.vietnamese import SEVERITY_VI, number_text

MOST_ROWS = 6


def read_cases(folder: Path) -> list[dict[str, Any]]:
    """Return the cases of a check, the most serious first; [] when there was none."""
    data = load_member(folder, CASES)
    return [] if data is None else list(json.loads(data))


def explain_finding(folder: Path, findings: Mapping[str, Finding], finding: Finding) -> str:
    """Return the text that `tonghop explain` prints: the finding, its case, its repairs, its impact."""
    case = next((c for c in read_cases(folder) if finding.finding_id in c["findings"]), None)
    lines = [
        f"{SEVERITY_VI[finding.severity].capitalize()} {finding.finding_id} ({finding.rule_id})",
        finding.message_vi,
        f"  {finding.message_en}",
    ]
    if case is None:
        return "\n".join(filter(None, [*lines, finding.repair_vi, finding.repair_en]))
    others = [findings[f] for f in case["findings"] if f != finding.finding_id and f in findings]
    lines += ["", f"Vụ việc {case['case_id']}: {len(case['findings'])} phát hiện cùng nguyên nhân."]
    lines += [f"  - {other.finding_id} {other.message_vi}" for other in others[:MOST_ROWS]]
    if len(others) > MOST_ROWS:
        lines.append(f"  … và {len(others) - MOST_ROWS} phát hiện khác.")
    lines += _repairs(case) + _impact(case)
    return "\n".join(lines)


def repair_words(repair: Mapping[str, Any], language: str = "vi") -> str:
    """Return one repair in words, "vi" or "en": each cell, what is written, what it would be, the slip."""
    return "; ".join(_change(change, language) for change in repair["changes"])


def _repairs(case: Mapping[str, Any]) -> list[str]:
    if not case["repairs"]:
        return ["", case["no_repair_vi"], f"  {case['no_repair_en']}"]
    lines = ["", "Các cách sửa làm mọi quy tắc liên quan đều khớp (dễ xảy ra nhất trước):"]
    for number, repair in enumerate(case["repairs"], start=1):
        lines.append(f"  {number}. {repair_words(repair)}")
    if case["repairs"][0]["is_open"]:
        lines.append("  Quy tắc không buộc một giá trị duy nhất; trên đây là các giá trị có thể do lỗi gõ thường gặp.")
    lines.append("Chưa có gì được sửa; cán bộ tổng hợp quyết định bằng “tonghop correct” hoặc hỏi lại đơn vị gửi.")
    return lines


def _change(change: Mapping[str, Any], language: str) -> str:
    texts = [change[key] for key in ("written", "right")]
    written, right = (number_text(Fraction(t)) for t in texts) if language == "vi" else texts
    places = {"vi": " và ", "en": " and "}[language].join(_place(cell) for cell in change["cells"])
    codes = ", ".join(cell["observation_id"] for cell in change["cells"])
    return f"{places}: {written} → {right} ({change['slip_' + language]}) [{codes}]"


def _place(cell: Mapping[str, str]) -> str:
    spot = " ".join(filter(None, (cell["file"], cell["sheet"], cell["cell"])))
    return f"{spot} ({cell['submitter_id']}, {cell['area_code']}, {cell['indicator_id']})"


def _impact(case: Mapping[str, Any]) -> list[str]:
    if not case["impact"]:
        return ["", "Không chỉ tiêu công bố nào dựa trên các ô này."]
    lines = ["", "Chỉ tiêu công bố bị ảnh hưởng:"]
    for row in case["impact"][:MOST_ROWS]:
        text = f"  - {row['label_vi']}: {_number(row['published'])}"
        if row["repaired"]:
            text += f" → {_number(row['repaired'])} nếu sửa theo cách 1"
        lines.append(text)
    if len(case["impact"]) > MOST_ROWS:
        lines.append(f"  … và {len(case['impact']) - MOST_ROWS} chỉ tiêu khác.")
    return lines


def _number(text: str) -> str:
    return number_text(Fraction(text)) if text else "chưa có"
