"""Usage aggregated between breakpoints, and the price that each of its sums met: with both, everything begins.

What is made of quantity and price is said in `price_sums`. The words are in README.md.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

import polars as pl

from pipelines.costs.pricing.aggregate import aggregate_usage, numbered
from pipelines.costs.pricing.breakpoints import breakpoints_of, with_offer
from pipelines.costs.pricing.lookup import look_up, split_offer
from pipelines.schema.meters import QUANTITY_COLUMNS, UNIT_SIZES
from pipelines.schema.offers import MODEL_KEY

USD = pl.Decimal(38, 12)


class Matched(NamedTuple):
    """Sums of usage, and their prices: row N of `by_lookup` has for each meter the row of `matches` of lookup N."""

    sums: pl.DataFrame
    by_lookup: pl.DataFrame
    matches: pl.DataFrame


def match_usage(
    days: Mapping[date, pl.LazyFrame],
    segments: pl.DataFrame,
    owners: Sequence[str],
    texts: Sequence[str] = (),
    counts: Mapping[str, str | None] | None = None,
) -> Matched | None:
    """Arguments as in `price_sums`. None where no meter counts anything."""
    if not days:
        return None
    has_fees = "requests" in segments["meter"]
    names = [name for meter, name in QUANTITY_COLUMNS.items() if has_fees or meter != "requests"]
    coded = with_offer(segments)
    columns = list(dict.fromkeys([*names, *(counts or ())]))
    sums, lookups = aggregate_usage(days, breakpoints_of(coded), columns, owners, texts)
    by_meter = _by_meter(sums, lookups, segments, counts or {})
    if by_meter.is_empty():
        return None
    priced = look_up(by_meter, coded)
    matches, found = numbered(priced, "match", [name for name in priced.columns if name != "lookup"])
    found = found.join(matches.select("match", "meter"), on="match").pivot("meter", index="lookup")
    by_lookup = lookups.select("lookup").join(found, on="lookup", how="left", maintain_order="left").drop("lookup")
    return Matched(sums, by_lookup, split_offer(matches).with_columns(usd_each=usd_each("usd_per_unit")))


def _by_meter(
    sums: pl.DataFrame, lookups: pl.DataFrame, segments: pl.DataFrame, counts: Mapping[str, str | None]
) -> pl.DataFrame:
    """One row per lookup and meter that has a quantity. Requests only where a source prints a fee for them."""
    columns = {meter: {name} for meter, name in QUANTITY_COLUMNS.items()}
    for name, of in counts.items():
        if of is not None:
            columns[of].add(name)
    present = {meter: sorted(names & set(sums.columns)) for meter, names in columns.items()}
    meters = {meter: pl.sum_horizontal(pl.col(names).sum()) for meter, names in present.items() if names}
    totals = sums.group_by("lookup").agg(**meters)
    used = totals.unpivot(index="lookup", variable_name="meter").filter(pl.col("value") > 0).drop("value")
    by_meter = used.join(lookups, on="lookup")
    is_request = pl.col("meter") == "requests"
    charged = segments.filter(meter="requests").select(MODEL_KEY).unique()
    with_fee = split_offer(by_meter.filter(is_request)).join(charged, on=MODEL_KEY, how="semi")
    return pl.concat([by_meter.filter(~is_request), with_fee.select(by_meter.columns)])


def usd_each(price: str) -> pl.Expr:
    """The price of one token or call, of a column with the price of one unit.

    Prices have six places and a unit is a million tokens or a thousand calls, so it has at most twelve, and so has a
    product with a quantity: it is exact.
    """
    size = pl.col("unit").replace_strict(UNIT_SIZES, default=None, return_dtype=pl.Int64).cast(pl.Decimal(38, 0))
    return (pl.col(price).cast(USD) / size).cast(USD)
