"""Cell notes of a worksheet: the comments part that holds the texts and the drawing that holds their boxes."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from typing import Any

from flows.reply.package import MAIN, OFFICE, Package

AUTHOR = "tonghop"
SHAPE_ID = "_tonghop_"
COMMENTS_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
VML_TYPE = "application/vnd.openxmlformats-officedocument.vmlDrawing"
AFTER_LEGACY_DRAWING = (
    "legacyDrawingHF",
    "picture",
    "oleObjects",
    "controls",
    "webPublishItems",
    "tableParts",
    "extLst",
)
EMPTY_DRAWING = (
    '<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:x="urn:schemas-microsoft-com:office:excel"><v:shapetype id="_x0000_t202" coordsize="21600,21600" '
    'o:spt="202" path="m,l,21600r21600,l21600,xe"><v:stroke joinstyle="miter"/>'
    '<v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype></xml>'
)


def add_notes(package: Package, sheet: str, root: Any, notes: Sequence[tuple[str, str]]) -> None:
    """Hang notes on cells of a sheet; notes that others wrote stay, ours of an earlier time go.

    Args:
        package: The workbook.
        sheet: The sheet's part.
        root: Its element tree; the caller writes it.
        notes: (place, text) with places like "C10".
    """
    _write_comments(package, sheet, notes)
    _write_drawing(package, sheet, root, notes)


def _write_comments(package: Package, sheet: str, notes: Sequence[tuple[str, str]]) -> None:
    part = package.related(sheet, "comments", missing="")
    if not part:
        part = package.free_name("xl/comments{}.xml")
        package.declare(part, COMMENTS_TYPE)
        package.relate(sheet, "comments", posixpath.relpath(part, posixpath.dirname(sheet)))
        root = package.element("comments")
        package.element("authors", root)
        package.element("commentList", root)
    else:
        root = package.xml(part)
    author = _author(package, root)
    listed = root.find(f"{MAIN}commentList")
    for old in [c for c in listed if c.get("authorId") == author]:
        listed.remove(old)
    theirs = {comment.get("ref"): comment for comment in listed}
    for place, text in notes:
        if place in theirs:
            _append_text(package, theirs[place], text)
        else:
            comment = package.element("comment", listed, ref=place, authorId=author)
            _append_text(package, comment, text)
    package.write_xml(part, root)


def _author(package: Package, root: Any) -> str:
    authors = root.find(f"{MAIN}authors")
    names = [author.text for author in authors]
    if AUTHOR not in names:
        package.element("author", authors).text = AUTHOR
        names.append(AUTHOR)
    return str(names.index(AUTHOR))


def _append_text(package: Package, comment: Any, text: str) -> None:
    """Write the text; on a cell where somebody else left a note, ours follows theirs once."""
    holder = comment.find(f"{MAIN}text")
    if holder is None:
        holder = package.element("text", comment)
    written = f"\n[{AUTHOR}] {text}" if len(holder) or holder.text else text
    if any(written.strip() in (t.text or "") for t in holder.iter(f"{MAIN}t")):
        return
    run = package.element("t", package.element("r", holder))
    run.text = re.sub(r"[^\t\n\x20-\ud7ff\ue000-\ufffd]", "", written)
    run.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")


def _write_drawing(package: Package, sheet: str, root: Any, notes: Sequence[tuple[str, str]]) -> None:
    reference = root.find(f"{MAIN}legacyDrawing")
    part = "" if reference is None else package.target(sheet, reference.get(f"{OFFICE}id"))
    if part not in package.parts:
        part = package.free_name("xl/drawings/tonghop{}.vml")
        package.write(part, EMPTY_DRAWING.encode())
        package.declare_extension("vml", VML_TYPE)
        relation = package.relate(sheet, "vmlDrawing", posixpath.relpath(part, posixpath.dirname(sheet)))
        _refer_to_drawing(package, root, relation)
    drawing = package.read(part).decode("utf-8", "replace")
    drawing = re.sub(rf'<v:shape id="{SHAPE_ID}.*?</v:shape>', "", drawing, flags=re.DOTALL)
    drawn = {(int(r), int(c)) for r, c in re.findall(r"<x:Row>(\d+)</x:Row>\s*<x:Column>(\d+)</x:Column>", drawing)}
    shapes = "".join(_shape(n, place) for n, (place, _) in enumerate(notes, 1) if _row_and_column(place) not in drawn)
    end = drawing.rindex("</xml>")
    package.write(part, (drawing[:end] + shapes + drawing[end:]).encode())


def _refer_to_drawing(package: Package, root: Any, relation: str) -> None:
    """Name the drawing at the place the schema wants, which programs insist on."""
    for old in root.findall(f"{MAIN}legacyDrawing"):
        root.remove(old)
    reference = package.element("legacyDrawing")
    reference.set(f"{OFFICE}id", relation)
    followers = [e for e in root if isinstance(e.tag, str) and e.tag.removeprefix(MAIN) in AFTER_LEGACY_DRAWING]
    if followers:
        followers[0].addprevious(reference)
    else:
        root.append(reference)


def _shape(number: int, place: str) -> str:
    row, column = _row_and_column(place)
    return (
        f'<v:shape id="{SHAPE_ID}{number}" type="#_x0000_t202" style="position:absolute;width:220pt;height:70pt;'
        'z-index:1;visibility:hidden" fillcolor="#ffffe1" o:insetmode="auto"><v:fill color2="#ffffe1"/>'
        '<v:shadow color="black" obscured="t"/><v:path o:connecttype="none"/>'
        '<v:textbox style="mso-direction-alt:auto"/>'
        '<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/>'
        f"<x:Anchor>{column + 1}, 15, {row}, 2, {column + 5}, 15, {row + 4}, 4</x:Anchor><x:AutoFill>False</x:AutoFill>"
        f"<x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
    )


def _row_and_column(place: str) -> tuple[int, int]:
    """Return row and column from 0."""
    letters, digits = re.fullmatch(r"([A-Z]+)(\d+)", place).groups()  # type: ignore[union-attr]
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return int(digits) - 1, column - 1
