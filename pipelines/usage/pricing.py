"""Usage x price in force -> exact cost. Pure polars on frames; reads no files and knows no database.

Cost is linear in tokens within one price. So requests that no price can tell apart (same offer, same stretch of time
between two price changes, same range of prompt sizes) are added up first, and only their sums meet the prices. Sums
are whole numbers: tokens times micro-dollars is pico-dollars, an integer, and integers add up the same in any order.
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.schema.costs import UsageCost
from pipelines.schema.price_segments import MODEL_KEY, SEGMENT_KEY
from pipelines.schema.time_windows import ALWAYS, parse_window
from pipelines.schema.token_prices import TOKEN_METERS, UNIT_SIZES
from pipelines.schema.usage import OFFER, OFFER_SEPARATOR, QUANTITY_COLUMNS
from pipelines.usage.price_changes import Changes, changes_of

FORMULA_VERSION = "cost-3"

OWNERS = ("project_id", "api_key_id")
PRICE_KEY = [name for name in SEGMENT_KEY if name != "meter"]
MICROS = 1_000_000
PICOS_PER_USD = 12
CASE = ("usage_date", "offer", "grain", "usage_at", "prompt_tokens", "prompt_tokens_from")
"""All that a price may depend on, once `usage_at` and `prompt_tokens` are those of `_added_up`."""
DAYS_AT_ONCE = 2
PRICED = ("meter", "price_id", "usd_per_unit", "unit", "unpriced_reason", "first_price_on", "is_lower_bound")


def price_usage(usage: pl.LazyFrame, segments: pl.DataFrame, owners: Sequence[str] = OWNERS) -> pl.DataFrame:
    """Price usage rows at what was in force when they happened.

    `usage`: columns of core.usage. `segments`: from `books.token_prices.price_segments`, for the models in `usage`.
    `owners`: columns of `usage` by which cost is told apart beside day, offer and price. Returns rows of
    core.usage_cost, of the columns of OWNERS only those asked for. A row that no price covers keeps its quantity, with
    NULL cost and the reason. A request of unknown prompt size or hour in a bucket is priced at the least that it may
    have cost, and flagged.
    """
    return price_by_day([usage], segments, owners)


def price_by_day(days: Iterable[pl.LazyFrame], segments: pl.DataFrame, owners: Sequence[str] = OWNERS) -> pl.DataFrame:
    """`price_usage` of usage that comes day by day, which is much faster: within one day few prices change."""
    changes = changes_of(segments)
    with ThreadPoolExecutor(DAYS_AT_ONCE) as pool:
        added_up = list(pool.map(lambda usage: _added_up(usage, changes, owners), days))
    # Prices are looked up once for all owners, and sums meet them by number: there are many more sums than prices.
    numbered = [_numbered(sums, number) for number, sums in enumerate(added_up)]
    cases = pl.concat([cases for cases, _ in numbered]) if numbered else pl.DataFrame()
    sums = pl.concat([sums for _, sums in numbered]) if numbered else pl.DataFrame()
    meters = [meter for meter, name in QUANTITY_COLUMNS.items() if not cases.is_empty() and sums[name].sum() > 0]
    if not meters:
        return pl.DataFrame(schema=polars_schema(UsageCost)).drop(set(OWNERS) - set(owners))
    cells = _cells(sums, cases, segments, meters)
    priced = _explained(_in_range(_in_window(_in_stretch(cells, segments), segments), segments), segments)
    outcome = ["usage_date", *OFFER, *PRICED]
    outcomes = priced.select(outcome).unique().with_row_index("outcome")
    prices = priced.join(outcomes, on=outcome, nulls_equal=True).select("case", "meter", "outcome")
    costs = pl.concat([_of_meter(sums, prices, meter, owners) for meter in meters])
    return _with_cost(costs.join(outcomes, on="outcome"), ("usage_date", *OFFER, *owners, *PRICED))


def _numbered(sums: pl.DataFrame, day: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The cases of a day, each with a number that no other day has, and the sums with that number instead."""
    cases = sums.select(CASE).unique().with_row_index("case").with_columns(pl.col("case").cast(pl.Int64) + (day << 32))
    return cases, sums.join(cases, on=CASE, nulls_equal=True).drop(CASE)


def _added_up(usage: pl.LazyFrame, changes: Changes, owners: Sequence[str]) -> pl.DataFrame:
    """One row per CASE and owners: `usage_at` and `prompt_tokens` are the least of those that cost the same, each
    quantity is a sum, and `usage_rows` counts the rows.
    """
    facts = usage.select(
        days=pl.col("usage_date").unique().sort().implode(), has_buckets=(pl.col("grain") == "bucket").any()
    ).collect(engine="streaming")
    days, has_buckets = facts["days"][0].to_list(), bool(facts["has_buckets"][0])
    axes = changes.within(days)
    told_by = () if len(days) == 1 else ("usage_date",)
    buckets = ("grain", "prompt_tokens_from") if has_buckets else ()
    sums = (
        usage.with_columns(place=axes.place(usage.collect_schema()["offer"], has_buckets=has_buckets))
        .group_by("offer", "place", *told_by, *buckets, *owners)
        .agg(pl.col(QUANTITY_COLUMNS.values()).sum(), usage_rows=pl.len().cast(pl.Int64))
        .collect(engine="streaming")
    )
    known: dict[str, pl.Expr] = {}
    if len(days) == 1:
        known["usage_date"] = pl.lit(days[0])
    if not has_buckets:
        known |= {"grain": pl.lit("request"), "prompt_tokens_from": pl.lit(None, pl.Int64)}
    return sums.cast({pl.Categorical: pl.String}).with_columns(**axes.told(), **known).drop("place")


