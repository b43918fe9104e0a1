"""A Parquet file -> frames of records: one column of text per field, and the number of each row.

Arrow holds types that no text of a log has, and time zones that the data frame library does not know. So each column
is brought to a type that has one text first, and a file with another type is refused as a whole, by name of the column.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.usage.delimited import BATCH_RECORDS, COLUMN_MARK

MAX_DECIMAL_DIGITS = 38
FIRST_TIME, LAST_TIME = datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59)


def parquet_rows(
    path: Path, fields: Mapping[str, str], is_unknown: Callable[[str], bool] = lambda name: False
) -> Iterator[pl.DataFrame]:
    """Rows in file order, each frame with `source_line`, the `fields`, and `fault`, `detail`, `text`.

    Columns that no field names are read too where `is_unknown` says so, as COLUMN_MARK and their name.

    A dotted place leads into a struct; numbers and times become texts, times with a zone in UTC. Raises ValueError for
    a column that the file has twice or whose type has no text, OSError and pa.ArrowException for a damaged file.
    """
    number = 1
    with pq.ParquetFile(path) as file:
        names = file.schema_arrow.names
        numbers = (one.name for one in file.schema_arrow if _is_number(one.type) and is_unknown(one.name))
        fields = {**fields, **{COLUMN_MARK + name: name for name in numbers}}
        roots = {name for place in fields.values() for name in (place, place.split(".")[0])} & set(names)
        twice = sorted(name for name, count in Counter(names).items() if count > 1 and name in roots)
        if twice:
            raise ValueError(f"the file has the column {twice[0]} more than once; save it with one of them")
        for batch in file.iter_batches(BATCH_RECORDS, columns=sorted(roots)):
            columns = {name: _plain(_leaf(batch, place), place) for name, place in fields.items()}
            frame = pl.DataFrame(pl.from_arrow(pa.table(columns)))
            texts = [_text(frame[name]).alias(name) for name in fields]
            places = pl.int_range(number, number + batch.num_rows, dtype=pl.Int64, eager=True).alias("source_line")
            faults = [pl.lit(None, pl.String).alias(name) for name in ("fault", "detail", "text")]
            yield frame.select(*texts).with_columns(places, *faults)
            number += batch.num_rows


def _leaf(batch: pa.RecordBatch, place: str) -> pa.Array:
    """The column at a place; nulls where the file has none."""
    root, *inner = [place] if place in batch.schema.names else place.split(".")
    if root not in batch.schema.names:
        return pa.nulls(batch.num_rows, pa.string())
    leaf = batch.column(root)
    for name in inner:
        if not pa.types.is_struct(leaf.type) or leaf.type.get_field_index(name) < 0:
            return pa.nulls(batch.num_rows, pa.string())
        leaf = pc.struct_field(leaf, name)
    return leaf


def _plain(values: pa.Array, place: str) -> pa.Array:
    """The values in a type that the data frame library reads as it is meant. Raises ValueError, without a value."""
    wanted = _plain_type(values.type, place)
    if wanted == values.type:
        return values
    try:
        # Only digits behind the microsecond are let go: a time that does not fit would become another time.
        return values.cast(wanted, safe=not _has_nanoseconds(values.type))
    except pa.ArrowException:
        raise ValueError(f"the column {place} holds values that are no {wanted}; save it as text") from None


def _plain_type(kind: pa.DataType, place: str) -> pa.DataType:
    """The type that a column is brought to. Raises ValueError for one that has no text."""
    types = pa.types
    plain = _nested_type(kind, place)
    if types.is_timestamp(kind):
        plain = pa.timestamp("us", "UTC" if kind.tz else None)
    elif types.is_decimal256(kind) and kind.precision <= MAX_DECIMAL_DIGITS:
        plain = pa.decimal128(kind.precision, kind.scale)
    elif types.is_date64(kind):
        plain = pa.timestamp("us")
    elif types.is_float16(kind):
        plain = pa.float32()
    elif _has_text(kind):
        plain = kind
    if plain is None:
        raise ValueError(f"the column {place} is of type {_kind(kind)}, which no usage format has; save it as text")
    return plain


def _nested_type(kind: pa.DataType, place: str) -> pa.DataType | None:
    """The same of a type that is made of others; None for one that is not."""
    types = pa.types
    plain = None
    if types.is_dictionary(kind):
        plain = _plain_type(kind.value_type, place)
    elif isinstance(kind, pa.BaseExtensionType):
        plain = _plain_type(kind.storage_type, place)
    elif types.is_struct(kind):
        plain = pa.struct([one.with_type(_plain_type(one.type, place)) for one in kind])
    elif types.is_map(kind):
        plain = pa.map_(_plain_type(kind.key_type, place), _plain_type(kind.item_type, place))
    elif types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        plain = pa.large_list(_plain_type(kind.value_type, place))
    return plain


def _kind(kind: pa.DataType) -> str:
    """A type as its name alone: those of nested ones hold names of the file."""
    return str(kind).split("<")[0]


def _has_text(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(
        types.is_null(kind)
        or types.is_boolean(kind)
        or types.is_integer(kind)
        or types.is_floating(kind)
        or types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_string_view(kind)
        or types.is_date32(kind)
        or types.is_time(kind)
        or (types.is_decimal(kind) and kind.precision <= MAX_DECIMAL_DIGITS)
    )


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal128(kind))


def _has_nanoseconds(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind) and kind.unit == "ns")


def _text(values: pl.Series) -> pl.Expr:
    """Values of a plain type as text."""
    column = pl.col(values.name)
    kind = values.dtype
    if isinstance(kind, pl.Datetime):
        return _within(column, FIRST_TIME, LAST_TIME, kind, "%Y-%m-%dT%H:%M:%S%.6f" + ("Z" if kind.time_zone else ""))
    if kind == pl.Date:
        return _within(column, FIRST_TIME.date(), LAST_TIME.date(), kind, "%Y-%m-%d")
    if kind.is_nested():
        # Only of a struct there is a JSON text, of a map or list it is that of a struct around it.
        inside = pl.struct(column.alias("x")).struct.json_encode().str.slice(5).str.head(-1)
        return pl.when(column.is_not_null()).then(inside)
    return column.cast(pl.String)


def _within(column: pl.Expr, first: date, last: date, kind: pl.DataType, pattern: str) -> pl.Expr:
    """Times as text. One outside of what a calendar holds ends the data frame library, so it is told in words."""
    low, high = (pl.lit(edge).cast(kind) for edge in (first, last))
    if isinstance(kind, pl.Datetime) and kind.time_zone:
        low, high = (pl.lit(edge).dt.replace_time_zone(kind.time_zone).cast(kind) for edge in (first, last))
    words = column.clip(low, high).dt.strftime(pattern)
    return pl.when(column.is_between(low, high)).then(words).when(column.is_not_null()).then(pl.lit("out of range"))
