"""How a sentence stands to a figure it names: it reports it, or denies, asks or plans it, or speaks of another time.

Only what is reported of the month is a figure of the month. Where the words leave it open the figure is not taken
and somebody is asked: a refused figure comes back by a mail, a wrong one is published.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Stance = Literal["denied", "asked", "planned", "other_period"]

_START, _END = r"(?<![^\W_])", r"(?![^\W_])"


def _words(*alternatives: str) -> str:
    return f"{_START}(?:{'|'.join(alternatives)}){_END}"


_STEADY = r"(?:thay đổi|đổi|biến động|tăng|giảm)(?=\s*(?:[,;:.()]|$|(?:giảm|tăng|so|là|vẫn|giữ|ở mức)\b))"
_NO_DENIAL = rf"kể|tính|gồm|bao gồm|những|chỉ|quá|dưới|ít hơn|dây|gian|khí|{_STEADY}"
DENIAL = re.compile(
    rf"(?<!hàng ){_START}(?:không|chưa|chẳng|đừng|chớ){_END}(?!\s+(?:{_NO_DENIAL}){_END})|"
    + _words("phủ nhận", "bác bỏ", "từ chối", r"(?:rút|hủy|bỏ|thu hồi)(?: lại)? (?:đề nghị|yêu cầu|việc)")
)
_WRONG_AFTER = re.compile(
    r"^[^,;:.()\d]{0,30}?(?<![^\W_])(?:sai|nhầm|(?:không|chưa) (?:đúng|chính xác|phải|khớp))(?![^\W_])"
)
_ENDS_DENIAL = re.compile(
    r"[,;!?()]|\.\s|"
    + _words("nhưng", "song", "tuy nhiên", "mà", "(?<!xuống )(?<!chỉ )còn", "hiện", "nên", "vì vậy", "do đó")
    + "|"
    + _words("đề nghị", "xin", "mong")
)
_BETWEEN_DENIAL_AND_CHANGE = re.compile(
    r"(?:\s+(?:hề|còn|cần|phải|muốn|có|được|thể|nên|việc|kịp|đề nghị|kiến nghị|xin|yêu cầu|đồng ý|nhất trí|thống nhất|"
    r"ai|dám|định|từng|thấy|cho|tiến hành|thực hiện|sở|phòng|huyện|lại|ý định|lí do|cơ sở|căn cứ|để|tự ý|tự|vội|mong|"
    r"nhờ))*\s*"
)
_ASKED_BEFORE = re.compile(
    _words("hỏi (?:có|lại|xem|là|rằng|liệu|phải)", "(?<!số )(?<!tài )(?<!dữ )liệu có", "có phải")
    + "|"
    + _words("không (?:biết|rõ|chắc)")
)
_ASKED_TO_THE_END = re.compile(
    rf"{_START}có{_END}[^,;:.!?]+{_START}(?:không|chưa)\s*[.!\"]*$|"
    rf"{_START}(?:phải|đúng|hay|được) (?:không|chưa)\s*[.!\"]*$"
)
_CLAUSE = r"(?:^|(?<=[,;:(.]))[\s\"+*-]*"
_AHEAD = _words(
    "dự kiến", "dự định", "dự tính", "phấn đấu", "mục tiêu", "dự báo", "sẽ", "nếu", "giả sử", "định hướng",
    "(?:tháng|kì|quí|năm|thời gian) tới", "(?:tháng|kì|quí|năm) sau", "sắp tới", "chỉ tiêu (?:được )?giao",
)  # fmt: skip
_PLAN = rf"(?:theo |số )?(?:chỉ tiêu )?kế hoạch{_END}(?! số)"
PLANNED = re.compile(rf"{_AHEAD}|{_CLAUSE}{_PLAN}")
_PLANNED_HEAD = re.compile(rf"{_CLAUSE}(?:{_AHEAD}|{_PLAN})")
_PLAN_OF_THING = re.compile(rf"(?<!so với )(?<!vượt )(?<!trong ){_START}kế hoạch{_END}(?! số)")
_EARLIER = r"(?:tháng|năm|kì|quí)(?: liền)? trước|năm ngoái|cùng kì"
_EARLIER_PERIOD = re.compile(_words(_EARLIER))
_SAID_BEHIND = re.compile(
    rf"^[^,;:.()\d]{{0,20}}\(\s*(?:số |theo |là |của )*"
    rf"(?:(?P<earlier>{_EARLIER})|kế hoạch(?! số)|dự kiến|mục tiêu|phấn đấu)"
    r"(?!\s*(?:là|có|đạt|ở mức|:|=)?\s*\d+(?:[.,]\d+)*\s*(?:[^\W\d_]|\)))"     # what follows has a number of its own
)
_COMPARED = re.compile(rf"{_START}so (?:với|cùng){_END}[^,;:.()]{{0,40}}")
_IS_NOW = re.compile(
    rf"{_words('hiện (?:có|nay|tại)', 'đến nay', '(?:tháng|kì) này')}|"
    rf"(?<=[,;:(.])\s*(?:trong đó )?{_words('đã', 'hiện', 'nay', 'thực hiện', 'thực tế', 'kết quả')}"
)
_ENDS_PERIOD = r"\s*(?:[,:=()]|$|(?:có|là|đạt)\b)"
_MONTH = re.compile(
    rf"(?<!từ )(?<!\d ){_START}tháng (\d{{1,2}})(?:\s*(?:/|-|\.|năm)\s*(\d{{4}}))?(?![\d/]){_ENDS_PERIOD}"
)
_ANY_MONTH = re.compile(rf"{_START}tháng (\d{{1,2}})(?:\s*(?:/|-|\.|năm)\s*(\d{{4}}))?(?!\d)")
_UNTIL = re.compile(
    rf"{_START}(?:đến|tới|hết){_END}\s+(?:hết )?(?:ngày )?\d{{1,2}}"
    r"\s*[/.-]\s*0?(1[0-2]|[1-9])(?:\s*[/.-]\s*(\d{4}))?(?![\d/])"
)
_YEAR = re.compile(rf"(?<!\d )(?<!\d, ){_START}năm (\d{{4}}){_ENDS_PERIOD}")


_NO_BRACKETS = str.maketrans("()", "  ")


@dataclass(frozen=True, slots=True)
class Reserve:
    """Why a figure that a sentence names is not taken, with the words that say so."""

    stance: Stance
    words: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a figure stands in folded text: what it is of begins at `thing`, the number at `start`, to `end`."""

    text: str
    thing: int
    start: int
    end: int


