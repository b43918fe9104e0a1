"""Usage that several reports state: which of them counts. Rows are kept or left out whole; nothing is priced here.

A provider's report of an organisation holds the requests of a client's log, and a bucket that lags holds less than
the one that caught up. So of the reports of one account, model and day the largest counts, and the others are shown.
What cannot be the same usage never competes: two accounts, or two projects that one kind of id tells apart
(docs/decisions/0048-accounts.md).
"""

from dataclasses import dataclass, replace
from functools import partial

import polars as pl

from pipelines.costs import counted_rows
from pipelines.costs.counted_rows import PART, Rule
from pipelines.costs.repeated_sessions import repeated_sessions
from pipelines.costs.report_contest import KEY, losing_parts
from pipelines.models.model_ids import undated
from pipelines.schema.accounts import DEFAULT_ACCOUNT
from pipelines.schema.columns import polars_schema
from pipelines.schema.meters import QUANTITY_COLUMNS, TOKEN_METERS
from pipelines.schema.usage_overlap import UsageOverlap

OVERLAP_SCHEMA = polars_schema(UsageOverlap)
NO_OVERLAPS = pl.DataFrame(schema=OVERLAP_SCHEMA)
REQUESTS = "requests"
_TOKEN_COLUMNS = [QUANTITY_COLUMNS[meter] for meter in TOKEN_METERS]
_OF_GATEWAYS = ("litellm_spend_logs",)
"""Formats whose accounts are the gateway's own: under which contract it asks the providers, they do not say."""


@dataclass(frozen=True)
class Counted:
    """`usage`: the rows that count, in the columns given; `overlaps`: rows of UsageOverlap, what does not count.

    `left_out`: the rows that do not, with `report` and `counted_report`. `rule` leaves out the same of any part of the
    rows.
    """

    usage: pl.LazyFrame
    overlaps: pl.DataFrame
    left_out: pl.LazyFrame | None = None
    rule: Rule = counted_rows.every_row

    @property
    def frames(self) -> list[pl.LazyFrame]:
        """All rows, in one frame or two."""
        return [self.usage] if self.left_out is None else [self.usage, self.left_out]


def count_once(usage: pl.LazyFrame) -> Counted:
    """Leave out usage that a larger report of the same day, account, provider, channel and undated model states too.

    `usage`: columns of core.usage, one row per usage_id; a column that is NULL throughout may be left out. A report is
    all request logs together, or the buckets of one format, width and grouping. The one with most tokens counts;
    without tokens, with most requests; of equal ones the finer: requests before buckets, narrow before wide, more owner
    columns, then by name. So the order of rows and files does not matter. Days with one report per model pass through
    without a join. Buckets of more than a day, which older programs took in, count on no day.
    """
    columns = usage.collect_schema()
    repeated = repeated_sessions(usage) if "conversation_id" in columns else pl.DataFrame()
    if repeated.height:
        is_repeated = pl.col("usage_id").is_in(repeated["usage_id"].implode())
        counted = _with_repeated(count_once(usage.filter(~is_repeated)), usage.filter(is_repeated), repeated)
        return replace(
            counted, rule=partial(counted_rows.without_repeated, repeated=repeated["usage_id"], rest=counted.rule)
        )
    if "usage_until" not in columns:
        # Only buckets have an end, and without them there is one report only: all request logs together.
        return Counted(usage, NO_OVERLAPS)
    return _largest_reports(usage)


def _with_repeated(counted: Counted, rows: pl.LazyFrame, repeated: pl.DataFrame) -> Counted:
    """Add rows whose sessions a more detailed log of their tool states: `repeated_sessions`."""
    told = repeated.with_columns(counted_report=pl.format("{}, the same sessions", "counted_report"))
    named = rows.with_columns(report=pl.format("{}, by session", pl.col("format").cast(pl.String)))
    left_out = named.join(told.select("usage_id", "counted_report").lazy(), on="usage_id")
    lost = (
        counted_rows.whole(named)
        .select(*KEY, "account_id", "report", "grain", "requests", "usage_id", *_TOKEN_COLUMNS)
        .collect()
        .cast({pl.Categorical: pl.String})
        .join(told, on="usage_id")
    )
    overlaps = (
        lost.with_columns(undated(pl.col("model")), pl.col("account_id").fill_null(DEFAULT_ACCOUNT))
        .group_by(*KEY, "account_id", "report", "counted_report", "conversation_id")
        .agg(
            usage_rows=pl.len().cast(pl.Int64),
            tokens=pl.sum_horizontal(pl.col(_TOKEN_COLUMNS).fill_null(0).sum()),
            # All rows of a session and model have the same detail.
            counted_tokens=pl.col("counted_tokens").first(),
        )
        .group_by(*KEY, "account_id", "report", "counted_report")
        .agg(pl.col("usage_rows", "tokens", "counted_tokens").sum())
        .with_columns(
            left_out_usd=pl.lit(None, pl.Decimal(38, 12)),
            reason=pl.lit("a more detailed log of the same tool states these sessions, or names their responses"),
        )
    )
    frames = [left_out] if counted.left_out is None else [counted.left_out, left_out]
    everything = pl.concat([counted.overlaps, overlaps.select(OVERLAP_SCHEMA.keys()).cast(OVERLAP_SCHEMA)])
    return Counted(
        counted.usage,
        everything.sort(*KEY, "account_id", "report", "counted_report"),
        pl.concat(frames, how="diagonal_relaxed"),
        counted.rule,
    )


