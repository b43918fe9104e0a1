"""What bills and cost reports say: their lines, the comparison with our figures, and the gap between them by cause."""

import dataframely as dy
import polars as pl

from pipelines.schema.columns import account, choice, count, day, flag, instant, text, usd
from pipelines.schema.exchange_rates import usd_per_currency
from pipelines.schema.meters import METERS
from pipelines.schema.offers import CHANNELS


class ReportedCost(dy.Schema):
    """One amount of a bill or cost report, in USD: importers convert, Anthropic prints cents. Grain cost_id."""

    cost_id = text("identity by the format's own dimensions: a later report of the same line replaces it")
    usage_date = day("UTC day of starts_at")
    starts_at = instant("start of the time that the amount is for")
    ends_at = instant("its end, exclusive")
    provider = text("who bills it")
    channel = choice("where the model is bought", CHANNELS)
    region = text("billing region; NULL where the report does not tell", nullable=True)
    model = text("model id as the report names it; NULL where it does not tell", nullable=True, max_length=200)
    line_item = text("what the amount is for, as printed", nullable=True)
    meter = choice("what is counted, where the line item tells one of ours", METERS, nullable=True)
    service_tier = text("tier, where the report tells it", nullable=True)
    account_id = account()
    project_id = text("project or workspace", nullable=True)
    api_key_id = text("id of the API key", nullable=True)
    user_id = text("user", nullable=True)
    quantity = dy.Decimal(
        38, 12, nullable=True, description="what was billed, in quantity_unit", metadata={"unit": "quantity_unit"}
    )
    quantity_unit = text("unit of the quantity as printed: tokens, requests, duration_seconds, ...", nullable=True)
    amount_usd = usd("the amount; below 0 where it is paid back", nullable=False)
    printed_amount = text("the amount as printed, in the printed unit", max_length=100)
    currency = text(
        "the printed currency; one that is not USD was converted at a rate that the report states, or at the user's"
    )
    is_credit = flag("a credit or discount that lowers the bill, not usage")
    usd_per_currency = usd_per_currency(
        "the user's rate of its day (exchange_rates.csv) that it was converted at; NULL: USD, or the report's own rate",
        nullable=True,
    )
    grouping = text("columns that the report was split by; NULL where its format has one way only", nullable=True)
    format = text("importer that read it")
    import_id = text("the file in core.usage_import")
    source_line = count("line in that file, from 1", unit="line")

    @dy.rule()
    def date_is_of_starts_at(cls) -> pl.Expr:
        """The day must be the UTC day of the start."""
        return cls.usage_date.col == cls.starts_at.col.dt.date()

    @dy.rule()
    def ends_after_start(cls) -> pl.Expr:
        """An amount is for some time."""
        return cls.ends_at.col > cls.starts_at.col


class CostComparison(dy.Schema):
    """Our cost beside the bill, as finely as it tells: grain day, provider, channel, model, owners, report."""

    usage_date = day("UTC day")
    provider = text("who bills it")
    channel = text("where the model is bought")
    model = text("model id without snapshot date; NULL: all that the report does not name", nullable=True)
    account_id = text("account; NULL where not both sides know it", nullable=True)
    project_id = text("project; NULL where not both sides know it", nullable=True)
    api_key_id = text("id of the API key; NULL where not both sides know it", nullable=True)
    report = text("format of the report compared; 'usage_log': what the logs state; NULL: none", nullable=True)
    has_usage = flag("the ledger holds usage of it")
    computed_usd = usd("cost at list price of the usage that has one; NULL where none has")
    effective_usd = usd("what the same usage costs by the contract; NULL where it has no price at all")
    unpriced_quantity = count("tokens and calls without a price", unit="tokens or calls")
    is_lower_bound = flag("some of it may have cost more: buckets do not tell prompt sizes and hours")
    report_lines = count("lines of the report", unit="lines")
    billed_usd = usd("its lines of at most a day that are no credits; NULL where there are none")
    credit_usd = usd("its credits and negative lines; NULL where there are none")
    longer_usd = usd("its lines for more than a day; NULL where there are none")
    tolerance_usd = usd("half a unit of the last printed digit, over the billed lines", nullable=False)
    other_tiers = text(
        "'batch for standard': with which tier instead of which the usage costs what is billed", nullable=True
    )
    other_tier_usd = usd("what the usage costs at that tier, by the contract too")
    list_usd = usd(
        "the billed quantities at our prices, the contract's where it has one; NULL where a line cannot be priced for "
        "certain"
    )
    charged_usd = usd("what the usage costs with the marketplace's fee and with tax, where it is billed at just that")
    fee_usd = usd("of charged_usd: the marketplace's fee, below 0 its discount")
    charged_for = text("'marketplace', 'tax' or 'marketplace and tax': which of them make it so", nullable=True)
    agreed_lines = text("terms of the contract that its credits and lines for more than a day are of", nullable=True)
    uncounted_reports = text("other reports of the same day, left out, with their totals", nullable=True)


class CostReconciliation(dy.Schema):
    """Our cost against the bill; the causes add up to the gap. Same grain as core.cost_comparison."""

    usage_date = day("UTC day")
    provider = text("who bills it")
    channel = text("where the model is bought")
    model = text("model id without snapshot date; NULL: all that the report does not name", nullable=True)
    account_id = text("account; NULL where not both sides know it", nullable=True)
    project_id = text("project; NULL where not both sides know it", nullable=True)
    api_key_id = text("id of the API key; NULL where not both sides know it", nullable=True)
    report = text("format of the report compared; 'usage_log': what the logs state; NULL: none", nullable=True)
    computed_usd = usd("cost of the usage that has a price; NULL where there is none")
    reported_usd = usd("what the report states, credits included; NULL where it states nothing")
    gap_usd = usd("computed - reported, a missing side counted as 0; NULL where no usage has a price")
    contract_usd = usd("list price less what was agreed: negotiated prices and discounts (core.contract_term)")
    missing_usage_usd = usd("billed, and the ledger holds no usage of it")
    missing_report_usd = usd("usage of which no report says anything")
    marketplace_usd = usd("the marketplace's fee or discount, where the usage is billed at just that")
    tax_usd = usd("tax, where the usage is billed at just that")
    discount_usd = usd("credits and negative lines")
    longer_period_usd = usd("lines for more than a day, which no day can be held against")
    tier_usd = usd("the usage was billed at the price of another tier: it costs exactly that there")
    quantity_usd = usd("billed quantities differ from the ledger's, at our price")
    price_usd = usd("billed price differs from ours, at the billed quantity")
    rounding_usd = usd("below the precision of the printed amounts, half a cent a line at most")
    unexplained_usd = usd("what the data do not explain")
    unpriced_quantity = count("tokens and calls without a price, which no amount stands for", unit="tokens or calls")
    is_lower_bound = flag("some of it may have cost more: buckets do not tell prompt sizes and hours")
    reason = text("the gap in words")
    uncounted_reports = text("other reports of the same day, left out, with their totals", nullable=True)
