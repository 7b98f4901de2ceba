"""What our answers to senders look like, for whoever writes them and for whoever meets them quoted in a mail.

A sender who thanks us, or corrects one figure, often sends our letter back with it, marked as a quotation or not. Its
first and last line say that all between them is ours; nothing in it is ever what the sender reports.
"""

from __future__ import annotations

import re

HOW_TO_CORRECT = (
    "",
    "Khi cần sửa số liệu, đề nghị gửi lại cả biểu, hoặc trả lời thư này và ghi rõ tên chỉ tiêu với số đúng,",
    "ví dụ: “đề nghị sửa số trạm BTS thành … trạm” (thay … bằng số đúng).",
)
"""The example holds no figure: it must not be one when it comes back."""

_CODE = r"r[0-9a-f]{16}"
_FIRST = re.compile(
    rf"\[?thư trả lời tự động của sở, mã {_CODE}|mã tiếp nhận: {_CODE}\. (?:đã|thư)|"
    r"sở thông tin và truyền thông đã nhận thư"
)
_LAST = re.compile(rf"\[?hết thư trả lời tự động của sở, mã {_CODE}")
_OURS = re.compile(r"ghi rõ tên chỉ tiêu với số đúng|ví dụ: \"đề nghị sửa số trạm bts thành")
_FIGURE = re.compile(r"[^:]+: .* \[[^\[\]]+\](?: - không dùng: .*)?$")     # behind the first " · " of its line


def first_line(receipt_id: str) -> str:
    """Return the line that a letter begins with."""
    return f"[Thư trả lời tự động của Sở, mã {receipt_id}]"


def last_line(receipt_id: str) -> str:
    """Return the line that a letter ends with."""
    return f"[Hết thư trả lời tự động của Sở, mã {receipt_id}]"


def begins_letter(folded: str) -> bool:
    """Tell whether a folded line is one of the first of a letter of ours."""
    return _FIRST.match(folded) is not None


def ends_letter(folded: str) -> bool:
    """Tell whether a folded line is the last of a letter of ours."""
    return _LAST.match(folded) is not None


def is_of_letter(folded: str) -> bool:
    """Tell whether a folded line, wherever it stands, can only be one of a letter of ours."""
    _, dot, figure = folded.partition(" · ")
    return _OURS.search(folded) is not None or bool(dot and _FIGURE.match(figure))
