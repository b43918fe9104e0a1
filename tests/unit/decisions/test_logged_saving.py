"""main.saving: what cache and batch saved, at the prices of each day, and what would be saved, by rule."""

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from pipelines.decisions.logged_saving import logged_saving
from pipelines.schema.columns import polars_schema
from pipelines.schema.costs import UsageCost
from pipelines.schema.hidden_costs import HiddenCost
from pipelines.schema.savings import LOGGED_LEVERS, LoggedSaving

DAY = date(2026, 10, 10)
OFFER = {"provider": "openai", "channel": "api", "region": "global", "model": "gpt-5-mini"}


def _used(meter: str, quantity: int, usd: str | None, **differences: Any) -> dict[str, Any]:
    cost = None if usd is None else Decimal(quantity) * Decimal(usd) / 1_000_000
    row = OFFER | {
        "usage_date": date(2026, 10, 1),
        "service_tier": "standard",
        "meter": meter,
        "usd_per_unit": usd and Decimal(usd),
        "unit": "mtok",
        "quantity": quantity,
        "cost_usd": cost,
        "prompt_tokens": 0,
        "time_window": "always",
    }
    return row | differences


ANY_SIZE = {"context_from": 0, "context_to": None, "time_window": "always"}


def _price(meter: str, usd: str, tier: str = "standard", **differences: Any) -> dict[str, Any]:
    return OFFER | {"service_tier": tier, "meter": meter, "usd_per_unit": Decimal(usd)} | ANY_SIZE | differences


PRICES = [
    _price("input_uncached", "2"),
    _price("cache_read", "0.2"),
    _price("output", "8"),
    _price("input_uncached", "1", "batch"),
    _price("output", "4", "batch"),
]


def _savings(used: list[dict[str, Any]], prices: list[dict[str, Any]], hidden: list[dict[str, Any]] = []) -> Any:  # noqa: B006
    sized = {"prompt_tokens": pl.Int64(), "time_window": pl.String()}
    frame = pl.DataFrame(used, schema=polars_schema(UsageCost) | sized)
    schema = {name: kind for name, kind in polars_schema(UsageCost).items() if name in PRICES[0]}
    schema |= {"context_from": pl.Int64(), "context_to": pl.Int64(), "time_window": pl.String()}
    listed = pl.DataFrame(prices, schema=schema)
    parts = pl.DataFrame(hidden, schema=polars_schema(HiddenCost))
    rows = pl.DataFrame(LoggedSaving.validate(logged_saving(frame, listed, parts, DAY)))
    return {row["lever"]: row for row in rows.to_dicts()}


def test_what_the_cache_saved_is_at_the_prices_of_the_day() -> None:
    # Input was 3 USD that day: 1,000,000 * (3 - 0.30), though it is 2 now.
    rows = _savings(
        [_used("input_uncached", 500, "3"), _used("cache_read", 1_000_000, "0.3"), _used("output", 10, "8")], PRICES
    )
    assert rows["prompt_caching_saved"]["usd_per_month"] == Decimal("2.70")
    assert rows["prompt_caching_saved"]["basis"] == "measured"


def test_a_write_that_costs_more_than_input_is_no_saving() -> None:
    # A million tokens cost 3.75 instead of 3.
    rows = _savings([_used("input_uncached", 1, "3"), _used("cache_write_5m", 1_000_000, "3.75")], PRICES)
    assert rows["prompt_caching_saved"]["usd_per_month"] == Decimal("-0.75")


def test_a_day_that_was_all_cache_is_held_against_the_price_in_force() -> None:
    rows = _savings([_used("cache_read", 1_000_000, "0.2")], PRICES)
    assert rows["prompt_caching_saved"]["usd_per_month"] == Decimal("1.80")


def test_batch_saved_and_would_save() -> None:
    used = [
        _used("input_uncached", 1_000_000, "2"),
        _used("cache_read", 1_000_000, "0.2"),
        _used("output", 1_000_000, "8"),
        _used("output", 1_000_000, "4", service_tier="batch"),
        _used("web_searches", 7, None),
    ]
    rows = _savings(used, PRICES)
    # 8 - 4
    assert rows["batch_saved"]["usd_per_month"] == 4
    # (2 - 1) + (8 - 4), and 0.2 - 1: OpenAI has no cache discount in batch, so a cached token costs as any other there.
    assert rows["batch_left"]["usd_per_month"] == Decimal("4.2")
    assert rows["batch_left"]["reason"] == "if every call could wait; in place of flex"
    assert rows["batch_left"]["stacking"].startswith("batch_only")
    assert rows["batch_left"]["stacking_source_on"] is not None
    assert rows["flex_left"]["usd_per_month"] is None
    assert rows["flex_saved"]["usd_per_month"] == 0


def test_misses_come_from_conversations() -> None:
    hidden = {
        "provider": "openai",
        "model": "gpt-5-mini",
        "cache_miss_usd": Decimal("0.5"),
        "cacheable_usd": Decimal("0.25"),
        "calls": 10,
        "calls_in_conversations": 4,
    }
    rows = _savings([_used("output", 10, "8")], PRICES, [hidden])
    assert rows["cache_misses"]["usd_per_month"] == Decimal("0.5")
    assert rows["cache_misses"]["reason"] == "of 4 of 10 calls, those whose logs name their conversation"
    assert (rows["prompt_caching_left"]["usd_per_month"], rows["prompt_caching_left"]["basis"]) == (
        Decimal("0.25"),
        "modelled",
    )


def test_what_logs_do_not_tell_is_null_with_its_reason() -> None:
    rows = _savings([_used("output", 10, "8")], PRICES)
    assert set(rows) == set(LOGGED_LEVERS)
    for lever in ("response_cache", "contract_discount", "smaller_model", "cache_misses"):
        assert rows[lever]["usd_per_month"] is None
        assert rows[lever]["reason"].startswith("not in your data")


def test_a_model_without_a_price_has_no_savings() -> None:
    rows = _savings([_used("output", 10, None)], [])
    assert {row["usd_per_month"] for row in rows.values()} == {None}
    assert rows["batch_left"]["reason"] == "its usage has no price"


def test_no_usage_no_rows() -> None:
    assert _savings([], PRICES) == {}


def test_what_another_tier_costs_is_asked_at_the_size_of_the_prompts() -> None:
    """A long prompt is 6 USD now and 3 in batch, a short one 2 and 1: half of 8 is 4, where short prices give 6."""
    long = {"context_from": 200_000, "context_to": None}
    prices = [*PRICES, _price("input_uncached", "6", **long), _price("output", "9", **long)]
    prices += [_price("input_uncached", "3", "batch", **long), _price("output", "4.5", "batch", **long)]
    prices = [{**one, "context_to": 200_000} if one["context_from"] == 0 else one for one in prices]
    used = [
        _used("input_uncached", 1_000_000, "6", prompt_tokens=200_000),
        _used("input_uncached", 1_000_000, "2"),
        _used("cache_read", 1_000_000, "0.6", prompt_tokens=200_000),
    ]
    rows = _savings(used, prices)
    # The tier prints no price of what is cached, and this provider's rule does not stack: see `stacking`.
    without_cache = _savings(used[:2], prices)
    assert without_cache["batch_left"]["usd_per_month"] == 4
    # Long input was 6 that day: 1,000,000 * (6 - 0.60).
    assert rows["prompt_caching_saved"]["usd_per_month"] == Decimal("5.4")
