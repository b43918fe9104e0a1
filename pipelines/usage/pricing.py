"""Usage x price in force -> exact cost. Pure polars on frames; reads no files and knows no database.

Cost is linear in tokens within one price. So requests that no price can tell apart (same offer, same stretch of time
between two price changes, same range of prompt sizes) are added up first, and only their sums meet the prices. Sums
are whole numbers: tokens times micro-dollars is pico-dollars, an integer, and integers add up the same in any order.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.schema.costs import UsageCost
from pipelines.schema.price_segments import MODEL_KEY, SEGMENT_KEY
from pipelines.schema.time_windows import ALWAYS, parse_window
from pipelines.schema.token_prices import TOKEN_METERS, UNIT_SIZES
from pipelines.schema.usage import OFFER, OFFER_SEPARATOR, QUANTITY_COLUMNS

FORMULA_VERSION = "cost-3"

OWNERS = ("project_id", "api_key_id")
PRICE_KEY = [name for name in SEGMENT_KEY if name != "meter"]
MICROS = 1_000_000
PICOS_PER_USD = 12
PRICED = ("meter", "price_id", "usd_per_unit", "unit", "unpriced_reason", "first_price_on", "is_lower_bound")
A_DAY = timedelta(days=1)


def price_usage(usage: pl.LazyFrame, segments: pl.DataFrame, owners: Sequence[str] = OWNERS) -> pl.DataFrame:
    """Price usage rows at what was in force when they happened.

    `usage`: columns of core.usage. `segments`: from `books.token_prices.price_segments`, for the models in `usage`.
    `owners`: columns of `usage` by which cost is told apart beside day, offer and price. Returns rows of
    core.usage_cost, of the columns of OWNERS only those asked for. A row that no price covers keeps its quantity, with
    NULL cost and the reason. A request of unknown prompt size or hour in a bucket is priced at the least that it may
    have cost, and flagged.
    """
    days = usage.select(pl.col("usage_date").unique()).collect(engine="streaming")["usage_date"].sort().to_list()
    sums = _added_up(usage, segments, days, owners)
    cells = _cells(sums, segments)
    priced = _explained(_in_range(_in_window(_in_stretch(cells, segments), segments), segments), segments)
    group = ("usage_date", *OFFER, *owners, *PRICED)
    costs = priced.group_by(group).agg(pl.col("usage_rows", "quantity").sum())
    return _with_cost(costs, group)


def _added_up(usage: pl.LazyFrame, segments: pl.DataFrame, days: list[date], owners: Sequence[str]) -> pl.DataFrame:
    """One row per day, offer, owners and all that a price may depend on: `usage_at` and `prompt_tokens` are the least
    of those that cost the same, and each quantity is a sum, with the rows that have it in `<quantity>_rows`.
    """
    group = ("usage_date", "offer", *owners, "grain", "usage_at", "prompt_tokens", "prompt_tokens_from")
    names = list(QUANTITY_COLUMNS.values())
    sums = (
        usage.with_columns(usage_at=_moment(segments, days), prompt_tokens=_prompt_size(segments))
        .group_by(group)
        .agg(pl.col(names).sum(), *((pl.col(name) > 0).sum().cast(pl.Int64).alias(f"{name}_rows") for name in names))
        .collect(engine="streaming")
    )
    offer = pl.col("offer").cast(pl.String).str.split_exact(OFFER_SEPARATOR, len(OFFER) - 1).struct
    return (
        sums.with_columns(offer.rename_fields(list(OFFER)))
        .unnest("offer")
        .with_columns(pl.col("grain", *owners).cast(pl.String))
    )


def _moment(segments: pl.DataFrame, days: list[date]) -> pl.Expr:
    """The last moment up to usage_at at which a price may have changed; the start of the day if none did on it."""
    midnight = pl.col("usage_date").cast(pl.Datetime("us"))
    changing = _changes(segments, days)
    if changing.is_empty():
        return midnight
    moments = pl.concat([changing["moment"], pl.Series(days, dtype=pl.Date).cast(pl.Datetime("us"))]).unique().sort()
    last = pl.lit(moments).gather(pl.lit(moments).search_sorted(pl.col("usage_at"), side="right") - 1)
    is_changing = pl.col("offer").cast(pl.String).is_in(changing["offer"].unique().implode())
    return pl.when(is_changing).then(last).otherwise(midnight).alias("usage_at")


def _changes(segments: pl.DataFrame, days: list[date]) -> pl.DataFrame:
    """offer, moment: when prices change within these days, by new versions or by the hour; midnights left out."""
    offered = segments.select(
        "valid_from", "valid_to", "time_window", offer=pl.concat_str(OFFER, separator=OFFER_SEPARATOR)
    )
    edges = pl.concat(
        [offered.select("offer", moment=name) for name in ("valid_from", "valid_to")] + [_window_edges(offered, days)]
    ).unique()
    is_inside = pl.col("moment").dt.date().is_in(days) & (pl.col("moment").dt.time() != pl.time(0))
    return edges.filter(is_inside)


def _window_edges(offered: pl.DataFrame, days: list[date]) -> pl.DataFrame:
    """The hours of time windows on each of the days."""
    windows = offered.filter(pl.col("time_window") != ALWAYS).select("offer", "time_window").unique()
    edges = [
        (offer, datetime(day.year, day.month, day.day) + timedelta(minutes=minute))
        for offer, window in windows.iter_rows()
        for stretch in parse_window(window).stretches
        for minute in stretch
        for day in days
    ]
    return pl.DataFrame(edges, schema={"offer": pl.String, "moment": pl.Datetime("us")}, orient="row")


def _prompt_size(segments: pl.DataFrame) -> pl.Expr:
    """The largest border between two prompt sizes that the prompt reaches; of a bucket, as far as its report tells."""
    borders = pl.concat([segments["context_from"], segments["context_to"].drop_nulls()]).unique().sort()
    size = pl.when(pl.col("grain") == "bucket").then("prompt_tokens_from").otherwise("prompt_tokens")
    reached = pl.lit(0, pl.Int64)
    for border in borders.filter(borders > 0):
        reached = pl.when(size >= border).then(pl.lit(border, pl.Int64)).otherwise(reached)
    return reached.alias("prompt_tokens")


def _cells(sums: pl.DataFrame, segments: pl.DataFrame) -> pl.DataFrame:
    """One row per meter that has a quantity. Requests only where a source prints a fee for them; they are no cost."""
    keys = [name for name in sums.columns if name.removesuffix("_rows") not in QUANTITY_COLUMNS.values()]
    per_meter = [
        sums.filter(pl.col(name) > 0).select(
            *keys, pl.lit(meter).alias("meter"), quantity=name, usage_rows=f"{name}_rows"
        )
        for meter, name in QUANTITY_COLUMNS.items()
    ]
    charged = segments.filter(meter="requests").select(MODEL_KEY).unique()
    is_request = pl.col("meter") == "requests"
    cells = pl.concat(per_meter)
    return pl.concat([cells.filter(~is_request), cells.filter(is_request).join(charged, on=MODEL_KEY, how="semi")])


def _in_stretch(cells: pl.DataFrame, segments: pl.DataFrame) -> pl.DataFrame:
    """Add the segment_id in force at usage_at; NULL where there is none."""
    stretches = segments.unique("segment_id").select(*SEGMENT_KEY, "segment_id", "valid_from", "valid_to")
    is_in_force = pl.col("valid_to").is_null() | (pl.col("usage_at") < pl.col("valid_to"))
    return (
        cells.sort("usage_at")
        .join_asof(
            stretches.sort("valid_from"),
            left_on="usage_at",
            right_on="valid_from",
            by=SEGMENT_KEY,
            strategy="backward",
            check_sortedness=False,
        )
        .with_columns(segment_id=pl.when(is_in_force).then("segment_id"))
    )


def _in_window(stretched: pl.DataFrame, segments: pl.DataFrame) -> pl.DataFrame:
    """Add is_lower_bound and the time window that is in force at usage_at; for a bucket, the cheapest one."""
    shapes = segments.sort("usd_per_unit", "time_window").group_by("segment_id", maintain_order=True).agg(
        has_ranges=(pl.len() > 1) | pl.col("context_to").is_not_null().any(),
        windows=pl.col("time_window").unique(),
        cheapest=pl.col("time_window").filter(pl.col("context_from") == 0).first(),
    )  # fmt: skip
    window = pl.lit(ALWAYS)
    for text in sorted(set(segments["time_window"]) - {ALWAYS}):
        is_inside = pl.col("windows").list.contains(text) & parse_window(text).covers(pl.col("usage_at"))
        window = pl.when(is_inside).then(pl.lit(text)).otherwise(window)
    is_untold = (pl.col("grain") == "bucket") & pl.col("prompt_tokens_from").is_null()
    is_bound = is_untold & pl.col("has_ranges").fill_null(value=False)
    return (
        stretched.join(shapes, on="segment_id", how="left")
        .with_columns(is_lower_bound=is_bound)
        .with_columns(time_window=pl.when("is_lower_bound").then("cheapest").otherwise(window))
    )


def _in_range(windowed: pl.DataFrame, segments: pl.DataFrame) -> pl.DataFrame:
    """Add the price of the context range that the prompt falls into."""
    ranges = segments.select(
        "segment_id", "time_window", "context_from", "context_to", "usd_per_unit", "unit", "price_id"
    )
    banded = (
        windowed.with_columns(prompt_size=pl.when("is_lower_bound").then(0).otherwise("prompt_tokens"))
        .sort("prompt_size")
        .join_asof(
            ranges.sort("context_from"),
            left_on="prompt_size",
            right_on="context_from",
            by=["segment_id", "time_window"],
            strategy="backward",
            check_sortedness=False,
        )
    )
    is_in_range = pl.col("context_to").is_null() | (pl.col("prompt_size") < pl.col("context_to"))
    return banded.with_columns(
        pl.when(is_in_range).then(name).alias(name) for name in ("price_id", "usd_per_unit", "unit")
    )


def _explained(covered: pl.DataFrame, segments: pl.DataFrame) -> pl.DataFrame:
    """Why a row has no price, and the first day on which its model, tier and meter had one."""
    # A fee that holds for any model says nothing about whether the model is known.
    listed = segments.filter(pl.col("meter").is_in(TOKEN_METERS))
    known = listed.group_by(MODEL_KEY).agg(model_from=pl.col("valid_from").min())
    tier = listed.group_by(PRICE_KEY).agg(tier_from=pl.col("valid_from").min())
    exact = segments.group_by(SEGMENT_KEY).agg(meter_from=pl.col("valid_from").min())
    reason = (
        pl.when(pl.col("price_id").is_not_null())
        .then(None)
        .when(pl.col("model_from").is_null())
        .then(pl.lit("unknown_model"))
        .when(pl.col("tier_from").is_null())
        .then(pl.lit("no_price_for_tier"))
        .when(pl.col("meter_from").is_null())
        .then(pl.lit("no_price_for_meter"))
        .when(pl.col("segment_id").is_null())
        .then(pl.lit("before_first_price"))
        .otherwise(pl.lit("no_price_for_context"))
    )
    first_price_on = pl.when(pl.col("unpriced_reason") == "before_first_price").then(pl.col("meter_from").dt.date())
    return (
        covered.join(known, on=MODEL_KEY, how="left")
        .join(tier, on=PRICE_KEY, how="left")
        .join(exact, on=SEGMENT_KEY, how="left")
        .with_columns(unpriced_reason=reason)
        .with_columns(
            first_price_on=first_price_on, is_lower_bound=pl.col("is_lower_bound") & pl.col("price_id").is_not_null()
        )
    )


def _with_cost(sums: pl.DataFrame, group: Sequence[str]) -> pl.DataFrame:
    """Quantity times price, in whole pico-dollars, then as DECIMAL(38,12)."""
    micros = (pl.col("usd_per_unit").cast(pl.Decimal(38, 6)) * MICROS).cast(pl.Int128)
    # One priced unit is a million tokens or a thousand calls; both divide a million, so this stays whole.
    per_million = pl.col("unit").replace_strict(
        {unit: MICROS // size for unit, size in UNIT_SIZES.items()}, default=None, return_dtype=pl.Int128
    )
    picos = pl.col("quantity").cast(pl.Int128) * micros * per_million
    pico_usd = pl.lit("0." + "0" * (PICOS_PER_USD - 1) + "1").cast(pl.Decimal(38, PICOS_PER_USD))
    cost = (picos.cast(pl.Decimal(38, 0)).cast(pl.Decimal(38, PICOS_PER_USD)) * pico_usd).alias("cost_usd")
    columns = [name for name in polars_schema(UsageCost) if name in (*group, "usage_rows", "quantity", "cost_usd")]
    return sums.with_columns(cost).select(columns).sort(group)
