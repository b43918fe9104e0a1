"""Google Cloud Billing export to BigQuery, standard or detailed (JSON lines, CSV or Parquet) -> reported costs.

One row per charge, and one more per credit of it, which is negative and must be added: cost alone is not what is paid.
Amounts are in the currency of the account; cost / currency_conversion_rate is dollars. A late correction comes as a
further row with a later export_time and is added, never put in place of another; rows that are equal in all are charges
of their own. Charges are dated by usage_start_time, in UTC: a month here is not the month of the invoice, which counts
days in Pacific time. Services other than Vertex AI and the Gemini API are ignored. In CSV a nested field is a column
with a dotted name, and credits are JSON (TO_JSON_STRING).

Descriptions of SKUs have two styles: Vertex AI prints "Gemini 2.5 Pro Text Input - Predictions", the Gemini API
"Generate content input token count gemini 3 flash text flex". One with a word that is not known here names no model and
no meter: a tuned model, storage by the hour. So does output of audio and images, which other models make than the one
that seems to be named.
"""

from typing import Any

import polars as pl

from pipelines.usage.dedup import number_equal_costs
from pipelines.usage.fields import COST, MAX_USD, moment, money, must_have, quantity, text
from pipelines.usage.importer import Importer, Rule, unreadable
from pipelines.usage.json_fields import as_text, read_json

GEMINI_API, VERTEX_AI = "AEFD-7695-64FA", "C7E2-9256-1C43"
SERVICES = {GEMINI_API: "api", VERTEX_AI: "vertex"}
"""Ids in Google's catalog of services, and the channel that a model is bought at."""
SERVICE_NAMES = {"Gemini API": "api", "Generative Language API": "api", "Vertex AI": "vertex"}
FIELDS = {
    "billing_account": "billing_account_id",
    "service_id": "service.id",
    "service": "service.description",
    "sku_id": "sku.id",
    "sku": "sku.description",
    "usage_start_time": "usage_start_time",
    "usage_end_time": "usage_end_time",
    "export_time": "export_time",
    "project": "project.id",
    "location": "location.region",
    "cost": "cost",
    "cost_type": "cost_type",
    "printed_currency": "currency",
    "rate": "currency_conversion_rate",
    "used": "usage.amount",
    "used_unit": "usage.unit",
    "invoice_month": "invoice.month",
    "resource": "resource.name",
    "credits": "credits",
}
MAX_CREDITS = 1_000
MIN_RATE = 0.01
"""Units of a currency per dollar; no currency is worth a hundred dollars."""

MODEL = r"gemini (\d+(?:\.\d+)?(?: pro| flash lite| flash)(?: preview)?)"
TIER = r"(?: (batch|flex|priority))?"
NOTE = r"(?: \((?:long|long & standard|thinking on)\))?"
VERTEX = (
    rf"^{MODEL}(?: ga)?(?: global| regional)?(?: thinking)?{TIER} (text|audio|image)"
    rf"{TIER} (input|output)( caching)?{TIER}{NOTE}{TIER}(?: - predictions)?$"
)
VERTEX_CACHE = rf"^{MODEL}(?: ga)?(?: global| regional)? input (text|audio|image)( caching){NOTE}$"
GEMINI_API = (
    rf"^generate content(?: (text|audio|image))? (cached input|input|output) token count(?: for)? {MODEL}"
    rf"(?: (?:short|long))?(?: (?:input|output))?(?: (text|audio|image))?(?: thinking| non-thinking)?{TIER}( caching)?$"
)
METERS = {
    "text input": "input_uncached",
    "text cached": "cache_read",
    "text output": "output",
    "audio input": "audio_input",
    "audio cached": "audio_cache_read",
    "image input": "image_input",
    "image cached": "image_cache_read",
}

channel = pl.coalesce(
    pl.col("service_id").str.strip_prefix("services/").replace_strict(SERVICES, default=None, return_dtype=pl.String),
    pl.col("service").replace_strict(SERVICE_NAMES, default=None, return_dtype=pl.String),
)


def with_credits(records: pl.DataFrame) -> pl.DataFrame:
    """A `prepare`: after each charge of a service that is read here, one record per credit of it.

    `credit` is the name of the credit, and `cost` its amount; what was used belongs to the charge alone.
    """
    charges = records.with_columns(credit=pl.lit(None, pl.String), credit_number=pl.lit(0, pl.Int64))
    has_credits = channel.is_not_null() & (pl.col("credits").str.len_chars() > 2)
    rows: list[dict[str, Any]] = []
    for charge in charges.filter(has_credits).iter_rows(named=True):
        for number, (name, amount) in enumerate(_credits(charge["credits"]), 1):
            credit = {"credit": name, "credit_number": number, "cost": amount, "used": None, "used_unit": None}
            rows.append(charge | credit)
    return pl.concat([charges, pl.DataFrame(rows, schema=charges.schema)])


