"""What a page cannot prove by itself waits, with a reason; ordinary changes do not."""

from datetime import datetime
from decimal import Decimal

import polars as pl
import pytest

from pipelines.snapshots.book import TOKEN_PRICES
from pipelines.snapshots.page_rules import doubts
from pipelines.snapshots.quarantine import movements, price_key

AT = datetime(2026, 3, 2)
PAGE = {
    ("a", "input_uncached", "standard"): 3,
    ("a", "cache_read", "standard"): 1,
    ("a", "output", "standard"): 15,
    ("a", "output", "batch"): 8,
    ("b", "input_uncached", "standard"): 2,
    ("b", "output", "standard"): 10,
    ("b", "output", "batch"): 5,
    ("c", "input_uncached", "standard"): 1,
    ("c", "output", "standard"): 4,
    ("c", "output", "batch"): 2,
}
NOBODY = pl.DataFrame(schema={"price_key": pl.String, "amount": pl.Decimal(18, 6)})


def rows(page, **facts):
    return pl.DataFrame(
        [
            {
                "provider": "openai", "channel": "api", "region": "global", "model": model, "meter": meter,
                "service_tier": tier, "context_from": 0, "context_to": None, "time_window": "always", "unit": "mtok",
                "currency": "USD", "usd_per_unit": Decimal(usd), "effective_from": None, **facts,
            }
            for (model, meter, tier), usd in page.items()
        ],
        schema_overrides={"usd_per_unit": pl.Decimal(18, 6), "context_from": pl.Int64, "context_to": pl.Int64,
                          "effective_from": pl.Datetime("us")},
    )  # fmt: skip


def reasons(before, after, others=NOBODY, **facts):
    """Why rows wait, by model, meter and tier."""
    known = rows(before).with_columns(price_key=price_key(TOKEN_PRICES))
    in_force = known.with_columns(
        valid_from=pl.lit(datetime(2026, 1, 1)), valid_to=pl.lit(None, pl.Datetime("us")), is_listed=pl.lit(value=True)
    )
    moved = movements(TOKEN_PRICES, in_force, rows(after, **facts), AT)
    found = doubts(TOKEN_PRICES, known, moved, others)
    return {tuple(row["price_key"].split("|")[3:6]): row["reason"] for row in found.iter_rows(named=True)}


def scaled(factor):
    return {key: Decimal(usd) * Decimal(factor) for key, usd in PAGE.items()}


def test_a_page_as_before_is_believed():
    assert reasons(PAGE, PAGE) == {}


@pytest.mark.parametrize("factor", ["2", "1.9", "0.5", "10", "1.4", "0.01"])
def test_all_prices_by_one_factor_wait(factor):
    found = reasons(PAGE, scaled(factor))
    assert set(found) == set(PAGE)


def test_cuts_by_different_factors_are_believed():
    after = PAGE | {
        ("a", "input_uncached", "standard"): Decimal("2.4"),
        ("b", "output", "standard"): 9,
        ("c", "output", "standard"): Decimal("3.5"),
    }
    assert reasons(PAGE, after) == {}


def test_swapped_tiers_wait():
    swapped = {"standard": "batch", "batch": "standard"}
    after = {(m, meter, swapped[tier] if meter == "output" else tier): usd for (m, meter, tier), usd in PAGE.items()}
    found = reasons(PAGE, after)
    assert {key for key in found if key[1] == "output"} == {key for key in PAGE if key[1] == "output"}


def test_a_cache_read_above_its_input_waits():
    found = reasons(PAGE, PAGE | {("a", "cache_read", "standard"): 4})
    assert found[("a", "cache_read", "standard")] == "cache_read above input_uncached of the same model"


@pytest.mark.parametrize(("name", "value"), [("unit", "thousand_calls"), ("currency", "CNY")])
def test_another_unit_or_currency_waits(name, value):
    if name not in TOKEN_PRICES.facts:
        pytest.skip(f"{name} is no fact of this book: it is converted before")
    assert set(reasons(PAGE, PAGE, **{name: value})) == set(PAGE)


@pytest.mark.parametrize(("name", "value"), [("region", "eu"), ("channel", "azure")])
def test_a_label_that_moves_for_all_keys_waits(name, value):
    found = reasons(PAGE, PAGE, **{name: value})
    assert len(found) == len(PAGE)
    assert set(found.values()) == {f"the {name} moves for several keys at once"}


def test_a_first_page_far_from_all_others_waits():
    first = rows(scaled("10")).with_columns(price_key=price_key(TOKEN_PRICES))
    others = rows(PAGE).select(price_key=price_key(TOKEN_PRICES), amount="usd_per_unit")
    empty = first.clear().with_columns(
        valid_from=pl.lit(datetime(2026, 1, 1)), valid_to=pl.lit(None, pl.Datetime("us")), is_listed=pl.lit(value=True)
    )
    moved = movements(TOKEN_PRICES, empty, rows(scaled("10")), AT)
    assert doubts(TOKEN_PRICES, first.clear(), moved, others).height == len(PAGE)
    near = movements(TOKEN_PRICES, empty, rows(PAGE), AT)
    assert doubts(TOKEN_PRICES, first.clear(), near, others).is_empty()


def test_a_boundary_that_is_lost_for_several_models_waits():
    before = rows(PAGE, context_to=200_001).with_columns(price_key=price_key(TOKEN_PRICES))
    in_force = before.with_columns(
        valid_from=pl.lit(datetime(2026, 1, 1)), valid_to=pl.lit(None, pl.Datetime("us")), is_listed=pl.lit(value=True)
    )
    found = doubts(TOKEN_PRICES, before, movements(TOKEN_PRICES, in_force, rows(PAGE), AT), NOBODY)
    assert set(found["reason"]) == {"the boundary of prompt sizes moves for several models at once"}
    assert found.height == len(PAGE)


