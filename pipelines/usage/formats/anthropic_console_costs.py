"""Cost CSV of Anthropic's Console -> one reported cost per line: a day of one model, key, workspace and token type.

The columns are known from exports that others show; Anthropic documents none. Dollars rounded to cents, unlike the cost
report, which counts in cents. Models are named as people read them ("Claude Haiku 4.5"), keys and workspaces too;
names repeat.
"""

import polars as pl

from pipelines.usage.dedup import number_equal_costs
from pipelines.usage.fields import day_or_hour, must_have, text, usd
from pipelines.usage.importer import Importer

METERS = {
    "input_no_cache": "input_uncached",
    "input_cache_read": "cache_read",
    "input_cache_write_5m": "cache_write_5m",
    "input_cache_write_1h": "cache_write_1h",
    "output": "output",
}
DIMENSIONS = (
    "named_model",
    "workspace",
    "api_key",
    "usage_type",
    "context_window",
    "token_type",
    "cost_type",
    "inference_geo",
    "speed",
)
FIELDS = {name: name for name in ("usage_date_utc", "cost_usd", *DIMENSIONS[1:])} | {
    "named_model": "model",
    "key_id": "api_key_id",
}

amount = usd("cost_usd")
starts, ends = day_or_hour("usage_date_utc")

ANTHROPIC_CONSOLE_COSTS = Importer(
    name="anthropic_console_costs",
    description="Cost CSV of Anthropic's Console",
    table="reported_cost",
    signatures=(frozenset({"usage_date_utc", "model", "token_type", "cost_usd"}),),
    fields=FIELDS,
    columns={
        "starts_at": starts,
        "ends_at": ends,
        "provider": pl.lit("anthropic"),
        "channel": pl.lit("api"),
        "region": pl.when(pl.col("inference_geo").is_in(["us", "global"])).then("inference_geo"),
        "model": text("named_model"),
        "line_item": text("token_type").value.fill_null(text("cost_type").value),
        "meter": pl.col("token_type").replace_strict(METERS, default=None, return_dtype=pl.String),
        "service_tier": pl.when(pl.col("speed") == "fast").then(pl.lit("fast"))
        .when(pl.col("usage_type") == "batch").then(pl.lit("batch")),
        "project_id": text("workspace"),
        "api_key_id": text("key_id").value.fill_null(text("api_key").value),
        "amount_usd": amount,
        "printed_amount": pl.col("cost_usd"),
        "currency": pl.lit("USD"),
        "is_credit": amount.value < 0,
    },
    rules=(must_have("cost_usd", rule="no_amount"),),
    identity=("starts_at", "ends_at", *DIMENSIONS, "key_id"),
    settle=number_equal_costs,
    private=frozenset({"api_key", "workspace"}),
)  # fmt: skip
