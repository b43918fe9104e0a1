"""Volume bands of the contract: how much of a day's usage is in which band, and its rows split at the boundaries.

A scale is all bands about the same usage on the same days, named by the term_id of its first. What it counts is the
quantity of the usage that it covers, or what that costs at list, of all owners, by period (UTC). `graduated`: a day
begins where the days before it ended, so one that crosses a boundary has a part in each band. `all_units`: the period's
total says in which band all its days are.

Who used how much of a day's parts no log tells. So each row takes its share of each, in whole tokens that add up.
"""

from typing import NamedTuple

import polars as pl

from pipelines.costs.pricing.match_usage import USD, usd_each
from pipelines.costs.pricing.paid_each import taken

POOL = ("account_id", "provider", "channel", "region", "model", "service_tier", "meter", "price_id")
"""Usage at one price, whoever's it is within an account: the order in which a day's quantity is counted."""
_DAY = ["usage_date", "scale"]
_PERIOD = ["series", "period"]
QUANTITY_SCHEMA = {"usage_date": pl.Date(), "scale": pl.String(), "quantity": pl.Int128()}
_PARTS = 10**12
"""Of a unit of a currency, in which spend is counted: list costs have twelve decimals."""
_RATE_PARTS = 10**10
"""Of a rate of exchange, which has ten."""


class Volume(NamedTuple):
    """What is counted of some days. `shares`: _DAY, and by band_id the part of what is `counted` of the day that is in
    it, from `since` to `upto`: tokens, calls, or _PARTS of a currency; band_value is NULL where nobody knows the band.
    `pools`: _DAY, POOL, and at which `offset` of the day's quantity the pool begins.
    """

    shares: pl.DataFrame
    pools: pl.DataFrame


def scales_of(terms: pl.DataFrame) -> pl.DataFrame:
    """The bands of the terms: scale, band_id, band_value, volume, from_quantity and `up_to`, the next one's.

    Scales of one `series` count together, in a period: at each rate of a currency a scale has terms of its own.
    """
    scope = ["kind", "account_id", "provider", "channel", "model", "service_tier", "meter", "valid_from", "valid_to"]
    bands = terms.filter(pl.col("volume").is_not_null()).sort("from_quantity")
    parts = pl.when(pl.col("volume_currency").is_null()).then(1).otherwise(_PARTS)
    first = pl.col("from_quantity").cast(pl.Int128) * parts
    rate = pl.when(pl.col("volume_currency") == "USD").then(1).otherwise("usd_per_currency")
    return bands.select(
        pl.col("term_id").first().over(scope).alias("scale"),
        pl.coalesce("volume_scale", pl.col("term_id").first().over(scope)).alias("series"),
        pl.col("per").fill_null("month"),
        "volume",
        "volume_currency",
        from_quantity=first,
        up_to=first.shift(-1).over(scope),
        rate=rate.cast(pl.Decimal(18, 10)),
        band_id="term_id",
        band_value="value",
    )


def first_bands(terms: pl.DataFrame) -> pl.DataFrame:
    """The terms, and of each scale the first band, which stands for all."""
    return terms.filter(pl.col("from_quantity").fill_null(0) == 0)


def shares_of(quantities: pl.DataFrame, scales: pl.DataFrame) -> pl.DataFrame:
    """`Volume.shares` of days. `quantities`: QUANTITY_SCHEMA of whole periods, once for each day and scale.

    A quantity of NULL is not known, and leaves open in which band the days are that count on from there.
    """
    of_series = scales.select("scale", "series", "per", "volume").unique()
    days = quantities.join(of_series, on="scale").with_columns(period=_period()).sort(_DAY)
    total, missing = pl.col("quantity").fill_null(0), pl.col("quantity").is_null().cast(pl.Int8)
    days = days.with_columns(
        before=total.cum_sum().over(_PERIOD) - total,
        total=total.sum().over(_PERIOD),
        is_open=pl.when(volume="graduated").then(missing.cum_max().over(_PERIOD)).otherwise(missing.max().over(_PERIOD))
        > 0,
    )
    bands = days.join(scales.drop("series", "per", "volume"), on="scale")
    end = pl.col("up_to")
    since = (pl.col("from_quantity") - pl.col("before")).clip(0, pl.col("quantity"))
    upto = (end - pl.col("before")).clip(0, pl.col("quantity")).fill_null(pl.col("quantity"))
    is_reached = (pl.col("from_quantity") <= pl.col("total")) & (pl.col("total") < end).fill_null(value=True)
    is_graduated = pl.col("volume") == "graduated"
    known = bands.filter(~pl.col("is_open")).with_columns(
        since=pl.when(is_graduated).then(since).otherwise(0),
        upto=pl.when(is_graduated).then(upto).when(is_reached).then("quantity").otherwise(0),
    )
    nobody_knows = bands.filter("is_open", from_quantity=0).with_columns(
        band_value=pl.lit(None, scales.schema["band_value"]),
        since=pl.lit(0, pl.Int128),
        upto=pl.lit(1, pl.Int128),
        quantity=pl.lit(1, pl.Int128),
    )
    names = [*_DAY, "band_id", "band_value", "since", "upto"]
    found = pl.concat([part.select(*names, counted="quantity") for part in (known, nobody_knows)])
    return found.filter(pl.col("upto") > pl.col("since")).sort(*_DAY, "since")


