"""The formulas of `definitions.csv`, compiled to SQL and put in the order of calculation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from expectations import language
from infra.catalogue import FOREVER, Catalogue, Definition, place_of
from infra.catalogue_files import row_error
from infra.errors import CatalogueError

SHOWN = 200  # letters of a formula that an error repeats


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
        CatalogueError: With its line; a formula, current or not, that cannot be read, names no figure or an unknown
            one, rests on itself, or divides by zero: a constant, or a reference figure that is zero.
    """
    references = {row.reference_id for row in catalogue.reference_figures}
    known = references | {row.indicator_id for row in catalogue.indicators}
    for definition in catalogue.definitions:
        _check_names(definition, known)
        _check_rests_on_others(definition, references)
        _check_denominators(definition, catalogue)
    ordered = _in_order([d for d in catalogue.definitions if d.is_current])
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


def _in_order(definitions: list[Definition]) -> list[Definition]:
    """Return the formulas, each after those it uses while both are in force."""
    graph = {definition: _used_by(definition, definitions) for definition in definitions}
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        circle: list[Definition] = error.args[1]
        names = " → ".join(definition.indicator_id for definition in reversed(circle))
        raise _wrong(min(circle, key=definitions.index), f"công thức vòng tròn: {names}",
                     f"the formulas go round in a circle: {names}") from error


def _used_by(definition: Definition, definitions: Iterable[Definition]) -> list[Definition]:
    names = () if _is_register(definition) else _inputs(definition)
    return [other for other in definitions if other.indicator_id in names and _overlap(definition, other)]


def _overlap(one: Definition, other: Definition) -> bool:
    return one.valid_from <= (other.valid_to or FOREVER) and other.valid_from <= (one.valid_to or FOREVER)


def _check_names(definition: Definition, known: set[str]) -> None:
    names = _inputs(definition)
    if not names:
        raise _wrong(
            definition, f"công thức “{definition.expression}” không dùng chỉ tiêu hay số liệu tham chiếu nào",
            f"the formula {definition.expression!r} names no indicator and no reference figure",
        )
    for name in names:
        if name not in known:
            raise _wrong(
                definition, f"công thức {definition.definition_id} dùng “{name}”, không có trong danh mục",
                f"formula {definition.definition_id} uses {name!r}, which the catalogue does not have",
            )


def _check_rests_on_others(definition: Definition, references: set[str]) -> None:
    """Only a register may name itself, for then the reference figure of that name is meant."""
    name = definition.indicator_id
    if name in _inputs(definition) and not (_is_register(definition) and name in references):
        raise _wrong(definition, f"công thức của {name} dùng chính {name}", f"the formula of {name} uses {name} itself")


def _check_denominators(definition: Definition, catalogue: Catalogue) -> None:
    tree = language.parse_expression(definition.expression)
    divisors = [n.right for n in language.walk(tree) if isinstance(n, language.Operation) and n.sign == "/"]
    for divisor in divisors:
        names = language.names(divisor)
        if not names and not language.evaluate(divisor, {}):
            raise _wrong(definition, f"công thức {definition.definition_id} chia cho 0: {definition.expression}",
                         f"formula {definition.definition_id} divides by zero: {definition.expression}")
        for row in catalogue.reference_figures:
            if row.reference_id in names and row.value <= 0:
                raise row_error(
                    *place_of(row),
                    f"{row.reference_id} phải lớn hơn 0, vì công thức {definition.definition_id} của "
                    f"{definition.indicator_id} chia cho số này",
                    f"{row.reference_id} must be above zero: formula {definition.definition_id} of "
                    f"{definition.indicator_id} divides by it",
                )


def _inputs(definition: Definition) -> tuple[str, ...]:
    try:
        language.to_sql(definition.expression)
        return language.names(definition.expression)
    except language.LanguageError as error:
        raise _wrong(
            definition, f"không đọc được công thức {definition.definition_id}: {definition.expression[:SHOWN]}",
            f"formula {definition.definition_id} cannot be read: {error}",
        ) from error


def _is_register(definition: Definition) -> bool:
    return language.parse_expression(definition.expression) == language.Name(definition.indicator_id)


def _is_sum(node: language.Node) -> bool:
    if isinstance(node, language.Operation):
        return node.sign == "+" and _is_sum(node.left) and _is_sum(node.right)
    return isinstance(node, language.Name) and node.name != "pi"


def _wrong(definition: Definition, vi: str, en: str) -> CatalogueError:
    return row_error(*place_of(definition), vi, en, "Sửa công thức đó rồi chạy lại.")
