"""Work items of a submission, sorted into part (results, plan) and section of the report.

Headings say where an item belongs. Where a writer gives none, the submitter's own section decides, and for a
district the words of the item do, kept in the order of the report's sections.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, cast

from flows.read.document import Paragraph, ReadContext
from flows.read.text import fold, normalise
from flows.records import NarrativeItem, Part
from infra.catalogue import NarrativeWording

Role = Literal["heading", "item", "text", "closing"]
SECTIONS = ("CNTT", "BCVT", "TTBCXB", "CTMTQG", "THANHTRA", "DVSN", "KHAC", "HUYEN")
_BULLET = re.compile(r"^\s*([-+*•▪●○–—·]|[a-zđ]\))\s+")
_ROMAN = re.compile(r"^\s*(?:(?i:phần)\s+)?(?:[IVX]{1,4}|[A-D])\s*[.):/-]\s*")
_ARABIC = re.compile(r"^\s*(?:[IVX]+\.)?\d{1,2}(?:\.\d{1,2})*\s*[.)/-]?\s+")
_RUN_IN = re.compile(r"(?<=[;.])\s+[-+]\s+(?=[^\W\d_])")
_ANNOUNCES = re.compile(r"số liệu|phụ lục|bảng|biểu|như sau|cụ thể|dưới đây|sau đây|kèm theo")    # a table, a list
_HEADING_WORDS = 14
_WORD = re.compile(r"[^\W\d_]{2,}")
WORDS_OF_A_LINE = 3  # a line with fewer says nothing that a report could print
_LETTERS = re.compile(r"[^\W_]+")
_JOINING = frozenset({"và", "về", "công", "tác", "lĩnh", "vực", "thông", "tin"})  # beside the names of sections


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph and what it is in the outline. `text` is without its bullet."""

    paragraph: Paragraph
    role: Role
    part: str  # "I", "II", "" before the first heading
    section: str
    text: str
    bullet: str = ""


def outline(paragraphs: Sequence[Paragraph], context: ReadContext) -> list[Line]:
    """Return every paragraph with its role; a bullet run into the line before becomes a line of its own."""
    wordings = _Wordings.of(context.catalogue.narrative_wordings)
    section = _own_section(wordings, context)
    lines: list[Line] = []
    part, current = "", section
    for paragraph in _split_run_ins(paragraphs):
        text = normalise(paragraph.text).strip()
        role = _role(text, paragraph, part, wordings)
        if role == "heading":
            part, current = _headed(text, part, section, wordings)
        elif role == "closing":
            part = ""
        bullet = _BULLET.match(text)
        bare = _BULLET.sub("", text) if role == "item" else text
        lines.append(Line(paragraph, role, part, current, bare, bullet.group(1) if bullet else ""))
    return _with_topics(_with_sub_items(lines), wordings)


def narrative_items(lines: Sequence[Line], left_out: Iterable[str], context: ReadContext) -> list[NarrativeItem]:
    """Return the items of an outline.

    Args:
        lines: From `outline`.
        left_out: Texts of lines that a district wrote only to state its figures.
        context: Whose document it is.
    """
    skipped = set(left_out)
    items: list[NarrativeItem] = []
    used: dict[str, int] = {}
    for line in lines:
        if line.role == "item" and line.part and line.text not in skipped:
            place = line.paragraph.place
            used[place] = used.get(place, 0) + 1
            is_numbered = used[place] > 1 and place not in ("body", "pdf")
            items.append(
                NarrativeItem(
                    period=context.report_period,
                    submitter_id=context.submitter.submitter_id if context.submitter else "",
                    part=cast(Part, line.part),
                    section=line.section or "KHAC",
                    text=line.text,
                    receipt_id=context.receipt_id,
                    message=context.message,
                    file=context.file,
                    place=f"{place} ({used[place]})" if is_numbered else place,
                )
            )
    return items


