"""An OOXML package as parts and relations, changed part by part; untouched parts keep their bytes."""

from __future__ import annotations

import io
import posixpath
import zipfile
from typing import Any

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
OFFICE = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
RELATIONS = "{http://schemas.openxmlformats.org/package/2006/relationships}"
TYPES = "{http://schemas.openxmlformats.org/package/2006/content-types}"
CONTENT_TYPES = "[Content_Types].xml"
MAX_TOTAL = 80_000_000  # bytes after inflation
EARLIEST = (1980, 1, 1, 0, 0, 0)


class Package:
    """The parts of a workbook file."""

    def __init__(self, data: bytes) -> None:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_TOTAL:
                raise ValueError("the package is too large to be taken apart in memory")
            self.parts = {entry.filename: archive.read(entry) for entry in archive.infolist()}
        self.workbook = self.related("", "officeDocument")

    def read(self, part: str) -> bytes:
        """Return the bytes of a part."""
        return self.parts[part]

    def size(self, part: str) -> int:
        """Return how many bytes a part has."""
        return len(self.parts[part])

    def write(self, part: str, data: bytes) -> None:
        """Replace or add a part."""
        self.parts[part] = data

    def xml(self, part: str) -> Any:
        """Return the root element of a part; entities are not resolved and nothing is fetched.

        Raises:
            ValueError: The part is no XML.
        """
        from lxml import etree

        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        try:
            return etree.fromstring(self.parts[part], parser)
        except etree.XMLSyntaxError as error:
            raise ValueError(f"{part}: {error}") from error

    def write_xml(self, part: str, root: Any) -> None:
        """Replace a part by an element tree."""
        from lxml import etree

        self.parts[part] = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)

    def element(self, tag: str, parent: Any = None, namespace: str = MAIN, **attributes: str) -> Any:
        """Return a new element, the last child of `parent` when one is given."""
        from lxml import etree

        if parent is None:
            return etree.Element(f"{namespace}{tag}", attributes)
        return etree.SubElement(parent, f"{namespace}{tag}", attributes)

    def sheets(self) -> dict[str, str]:
        """Return the part of every worksheet by its title, in order."""
        targets = self._targets(self.workbook)
        root = self.xml(self.workbook)
        found = {s.get("name"): targets.get(s.get(f"{OFFICE}id"), "") for s in root.find(f"{MAIN}sheets")}
        return {name: part for name, part in found.items() if part in self.parts and "/worksheets/" in f"/{part}"}

    def related(self, part: str, kind: str, missing: str | None = None) -> str:
        """Return the first part that `part` relates to as `kind` ("styles", "comments").

        Raises:
            KeyError: There is none and no `missing` was given.
        """
        if relations_part(part) in self.parts:
            for relation in self.xml(relations_part(part)):
                if relation.get("Type", "").rsplit("/", 1)[-1] == kind and relation.get("TargetMode") != "External":
                    return _resolved(part, relation.get("Target"))
        if missing is None:
            raise KeyError(f"{part} has no {kind}")
        return missing

    def target(self, part: str, relation: str) -> str:
        """Return the part that a relation of `part` leads to, "" when there is no such relation."""
        return self._targets(part).get(relation, "") if relations_part(part) in self.parts else ""

    def relate(self, part: str, kind: str, target: str) -> str:
        """Add a relation and return its id."""
        name = relations_part(part)
        root = self.xml(name) if name in self.parts else self.element("Relationships", namespace=RELATIONS)
        taken = {relation.get("Id") for relation in root}
        number = next(f"rIdT{n}" for n in range(1, 10_000) if f"rIdT{n}" not in taken)
        self.element("Relationship", root, RELATIONS, Id=number, Type=f"{OFFICE[1:-1]}/{kind}", Target=target)
        self.write_xml(name, root)
        return number

    def declare(self, part: str, content_type: str) -> None:
        """Say what a new part is."""
        root = self.xml(CONTENT_TYPES)
        self.element("Override", root, TYPES, PartName=f"/{part}", ContentType=content_type)
        self.write_xml(CONTENT_TYPES, root)

    def declare_extension(self, extension: str, content_type: str) -> None:
        """Say what parts with an extension are, unless it is said already."""
        root = self.xml(CONTENT_TYPES)
        if not any(e.get("Extension", "").lower() == extension for e in root):
            default = self.element("Default", None, TYPES, Extension=extension, ContentType=content_type)
            root.insert(0, default)
            self.write_xml(CONTENT_TYPES, root)

    def free_name(self, pattern: str) -> str:
        """Return the first part name of the pattern ("xl/comments{}.xml") that is not taken."""
        return next(name for n in range(1, 100_000) if (name := pattern.format(n)) not in self.parts)

    def to_bytes(self) -> bytes:
        """Return the package; the same parts give the same bytes."""
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in self.parts.items():
                info = zipfile.ZipInfo(name, EARLIEST)
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, data)
        return stream.getvalue()

    def _targets(self, part: str) -> dict[str, str]:
        relations = self.xml(relations_part(part))
        return {r.get("Id"): _resolved(part, r.get("Target")) for r in relations if r.get("TargetMode") != "External"}


def relations_part(part: str) -> str:
    """Return the part that holds the relations of a part ("" for the package)."""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _resolved(part: str, target: str) -> str:
    if target.startswith("/"):
        return target[1:]
    return posixpath.normpath(posixpath.join(posixpath.dirname(part), target))
