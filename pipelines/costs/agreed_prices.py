"""The contract as repricing needs it: what a user pays for usage as it was, and for the same usage at another offer.

Commitments are `contract_charges`'; plans are not known here: usage under one costs what the
contract says, as it would anywhere else.
"""

from datetime import date, timedelta
from typing import NamedTuple

import polars as pl

from pipelines.costs.contract_prices import PRICE, at_contract
from pipelines.costs.volume_bands import scales_of, shares_paid
from pipelines.models.provider_aliases import UNKNOWN
from pipelines.schema.accounts import DEFAULT_ACCOUNT
from pipelines.schema.contract_terms import PRICE_KINDS

MONTH = timedelta(days=31)
WEEK_DAYS = 7
"""Usage that is priced as if of a day lies in the week up to it: see `reprice.WEEK`."""
ACCOUNT = pl.col("account_id").cast(pl.String).fill_null(DEFAULT_ACCOUNT)
"""Whose contract usage is under."""


class Agreed(NamedTuple):
    """`terms`: prices and discounts, in TERM_SCHEMA. `listed`: price_id, listed_model and seller of listed prices.

    `used`: usage_date, term_id and the quantity that was paid by it, of bands of volume.
    """

    terms: pl.DataFrame
    listed: pl.DataFrame
    used: pl.DataFrame

    def on(self, day: date) -> "Agreed":
        """The terms in force on a day, as if they held at any time: of usage that is priced as if of that day.

        Bands of volume hold in the shares in which the month before was in them, and where it was in none the first
        band does: what a switch itself would add to the volume is not counted.
        """
        is_begun = (pl.col("valid_from") <= day).fill_null(value=True)
        is_over = (pl.col("valid_to") <= day).fill_null(value=False)
        always = (pl.lit(None, pl.Date).alias(name) for name in ("valid_from", "valid_to"))
        recent = self.used.filter(pl.col("usage_date") > day - MONTH, pl.col("usage_date") <= day)
        in_force = self.terms.filter(is_begun & ~is_over)
        # A band at the rates of other days is that at the rate of this one.
        band = ["series", "from_quantity"]
        of_day = scales_of(in_force).select(*band, of_day="band_id")
        bands = scales_of(self.terms).select(*band, term_id="band_id").join(of_day, on=band)
        recent = recent.join(bands, on="term_id").group_by(term_id="of_day").agg(pl.col("quantity").sum())
        dates = pl.DataFrame({"usage_date": [day - timedelta(days=back) for back in range(WEEK_DAYS)]})
        used = dates.join(recent, how="cross")
        return self._replace(terms=in_force.with_columns(*always), used=used)

    def paid(self, costs: pl.DataFrame) -> pl.DataFrame:
        """Rows of `price_sums`, with their account, and effective_cost_usd: what is paid for them."""
        sold = costs.join(self.listed.select("price_id", "seller"), on="price_id", how="left", maintain_order="left")
        # A price that no list has is the user's own word, and has no discount on it.
        is_own = pl.col("price_id").is_not_null() & pl.col("seller").is_null()
        own, sold = (sold.filter(condition) for condition in (is_own, ~is_own))
        # A target need not say who sells the model, and terms may.
        is_unnamed = (pl.col("provider") == UNKNOWN) & pl.col("seller").is_not_null()
        sold = sold.with_columns(
            account_id=ACCOUNT,
            provider=pl.when(is_unnamed).then("seller").otherwise("provider"),
            term_id=pl.lit(None, pl.String),
            contracted_usd_per_unit=pl.col("usd_per_unit").cast(PRICE),
            effective_cost_usd="cost_usd",
        )
        shares = shares_paid(self.used, scales_of(self.terms)) if self.used.height else None
        listed = self.listed.select("price_id", "listed_model")
        paid = at_contract(sold.drop("seller"), self.terms, listed, shares)
        return pl.concat([paid, own.with_columns(account_id=ACCOUNT, effective_cost_usd="cost_usd")], how="diagonal")


def agreed_prices(terms: pl.DataFrame, versions: pl.DataFrame, used: pl.DataFrame) -> Agreed | None:
    """The contract (TERM_SCHEMA) over versions of listed prices (price_id, model, provider); None: it has no price.

    `used`: as in `Agreed`.
    """
    terms = terms.filter(pl.col("kind").is_in(PRICE_KINDS))
    if terms.is_empty():
        return None
    return Agreed(terms, versions.select("price_id", listed_model="model", seller="provider").unique("price_id"), used)