def unused_lines(lines: Sequence[Line], context: ReadContext) -> list[Line]:
    """Return the lines of some words that no item comes from: texts of a part, and items outside of every part.

    So is a heading of a part under which nothing stands and that names no section ("1.1. Tập huấn cho 30 cán bộ").
    What follows the closing words of a letter (who gets a copy, who signed) is none.
    """
    wordings = _Wordings.of(context.catalogue.narrative_wordings)
    unused: list[Line] = []
    is_closed = False
    for line, below in zip(lines, [*lines, None][1:], strict=True):
        is_closed = line.role == "closing" or (is_closed and line.role != "heading")
        is_bare = bool(line.part) and _is_bare_heading(line, below, wordings)
        is_unused = is_bare or line.role == ("text" if line.part else "item")
        if is_unused and not is_closed and len(_WORD.findall(line.text)) >= WORDS_OF_A_LINE:
            unused.append(line)
    return unused


def _is_bare_heading(line: Line, below: Line | None, wordings: _Wordings) -> bool:
    """Tell whether a heading has nothing under it and is no name of a part or a section."""
    has_below = below is not None and below.role in ("item", "text") and bool(below.text)
    is_name = bool(_part_of(line.text, wordings) or _section_of(line.text, wordings))
    is_announcing = line.text.endswith(":") and bool(_ANNOUNCES.search(fold(line.text)))
    return line.role == "heading" and not (has_below or is_name or is_announcing)


def has_own_section(context: ReadContext) -> bool:
    """Tell whether a submitter's items all belong to one section; a district's do not."""
    return bool(_own_section(_Wordings.of(context.catalogue.narrative_wordings), context))


@dataclass(frozen=True)
class _Wordings:
    parts: tuple[tuple[str, str], ...]
    sections: tuple[tuple[str, str], ...]
    topics: tuple[tuple[str, str], ...]
    submitters: tuple[tuple[str, str], ...]
    closings: tuple[str, ...]

    @staticmethod
    @lru_cache(maxsize=8)
    def of(rows: tuple[NarrativeWording, ...]) -> _Wordings:
        def pairs(kind: str) -> tuple[tuple[str, str], ...]:
            return tuple((fold(row.wording), row.target) for row in rows if row.kind == kind)

        submitters = tuple((row.wording, row.target) for row in rows if row.kind == "submitter")
        closings = tuple(word for word, _ in pairs("closing"))
        return _Wordings(pairs("part"), pairs("section"), pairs("topic"), submitters, closings)


def _own_section(wordings: _Wordings, context: ReadContext) -> str:
    if context.submitter is None:
        return ""
    known = dict(wordings.submitters)
    return known.get(context.submitter.submitter_id) or known.get(context.submitter.submitter_kind) or ""


def _headed(text: str, part: str, own_section: str, wordings: _Wordings) -> tuple[str, str]:
    """Return part and section below a heading; a Roman one of unknown matter ends the part."""
    new_part, section = _part_of(text, wordings), _section_of(text, wordings)
    if new_part:
        return new_part, own_section
    if _ROMAN.match(text) and not section:
        return "", own_section
    return part, section or own_section


def _split_run_ins(paragraphs: Sequence[Paragraph]) -> Iterable[Paragraph]:
    for paragraph in paragraphs:
        for number, piece in enumerate(_RUN_IN.split(paragraph.text)):
            yield replace(paragraph, text=piece if number == 0 else f"- {piece}")


def _role(text: str, paragraph: Paragraph, part: str, wordings: _Wordings) -> Role:
    folded = fold(text)
    if not text:
        return "text"
    if folded.startswith(wordings.closings):
        return "closing"
    if _is_heading(text, folded, paragraph, wordings):
        return "heading"
    if _BULLET.match(text) or paragraph.is_list_item:
        return "item"
    is_sentence = len(text.split()) >= 6 and text[-1:] in ".;" and not text.isupper()
    return "item" if part and is_sentence else "text"


