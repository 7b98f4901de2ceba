"""The language of rules and definitions: one line of text, parsed once into a small tree.

    comparison := sum (("=" | "~" | "<=" | ">=" | "<" | ">" | "<>") sum)+
    sum        := product (("+" | "-") product)*
    product    := factor (("*" | "/") factor)*
    factor     := number | name | name "(" arguments ")" | "(" sum ")" | "-" factor

A name is an indicator, a reference figure, `pi`, or in a rule with `for:` the letter `x`, which stands for each
indicator named there. `~` compares a printed figure with what it should round from. The places a figure can
come from are calls (`prev(x)`, `sum_areas(x)`, …): see `PLACE_CALLS`.

Everything else is derived from the tree by the modules beside this one: SQL (`sql`), linear constraints
(`constraints`), the sentence a steward reads (`sentences`), the reference page (`pages`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import isqrt

COMPARISONS = ("=", "~", "<=", ">=", "<", ">", "<>")
ARITHMETIC_CALLS = {"sqrt": 1, "abs": 1, "round": 2}
PLACE_CALLS = {
    "prev": 1,  # the same figure of the month before
    "stated_prev": 1,  # the month before as this month's form states it
    "printed": 1,  # the figure as printed, standing for its rounding interval
    "written": 1,  # the number as it stands there, whatever "trên" or rounding makes of it
    "list": 1,  # the length of the enumeration that follows the figure
    "run": 1,  # a stated value per issue that goes with the figure
    "again": 1,  # the same figure at another place of the same submission
    "sum_areas": 1,  # the sum over the areas inside this one, same submitter
    "sum_sources": 1,  # the sum over the submitters whose figures count
    "from": 2,  # the figure as one submitter, or the one of a kind, states it
    "lower_bound": 1,  # of the catalogue
    "upper_bound": 1,
    "usual_low": 1,  # the range of the submitter's own past months
    "usual_high": 1,
    "integer_part": 1,
    "defined": 1,  # what the definition of the catalogue gives for it
    "days": 0,  # days of the month
    "submitted": 0,  # 1 when the submitter's report came, else 0
    "reported": 1,  # 1 when the figure was reported, else 0
    "left_open": 1,  # 0 when the other submitters' figures already make up the division's count, else 1
    "districts_lost": 1,  # the districts that the submitter told of in its last report and not in this one
    "unread": 0,  # number of things in a message that could not be used
    "report_month": 0,  # of the heading of a report's part I
    "plan_month": 0,  # of the heading of its part II
    "misclassed_parts": 0,  # the number of places in a report's text where … (see flows/check/report_text.py)
    "misprinted_units": 0,
    "unknown_communes": 0,
    "malformed_references": 0,
    "references_on_days_off": 0,
    "heading_gaps": 0,
    "untrue_claims": 0,
}
MOST_TOKENS = 200  # names, numbers, signs and brackets of one line: what is read by recursion must have an end
PI_DIGITS = 60
PI = Fraction(3141592653589793238462643383279502884197169399375105820974944, 10 ** (PI_DIGITS))

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign><=|>=|<>|[-+*/(),=~<>]))"
)


class LanguageError(ValueError):
    """The text is not an expression; `position` counts characters from 0."""

    def __init__(self, message: str, position: int = 0) -> None:
        super().__init__(message)
        self.position = position


@dataclass(frozen=True, slots=True)
class Number:
    """A constant, exact; `text` as written."""

    value: Fraction
    text: str


@dataclass(frozen=True, slots=True)
class Name:
    """An indicator, a reference figure, `pi` or `x`."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function of arithmetic, or the place a figure comes from."""

    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """Two operands and one of + - * /."""

    sign: str
    left: Node
    right: Node


Node = Number | Name | Call | Operation


@dataclass(frozen=True, slots=True)
class Comparison:
    """A chain of sides: `0 <= x <= 100` has three sides and two signs."""

    sides: tuple[Node, ...]
    signs: tuple[str, ...]

    @property
    def pairs(self) -> tuple[tuple[Node, str, Node], ...]:
        return tuple(zip(self.sides, self.signs, self.sides[1:], strict=False))


@lru_cache(maxsize=1024)
def parse_expression(text: str) -> Node:
    """Return the tree of an arithmetic expression, as `definitions.csv` holds it.

    Raises:
        LanguageError: The text is not an expression; the position is where it stops making sense.
    """
    parser = _Parser(text)
    node = parser.sum()
    parser.expect_end()
    return node