def reserve_of(
    place: Place, period: str, *, is_none: bool = False, is_target: bool = False, change: re.Pattern[str] | None = None
) -> Reserve | None:
    """Return why a figure is not one that its sentence reports for the month, or None.

    Args:
        place: The figure in its sentence.
        period: The report month.
        is_none: The figure is a stated zero, whose denial is its value.
        is_target: The figure is a plan by its nature.
        change: The words for "correct" when the sentence asks to correct the figure.
    """
    found = _asked(place)
    found = found or (None if is_none else _denied(place, change))
    found = found or (None if is_target else _planned(place))
    return found or (None if is_target else _of_another_period(place, period))


def reserve_of_head(head: str, period: str) -> Reserve | None:
    """Return why the figures below a heading are none of the month: it announces a plan or names another time."""
    if any(not _is_other(match, period) for match in _ANY_MONTH.finditer(head)):
        return None
    if match := _PLANNED_HEAD.search(head):
        return Reserve("planned", match.group().strip())
    return _of_another_period(_whole(head), period)


def reserve_of_cell(text: str, period: str) -> Reserve | None:
    """Return why the words beside the number of a cell (folded) say that it is none of the month."""
    whole = _whole(text.translate(_NO_BRACKETS))
    if not any(letter.isalpha() or letter == "?" for letter in text):
        return None
    if "?" in text:
        return Reserve("asked", "?")
    return _denied(whole, None) or _planned(whole) or _of_another_period(whole, period)


