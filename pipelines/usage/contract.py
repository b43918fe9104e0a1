"""The row contract of every usage log: texts of records -> rows that obey `Usage`, and rejects with their reasons.

What the texts of one format mean lives in its importer. Prices, files and the ledger do not belong here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import dataframely as dy
import polars as pl

from pipelines.schema.accounts import DEFAULT_ACCOUNT
from pipelines.schema.columns import polars_schema
from pipelines.schema.derived_columns import derived_columns
from pipelines.schema.reported_costs import ReportedCost
from pipelines.schema.usage import LONGEST_BUCKET, Usage
from pipelines.usage.identity import OWNER_COLUMNS, identity_of, second_identity_of, with_shared_ids
from pipelines.usage.importer import Importer, Reading, unreadable
from pipelines.usage.rejects import PLACE, first_of_each_reason, rejects_of_faults, rejects_of_rules, rejects_of_table
from pipelines.usage.response_ids import with_provider_ids

USAGE_SCHEMA = polars_schema(Usage)
CLOCK_TOLERANCE = timedelta(days=1)
"""A bucket of today is stamped with its start, and clocks differ."""
GIVEN_ACCOUNT = "given_account"
WIDE = (
    "bucket_is_wider_than_a_day",
    "the bucket spans more than a day, and on which days its usage was cannot be told; export it by day or by hour",
)
LONG_SESSION = (
    "session_is_longer_than_a_day",
    "the tool states one sum of a session of more than a day, and on which days its usage was cannot be told; "
    "import a log of its calls, or the tool's telemetry",
)
DECLARATIONS: dict[str, type[dy.Schema]] = {"usage": Usage, "reported_cost": ReportedCost}


@dataclass(frozen=True)
class Checked:
    """Good rows in the columns of the importer's table, rejects in those of UsageReject, and how many were ignored."""

    good: pl.DataFrame
    rejects: pl.DataFrame
    more: pl.DataFrame
    """Refused records that are counted and no rejects: MORE_SCHEMA."""
    ignored: pl.DataFrame
    """import_id, lines: records that state no usage by design."""
    refused: pl.DataFrame
    """import_id, lines: records that are refused, those included whose rejects are too many to keep."""
    stating: pl.DataFrame
    """The texts of all records that state usage."""
    numbers: pl.Series
    """Of each good row the place of its record in `stating`."""


def check(records: pl.DataFrame, importer: Importer, as_of: datetime) -> Checked:
    """Read typed columns from the texts of records, apply the importer's rules, then those of its table.

    `records`: import_id, file_name, source_line, fault, detail, text, the importer's fields and, if wanted,
    given_account: whose usage it is where the file does not tell. Usage later than a day
    after `as_of` (naive UTC) is refused.
    """
    if GIVEN_ACCOUNT not in records.columns:
        records = records.with_columns(pl.lit(DEFAULT_ACCOUNT).alias(GIVEN_ACCOUNT))
    faulty = records.filter(pl.col("fault").is_not_null())
    whole = records.filter(pl.col("fault").is_null()) if faulty.height else records
    is_usage = importer.is_usage.fill_null(value=False)
    told = whole.with_columns(states_usage=is_usage)
    ignored = told.filter(~pl.col("states_usage")).group_by("import_id").agg(lines=pl.len().cast(pl.Int64))
    # A line can hold many records, so its number does not tell which of them is refused.
    stating = told.filter(pl.col("states_usage")).with_row_index("record_number")
    read, reasons = _read(stating, importer, as_of)
    broken = read.filter(pl.col("broken").is_not_null())
    good, numbers, against = _table_rules(read.filter(pl.col("broken").is_null()) if broken.height else read, importer)
    places = [faulty, stating[broken["record_number"]], stating[against["record_number"]]]
    refused = pl.concat([place.select(PLACE) for place in places])
    why = (faulty["fault"], _names(broken, reasons), against["rules"].str.split(", ").list.first())
    (faulty, more), (broken, more_broken), (against, more_against) = (
        first_of_each_reason(*group) for group in zip((faulty, broken, against), places, why, strict=True)
    )
    rejects = pl.concat(
        [
            rejects_of_faults(faulty),
            rejects_of_rules(stating, broken, reasons, importer),
            rejects_of_table(stating, against, importer),
        ]
    )
    more = pl.concat([more, more_broken, more_against])
    lines = refused.group_by("import_id").agg(lines=pl.len().cast(pl.Int64))
    return Checked(good, rejects, more, ignored, lines, stating, numbers)


def _names(broken: pl.DataFrame, reasons: list[tuple[str, str]]) -> pl.Series:
    """The rule that each record breaks."""
    names = {number: name for number, (name, _) in enumerate(reasons)}
    return broken["broken"].replace_strict(names, return_dtype=pl.String)


def usage_frame(rows: Iterable[dict[str, Any]]) -> pl.DataFrame:
    """Rows as a frame in the columns and types of Usage; what a row leaves out is NULL or derived."""
    known = list(rows)
    frame = pl.DataFrame({name: [row.get(name) for row in known] for name in USAGE_SCHEMA}, schema=USAGE_SCHEMA)
    return frame.with_columns(pl.col("account_id").fill_null(DEFAULT_ACCOUNT), **derived_columns())


