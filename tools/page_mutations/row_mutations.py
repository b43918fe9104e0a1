"""Mutations of all that a page states of one kind: rows as the parser would read them off the mutated page.

What a page says in its own form (JSON, islands, prose) no text rule reaches for every source; the step from the
parser on is the same road.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import polars as pl

RowMutation = Callable[[pl.DataFrame], pl.DataFrame]

_AMOUNTS = ("usd_per_unit", "usd_per_gpu_hour", "local_per_gpu_hour")


def scaled(factor: str, only: pl.Expr | None = None) -> RowMutation:
    """All prices, or some, times a factor."""

    def mutate(rows: pl.DataFrame) -> pl.DataFrame:
        names = [name for name in _AMOUNTS if name in rows.columns]
        hit = pl.lit(value=True) if only is None else only
        product = [
            pl.when(hit).then((pl.col(name).cast(pl.Float64) * float(factor)).round(6)).otherwise(name)
            for name in names
        ]
        return rows.with_columns(each.cast(rows.schema[name]) for each, name in zip(product, names, strict=True))

    return _on(mutate, "usd_per_unit" if only is not None else None)


def _on(mutate: RowMutation, needed: str | None) -> RowMutation:
    return lambda rows: mutate(rows) if needed is None or needed in rows.columns else rows


def relabelled(column: str, labels: dict[str, str]) -> RowMutation:
    """Labels of a column replaced, both ways where the map says so; prices stay with their rows."""
    return _on(lambda rows: rows.with_columns(pl.col(column).replace(labels)), column)


def swapped(column: str, one: str, other: str) -> RowMutation:
    """Two labels in each other's places, of pages that have both."""

    def mutate(rows: pl.DataFrame) -> pl.DataFrame:
        if not {one, other} <= set(rows[column].unique()):
            return rows
        return rows.with_columns(pl.col(column).replace({one: other, other: one}))

    return _on(mutate, column)


def _shifted_boundary(factor: float) -> RowMutation:
    def mutate(rows: pl.DataFrame) -> pl.DataFrame:
        moved = {
            "context_from": pl.when(pl.col("context_from") > 0)
            .then((pl.col("context_from") * factor).cast(pl.Int64))
            .otherwise("context_from"),
            "context_to": (pl.col("context_to") * factor).cast(pl.Int64),
        }
        return rows.with_columns(**moved)

    return _on(mutate, "context_from")


def _long_swapped(rows: pl.DataFrame) -> pl.DataFrame:
    """Prices of long prompts and of short ones in each other's places."""
    group = ["provider", "channel", "region", "model", "meter", "service_tier", "time_window"]
    prices = pl.col("usd_per_unit").sort_by("context_from")
    return rows.sort(*group, "context_from").with_columns(usd_per_unit=prices.reverse().over(group))


def _window_moved(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.col("time_window").str.replace(r"(\d\d):(\d\d)-", "05:30-"))


def _window_swapped(rows: pl.DataFrame) -> pl.DataFrame:
    group = ["provider", "channel", "region", "model", "meter", "service_tier", "context_from"]
    prices = pl.col("usd_per_unit").sort_by("time_window")
    return rows.sort(*group, "time_window").with_columns(usd_per_unit=prices.reverse().over(group))


def _dated(moved: timedelta, start: datetime | None) -> RowMutation:
    """Announced starts moved, or given to every row where the page prints none."""

    def mutate(rows: pl.DataFrame) -> pl.DataFrame:
        begin = pl.col("effective_from") + moved
        return rows.with_columns(effective_from=begin if start is None else pl.coalesce(begin, pl.lit(start)))

    return mutate


def _doubled(rows: pl.DataFrame) -> pl.DataFrame:
    """Every row twice, the second at another price."""
    return pl.concat([rows, scaled("1.5")(rows)])


def _counted_anew(rows: pl.DataFrame) -> pl.DataFrame:
    """A node of several cards counted as one: its whole price for one card."""
    amounts = [name for name in _AMOUNTS if name in rows.columns]
    return rows.with_columns(
        *((pl.col(name) * pl.col("gpu_count")).cast(rows.schema[name]).alias(name) for name in amounts),
        gpu_count=pl.lit(1, rows.schema["gpu_count"]),
    )


def _above(meter: str, other: str, factor: str) -> RowMutation:
    """One meter's price put at a multiple of another's, model by model."""
    group = ["provider", "channel", "region", "model", "service_tier", "context_from", "time_window"]

    def mutate(rows: pl.DataFrame) -> pl.DataFrame:
        of_other = pl.col("usd_per_unit").filter(pl.col("meter") == other).first().over(group)
        lifted = (of_other.cast(pl.Float64) * float(factor)).round(6)
        usd = pl.when(pl.col("meter") == meter).then(pl.coalesce(lifted, "usd_per_unit")).otherwise("usd_per_unit")
        return rows.with_columns(usd_per_unit=usd.cast(rows.schema["usd_per_unit"]))

    return _on(mutate, "meter")


