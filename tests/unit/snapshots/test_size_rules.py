"""Boundaries of prompt sizes on a first page, beside those that other sources state."""

from decimal import Decimal

import polars as pl
import pytest

from pipelines.snapshots.book import GPU_RATES, TOKEN_PRICES
from pipelines.snapshots.size_rules import ANOTHER_BOUNDARY, size_doubts

SCHEMA = {
    "provider": pl.String,
    "model": pl.String,
    "context_from": pl.Int64,
    "context_to": pl.Int64,
    "usd_per_unit": pl.Decimal(18, 6),
    "price_key": pl.String,
    "old_amount": pl.Decimal(18, 6),
}


def prices(*rows: tuple[str, int, int | None], is_known: bool = False) -> pl.DataFrame:
    amount = Decimal(3)
    made = [
        ("anthropic", model, begins, ends, amount, f"{model}|{begins}", amount if is_known else None)
        for model, begins, ends in rows
    ]
    return pl.DataFrame(made, schema=SCHEMA, orient="row")


def held(page: pl.DataFrame, others: pl.DataFrame) -> list[str]:
    found = size_doubts(TOKEN_PRICES, page, others)
    assert set(found["reason"]) <= {ANOTHER_BOUNDARY}
    return found["price_key"].sort().to_list()


OTHERS = prices(("claude-sonnet-4-5", 0, 200_000), ("claude-sonnet-4-5", 200_001, None), ("claude-haiku-4-5", 0, None))


@pytest.mark.parametrize("boundary", [20_000, 2_000_000, 100_000, 272_000])
def test_both_sides_of_another_boundary_wait_under_a_dated_id_too(boundary):
    page = prices(("claude-sonnet-4-5-20250929", 0, boundary), ("claude-sonnet-4-5-20250929", boundary + 1, None))
    assert held(page, OTHERS) == page["price_key"].sort().to_list()


@pytest.mark.parametrize("boundary", [200_000, 204_800, 196_608])
def test_a_boundary_in_round_or_binary_thousands_is_the_same(boundary):
    page = prices(("claude-sonnet-4-5", 0, boundary), ("claude-sonnet-4-5", boundary + 1, None))
    assert held(page, OTHERS) == []


def test_one_shared_boundary_of_several_is_enough():
    page = prices(("claude-sonnet-4-5", 0, 200_000), ("claude-sonnet-4-5", 200_001, 500_000))
    assert held(page, OTHERS) == []


def test_a_model_of_which_others_know_no_boundary_and_a_price_in_force_are_no_news():
    page = prices(("claude-haiku-4-5", 0, 20_000), ("claude-new", 0, 20_000), ("claude-sonnet-4-5", 0, None))
    assert held(page, OTHERS) == []
    assert held(prices(("claude-sonnet-4-5", 0, 20_000), is_known=True), OTHERS) == []
    assert held(page, OTHERS.clear()) == []


def test_cards_have_no_prompts():
    assert size_doubts(GPU_RATES, OTHERS, OTHERS).is_empty()
