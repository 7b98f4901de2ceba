"""A rule as SQL: the query that gives its verdict at every place from the warehouse's marts, on any dbt target.

The three-valued logic of SQL gives the outcomes: true is pass, false is fail, null is undecided. Figures are
DECIMAL; where a rule divides or takes a root the engine's own arithmetic is used, so that the exact verdict is
the one of `expectations.verdicts`, and this query is for whoever has only the warehouse.
"""

from __future__ import annotations

from expectations.language import Call, Comparison, Name, Node, Number, names, walk
from expectations.rules import Rule
from infra.catalogue import Catalogue

_COMMUNE_TYPES = {"unit_communes_all": "", "unit_communes_rural": " and d.area_type = 'rural_commune'"}
# An area of the place, or one of "a+b", that was another or none in the month before: nothing to compare with.
_NEW_SERIES = (
    "select 1 from marts.dim_areas as d where '+' || a.area_code || '+' like '%+' || d.area_code || '+%'"
    " and d.valid_from >= cast(a.period || '-01' as date)"
)
_CELL_PLACES = ("cell", "row", "total", "submitter")


class NoQueryError(ValueError):
    """The rule is about the text of a report or about messages; the marts say nothing of it."""


def rule_query(rule: Rule, place: str, catalogue: Catalogue, indicator_id: str = "", dialect: str = "duckdb") -> str:
    """Return the query of one rule at one kind of place, for one month.

    The result has one row a place: `row_id`, `submitter_id`, `area_code`, `left_value`, `right_value`, `outcome`.
    The month stands in it as the parameter `:period`.

    Args:
        rule: The rule.
        place: One of the rule's `at`.
        catalogue: Gives the reference figures and the province's own code.
        indicator_id: What `x` stands for; empty for a rule without `for`.
        dialect: A target of sqlglot.

    Raises:
        NoQueryError: The rule is not about figures of the marts at that place.
    """
    line = rule.for_indicator(indicator_id)
    writer = _Writer(rule, place, catalogue, indicator_id or rule.anchor)
    text = writer.query(line, rule.conditions_for(indicator_id))
    if dialect == "duckdb":
        return text
    import sqlglot

    return str(sqlglot.transpile(text, read="duckdb", write=dialect, pretty=True)[0])


def outcome_sql(condition: str, when: str = "") -> str:
    """Return the expression that turns a truth value into an outcome."""
    guard = f"when not coalesce({when}, false) then 'not_applicable' " if when else ""
    return f"case {guard}when {condition} then 'pass' when not ({condition}) then 'fail' else 'undecided' end"


def _between_sides(number: int, sign: str) -> str:
    left, right = f"side_{number}", f"side_{number + 1}"
    if sign != "~":
        return f"{left} {sign} {right}"
    return f"{left} - half_unit <= {right} and {right} < {left} + half_unit"


