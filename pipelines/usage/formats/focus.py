"""FOCUS cost and usage files (CSV or Parquet), our own exports included -> reported costs.

BilledCost is what is invoiced; columns and values are those of specifications 1.2 to 1.4. What 1.4 has no more
(ProviderName, PublisherName) is read of older files, what replaces it (ServiceProviderName) of newer ones. Only charges
of the service category "AI and Machine Learning" are inference; others are ignored. Model, tier, channel and key stand
in columns that our export adds (x_); where a file has none, model, maker and meter are those of the properties of
SkuPriceDetails that the draft of 1.5 defines. Else the SKU's meter and the description are kept as printed. Amounts in
another currency state no rate: they are converted at the user's.
"""

import polars as pl

from pipelines.schema.meters import METERS
from pipelines.schema.offers import CHANNELS, SERVICE_TIERS
from pipelines.usage.dedup import number_equal_costs
from pipelines.usage.fields import (
    CONTROL_CHARACTER,
    MAX_TEXT,
    choice,
    currency,
    first_of,
    key_id,
    moment,
    money,
    must_have,
    quantity,
    seller,
    text,
)
from pipelines.usage.importer import Importer, Reading, Rule

CATEGORY = "AI and Machine Learning"
COLUMNS = {
    "billed": "BilledCost",
    "printed_currency": "BillingCurrency",
    "account": "BillingAccountId",
    "category": "ChargeCategory",
    "charge_class": "ChargeClass",
    "description": "ChargeDescription",
    "ends": "ChargePeriodEnd",
    "starts": "ChargePeriodStart",
    "used": "ConsumedQuantity",
    "used_unit": "ConsumedUnit",
    "issuer": "InvoiceIssuerName",
    "seller": "ProviderName",
    "service_seller": "ServiceProviderName",
    "publisher": "PublisherName",
    "printed_region": "RegionId",
    "resource": "ResourceId",
    "service_category": "ServiceCategory",
    "service": "ServiceName",
    "sku": "SkuId",
    "sku_meter": "SkuMeter",
    "sku_price": "SkuPriceId",
    "details": "SkuPriceDetails",
    "sub_account": "SubAccountId",
    "own_channel": "x_Channel",
    "own_key": "x_ApiKeyId",
    "own_maker": "x_ModelProvider",
    "own_model": "x_Model",
    "own_tier": "x_ServiceTier",
}
CLOUDS = {"amazon|aws": "bedrock", "microsoft|azure": "azure", "google": "vertex", "openrouter": "openrouter"}
"""Who sells models of others on a channel of their own, by a word in the name of the seller."""

amount = money("billed")
starts, ends = moment("starts"), moment("ends")
sold_by = first_of("seller", "service_seller", "issuer").str.to_lowercase()
by_seller = pl.coalesce(
    *(pl.when(sold_by.str.contains(words)).then(pl.lit(channel)) for words, channel in CLOUDS.items()), pl.lit("api")
)


def _property(key: str) -> pl.Expr:
    """A property of SkuPriceDetails; NULL where that is no object."""
    return pl.col("details").str.json_path_match(f"$.{key}")


TOKEN_METERS = {"Output ": "output", "Input Uncached": "input_uncached", "Input Read": "cache_read"}
"""Meter by TokenDirection and TokenCacheAction; how long what was written to a cache lives, they do not say."""

maker = pl.coalesce(pl.col("own_maker"), "publisher", _property("ModelDeveloper"), "seller", "service_seller")
provider, _ = seller(maker.str.to_lowercase())
token = pl.concat_str(_property("TokenDirection"), _property("TokenCacheAction").fill_null(""), separator=" ")
named = pl.coalesce(first_of("own_model"), _property("ModelId"))
is_no_name = (named.str.len_chars() > MAX_TEXT) | named.str.contains(CONTROL_CHARACTER)
model = Reading(named, is_no_name.fill_null(value=False), "not_a_text", "the model must be one line")
meter = pl.when(pl.col("sku_meter").is_in(METERS)).then("sku_meter")

FOCUS = Importer(
    name="focus",
    description="FOCUS cost and usage file, CSV or Parquet",
    table="reported_cost",
    has_printed_currency=True,
    signatures=(
        frozenset({"BilledCost", "BillingCurrency", "ChargeCategory", "ChargePeriodStart", "ChargePeriodEnd"}),
    ),
    fields=COLUMNS,
    is_usage=pl.col("service_category") == CATEGORY,
    columns={
        "starts_at": starts,
        "ends_at": ends,
        "provider": provider,
        "channel": pl.coalesce(choice("own_channel", {one: one for one in CHANNELS}, None, "").value, by_seller),
        "region": text("printed_region"),
        "model": model,
        "line_item": pl.coalesce(first_of("description"), first_of("sku_meter"), first_of("sku")).str.slice(0, 200),
        "meter": pl.coalesce(meter, token.replace_strict(TOKEN_METERS, default=None, return_dtype=pl.String)),
        "service_tier": choice("own_tier", {one: one for one in SERVICE_TIERS}, None, "unknown_service_tier"),
        # Our own export knows no account of logs, and names who bills instead.
        "account_id": pl.when(pl.col("account").ne_missing(pl.col("issuer"))).then(text("account").value),
        "project_id": text("sub_account"),
        "api_key_id": key_id("own_key"),
        "quantity": quantity("used"),
        "quantity_unit": text("used_unit"),
        "amount_usd": amount,
        "printed_amount": pl.col("billed"),
        "currency": currency("printed_currency", None),
        "is_credit": (pl.col("category") == "Credit").fill_null(value=False) | (amount.value < 0),
    },
    rules=(
        must_have("billed", "printed_currency", rule="no_amount"),
        Rule("bucket_ends_before_start", ends.value <= starts.value, "ChargePeriodEnd is not after its start"),
    ),
    identity=tuple(sorted(COLUMNS)),
    version=3,
    settle=number_equal_costs,
    private=frozenset({"resource", "description"}),
)
