"""What usage costs us, at list price and by the contract: the prices that a day is priced with, in one hand."""

from dataclasses import dataclass

import polars as pl

from pipelines.costs.contract_prices import at_contract, paid, with_terms
from pipelines.costs.pricing.price_usage import at_list_price, price_usage
from pipelines.costs.volume_bands import POOL, Volume
from pipelines.schema.contract_terms import PRICE_KINDS


@dataclass(frozen=True)
class OurPrices:
    """`segments`: price segments of models; `terms` and `listed`: as `at_contract` takes them.

    `volume`: of the days at hand, where the contract has bands of volume.
    """

    segments: pl.DataFrame
    terms: pl.DataFrame
    listed: pl.DataFrame
    volume: Volume | None = None

    def of(self, usage: pl.LazyFrame) -> pl.DataFrame:
        """Rows of core.usage_cost of usage rows."""
        return self.agreed(price_usage(usage, self.segments))

    @property
    def has_contract(self) -> bool:
        """Whether anything may cost something else than the list says."""
        return self.terms["kind"].is_in(PRICE_KINDS).any()

    def of_one(self, prices: pl.DataFrame) -> pl.DataFrame:
        """`agreed`, of rows of one token or call each: see `price_totals`.

        With bands of volume a row for each band of its day, with `size`, `rest` and `offset`: see `paid_each`.
        """
        if self.volume is None:
            return self.agreed(at_list_price(prices))
        rows = with_terms(at_list_price(prices), self.terms, self.listed).rename({"term_id": "scale"})
        day = ["usage_date", "scale"]
        bands = rows.join(self.volume.shares, on=day, how="left", maintain_order="left_right")
        placed = bands.join(self.volume.pools, on=[*day, *POOL], how="left", nulls_equal=True, maintain_order="left")
        named = placed.with_columns(
            value=pl.when(pl.col("band_id").is_null()).then("value").otherwise("band_value"),
            term_id=pl.coalesce("band_id", "scale"),
            size=pl.col("upto") - pl.col("since"),
            rest=pl.col("counted") - pl.col("since"),
        )
        return paid(named)

    def agreed(self, costs: pl.DataFrame) -> pl.DataFrame:
        """Rows of core.usage_cost at list price, with what is paid for them by the contract."""
        return at_contract(costs, self.terms, self.listed, None if self.volume is None else self.volume.shares)
