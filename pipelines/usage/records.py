"""A usage file -> frames of records: one row per record, one column of text per field that its importer names.

JSON lines, JSON documents, CSV, TSV and Parquet, all plain, gzip or zstd. Knows forms of files, not what fields mean.
Each frame has `source_line` beside the fields: the line, or the number of the record where a file has no lines; and
`fault`, `detail`, `text`: NULL, or why the record could not be read and what may be looked at of it.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal

import duckdb
import polars as pl
import pyarrow as pa

from pipelines.usage import json_fields
from pipelines.usage.delimited import read_delimited
from pipelines.usage.file_content import Content
from pipelines.usage.importer import Importer
from pipelines.usage.json_document import document_tables
from pipelines.usage.line_tables import line_tables
from pipelines.usage.parquet_rows import parquet_rows
from pipelines.usage.rejects import MAX_REJECTS
from pipelines.usage.unknown_counts import is_unknown_column, kept_of

Form = Literal["json_lines", "json", "delimited", "parquet"]

FRAME_ROWS = 20_000
"""Rows in Python's own objects at once, which take ten times the memory of a frame."""
PARQUET_MAGIC = b"PAR1"


def read_pieces(path: Path, form: Form, importer: Importer, content: Content) -> Iterator[pa.Table]:
    """A file in pieces: lines that hold JSON, or rows of a table. `records_of` makes records of them.

    Raises OSError, and ValueError for a file that is bad as a whole.
    """
    if form in ("parquet", "delimited"):
        is_unknown = partial(is_unknown_column, importer)
        fields = importer.fields
        rows = (
            parquet_rows(path, fields, is_unknown) if form == "parquet" else read_delimited(content, fields, is_unknown)
        )
        return (frame.to_arrow() for frame in rows)
    return document_tables(content, importer) if form == "json" else line_tables(content)


def records_of(connection: duckdb.DuckDBPyConnection, pieces: pa.Table, form: Form, importer: Importer) -> pl.DataFrame:
    """Pieces of one or more files -> records. Columns that say which file a piece is of are kept."""
    if form in ("parquet", "delimited"):
        return json_fields.extract_nested(connection, pl.DataFrame(pl.from_arrow(pieces)), importer.nested)
    if importer.expand:
        return _expanded(pl.DataFrame(pl.from_arrow(pieces)), importer)
    return _extracted(connection, pieces, importer)


def _extracted(connection: duckdb.DuckDBPyConnection, lines: pa.Table, importer: Importer) -> pl.DataFrame:
    """Fields of JSON objects; other texts get a fault."""
    frame = json_fields.extract(connection, lines, importer.fields, importer.kinds, importer.nested)
    is_odd = ~pl.col("is_object") & pl.col("fault").is_null()
    if not frame.select(is_odd.any()).item():
        return frame.drop("is_object")
    numbered = frame.with_row_index("position")
    odd = numbered.filter(is_odd)
    if odd.height > MAX_REJECTS:
        is_told = pl.int_range(pl.len()).over("file_number") < MAX_REJECTS
        numbered = numbered.with_columns(fault=pl.when(is_odd).then(pl.lit("invalid_json")).otherwise("fault"))
        odd = odd.filter(is_told)
    faults = [(position, *json_fields.fault_of(text)) for position, text in odd.select("position", "text").iter_rows()]
    schema = {"position": pl.UInt32, "fault": pl.String, "detail": pl.String}
    found = pl.DataFrame(faults, schema=schema, orient="row")
    return numbered.update(found, on="position").drop("position", "is_object")


def _expanded(lines: pl.DataFrame, importer: Importer) -> pl.DataFrame:
    """Records that hold many rows, one by one: such formats are small reports, or need what SQL says badly."""
    schema = lines.schema | dict.fromkeys(importer.texts, pl.String())
    frames = [pl.DataFrame(schema=schema)]
    rows: list[dict[str, Any]] = []
    for line in lines.iter_rows(named=True):
        try:
            rows += _rows_of(line, importer) if line["fault"] is None else [line]
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            rows.append({**line, **_why(line["text"], error)})
        if len(rows) >= FRAME_ROWS:
            frames.append(_frame(rows, schema))
            rows = []
    return pl.concat([*frames, _frame(rows, schema)])


def _frame(rows: list[dict[str, Any]], schema: Mapping[str, Any]) -> pl.DataFrame:
    return pl.DataFrame({name: [row.get(name) for row in rows] for name in schema}, schema=schema)


def _rows_of(line: dict[str, Any], importer: Importer) -> list[dict[str, Any]]:
    record = json_fields.read_json(line["text"])
    if not isinstance(record, dict) or importer.expand is None:
        raise ValueError("not an object")
    place = {**line, "text": None}
    objects = {usage.text: usage for usage in importer.usage_objects}
    names = [name for name in importer.texts if name not in objects]
    return [
        place
        | {name: json_fields.as_text(row.get(name)) for name in names}
        | {name: kept_of(row.get(name), usage) for name, usage in objects.items() if name}
        for row in importer.expand(record)
    ]


def _why(text: str, error: Exception) -> dict[str, str]:
    """Why a text became no rows: it is no JSON object, or none that the importer understands."""
    fault, detail = json_fields.fault_of(text)
    if fault == "unrepresentable":
        # Errors of the language itself are named only, they quote values.
        return {"fault": "not_this_format", "detail": str(error) if type(error) is ValueError else type(error).__name__}
    return {"fault": fault, "detail": detail}
