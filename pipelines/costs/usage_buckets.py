"""The ledger's usage in few buckets that can be priced at any offer: one scan, however many offers are asked about.

What a price may depend on stays apart: the day, the offer, the size of the prompt between the edges of all context
ranges, and the minute where some price changes within a day. Nothing is priced here; `reprice` does.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

import polars as pl

from pipelines.schema.meters import QUANTITY_COLUMNS
from pipelines.schema.offers import OFFER
from pipelines.schema.time_windows import ALWAYS

QUANTITIES = tuple(QUANTITY_COLUMNS.values())
_HELD = ("cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens")
"""What a call leaves in the cache, or finds there."""
_MINUTE = timedelta(minutes=1)
_KEY = {
    **dict.fromkeys(OFFER, pl.String()),
    "usage_at": pl.Datetime("us"),
    "usage_until": pl.Datetime("us"),
    "prompt_tokens_from": pl.Int64(),
}
BUCKET_SCHEMA = {
    "usage_date": pl.Date(),
    **_KEY,
    **dict.fromkeys(QUANTITIES, pl.Int64()),
    "usage_rows": pl.Int64(),
}
"""Columns of buckets, beside those that they are grouped by."""


def size_edges(segments: pl.DataFrame) -> list[int]:
    """Prompt sizes from which some price is another, sorted, 0 left out."""
    edges = pl.concat([segments["context_from"], segments["context_to"].drop_nulls()]).unique().sort()
    return [edge for edge in edges if edge > 0]


def changes_within_days(segments: pl.DataFrame, first: date, last: date) -> bool:
    """Whether some price changes at another time than midnight, so that the minute of usage matters."""
    if (segments["time_window"] != ALWAYS).any():
        return True
    start, end = datetime.combine(first, time()), datetime.combine(last + timedelta(days=1), time())
    moments = pl.concat([segments["valid_from"], segments["valid_to"].drop_nulls()])
    inside = moments.filter((moments > start) & (moments < end))
    return bool((inside.dt.time() != time()).any())


def usage_buckets(
    days: Mapping[date, pl.LazyFrame],
    edges: Sequence[int],
    *,
    by_minute: bool,
    by: Mapping[str, pl.Expr] | None = None,
    where: pl.Expr | None = None,
) -> pl.DataFrame:
    """Usage as buckets: BUCKET_SCHEMA and the texts `by`.

    `days`: columns of core.usage by UTC day, counted once; a column that is NULL throughout may be left out. `edges`:
    sorted. A request is in the bucket of the largest edge that its prompt has reached; a sum of requests keeps its own
    time, and no size where its report tells none.
    """
    wanted = dict(by or {})
    parts = [_of_day(usage, edges, by_minute, wanted, where) for usage in days.values()]
    schema = pl.Schema(BUCKET_SCHEMA | dict.fromkeys(wanted, pl.String()))
    return pl.concat([pl.DataFrame(schema=schema), *(part.cast(schema) for part in pl.collect_all(parts))])


def _of_day(
    usage: pl.LazyFrame, edges: Sequence[int], by_minute: bool, by: Mapping[str, pl.Expr], where: pl.Expr | None
) -> pl.LazyFrame:
    usage = _whole(usage, by, where)
    is_sum = pl.col("usage_until").is_not_null()
    minute = pl.col("usage_minute") if by_minute else pl.lit(0)
    start = pl.col("usage_date").cast(pl.Datetime("us")) + pl.duration(minutes=minute)
    key = {
        "usage_at": pl.when(is_sum).then("usage_at").otherwise(start),
        "usage_until": pl.when(is_sum).then("usage_until").otherwise(start + _MINUTE),
        "prompt_tokens_from": _reached(pl.when(is_sum).then("prompt_tokens_from").otherwise("prompt_tokens"), edges),
        **by,
    }
    grouped = usage.with_columns(**key).group_by("usage_date", *OFFER, *key)
    summed = grouped.agg(pl.col(QUANTITIES).sum(), usage_rows=pl.len().cast(pl.Int64))
    return summed.select(*BUCKET_SCHEMA, *by)


def cached_prefixes(
    days: Mapping[date, pl.LazyFrame], buckets: pl.DataFrame, edges: Sequence[int], where: pl.Expr | None = None
) -> pl.DataFrame:
    """What the cache holds in the busiest hour of the last day of each offer: BUCKET_SCHEMA, tokens as cache_read.

    By conversation where the log names one, else by key, project and account, which makes it the least that it may
    be. Of each the largest prefix that one of its calls read or wrote; the sum of a report tells none. `days` and
    `where` are those that the `buckets` were made of.
    """
    last = buckets.group_by(OFFER).agg(pl.col("usage_date").max())
    read = [_prefixes_of_day(days[day], where) for day in last["usage_date"].unique().sort()]
    nothing = pl.DataFrame(schema=pl.Schema(BUCKET_SCHEMA))
    if not read:
        return nothing
    held = pl.concat(pl.collect_all(read)).join(last, on=[*OFFER, "usage_date"])
    hours = held.group_by(*OFFER, "usage_date", "hour").agg(pl.col("tokens").sum())
    busiest = hours.sort("tokens", "hour", descending=[True, False]).unique(OFFER, keep="first", maintain_order=True)
    rows = held.join(busiest.select(*OFFER, "hour"), on=[*OFFER, "hour"])
    start = pl.col("usage_date").cast(pl.Datetime("us")) + pl.duration(hours="hour")
    binned = rows.with_columns(usage_at=start, prompt_tokens_from=_reached(pl.col("tokens"), edges))
    summed = binned.group_by("usage_date", *OFFER, "usage_at", "prompt_tokens_from").agg(
        cache_read_tokens=pl.col("tokens").sum(), usage_rows=pl.len().cast(pl.Int64)
    )
    whole = summed.with_columns(
        *(pl.lit(0, pl.Int64).alias(name) for name in QUANTITIES if name != "cache_read_tokens"),
        usage_until=pl.col("usage_at") + _MINUTE,
    )
    return whole.select(BUCKET_SCHEMA.keys()).cast(pl.Schema(BUCKET_SCHEMA))


def _prefixes_of_day(usage: pl.LazyFrame, where: pl.Expr | None) -> pl.LazyFrame:
    holders = ("conversation_id", "api_key_id", "project_id", "account_id")
    usage = _whole(usage, dict.fromkeys(holders, pl.lit(None)), where)
    held = pl.sum_horizontal(pl.col(name).fill_null(0) for name in _HELD)
    return (
        usage.filter(pl.col("usage_until").is_null())
        .with_columns(hour=pl.col("usage_minute").cast(pl.Int64) // 60, tokens=held)
        .filter(pl.col("tokens") > 0)
        .group_by("usage_date", *OFFER, "hour", *holders)
        .agg(pl.col("tokens").max().cast(pl.Int64))
        .select("usage_date", *(pl.col(name).cast(pl.String) for name in OFFER), "hour", "tokens")
    )


def _whole(usage: pl.LazyFrame, by: Mapping[str, pl.Expr], where: pl.Expr | None) -> pl.LazyFrame:
    """Usage with the columns that are asked about, filtered."""
    read = {name for expression in (*by.values(), *([] if where is None else [where])) for name in _roots(expression)}
    schema = usage.collect_schema()
    kinds = {"usage_until": pl.Datetime("us"), **dict.fromkeys(("prompt_tokens_from", *QUANTITIES), pl.Int64())}
    texts = dict.fromkeys(read | (set(by) - set(_KEY)), pl.String())
    missing = {name: pl.lit(None, kind) for name, kind in {**texts, **kinds}.items() if name not in schema}
    usage = usage.with_columns(**missing) if missing else usage
    return usage if where is None else usage.filter(where)


def _roots(expression: pl.Expr) -> list[str]:
    return expression.meta.root_names()


def _reached(size: pl.Expr, edges: Sequence[int]) -> pl.Expr:
    """The largest edge that a size has reached, 0 below the first; NULL for NULL."""
    reached = pl.lit(0, pl.Int64)
    for edge in edges:
        reached = pl.when(size >= edge).then(pl.lit(edge, pl.Int64)).otherwise(reached)
    return pl.when(size.is_not_null()).then(reached)
