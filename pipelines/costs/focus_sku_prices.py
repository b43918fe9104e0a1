"""Price lists in the columns of the dataset SKU Price, as the draft of FOCUS 1.5 has it. Files do not belong here.

A draft may change, so nothing else reads this; docs/decisions/0054 says which text it follows.
"""

import polars as pl

from pipelines.costs.focus import DECIMAL, issuer, pricing_unit, service, sku_id, sku_price_id

INPUT_SCHEMA = pl.Schema(
    {
        **dict.fromkeys(("provider", "channel", "region", "model", "service_tier", "meter"), pl.String()),
        **dict.fromkeys(("time_window", "unit", "source"), pl.String()),
        "context_from": pl.Int64(),
        "usd_per_unit": pl.Decimal(18, 6),
        **dict.fromkeys(("valid_from", "valid_to", "first_known", "known_from"), pl.Datetime("us")),
    }
)
"""Current versions of core.token_price; `first_known`: since when each was known, whatever was put right since."""
EVERYBODY = '{"IsGlobalScope": true}'
"""SkuPriceEligibility of a list price."""


def sku_price_rows(versions: pl.DataFrame, ranks: pl.DataFrame) -> pl.DataFrame:
    """One record per version of a list price (INPUT_SCHEMA), of the source that counts first for its SkuPriceId.

    `ranks`: columns source, rank. Sources that list the same price would be records of one id for one time, which the
    dataset forbids. Instants are UTC.
    """
    listed = versions.with_columns(
        listed_provider="provider", listed_channel="channel", listed_region="region", listed_model="model",
        listed_tier="service_tier",
    ).with_columns(SkuPriceId=sku_price_id())  # fmt: skip
    best = listed.join(ranks, on="source").filter(pl.col("rank") == pl.col("rank").min().over("SkuPriceId"))
    description = pl.format(
        "{} {}, {} tier, {}, prompts from {} tokens", "model", "meter", "service_tier", "time_window", "context_from"
    )
    records = {
        "ChargeCategory": pl.lit("Usage"),
        "ContractId": pl.lit(None, pl.String),
        "PricingCurrency": pl.lit("USD"),
        "PricingCurrencyCategory": pl.lit("Payable"),
        "PricingRegionId": pl.when(pl.col("region") != "global").then("region"),
        "PricingServiceName": service(),
        "PricingUnit": pricing_unit(),
        "ServiceProviderName": issuer(),
        "SkuId": sku_id(),
        "SkuPriceCreated": _utc("first_known"),
        "SkuPriceDescription": description,
        "SkuPriceEffectiveEnd": _utc("valid_to"),
        "SkuPriceEffectiveStart": _utc("valid_from"),
        "SkuPriceEligibility": pl.lit(EVERYBODY),
        "SkuPriceId": pl.col("SkuPriceId"),
        "SkuPriceLastUpdated": _utc("known_from"),
        "UnitPrice": pl.col("usd_per_unit").cast(DECIMAL),
        "UnitPriceType": pl.lit("List"),
        "x_Source": pl.col("source"),
    }
    return best.select(**records).sort("SkuPriceId", "SkuPriceEffectiveStart")


def _utc(name: str) -> pl.Expr:
    return pl.col(name).dt.replace_time_zone("UTC")
