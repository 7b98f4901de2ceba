"""Formulas compiled to SQL, in the order of calculation."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from flows.build.definitions import CompiledDefinition, compile_definitions
from infra.catalogue import Catalogue, Definition, load_catalogue
from infra.errors import CatalogueError


def _catalogue(*formulas: tuple[str, str]) -> Catalogue:
    definitions = tuple(
        Definition(indicator_id, "test", True, expression, "", "", "2019-01-01", "")
        for indicator_id, expression in formulas
    )
    return replace(load_catalogue(), definitions=definitions)


def _compiled(*formulas: tuple[str, str]) -> dict[str, CompiledDefinition]:
    return {d.indicator_id: d for d in compile_definitions(_catalogue(*formulas))}


def test_formula_comes_after_what_it_uses() -> None:
    compiled = compile_definitions(load_catalogue())
    place = {d.indicator_id: d.position for d in compiled}  # of several formulas of one indicator the last
    assert [d.position for d in compiled] == list(range(len(compiled)))
    for definition in compiled:
        assert definition.is_register or all(place.get(name, -1) < definition.position for name in definition.inputs)


def test_only_current_formulas_are_compiled() -> None:
    assert "ministry_four_categories" not in {d.definition_id for d in compile_definitions(load_catalogue())}


@pytest.mark.parametrize(("expression", "is_sum"), [
    ("phone_subs_fixed + phone_subs_mobile", True),
    ("phone_subs_fixed", True),
    ("phone_subs_fixed - phone_subs_mobile", False),
    ("phone_subs_fixed + 1", False),
    ("100 * phone_subs_fixed / population", False),
])
def test_only_plain_sums_hold_for_parts_of_the_province(expression: str, is_sum: bool) -> None:
    assert _compiled(("phone_subs_total", expression))["phone_subs_total"].is_sum is is_sum


def test_indicator_that_names_itself_is_the_register() -> None:
    definition = _compiled(("unit_communes_all", "unit_communes_all"))["unit_communes_all"]
    assert definition.is_register


@pytest.mark.parametrize(("formulas", "said"), [
    ((("phone_subs_total", "phone_subs_fixed + no_such_thing"),), "no_such_thing"),
    ((("phone_subs_total", "phone_subs_fixed +"),), "cannot be read"),
    ((("phone_subs_total", "phone_subs_mobile"), ("phone_subs_mobile", "phone_subs_total")), "circle"),
])
def test_wrong_formula_is_named(formulas: tuple[tuple[str, str], ...], said: str) -> None:
    with pytest.raises(CatalogueError, match=said):
        compile_definitions(_catalogue(*formulas))


@pytest.mark.parametrize("expression", [
    "post_offices / 0", "post_offices / (2 - 2)", "1 + post_offices / (pi * 0)", "post_offices / round(0.4, 0)",
])
def test_a_formula_that_divides_by_nothing_is_refused(expression: str) -> None:
    with pytest.raises(CatalogueError, match="divides by zero"):
        compile_definitions(_catalogue(("phone_subs_total", expression)))


@pytest.mark.parametrize("expression", ["post_offices / population", "sqrt(area_km2 / (pi * population))"])
def test_a_reference_figure_that_is_divided_by_is_above_zero(expression: str) -> None:
    catalogue = load_catalogue()
    nobody = tuple(
        replace(row, value=Decimal(0)) if row.reference_id == "population" else row
        for row in catalogue.reference_figures
    )
    formula = _catalogue(("phone_subs_total", expression)).definitions
    with pytest.raises(CatalogueError, match="population must be above zero"):
        compile_definitions(replace(catalogue, reference_figures=nobody, definitions=formula))
    compile_definitions(replace(catalogue, definitions=formula))


@pytest.mark.parametrize("expression", [
    "(" * 3000 + "post_offices" + ")" * 3000, "-" * 3000 + "post_offices", "post_offices" + " + post_offices" * 3000,
    "abs(" * 3000 + "post_offices" + ")" * 3000,
])
def test_a_formula_without_end_is_a_sentence(expression: str) -> None:
    with pytest.raises(CatalogueError) as raised:
        compile_definitions(_catalogue(("phone_subs_total", expression)))
    assert len(str(raised.value)) < 1500


def test_formulas_of_different_times_are_no_circle() -> None:
    early, late = (("phone_subs_total", "phone_subs_mobile"), ("phone_subs_mobile", "phone_subs_total"))
    one, other = _catalogue(early, late).definitions
    apart = (replace(one, valid_to="2019-12-31"), replace(other, valid_from="2020-01-01"))
    assert len(compile_definitions(replace(load_catalogue(), definitions=apart))) == 2
    at_once = (apart[0], replace(other, valid_from="2019-12-31"))
    with pytest.raises(CatalogueError, match="circle"):
        compile_definitions(replace(load_catalogue(), definitions=at_once))
