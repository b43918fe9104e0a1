"""Lines of bills and cost reports: which restate others, which report of a day is held against the ledger.

Formats belong to their importers, storing to `import_files`, the comparison with our own figures to
`costs.reconciliation`.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.schema.reported_costs import ReportedCost

REPORTED_SCHEMA = polars_schema(ReportedCost)
PROVENANCE = ("import_id", "source_line")
STATED = [name for name in REPORTED_SCHEMA if name not in PROVENANCE]
SCOPE = ["usage_date", "provider", "channel"]
"""Reports of one scope are about the same usage."""

ONE_DAY = timedelta(days=1)
HALF_A_CENT = 0.005
SMALLEST = 1e-9
"""Below a billionth of a dollar a difference is the noise of binary numbers, in which several reports are kept."""


@dataclass(frozen=True)
class Restatement:
    """`rows`: new and restated lines, in the columns of ReportedCost; `dates`: days whose lines changed."""

    rows: pl.DataFrame
    dates: list[date]


def restate(known: pl.DataFrame, imported: pl.DataFrame) -> Restatement:
    """What an import changes. Both frames have the columns of ReportedCost; `known` is a line per cost_id.

    A line of the import replaces the known one of its cost_id; within an import the last line counts. Lines that
    state what is known already change nothing, whatever file they are in.
    """
    latest = imported.sort("source_line").unique("cost_id", keep="last", maintain_order=True)
    rows = latest.join(known, on=STATED, how="anti", nulls_equal=True).select(REPORTED_SCHEMA.keys())
    replaced = known.join(rows, on="cost_id", how="semi")
    return Restatement(rows, sorted({*rows["usage_date"], *replaced["usage_date"]}))


def lines_of_bills(reported: pl.DataFrame) -> pl.DataFrame:
    """The lines of the one report per SCOPE that is compared, with what a comparison needs of each.

    `reported`: columns of ReportedCost. A report is all lines of one format and grouping. The one that bills most
    counts, credits apart: a report that lags or is filtered holds less. Of those equal to the cent the one that
    names models on more lines, then has more lines, then comes first by name. Adds kind (billed, credit, longer),
    tolerance_usd and uncounted_reports.
    """
    is_credit = pl.col("is_credit") | (pl.col("amount_usd") < 0)
    is_longer = pl.col("ends_at") - pl.col("starts_at") > ONE_DAY
    kind = pl.when(is_credit).then(pl.lit("credit")).when(is_longer).then(pl.lit("longer")).otherwise(pl.lit("billed"))
    name = pl.concat_str("format", pl.col("grouping"), separator=" by ", ignore_nulls=True)
    lines = reported.with_columns(kind=kind, tolerance_usd=_half_a_digit(), report_name=name)
    ranked = _ranked_reports(lines)
    said = pl.format("{}: {} USD", "report_name", "cents")
    others = ranked.filter(pl.col("rank") > 0).group_by(SCOPE).agg(uncounted_reports=said.sort().str.join("; "))
    counted = ranked.filter(rank=0).select(*SCOPE, "report_name").join(others, on=SCOPE, how="left")
    return lines.join(counted, on=[*SCOPE, "report_name"])


def _ranked_reports(lines: pl.DataFrame) -> pl.DataFrame:
    reports = lines.group_by(*SCOPE, "report_name").agg(
        total=pl.col("amount_usd").filter(pl.col("kind") != "credit").sum(),
        with_model=pl.col("model").count(),
        lines=pl.len(),
    )
    order = {"cents": True, "with_model": True, "lines": True, "report_name": False}
    return (
        reports.with_columns(cents=pl.col("total").round(2).cast(pl.Decimal(38, 2)))
        .sort(*SCOPE, *order, descending=[False] * len(SCOPE) + list(order.values()))
        .with_columns(rank=pl.int_range(pl.len()).over(SCOPE))
    )


def _half_a_digit() -> pl.Expr:
    """Half a unit of the last printed digit in USD, at most half a cent: what rounding may hide in one line.

    The unit follows from amount and printed text: 123.78912 printed for 1.2378912 USD are cents.
    """
    printed = pl.col("printed_amount").str.replace_all(",", "", literal=True)
    digits = printed.str.extract(r"\.(\d+)\D*$").str.len_chars().fill_null(0)
    number = printed.str.extract(r"(-?\d+(?:\.\d+)?)").cast(pl.Float64)
    usd_per_unit = (pl.col("amount_usd").cast(pl.Float64) / number).abs()
    unit = pl.when(usd_per_unit.is_finite() & (usd_per_unit > 0)).then(usd_per_unit).otherwise(1.0)
    half = pl.lit(10.0).pow(-digits.cast(pl.Float64)) * unit / 2
    has_exponent = printed.str.contains(r"\d[eE][+-]?\d")
    return pl.when(has_exponent).then(SMALLEST).otherwise(half.clip(SMALLEST, HALF_A_CENT))
