"""Priced usage in the columns of FOCUS, the FinOps Open Cost and Usage Specification. Files do not belong here.

Names, allowed values and formats are those of specification 1.2, 1.4, or 1.4 with the properties of tokens that the
draft of 1.5 has; docs/decisions/0016 and 0054 say what we can fill and what the amounts mean. Columns that start with
x_ are ours.
"""

from decimal import Decimal

import polars as pl

from pipelines.costs.focus_tokens import with_token_properties
from pipelines.schema.accounts import DEFAULT_ACCOUNT
from pipelines.schema.meters import FEE_METERS, UNIT_SIZES
from pipelines.schema.time_windows import ALWAYS

FOCUS_VERSIONS = ("1.2", "1.4", "1.5-draft")
DEFAULT_VERSION = "1.4"
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
        **dict.fromkeys(("listed_provider", "listed_channel", "listed_region", "listed_model"), pl.String()),
        **dict.fromkeys(("listed_tier", "source", "fetch_url", "time_window"), pl.String()),
        "context_from": pl.Int64(),
        "context_to": pl.Int64(),
        **dict.fromkeys(("plan_id", "plan", "plan_owner"), pl.String()),
        "covered_usd": DECIMAL,
    }
)
"""Rows of core.usage_cost that have a price, with what core.token_price, raw.fetch and core.plan_fee say of them.

`covered_usd` is usage's part of the fee of the plan that it is under: see `focus_plans.cover`."""


def focus_rows(priced: pl.DataFrame, version: str = DEFAULT_VERSION) -> pl.DataFrame:
    """One charge per row of `priced` (INPUT_SCHEMA), in FOCUS columns; instants are UTC. Nothing is rounded.

    `version`: one of FOCUS_VERSIONS. Raises ValueError for a row without a cost: FOCUS knows no unknown amount, and 0
    would be a lie.
    """
    if priced["effective_cost_usd"].null_count():
        raise ValueError("a charge needs a cost; usage without a price cannot be exported")
    is_first = version == "1.2"
    names = _names_of_1_2() if is_first else _names_since_1_4()
    sku = _sku_of_1_2() if is_first else _sku_since_1_4(with_tokens=version == "1.5-draft")
    charges = {**_costs(), **_account(), **period(), **_charge(), **sku, **_own(), **names}
    units = priced.with_columns(unit_size=_size(), share_of_unit=_share(), noun=_noun())
    return units.select(**dict(sorted(charges.items())))


def _costs() -> dict[str, pl.Expr]:
    """At list price, and thrice at what was agreed, for no invoice is known; but where a plan covers usage.

    Then nothing is billed for it, and its effective cost is its part of the fee. What no list has, the contract lists.
    """
    cost, agreed = pl.col("cost_usd").cast(DECIMAL), pl.col("effective_cost_usd").cast(DECIMAL)
    is_billed = pl.col("plan_id").is_null()
    quantity = pl.col("quantity").cast(pl.Decimal(38, 0)).cast(DECIMAL)
    return {
        "BilledCost": pl.when(is_billed).then(agreed).otherwise(pl.lit(0, DECIMAL)),
        "EffectiveCost": pl.when(is_billed).then(agreed).otherwise("covered_usd"),
        "ContractedCost": pl.when(is_billed).then(agreed).otherwise(cost),
        "ListCost": pl.coalesce(cost, agreed),
        "ContractedUnitPrice": pl.col("contracted_usd_per_unit").cast(DECIMAL),
        "BillingCurrency": pl.lit("USD"),
        "ListUnitPrice": pl.coalesce("usd_per_unit", "contracted_usd_per_unit").cast(DECIMAL),
        "PricingCategory": pl.lit("Standard"),
        "PricingQuantity": quantity * pl.col("share_of_unit"),
        "PricingUnit": pricing_unit(),
        "ConsumedQuantity": quantity,
        "ConsumedUnit": pl.col("noun"),
    }


def _account() -> dict[str, pl.Expr]:
    """The account, where one is stated; else the name of who bills stands for it. Projects are its sub-accounts."""
    return {
        "BillingAccountId": pl.when(pl.col("account_id") == DEFAULT_ACCOUNT).then(issuer()).otherwise("account_id"),
        "InvoiceIssuerName": issuer(),
        "BillingAccountName": pl.lit(None, pl.String()),
        "ServiceCategory": pl.lit("AI and Machine Learning"),
        "ServiceName": service(),
        "ServiceSubcategory": pl.lit("Generative AI"),
        "SubAccountId": pl.col("project_id"),
        "SubAccountName": pl.lit(None, pl.String()),
        **dict.fromkeys(("RegionId", "RegionName"), pl.when(pl.col("region") != "global").then("region")),
    }


