"""Our cost beside what bills and logs say: one row of core.cost_comparison per group that either side knows.

Here both sides are brought to one level and summed; sql/marts/cost_reconciliation.sql says what explains a gap.
"""

from collections.abc import Iterator

import polars as pl

from pipelines.costs.contract_causes import agreed_lines, with_charges
from pipelines.costs.cost_groups import GROUP, Levels, levels_of
from pipelines.costs.gap_causes import at_other_tiers, at_our_prices
from pipelines.costs.our_prices import OurPrices
from pipelines.schema.columns import polars_schema
from pipelines.schema.offers import MODEL_KEY
from pipelines.schema.reported_costs import CostComparison
from pipelines.usage.reported_costs import REPORTED_SCHEMA, SCOPE, SMALLEST, lines_of_bills

COMPARISON_SCHEMA = polars_schema(CostComparison)
USAGE_LOG = "usage_log"
"""The report that a log is about itself, where it states the cost of its requests."""


def compare(usage: pl.LazyFrame, costs: pl.DataFrame, reported: pl.DataFrame, prices: OurPrices) -> pl.DataFrame:
    """Rows of core.cost_comparison for some days.

    `usage`: the rows of core.usage that count; `costs`: their core.usage_cost; `reported`: core.reported_cost of the
    same days; `prices`: of the models of both. Where a bill covers day, provider and channel it is
    compared; elsewhere the usage whose log states a cost is compared with that, and the rest with nothing.
    """
    bills = lines_of_bills(reported)
    has_bill = bills.select(SCOPE).unique().lazy()
    stated = usage.filter(pl.col("reported_cost_usd").is_not_null()).join(has_bill, on=SCOPE, how="anti")
    statements = _statements(stated)
    if statements.is_empty():
        return _compared(usage, costs, bills, prices)
    others = pl.concat(
        [
            usage.join(has_bill, on=SCOPE, how="semi"),
            usage.filter(pl.col("reported_cost_usd").is_null()).join(has_bill, on=SCOPE, how="anti"),
        ]
    )
    parts = [(others, bills), (stated, statements)]
    return pl.concat(_compared(part, prices.of(part), lines, prices) for part, lines in parts)


def models_to_price(used: pl.DataFrame, reported: pl.DataFrame) -> pl.DataFrame:
    """MODEL_KEY of the models in use, and of those that reports name, in their region or in those in use."""
    regions = used.select("provider", "channel", used_region="region").unique()
    named = reported.filter(pl.col("model").is_not_null()).select(MODEL_KEY).unique()
    placed = named.join(regions, on=["provider", "channel"], how="left").with_columns(
        region=pl.coalesce("region", "used_region")
    )
    return pl.concat([used.select(MODEL_KEY), placed.drop_nulls("region").select(MODEL_KEY)]).unique()


def _statements(stated: pl.LazyFrame) -> pl.DataFrame:
    """What logs state, as lines of a bill: one per day, provider, channel, model, account, project and key."""
    sums = (
        stated.group_by(*SCOPE, "model", "account_id", "project_id", "api_key_id")
        .agg(amount_usd=pl.col("reported_cost_usd").sum(), rows=pl.len())
        .collect()
    )
    line = {
        "kind": pl.lit("billed"),
        "format": pl.lit(USAGE_LOG),
        "tolerance_usd": pl.col("rows") * SMALLEST,
        "uncounted_reports": pl.lit(None, pl.String()),
    }
    missing = {name: pl.lit(None, dtype) for name, dtype in REPORTED_SCHEMA.items() if name not in sums.columns}
    return sums.with_columns(**(missing | line)).drop("rows")


def _compared(usage: pl.LazyFrame, costs: pl.DataFrame, lines: pl.DataFrame, prices: OurPrices) -> pl.DataFrame:
    levels = levels_of(costs, lines)
    sides = _ours(costs, levels).join(_theirs(lines, levels), on=GROUP, how="full", coalesce=True, nulls_equal=True)
    reports = lines.group_by(SCOPE).agg(
        report=pl.col("format").unique().sort().str.join(", "), uncounted_reports=pl.col("uncounted_reports").first()
    )
    sides = sides.join(reports, on=SCOPE, how="left")
    for cause in _causes(usage, costs, lines, prices, levels, sides):
        sides = sides.join(cause, on=GROUP, how="left", nulls_equal=True)
    return _in_shape(sides)


def _ours(costs: pl.DataFrame, levels: Levels) -> pl.DataFrame:
    is_priced = pl.col("effective_cost_usd").is_not_null()
    is_listed = pl.col("cost_usd").is_not_null()
    return levels.of_costs(costs).group_by(GROUP).agg(
        has_usage=pl.lit(value=True),
        computed_usd=pl.when(is_listed.any()).then(pl.col("cost_usd").sum()),
        effective_usd=pl.when(is_priced.any()).then(pl.col("effective_cost_usd").sum()),
        unpriced_quantity=pl.col("quantity").filter(~is_priced).sum(),
        is_lower_bound=pl.col("is_lower_bound").any(),
    )  # fmt: skip


def _theirs(lines: pl.DataFrame, levels: Levels) -> pl.DataFrame:
    def amount(kind: str) -> pl.Expr:
        of_kind = pl.col("amount_usd").filter(pl.col("kind") == kind)
        return pl.when(of_kind.len() > 0).then(of_kind.sum())

    return levels.of_lines(lines).group_by(GROUP).agg(
        billed_usd=amount("billed"),
        credit_usd=amount("credit"),
        longer_usd=amount("longer"),
        tolerance_usd=pl.col("tolerance_usd").filter(pl.col("kind") == "billed").sum(),
        report_lines=pl.len().cast(pl.Int64),
    )  # fmt: skip


def _causes(
    usage: pl.LazyFrame,
    costs: pl.DataFrame,
    lines: pl.DataFrame,
    prices: OurPrices,
    levels: Levels,
    sides: pl.DataFrame,
) -> Iterator[pl.DataFrame]:
    """Figures that may explain a gap, for groups with a gap whose usage has a price throughout."""
    difference = (pl.col("effective_usd") - pl.col("billed_usd")).abs()
    open_groups = sides.filter(pl.col("unpriced_quantity") == 0, difference > pl.col("tolerance_usd"))
    if not open_groups.is_empty():
        columns = ("effective_usd", "billed_usd", "tolerance_usd")
        yield at_other_tiers(usage, costs, prices, levels, open_groups.select(*GROUP, *columns))
        yield with_charges(costs, prices, levels, open_groups)
        of_open = lines.filter(kind="billed").join(open_groups, on=SCOPE, how="semi")
        yield at_our_prices(of_open, costs, prices, levels)
    yield agreed_lines(sides, prices)


def _in_shape(sides: pl.DataFrame) -> pl.DataFrame:
    """Columns and types of CostComparison; what no group needed is NULL."""
    missing = {name: pl.lit(None, dtype) for name, dtype in COMPARISON_SCHEMA.items() if name not in sides.columns}
    return (
        sides.with_columns(**missing)
        .with_columns(pl.col("has_usage", "is_lower_bound").fill_null(value=False))
        .with_columns(pl.col("unpriced_quantity", "report_lines", "tolerance_usd").fill_null(0))
        .select(pl.col(name).cast(dtype) for name, dtype in COMPARISON_SCHEMA.items())
        .sort(*GROUP, "report")
    )
