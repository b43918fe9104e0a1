"""What became known on each day of the year: prices by the shipped history, ends of models by a dated feed."""

import json
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.schema.costs import PriceChange
from pipelines.schema.lifecycles import LifecycleChange
from pipelines.snapshots.shipped_prices import shipped_versions

KEY = ["provider", "channel", "region", "model", "meter", "service_tier", "context_from", "time_window"]
PROVIDERS = {"OpenAI": "openai", "Anthropic": "anthropic", "Google": "google", "xAI": "xai", "Cohere": "cohere"}


def prices() -> pl.DataFrame:
    """The shipped versions as if each had been read on the day that it began: a source per provider."""
    versions = shipped_versions().filter(pl.col("known_to").is_null())
    return versions.with_columns(known_from=pl.col("valid_from"), source=pl.col("provider") + "_pricing")


def price_changes(versions: pl.DataFrame, used: dict[str, float]) -> pl.DataFrame:
    """Rows of PriceChange. `used`: model -> tokens a month, priced as output, of models in use on the API."""
    ordered = versions.sort(*KEY, "valid_from")
    old = pl.col("usd_per_unit").shift().over(KEY)
    moved = ordered.with_columns(
        old_usd_per_unit=old, new_usd_per_unit=pl.col("usd_per_unit"), changed_on=pl.col("known_from").dt.date()
    ).filter(old.is_null() | (old != pl.col("usd_per_unit")))
    tokens = pl.col("model").replace_strict(used, default=None, return_dtype=pl.Float64)
    is_used = tokens.is_not_null() & (pl.col("channel") == "api") & pl.col("old_usd_per_unit").is_not_null()
    delta = (pl.col("new_usd_per_unit") - pl.col("old_usd_per_unit")).cast(pl.Float64) / 1e6
    is_output = (pl.col("meter") == "output").cast(pl.Float64)
    filled = moved.with_columns(
        kind=pl.when(pl.col("old_usd_per_unit").is_null()).then(pl.lit("new")).otherwise(pl.lit("changed")),
        usd_per_month_effect=pl.when(is_used).then(tokens * delta * is_output),
        is_first_snapshot=pl.lit(value=False),
        is_announced=pl.lit(value=False),
    )
    return _typed(filled, PriceChange)


def end_moves(feed: Path, spend: dict[str, float]) -> pl.DataFrame:
    """Rows of LifecycleChange: each end of the feed on the day that it was announced. `spend`: USD of 30 days."""
    rows: list[dict[str, Any]] = []
    for one in json.loads(feed.read_text()):
        if one["provider"] not in PROVIDERS or not one["announcement_date"] or not one["shutdown_date"]:
            continue
        provider, known = PROVIDERS[one["provider"]], date.fromisoformat(one["announcement_date"])
        rows.append(
            {
                "changed_on": known,
                "known_from": datetime.combine(known, time(5)),
                "provider": provider,
                "channel": "api",
                "model": one["model_id"],
                "version": "",
                "scope": "all",
                "old_state": "active",
                "new_state": "deprecated",
                "new_retires_on": date.fromisoformat(one["shutdown_date"]),
                "new_precision": "day",
                "old_outcome": "unknown",
                "new_outcome": "unknown",
                "new_replacements": ",".join(one["replacement_models"] or []) or None,
                "is_listed": True,
                "is_first_snapshot": False,
                "source": f"{provider}_deprecations",
                "url": one["url"],
                "lifecycle_id": f"{provider}/{one['model_id']}/{known}",
                "spend_30d_usd": spend.get(one["model_id"]),
            }
        )
    return _typed(pl.DataFrame(rows, infer_schema_length=None), LifecycleChange).unique("lifecycle_id", keep="first")


def _typed(frame: pl.DataFrame, table: Any) -> pl.DataFrame:
    """The frame in the columns of a table, NULL where it has none."""
    return frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in polars_schema(table).items()
    )
