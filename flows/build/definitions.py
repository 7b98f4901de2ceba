"""The formulas of `definitions.csv`, compiled to SQL and put in the order of calculation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from expectations import language
from infra.catalogue import Catalogue, Definition
from infra.errors import CatalogueError
from infra.settings import CATALOGUE


@dataclass(frozen=True, slots=True)
class CompiledDefinition:
    """One current formula. Key: `position`, which is also the order of calculation.

    `is_sum`: plain addition, so it holds for a district or a submitter as well. `is_register`: the indicator
    names itself, that is a reference figure of the same name.
    """

    position: int
    indicator_id: str
    definition_id: str
    expression: str
    sql_text: str
    inputs: tuple[str, ...]
    is_sum: bool
    is_register: bool
    valid_from: str
    valid_to: str


def compile_definitions(catalogue: Catalogue) -> list[CompiledDefinition]:
    """Return the current formulas, each after those it uses.

    Raises:
        CatalogueError: A formula cannot be read, names nothing known, or rests on itself.
    """
    current = [d for d in catalogue.definitions if d.is_current]
    _check_names(catalogue, current)
    place = {indicator_id: n for n, indicator_id in enumerate(_in_order(current))}
    ordered = sorted(current, key=lambda d: (place[d.indicator_id], d.valid_from))
    return [_compile(position, definition) for position, definition in enumerate(ordered)]


def _compile(position: int, definition: Definition) -> CompiledDefinition:
    return CompiledDefinition(
        position=position,
        indicator_id=definition.indicator_id,
        definition_id=definition.definition_id,
        expression=definition.expression,
        sql_text=language.to_sql(definition.expression),
        inputs=_inputs(definition),
        is_sum=_is_sum(language.parse_expression(definition.expression)),
        is_register=_is_register(definition),
        valid_from=definition.valid_from,
        valid_to=definition.valid_to,
    )


def _in_order(definitions: Iterable[Definition]) -> list[str]:
    graph: dict[str, set[str]] = {}
    for definition in definitions:
        needed = set() if _is_register(definition) else set(_inputs(definition))
        graph.setdefault(definition.indicator_id, set()).update(needed)
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        names = " → ".join(reversed(error.args[1]))
        raise _wrong(f"công thức vòng tròn: {names}", f"the formulas go round in a circle: {names}") from error


def _check_names(catalogue: Catalogue, definitions: Iterable[Definition]) -> None:
    known = {row.indicator_id for row in catalogue.indicators}
    known |= {row.reference_id for row in catalogue.reference_figures}
    for definition in definitions:
        for name in _inputs(definition):
            if name not in known:
                raise _wrong(
                    f"công thức {definition.definition_id} dùng “{name}”, không có trong danh mục",
                    f"formula {definition.definition_id} uses {name!r}, which the catalogue does not have",
                )


def _inputs(definition: Definition) -> tuple[str, ...]:
    try:
        return language.names(definition.expression)
    except language.LanguageError as error:
        raise _wrong(
            f"không đọc được công thức {definition.definition_id}: {definition.expression}",
            f"formula {definition.definition_id} cannot be read: {error}",
        ) from error


def _is_register(definition: Definition) -> bool:
    return _inputs(definition) == (definition.indicator_id,)


def _is_sum(node: language.Node) -> bool:
    if isinstance(node, language.Operation):
        return node.sign == "+" and _is_sum(node.left) and _is_sum(node.right)
    return isinstance(node, language.Name) and node.name != "pi"


def _wrong(vi: str, en: str) -> CatalogueError:
    return CatalogueError(
        f"Danh mục definitions.csv: {vi}.", f"definitions.csv: {en}.",
        place=str(CATALOGUE / "definitions.csv"), remedy_vi="Sửa công thức đó rồi chạy lại.",
    )
