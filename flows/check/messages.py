"""Findings in words: the rule, the place, both sides and the gap, in Vietnamese and in short in English."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from expectations.language import Call, Comparison, Name, Node, Operation, names
from expectations.verdicts import Judged
from flows.check.cells import Book, Cell, decimal_text
from flows.check.missing_rows import areas_without_row
from flows.check.places import Instance
from infra.vietnamese import number_text

_SAYS_SOMETHING = re.compile(r"[^\W_]")      # a number that is none, words, an error value; not "…" or "-"
_WRONG = {
    "=": "lệch",
    "~": "lệch",
    "<=": "vượt",
    "<": "vượt",
    ">=": "thiếu",
    ">": "thiếu",
    "<>": "lệch",
}
_LIMIT = {
    "=": "theo quy tắc là",
    "~": "tính ra",
    "<=": "nhiều nhất là",
    "<": "phải nhỏ hơn",
    ">=": "ít nhất là",
    ">": "phải lớn hơn",
    "<>": "trùng với",
}
_MIRRORED = {"<=": ">=", "<": ">", ">=": "<=", ">": "<", "=": "=", "~": "~", "<>": "<>"}


def sides(instance: Instance) -> tuple[str, Fraction | None, Fraction | None, Fraction | None]:
    """Return sign, the figure judged, what it is held against, and the gap between the two.

    In a chain `low <= x <= high` the figure judged is `x` at either end.
    """
    judged = instance.verdict.decisive
    if judged is None:
        return "=", None, None, None
    comparisons = instance.verdict.comparisons
    if len(instance.rule.comparison.sides) == 3 and judged is comparisons[0] and len(comparisons) == 2:
        return _mirrored(judged)
    if len(instance.rule.comparison.sides) == 3 and len(comparisons) == 1 and judged.left.is_constant:
        return _mirrored(judged)
    return judged.sign, judged.left.value, judged.right.value, _gap(judged)


def message_vi(book: Book, instance: Instance) -> str:
    """Return the finding in Vietnamese: rule, place, both sides, gap."""
    verdict = instance.verdict
    special = _special(book, instance)
    if special:
        return special
    where = place_vi(book, instance)
    rule_vi = _rule_vi(book, instance)
    if verdict.outcome == "undecided":
        return f"{rule_vi}. Chưa kết luận được tại {where}: {_undecided(instance)}."
    sign, left, right, gap = sides(instance)
    text = f"{rule_vi}. Tại {where}: {_both_sides(book, instance, sign, left, right, gap)}"
    lost = f" Chưa có: {'; '.join(verdict.missing)}." if verdict.missing else ""
    return text + "." + lost + _row_that_may_be_missing(book, instance, gap)


def _row_that_may_be_missing(book: Book, instance: Instance, gap: Fraction | None) -> str:
    """Return which rows a form may have lost, and what they would say."""
    absent = areas_without_row(book, instance)
    if not absent or gap is None:
        return ""
    names = ", ".join(_area(book, code) for code in absent)
    return (f" Biểu không có dòng của {names}: nếu dòng đó bị bỏ sót thì phần thiếu là {number_text(gap)}; đề nghị "
            "đơn vị gửi lại đủ dòng, hoặc bổ sung bằng tonghop supply.")


def message_en(instance: Instance) -> str:
    """Return the finding in one short English sentence."""
    sign, left, right, _ = sides(instance)
    place = instance.place
    where = " ".join(filter(None, (place.submitter_id, place.area_code, place.note)))
    if place.anchor is not None:
        where += f" ({place.anchor.file} {place.anchor.sheet} {place.anchor.place})".replace("  ", " ")
    if instance.verdict.outcome == "undecided":
        return f"{instance.rule.label_en}: undecided at {where}."
    if left is None or right is None or instance.rule.kind == "completeness":
        return f"{instance.rule.label_en}: not so at {where}."
    numbers = f"{decimal_text(left)} {sign} {decimal_text(right)}"
    return f"{instance.rule.label_en}: {numbers} does not hold at {where}."


def place_vi(book: Book, instance: Instance) -> str:
    """Return the place in words: file, sheet and cell when there is one, and whose figure it is."""
    place = instance.place
    who = ", ".join(filter(None, (_submitter(book, place.submitter_id), _area(book, place.area_code))))
    if place.anchor is None:
        return who or place.note
    return f"{cell_vi(place.anchor)} ({who})"


def cell_vi(cell: Cell) -> str:
    """Return "tệp …, trang …, ô …" of a cell; the text of a mail is "nội dung thư"."""
    file = f"nội dung thư {cell.message}" if cell.file == "(body)" else f"tệp {cell.file}"
    sheet = f", trang {cell.sheet}" if cell.sheet else ""
    words = {"body": "", "pdf": "", "": ""}
    spot = words.get(cell.place)
    if spot is None:
        table = cell.place.replace("table ", "bảng ").replace(" row ", " dòng ").replace(" col ", " cột ")
        spot = ", " + (table.replace("paragraph ", "đoạn ") if " " in cell.place else f"ô {cell.place}")
    return file + sheet + spot


def _rule_vi(book: Book, instance: Instance) -> str:
    """Return the rule in words, with the indicator it is about where it holds for many."""
    indicator = book.catalogue.indicator_by_id.get(instance.place.indicator_id)
    if not instance.rule.indicators or indicator is None:
        return instance.rule.label_vi
    return f"{instance.rule.label_vi} – “{indicator.label_vi}”"


def _special(book: Book, instance: Instance) -> str:
    rule, place = instance.rule, instance.place
    name = _submitter(book, place.submitter_id)
    if rule.rule_id == "submission_missing":
        asked = [
            book.catalogue.indicator_by_id[indicator_id].label_vi
            for (submitter_id, indicator_id), row in book.provisions.items()
            if submitter_id == place.submitter_id and row.role != "optional"
        ]
        lost = f" Chưa có: {'; '.join(asked)}." if asked else ""
        return f"{rule.label_vi}. {name} chưa gửi báo cáo kỳ {book.period}.{lost}"
    if rule.rule_id.startswith("figure_missing"):
        label = book.catalogue.indicator_by_id[place.indicator_id].label_vi
        cells = [book.cells[c] for c in instance.verdict.cells if c in book.cells]
        return f"{rule.label_vi}. {_why_missing(name, label, cells)}"
    if rule.rule_id == "districts_not_lost":
        return f"{rule.label_vi}. {_lost_districts(book, place.submitter_id, place.indicator_id)}"
    if rule.kind == "completeness":
        return f"{rule.label_vi}. {place.note}: {_intake_message(book, place.intake_finding_id)}"
    return ""


def _why_missing(name: str, label: str, cells: Sequence[Cell]) -> str:
    """Return that a figure was not reported, or that something stands in its cell that could not be used as one."""
    written = [f"{cell_vi(cell)} ghi “{cell.raw_text}”" for cell in cells if _SAYS_SOMETHING.search(cell.raw_text)]
    blank = [cell_vi(cell) for cell in cells if not _SAYS_SOMETHING.search(cell.raw_text)]
    if written:
        return f"{name} có ghi “{label}” nhưng chưa dùng được số: {'; '.join(written)}."
    return f"{name} chưa báo cáo “{label}”." + (f" Ô để trống hoặc ghi “…”: {'; '.join(blank)}." if blank else "")


def _lost_districts(book: Book, submitter_id: str, indicator_id: str) -> str:
    """Return which districts a source no longer tells of, what it said last time, and the ways out."""
    label = book.catalogue.indicator_by_id[indicator_id].label_vi
    lost = book.lost_areas(submitter_id, indicator_id)
    told = "; ".join(
        f"{_area(book, code)} (kỳ {last.period}: {_number(last.value)})" for code, last in lost.items()
    )
    return (f"{_submitter(book, submitter_id)} kỳ này không nêu “{label}” của: {told}. Đề nghị đơn vị gửi lại đủ dòng; "
            "nếu biết số thì bổ sung (kể cả số 0), nếu không còn báo cáo thì chấp nhận phát hiện này kèm lý do.")


def _intake_message(book: Book, intake_finding_id: str) -> str:
    found = (row["message_vi"] for row in book.unread if row["intake_finding_id"] == intake_finding_id)
    return next(found, "")


def _both_sides(
    book: Book, instance: Instance, sign: str, left: Fraction | None, right: Fraction | None, gap: Fraction | None
) -> str:
    unit = _unit(book, instance)
    stated = _number(left) if left is not None else "—"
    held = _number(right) if right is not None else f"ít nhất {_number(_lowest(instance))}"
    text = f"ghi {stated}, {_LIMIT[sign]} {held}"
    if sign == "<>" or gap is None:
        return text
    return f"{text}, {_WRONG[sign]} {_number(abs(gap) if sign not in ('=', '~') else gap)}{unit}"


def _undecided(instance: Instance) -> str:
    judged = instance.verdict.decisive
    lost = "; ".join(instance.verdict.missing)
    text = f"chưa có {lost}" if lost else "chỉ biết giới hạn của số liệu"
    if judged is None or judged.sign != "=" or judged.left.value is None or judged.right.interval.low is None:
        return text
    known = judged.right.interval.low
    rest, whole = judged.left.value - known, judged.left.value
    return f"{text}; phần đã có là {_number(known)}, nếu khớp {_number(whole)} thì phần thiếu là {_number(rest)}"


def _mirrored(judged: Judged) -> tuple[str, Fraction | None, Fraction | None, Fraction | None]:
    gap = _gap(judged)
    return _MIRRORED[judged.sign], judged.right.value, judged.left.value, None if gap is None else -gap


def _gap(judged: Judged) -> Fraction | None:
    if judged.left.value is not None and judged.right.value is not None:
        return judged.left.value - judged.right.value
    return judged.distance if judged.outcome == "fail" else None


def _lowest(instance: Instance) -> Fraction:
    judged = instance.verdict.decisive
    low = None if judged is None else judged.right.interval.low
    return Fraction(0) if low is None else low


def _unit(book: Book, instance: Instance) -> str:
    units = {row.indicator_id: row.unit for row in book.catalogue.indicators}
    unit = compared_unit(instance.rule.comparison, instance.place.indicator_id, units)
    return unit if unit in ("", "%") else f" {unit}"


def compared_unit(comparison: Comparison, indicator_id: str, units: Mapping[str, str]) -> str:
    """Return the unit in which the sides of a rule are compared, "" when none is known.

    The figure at the place gives it, unless that is only a factor: a percentage of the population is persons.
    """
    added = {name for side in comparison.sides for name in _summands(side)}
    if indicator_id not in added and "x" not in added and indicator_id in names(comparison):
        indicator_id = next((name for name in sorted(added) if name in units), "")
    return units.get(indicator_id, "")


def _summands(node: Node) -> Iterator[str]:
    """Yield the names whose unit is that of the whole: not those that are multiplied or divided."""
    if isinstance(node, Name):
        yield node.name
    elif isinstance(node, Operation) and node.sign in "+-":
        yield from (*_summands(node.left), *_summands(node.right))
    elif isinstance(node, Call):
        yield from (name for argument in node.arguments for name in _summands(argument))


def _number(value: Fraction) -> str:
    return number_text(value)


def _submitter(book: Book, submitter_id: str) -> str:
    submitter = book.catalogue.submitter_by_id.get(submitter_id)
    return submitter.submitter_name if submitter else submitter_id


def _area(book: Book, area_code: str) -> str:
    if area_code == book.catalogue.province.area_code:
        return "toàn tỉnh"
    areas = book.catalogue.area_by_code
    return " + ".join(areas[code].area_name if code in areas else code for code in area_code.split("+") if code)
