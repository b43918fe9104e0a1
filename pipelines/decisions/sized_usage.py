"""Usage by the sizes of its prompts, so that each part is priced at what its own size costs: pure functions on frames.

`met_at` says at which size and hours a price that usage was priced at holds; `sized_mix` counts prompts of the ledger
between any edges, where another model has others.
"""

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from pipelines.costs.usage_buckets import usage_buckets
from pipelines.schema.meters import QUANTITY_COLUMNS
from pipelines.schema.time_windows import ALWAYS

SIZED = ("prompt_tokens", "time_window")
"""The least size of prompts, and the hours, in which the price holds that usage was priced at."""
_METERS = {name: meter for meter, name in QUANTITY_COLUMNS.items()}


def met_at(used: pl.DataFrame, prices: pl.DataFrame) -> pl.DataFrame:
    """Rows of core.usage_cost with SIZED. `prices`: price_id, context_from and time_window of the versions.

    What has no price is taken for short prompts at any hour.
    """
    ranges = prices.select("price_id", prompt_tokens="context_from", time_window="time_window").unique("price_id")
    sized = used.join(ranges, on="price_id", how="left", maintain_order="left")
    return sized.with_columns(pl.col("prompt_tokens").fill_null(0), pl.col("time_window").fill_null(ALWAYS))


def sized_mix(
    days: Mapping[date, pl.LazyFrame], edges: Sequence[int], owners: Sequence[str], channel: str
) -> pl.DataFrame:
    """Quantities of one channel by owner, region, meter and the largest edge that the prompt has reached, 0 for none.

    `days`: as in `usage_buckets`; `edges`: sorted. A sum of requests that tells no size is taken for short ones.
    """
    people = {name: pl.col(name) for name in owners if name not in ("provider", "model")}
    where = pl.col("channel").cast(pl.String) == channel
    buckets = usage_buckets(days, edges, by_minute=False, by=people, where=where)
    key = [*owners, "channel", "region", "prompt_tokens"]
    named = buckets.with_columns(prompt_tokens=pl.col("prompt_tokens_from").fill_null(0))
    rows = named.unpivot(list(_METERS), index=key, variable_name="meter", value_name="quantity")
    counted = rows.with_columns(pl.col("meter").replace_strict(_METERS)).filter(pl.col("quantity") > 0)
    return counted.group_by(*key, "meter").agg(pl.col("quantity").sum())
