"""core.reported_cost: what a bill or a cost report states that was charged, beside what we compute."""

import dataframely as dy
import polars as pl

from pipelines.schema.columns import choice, count, day, flag, instant, text, usd
from pipelines.schema.token_prices import CHANNELS, METERS, SERVICE_TIERS


class ReportedCost(dy.Schema):
    """One amount that a bill or cost report states: grain cost_id."""

    cost_id = text("identity by the report's own dimensions, so that the same amount in two files is one row")
    usage_date = day("UTC day of starts_at")
    starts_at = instant("start of the time that is charged")
    ends_at = instant("its end")
    provider = text("who bills it")
    channel = choice("where the model is bought", CHANNELS)
    region = text("billing region; NULL where the report names none", nullable=True)
    model = text("model id as the report names it; NULL where it does not", nullable=True, max_length=200)
    line_item = text("what is charged, as printed", nullable=True, max_length=300)
    meter = choice("what is counted, where the report tells", METERS, nullable=True)
    service_tier = choice("tier, where the report tells", SERVICE_TIERS, nullable=True)
    project_id = text("project or workspace", nullable=True)
    api_key_id = text("id of the API key, never the key", nullable=True)
    user_id = text("user", nullable=True)
    quantity = dy.Decimal(38, 12, nullable=True, description="how much was used", metadata={"unit": "quantity_unit"})
    quantity_unit = text("unit of quantity", nullable=True)
    amount_usd = usd("the amount, in dollars whatever the report counts in; negative for a credit", nullable=False)
    printed_amount = text("the amount as printed; Anthropic prints cents", max_length=60)
    currency = text("currency as printed, upper case", max_length=3)
    is_credit = flag("a credit or discount that reduces the bill")
    format = text("importer that read it")
    import_id = text("the file in core.usage_import")
    source_line = count("line in that file, from 1", unit="line")

    @dy.rule()
    def ends_after_start(cls) -> pl.Expr:
        """An amount is charged for some time."""
        return cls.ends_at.col > cls.starts_at.col
