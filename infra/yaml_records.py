"""A YAML file of records that people edit: every wrong field is a `CatalogueError` with file and line."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from infra.catalogue_words import unknown_word
from infra.errors import CatalogueError


class Record(dict[str, Any]):
    """One mapping of a file, which knows the line of each of its fields."""

    path: Path
    line: int
    lines: dict[str, int]

    def error(self, field: str, vi: str, en: str) -> CatalogueError:
        """Return the error of one field (of the record itself where it has no such field)."""
        return _error(self.path, self.lines.get(field, self.line), vi, en)

    def only(self, *fields: str) -> None:
        """Refuse a field of another name."""
        for name in self:
            if name not in fields:
                raise self.error(name, *unknown_word("(trường)", str(name), fields))

    def text(self, field: str, default: str | None = None) -> str:
        """Return a text field; without a default it must be there."""
        value = self.get(field, default)
        if not isinstance(value, str):
            raise self.error(field, f"trường {field} phải là chữ", f"field {field} must be text")
        return value

    def flag(self, field: str) -> bool:
        """Return a true/false field, false when it is not there."""
        value = self.get(field, False)
        if not isinstance(value, bool):
            raise self.error(field, f"trường {field} phải là true hoặc false", f"field {field} must be true or false")
        return value

    def word(self, field: str, allowed: tuple[str, ...]) -> str:
        """Return a field with a closed vocabulary, its first word when it is not there."""
        return self._one_of(field, self.text(field, allowed[0]), allowed)

    def words(self, field: str, allowed: Iterable[str]) -> tuple[str, ...]:
        """Return a list of words of a closed vocabulary."""
        value = self.get(field)
        if not isinstance(value, list) or not value:
            raise self.error(field, f"trường {field} phải là một danh sách", f"field {field} must be a list")
        return tuple(self._one_of(field, str(word), tuple(allowed)) for word in value)

    def record(self, field: str) -> Record:
        """Return a field that is a record itself."""
        value = self.get(field)
        if not isinstance(value, Record):
            raise self.error(field, f"trường {field} phải có các trường con", f"field {field} must be a record")
        return value

    def records(self, field: str) -> list[Record]:
        """Return a field that is a list of records."""
        value = self.get(field)
        if not isinstance(value, list) or not all(isinstance(entry, Record) for entry in value):
            raise self.error(field, f"trường {field} phải là danh sách bản ghi", f"field {field} must list records")
        return value

    def _one_of(self, field: str, word: str, allowed: tuple[str, ...]) -> str:
        if word not in allowed:
            raise self.error(field, *unknown_word(field, word, allowed))
        return word


def load_yaml(path: Path) -> Any:
    """Return what a file holds; its mappings are `Record`.

    Raises:
        CatalogueError: The file is not there, no UTF-8, no YAML, or names a field twice.
    """
    import yaml

    try:
        return yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_loader(path))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise _error(path, mark.line + 1 if mark else 1, "không phải YAML hợp lệ", f"no YAML: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise _error(path, 1, "không đọc được tệp (cần UTF-8)", f"the file cannot be read: {error}") from error


def _loader(path: Path) -> Any:
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        """The safe loader, with lines."""

    def construct(loader: Any, node: Any) -> Any:
        record = Record()
        record.path, record.line, record.lines = path, node.start_mark.line + 1, {}
        yield record
        for key_node, value_node in node.value:
            key, line = str(loader.construct_object(key_node)), key_node.start_mark.line + 1
            if key in record:
                raise _error(path, line, f"trường {key} viết hai lần", f"field {key} stands twice")
            record[key] = loader.construct_object(value_node, deep=True)
            record.lines[key] = line

    Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, construct)
    return Loader


def _error(path: Path, line: int, vi: str, en: str) -> CatalogueError:
    return CatalogueError(f"Tệp {path.name}, dòng {line}: {vi}.", f"{path.name} line {line}: {en}.",
                          place=f"{path}:{line}", remedy_vi="Sửa dòng đó rồi chạy lại.")
