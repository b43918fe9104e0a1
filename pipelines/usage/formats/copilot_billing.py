"""GitHub's usage report with Copilot's premium requests (billing, usage report, CSV) -> reported costs.

net_amount is what is billed, in dollars: gross_amount without discount_amount, which is what the plan includes. A line
is a day, a user, a model and a SKU. Lines of other products (actions, storage) are no inference and are ignored.
"""

import polars as pl

from pipelines.usage.dedup import number_equal_costs
from pipelines.usage.fields import day_or_hour, must_have, quantity, text, usd
from pipelines.usage.importer import Importer

PRODUCTS = ("copilot", "models", "spark")
FIELDS = (
    *("date", "username", "product", "sku", "model", "quantity", "unit_type", "gross_amount", "net_amount"),
    *("organization", "cost_center_name", "repository"),
)

amount = usd("net_amount")
starts, ends = day_or_hour("date")

COPILOT_BILLING = Importer(
    name="copilot_billing",
    description="GitHub usage report with Copilot premium requests, CSV",
    table="reported_cost",
    signatures=(frozenset({"date", "product", "sku", "quantity", "unit_type", "gross_amount", "net_amount"}),),
    fields={name: name for name in FIELDS},
    is_usage=pl.col("product").str.to_lowercase().is_in(PRODUCTS),
    columns={
        "starts_at": starts,
        "ends_at": ends,
        "provider": pl.lit("github"),
        "channel": pl.lit("api"),
        "model": text("model"),
        "line_item": text("sku"),
        "account_id": text("organization"),
        "project_id": text("organization"),
        "user_id": text("username"),
        "quantity": quantity("quantity"),
        "quantity_unit": text("unit_type"),
        "amount_usd": amount,
        "printed_amount": pl.col("net_amount"),
        "currency": pl.lit("USD"),
        "is_credit": amount.value < 0,
    },
    rules=(must_have("net_amount", rule="no_amount"),),
    identity=tuple(sorted(FIELDS)),
    settle=number_equal_costs,
    private=frozenset({"username"}),
)
