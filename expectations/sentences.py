"""Rules and figures in Vietnamese: the sentence a steward reads, numbers as the reports print them."""

from __future__ import annotations

from collections.abc import Callable

from expectations.language import Call, Comparison, Name, Node, Number, Operation
from expectations.rules import Rule
from infra.catalogue import Catalogue
from infra.vietnamese import number_text

_COMPARISON_WORDS = {
    "=": "phải bằng",
    "~": "phải đúng bằng giá trị làm tròn của",
    "<=": "không được lớn hơn",
    ">=": "không được nhỏ hơn",
    "<": "phải nhỏ hơn",
    ">": "phải lớn hơn",
    "<>": "phải khác",
}
_CALL_WORDS = {
    "prev": "{} của tháng trước",
    "stated_prev": "{} của tháng trước ghi trong biểu tháng này",
    "printed": "{}",
    "written": "{}",
    "list": "số mục liệt kê kèm theo {}",
    "run": "số ghi cho mỗi kỳ của {}",
    "again": "{} ghi ở chỗ khác",
    "sum_areas": "tổng {} của các địa bàn",
    "sum_sources": "tổng {} của các đơn vị cung cấp",
    "from": "{1} do {0} báo cáo",
    "lower_bound": "giới hạn dưới của {}",
    "upper_bound": "giới hạn trên của {}",
    "usual_low": "mức thấp thường thấy của {}",
    "usual_high": "mức cao thường thấy của {}",
    "integer_part": "phần nguyên của {}",
    "defined": "giá trị tính theo định nghĩa của {}",
    "sqrt": "căn bậc hai của ({})",
    "abs": "độ lớn của ({})",
    "round": "{} làm tròn {1} chữ số",
    "days": "số ngày trong tháng",
    "submitted": "báo cáo đã nhận (1 là có, 0 là không)",
    "reported": "số liệu đã báo cáo của {} (1 là có, 0 là không)",
    "left_open": "{} còn bỏ ngỏ (0 là tổng đã đủ theo phòng chuyên môn)",
    "districts_lost": "số địa bàn kỳ trước có mà kỳ này không nêu {}",
    "unread": "số phần của thư không dùng được",
    "report_month": "tháng của phần I",
    "plan_month": "tháng của phần II",
    "misclassed_parts": "số chỗ ghi “trong đó” một số không cùng loại với tổng",
    "misprinted_units": "số chỗ một số mang hai đơn vị tính",
    "unknown_communes": "số tên xã không có trong danh mục của huyện",
    "malformed_references": "số văn bản viện dẫn sai thể thức",
    "references_on_days_off": "số văn bản viện dẫn ghi ngày nghỉ",
    "heading_gaps": "số mục đánh số không liên tục",
    "untrue_claims": "số câu nói khác số liệu",
}
_SIGNS = {"+": "cộng", "-": "trừ", "*": "nhân", "/": "chia"}
_KINDS_OF_SUBMITTER = {
    "district": "phòng Văn hóa và Thông tin",
    "commune": "phòng Văn hóa - Xã hội của xã, phường",
    "department_unit": "phòng chuyên môn của Sở",
    "telecom": "doanh nghiệp viễn thông",
    "post": "doanh nghiệp bưu chính",
}


def rule_sentence(rule: Rule, catalogue: Catalogue) -> str:
    """Return the rule's line in words, with the labels of the catalogue: "Tổng số … phải bằng …"."""
    labels = _labels(catalogue)
    label = labels.get
    text = _comparison(rule.comparison, lambda name: label(name) or name)
    conditions = " và ".join(_comparison(tree, lambda name: label(name) or name) for tree in rule.condition_trees)
    return text + (f" (khi {conditions})" if conditions else "")


def _labels(catalogue: Catalogue) -> dict[str, str]:
    labels = {row.reference_id: row.note[:1].lower() + row.note[1:] for row in catalogue.reference_figures}
    labels |= {row.indicator_id: f"“{row.label_vi}”" for row in catalogue.indicators}
    labels |= {row.submitter_id: row.submitter_name for row in catalogue.submitters}
    return labels | _KINDS_OF_SUBMITTER | {"pi": "π", "x": "số liệu"}


def _comparison(tree: Comparison, label: Callable[[str], str]) -> str:
    if len(tree.sides) == 3 and tree.signs == ("<=", "<="):
        low, middle, high = (_words(side, label) for side in tree.sides)
        return f"{_capital(middle)} phải từ {low} đến {high}"
    parts = [_capital(_words(tree.sides[0], label))]
    for sign, side in zip(tree.signs, tree.sides[1:], strict=True):
        parts += [_COMPARISON_WORDS[sign], _words(side, label)]
    return " ".join(parts)


def _words(node: Node, label: Callable[[str], str]) -> str:
    if isinstance(node, Number):
        return number_text(node.value)
    if isinstance(node, Name):
        return label(node.name)
    if isinstance(node, Call):
        return _CALL_WORDS[node.function].format(*(_words(argument, label) for argument in node.arguments))
    left, right = _words(node.left, label), _words(node.right, label)
    if node.sign in "*/":
        left, right = _bracketed(node.left, left), _bracketed(node.right, right)
    return f"{left} {_SIGNS[node.sign]} {right}"


def _bracketed(node: Node, text: str) -> str:
    return f"({text})" if isinstance(node, Operation) else text


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