def _period() -> pl.Expr:
    """The first day of the period that a day counts in, of those of one series."""
    day = pl.col("usage_date")
    in_months = pl.when(per="month").then(day.dt.truncate("1mo")).when(per="quarter").then(day.dt.truncate("1q"))
    return in_months.when(per="year").then(day.dt.truncate("1y"))


def shares_paid(used: pl.DataFrame, scales: pl.DataFrame) -> pl.DataFrame:
    """`Volume.shares` of days that are priced. `used`: usage_date, term_id and the quantity paid by it."""
    bands = used.join(scales, left_on="term_id", right_on="band_id").sort(*_DAY, "from_quantity")
    upto = pl.col("quantity").cum_sum().over(_DAY)
    return bands.with_columns(band_id="term_id", upto=upto, counted=pl.col("quantity").sum().over(_DAY)).select(
        *_DAY, "band_id", "band_value", since=pl.col("upto") - pl.col("quantity"), upto="upto", counted="counted"
    )


def quantities_of(rows: pl.DataFrame, scales: pl.DataFrame) -> pl.DataFrame:
    """QUANTITY_SCHEMA of rows with the term_id that counts for them: that of a scale, or of any of its bands.

    `rows`: usage_date, term_id, quantity and cost_usd at list. Spend in a currency without a rate is NULL.
    """
    bands = scales.select("scale", "volume_currency", "rate", term_id="band_id")
    spent = (pl.col("cost_usd").sum() * pl.lit(_PARTS).cast(pl.Decimal(38, 0))).cast(pl.Int128)
    rate = (pl.col("rate").first() * pl.lit(_RATE_PARTS).cast(pl.Decimal(38, 0))).cast(pl.Int128)
    is_spend = pl.col("volume_currency").first().is_not_null()
    return (
        rows.join(bands, on="term_id")
        .group_by(_DAY)
        .agg(
            quantity=pl.when(is_spend)
            .then(spent * _RATE_PARTS // rate)
            .otherwise(pl.col("quantity").cast(pl.Int128).sum())
        )
        .select(QUANTITY_SCHEMA.keys())
        .sort(_DAY)
    )


def pools_of(rows: pl.DataFrame, scales: pl.DataFrame) -> pl.DataFrame:
    """`Volume.pools` of all rows of some days, with the term_id that counts for them."""
    key = [*_DAY, *POOL]
    counted = rows.join(scales.select("scale").unique(), left_on="term_id", right_on="scale", how="semi")
    pools = counted.rename({"term_id": "scale"}).group_by(key).agg(pl.col("quantity").sum()).sort(key)
    return pools.select(*key, offset=pl.col("quantity").cum_sum().over(_DAY) - pl.col("quantity"))


def in_bands(rows: pl.DataFrame, shares: pl.DataFrame) -> pl.DataFrame:
    """Rows with the term_id of a scale, split: each with its part of the quantity in one band, and its list cost.

    `rows`: core.usage_cost with term_id and value. Of a scale that counts nothing on that day the first band holds.
    """
    named = rows.rename({"term_id": "scale"})
    is_counted = pl.struct(_DAY).is_in(shares.select(pl.struct(_DAY).unique()).to_series().implode())
    order = [name for name in (*_DAY, *POOL, "project_id", "api_key_id", "is_lower_bound") if name in named.columns]
    until = pl.col("quantity").cast(pl.Int128).cum_sum().over(_DAY)
    left = named.filter(is_counted).sort(order).with_columns(until=until, begun=until - pl.col("quantity"))
    parts = [named.filter(~is_counted).rename({"scale": "term_id"})]
    places = shares.with_columns(place=pl.int_range(pl.len()).over(_DAY))
    for place in range((places.select(pl.col("place").max()).item() or 0) + 1):
        bands = left.join(places.filter(place=place), on=_DAY, maintain_order="left")
        size, rest = pl.col("upto") - pl.col("since"), pl.col("counted") - pl.col("since")
        before, after = (taken(pl.col(name), size, rest) for name in ("begun", "until"))
        part = bands.with_columns(quantity=(after - before).cast(pl.Int64), term_id="band_id", value="band_value")
        parts.append(part.filter(pl.col("quantity") > 0).select(parts[0].columns))
        left = bands.with_columns(begun=pl.col("begun") - before, until=pl.col("until") - after).select(left.columns)
    split = pl.concat(parts)
    cost = (pl.col("quantity").cast(pl.Decimal(38, 0)) * usd_each("usd_per_unit")).cast(USD)
    return split.with_columns(cost_usd=cost)