def _whole(text: str) -> Place:
    return Place(text, 0, len(text), len(text))


def _asked(place: Place) -> Reserve | None:
    text, clause = place.text, place.text.rfind(";", 0, place.start) + 1
    if match := _ASKED_BEFORE.search(text, clause, place.start) or _ASKED_TO_THE_END.search(text, clause):
        return Reserve("asked", match.group().strip(" .,;:"))
    return Reserve("asked", "?") if "?" in text[place.end :] else None


def _denied(place: Place, change: re.Pattern[str] | None) -> Reserve | None:
    for match in DENIAL.finditer(place.text, 0, place.start):
        if _reaches(place.text[match.end() : place.start]) or (change and _denies_change(match, place, change)):
            return Reserve("denied", _shown(place.text, match.start(), place.start))
    after = _WRONG_AFTER.match(place.text[place.end :])
    return Reserve("denied", after.group().strip()) if after else None


def _reaches(between: str) -> bool:
    """Tell whether a denial still holds after these words; the word right behind it belongs to it."""
    first_word = re.match(r"\s*[^\W_]+", between)
    return not _ENDS_DENIAL.search(between, first_word.end() if first_word else 0)


def _denies_change(denial: re.Match[str], place: Place, change: re.Pattern[str]) -> bool:
    asked = [match.start() for match in change.finditer(place.text, denial.end(), place.thing)]
    nearest = asked[-1] if asked else denial.end()
    return bool(asked) and _BETWEEN_DENIAL_AND_CHANGE.fullmatch(place.text[denial.end() : nearest]) is not None


def _planned(place: Place) -> Reserve | None:
    head_end = place.text.find(":", 0, place.thing)
    for match in _plan_words(place):
        between = place.text[match.end() : place.start]
        is_parted = ";" in between and match.end() > head_end
        if not is_parted and not _IS_NOW.search(between):
            return Reserve("planned", match.group().strip(" \"+*-"))
    behind = _SAID_BEHIND.match(place.text[place.end :])
    if behind is None:
        return None
    return Reserve("other_period" if behind["earlier"] else "planned", behind.group().strip(" ("))


def _plan_words(place: Place) -> Iterator[re.Match[str]]:
    yield from PLANNED.finditer(place.text, 0, place.start)
    yield from _PLAN_OF_THING.finditer(place.text, place.thing, place.start)


def _of_another_period(place: Place, period: str) -> Reserve | None:
    """A period holds until another is named, or until the clause ends that does not stand before a colon."""
    before = _COMPARED.sub(lambda match: " " * len(match.group()), place.text[: place.start])
    named = [(m.start(), m.end(), m.group(), True) for m in _EARLIER_PERIOD.finditer(before)]
    named += [(m.start(), m.end(), m.group(), _is_other(m, period)) for m in _MONTH.finditer(before)]
    named += [(m.start(), m.end(), m.group(), _is_other(m, period)) for m in _UNTIL.finditer(before)]
    named += [(m.start(), m.end(), m.group(), m[1] != period[:4]) for m in _YEAR.finditer(before)]
    if not named:
        return None
    _, end, words, is_other = max(named)
    is_over = bool(_IS_NOW.search(before[end:])) or ";" in before[end:]
    return Reserve("other_period", words.strip(" ,:=(")) if is_other and not is_over else None


def _is_other(match: re.Match[str], period: str) -> bool:
    year = match[2] or period[:4]
    return (int(year), int(match[1])) != (int(period[:4]), int(period[5:7]))


def _shown(text: str, start: int, end: int) -> str:
    """Return a few words from a place on."""
    return " ".join(text[start:end].split()[:4])
