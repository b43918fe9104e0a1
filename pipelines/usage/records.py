"""A usage file -> frames of records: one row per record, one column of text per field that its importer names.

JSON lines, JSON documents, CSV, TSV and Parquet, all plain, gzip or zstd. Knows forms of files, not what fields mean.
Each frame has `source_line` beside the fields: the line, or the number of the record where a file has no lines; and
`fault`, `detail`, `text`: NULL, or why the record could not be read and what may be looked at of it.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.usage import json_fields
from pipelines.usage.importer import Importer
from pipelines.usage.reading import LINE_SCHEMA, MAX_LINE_BYTES, Content, head_of, line_tables

Form = Literal["json_lines", "json", "delimited", "parquet"]

BATCH_RECORDS = 200_000
MAX_DOCUMENT_BYTES = 512 << 20
PARQUET_MAGIC = b"PAR1"
DELIMITERS = "\t,;"
FAULT_SCHEMA = {"source_line": pl.Int64(), "fault": pl.String(), "detail": pl.String(), "text": pl.String()}
csv.field_size_limit(MAX_LINE_BYTES)


def read_pieces(path: Path, form: Form, importer: Importer, content: Content) -> Iterator[pa.Table]:
    """A file in pieces: lines that hold JSON, or rows of a table. `records_of` makes records of them.

    Raises OSError, and ValueError for a file that is bad as a whole.
    """
    if form in ("parquet", "delimited"):
        rows = _parquet(path, importer.fields) if form == "parquet" else _delimited(content, importer.fields)
        return (frame.to_arrow() for frame in rows)
    return _document(content) if form == "json" else line_tables(content)


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
    faults = [(position, *json_fields.fault_of(text)) for position, text in odd.select("position", "text").iter_rows()]
    schema = {"position": pl.UInt32, "fault": pl.String, "detail": pl.String}
    found = pl.DataFrame(faults, schema=schema, orient="row")
    return numbered.update(found, on="position").drop("position", "is_object")


def _expanded(lines: pl.DataFrame, importer: Importer) -> pl.DataFrame:
    """Records that hold many rows, one by one: such formats are small reports, or need what SQL says badly."""
    fields = dict.fromkeys(importer.texts, pl.String())
    rows: list[dict[str, Any]] = []
    for line in lines.iter_rows(named=True):
        try:
            rows += _rows_of(line, importer, fields) if line["fault"] is None else [line]
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            rows.append({**line, **_why(line["text"], error)})
    schema = lines.schema | fields
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)


def _rows_of(line: dict[str, Any], importer: Importer, fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    record = json.loads(line["text"])
    if not isinstance(record, dict) or importer.expand is None:
        raise ValueError("not an object")
    place = {**line, "text": None}
    return [place | {name: json_fields.as_text(row.get(name)) for name in fields} for row in importer.expand(record)]


def _why(text: str, error: Exception) -> dict[str, str]:
    """Why a text became no rows: it is no JSON object, or none that the importer understands."""
    fault, detail = json_fields.fault_of(text)
    if fault == "unrepresentable":
        # Errors of the language itself are named only, they quote values.
        return {"fault": "not_this_format", "detail": str(error) if type(error) is ValueError else type(error).__name__}
    return {"fault": fault, "detail": detail}


def _document(content: Content) -> Iterator[pa.Table]:
    """A JSON document as lines: the objects of its list, or itself."""
    data = b"".join(_bounded(content))
    try:
        value = json.loads(data.decode("utf-8-sig"))
        texts = [json.dumps(item) for item in (value if isinstance(value, list) else [value])]
    except RecursionError:
        raise ValueError("the JSON document is nested too deeply") from None
    lines = [
        {"source_line": number, "text": text, "fault": None, "detail": None} for number, text in enumerate(texts, 1)
    ]
    yield pa.Table.from_pylist(lines, schema=LINE_SCHEMA)


def _bounded(content: Content) -> Iterator[bytes]:
    size = 0
    for block in content.blocks():
        size += len(block)
        if size > MAX_DOCUMENT_BYTES:
            raise ValueError(f"a JSON document of more than {MAX_DOCUMENT_BYTES >> 20} MiB; make it JSON lines")
        yield block
    if content.damage:
        raise ValueError(f"the rest of the file is missing: {content.damage}")


def _delimited(content: Content, fields: Mapping[str, str]) -> Iterator[pl.DataFrame]:
    """Rows of a CSV or TSV file with a header; cells may hold line ends in quotes."""
    stream = io.TextIOWrapper(
        io.BufferedReader(_BlockReader(content)), encoding="utf-8-sig", errors="replace", newline=""
    )
    header_text = stream.readline(MAX_LINE_BYTES)
    delimiter = delimiter_of(header_text)
    header = cells_of(header_text, delimiter)
    twice = [column for column in fields.values() if header.count(column) > 1]
    if twice:
        raise ValueError(f"the header names {twice[0]} more than once")
    places = {name: header.index(column) for name, column in fields.items() if column in header}
    reader = csv.reader(stream, delimiter=delimiter, strict=True)
    numbered = _numbered_rows(reader, len(header))
    schema = FAULT_SCHEMA | dict.fromkeys(fields, pl.String())
    while rows := list(islice(numbered, BATCH_RECORDS)):
        good = [(number, *map(cells.__getitem__, places.values())) for number, cells, _ in rows if cells]
        frame = pl.DataFrame(
            good, schema={"source_line": pl.Int64(), **dict.fromkeys(places, pl.String())}, orient="row"
        )
        faults = pl.DataFrame([fault for _, _, fault in rows if fault], schema=FAULT_SCHEMA)
        yield pl.concat([pl.DataFrame(schema=schema), frame, faults], how="diagonal")
    if content.damage:
        damage = _fault(reader.line_num + 2, "file_truncated", f"the rest of the file is missing: {content.damage}", "")
        yield pl.concat([pl.DataFrame(schema=schema), pl.DataFrame([damage], schema=FAULT_SCHEMA)], how="diagonal")


def _numbered_rows(reader: Any, width: int) -> Iterator[tuple[int, list[str] | None, dict[str, Any] | None]]:
    """Line number (the header is 1) with the cells, or with what is wrong with them; empty lines are left out."""
    while True:
        number = reader.line_num + 2
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield number, None, _fault(number, "invalid_csv", str(error), "")
            continue
        if not cells:
            continue
        if len(cells) == width:
            yield number, cells, None
        else:
            detail = f"{len(cells)} cells, the header has {width}"
            yield number, None, _fault(number, "wrong_column_count", detail, "")


class _BlockReader(io.RawIOBase):
    """The blocks of a content as a raw stream, which the text reader of the standard library asks for."""

    def __init__(self, content: Content) -> None:
        self._blocks = content.blocks()
        self._rest = b""

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer from the next block."""
        if not self._rest:
            self._rest = next(self._blocks, b"")
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def delimiter_of(header: str) -> str:
    """The separator that the header has most of."""
    return max(DELIMITERS, key=header.count)