def with_grouping(usage: pl.DataFrame) -> pl.DataFrame:
    """Say of every bucket by which owner columns its report is split: those that any bucket of the file has."""
    is_bucket = pl.col("grain") == "bucket"
    if not usage.select(is_bucket.any()).item():
        return usage
    given = [pl.when(pl.col(name).is_not_null().any().over("import_id")).then(pl.lit(name)) for name in OWNER_COLUMNS]
    return usage.with_columns(grouping=pl.when(is_bucket).then(pl.concat_str(given, separator=",", ignore_nulls=True)))


def _read(stating: pl.DataFrame, importer: Importer, as_of: datetime) -> tuple[pl.DataFrame, list[tuple[str, str]]]:
    """Typed columns and `broken`: the number of the first reason why a record cannot become a row."""
    values = {name: c.value if isinstance(c, Reading) else c for name, c in importer.columns.items()}
    if name := importer.response_id:
        for text in values[name].meta.root_names() if name in values else [name]:
            stating = with_provider_ids(stating, text)
    readings = [unreadable(column) for column in importer.columns.values() if isinstance(column, Reading)]
    rules = (*readings, *importer.rules)
    values = _folded(stating, values)
    conditions = _folded(stating, {str(number): rule.is_broken for number, rule in enumerate(rules)})
    # Conditions look at the texts, so they are taken in the same step as the columns that take the texts' names.
    first = pl.coalesce(
        pl.when(is_broken).then(pl.lit(number, pl.Int16)) for number, is_broken in enumerate(conditions.values())
    )
    started = "usage_at" if importer.table == "usage" else "starts_at"
    is_whole = pl.col("broken").is_null()
    is_ahead = (pl.col(started) > as_of + CLOCK_TOLERANCE) & is_whole
    is_wide = is_long_session = pl.lit(value=False)
    if importer.table == "usage" and "usage_until" in importer.columns:
        is_long = (pl.col("usage_until") - pl.col("usage_at") > LONGEST_BUCKET).fill_null(value=False)
        is_wide = is_long & (pl.col("grain") == "bucket") & is_whole
        is_long_session = is_long & (pl.col("grain") == "session") & is_whole
    account = pl.coalesce(*(name for name in ("account_id", GIVEN_ACCOUNT) if name in {*values, *stating.columns}))
    # Lazily, so that what columns and conditions share is computed once.
    typed = (
        stating.lazy()
        .with_columns(**values, broken=first)
        .with_columns(
            broken=pl.when(is_ahead)
            .then(pl.lit(len(rules), pl.Int16))
            .when(is_wide)
            .then(pl.lit(len(rules) + 1, pl.Int16))
            .when(is_long_session)
            .then(pl.lit(len(rules) + 2, pl.Int16))
            .otherwise("broken"),
            account_id=account,
        )
        .collect(engine="in-memory")
    )
    ahead = ("usage_in_the_future", f"{started} lies more than a day ahead")
    return typed, [*((rule.name, rule.detail) for rule in rules), ahead, WIDE, LONG_SESSION]


def _folded(stating: pl.DataFrame, expressions: Mapping[str, pl.Expr]) -> dict[str, pl.Expr]:
    """Expressions, those of texts that no record has as a value: a file lacks most columns that its format may have."""
    absent = {column.name for column in stating if column.null_count() == stating.height}
    constant = {
        name: expression
        for name, expression in expressions.items()
        if stating.height and absent.issuperset(expression.meta.root_names()) and expression.meta.is_row_separable()
    }
    first = stating.head(1).select(**constant)
    return {**expressions, **{name: pl.lit(first[name].item(), first[name].dtype) for name in constant}}


def _table_rules(read: pl.DataFrame, importer: Importer) -> tuple[pl.DataFrame, pl.Series, pl.DataFrame]:
    """The rows that keep the rules of their table, their numbers; of the others the number and the rules they break."""
    has_accounts = not read.select((pl.col("account_id") == DEFAULT_ACCOUNT).all()).item()
    identity = identity_of(importer, has_accounts=has_accounts)
    is_usage = importer.table == "usage"
    declaration = DECLARATIONS[importer.table]
    schema = polars_schema(declaration)
    given = {*importer.columns, "usage_id", "format_usage_id", "cost_id", "account_id", "format", "import_id"}
    given |= {"source_line"}
    derived = derived_columns() if is_usage else {"usage_date": pl.col("starts_at").dt.date()}
    rows = (
        with_shared_ids(read, importer)
        .with_columns(
            identity.alias("usage_id" if is_usage else "cost_id"),
            format=pl.lit(importer.name),
            format_usage_id=second_identity_of(importer, has_accounts=has_accounts),
        )
        .select(
            (pl.col(name) if name in given else pl.lit(None)).cast(dtype).alias(name) for name, dtype in schema.items()
        )
        .with_columns(**derived)
    )
    good, _ = declaration.filter(rows)
    if good.height == rows.height:
        against = pl.DataFrame(schema={"record_number": pl.Int64, "rules": pl.String})
        return pl.DataFrame(good), read["record_number"], against
    # Once more with the number of the record for its line, because only columns of the table come back.
    numbered = rows.with_columns(source_line=read["record_number"].cast(pl.Int64))
    kept, failures = declaration.filter(numbered)
    details = failures.details()
    names = [name for name in details.columns if name not in schema]
    rules = pl.concat_list(pl.when(pl.col(name).cast(pl.String) == "invalid").then(pl.lit(name)) for name in names)
    against = details.select(record_number="source_line", rules=rules.list.drop_nulls().list.join(", "))
    return pl.DataFrame(good), pl.DataFrame(kept)["source_line"].cast(pl.UInt32), against
