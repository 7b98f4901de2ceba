"""Wordings of the catalogue compiled to patterns, and sentences prepared to be searched by them.

The language of a phrase, all of it:

    word            that word, in any case, with any tone placement
    (a|b)  [a]      one of several; optional
    ...             up to eighty letters without a figure, inside the clause
    {gap}           up to a hundred and fifty letters without a figure, over semicolons too
    {n} {p}         the figure, or "(chưa có số liệu)" in its place; the figure with a percent sign
    {change}        "tăng 66" or "giảm 12"
    {m}             a figure that is not the one meant (a denominator, a total already stated)
    {list}          an enumeration up to the end of the sentence
    {ips} {domains} an enumeration of IP addresses, of domain names
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from flows.read.text import fold, normalise

_QUALIFIERS = "ít nhất|tối thiểu|không dưới|trên|hơn|khoảng|gần|dưới|không quá|tối đa|ước đạt|ước tính|ước|xấp xỉ"
_DIGITS = r"(?<![\w.,])(?<!\d/)[-+]?(?:\d{1,3}(?:[. ]\d{3})+(?:,\d+)?|\d+(?:[.,]\d+)?)"
_NOT_MORE = r"(?!\d)(?!e[+-]?\d)(?![.,]\d)(?!\s\d{3}(?!\d))(?![-/][^\W\d])"
_MAGNITUDE = r"(?:\s*(?:nghìn|ngàn|triệu|tỉ|tr)(?![^\W\d_]))?"
_FRACTION = r"(?:\s*/\s*\d+)?(?!\s*/\s*\d)"
NUMBER = re.compile(
    rf"(?:(?<![^\W_])(?:{_QUALIFIERS})\s+)?(?<!mức độ )(?<!cấp độ ){_DIGITS}{_NOT_MORE}{_FRACTION}"
    rf"(?P<percent>\s*%)?{_MAGNITUDE}"
)
_ADDRESS = re.compile(r"(?<![\d.])\d{1,3}(?:[. ]\d{1,3}){3}(?!\.?\d|\s\d)")
_GROUPED = re.compile(r"\d{1,3}(?:([. ])\d{3})(?:\1\d{3})+")
_DAY_OR_ORDINAL = re.compile(
    r"(?<![\d/])\d{1,2}\s*[/.-]\s*\d{1,2}\s*[/.-]\s*\d{4}|"
    r"(?:năm|tháng|ngày|quí|thứ|tiêu chí số|đợt|điều|khoản|khóa|số kí hiệu)\s+\d[\d/.-]*(?![\d,])"
)
# Stands where a figure would: whatever number comes next belongs to other words.
NO_FIGURE = re.compile(r"\((?:chưa|không) có số liệu[^()\d]{0,20}\)")
# Figures are masked before a phrase is searched, so that a date or an address can never be taken for one.
_FIGURE, _PERCENT, _IP, _DAY = "\ue000", "\ue001", "\ue002", "\ue003"
FIGURE = f"(?<![{_FIGURE}{_PERCENT}])[{_FIGURE}{_PERCENT}]+"
_GAP = rf"(?:(?![;!?{_FIGURE}{_PERCENT}{_IP}]|\.(?:\s|$)).){{0,80}}?"
_REST = r"(?:(?![!?]|\.(?:\s|$)).)+"
_DOMAIN = r"[a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*)+"
_SLOTS = {
    "{n}": f"(?P<n>{FIGURE})",
    "{p}": f"(?P<n>(?<!{_PERCENT}){_PERCENT}+)",
    "{m}": FIGURE,
    "{change}": rf"(?P<n>(?:tăng|giảm)\s+{FIGURE})",
    "{gap}": rf"(?:(?![!?{_FIGURE}{_PERCENT}{_IP}]|\.(?:\s|$)).){{0,150}}?",
    "{list}": f"(?P<list>{_REST})",
    "{ips}": rf"(?P<list>(?<!{_IP}){_IP}+(?:(?:\s*[,;]\s*|\s+và\s+){_IP}+)*)",
}
_SLOTS["{domains}"] = rf"(?P<list>{_DOMAIN}(?:(?:\s*[,;]\s*|\s+và\s+){_DOMAIN})*)"
SLOTS = tuple(_SLOTS)
_TOKENS = re.compile(r"\{[a-z]+\}|\.\.\.|[()|\[\]]|\s+|[^\W_]+|.")
_WORD_START, _WORD_END = r"(?<![^\W_])", r"(?![^\W_])"
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[^\s\da-zđ]|\d)")
_ABBREVIATION = re.compile(r"(?:^|[\s(])(?:[A-ZĐ]{1,3}|tr|Tr|v\.v|St)\.$")
_LONGEST_ABBREVIATION = 6
MAX_SENTENCE = 3_000
"""Letters. What a search costs grows with the length of a sentence; a longer one is read in pieces."""


@lru_cache(maxsize=4096)
def compile_phrase(phrase: str, damaged: bool = False) -> re.Pattern[str]:
    """Return the pattern of a phrase, to be searched in the masked text of a sentence.

    Args:
        phrase: In the language above.
        damaged: The text may have lost letters with diacritics to blanks, as some PDF files do.
    """
    return re.compile(pattern_of(phrase, damaged))


@lru_cache(maxsize=4096)
def pattern_of(phrase: str, damaged: bool = False) -> str:
    """Return the regular expression of a phrase as text, to be built into a longer one."""
    pieces: list[str] = []
    for token in _TOKENS.findall(fold(phrase)):
        if token in _SLOTS:
            pieces.append(_SLOTS[token])
        elif token == "...":
            pieces.append(_GAP)
        elif token in "()|[]":
            pieces.append({"(": "(?:", "[": "(?:", "]": ")?", ")": ")", "|": "|"}[token])
        elif token.isspace():
            pieces.append(r"\s*")  # words guard their own ends
        elif token.isalnum():
            pieces.append(f"{_WORD_START}{_letters(token, damaged)}{_WORD_END}")
        else:
            pieces.append(rf"\s*{re.escape(token)}")
    return "".join(pieces)


@lru_cache(maxsize=4096)
def needle(phrase: str) -> str:
    """Return the longest word that every text of a phrase has: one look for it saves most searches."""
    depth, words = 0, [""]
    for token in _TOKENS.findall(fold(phrase)):
        depth += (token in "([") - (token in ")]")
        if depth == 0 and token.isalnum():
            words.append(token)
    return max(words, key=len)


def _letters(word: str, damaged: bool) -> str:
    if not damaged:
        return re.escape(word)
    return "".join(rf"(?:{letter}|\s+)" if not letter.isascii() else letter for letter in word)


@dataclass(frozen=True)
class Sentence:
    """One sentence: the raw text, its folded form, and how positions of the two correspond.

    `masked` is the folded text with every figure, percentage, address and date covered, letter for letter.
    `is_piece`: part of a sentence too long to be read at once; an enumeration in it may go on elsewhere.
    """

    raw: str
    text: str
    masked: str
    folded_starts: tuple[int, ...]
    raw_starts: tuple[int, ...]
    is_piece: bool = False

    def raw_slice(self, start: int, end: int) -> str:
        """Return the raw text behind a stretch of the folded text."""
        return self.raw[self._raw_position(start) : self._raw_position(end)].strip()

    def clause(self, start: int, end: int, marks: str = ";") -> str:
        """Return the folded clause around a stretch: what stands between semicolons, or other marks."""
        left = max(self.text.rfind(mark, 0, start) for mark in marks) + 1
        right = min((at for mark in marks if (at := self.text.find(mark, end)) >= 0), default=len(self.text))
        return self.text[left:right]

    def _raw_position(self, position: int) -> int:
        index = max(bisect_right(self.folded_starts, position) - 1, 0)
        offset = position - self.folded_starts[index]
        limit = self.raw_starts[index + 1] if index + 1 < len(self.raw_starts) else len(self.raw)
        return min(self.raw_starts[index] + offset, limit)


@lru_cache(maxsize=256)
def sentences(text: str) -> tuple[Sentence, ...]:
    """Return the sentences of a paragraph; a dot in a number, a domain or "TP." ends none."""
    joined: list[list[str]] = []
    for piece in _SENTENCE_END.split(normalise(text)):
        if joined and _ABBREVIATION.search(joined[-1][-1][-_LONGEST_ABBREVIATION:]):
            joined[-1].append(piece)
        else:
            joined.append([piece])
    return tuple(sentence for pieces in joined for sentence in _sized(" ".join(pieces)))


def _sized(text: str) -> Iterator[Sentence]:
    """Yield a sentence, or the pieces of one that is too long, each cut behind a semicolon, a comma or a blank."""
    begin = 0
    while len(text) - begin > MAX_SENTENCE:
        window = text[begin : begin + MAX_SENTENCE]
        cut = next((at for mark in ";, " if (at := window.rfind(mark)) > MAX_SENTENCE // 2), MAX_SENTENCE - 1) + 1
        yield prepare(window[:cut], is_piece=True)
        begin += cut
    if text[begin:].strip():
        yield prepare(text[begin:], is_piece=begin > 0)


def prepare(raw: str, is_piece: bool = False) -> Sentence:
    """Return a text folded word by word, with the positions kept."""
    words, folded_starts, raw_starts, at = [], [], [], 0
    for match in re.finditer(r"\S+", raw):
        word = fold(match.group())
        words.append(word)
        folded_starts.append(at)
        raw_starts.append(match.start())
        at += len(word) + 1
    text = " ".join(words)
    return Sentence(raw, text, masked(text), tuple(folded_starts) or (0,), tuple(raw_starts) or (0,), is_piece)


def masked(text: str) -> str:
    """Return folded text of the same length with absent figures, addresses, dates and figures covered."""
    text = NO_FIGURE.sub(lambda match: _FIGURE * len(match.group()), text)
    if not any(letter.isdigit() for letter in text):
        return text
    text = _ADDRESS.sub(_cover_address, text)
    text = _DAY_OR_ORDINAL.sub(lambda match: _DAY * len(match.group()), text)
    return NUMBER.sub(lambda m: (_PERCENT if m["percent"] else _FIGURE) * len(m.group()), text)


def _cover_address(match: re.Match[str]) -> str:
    """Cover four groups of digits as an address, unless they can be one number and no address is spoken of."""
    groups = re.split(r"[. ]", match.group())
    is_address = all(int(group) < 256 for group in groups)
    if _GROUPED.fullmatch(match.group()):
        is_address = is_address and bool(re.search(r"\b(?:ip|địa chỉ)\b", match.string[: match.start()][-40:]))
    return _IP * len(match.group()) if is_address else match.group()


def enumerated(text: str) -> list[str]:
    """Return the items of an enumeration: parted by commas, semicolons and "và"; brackets belong to items."""
    inside = re.fullmatch(r"\s*\((.*)\)\s*[.;]?\s*", text)
    body = inside.group(1) if inside else re.sub(r"\([^()]*\)", " ", text)
    parts = re.split(r"\s*[,;]\s*|\s+(?:và|cùng|&)\s+", body.strip(" .;:"))
    return [part.strip() for part in parts if part.strip(" .\"'")]
