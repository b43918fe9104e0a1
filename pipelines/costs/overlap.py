"""Usage that several reports state: which of them counts. Rows are kept or left out whole; nothing is priced here.

A provider's report of an organisation holds the requests of a client's log, and a bucket that lags holds less than
the one that caught up. So of the reports of one model and day the largest counts, and the others are shown.
"""

from dataclasses import dataclass

import polars as pl

from pipelines.models.model_ids import undated
from pipelines.schema.columns import polars_schema
from pipelines.schema.meters import QUANTITY_COLUMNS, TOKEN_METERS
from pipelines.schema.usage import Usage
from pipelines.schema.usage_overlap import UsageOverlap

OVERLAP_SCHEMA = polars_schema(UsageOverlap)
KEY = ["usage_date", "provider", "channel", "model"]
REQUESTS = "requests"
_PART = ["usage_date", "provider", "channel", "logged_model", "grain", "format", "width", "grouping"]
"""The finest rows of the small frame: one per model id as logged and kind of report."""
_TOKEN_COLUMNS = [QUANTITY_COLUMNS[meter] for meter in TOKEN_METERS]


@dataclass(frozen=True)
class Counted:
    """`usage`: the rows that count, in the columns given; `overlaps`: rows of UsageOverlap, what does not count."""

    usage: pl.LazyFrame
    overlaps: pl.DataFrame


def count_once(usage: pl.LazyFrame) -> Counted:
    """Leave out usage that a larger report of the same day, provider, channel and undated model states too.

    `usage`: columns of core.usage, one row per usage_id; a column that is NULL throughout may be left out. A report is
    all request logs together, or the buckets of one format, width and grouping. The one with most tokens counts;
    without tokens, with most requests; of equal ones the finer: requests before buckets, narrow before wide, more owner
    columns, then by name. So the order of rows and files does not matter. Days with one report per model pass through
    without a join.
    """
    columns = usage.collect_schema()
    if "usage_until" not in columns:
        # Only buckets have an end, and without them there is one report only: all request logs together.
        return Counted(usage, pl.DataFrame(schema=OVERLAP_SCHEMA))
    missing = {name: pl.lit(None, kind) for name, kind in polars_schema(Usage).items() if name not in columns}
    return _largest_reports(usage.with_columns(**missing) if missing else usage)


def _largest_reports(usage: pl.LazyFrame) -> Counted:
    parts = _parts(usage)
    ranked = _ranked(parts)
    losers = ranked.filter(pl.col("rank") > 0)
    if losers.is_empty():
        return Counted(usage, pl.DataFrame(schema=OVERLAP_SCHEMA))
    left_out = parts.join(losers.select(*KEY, "report"), on=[*KEY, "report"], how="semi").select(_PART)
    is_affected = pl.col("usage_date").is_in(losers["usage_date"].unique().to_list())
    kinds = usage.collect_schema() | {"width": pl.Duration("us")}
    named = usage.filter(is_affected).with_columns(_width(), logged_model="model")
    # Codes are joined with codes: the small frame takes on the types of the ledger.
    coded = left_out.with_columns(pl.col(name).cast(kinds.get(name, kinds["model"])) for name in _PART)
    kept = named.join(coded.lazy(), on=_PART, how="anti", nulls_equal=True).drop("width", "logged_model")
    return Counted(pl.concat([usage.filter(~is_affected), kept]), _overlaps(losers, ranked.filter(rank=0)))


def _width() -> pl.Expr:
    return (pl.col("usage_until") - pl.col("usage_at")).alias("width")


def _parts(usage: pl.LazyFrame) -> pl.DataFrame:
    """Rows, tokens and requests by _PART, with the undated model and the name of the report."""
    # A tool's sums of its own sessions stand beside the logs of other tools, and beside each other.
    is_request = pl.col("grain") != "bucket"
    # A row of a request log is a request, whether or not its log says so.
    calls = pl.col("requests").fill_null(pl.when(pl.col("grain") == "request").then(1).otherwise(0))
    sums = (
        usage.with_columns(_width(), logged_model="model")
        .group_by(_PART)
        .agg(
            usage_rows=pl.len().cast(pl.Int64),
            tokens=pl.sum_horizontal(pl.col(_TOKEN_COLUMNS).fill_null(0).sum()),
            calls=calls.sum(),
        )
        .collect(engine="streaming")
        .cast({pl.Categorical: pl.String})
    )
    report = pl.concat_str("format", _width_text(), pl.col("grouping").fill_null("not split"), separator=", ")
    return sums.with_columns(
        model=undated(pl.col("logged_model")), report=pl.when(is_request).then(pl.lit(REQUESTS)).otherwise(report)
    )


def _width_text() -> pl.Expr:
    seconds = pl.col("width").dt.total_seconds()
    return (
        pl.when(seconds % 86_400 == 0)
        .then(pl.format("{} d", seconds // 86_400))
        .when(seconds % 3_600 == 0)
        .then(pl.format("{} h", seconds // 3_600))
        .otherwise(pl.format("{} s", seconds))
    )


def _ranked(parts: pl.DataFrame) -> pl.DataFrame:
    """One row per KEY and report with its rank; 0 is the one that counts."""
    columns = (pl.col("grouping").str.count_matches(",", literal=True) + 1).fill_null(0)
    reports = parts.group_by([*KEY, "report"]).agg(
        pl.col("usage_rows", "tokens", "calls").sum(),
        is_bucket=(pl.col("grain") == "bucket").any(),
        width=pl.col("width").max(),
        columns=columns.max(),
    )
    order = {"tokens": True, "calls": True, "is_bucket": False, "width": False, "columns": True, "report": False}
    return (
        reports.with_columns(calls=pl.when(pl.col("tokens") == 0).then("calls").otherwise(0))
        .sort(*KEY, *order, descending=[False] * len(KEY) + list(order.values()))
        .with_columns(rank=pl.int_range(pl.len()).over(KEY))
    )


def _overlaps(losers: pl.DataFrame, winners: pl.DataFrame) -> pl.DataFrame:
    better = winners.select(*KEY, counted_report="report", counted_tokens="tokens", counted_calls="calls")
    reason = (
        pl.when(pl.col("tokens") < pl.col("counted_tokens"))
        .then(pl.lit("it holds fewer tokens than the report that counts"))
        .when(pl.col("calls") < pl.col("counted_calls"))
        .then(pl.lit("neither holds tokens, and it holds fewer requests than the report that counts"))
        .otherwise(pl.lit("it holds as much as the report that counts, which is finer, or first by name"))
    )
    return losers.join(better, on=KEY).with_columns(reason=reason).select(OVERLAP_SCHEMA.keys()).sort(*KEY, "report")