class _Writer:
    """Writes the query of one rule at one kind of place; `a` is the row that the rule is seen from."""

    def __init__(self, rule: Rule, place: str, catalogue: Catalogue, anchor: str) -> None:
        self.rule = rule
        self.place = place
        self.catalogue = catalogue
        self.anchor = anchor
        self.province = catalogue.province.area_code
        self.references = {row.reference_id: row.value for row in catalogue.reference_figures}

    def query(self, line: Comparison, conditions: tuple[Comparison, ...]) -> str:
        """Return the query: inside, the sides of the line for every place; outside, what they come to."""
        sides = [f"{self.value(side)} as side_{n}" for n, side in enumerate(line.sides, 1)]
        if "~" in line.signs:
            sides.append(f"0.5 * power(10, -({self.decimals(line.sides[0])})) as half_unit")
        when = " and ".join(self.condition(tree) for tree in conditions)
        sides += [f"{when} as is_concerned"] if when else []
        truth = " and ".join(
            _between_sides(n, sign) for n, (_, sign, _) in enumerate(line.pairs, 1) if self.is_plain(line)
        )
        inner = ",\n        ".join(
            [f"{self.row_id()} as row_id", f"{self.who()} as submitter_id", "a.area_code", *sides]
        )
        return (
            "with figures as (\n    select * from marts.fct_observations\n"
            "    where is_in_force and report_period = period\n)\n"
            f"select row_id, submitter_id, area_code, side_1 as left_value, side_{len(line.sides)} as right_value,\n"
            f"    {outcome_sql(truth, 'is_concerned' if when else '')} as outcome\n"
            f"from (\n    select\n        {inner}\n    from {self.anchors()} as a\n) as places"
        )

    def is_plain(self, line: Comparison) -> bool:
        """Return True; a printed figure inside a formula stands for an interval, which a column cannot say.

        Raises:
            NoQueryError: There is one.
        """
        for left, sign, right in line.pairs:
            parts = (*walk(left), *walk(right))
            if sign != "~" and any(isinstance(n, Call) and n.function == "printed" for n in parts):
                raise NoQueryError("printed")
        return True

    def row_id(self) -> str:
        return "a.observation_id" if self.place in _CELL_PLACES else "a.area_code"

    def who(self) -> str:
        return "a.submitter_id" if self.place in _CELL_PLACES else "''"

    def anchors(self) -> str:
        """Return the relation with one row a place."""
        if self.place == "province":
            return f"(select :period as period, '{self.province}' as area_code)"
        if self.place == "district":
            return f"(select :period as period, area_code from marts.dim_areas where parent_code = '{self.province}')"
        if self.place not in _CELL_PLACES:
            raise NoQueryError(self.place)
        own = f" and area_code = '{self.province}'" if self.place in ("total", "submitter") else ""
        return f"(select * from figures where period = :period and indicator_id = '{self.anchor}'{own})"

    def condition(self, tree: Comparison) -> str:
        return " and ".join(self.comparison(left, sign, right) for left, sign, right in tree.pairs)

    def comparison(self, left: Node, sign: str, right: Node) -> str:
        if sign != "~":
            return f"{self.value(left)} {sign} {self.value(right)}"
        half = f"0.5 * power(10, -({self.decimals(left)}))"
        one, other = self.value(left), self.value(right)
        return f"{one} - {half} <= {other} and {other} < {one} + {half}"

    def value(self, node: Node) -> str:
        if isinstance(node, Number):
            return node.text
        if isinstance(node, Name):
            return self.figure(node.name, "a.period")
        if isinstance(node, Call):
            return self.call(node)
        left, right = self.value(node.left), self.value(node.right)
        if node.sign == "/":
            return f"({left} / nullif({right}, 0))"
        return f"({left} {node.sign} {right})"

    def call(self, node: Call) -> str:
        if node.function in ("printed", "written"):
            return self.value(node.arguments[0])
        if node.function in ("sqrt", "abs"):
            return f"{node.function}({self.value(node.arguments[0])})"
        if node.function == "days":
            return "day(last_day(cast(:period || '-01' as date)))"
        name = node.arguments[-1] if node.arguments else None
        if not isinstance(name, Name):
            raise NoQueryError(node.function)
        return self.placed(node, name.name)

    def placed(self, node: Call, name: str) -> str:
        """Return a figure that comes from another place than the row it is seen from."""
        if node.function == "prev":
            month = "strftime(cast(a.period || '-01' as date) - interval 1 month, '%Y-%m')"
            return f"case when not exists ({_NEW_SERIES}) then {self.figure(name, month)} end"
        if node.function == "list":
            return self.companion(name + "#list")
        if node.function == "run":
            return self.companion(name + "#run")
        if node.function == "integer_part":
            return f"trunc({self.figure(name, 'a.period')})"
        if node.function in ("lower_bound", "upper_bound"):
            found = self.catalogue.indicator_by_id.get(name)
            bound = getattr(found, node.function) if found else None
            return self.figure(name, "a.period") if bound is None else str(bound)
        if node.function == "sum_areas":
            own = "o.submitter_id = a.submitter_id"
            inside = "o.area_code in (select d.area_code from marts.dim_areas as d where d.parent_code = a.area_code)"
            return self.total(name, f"{own} and {inside}")
        if node.function == "sum_sources":
            inside = "o.area_code = a.area_code" if self.place == "district" else "true"
            return self.total(name, f"o.use_in_total = 'counted' and o.provision_role <> 'cross_check' and {inside}")
        if node.function == "from" and isinstance(node.arguments[0], Name):
            provider = node.arguments[0].name
            return self.total(
                name,
                f"'{provider}' in (o.submitter_id, o.submitter_kind) and o.area_code = a.area_code"
                " and o.provision_role = 'cross_check'",
                "min",
            )
        raise NoQueryError(node.function)

    def figure(self, name: str, period: str) -> str:
        """Return a figure of the same place: the row's own, the submitter's, or the published one."""
        if name == "pi":
            return "pi()"
        indicator = self.catalogue.indicator_by_id.get(name)
        if indicator is None or indicator.aggregation == "reference":
            if name not in self.references:
                raise NoQueryError(name)
            return self.reference(name)
        if self.place in ("province", "district"):
            return (
                f"(select f.value from marts.fct_figures as f where f.period = {period}"
                f" and f.indicator_id = '{name}' and f.completeness = 'complete')"
            )
        if name == self.anchor and period == "a.period":
            return "a.value"
        same = "o.submitter_id = a.submitter_id and o.area_code = a.area_code"
        found = self.total(name, same, "min", period)
        if self.rule.kind != "sum_of_parts" or indicator.aggregation == "derived":
            return found
        # A part that the submitter never gives takes no part in the sum; one it gives elsewhere is missing here.
        given = self.total(name, "o.submitter_id = a.submitter_id", "count", period)
        return f"coalesce({found}, case when {given} = 0 then 0 end)"

    def reference(self, name: str) -> str:
        """Return a reference figure; numbers of communes are those of the row's own area."""
        if name not in _COMMUNE_TYPES or self.place not in _CELL_PLACES:
            return str(self.references[name])
        own = f"(d.area_code = a.area_code and d.area_level = 'commune' and d.parent_code = '{self.province}')"
        return (
            f"case when a.area_code = '{self.province}' then {self.references[name]} else (select count(*)"
            f" from marts.dim_areas as d where (d.parent_code = a.area_code or {own}){_COMMUNE_TYPES[name]}) end"
        )

    def companion(self, indicator_id: str) -> str:
        return self.total(
            indicator_id, "o.submitter_id = a.submitter_id and o.area_code = a.area_code and o.file = a.file", "min"
        )

    def total(self, name: str, where: str, function: str = "sum", period: str = "a.period") -> str:
        found = f"o.period = {period} and o.indicator_id = '{name}' and {where}"
        return f"(select {function}(o.value) from figures as o where {found})"

    def decimals(self, node: Node) -> str:
        """Return the decimals that a printed side was written with."""
        name = next(iter(names(node)), "")
        if self.place == "province":
            found = self.catalogue.indicator_by_id.get(name)
            return str(found.decimals if found else 0)
        return "a.printed_decimals" if name == self.anchor else "0"
