"""Priced usage in the columns of FOCUS 1.2, the FinOps Open Cost and Usage Specification. Files do not belong here.

Names, allowed values and formats are those of specification v1.2; docs/decisions/0016 says what we can fill and what
the amounts mean. Columns that start with x_ are ours.
"""

from decimal import Decimal

import polars as pl

from pipelines.schema.accounts import DEFAULT_ACCOUNT
from pipelines.schema.meters import FEE_METERS, UNIT_SIZES

FOCUS_VERSION = "1.2"
DECIMAL = pl.Decimal(38, 12)
LIST_PRICE, CONTRACT = "list price", "contract"
ISSUERS = {
    "azure": ("Microsoft", "Azure AI Foundry"),
    "bedrock": ("Amazon Web Services", "Amazon Bedrock"),
    "vertex": ("Google Cloud", "Vertex AI"),
    "openrouter": ("OpenRouter", "OpenRouter API"),
}
"""Who sells and bills on a channel, and its service. On `api` it is the provider itself."""

INPUT_SCHEMA = pl.Schema(
    {
        "usage_date": pl.Date(),
        **dict.fromkeys(
            ("provider", "channel", "region", "model", "service_tier", "account_id", "project_id", "api_key_id"),
            pl.String(),
        ),
        **dict.fromkeys(("meter", "price_id", "term_id", "unit"), pl.String()),
        **dict.fromkeys(("usd_per_unit", "contracted_usd_per_unit"), pl.Decimal(18, 6)),
        "quantity": pl.Int64(),
        **dict.fromkeys(("cost_usd", "effective_cost_usd"), DECIMAL),
        "is_lower_bound": pl.Boolean(),
        **dict.fromkeys(("listed_provider", "listed_model", "source", "fetch_url", "time_window"), pl.String()),
        "context_from": pl.Int64(),
        "context_to": pl.Int64(),
    }
)
"""Rows of core.usage_cost that have a price, with what core.token_price and raw.fetch say of that of a list."""


def focus_rows(priced: pl.DataFrame) -> pl.DataFrame:
    """One charge per row of `priced` (INPUT_SCHEMA), in FOCUS columns; instants are UTC. Nothing is rounded.

    Raises ValueError for a row without a cost: FOCUS knows no unknown amount, and 0 would be a lie.
    """
    if priced["effective_cost_usd"].null_count():
        raise ValueError("a charge needs a cost; usage without a price cannot be exported")
    charges = {**_costs(), **_account(), **_period(), **_charge(), **_sku(), **_own()}
    units = priced.with_columns(unit_size=_size(), share_of_unit=_share(), noun=_noun())
    return units.select(**dict(sorted(charges.items())))


def _costs() -> dict[str, pl.Expr]:
    """At list price, and thrice at what was agreed: no invoice is known. What no list has, the contract lists."""
    agreed = pl.col("effective_cost_usd").cast(DECIMAL)
    quantity = pl.col("quantity").cast(pl.Decimal(38, 0)).cast(DECIMAL)
    return {
        **dict.fromkeys(("BilledCost", "ContractedCost", "EffectiveCost"), agreed),
        "ListCost": pl.coalesce(pl.col("cost_usd").cast(DECIMAL), agreed),
        "ContractedUnitPrice": pl.col("contracted_usd_per_unit").cast(DECIMAL),
        "BillingCurrency": pl.lit("USD"),
        "ListUnitPrice": pl.coalesce("usd_per_unit", "contracted_usd_per_unit").cast(DECIMAL),
        "PricingCategory": pl.lit("Standard"),
        "PricingQuantity": quantity * pl.col("share_of_unit"),
        "PricingUnit": pl.format("{} {}", "unit_size", "noun"),
        "ConsumedQuantity": quantity,
        "ConsumedUnit": pl.col("noun"),
    }


