"""What is paid for one token or call of each sum of usage, by the contract: a price, or one for each band of a day.

The contract itself is not known here: a function says what one token costs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from pipelines.costs.pricing.match_usage import USD, Matched
from pipelines.schema.accounts import DEFAULT_ACCOUNT

_POOL = ("variant", "provider", "channel", "region", "model", "service_tier", "meter", "price_id")
PLACES = {"size": 1, "rest": 1, "offset": 0}
"""How much of a day's quantity a price holds for: `size` of the `rest` that lower bands leave; else all of it."""
_NOWHERE = {"effective_cost_usd": 0, "size": 0, "rest": 1, "offset": 0}


@dataclass(frozen=True)
class PaidEach:
    """`sums`: those of usage with `variant`, the number of their day and account.

    `bands`: for each place among a day's bands, the columns effective_cost_usd and PLACES; row `variant` * `matches` +
    match is of that match. `pools`: the number of the pool of each row, where there are bands.
    """

    sums: pl.DataFrame
    matches: int
    bands: Sequence[pl.DataFrame]
    pools: pl.Series
    is_counted: pl.Expr

    def first(self, match: pl.Expr) -> pl.Expr:
        """The price of one, in the first band of the day that has any of it."""
        return self._of(self.bands[0]["effective_cost_usd"], match)

    def cost(self, quantity: pl.Expr, match: pl.Expr) -> pl.Expr:
        """What a quantity costs, with its share of each band in whole tokens that add up over the pool."""
        if len(self.bands) == 1:
            return times(quantity, self.first(match))
        counted = pl.when(self.is_counted & match.is_not_null()).then(quantity).otherwise(0).cast(pl.Int128)
        until = self._of(self.bands[0]["offset"], match) + counted.cum_sum().over(self._of(self.pools, match))
        begun = until - counted
        costs = []
        for band in self.bands:
            size, rest = (self._of(band[name], match) for name in ("size", "rest"))
            before, after = (taken(place, size, rest) for place in (begun, until))
            costs.append(times(after - before, self._of(band["effective_cost_usd"], match)))
            begun, until = begun - before, until - after
        return sum(costs[1:], costs[0])

    def _of(self, values: pl.Series, match: pl.Expr) -> pl.Expr:
        return pl.lit(values).gather(pl.col("variant") * self.matches + match)


def paid_each(
    found: Matched,
    agreed: Callable[[pl.DataFrame], pl.DataFrame],
    owners: Sequence[str],
    texts: Sequence[str],
    is_counted: pl.Expr,
) -> PaidEach:
    """What `agreed` makes of one token or call of each match, on each day and for each account.

    A contract may hold for an account and from a day on; prices of lists are merged over both. `agreed` may return a
    row for each band of volume, with PLACES; `is_counted`: of the sums, what adds to the volume.
    """
    key = [name for name in ("usage_date", "account_id") if name in found.sums.columns]
    variants = found.sums.select(key).unique().sort(key).with_row_index("variant")
    sums = found.sums.join(variants, on=key, how="left", nulls_equal=True, maintain_order="left")
    account = (
        pl.col("account_id").cast(pl.String).fill_null(DEFAULT_ACCOUNT) if len(key) > 1 else pl.lit(DEFAULT_ACCOUNT)
    )
    each = variants.join(found.matches, how="cross").with_columns(account_id=account, quantity=1, cost_usd="usd_each")
    paid = agreed(each).sort("variant", "match")
    sums = sums.with_columns(pl.col("variant").cast(pl.Int64))
    if paid.height == each.height:  # no day is in two bands
        return PaidEach(sums, found.matches.height, [paid], pl.Series(), is_counted)
    places = {name: pl.col(name).fill_null(value) for name, value in PLACES.items()}
    paid = paid.with_columns(**places).sort("variant", "match", "rest", descending=[False, False, True])
    paid = paid.with_columns(place=pl.int_range(pl.len()).over("variant", "match"))
    cells = paid.filter(place=0).select("variant", "match", pool=pl.struct(_POOL).rank("dense"))
    most = paid.select(pl.col("place").max()).item()
    bands = [_band(paid.filter(place=number), cells) for number in range(most + 1)]
    # In an order that is the same whenever the day is priced.
    sums = sums.sort("usage_date", *(pl.col(name).cast(pl.String) for name in owners), *texts, "lookup")
    return PaidEach(sums, found.matches.height, bands, cells["pool"], is_counted)


def _band(paid: pl.DataFrame, cells: pl.DataFrame) -> pl.DataFrame:
    """One place among the bands of a day, for all cells; those with fewer bands have nothing there."""
    if paid.height == cells.height:
        return paid.select(_NOWHERE.keys())
    rows = cells.join(paid.select("variant", "match", *_NOWHERE), on=["variant", "match"], how="left")
    rows = rows.sort("variant", "match")
    return rows.select(pl.col(name).fill_null(value) for name, value in _NOWHERE.items())


def times(quantity: pl.Expr, each: pl.Expr) -> pl.Expr:
    """Exact: see `match_usage.usd_each`."""
    return (quantity.cast(pl.Decimal(38, 0)) * each).cast(USD)


def taken(place: pl.Expr, size: pl.Expr, rest: pl.Expr) -> pl.Expr:
    """Of the tokens up to a place of the day that are in no lower band, those in a band of `size` of the `rest`.

    Rounded down. The others go on to the next band, so that the parts of rows, and of bands, add up; no part is below
    0, which shares that are rounded each for itself may be.
    """
    return place * size // rest