def _credits(printed: str) -> list[tuple[str, str | None]]:
    """Names and amounts. What cannot be read is one credit without an amount, which is refused later."""
    try:
        found = read_json(printed)
        if len(found) <= MAX_CREDITS:
            return [(as_text(item.get("name")) or "credit", as_text(item.get("amount"))) for item in found]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass
    return [("credit", None)]


def sku_columns(name: str) -> dict[str, pl.Expr]:
    """Columns model, meter and service_tier from a field with descriptions of SKUs; NULL where one is not clear."""
    sku = pl.col(name).str.to_lowercase().str.replace_all(r"[_\s]+", " ").str.strip_chars(" ").str
    vertex, cache, api = (sku.extract_groups(pattern).struct for pattern in (VERTEX, VERTEX_CACHE, GEMINI_API))
    kind = pl.coalesce(vertex.field("3"), cache.field("2"), api.field("1"), api.field("4"))
    direction = pl.coalesce(
        vertex.field("5"), pl.when(cache.field("3").is_not_null()).then(pl.lit("input")), api.field("2")
    )
    is_cached = pl.any_horizontal(part.is_not_null() for part in (vertex.field("6"), cache.field("3"), api.field("6")))
    way = pl.when(is_cached | (direction == "cached input")).then(pl.lit("cached")).otherwise(direction)
    named = pl.coalesce(vertex.field("1"), cache.field("1"), api.field("3"))
    # "image output token count for gemini 3 pro image" names the kind twice, or a model of images.
    is_clear = ~(api.field("1").is_not_null() & api.field("4").is_not_null()) & ~((kind != "text") & (way == "output"))
    model = pl.when(is_clear.fill_null(value=True)).then(named)
    tier = pl.coalesce(*(vertex.field(place) for place in "2478"), api.field("5"), pl.lit("standard"))
    meter = pl.concat_str(kind, way, separator=" ").replace_strict(METERS, default=None, return_dtype=pl.String)
    return {
        "model": pl.concat_str(pl.lit("gemini-"), model.str.replace_all(" ", "-")),
        "meter": pl.when(model.is_not_null()).then(meter),
        "service_tier": pl.when(model.is_not_null()).then(tier),
    }


amount, printed_rate = money("cost"), quantity("rate")
rate = pl.when(printed_rate.value >= MIN_RATE).then(printed_rate.value)
starts, ends = moment("usage_start_time", is_utc_without_zone=True), moment("usage_end_time", is_utc_without_zone=True)
is_dollars = pl.col("printed_currency").str.to_uppercase() == "USD"
in_dollars = pl.when(is_dollars).then(amount.value).otherwise((amount.value / rate).cast(COST))
sku_says = sku_columns("sku")

GCP_BILLING = Importer(
    name="gcp_billing",
    description="Google Cloud Billing export, standard or detailed usage cost",
    table="reported_cost",
    signatures=(
        frozenset({"service.description", "sku.description", "usage_start_time", "cost", "currency"}),
        frozenset({"service.id", "sku.description", "usage_start_time", "cost", "currency"}),
    ),
    fields=FIELDS,
    is_usage=channel.is_not_null(),
    prepare=with_credits,
    columns={
        "starts_at": starts,
        "ends_at": ends,
        "provider": pl.lit("google"),
        "channel": channel,
        "region": text("location"),
        "line_item": pl.coalesce("credit", text("sku").value),
        **sku_says,
        "meter": pl.when(pl.col("credit").is_null()).then(sku_says["meter"]),
        "account_id": text("billing_account"),
        "project_id": text("project"),
        "quantity": quantity("used"),
        "quantity_unit": text("used_unit"),
        "amount_usd": in_dollars,
        "printed_amount": pl.col("cost"),
        "currency": pl.col("printed_currency").str.to_uppercase(),
        "is_credit": pl.col("credit").is_not_null(),
    },
    rules=(
        unreadable(amount),
        unreadable(printed_rate),
        unreadable(text("sku")),
        unreadable(text("credit")),
        must_have("cost", "printed_currency", rule="no_amount"),
        Rule(
            "no_exchange_rate",
            ~is_dollars & rate.is_null(),
            "an amount in another currency without currency_conversion_rate",
        ),
        Rule("amount_too_large", in_dollars.abs() > MAX_USD, f"cost at its rate is more than {MAX_USD:,} USD"),
        Rule("bucket_ends_before_start", ends.value <= starts.value, "usage_end_time is not after usage_start_time"),
    ),
    # The account is part of every identity, and here it must not be so twice.
    identity=(*sorted(FIELDS.keys() - {"billing_account", "credits"}), "credit_number"),
    version=3,
    settle=number_equal_costs,
    private=frozenset({"resource", "credits"}),
)
