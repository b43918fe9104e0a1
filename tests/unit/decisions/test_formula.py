"""Formulas are exact arithmetic and nothing else."""

from fractions import Fraction

import pytest

from pipelines.decisions.formula import NEVER, FormulaError, evaluate, names_of


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("0.5 * mini + 0.3 * 0.60", "0.255"),
        ("70e9 * 2 / 1e9", "140"),
        ("2 ** 10 - -1", "1025"),
        ("1_000 / 3", Fraction(1000, 3)),
        ("ceil(1.2) + min(3, 2) + max(1, 5)", "9"),
        ("blended(2.5, 500, 10, 300)", "5.3125"),
        ("per_million(3.60, 1000)", "1"),
        ("power(0.4 * 1.3, 0.12)", "45.552"),
        ("break_even_volume(3000, 5, 2)", "1000"),
        ("next_power_of_two(ceil(3.1))", "4"),
        ("next_power_of_two(1)", "1"),
        ("calls_usd(15000, 500, 0.15, 300, 0.6)", "3.825"),
    ],
)
def test_a_formula_is_exact(formula: str, value: str) -> None:
    assert evaluate(formula, {"mini": Fraction("0.15")}) == Fraction(value)


def test_an_own_price_above_the_other_never_breaks_even() -> None:
    assert evaluate("break_even_volume(0, 0.3, 0.4)", {}) == NEVER


@pytest.mark.parametrize(
    "formula",
    [
        "__import__('os')",
        "mini.real",
        "[1][0]",
        "(lambda: 1)()",
        "1 if 2 else 3",
        "'a' * 3",
        "open(1)",
        "2 ** 65",
        "2 ** mini",
        "1 / 0",
        "True + 1",
        "1 +",
        "ceil(1, 2)",
        "unknown * 2",
    ],
)
def test_nothing_else_is_run(formula: str) -> None:
    with pytest.raises(FormulaError):
        evaluate(formula, {"mini": Fraction(1)})


def test_names_in_the_order_of_the_text() -> None:
    assert names_of("b * ceil(a) + b + c") == ("b", "a", "c")
