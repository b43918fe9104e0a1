"""The quick answers on staged rows agree with Great Expectations, expectation by expectation."""

from decimal import Decimal

import polars as pl

from pipelines.schema.expectations import Expectation, expectations
from pipelines.schema.token_prices import TokenPriceObservation
from pipelines.schema.validation import validate
from pipelines.snapshots.book import TOKEN_PRICES
from tools.page_mutations.quick_checks import unmet

GOOD = {
    "provider": "openai", "channel": "api", "region": "global", "model": "m", "meter": "output",
    "service_tier": "standard", "context_from": 0, "context_to": None, "time_window": "always", "unit": "mtok",
    "currency": "USD", "usd_per_unit": Decimal(5), "printed": "$5", "basis": "printed", "effective_from": None,
    "ratio": 1.0,
}  # fmt: skip
ODD = (
    {},
    {"model": None},
    {"meter": "video"},
    {"usd_per_unit": Decimal(-1)},
    {"usd_per_unit": Decimal(999_999)},
    {"service_tier": "express"},
    {"currency": "CNY"},
    {"unit": "tokens"},
    {"ratio": 9.0},
)


def suite() -> list[Expectation]:
    found = []
    for one in expectations(TokenPriceObservation, TOKEN_PRICES.key, TOKEN_PRICES.amount, Decimal("0.5")):
        is_count = one.kind == "ExpectTableRowCountToBeBetween"
        found.append(Expectation(one.name, one.kind, {"min_value": 3} if is_count else one.arguments, one.severity))
    return found


def by_great_expectations(frame: pl.DataFrame, asked: list[Expectation]) -> set[str]:
    return {result.expectation.name for result in validate(frame, "quick", asked) if not result.is_met}


def test_the_quick_answers_are_those_of_great_expectations():
    names = set(GOOD)
    askable = [
        one for one in suite() if {one.arguments.get("column"), *one.arguments.get("column_list", ())} - {None} <= names
    ]
    assert len({one.kind for one in askable}) >= 4
    for odd in ODD:
        lines = [GOOD | {"model": f"m{number}"} for number in range(3)]
        frame = pl.DataFrame([*lines, GOOD | odd], schema_overrides={"usd_per_unit": pl.Decimal(18, 6)})
        assert {one.name for one in unmet(frame, askable)} == by_great_expectations(frame, askable), odd
    twice = pl.DataFrame([GOOD, GOOD], schema_overrides={"usd_per_unit": pl.Decimal(18, 6)})
    quick = {one.name for one in unmet(twice, askable)}
    assert quick == by_great_expectations(twice, askable)
    assert "key_is_unique" in quick