@lru_cache(maxsize=1024)
def parse_comparison(text: str) -> Comparison:
    """Return the tree of a rule's line: two or more sides with a comparison between each pair.

    Raises:
        LanguageError: The text is not a comparison.
    """
    parser = _Parser(text)
    sides, signs = [parser.sum()], []
    while parser.peek() in COMPARISONS:
        signs.append(parser.take())
        sides.append(parser.sum())
    parser.expect_end()
    if not signs:
        raise LanguageError(f"no comparison in {text!r}", len(text))
    return Comparison(tuple(sides), tuple(signs))


def walk(node: Node | Comparison) -> Iterator[Node]:
    """Yield every node of the tree, parents before children, left before right."""
    if isinstance(node, Comparison):
        for side in node.sides:
            yield from walk(side)
        return
    yield node
    if isinstance(node, Call):
        for argument in node.arguments:
            yield from walk(argument)
    elif isinstance(node, Operation):
        yield from walk(node.left)
        yield from walk(node.right)


def names(node: Node | Comparison | str) -> tuple[str, ...]:
    """Return the names in the order they first appear, `pi` and providers of `from` left out."""
    tree = parse_expression(node) if isinstance(node, str) else node
    providers = {id(n.arguments[0]) for n in walk(tree) if isinstance(n, Call) and n.function == "from"}
    found = (n.name for n in walk(tree) if isinstance(n, Name) and id(n) not in providers and n.name != "pi")
    return tuple(dict.fromkeys(found))


def substitute(node: Node, values: Mapping[str, Node]) -> Node:
    """Return the tree with names replaced, as for the `x` of a rule that holds for many indicators."""
    if isinstance(node, Name):
        return values.get(node.name, node)
    if isinstance(node, Call):
        return Call(node.function, tuple(substitute(a, values) for a in node.arguments))
    if isinstance(node, Operation):
        return Operation(node.sign, substitute(node.left, values), substitute(node.right, values))
    return node


def to_sql(expression: str | Node, dialect: str = "duckdb", column: Callable[[str], str] | None = None) -> str:
    """Return an arithmetic expression as SQL.

    Null in, null out: a missing part makes the result null, never a smaller number. A divisor of zero gives
    null as well. Names become column names unless `column` says what to write instead.

    Args:
        expression: As in `definitions.csv`: + - * /, brackets, `sqrt`, `abs`, `round`, `pi`, names.
        dialect: A target of sqlglot; "duckdb" is written directly.
        column: Maps a name to SQL, such as `lambda name: f"values['{name}']"`.

    Raises:
        LanguageError: The text is not an expression, or it names a place (`prev(x)`): those are for rules.
    """
    tree = parse_expression(expression) if isinstance(expression, str) else expression
    text = _sql(tree, column or (lambda name: name))
    if dialect == "duckdb":
        return text
    import sqlglot

    return str(sqlglot.transpile(text, read="duckdb", write=dialect)[0])


def evaluate(expression: str | Node, values: Mapping[str, Fraction | None]) -> Fraction | None:
    """Return the exact value; None when a part is missing or a divisor is zero.

    `sqrt` and `pi` are the only inexact ones: right to about 40 digits.

    Raises:
        KeyError: A name is not in `values`.
    """
    tree = parse_expression(expression) if isinstance(expression, str) else expression
    if isinstance(tree, Number):
        return tree.value
    if isinstance(tree, Name):
        return PI if tree.name == "pi" else values[tree.name]
    if isinstance(tree, Call):
        parts = [evaluate(argument, values) for argument in tree.arguments]
        return None if None in parts else _call(tree.function, [p for p in parts if p is not None])
    left, right = evaluate(tree.left, values), evaluate(tree.right, values)
    return None if left is None or right is None else _operate(tree.sign, left, right)


