"""Pieces of usage files -> checked rows, rejects and counts: what a worker of `read_files` does with them."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache

import duckdb
import polars as pl
import pyarrow as pa

from pipelines.usage.contract import GIVEN_ACCOUNT, Checked, check
from pipelines.usage.dedup import largest_per_usage
from pipelines.usage.fields import FILE_TIME, moment
from pipelines.usage.file_format import FileFormat
from pipelines.usage.records import records_of
from pipelines.usage.response_ids import is_encrypted
from pipelines.usage.unknown_counts import unknown_counts

FILE_SCHEMA = {"import_id": pl.String, "file_name": pl.String, FILE_TIME: pl.String, GIVEN_ACCOUNT: pl.String}


@dataclass(frozen=True)
class CheckedPieces:
    """What has become of some pieces: rows, rejects, and `counts` of each file in them."""

    rows: pl.DataFrame
    rejects: pl.DataFrame
    more: pl.DataFrame
    """Refused records that are counted and not among the rejects: MORE_SCHEMA."""
    counts: pl.DataFrame
    """import_id, row_count, reject_count, ignored_count, dated_count, encrypted_count, first and last usage_date, all
    before any choice."""
    unknown: pl.DataFrame
    """import_id, path, row_count, total, first and last usage_date of unknown counts, those of chosen rows alone."""


def check_pieces(
    pieces: pa.Table, rows: list[tuple[str, str, str | None, str]], found: FileFormat, as_of: datetime
) -> CheckedPieces:
    """What a worker does. `rows`: FILE_SCHEMA of each file, by its number."""
    importer = found.importer
    with engine().cursor() as cursor:
        records = records_of(cursor, pieces, found.form, importer)
        files = pl.DataFrame(rows, schema=FILE_SCHEMA, orient="row")
        if not importer.is_dated_by_file:
            files = files.drop(FILE_TIME)
        named = pl.concat([records, files[records["file_number"]]], how="horizontal")
        split = importer.split(named) if importer.split else named
        checked = check(importer.prepare(split) if importer.prepare else split, importer, as_of)
        good = checked.good.with_columns(record=checked.numbers)
        # Most statements of one response stand close together, so most of the choice is made here, side by side.
        if importer.table == "usage" and importer.settle is None and not importer.numbers_alike:
            good = largest_per_usage(good)
        unknown = _unknown(cursor, checked.stating[good["record"]], pieces, found)
    good = good.drop("record")
    flagged = _flagged(good, unknown) if unknown.height else good
    dated = _dated_by_file(checked.good, files) if importer.is_dated_by_file else None
    return CheckedPieces(flagged, checked.rejects, checked.more, _counts(checked, dated), _by_path(good, unknown))


def _unknown(
    cursor: duckdb.DuckDBPyConnection, chosen: pl.DataFrame, pieces: pa.Table, found: FileFormat
) -> pl.DataFrame:
    """`unknown_counts` of the records that became rows."""
    importer = found.importer
    is_line = found.form in ("json", "json_lines") and importer.expand is None
    lines = None
    if is_line and any(usage.text is None for usage in importer.usage_objects):
        keys = ["file_number", "source_line"]
        given = pl.DataFrame(pl.from_arrow(pieces.select([*keys, "text"])))
        # A line that states several calls is looked into once.
        is_first = pl.struct(keys).is_first_distinct()
        found_lines = chosen.select(keys).join(given, on=keys, how="left", maintain_order="left")
        lines = found_lines.select(pl.when(is_first).then("text").alias("text"))["text"]
    return unknown_counts(cursor, chosen, importer, lines)


def _flagged(good: pl.DataFrame, unknown: pl.DataFrame) -> pl.DataFrame:
    """The rows that hold an unknown count may have cost more."""
    is_short = pl.int_range(pl.len()).is_in(unknown["position"].unique().to_list())
    # Calls that cannot be read hold numbers too, and this reason says more.
    is_told = (pl.col("lower_bound_reason") == "calls_not_read").fill_null(value=False)
    reason = pl.when(is_short & ~is_told).then(pl.lit("unknown_count")).otherwise("lower_bound_reason")
    return good.with_columns(lower_bound_reason=reason)


def _by_path(good: pl.DataFrame, unknown: pl.DataFrame) -> pl.DataFrame:
    """Unknown counts by file and path: UNKNOWN_SCHEMA."""
    places = good[unknown["position"]].select("import_id", "usage_date")
    return (
        pl.concat([unknown, places], how="horizontal")
        .group_by("import_id", "path")
        .agg(
            pl.col("position").n_unique().cast(pl.Int64).alias("row_count"),
            pl.col("value").sum().alias("total"),
            pl.col("usage_date").min().alias("first_usage_date"),
            pl.col("usage_date").max().alias("last_usage_date"),
        )
        .sort("import_id", "path")
    )


@cache
def engine() -> duckdb.DuckDBPyConnection:
    """The DuckDB of all workers, in memory. One thread in each query: they run side by side."""
    return duckdb.connect(config={"threads": 1})


def _dated_by_file(rows: pl.DataFrame, files: pl.DataFrame) -> pl.DataFrame:
    """import_id, dated_count: rows that have the time of their file."""
    times = files.select("import_id", changed=moment(FILE_TIME).value)
    dated = rows.join(times, on="import_id").filter(pl.col("usage_at") == pl.col("changed"))
    return dated.group_by("import_id").agg(dated_count=pl.len())


def _counts(checked: Checked, dated: pl.DataFrame | None) -> pl.DataFrame:
    has_ids = "usage_id" in checked.good.columns
    rows = checked.good.group_by("import_id").agg(
        row_count=pl.len(),
        encrypted_count=is_encrypted("usage_id").sum() if has_ids else pl.lit(0),
        first=pl.col("usage_date").min(),
        last=pl.col("usage_date").max(),
    )
    rejects = checked.refused.select("import_id", reject_count="lines")
    ignored = checked.ignored.select("import_id", ignored_count="lines")
    counts = rows.join(rejects, on="import_id", how="full", coalesce=True).join(
        ignored, on="import_id", how="full", coalesce=True
    )
    if dated is None:
        counts = counts.with_columns(dated_count=pl.lit(0))
    else:
        counts = counts.join(dated, on="import_id", how="left")
    numbers = pl.col("row_count", "reject_count", "ignored_count", "dated_count", "encrypted_count").fill_null(0)
    return counts.select("import_id", numbers, "first", "last")
