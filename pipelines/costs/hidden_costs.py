"""What of the cost in the logs is conversation history, missed caches and reasoning, by day and owner.

Tokens of the parts come from `prompt_parts`, prices from the one engine (`pricing`), so the parts are exact and add up
to the cost of the ledger. What logs do not tell is NULL, with the reason; a scenario tells it (`decisions`).
"""

from collections.abc import Mapping
from datetime import date

import polars as pl

from pipelines.costs.owner_costs import PEOPLE, named_owners
from pipelines.costs.pricing.match_usage import USD
from pipelines.costs.pricing.price_sums import price_counts
from pipelines.costs.prompt_parts import COUNTS
from pipelines.schema.columns import polars_schema
from pipelines.schema.hidden_costs import HiddenCost
from pipelines.schema.meters import METERS, QUANTITY_COLUMNS
from pipelines.usage.owner_map import with_teams

FORMULA_VERSION = "logged-hidden-cost-1"
MODEL = ("provider", "model")
NOT_TOLD = {
    "system": "logs count a prompt whole, so the system prompt is in base",
    "retrieved": "logs count a prompt whole, so documents are in base",
    "retries": "logs do not mark retries and fallbacks, so they are in base",
}
"""Parts that no log tells, and where their cost is."""
_PAID: dict[str, str | None] = {QUANTITY_COLUMNS[meter]: meter for meter in METERS}
"""All that is billed: its dollars are the cost."""
_TEXT_METERS = ("input_uncached", "cache_read", "cache_write_5m", "cache_write_1h", "output")
_OTHERS = [QUANTITY_COLUMNS[meter] for meter in METERS if meter not in _TEXT_METERS]
"""What is in the naive figure as it is in the cost: nothing of it is hidden."""
_SCHEMA = polars_schema(HiddenCost)


def hidden_costs(days: Mapping[date, pl.LazyFrame], segments: pl.DataFrame, owners: pl.DataFrame) -> pl.DataFrame:
    """Rows of main.hidden_cost. `days`: of `rows_with_parts`, of the rows that count; `owners`: OWNER_SCHEMA."""
    names = {name for usage in days.values() for name in usage.collect_schema().names()}
    key = [*(name for name in PEOPLE if name in names), *MODEL]
    sums = price_counts(days, segments, key, {**COUNTS, **_PAID})
    if sums is None:
        return pl.DataFrame(schema=_SCHEMA)
    amounts = [f"{name}_usd" for name, meter in {**COUNTS, **_PAID}.items() if meter]
    absent = {name: pl.lit(None, USD) for name in amounts if name not in sums.columns}
    paid = [pl.col(f"{name}_usd") for name in _PAID]
    is_priced = pl.any_horizontal(amount.is_not_null().any() for amount in paid)
    summed = (
        sums.with_columns(**absent)
        .group_by("usage_date", *key)
        .agg(pl.col("usage_rows", "unpriced_quantity", *amounts, *COUNTS).sum(), is_priced=is_priced)
        .with_columns(cost_usd=pl.when("is_priced").then(_usd(*_PAID)))
    )
    rows = with_teams(named_owners(_parts(summed)), owners)
    return rows.select(_SCHEMA.keys()).cast(_SCHEMA).sort("usage_date", *PEOPLE, *MODEL)


def _parts(rows: pl.DataFrame) -> pl.DataFrame:
    """Dollars by part, and why a part has none."""
    missed = _usd("missed_written_1h", "missed_written_5m", "missed_uncached") - _usd("missed_as_read")
    history = _usd("history_read", "history_written_1h", "history_written_5m", "history_uncached")
    history = history + _usd("history_missed_as_read")
    tells_history = pl.col("calls_in_conversations") > 0
    tells_reasoning = pl.col("output_telling_reasoning") > 0
    is_priced = pl.col("cost_usd").is_not_null()
    known = rows.with_columns(
        history_usd=pl.when(tells_history & is_priced).then(history),
        cache_miss_usd=pl.when(tells_history & is_priced).then(missed),
        reasoning_usd=pl.when(tells_reasoning & is_priced).then(_usd("reasoning")),
        cacheable_usd=pl.when(tells_history & is_priced).then(_usd("resent_uncached") - _usd("resent_as_read")),
        naive_usd=pl.when(is_priced).then(_usd("naive_input", "naive_output", *_OTHERS)),
        **dict.fromkeys(("system_usd", "retrieved_usd", "retries_usd"), pl.lit(None, USD)),
    )
    told = [pl.col(name).fill_null(0) for name in ("history_usd", "cache_miss_usd", "reasoning_usd")]
    return known.with_columns(
        base_usd=(pl.col("cost_usd") - sum(told[1:], told[0])).cast(USD),
        ratio=pl.when(pl.col("naive_usd") > 0).then(
            pl.col("cost_usd").cast(pl.Float64) / pl.col("naive_usd").cast(pl.Float64)
        ),
        history_tokens=pl.sum_horizontal(name for name in COUNTS if name in _HISTORY),
        missed_tokens="missed_as_read",
        reasoning_tokens=pl.when(tells_reasoning).then("reasoning"),
        not_in_data=_not_in_data(tells_history, tells_reasoning),
        formula_version=pl.lit(FORMULA_VERSION),
    )


_HISTORY = ("history_read", "history_written_1h", "history_written_5m", "history_uncached", "history_missed_as_read")


def _usd(*names: str) -> pl.Expr:
    return sum((pl.col(f"{name}_usd") for name in names[1:]), pl.col(f"{names[0]}_usd"))


def _not_in_data(tells_history: pl.Expr, tells_reasoning: pl.Expr) -> pl.Expr:
    """What the rows do not tell, in words."""
    always = pl.lit("; ".join(f"{part}: {reason}" for part, reason in NOT_TOLD.items()))
    no_conversation = pl.lit("; history and cache misses: no request names its conversation")
    no_reasoning = pl.lit("; reasoning: not told apart from other output")
    return (
        always
        + pl.when(tells_history).then(pl.lit("")).otherwise(no_conversation)
        + pl.when(tells_reasoning).then(pl.lit("")).otherwise(no_reasoning)
    )