def _largest_reports(usage: pl.LazyFrame) -> Counted:
    parts = _parts(usage)
    losing = losing_parts(parts)
    if losing.is_empty():
        return Counted(usage, NO_OVERLAPS)
    rule = partial(counted_rows.without_parts, losing=losing.select(PART))
    left_out = counted_rows.of_parts(usage, losing.select(*PART, "report", "counted_report"))
    return Counted(rule(usage), _overlaps(losing), left_out, rule)


def _parts(usage: pl.LazyFrame) -> pl.DataFrame:
    """Rows, tokens and requests by _PART, with the undated model, the name of the report and whose it is."""
    # A tool's sums of its own sessions stand beside the logs of other tools, and beside each other.
    is_request = pl.col("grain") != "bucket"
    # A row of a request log is a request, whether or not its log says so.
    calls = pl.col("requests").fill_null(pl.when(pl.col("grain") == "request").then(1).otherwise(0))
    sums = (
        counted_rows.with_part(counted_rows.whole(usage))
        .group_by(PART)
        .agg(
            usage_rows=pl.len().cast(pl.Int64),
            tokens=pl.sum_horizontal(pl.col(_TOKEN_COLUMNS).fill_null(0).sum()),
            calls=calls.sum(),
        )
        .collect(engine="streaming")
        .cast({pl.Categorical: pl.String})
    )
    report = pl.concat_str("format", _width_text(), pl.col("grouping").fill_null("not split"), separator=", ")
    is_of_gateway = pl.col("format").is_in(_OF_GATEWAYS) & ~pl.col("is_given")
    account = pl.col("account_id").fill_null(DEFAULT_ACCOUNT)
    owner = pl.when(is_of_gateway).then(pl.lit(DEFAULT_ACCOUNT)).otherwise(account)
    return sums.with_columns(
        model=undated(pl.col("logged_model")),
        report=pl.when(is_request).then(pl.lit(REQUESTS)).otherwise(report),
        account=account,
        owner=owner,
        holder=pl.when("is_given").then(account).otherwise(pl.lit("")),
        is_bucket=~is_request,
        columns=(pl.col("grouping").str.count_matches(",", literal=True) + 1).fill_null(0),
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


def _overlaps(losing: pl.DataFrame) -> pl.DataFrame:
    """Rows of UsageOverlap, as yet without dollars."""
    report = [*KEY, "account", "report", "counted_report"]
    lost = pl.col("usage_rows", "tokens", "calls").sum()
    # What counts instead is one and the same for all of a report, or another one for each project.
    of_project = losing.group_by(*report, "counted_tokens", "counted_calls", "of_project").agg(lost)
    sums = of_project.group_by(report).agg(lost, pl.col("counted_tokens", "counted_calls").sum())
    reason = (
        pl.when(pl.col("counted_report").is_null())
        .then(pl.lit("it is wider than a day, so on which days its usage was is not known: import it by day"))
        .when(pl.col("tokens") < pl.col("counted_tokens"))
        .then(pl.lit("it holds fewer tokens than the report that counts"))
        .when((pl.col("tokens") == 0) & (pl.col("calls") < pl.col("counted_calls")))
        .then(pl.lit("neither holds tokens, and it holds fewer requests than the report that counts"))
        .otherwise(pl.lit("it holds as much as the report that counts, which is finer, or first by name"))
    )
    named = sums.with_columns(reason=reason, account_id="account", left_out_usd=pl.lit(None, pl.Decimal(38, 12)))
    return named.select(OVERLAP_SCHEMA.keys()).cast(OVERLAP_SCHEMA).sort(*KEY, "account_id", "report", "counted_report")
