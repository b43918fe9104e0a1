"""What is expected of each book's rows, and how many rows are enough."""

import pytest

from pipelines.schema.expectations import expectations, with_row_counts
from pipelines.snapshots.book import BOOKS, EXCHANGE_RATES, GPU_RATES, LIFECYCLES, TOKEN_PRICES


def suite(book):
    return {each.name: each for each in expectations(book.observation, book.key, book.amount, book.warn_beyond)}


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.table)
def test_names_are_unique_and_described(book):
    found = expectations(book.observation, book.key, book.amount)
    assert len({each.name for each in found}) == len(found)
    assert all(each.description for each in found)


def test_the_names_are_stable():
    """They are the names of checks in the UI and in stored results: renaming one breaks its history."""
    common = {"has_rows", "keeps_rows", "key_is_unique", "provider_is_given"}
    moves = {"unit_is_plausible", "moves_are_small"}
    assert set(suite(TOKEN_PRICES)) == common | moves | {
        "model_is_given", "channel_is_known", "meter_is_known", "service_tier_is_known", "unit_is_known",
        "basis_is_known", "usd_per_unit_in_bounds",
    }  # fmt: skip
    assert set(suite(GPU_RATES)) == common | moves | {
        "moves_are_usual", "gpu_is_given", "pricing_is_known", "price_kind_is_known", "currency_is_known",
        "local_per_gpu_hour_in_bounds",
    }  # fmt: skip
    assert set(suite(EXCHANGE_RATES)) == {"has_rows", "keeps_rows", "key_is_unique", "currency_is_given"}
    assert set(suite(LIFECYCLES)) == common | {
        "model_is_given", "channel_is_known", "state_is_known", "retires_precision_is_known", "outcome_is_known",
    }  # fmt: skip


def test_only_large_moves_are_a_mere_warning():
    warnings = {each.name for book in BOOKS for each in suite(book).values() if each.severity == "warning"}
    assert warnings == {"moves_are_small", "moves_are_usual"}


def test_a_key_may_state_one_price_per_start():
    arguments = suite(TOKEN_PRICES)["key_is_unique"].arguments
    assert arguments["column_list"] == [
        "provider", "channel", "region", "model", "meter", "service_tier", "context_from", "time_window",
        "effective_from",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("book", "bounds"), [(TOKEN_PRICES, (0.0, 2000.0)), (GPU_RATES, (0.05, 100.0))], ids=["token", "gpu"]
)
def test_prices_have_the_bounds_of_their_column(book, bounds):
    arguments = suite(book)[f"{book.amount}_in_bounds"].arguments
    assert (arguments["column"], arguments["min_value"], arguments["max_value"]) == (book.amount, *bounds)


@pytest.mark.parametrize(
    ("last_rows", "kept"),
    [(None, 1), (0, 1), (1, 1), (4, 4), (5, 4), (10, 8), (11, 9), (100, 80), (101, 81), (1311, 1049)],
)
def test_four_fifths_of_the_last_rows_rounded_up_are_enough(last_rows, kept):
    counted = with_row_counts(expectations(LIFECYCLES.observation, LIFECYCLES.key, None), 5, last_rows)
    minimum = {each.name: each.arguments["min_value"] for each in counted if "min_value" in each.arguments}
    assert minimum == {"has_rows": 5, "keeps_rows": kept}


def test_counting_rows_changes_nothing_else():
    found = expectations(TOKEN_PRICES.observation, TOKEN_PRICES.key, TOKEN_PRICES.amount)
    counted = with_row_counts(found, 5, 10)
    assert [(e.name, e.kind, e.severity, e.description) for e in counted] == [
        (e.name, e.kind, e.severity, e.description) for e in found
    ]
    assert [e.arguments for e in counted[2:]] == [e.arguments for e in found[2:]]
