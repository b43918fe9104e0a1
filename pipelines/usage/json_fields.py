"""JSON texts -> columns of text, one per field that an importer names. DuckDB does the parsing.

Everything is a text here, numbers as they are printed; what they mean is for `fields` and the importers.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NoReturn

import duckdb
import polars as pl
import pyarrow as pa

Tree = dict[str, Any]
Nested = Mapping[str, Mapping[str, str]]
HALF_CHARACTER = re.compile("[\ud800-\udfff]")
MAX_ITEMS = 2_000
"""Of a list whose names are looked at: a page of reports holds up to 1,440 buckets, and the first may be empty."""


def extract(
    connection: duckdb.DuckDBPyConnection,
    texts: pa.Table,
    fields: Mapping[str, str],
    kinds: Mapping[str, str],
    nested: Nested,
) -> pl.DataFrame:
    """JSON lines as one column of text per field.

    `texts`: column `text` and others that are kept. Adds the fields, for each of `kinds` the JSON type of what lies
    in that field, and `is_object`: whether the text is a JSON object; only of others the text itself stays. A field is
    NULL where the record has none, JSON null, or something else than an object above it; of an object or list it is the
    JSON text, and so it is of anything where its kind is asked for.
    """
    columns = [
        "* EXCLUDE (text, is_object)",
        "is_object",
        "CASE WHEN NOT is_object THEN text END AS text",
        *(f"{_kind(_place('record', fields[name]))} AS {_quoted(kind)}" for kind, name in kinds.items()),
    ]
    query = (
        f"SELECT {', '.join(columns)} FROM ("
        f"SELECT *, {_is_object('text', 'record')} AS is_object FROM (SELECT *, %s AS record FROM texts))"
    )
    connection.register("texts", texts)
    try:
        frame = _taken_apart(connection, query, _transform("text", fields, kinds.values()))
    finally:
        connection.unregister("texts")
    return extract_nested(connection, _flat(frame, fields), nested)


def _taken_apart(connection: duckdb.DuckDBPyConnection, query: str, transform: str) -> pl.DataFrame:
    """The result of a query in which %s is the record of each text. Texts are looked over only if one is no JSON."""
    try:
        frame: pl.DataFrame = connection.sql(query % transform).pl()
    except duckdb.InvalidInputException:
        frame = connection.sql(query % f"CASE WHEN json_valid(text) THEN {transform} END").pl()
    return frame


def _flat(frame: pl.DataFrame, fields: Mapping[str, str], record: str = "record") -> pl.DataFrame:
    """The fields of a record as columns, which polars does without a copy."""
    columns = []
    for name, path in fields.items():
        value = pl.col(record)
        for part in path.split("."):
            value = value.struct.field(part)
        columns.append(value.alias(name))
    return frame.select(pl.exclude(record), *columns)


def _kind(value: str) -> str:
    """The JSON type of a value that was written out. Nearly all are objects, which is told without parsing."""
    return f"CASE WHEN starts_with({value}, '{{') THEN 'OBJECT' ELSE json_type({value}) END"


def extract_nested(connection: duckdb.DuckDBPyConnection, records: pl.DataFrame, nested: Nested) -> pl.DataFrame:
    """Add the fields inside those fields that hold JSON text, and `..._is_object` for each of these."""
    if not nested:
        return records
    # Only these go through DuckDB: others would be copied there and back.
    texts = records.select(name for name in nested if name in records.columns)
    connection.register("records", texts.to_arrow(compat_level=pl.CompatLevel.newest()))
    try:
        frame: pl.DataFrame = _with_nested(connection.sql("FROM records"), nested).pl()
    finally:
        connection.unregister("records")
    for name, fields in nested.items():
        outer = {inner: path for inner, path in fields.items() if inner not in nested}
        frame = _flat(frame, outer, _inside(name))
    return records.hstack(frame.drop(texts.columns))


def _with_nested(outer: duckdb.DuckDBPyRelation, nested: Nested) -> duckdb.DuckDBPyRelation:
    """Each field's object as one column, and those fields inside that hold JSON text themselves.

    To plan a query of hundreds of columns takes DuckDB longer than to run it.
    """
    for name, fields in nested.items():
        held = {inner: path for inner, path in fields.items() if inner in nested}
        inside = _quoted(_inside(name))
        columns = "".join(f", {_place(inside, path)} AS {_quoted(inner)}" for inner, path in held.items())
        is_object = f"{_is_object(_quoted(name), inside)} AS {_quoted(name + '_is_object')}"
        queried = outer.query(
            "outer_records",
            f"SELECT *, {is_object}{columns} "
            f"FROM (SELECT *, TRY({_transform(_quoted(name), fields)}) AS {inside} FROM outer_records)",
        )
        if queried is None:
            raise TypeError("DuckDB took a SELECT for a statement without rows")
        outer = queried
    return outer


def _inside(name: str) -> str:
    """The column of the object that a field holds."""
    return f"inside {name}"


def _transform(text: str, fields: Mapping[str, str], as_json: Collection[str] = ()) -> str:
    return f"json_transform({text}, {_literal(json.dumps(_tree(fields, as_json)))})"


def _is_object(text: str, record: str) -> str:
    """Whether a text was read and is an object: of a number or a list json_transform makes an object of NULLs."""
    starts = f"CASE WHEN starts_with({text}, '{{') THEN true ELSE starts_with(ltrim({text}, ' \t\r\n'), '{{') END"
    return f"coalesce({record} IS NOT NULL AND {starts}, false)"


def fault_of(text: str) -> tuple[str, str]:
    """Why a text is no JSON object: the rule that it breaks, and what was found."""
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        return "invalid_json", f"{error.msg} at character {error.pos + 1} of {len(text)}"
    except (ValueError, RecursionError) as error:
        return "invalid_json", f"{type(error).__name__} in {len(text)} characters"
    if isinstance(value, dict):
        return "unrepresentable", f"a number or text that cannot be represented, in {len(text)} characters"
    return "not_an_object", f"the line is a JSON {type(value).__name__}"


def read_json(text: str | bytes) -> Any:
    """A JSON text as a value in which every number is the text that is printed; so are NaN and Infinity.

    No count, time or amount is such a text, so a record with NaN is refused where it is one. Raises ValueError for a
    text that is no JSON, RecursionError for one that is nested too deeply.
    """
    return json.loads(text, parse_float=str, parse_int=str, parse_constant=str)


def names_of(record: Tree) -> frozenset[str]:
    """The names in a record, dotted below objects and `[]` below lists, each level included.

    Of an attribute of OpenTelemetry, {"key": "model", "value": ...}, the key is a name too: "attributes[]:model".
    """
    return frozenset(_names(record, "", depth=8))


def as_text(value: object) -> str | None:
    """A JSON value as the text that `extract` would give.

    Half of a character, which JSON can escape and no text can hold, becomes a control character, which no id may hold.
    """
    if isinstance(value, str):
        return HALF_CHARACTER.sub("\x00", value)
    return None if value is None else json.dumps(value)


def _names(value: object, prefix: str, depth: int) -> Iterator[str]:
    if depth == 0:
        return
    if isinstance(value, dict):
        if "value" in value and isinstance(value.get("key"), str):
            yield f"{prefix}:{value['key']}"
        for key, inner in value.items():
            name = f"{prefix}.{key}" if prefix else str(key)
            yield name
            yield from _names(inner, name, depth - 1)
    elif isinstance(value, list):
        for inner in value[:MAX_ITEMS]:
            yield from _names(inner, f"{prefix}[]", depth)


def _tree(fields: Mapping[str, str], as_json: Collection[str]) -> Tree:
    """The nested structure that json_transform wants. A path may not lead through a field: that is `nested`."""
    root: Tree = {}
    for name, path in fields.items():
        *parents, leaf = path.split(".")
        node = root
        for parent in parents:
            node = node.setdefault(parent, {})
        node[leaf] = "JSON" if name in as_json else "VARCHAR"
    return root


def _place(root: str, path: str) -> str:
    return root + "".join(f"[{_literal(part)}]" for part in path.split("."))


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _no_constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which Python's decoder would let pass."""
    raise ValueError(name)