def test_boundaries_that_few_of_many_models_lose_are_moves_of_their_sellers():
    """Of six models with a boundary two lose it: no fault of the page."""
    many = {(f"m{number}", meter, "standard"): "1" for number in range(6) for meter in ("input_uncached", "output")}
    before = rows(many, context_to=200_001).with_columns(price_key=price_key(TOKEN_PRICES))
    in_force = before.with_columns(
        valid_from=pl.lit(datetime(2026, 1, 1)), valid_to=pl.lit(None, pl.Datetime("us")), is_listed=pl.lit(value=True)
    )
    is_lost = pl.col("model").is_in(["m0", "m1"])
    now = rows(many, context_to=200_001).with_columns(context_to=pl.when(~is_lost).then("context_to"))
    assert doubts(TOKEN_PRICES, before, movements(TOKEN_PRICES, in_force, now, AT), NOBODY).is_empty()


@pytest.mark.parametrize("factor", ["2", "0.5", "10", "1.9", "0.45", "7.2"])
def test_the_whole_of_a_small_page_by_a_great_factor_waits(factor):
    small = {key: usd for key, usd in PAGE.items() if key[0] == "c"}
    moved = {key: Decimal(usd) * Decimal(factor) for key, usd in small.items()}
    assert set(reasons(small, moved)) == set(small)
    assert set(reasons(small, small, region="eu")) == set(small)


def test_a_small_page_by_another_factor_is_a_new_price():
    small = {key: usd for key, usd in PAGE.items() if key[0] == "c"}
    assert reasons(small, {key: Decimal(usd) * Decimal("1.25") for key, usd in small.items()}) == {}


def dated(amounts, start, known_starts=datetime(2026, 1, 1)):
    known = rows(PAGE).with_columns(price_key=price_key(TOKEN_PRICES))
    in_force = known.with_columns(
        valid_from=pl.lit(known_starts), valid_to=pl.lit(None, pl.Datetime("us")), is_listed=pl.lit(value=True)
    )
    moved = movements(TOKEN_PRICES, in_force, rows(amounts, effective_from=start), AT)
    return doubts(TOKEN_PRICES, in_force, moved, NOBODY, in_force.clear())


def test_prices_that_most_of_a_page_dates_back_wait():
    assert set(dated(PAGE, datetime(2025, 3, 1))["reason"]) == {"most prices of the page begin before they were seen"}
    assert dated(PAGE, datetime(2026, 1, 1)).is_empty()
    assert dated(PAGE, datetime(2026, 4, 1)).is_empty()


def test_a_price_that_ended_is_dated_back_with_its_page():
    model = ("a", "output", "standard")
    known = rows(PAGE).with_columns(price_key=price_key(TOKEN_PRICES), valid_from=pl.lit(datetime(2026, 1, 1)))
    in_force = known.with_columns(valid_to=pl.lit(None, pl.Datetime("us")), is_listed=pl.lit(value=True))
    back = datetime(2025, 3, 1)
    page = pl.concat([rows(PAGE, effective_from=back), rows({model: "0.7"}, effective_from=back)])
    found = doubts(TOKEN_PRICES, in_force, movements(TOKEN_PRICES, in_force, page, AT), NOBODY, in_force.clear())
    assert found.height == len(PAGE)


def test_announced_prices_that_begin_on_another_day_wait():
    known = rows(PAGE).with_columns(price_key=price_key(TOKEN_PRICES))
    in_force = known.with_columns(
        valid_from=pl.lit(datetime(2026, 1, 1)), valid_to=pl.lit(None, pl.Datetime("us")), is_listed=pl.lit(value=True)
    )
    later = in_force.with_columns(
        usd_per_unit=(pl.col("usd_per_unit") * 2).cast(pl.Decimal(18, 6)), valid_from=datetime(2026, 5, 1)
    )
    for start, is_moved in ((datetime(2026, 5, 1), False), (datetime(2027, 5, 1), True)):
        moved = movements(TOKEN_PRICES, in_force, rows(scaled("2"), effective_from=start), AT)
        found = doubts(TOKEN_PRICES, in_force, moved, NOBODY, later)
        assert (found.height == len(PAGE)) is is_moved


def test_a_page_of_two_models_at_one_factor_waits():
    small = {("a", "output", "standard"): 15, ("b", "output", "standard"): 10}
    assert set(reasons(small, {key: Decimal(usd) * Decimal("1.4") for key, usd in small.items()})) == set(small)
    assert reasons(small, small | {("a", "output", "standard"): 21}) == {}


def test_what_held_until_a_day_is_not_set_beside_what_holds_since():
    before = {("a", "input_uncached", "standard"): 3, ("a", "cache_write_5m", "standard"): 4, **PAGE}
    known = rows(before).with_columns(price_key=price_key(TOKEN_PRICES))
    in_force = known.with_columns(
        valid_from=pl.lit(datetime(2026, 1, 1)), valid_to=pl.lit(None, pl.Datetime("us")), is_listed=pl.lit(value=True)
    )
    cheap = {key: Decimal(usd) / 2 for key, usd in before.items() if key[0] == "a"}
    page = pl.concat([rows(cheap), rows(before, effective_from=datetime(2026, 1, 1))])
    moved = movements(TOKEN_PRICES, in_force, page, AT)
    assert not [reason for reason in doubts(TOKEN_PRICES, known, moved, NOBODY)["reason"] if "above" in reason]