def _cells(sums: pl.DataFrame, cases: pl.DataFrame, segments: pl.DataFrame, meters: Sequence[str]) -> pl.DataFrame:
    """One row per case and meter that has a quantity. Requests only where a source prints a fee for them."""
    parts = pl.col("offer").str.split_exact(OFFER_SEPARATOR, len(OFFER) - 1).struct.rename_fields(list(OFFER))
    offers = cases.with_columns(parts).unnest("offer")
    used = [(meter, sums.filter(pl.col(QUANTITY_COLUMNS[meter]) > 0).select("case").unique()) for meter in meters]
    cells = pl.concat(
        [offers.join(having, on="case", how="semi").with_columns(meter=pl.lit(meter)) for meter, having in used]
    )
    is_request = pl.col("meter") == "requests"
    charged = segments.filter(meter="requests").select(MODEL_KEY).unique()
    return pl.concat([cells.filter(~is_request), cells.filter(is_request).join(charged, on=MODEL_KEY, how="semi")])


def _of_meter(sums: pl.DataFrame, prices: pl.DataFrame, meter: str, owners: Sequence[str]) -> pl.DataFrame:
    """Quantities of one meter by outcome and owners."""
    name = QUANTITY_COLUMNS[meter]
    counted = sums.filter(pl.col(name) > 0).select("case", *owners, "usage_rows", quantity=name)
    return (
        counted.join(prices.filter(meter=meter), on="case")
        .group_by("outcome", *owners)
        .agg(pl.col("usage_rows", "quantity").sum())
    )


def _in_stretch(cells: pl.DataFrame, segments: pl.DataFrame) -> pl.DataFrame:
    """Add the segment_id in force at usage_at; NULL where there is none."""
    first, last = cells["usage_at"].min(), cells["usage_at"].max()
    near = segments.filter(pl.col("valid_from") <= last, pl.col("valid_to").is_null() | (pl.col("valid_to") > first))
    stretches = near.unique("segment_id").select(*SEGMENT_KEY, "segment_id", "valid_from", "valid_to")
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
    near = segments.join(stretched.select("segment_id").unique(), on="segment_id", how="semi")
    shapes = near.sort("usd_per_unit", "time_window").group_by("segment_id", maintain_order=True).agg(
        has_ranges=(pl.len() > 1) | pl.col("context_to").is_not_null().any(),
        windows=pl.col("time_window").unique(),
        cheapest=pl.col("time_window").filter(pl.col("context_from") == 0).first(),
    )  # fmt: skip
    window = pl.lit(ALWAYS)
    for text in sorted(set(near["time_window"]) - {ALWAYS}):
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
    near = segments.join(windowed.select("segment_id").unique(), on="segment_id", how="semi")
    ranges = near.select("segment_id", "time_window", "context_from", "context_to", "usd_per_unit", "unit", "price_id")
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
    told = covered.with_columns(
        unpriced_reason=pl.lit(None, pl.String),
        first_price_on=pl.lit(None, pl.Date),
        is_lower_bound=pl.col("is_lower_bound") & pl.col("price_id").is_not_null(),
    )
    has_price = pl.col("price_id").is_not_null()
    unpriced = told.filter(~has_price)
    if unpriced.is_empty():
        return told
    # A fee that holds for any model says nothing about whether the model is known.
    of_models = segments.join(unpriced.select(MODEL_KEY).unique(), on=MODEL_KEY, how="semi")
    listed = of_models.filter(pl.col("meter").is_in(TOKEN_METERS))
    known = listed.group_by(MODEL_KEY).agg(model_from=pl.col("valid_from").min())
    tier = listed.group_by(PRICE_KEY).agg(tier_from=pl.col("valid_from").min())
    exact = of_models.group_by(SEGMENT_KEY).agg(meter_from=pl.col("valid_from").min())
    reason = (
        pl.when(pl.col("model_from").is_null())
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
    explained = (
        unpriced.join(known, on=MODEL_KEY, how="left")
        .join(tier, on=PRICE_KEY, how="left")
        .join(exact, on=SEGMENT_KEY, how="left")
        .with_columns(unpriced_reason=reason)
        .with_columns(first_price_on=first_price_on)
    )
    return pl.concat([told.filter(has_price), explained.select(told.columns)])


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