def _of(column: str, mutations: dict[str, RowMutation]) -> dict[str, RowMutation]:
    """Mutations of the book that has a column."""
    return {name: _on(mutate, column) for name, mutate in mutations.items()}


def _is(column: str, *values: str) -> pl.Expr:
    return pl.col(column).is_in(values)


FACTORS: dict[str, RowMutation] = {
    f"all prices x{factor}": scaled(factor)
    for factor in ("2", "1.9", "0.5", "10", "0.1", "0.01", "100", "1.4", "0.92", "1.08", "7.2", "0")
}
ORDERS: dict[str, RowMutation] = {
    "batch x2.2": scaled("2.2", _is("service_tier", "batch")),
    "batch x4": scaled("4", _is("service_tier", "batch")),
    "standard x0.4": scaled("0.45", _is("service_tier", "standard")),
    "fast below standard": scaled("0.1", _is("service_tier", "fast")),
    "priority below standard": scaled("0.51", _is("service_tier", "priority")),
    "flex above standard": scaled("2.5", _is("service_tier", "flex")),
    "cache read above input": _above("cache_read", "input_uncached", "1.5"),
    "cache read at output": _above("cache_read", "output", "1"),
    "1 h write below 5 m write": _above("cache_write_1h", "cache_write_5m", "0.9"),
    "5 m write below input": _above("cache_write_5m", "input_uncached", "0.5"),
    "output below input": _above("output", "input_uncached", "0.8"),
    "long below short": _on(_long_swapped, "context_from"),
    "long x0.4": scaled("0.45", pl.col("context_from") > 0),
    "peak and off-peak swapped": _on(_window_swapped, "time_window"),
    "a third of prices x2": scaled("2", pl.col("model").hash(7) % 3 == 0),
    "all outputs x2": scaled("2", _is("meter", "output")),
    "all inputs x0.5": scaled("0.5", _is("meter", "input_uncached")),
}
SWAPS: dict[str, RowMutation] = {
    f"{column} {one} and {other} swapped": swapped(column, one, other)
    for column, one, other in (
        ("service_tier", "standard", "batch"),
        ("service_tier", "standard", "flex"),
        ("service_tier", "standard", "priority"),
        ("service_tier", "standard", "fast"),
        ("meter", "input_uncached", "output"),
        ("meter", "input_uncached", "cache_read"),
        ("meter", "cache_read", "cache_write_5m"),
        ("meter", "cache_write_5m", "cache_write_1h"),
        ("pricing", "on_demand", "spot"),
        ("pricing", "on_demand", "reserved"),
        ("tier", "secure", "community"),
        ("gpu", "H100", "A100"),
        ("gpu", "H100", "H200"),
        ("gpu", "H200", "B200"),
    )
}
KEYS: dict[str, RowMutation] = {
    "boundary of prompt sizes x1.36": _shifted_boundary(1.36),
    "boundary of prompt sizes halved": _shifted_boundary(0.5),
    "boundary lost": _on(
        lambda rows: rows.filter(pl.col("context_from") == 0).with_columns(context_to=None), "context_to"
    ),
    "peak hour moved": _on(_window_moved, "time_window"),
    "starts moved by a year": _dated(timedelta(days=365), None),
    "starts given: a year ago": _dated(timedelta(), datetime(2025, 11, 1)),
    "starts given: next month": _dated(timedelta(), datetime(2026, 12, 25)),
    "region lost": _on(lambda rows: rows.with_columns(region=pl.lit("global")), "region"),
    "region given": _on(lambda rows: rows.with_columns(region=pl.lit("eu")), "region"),
    "memory doubled": _on(lambda rows: rows.with_columns(memory_gb=pl.col("memory_gb") * 2), "memory_gb"),
    "memory 80 to 40": _on(lambda rows: rows.with_columns(pl.col("memory_gb").replace({80: 40})), "memory_gb"),
    "count of cards doubled": _on(lambda rows: rows.with_columns(gpu_count=pl.col("gpu_count") * 2), "gpu_count"),
    "node of 8 as 1": _on(_counted_anew, "gpu_count"),
    "spot labels moved": relabelled("pricing", {"spot": "on_demand"}),
    "on demand labelled spot": relabelled("pricing", {"on_demand": "spot"}),
    "currency of the heading": relabelled("currency", {"EUR": "USD"}),
    "unit of the heading": relabelled("unit", {"mtok": "thousand_calls"}),
    "tiers all standard": relabelled("service_tier", {"batch": "standard"}),
    "channel given": relabelled("channel", {"api": "azure"}),
    "every row twice": _doubled,
}  # fmt: skip
ROW_MUTATIONS: dict[str, dict[str, RowMutation]] = {
    "all prices by one factor": FACTORS,
    "order within a model": ORDERS,
    "labels swapped": SWAPS,
    "keys moved for all rows": KEYS,
}
FIRST_PAGES: dict[str, RowMutation] = {f"first page x{f}": scaled(f) for f in ("10", "100", "0.1", "0.01", "0")}
