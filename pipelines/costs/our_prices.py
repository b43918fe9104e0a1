"""What usage costs us, at list price and by the contract: the prices that a day is priced with, in one hand."""

from dataclasses import dataclass

import polars as pl

from pipelines.costs.contract_prices import at_contract
from pipelines.costs.pricing.price_usage import at_list_price, price_usage
from pipelines.schema.contract_terms import PRICE_KINDS


@dataclass(frozen=True)
class OurPrices:
    """`segments`: price segments of models; `terms` and `listed`: as `at_contract` takes them."""

    segments: pl.DataFrame
    terms: pl.DataFrame
    listed: pl.DataFrame

    def of(self, usage: pl.LazyFrame) -> pl.DataFrame:
        """Rows of core.usage_cost of usage rows."""
        return self.agreed(price_usage(usage, self.segments))

    @property
    def has_contract(self) -> bool:
        """Whether anything may cost something else than the list says."""
        return self.terms["kind"].is_in(PRICE_KINDS).any()

    def of_one(self, prices: pl.DataFrame) -> pl.DataFrame:
        """`agreed`, of rows of one token or call each: see `price_totals`."""
        return self.agreed(at_list_price(prices))

    def agreed(self, costs: pl.DataFrame) -> pl.DataFrame:
        """Rows of core.usage_cost at list price, with what is paid for them by the contract."""
        return at_contract(costs, self.terms, self.listed)