def _account() -> dict[str, pl.Expr]:
    """The account, where one is stated; else the name of who bills stands for it. Projects are its sub-accounts."""
    issuers = {channel: issuer for channel, (issuer, _) in ISSUERS.items()}
    services = {channel: service for channel, (_, service) in ISSUERS.items()}
    issuer = pl.col("channel").replace_strict(issuers, default=pl.col("provider"))
    service = pl.col("channel").replace_strict(services, default=pl.format("{} API", "provider"))
    return {
        "BillingAccountId": pl.when(pl.col("account_id") == DEFAULT_ACCOUNT).then(issuer).otherwise("account_id"),
        **dict.fromkeys(("InvoiceIssuerName", "ProviderName"), issuer),
        "BillingAccountName": pl.lit(None, pl.String()),
        "PublisherName": pl.col("provider"),
        "ServiceCategory": pl.lit("AI and Machine Learning"),
        "ServiceName": service,
        "ServiceSubcategory": pl.lit("Generative AI"),
        "SubAccountId": pl.col("project_id"),
        "SubAccountName": pl.lit(None, pl.String()),
        **dict.fromkeys(("RegionId", "RegionName"), pl.when(pl.col("region") != "global").then("region")),
    }


def _period() -> dict[str, pl.Expr]:
    day = pl.col("usage_date").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    month = day.dt.month_start()
    return {
        "BillingPeriodStart": month,
        "BillingPeriodEnd": month.dt.offset_by("1mo"),
        "ChargePeriodStart": day,
        "ChargePeriodEnd": day.dt.offset_by("1d"),
    }


def _charge() -> dict[str, pl.Expr]:
    description = pl.format(
        "{} {}, {} tier, {} USD per {} {}",
        "model",
        "meter",
        "service_tier",
        "contracted_usd_per_unit",
        "unit_size",
        "noun",
    )
    return {
        "ChargeCategory": pl.lit("Usage"),
        "ChargeClass": pl.lit(None, pl.String()),
        "ChargeDescription": description,
        "ChargeFrequency": pl.lit("Usage-Based"),
    }


def _sku() -> dict[str, pl.Expr]:
    """The SKU is the meter of a listed model, its price one version in core.token_price."""
    details = pl.struct(
        x_ServiceTier="service_tier", x_TimeWindow="time_window", x_ContextFrom="context_from", x_ContextTo="context_to"
    )
    return {
        "SkuId": pl.concat_str(
            pl.coalesce("listed_provider", "provider"), pl.coalesce("listed_model", "model"), "meter", separator="/"
        ),
        "SkuMeter": pl.col("meter"),
        "SkuPriceId": pl.coalesce("price_id", "term_id"),
        "SkuPriceDetails": details.struct.json_encode(),
    }


def _own() -> dict[str, pl.Expr]:
    names = {
        "x_ApiKeyId": "api_key_id",
        "x_Channel": "channel",
        "x_ContractTermId": "term_id",
        "x_FetchUrl": "fetch_url",
        "x_IsLowerBound": "is_lower_bound",
        "x_Model": "model",
        "x_PriceId": "price_id",
        "x_ServiceTier": "service_tier",
        "x_Source": "source",
    }
    basis = pl.when(pl.col("term_id").is_null()).then(pl.lit(LIST_PRICE)).otherwise(pl.lit(CONTRACT))
    return {name: pl.col(column) for name, column in names.items()} | {"x_CostBasis": basis}


def _size() -> pl.Expr:
    return pl.col("unit").replace_strict(UNIT_SIZES, return_dtype=pl.Int64)


def _share() -> pl.Expr:
    """One token or call as a share of the priced unit, exact: a division would not be."""
    shares = {unit: f"{1 / Decimal(size):f}" for unit, size in UNIT_SIZES.items()}
    return pl.col("unit").replace_strict(shares, return_dtype=pl.String).str.to_decimal(scale=12).cast(DECIMAL)


def _noun() -> pl.Expr:
    nouns = {"requests": "Requests", "web_searches": "Searches"}
    return pl.when(pl.col("meter").is_in(FEE_METERS)).then(pl.col("meter").replace(nouns)).otherwise(pl.lit("Tokens"))
