"""Anthropic cost report (/v1/organizations/cost_report) -> one reported cost per result of a day.

amount is a decimal text in cents: "123.45" is $1.23; read as dollars it is a hundred times too much. Model, token type
and tier are told only where the report is grouped by description. Priority tier is billed apart and never in here.
"""

import polars as pl

from pipelines.usage.fields import choice, currency, moment, money, must_have, text
from pipelines.usage.importer import Importer, Rule, unreadable
from pipelines.usage.report_pages import IS_CUT, PAGE_FIELDS, cut_page, page_reader, without_pages_that_go_on

CENTS = 100
METERS = {
    "uncached_input_tokens": "input_uncached",
    "cache_read_input_tokens": "cache_read",
    "cache_creation.ephemeral_5m_input_tokens": "cache_write_5m",
    "cache_creation.ephemeral_1h_input_tokens": "cache_write_1h",
    "output_tokens": "output",
}
TIERS = {"standard": "standard", "batch": "batch"}
DIMENSIONS = {
    "description": "description",
    "cost_type": "cost_type",
    "token_type": "token_type",
    "named_model": "model",
    "tier": "service_tier",
    "window": "context_window",
    "geo": "inference_geo",
    "workspace": "workspace_id",
}
FIELDS = DIMENSIONS | {"amount": "amount", "printed_currency": "currency"}

amount = money("amount", per_unit=CENTS)
line = text("description")
token_meter = choice("token_type", METERS, None, "unknown_token_type")
starts, ends = moment("starts"), moment("ends")

ANTHROPIC_COST_REPORT = Importer(
    name="anthropic_cost_report",
    description="Anthropic cost report, pages of days",
    table="reported_cost",
    has_printed_currency=True,
    signatures=(
        frozenset({"data[].starting_at", "data[].results[].amount", "data[].results[].currency"}),
        frozenset({"starting_at", "results[].amount", "results[].currency"}),
    ),
    fields=PAGE_FIELDS | FIELDS,
    expand=page_reader("starting_at", "ending_at", FIELDS),
    cut=cut_page,
    prepare=without_pages_that_go_on,
    columns={
        "starts_at": starts,
        "ends_at": ends,
        "provider": pl.lit("anthropic"),
        "channel": pl.lit("api"),
        "region": pl.when(pl.col("geo").is_in(["us", "global"])).then("geo"),
        "model": text("named_model"),
        "line_item": line.value.fill_null(text("cost_type").value),
        "meter": pl.when(pl.col("cost_type") == "web_search").then(pl.lit("web_searches")).otherwise(token_meter.value),
        "service_tier": choice("tier", TIERS, None, "unknown_service_tier"),
        "project_id": text("workspace"),
        "amount_usd": amount,
        "printed_amount": pl.col("amount"),
        "currency": currency("printed_currency", "USD"),
        "is_credit": amount.value < 0,
    },
    rules=(
        IS_CUT,
        *(unreadable(reading) for reading in (line, token_meter, text("cost_type"))),
        must_have("amount", rule="no_amount"),
        Rule("bucket_ends_before_start", ends.value <= starts.value, "ending_at is not after starting_at"),
    ),
    identity=("starts_at", "ends_at", *DIMENSIONS),
    version=3,
)
