"""OpenAI dashboard export of costs (tab or comma) -> one reported cost per line.

Dollars, printed with many places. A day without a cost has a line with its times alone. Grouped by line item the
export prints what the costs API prints: see `openai_costs_api`.
"""

import polars as pl

from pipelines.usage.fields import currency, epoch, money, must_have, text
from pipelines.usage.formats.openai_costs_api import line_item_columns
from pipelines.usage.importer import Importer, Rule

NAMES = ("start_time", "end_time", "amount_value", "amount_currency", "line_item", "project_id", "organization_id")

amount = money("amount_value")
starts, ends = epoch("start_time"), epoch("end_time")

OPENAI_DASHBOARD_COSTS = Importer(
    name="openai_dashboard_costs",
    description="OpenAI dashboard export of costs, tab or comma",
    table="reported_cost",
    has_printed_currency=True,
    signatures=(frozenset(NAMES),),
    fields={name: name for name in NAMES},
    is_usage=pl.any_horizontal((pl.col(name) != "").fill_null(value=False) for name in NAMES[2:]),
    columns={
        "starts_at": starts,
        "ends_at": ends,
        "provider": pl.lit("openai"),
        "channel": pl.lit("api"),
        "line_item": text("line_item"),
        **line_item_columns("line_item"),
        "account_id": text("organization_id"),
        "project_id": text("project_id"),
        "amount_usd": amount,
        "printed_amount": pl.col("amount_value"),
        "currency": currency("amount_currency", "USD"),
        "is_credit": amount.value < 0,
    },
    rules=(
        must_have("amount_value", rule="no_amount"),
        Rule("bucket_ends_before_start", ends.value <= starts.value, "end_time is not after start_time"),
    ),
    identity=("starts_at", "ends_at", "line_item", "project_id", "organization_id"),
    version=4,
)
