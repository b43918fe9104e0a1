"""Formulas as text: arithmetic on exact fractions over names, and a few functions by name. No other code runs.

    evaluate("per_million(rate, 2209) / 2", {"rate": Fraction("3.99")})

What a name stands for is the caller's. Results are fractions, or NEVER where nothing finite is the answer.
"""

import ast
import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache
from math import ceil, inf

Number = Fraction | float
"""A float is only ever NEVER."""
NEVER = inf
MAX_POWER = 64
HOURS_PER_MONTH = 730
MTOK = 1_000_000


class FormulaError(ValueError):
    """The formula cannot be computed; the message names it and what is wrong."""


def blended(input_price: Fraction, input_tokens: Fraction, output_price: Fraction, output_tokens: Fraction) -> Fraction:
    """Price of a token of the mix."""
    return (input_price * input_tokens + output_price * output_tokens) / (input_tokens + output_tokens)


def calls_usd(
    calls: Fraction, input_tokens: Fraction, input_price: Fraction, output_tokens: Fraction, output_price: Fraction
) -> Fraction:
    """Cost of calls at prices per million tokens."""
    return calls * (input_tokens * input_price + output_tokens * output_price) / MTOK


def per_million(usd_per_hour: Fraction, tokens_per_second: Fraction) -> Fraction:
    """Cost of a million tokens of a GPU that is busy all the time."""
    return usd_per_hour * MTOK / (tokens_per_second * 3600)


def power(kilowatt: Fraction, usd_per_kwh: Fraction) -> Fraction:
    """Power of a month that is on all the time."""
    return kilowatt * HOURS_PER_MONTH * usd_per_kwh


def break_even_volume(fixed: Fraction, price: Fraction, own_price: Fraction) -> Number:
    """Tokens from which a fixed cost and an own price are no dearer than a price; NEVER where the own is higher."""
    return fixed / (price - own_price) if price > own_price else NEVER


def next_power_of_two(number: Fraction) -> Fraction:
    """The least of 1, 2, 4, 8, ... that is no less."""
    return Fraction(1 << max(0, ceil(number) - 1).bit_length())


def prompt_cache_share(prompt_tokens: Fraction, least: Fraction) -> Fraction:
    """1 where a prompt is long enough for a prompt cache, else 0."""
    return Fraction(1 if prompt_tokens >= least else 0)


FUNCTIONS: Mapping[str, Callable[..., Number]] = {
    "min": min,
    "max": max,
    "ceil": lambda number: Fraction(ceil(number)),
    "blended": blended,
    "calls_usd": calls_usd,
    "per_million": per_million,
    "power": power,
    "break_even_volume": break_even_volume,
    "next_power_of_two": next_power_of_two,
    "prompt_cache_share": prompt_cache_share,
}
_OPERATORS: Mapping[type[ast.operator], Callable[[Number, Number], Number]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


@cache
def names_of(formula: str) -> tuple[str, ...]:
    """Names that a formula uses, functions left out, in the order of the text. Raises FormulaError."""
    nodes = [node for node in ast.walk(_parsed(formula)) if isinstance(node, ast.Name)]
    return tuple(dict.fromkeys(node.id for node in sorted(nodes, key=_place) if node.id not in FUNCTIONS))


def evaluate(formula: str, values: Mapping[str, Number]) -> Number:
    """The value of a formula. Raises FormulaError where it is none, or a name has no value."""
    try:
        return _value(_parsed(formula), formula, values)
    except ZeroDivisionError as error:
        raise FormulaError(f"{formula}: division by zero") from error
    except TypeError as error:
        raise FormulaError(f"{formula}: {error}") from error


def _place(node: ast.Name) -> tuple[int, int]:
    return node.lineno, node.col_offset


@cache
def _parsed(formula: str) -> ast.expr:
    try:
        return ast.parse(formula, mode="eval").body
    except SyntaxError as error:
        raise FormulaError(f"{formula!r} is no formula") from error


def _value(node: ast.expr, formula: str, values: Mapping[str, Number]) -> Number:
    match node:
        case ast.Constant(value=int() | float()) if not isinstance(node.value, bool):
            return Fraction((ast.get_source_segment(formula, node) or "").replace("_", ""))
        case ast.Name(id=name):
            if name not in values:
                raise FormulaError(f"{formula}: {name} has no value")
            return values[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, formula, values)
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int() as exponent)) if exponent <= MAX_POWER:
            return _value(left, formula, values) ** exponent
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_value(left, formula, values), _value(right, formula, values))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in FUNCTIONS:
            return FUNCTIONS[name](*(_value(one, formula, values) for one in arguments))
    raise FormulaError(f"{formula}: only numbers, names, + - * / ** and {', '.join(FUNCTIONS)} may be used")
