"""Usage x price in force -> exact cost. Pure polars on frames; reads no files and knows no database.

Cost is linear in tokens within one price. So requests that no price can tell apart (same offer, same stretch of time
between two price changes, same range of prompt sizes) are added up first, and only their sums meet the prices. Sums
are whole numbers and prices are decimals, so nothing is rounded, and rows add up the same in any order.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.schema.costs import UsageCost
from pipelines.schema.price_segments import MODEL_KEY
from pipelines.schema.token_prices import UNIT_SIZES
from pipelines.schema.usage import OFFER, OFFER_SEPARATOR, QUANTITY_COLUMNS, Usage
from pipelines.usage.price_changes import PLACE_SCHEMA, Axes, Changes, changes_of
from pipelines.usage.price_lookup import look_up

FORMULA_VERSION = "cost-3"

OWNERS = ("project_id", "api_key_id")
CASE = ("offer", "usage_at", "prompt_tokens", "grain", "prompt_tokens_from")
"""All that a price may depend on, once usage is added up: `usage_at` and `prompt_tokens` are the least of a sum."""
DAYS_AT_ONCE = 6
"""Days added up side by side: two cores need so many to be busy all the time, and a day takes little memory."""
USD = pl.Decimal(38, 12)
_NO_BUCKETS = pl.DataFrame(schema={"grain": pl.String, "prompt_tokens_from": pl.Int64})


def price_usage(usage: pl.LazyFrame, segments: pl.DataFrame, owners: Sequence[str] = OWNERS) -> pl.DataFrame:
    """Price usage rows at what was in force when they happened.

    `usage`: columns of core.usage; one that is NULL throughout may be left out. `segments`: from
    `books.token_prices.price_segments`, for the models in `usage`. `owners`: columns of `usage` by which cost is told
    apart beside day, offer and price. Returns rows of core.usage_cost, of the columns of OWNERS only those asked for. A
    row that no price covers keeps its quantity, with NULL cost and the reason. A request of unknown prompt size or hour
    in a bucket is priced at the least that it may have cost, and flagged.
    """
    days = usage.select(pl.col("usage_date").unique().sort()).collect(engine="streaming")["usage_date"]
    return price_by_day({day: usage.filter(pl.col("usage_date") == day) for day in days}, segments, owners)


def price_by_day(
    days: Mapping[date, pl.LazyFrame], segments: pl.DataFrame, owners: Sequence[str] = OWNERS
) -> pl.DataFrame:
    """`price_usage` of usage that lies in one frame for each UTC day, which is much faster."""
    has_fees = "requests" in segments["meter"]
    names = [name for meter, name in QUANTITY_COLUMNS.items() if has_fees or meter != "requests"]
    sums = _sums(days, changes_of(segments), names, owners)
    meters = [meter for meter, name in QUANTITY_COLUMNS.items() if name in sums.columns and sums[name].sum() > 0]
    nothing = pl.DataFrame(schema=polars_schema(UsageCost)).drop(set(OWNERS) - set(owners))
    if not meters:
        return nothing
    # From here on all is numbers: there are many more sums than owners and prices.
    cases, sums = _numbered(sums, "case", CASE)
    named, sums = _numbered(sums, "owner", owners)
    cells = _cells(sums, cases, segments, meters)
    if cells.is_empty():
        return nothing
    priced = look_up(cells, segments)
    outcomes, prices = _numbered(priced, "outcome", [name for name in priced.columns if name != "case"])
    prices = prices.join(outcomes.select("outcome", "meter"), on="outcome")
    quantities = pl.concat([_of_meter(sums, prices, meter) for meter in meters])
    return _with_cost(quantities, outcomes, named)


def _sums(
    days: Mapping[date, pl.LazyFrame], changes: Changes, quantities: Sequence[str], owners: Sequence[str]
) -> pl.DataFrame:
    """Usage added up by day, CASE and owners."""
    axes = {day: changes.within(day) for day in days}
    places = pl.DataFrame([place for day in days for place in axes[day].places(day)], schema=PLACE_SCHEMA, orient="row")
    with ThreadPoolExecutor(DAYS_AT_ONCE) as pool:
        parts = list(pool.map(lambda day: _added_up(day, days[day], axes[day], quantities, owners), days))
    sums = pl.concat([_NO_BUCKETS, *parts], how="diagonal").with_columns(pl.col("grain").fill_null("request"))
    return changes.merged(sums.join(places, on=["usage_date", "place"])) if parts else sums


def _numbered(rows: pl.DataFrame, number: str, columns: Sequence[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What is different in some columns, sorted, with a number from 0; and the rows with that number instead."""
    distinct = rows.select(columns).unique().sort(columns).with_row_index(number)
    numbered = rows.join(distinct, on=columns, nulls_equal=True).drop(columns)
    return distinct.with_columns(pl.selectors.categorical().cast(pl.String)), numbered


