"""Plans in the columns of FOCUS: the fee is a purchase, and what it covers has its part of the fee as EffectiveCost.

A purchase that covers usage has the EffectiveCost 0, and one that covers none has its fee; so the sums of BilledCost
and of EffectiveCost are equal, day by day. See docs/decisions/0055.
"""

from decimal import Decimal

import polars as pl

from pipelines.costs.focus import DECIMAL, period
from pipelines.costs.plan_fees import PICO

_GRAIN = ("usage_date", "plan_id")
COVERS = "covers"
"""Whether a fee covers usage that has a cost."""


def cover(priced: pl.DataFrame, fees: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Usage with `covered_usd`, its part of its plan's fee of the day; and the fees, with COVERS.

    `priced`: `focus.INPUT_SCHEMA`, all usage of its days; `fees`: rows of core.plan_fee with a fee in USD. The parts
    are as the costs are and add up to the fee, to the last of twelve digits. NULL where no plan covers usage.
    """
    totals = priced.filter(pl.col("cost_usd") > 0).group_by(_GRAIN).agg(total=pl.col("cost_usd").sum())
    known = fees.join(totals, on=_GRAIN, how="left")
    by_plan = {(day, plan): (fee, total) for day, plan, fee, total in known.select(*_GRAIN, "fee_usd", "total").rows()}
    running: dict[tuple[object, object], Decimal] = {}
    parts: list[Decimal | None] = []
    for day, plan, cost in priced.select(*_GRAIN, "cost_usd").iter_rows():
        fee, total = by_plan.get((day, plan), (None, None))
        if fee is None or total is None:
            parts.append(None if plan is None else Decimal(0))
            continue
        before = running.get((day, plan), Decimal(0))
        running[day, plan] = before + cost
        parts.append(_until(fee, before + cost, total) - _until(fee, before, total))
    covered = pl.Series("covered_usd", parts, dtype=DECIMAL)
    return priced.with_columns(covered), known.with_columns(pl.col("total").is_not_null().alias(COVERS)).drop("total")


def _until(fee: Decimal, cost: Decimal, total: Decimal) -> Decimal:
    """What of a fee the first `cost` of `total` bear, rounded down to whole units."""
    return (int(fee / PICO) * int(cost / PICO) // int(total / PICO)) * PICO


def purchase_rows(fees: pl.DataFrame, columns: pl.Schema) -> pl.DataFrame:
    """One charge per fee of `cover`, in the columns of `focus.focus_rows`; those that say nothing of a fee are NULL.

    The unit is a day of the plan, so that its price times the quantity is the fee to the last digit.
    """
    fee = pl.col("fee_usd")
    sku = pl.concat_str("provider", "plan", separator="/")
    owner = pl.concat_str("kind", "id", separator="/")
    said = {
        **dict.fromkeys(("BilledCost", "ContractedCost", "ListCost", "ListUnitPrice", "ContractedUnitPrice"), fee),
        "EffectiveCost": pl.when(COVERS).then(pl.lit(0, DECIMAL)).otherwise(fee),
        "BillingCurrency": pl.lit("USD"),
        "PricingCategory": pl.lit("Standard"),
        "PricingQuantity": pl.lit(1, DECIMAL),
        "PricingUnit": pl.lit("Days"),
        **dict.fromkeys(("InvoiceIssuerName", "ProviderName", "PublisherName"), pl.col("provider")),
        **dict.fromkeys(("ServiceProviderName", "HostProviderName"), pl.col("provider")),
        "BillingAccountId": pl.when(pl.col("kind") == "account").then("id").otherwise("provider"),
        "SubAccountId": pl.when(pl.col("kind") == "project").then("id"),
        **period(),
        "ChargeCategory": pl.lit("Purchase"),
        "ChargeFrequency": pl.lit("Recurring"),
        "ChargeDescription": pl.format("{}, part of the day of the monthly fee, {}", "plan", owner),
        "ServiceCategory": pl.lit("AI and Machine Learning"),
        "ServiceSubcategory": pl.lit("Generative AI"),
        "ServiceName": pl.col("plan"),
        "SkuId": sku,
        "SkuMeter": pl.lit("seats"),
        "SkuPriceId": pl.concat_str(sku, owner, separator="/"),
        "x_ApiKeyId": pl.when(pl.col("kind") == "key").then("id"),
        "x_Channel": pl.lit("plan"),
        "x_CostBasis": pl.lit("plan_fee"),
        "x_IsLowerBound": pl.lit(value=False),
        "x_PlanName": pl.col("plan"),
        "x_PlanOwner": owner,
    }
    return fees.select(said.get(name, pl.lit(None)).cast(kind).alias(name) for name, kind in columns.items())