def square_root(value: Fraction, digits: int = 40) -> Fraction:
    """Return the square root rounded down at `digits` decimals; exact where the root is such a number."""
    scale = 10**digits
    return Fraction(isqrt(value.numerator * scale * scale // value.denominator), scale)


def round_half_up(value: Fraction, decimals: int) -> Fraction:
    """Return the value rounded to `decimals`, halves upwards (away from zero), as the reports print it."""
    scale = 10**decimals
    scaled = abs(value) * scale
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Fraction(whole if value >= 0 else -whole, scale)


def _call(function: str, parts: list[Fraction]) -> Fraction | None:
    if function == "sqrt":
        return None if parts[0] < 0 else square_root(parts[0])
    if function == "abs":
        return abs(parts[0])
    if function == "round":
        return round_half_up(parts[0], int(parts[1]))
    raise LanguageError(f"{function}() names a place; it cannot be computed from figures alone")


def _operate(sign: str, left: Fraction, right: Fraction) -> Fraction | None:
    if sign == "+":
        return left + right
    if sign == "-":
        return left - right
    if sign == "*":
        return left * right
    return None if right == 0 else left / right


def _sql(node: Node, column: Callable[[str], str], parent: str = "") -> str:
    if isinstance(node, Number):
        return node.text
    if isinstance(node, Name):
        return "pi()" if node.name == "pi" else column(node.name)
    if isinstance(node, Call):
        if node.function not in ARITHMETIC_CALLS:
            raise LanguageError(f"{node.function}() names a place; it has no SQL of its own")
        return f"{node.function}({', '.join(_sql(a, column) for a in node.arguments)})"
    right = _sql(node.right, column, "r" + node.sign)
    if node.sign == "/":
        right = f"nullif({_sql(node.right, column)}, 0)"
    text = f"{_sql(node.left, column, 'l' + node.sign)} {node.sign} {right}"
    return f"({text})" if _needs_brackets(node.sign, parent) else text


def _needs_brackets(sign: str, parent: str) -> bool:
    if sign in "+-":
        return parent in ("l*", "r*", "l/", "r-", "r/")
    return parent in ("r*", "r/")


class _Parser:
    """Recursive descent over the tokens of one line."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str, int]] = []
        self.index = 0
        position = 0
        while position < len(text.rstrip()):
            match = _TOKEN.match(text, position)
            if not match:
                raise LanguageError(f"unexpected {text[position:].strip()[:1]!r} in {text!r}", position)
            kind = match.lastgroup or ""
            self.tokens.append((kind, match.group(kind), match.start(kind)))
            position = match.end()
        if len(self.tokens) > MOST_TOKENS:
            said = f"more than {MOST_TOKENS} names, numbers, signs and brackets"
            raise LanguageError(said, self.tokens[MOST_TOKENS][2])

    def peek(self) -> str:
        return self.tokens[self.index][1] if self.index < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self.index += 1
        return token

    def expect(self, token: str) -> None:
        if self.peek() != token:
            raise self.error(f"{token!r} expected")
        self.index += 1

    def expect_end(self) -> None:
        if self.index < len(self.tokens):
            raise self.error("end expected")

    def error(self, what: str) -> LanguageError:
        at = self.tokens[self.index][2] if self.index < len(self.tokens) else len(self.text)
        return LanguageError(f"{what} in {self.text!r} at character {at + 1}", at)

    def sum(self) -> Node:
        node = self.product()
        while self.peek() in ("+", "-"):
            node = Operation(self.take(), node, self.product())
        return node

    def product(self) -> Node:
        node = self.factor()
        while self.peek() in ("*", "/"):
            node = Operation(self.take(), node, self.factor())
        return node

    def factor(self) -> Node:
        if self.index >= len(self.tokens):
            raise self.error("a figure expected")
        kind, token, _ = self.tokens[self.index]
        if token == "-":
            self.index += 1
            return Operation("-", Number(Fraction(0), "0"), self.factor())
        if token == "(":
            self.index += 1
            node = self.sum()
            self.expect(")")
            return node
        if kind == "number":
            self.index += 1
            return Number(Fraction(token), token)
        if kind == "name":
            self.index += 1
            return self.call(token) if self.peek() == "(" else Name(token)
        raise self.error("a figure expected")

    def call(self, function: str) -> Node:
        wanted = (ARITHMETIC_CALLS | PLACE_CALLS).get(function)
        if wanted is None:
            raise self.error(f"unknown function {function}()")
        self.expect("(")
        arguments: list[Node] = []
        while self.peek() != ")":
            arguments.append(self.sum())
            if self.peek() != ")":
                self.expect(",")
        self.expect(")")
        if len(arguments) != wanted:
            raise self.error(f"{function}() takes {wanted} arguments")
        return Call(function, tuple(arguments))