def _added_up(
    day: date, usage: pl.LazyFrame, axes: Axes, quantities: Sequence[str], owners: Sequence[str]
) -> pl.DataFrame:
    """One row per offer, place and owners, and per kind of bucket where there are buckets; usage_rows counts rows."""
    columns = usage.collect_schema().names()
    # Only buckets have an end, and usage without them has no such column.
    buckets = list(_NO_BUCKETS.columns) if "usage_until" in columns else []
    missing = {name: pl.lit(None, polars_schema(Usage)[name]) for name in (*buckets, *owners) if name not in columns}
    return (
        usage.with_columns(pl.col("offer").cast(pl.Categorical), **missing)
        .with_columns(axes.place(has_buckets=bool(buckets)))
        .group_by("offer", "place", *buckets, *owners)
        .agg(pl.col(name for name in quantities if name in columns).sum(), usage_rows=pl.len().cast(pl.Int64))
        .with_columns(
            pl.col(owners).cast(pl.Categorical),
            *(pl.col(name).cast(kind) for name, kind in _NO_BUCKETS.schema.items() if name in buckets),
            usage_date=pl.lit(day),
        )
        .collect(engine="streaming")
    )


def _cells(sums: pl.DataFrame, cases: pl.DataFrame, segments: pl.DataFrame, meters: Sequence[str]) -> pl.DataFrame:
    """One row per case and meter that has a quantity. Requests only where a source prints a fee for them."""
    parts = pl.col("offer").str.split_exact(OFFER_SEPARATOR, len(OFFER) - 1).struct.rename_fields(list(OFFER))
    totals = sums.group_by("case").agg(pl.col(QUANTITY_COLUMNS[meter]).sum().alias(meter) for meter in meters)
    used = totals.unpivot(index="case", variable_name="meter").filter(pl.col("value") > 0).drop("value")
    cells = used.join(cases.with_columns(parts).unnest("offer"), on="case")
    is_request = pl.col("meter") == "requests"
    charged = segments.filter(meter="requests").select(MODEL_KEY).unique()
    return pl.concat([cells.filter(~is_request), cells.filter(is_request).join(charged, on=MODEL_KEY, how="semi")])


def _of_meter(sums: pl.DataFrame, prices: pl.DataFrame, meter: str) -> pl.DataFrame:
    """Quantities of one meter by day, outcome and owner."""
    name = QUANTITY_COLUMNS[meter]
    counted = sums.filter(pl.col(name) > 0).select("usage_date", "case", "owner", "usage_rows", quantity=name)
    return counted.join(prices.filter(meter=meter).select("case", "outcome"), on="case").drop("case")


def _with_cost(quantities: pl.DataFrame, outcomes: pl.DataFrame, owners: pl.DataFrame) -> pl.DataFrame:
    """Rows of core.usage_cost: what the numbers stand for, and quantity times price as DECIMAL(38,12).

    Prices have six places and a unit is a million tokens or a thousand calls, so the price of one token or call has at
    most twelve, and the product is exact.
    """
    size = pl.col("unit").replace_strict(UNIT_SIZES, default=None, return_dtype=pl.Int64).cast(pl.Decimal(38, 0))
    each = outcomes.with_columns(usd_each=(pl.col("usd_per_unit").cast(USD) / size).cast(USD))
    costs = _merged(quantities, outcomes.height, owners.height)
    rows = pl.concat(
        [
            costs.drop("outcome", "owner"),
            each[costs["outcome"]].drop("outcome"),
            owners[costs["owner"]].drop("owner"),
        ],
        how="horizontal",
    ).with_columns(cost_usd=(pl.col("quantity").cast(pl.Decimal(38, 0)) * pl.col("usd_each")).cast(USD))
    return rows.select(name for name in polars_schema(UsageCost) if name in rows.columns)


def _merged(quantities: pl.DataFrame, outcomes: int, owners: int) -> pl.DataFrame:
    """One row per day, outcome and owner, sorted: one price may cover several stretches of a day."""
    # One number for the three, which is sorted and grouped several times faster.
    day, outcome = pl.col("usage_date").to_physical().cast(pl.Int64), pl.col("outcome").cast(pl.Int64)
    number, both = pl.col("number"), outcomes * owners
    return (
        quantities.select("usage_rows", "quantity", number=day * both + outcome * owners + pl.col("owner"))
        .sort("number")
        .group_by("number", maintain_order=True)
        .agg(pl.col("usage_rows", "quantity").sum())
        .with_columns(
            usage_date=(number // both).cast(pl.Int32).cast(pl.Date),
            outcome=number % both // owners,
            owner=number % owners,
        )
        .drop("number")
    )