def cells_of(line: str, delimiter: str) -> list[str]:
    """Cells of a header line. Raises ValueError where it is no such line."""
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, strict=True), [])]
    except csv.Error as error:
        raise ValueError(str(error)) from None


def _parquet(path: Path, fields: Mapping[str, str]) -> Iterator[pl.DataFrame]:
    """Rows of a Parquet file; a dotted place leads into a struct. Numbers and times become texts."""
    number = 1
    with pq.ParquetFile(path) as file:
        roots = {name for place in fields.values() for name in (place, place.split(".")[0])} & set(
            file.schema_arrow.names
        )
        for batch in file.iter_batches(BATCH_RECORDS, columns=sorted(roots)):
            frame = pl.DataFrame(pl.from_arrow(batch))
            texts = [_text_of(frame, place).alias(name) for name, place in fields.items()]
            numbers = pl.int_range(number, number + frame.height, dtype=pl.Int64, eager=True).alias("source_line")
            faults = [pl.lit(None, pl.String).alias(name) for name in ("fault", "detail", "text")]
            yield frame.select(*texts).with_columns(numbers, *faults)
            number += frame.height


def _text_of(frame: pl.DataFrame, place: str) -> pl.Expr:
    root, *inner = [place] if place in frame.columns else place.split(".")
    kind: Any = frame.schema.get(root)
    expression = pl.col(root)
    for name in inner:
        kind = dict(kind.to_schema()).get(name) if isinstance(kind, pl.Struct) else None
        expression = expression.struct.field(name)
    if kind is None:
        return pl.lit(None, pl.String)
    if isinstance(kind, pl.Datetime):
        zone = "Z" if kind.time_zone else ""
        return (expression.dt.convert_time_zone("UTC") if zone else expression).dt.strftime(
            f"%Y-%m-%dT%H:%M:%S%.6f{zone}"
        )
    if kind.is_nested():
        # Only of a struct there is a JSON text, of a map or list it is that of a struct around it.
        inside = pl.struct(expression.alias("x")).struct.json_encode().str.slice(5).str.head(-1)
        return pl.when(expression.is_not_null()).then(inside)
    return expression.cast(pl.String)


def _fault(number: int, fault: str, detail: str, text: str) -> dict[str, Any]:
    return {"source_line": number, "fault": fault, "detail": detail, "text": head_of(text.encode("utf-8", "replace"))}
