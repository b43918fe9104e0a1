"""What is due or given beside usage in the columns of FOCUS: shortfalls, credits, marketplace fees and taxes.

Each row of main.contract_charge whose period is over is a charge of the month in which it ends. A commitment's
shortfall and a fee are purchases, what is drawn from a credit or given by a marketplace is a credit, a tax a tax. No
usage is covered by a shortfall, so its EffectiveCost is its BilledCost. See docs/decisions/0116.
"""

import polars as pl

from pipelines.costs.focus import CONTRACT, DECIMAL, issuer
from pipelines.models.provider_aliases import UNKNOWN

CATEGORIES = {"commitment": "Purchase", "credit": "Credit", "marketplace": "Purchase", "tax": "Tax"}
NAMES = {
    "commitment": "shortfall of a commitment",
    "credit": "credit drawn",
    "marketplace": "marketplace fee",
    "tax": "tax",
}
_IS_TAX = pl.col("category") == "Tax"
_IS_PURCHASE = pl.col("category") == "Purchase"


def contract_rows(charges: pl.DataFrame, columns: pl.Schema) -> pl.DataFrame:
    """One charge per row of main.contract_charge that is not 0, in the columns of `focus.focus_rows`.

    Who bills is the channel or provider that the line names; of one that names neither it is unknown.
    """
    given = pl.when(pl.col("charge_usd") < 0).then(pl.lit("Credit"))
    named = charges.filter(pl.col("charge_usd") != 0).with_columns(
        category=given.otherwise(pl.col("kind").replace_strict(CATEGORIES)),
        seller=pl.col("provider").fill_null(UNKNOWN),
    )
    sold = named.with_columns(provider="seller", channel=pl.col("channel").fill_null("api"))
    said = {**_costs(), **_periods(), **_names(), **_sku()}
    return sold.select(said.get(name, pl.lit(None)).cast(kind).alias(name) for name, kind in columns.items())


def _costs() -> dict[str, pl.Expr]:
    """A purchase is of one month or term; what is reckoned of other charges, or given, has no price of a unit."""
    charge, listed = pl.col("charge_usd"), pl.coalesce("list_charge_usd", "charge_usd")
    # A credit is what it is; a tax and a fee are what they would be at list prices.
    at_list = pl.when(pl.col("category") == "Credit").then(charge).otherwise(listed)
    unit = pl.when(pl.col("kind") == "commitment").then(pl.lit("Commitments")).otherwise(pl.lit("Fees"))
    return {
        **dict.fromkeys(("BilledCost", "ContractedCost", "EffectiveCost"), charge),
        "ListCost": at_list,
        "ListUnitPrice": pl.when(_IS_PURCHASE).then(at_list),
        "ContractedUnitPrice": pl.when(_IS_PURCHASE).then(charge),
        "BillingCurrency": pl.lit("USD"),
        "PricingCategory": pl.when(_IS_PURCHASE).then(pl.lit("Standard")),
        "PricingQuantity": pl.when(_IS_PURCHASE).then(pl.lit(1, DECIMAL)),
        "PricingUnit": pl.when(_IS_PURCHASE).then(unit),
    }


def _periods() -> dict[str, pl.Expr]:
    """The month in which the period ends; a longer one begins for the bill when that month does."""
    first, end = (
        pl.col(name).cast(pl.Datetime("us")).dt.replace_time_zone("UTC") for name in ("period_from", "period_to")
    )
    month = end.dt.offset_by("-1d").dt.month_start()
    return {
        "BillingPeriodStart": month,
        "BillingPeriodEnd": month.dt.offset_by("1mo"),
        "ChargePeriodStart": pl.max_horizontal(first, month),
        "ChargePeriodEnd": end,
        "ChargeCategory": pl.col("category"),
        "ChargeFrequency": pl.when(pl.col("category") == "Credit")
        .then(pl.lit("One-Time"))
        .otherwise(pl.lit("Recurring")),
    }


def _names() -> dict[str, pl.Expr]:
    kind = pl.col("kind").replace_strict(NAMES)
    return {
        **dict.fromkeys(("InvoiceIssuerName", "ServiceProviderName", "HostProviderName", "ProviderName"), issuer()),
        "PublisherName": pl.col("seller"),
        "x_ModelProvider": pl.col("provider"),
        "BillingAccountId": pl.coalesce("account_id", issuer()),
        "ChargeDescription": pl.concat_str(kind, "note", separator=": ", ignore_nulls=True),
        "ServiceCategory": pl.lit("AI and Machine Learning"),
        "ServiceSubcategory": pl.lit("Generative AI"),
        "ServiceName": pl.format("Contract with {}", issuer()),
        "x_Channel": pl.col("channel"),
        "x_ContractTermId": pl.col("term_id"),
        "x_CostBasis": pl.lit(CONTRACT),
        "x_IsLowerBound": pl.lit(value=False),
    }


def _sku() -> dict[str, pl.Expr]:
    """The SKU of a purchase is the line of the contract; a tax may have none."""
    return {
        "SkuId": pl.when(_IS_PURCHASE).then(pl.concat_str("seller", "kind", "term_id", separator="/")),
        "SkuMeter": pl.when(_IS_PURCHASE).then("kind"),
        "SkuPriceId": pl.when(_IS_PURCHASE).then("term_id"),
    }