def _is_heading(text: str, folded: str, paragraph: Paragraph, wordings: _Wordings) -> bool:
    """A heading is short and numbered, capital, bold, a section's name or ends with a colon; a lead-in has a bullet."""
    numbered = bool(_ARABIC.match(text)) and not text.endswith((".", ";"))
    longest = 2 * _HEADING_WORDS if numbered and _section_of(text, wordings) else _HEADING_WORDS
    if len(text.split()) > longest or re.search(r":\s*\S", text):
        return False
    if _ROMAN.match(text) or _names_only_sections(folded, wordings):
        return True
    dressed = numbered or text.endswith(":") or text.isupper() or paragraph.is_bold
    if _BULLET.match(text):
        return text.startswith("*") and text.endswith(":")
    return dressed and (numbered or text.endswith(":") or bool(_part_of(text, wordings) or _section_of(text, wordings)))


def _part_of(text: str, wordings: _Wordings) -> str:
    """Return the part a heading opens; the title of a report that names both opens none."""
    folded = fold(text)
    if _ARABIC.match(text):
        return ""
    parts = {part for word, part in wordings.parts if word in folded}
    if len(parts) > 1 and _ROMAN.match(text):
        return min((folded.find(word), part) for word, part in wordings.parts if word in folded)[1]
    return parts.pop() if len(parts) == 1 else ""


def _section_of(text: str, wordings: _Wordings) -> str:
    folded = fold(text)
    found = [(len(word), section) for word, section in wordings.sections if word in folded]
    return max(found)[1] if found else ""


def _names_only_sections(folded: str, wordings: _Wordings) -> bool:
    """Tell whether a line is the names of sections and nothing else: "Bưu chính, viễn thông"."""
    rest = folded
    for word, _ in sorted(wordings.sections, key=lambda pair: -len(pair[0])):
        rest = rest.replace(word, " ")
    return rest != folded and set(_LETTERS.findall(rest)) <= _JOINING


def _with_sub_items(lines: list[Line]) -> list[Line]:
    """Add lines with another bullet to the item above that ends with a colon."""
    merged: list[tuple[Line, list[str]]] = []
    for line in lines:
        head, under = merged[-1] if merged else (None, [])
        opens = head is not None and head.role == "item" and (head.text.endswith(":") or under or "\n" in head.text)
        if head is not None and opens and line.role == "item" and line.bullet and line.bullet != head.bullet:
            under.append(f"\n{line.bullet} {line.text}")
        else:
            merged.append((line, []))
    return [replace(head, text=head.text + "".join(under)) if under else head for head, under in merged]


def _with_topics(lines: list[Line], wordings: _Wordings) -> list[Line]:
    """Sort items that stand under no section by their words, part by part."""
    sorted_lines = list(lines)
    for part in ("I", "II"):
        open_lines = [i for i, x in enumerate(lines) if x.part == part and x.role == "item" and not x.section]
        for index, section in zip(open_lines, _best_order([lines[i].text for i in open_lines], wordings), strict=True):
            sorted_lines[index] = replace(lines[index], section=section)
    return sorted_lines


def _best_order(texts: Sequence[str], wordings: _Wordings) -> list[str]:
    """Return a section an item, never going back in the report's order, with the most topic words in place."""
    if not texts:
        return []
    best = [0] * len(SECTIONS)  # score by the last item's section
    came_from: list[list[int]] = []  # an item: by its section, the section of the item before
    for text in texts:
        folded = fold(text)
        scores = [sum(len(word.split()) for word, target in wordings.topics if target == s and word in folded)
                  for s in SECTIONS]  # fmt: skip
        before = [max(range(index + 1), key=best.__getitem__) for index in range(len(SECTIONS))]
        came_from.append(before)
        best = [best[before[index]] + score for index, score in enumerate(scores)]
    path = [max(range(len(SECTIONS)), key=best.__getitem__)]
    for before in reversed(came_from[1:]):
        path.append(before[path[-1]])
    return [SECTIONS[index] for index in reversed(path)]
