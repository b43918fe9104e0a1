"""The row contract of every usage log: rows of an importer -> rows that obey `Usage`, and rejects.

Rules that hold for one format only live with its importer. Prices and files do not belong here.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.schema.usage import QUANTITY_COLUMNS, Usage, UsageReject
from pipelines.usage.importers import Row

USAGE_SCHEMA = polars_schema(Usage)
REJECT_SCHEMA = polars_schema(UsageReject)
CLOCK_TOLERANCE = timedelta(days=1)
MAX_DETAIL = 300
MAX_RAW_TEXT = 500
SHOWN = ("usage_at", "provider", "model", "service_tier", *QUANTITY_COLUMNS.values())


@dataclass(frozen=True)
class Checked:
    """Good rows in the columns of Usage, refused ones in the columns of UsageReject: one reject per row."""

    good: pl.DataFrame
    rejects: pl.DataFrame


def check(rows: Sequence[Row], as_of: datetime) -> Checked:
    """Apply the rules of Usage, and refuse usage later than a day after `as_of` (naive UTC).

    A day of tolerance, because a bucket of today is stamped with its start but clocks differ.
    """
    frame = usage_frame(rows)
    in_the_future = pl.col("usage_at") > as_of + CLOCK_TOLERANCE
    future = frame.filter(in_the_future)
    good, failure = Usage.filter(frame.filter(~in_the_future))
    details = failure.details()
    rules = [name for name in details.columns if name not in USAGE_SCHEMA]
    broken = [(row, [rule for rule in rules if row[rule] == "invalid"]) for row in details.iter_rows(named=True)] + [
        (row, ["usage_in_the_future"]) for row in future.iter_rows(named=True)
    ]
    rejects = [_reject(row, names) for row, names in broken]
    return Checked(pl.DataFrame(good), pl.DataFrame(rejects, schema=REJECT_SCHEMA))


def usage_frame(rows: Sequence[Row]) -> pl.DataFrame:
    """Rows as a frame in the columns and types of Usage; what a row leaves out is NULL, usage_date is derived."""
    frame = pl.DataFrame({name: [row.get(name) for row in rows] for name in USAGE_SCHEMA}, schema=USAGE_SCHEMA)
    return frame.with_columns(usage_date=pl.col("usage_at").dt.date())


def reject_row(import_id: str, file_name: str, source_line: int, rule: str, detail: str, raw_text: str) -> Row:
    """One row of UsageReject, cut to its limits."""
    return {
        "import_id": import_id,
        "file_name": file_name,
        "source_line": source_line,
        "rule": rule,
        "detail": " ".join(detail.split())[:MAX_DETAIL],
        "raw_text": raw_text[:MAX_RAW_TEXT],
    }


def largest_per_usage(usage: pl.DataFrame) -> pl.DataFrame:
    """One row per usage_id, in the order of the input: the one with the largest output, then requests, then the rest.

    A log states a response several times while it streams, and a provider states a bucket again when late
    requests arrive; the largest statement is the final one. Comparing every quantity, and then the earliest
    start, makes the choice the same in any order of files; rows equal in all of that keep the first.
    """
    if usage.get_column("usage_id").n_unique() == usage.height:
        return usage
    others = [name for name in QUANTITY_COLUMNS.values() if name not in ("output_tokens", "requests")]
    sizes = ["output_tokens", "requests", *others, "reported_cost_usd"]
    ranked = usage.with_row_index("position").sort(
        [*sizes, "usage_at", "position"], descending=[True] * len(sizes) + [False, False], nulls_last=True
    )
    return ranked.unique("usage_id", keep="first", maintain_order=True).sort("position").drop("position")


def _reject(row: Row, rules: list[str]) -> Row:
    shown = {name: row[name] for name in SHOWN if row[name] is not None}
    raw_text = json.dumps(shown, default=str)
    detail = f"breaks {', '.join(rules)}; usage_at {row['usage_at']}"
    return reject_row("", "", row["source_line"], rules[0], detail, raw_text)