def period() -> dict[str, pl.Expr]:
    """The day that a charge is of, and its month."""
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


def issuer() -> pl.Expr:
    """Who sells and bills, by `channel` and `provider`."""
    issuers = {channel: name for channel, (name, _) in ISSUERS.items()}
    return pl.col("channel").replace_strict(issuers, default=pl.col("provider"))


def service() -> pl.Expr:
    """What is sold, by `channel` and `provider`."""
    services = {channel: name for channel, (_, name) in ISSUERS.items()}
    return pl.col("channel").replace_strict(services, default=pl.format("{} API", "provider"))


def _names_of_1_2() -> dict[str, pl.Expr]:
    return {"ProviderName": issuer(), "PublisherName": pl.col("provider")}


def _names_since_1_4() -> dict[str, pl.Expr]:
    """Who made the model has no column of its own any more, so that it is one of ours.

    Nothing tells on whose machines a service runs: its seller's name stands for it, as the specification allows.
    """
    return {
        **dict.fromkeys(("HostProviderName", "ServiceProviderName"), issuer()),
        "x_ModelProvider": pl.col("provider"),
    }


def _details() -> pl.Expr:
    return pl.struct(
        x_ServiceTier="service_tier", x_TimeWindow="time_window", x_ContextFrom="context_from", x_ContextTo="context_to"
    ).struct.json_encode()


def sku_id() -> pl.Expr:
    """The SKU is the meter of a model as a list names it; of one that only the contract has, as usage does."""
    return pl.concat_str(_listed("provider"), _listed("model"), "meter", separator="/")


def _listed(name: str) -> pl.Expr:
    return pl.coalesce(f"listed_{name}", name)


def _sku_of_1_2() -> dict[str, pl.Expr]:
    """A SKU's price is one version in core.token_price, or a line of the contract."""
    return {
        "SkuId": sku_id(),
        "SkuMeter": pl.col("meter"),
        "SkuPriceId": pl.coalesce("price_id", "term_id"),
        "SkuPriceDetails": _details(),
    }


def _sku_since_1_4(*, with_tokens: bool) -> dict[str, pl.Expr]:
    """A SKU's price is all that it depends on but time, so that its id stays when the amount changes."""
    return {
        "SkuId": sku_id(),
        "SkuMeter": pl.col("meter"),
        "SkuPriceId": sku_price_id(),
        "SkuPriceDetails": with_token_properties(_details()) if with_tokens else _details(),
    }


def sku_price_id() -> pl.Expr:
    """SkuPriceId since 1.4, out of the listed_ columns, meter, time_window and context_from."""
    place = (_listed(name) for name in ("channel", "region", "provider", "model"))
    tier = pl.coalesce("listed_tier", "service_tier")
    window, size = pl.col("time_window").fill_null(ALWAYS), pl.col("context_from").fill_null(0).cast(pl.String)
    return pl.concat_str(*place, tier, "meter", window, size, separator="/")


def _own() -> dict[str, pl.Expr]:
    names = {
        "x_ApiKeyId": "api_key_id",
        "x_Channel": "channel",
        "x_ContractTermId": "term_id",
        "x_FetchUrl": "fetch_url",
        "x_IsLowerBound": "is_lower_bound",
        "x_Model": "model",
        "x_PlanName": "plan",
        "x_PlanOwner": "plan_owner",
        "x_PriceId": "price_id",
        "x_ServiceTier": "service_tier",
        "x_Source": "source",
    }
    unit_price = pl.when(pl.col("term_id").is_null()).then(pl.lit(LIST_PRICE)).otherwise(pl.lit(CONTRACT))
    basis = pl.when(pl.col("plan_id").is_null()).then(unit_price).otherwise(pl.lit("api_equivalent"))
    return {name: pl.col(column) for name, column in names.items()} | {"x_CostBasis": basis}


def _size() -> pl.Expr:
    return pl.col("unit").replace_strict(UNIT_SIZES, return_dtype=pl.Int64)


def pricing_unit() -> pl.Expr:
    """What a price is of, by `unit` and `meter`: "1000000 Tokens"."""
    return pl.format("{} {}", _size(), _noun())


def _share() -> pl.Expr:
    """One token or call as a share of the priced unit, exact: a division would not be."""
    shares = {unit: f"{1 / Decimal(size):f}" for unit, size in UNIT_SIZES.items()}
    return pl.col("unit").replace_strict(shares, return_dtype=pl.String).str.to_decimal(scale=12).cast(DECIMAL)


def _noun() -> pl.Expr:
    nouns = {"requests": "Requests", "web_searches": "Searches", "rerank_queries": "Queries"}
    return pl.when(pl.col("meter").is_in(FEE_METERS)).then(pl.col("meter").replace(nouns)).otherwise(pl.lit("Tokens"))
