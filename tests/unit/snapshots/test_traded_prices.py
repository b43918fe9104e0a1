"""Prices that trade places or slip by a row or column, on a later page and on a first one; and moves that do not."""

from datetime import datetime

import polars as pl
import pytest

from pipelines.snapshots.book import GPU_RATES, TOKEN_PRICES, Reading
from pipelines.snapshots.quarantine import price_key
from pipelines.snapshots.traded_prices import traded
from tests.unit.snapshots.test_doubted_pages import observed, versions

AT = datetime(2026, 3, 2, 6)


def model(name, read, plain, out, **key):
    meters = (("cache_read", read), ("input_uncached", plain), ("output", out))
    return [(usd, {"model": name, "meter": meter} | key) for meter, usd in meters if usd]


BEFORE = [*model("a", "0.1", "1", "5"), *model("b", "0.2", "2", "12"), *model("c", "0.3", "3", "15")]
NAMES = "by their model"


def waiting(after, before=BEFORE, others=(), source="page", book=TOKEN_PRICES):
    """(keys that wait, reasons)."""
    current = versions(book, *before).with_columns(price_key=price_key(book))
    old = current.select("price_key", old_amount=book.amount)
    moved = observed(book, *after).with_columns(price_key=price_key(book)).join(old, on="price_key", how="left")
    ratio = pl.col(book.amount).cast(pl.Float64) / pl.col("old_amount").cast(pl.Float64)
    others = versions(book, *others, source="feed") if others else pl.DataFrame()
    found = traded(book, current, moved.with_columns(ratio=ratio), others, Reading(source, "f2", AT))
    return found.height, set(found["reason"])


def test_two_names_in_each_others_places_wait():
    after = [*model("b", "0.1", "1", "5"), *model("a", "0.2", "2", "12"), *model("c", "0.3", "3", "15")]
    assert waiting(after) == (6, {f"two prices trade places {NAMES}"})


def test_names_one_row_down_wait():
    after = [*model("c", "0.1", "1", "5"), *model("a", "0.2", "2", "12"), *model("b", "0.3", "3", "15")]
    held, reasons = waiting(after)
    assert (held, reasons) == (9, {"prices are those of another model"})


def test_one_column_that_slipped_by_a_row_waits():
    after = [*model("a", "0.1", "2", "5"), *model("b", "0.2", "3", "12"), *model("c", "0.3", "3", "15")]
    assert waiting(after) == (2, {f"prices are those that stood elsewhere {NAMES}"})


def test_prices_one_column_left_wait():
    after = [*model("a", "1", "5", None), *model("b", "2", "12", None), *model("c", "3", "15", None)]
    assert waiting(after) == (6, {"prices are those that stood elsewhere by their meter"})


def test_a_first_page_is_set_beside_what_others_state():
    exchanged = [*model("b", "0.1", "1", "5"), *model("a", "0.2", "2", "12")]
    assert waiting(exchanged, before=(), others=BEFORE)[0] == 6
    assert waiting(BEFORE, before=(), others=BEFORE) == (0, set())
    long = [
        row
        for name, *usd in (("a", None, "2", "9"), ("b", None, "3", "19"))
        for row in model(name, *usd, context_from=200_001)
    ]
    moved = [(usd, key | {"context_from": 20_001}) for usd, key in long]
    assert waiting(moved, before=(), others=long) == (
        4,
        {"prices are those that stood elsewhere by their context_from"},
    )


@pytest.mark.parametrize(
    "after",
    [
        [*model("a", "0.2", "2", "12"), *model("b", "0.2", "2", "12"), *model("c", "0.3", "3", "15")],
        [*model("a", "0.05", "0.5", "2"), *model("b", "0.1", "1", "4"), *model("c", "0.3", "3", "15")],
        BEFORE,
    ],
)
def test_a_price_that_comes_to_that_of_another_model_is_news(after):
    """One model at its neighbour's prices; two that are cut, one of them in part to what the other cost."""
    assert waiting(after) == (0, set())


def test_a_model_at_all_prices_of_one_that_moved_waits():
    after = [*model("a", "0.05", "0.5", "2"), *model("b", "0.1", "1", "5"), *model("c", "0.3", "3", "15")]
    assert waiting(after) == (3, {"prices are those of another model"})


def test_feeds_mend_their_own_exchanges():
    after = [*model("b", "0.1", "1", "5"), *model("a", "0.2", "2", "12"), *model("c", "0.3", "3", "15")]
    assert waiting(after, source="litellm") == (0, set())


def test_two_cards_in_each_others_places_wait():
    cards = [("2", {"sku": "H100", "gpu": "H100"}), ("3", {"sku": "H200", "gpu": "H200", "memory_gb": 80})]
    after = [("3", cards[0][1]), ("2", cards[1][1])]
    assert waiting(after, before=cards, book=GPU_RATES) == (2, {"two prices trade places by their gpu"})


def test_all_that_moves_in_a_column_that_slipped_waits():
    known = [*BEFORE, *model("d", "0.4", "4", "20"), *model("e", "0.5", "7", "30")]
    up = {"a": "2", "b": "3", "c": "4", "d": "7", "e": "7.5"}
    after = [(up.get(key["model"], usd) if key["meter"] == "input_uncached" else usd, key) for usd, key in known]
    assert waiting(after, before=known) == (5, {f"prices are those that stood elsewhere {NAMES}"})


def test_a_region_that_rises_to_what_another_goes_on_asking_waits():
    us = model("a", "0.11", "1.1", "5.5", region="us")
    rest = [*us, *model("b", "0.2", "2", "12")]
    before = [*model("a", "0.1", "1", "5"), *rest]
    assert waiting([*model("a", "0.11", "1.1", "5.5"), *rest], before=before) == (
        3,
        {"prices are those of another region"},
    )
    assert waiting([*model("a", "0.12", "1.2", "6"), *rest], before=before) == (0, set())
    fallen = [*model("a", "0.1", "1", "5"), *model("a", "0.1", "1", "5", region="us"), *model("b", "0.2", "2", "12")]
    assert waiting(fallen, before=before) == (0, set())
