"""Alerts about the pipeline's own health and about the month's spend: frames in, alert rows out."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl

from pipelines.alerts.life import parts_of
from pipelines.alerts.message import alert, alert_frame, percent_words, usd_words
from pipelines.schema.spend import CHANGE_CAUSES
from pipelines.snapshots.user_inputs import Problem

MIN_SHIFT = Decimal("0.10")
MIN_SHIFT_USD = Decimal(1)
MIN_LEFT_OUT_USD = Decimal(1)
LARGEST_PARTS = 3
"""Causes of a change of spend that are named."""

SOURCE_FAILED = re.compile(r"(?P<source>[a-z0-9_]+) (?:could not be fetched|could not be read|is refused): ")
"""How a line of a failed run begins that is about a source."""

DIED = ""
"""Stands for the step of a run whose process ended before its time."""
PASSING = re.compile(r"(?<!HTTP )(?<!status )\b(?=\w*\d)[0-9a-f][\w.:,%-]*", re.IGNORECASE)
"""What of a reason differs from day to day: times, counts, hashes; not the status of an answer."""

Row = dict[str, Any]


def month_totals(forecast: pl.DataFrame) -> pl.DataFrame:
    """What is projected of each month, from the rows of SpendForecast for all models together, and the day before's.

    Columns: as_of, month, projected_usd, low_usd, spent_usd, is_unpriced, projected_usd_before (of the as_of one day
    earlier; NULL if there is none). Projections are of what is owed, as budgets have it; at list price where one of the
    two days does not say it, or reckoned it by another formula. What has no price is left out of the sums, which
    is_unpriced then marks as lower bounds; a month of which nothing is known has no row. Without a band low_usd is what
    is spent.
    """
    low = pl.coalesce("low_usd", "spent_usd", pl.lit(0)).alias("low_usd")
    columns = ["as_of", "month", "projected_usd", pl.col("spent_usd").fill_null(0), low, "is_unpriced"]
    totals = forecast.drop_nulls("projected_usd").select([*columns, "projected_effective_usd", "formula_version"])
    before = totals.select(
        pl.col("as_of").dt.offset_by("1d"),
        "month",
        projected_usd_before="projected_usd",
        owed_before="projected_effective_usd",
        formula_before="formula_version",
    )
    is_owed = (
        pl.col("projected_effective_usd").is_not_null()
        & (pl.col("owed_before").is_not_null() | pl.col("projected_usd_before").is_null())
        & (pl.col("formula_version").eq_missing(pl.col("formula_before")) | pl.col("formula_before").is_null())
    )
    return (
        totals.join(before, on=["as_of", "month"], how="left")
        .with_columns(
            projected_usd=pl.when(is_owed).then("projected_effective_usd").otherwise("projected_usd"),
            projected_usd_before=pl.when(is_owed).then("owed_before").otherwise("projected_usd_before"),
        )
        .drop("projected_effective_usd", "formula_version", "owed_before", "formula_before")
        .sort("as_of", "month")
    )


def projection_moved(
    totals: pl.DataFrame,
    raised_at: datetime,
    min_shift: Decimal = MIN_SHIFT,
    min_usd: Decimal = MIN_SHIFT_USD,
    changes: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """One alert per month and as-of day whose month-end projection moved by at least both limits in one day.

    `totals` as from `month_totals`. `min_shift` is a share: 0.10 is 10 %. `changes` has the columns of SpendChange, of
    a week of all usage together: it says why.
    """
    alerts = []
    why = {row["as_of"]: _change_words(row) for row in changes.to_dicts()} if changes is not None else {}
    for row in totals.drop_nulls("projected_usd_before").sort("as_of", "month").to_dicts():
        old, new = row["projected_usd_before"], row["projected_usd"]
        shift = new - old
        if abs(shift) < min_usd or abs(shift) < min_shift * abs(old):
            continue
        month = f"{row['month']:%Y-%m}"
        move = f"from {usd_words(old)} to {usd_words(new)}{percent_words(old, new)}"
        alerts.append(
            alert(
                "projection_moved",
                [month, row["as_of"]],
                "warning" if shift > 0 else "info",
                f"{month}: month-end projection moved {move}",
                [
                    f"change against the day before: {usd_words(shift, signed=True)}",
                    *([why[row["as_of"]]] if row["as_of"] in why else []),
                    _pricing_words(row),
                ],
                alert_on=row["as_of"],
                raised_at=raised_at,
                old_value=usd_words(old),
                new_value=usd_words(new),
                usd_per_month_effect=shift,
            )
        )
    return alert_frame(alerts)


def usage_left_out(overlaps: pl.DataFrame, raised_at: datetime, min_usd: Decimal = MIN_LEFT_OUT_USD) -> pl.DataFrame:
    """One alert per account, report and month of usage that is in no cost because another report states it too.

    `overlaps` has the columns of UsageOverlap. What has no price is told as well; less than `min_usd` is not.
    """
    alerts = []
    month = pl.col("usage_date").dt.month_start().alias("month")
    by = ["account_id", "report", "month"]
    sums = overlaps.group_by("account_id", "report", month, maintain_order=True).agg(
        pl.col("usage_date").max(),
        pl.col("tokens", "left_out_usd").sum(),
        days=pl.col("usage_date").n_unique(),
        has_unpriced=pl.col("left_out_usd").is_null().any(),
        counted=pl.col("counted_report").fill_null("nothing: its buckets are wider than a day").unique().sort(),
    )
    for row in sums.sort(by).iter_rows(named=True):
        if row["left_out_usd"] < min_usd and not row["has_unpriced"]:
            continue
        worth = f"{'at least ' if row['has_unpriced'] else ''}{usd_words(row['left_out_usd'])}"
        alerts.append(
            alert(
                "usage_left_out",
                [row[name] for name in by],
                "warning",
                f"{row['month']:%Y-%m}: usage worth {worth} of account {row['account_id']} is left out of cost",
                [
                    f"report: {row['report']}; {row['tokens']:,} tokens on {row['days']} days",
                    f"counted instead: {'; '.join(row['counted'])}",
                    "if it is other usage, import it with --account or from a folder below inbox/; see usage_overlap",
                ],
                alert_on=row["usage_date"],
                raised_at=raised_at,
            )
        )
    return alert_frame(alerts)


def input_refused(problems: Sequence[Problem], raised_at: datetime) -> pl.DataFrame:
    """One alert per mistake in a file or setting of the user, as long as it is there."""
    return alert_frame(
        [
            alert(
                "input_refused",
                [problem.name, problem.text],
                "warning",
                f"{problem.name} has a mistake and does not count as it is",
                [problem.text],
                alert_on=raised_at.date(),
                raised_at=raised_at,
            )
            for problem in problems
        ]
    )


def run_failed(
    job: str, failures: Mapping[str, str], raised_at: datetime, before: Mapping[str, str] | None = None
) -> pl.DataFrame:
    """One alert of what a run failed by that its steps did not fail by when they last ran; none where that is nothing.

    `failures`: what each failed step said, a cause per line; none where the process died. `before`: the same of each
    step's last run, one that went well left out; DIED where the last process of the job died.
    """
    known = set(_causes(before or {}))
    new = {cause: line for cause, line in _causes(failures or {DIED: ""}).items() if cause not in known}
    if not new:
        return alert_frame([])
    lines: dict[str, list[str]] = {}
    for (step, _), line in new.items():
        lines.setdefault(step, []).append(line)
    steps = sorted(lines)
    is_dead = steps == [DIED]
    title = f"{job} failed: its process ended before its time" if is_dead else f"{job} failed: {', '.join(steps)}"
    told = [] if is_dead else [f"{step}: {'; '.join(lines[step])}" for step in steps]
    as_before = sorted(failures.keys() - lines.keys())
    return alert_frame(
        [
            alert(
                "run_failed",
                [job, raised_at.date(), *(part for cause in sorted(new) for part in cause)],
                "critical",
                title,
                [
                    *told,
                    *([f"failing as before: {', '.join(as_before)}"] if as_before else []),
                    "what did not fail was built all the same; told once while it fails for the same reason",
                ],
                subject=[job, ",".join(steps), ",".join(_sources(list(new.values())))],
                alert_on=raised_at.date(),
                raised_at=raised_at,
            )
        ]
    )


def _sources(said: Sequence[str]) -> list[str]:
    """The sources that the lines of a failed run name, where each line names one."""
    named = [SOURCE_FAILED.match(line) for line in said]
    return sorted({one["source"] for one in named if one}) if all(named) else []


def still_failed(alerts: pl.DataFrame, failing: Callable[[str, Sequence[str]], Collection[str]]) -> pl.DataFrame:
    """Of the alerts of failed runs those whose cause holds: one of their steps failed also when it last ran.

    `failing` says of a job which of some steps failed when each last ran, DIED where its last process died.
    """
    kept = []
    for row in alerts.iter_rows(named=True):
        _, job, steps, *_ = [*parts_of(row["subject"]), "", ""]
        kept.append(not job or bool(set(steps.split(",")) & set(failing(job, steps.split(",")))))
    return alerts.filter(pl.Series(kept, dtype=pl.Boolean))


def _causes(failures: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """Step and reason without what differs each time -> the line as it was said."""
    return {
        (step, PASSING.sub("#", line)): line for step, said in failures.items() for line in (said.splitlines() or [""])
    }


def _change_words(row: Row) -> str:
    """What of the last week's spend is other than the week before, the largest parts first."""
    parts = sorted(((row[f"{name}_usd"], name) for name in CHANGE_CAUSES), key=lambda part: -abs(part[0]))
    named = [f"{name} {usd_words(usd, signed=True)}" for usd, name in parts if round(usd, 2)][:LARGEST_PARTS]
    said = f" ({', '.join(named)})" if named else ""
    return f"spend of 7 days against the 7 before: {usd_words(row['change_usd'], signed=True)}{said}"


def _pricing_words(row: Row) -> str:
    return "some usage has no price and is not counted" if row["is_unpriced"] else "all usage has a price"
