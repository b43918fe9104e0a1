"""Lines of bills and cost reports: which restate others, which report of a day is held against the ledger.

Formats belong to their importers, storing to `store_reported_costs`, the comparison with our own figures to
`costs.reconciliation`.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from pipelines.schema.accounts import DEFAULT_ACCOUNT
from pipelines.schema.columns import polars_schema
from pipelines.schema.reported_costs import ReportedCost
from pipelines.usage.identity import is_given

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
    """The lines of the reports that are compared, one per SCOPE and account, with what a comparison needs of each.

    `reported`: columns of ReportedCost. A report is all lines of one format and grouping. The one that bills most
    counts, credits apart: a report that lags or is filtered holds less. Of those equal to the cent the one that
    names models on more lines, then has more lines, then comes first by name. Reports of different accounts never
    compete; but one that tells no account may be about the usage of those whose files do, so the larger side counts,
    unless the folder or --account sets one apart. Adds kind (billed, credit, longer),
    tolerance_usd and uncounted_reports.
    """
    is_credit = pl.col("is_credit") | (pl.col("amount_usd") < 0)
    is_longer = pl.col("ends_at") - pl.col("starts_at") > ONE_DAY
    kind = pl.when(is_credit).then(pl.lit("credit")).when(is_longer).then(pl.lit("longer")).otherwise(pl.lit("billed"))
    name = pl.concat_str("format", pl.col("grouping"), separator=" by ", ignore_nulls=True)
    apart = pl.when(is_given()).then("account_id").fill_null("")
    lines = reported.with_columns(kind=kind, tolerance_usd=_half_a_digit(), report_name=name, apart=apart)
    ranked = _ranked_reports(lines)
    said = pl.format("{}: {} USD", "report_name", "cents")
    others = ranked.filter(~pl.col("is_counted")).group_by(SCOPE).agg(uncounted_reports=said.sort().str.join("; "))
    report = [*SCOPE, "apart", "account_id", "report_name"]
    counted = ranked.filter("is_counted").select(report).join(others, on=SCOPE, how="left")
    return lines.join(counted, on=report).drop("apart")


def _ranked_reports(lines: pl.DataFrame) -> pl.DataFrame:
    account = [*SCOPE, "apart", "account_id"]
    reports = lines.group_by(*account, "report_name").agg(
        total=pl.col("amount_usd").filter(pl.col("kind") != "credit").sum(),
        with_model=pl.col("model").count(),
        lines=pl.len(),
    )
    order = {"cents": True, "with_model": True, "lines": True, "report_name": False}
    side = [*SCOPE, "apart", "is_stated"]
    ranked = (
        reports.with_columns(cents=pl.col("total").round(2).cast(pl.Decimal(38, 2)))
        .sort(*account, *order, descending=[False] * len(account) + list(order.values()))
        .with_columns(is_first=pl.int_range(pl.len()).over(account) == 0, is_stated=account_is_stated())
    )
    sides = ranked.filter("is_first").group_by(side).agg(pl.col("cents").sum())
    # Of equal sides the one that names its accounts.
    largest = sides.sort("cents", "is_stated", descending=True).unique(side[:-1], keep="first", maintain_order=True)
    counted = largest.select(*side, is_on_side=pl.lit(value=True))
    return ranked.join(counted, on=side, how="left").with_columns(
        is_counted=pl.col("is_first") & pl.col("is_on_side").fill_null(value=False)
    )


def account_is_stated() -> pl.Expr:
    """Whether the account of a row is a known one."""
    return pl.col("account_id") != DEFAULT_ACCOUNT


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
