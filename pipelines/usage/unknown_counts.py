"""Numbers in usage objects that the format's declaration does not name: found, so that nothing is dropped in silence.

What the numbers of a format mean is in its `usage_objects`. Objects are compared by their names alone, which are the
same in nearly all records of a file; only one with a name that is not declared is looked into.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import duckdb
import msgspec
import polars as pl

from pipelines.usage.count_names import looks_like_a_count
from pipelines.usage.delimited import COLUMN_MARK
from pipelines.usage.importer import Importer, UsageObject
from pipelines.usage.rejects import SECRET

FOUND_SCHEMA = {"position": pl.UInt32(), "path": pl.String(), "value": pl.Float64()}
SHAPE = pl.Struct({"names": pl.List(pl.List(pl.String)), "lists": pl.List(pl.String)})
MAX_NUMBERS = 200
"""Of one record: a hostile one holds millions."""
MAX_DEPTH = 8
MAX_VALUE = 1e300
HIDDEN = "(a name that is not shown)"
SHOWN = re.compile(r"[A-Za-z_][\w.\[\]-]{0,199}")
PRINTED = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,18})?")


def is_unknown_column(importer: Importer, name: str) -> bool:
    """Whether a table's column is a count that the format does not know."""
    records = [one for one in importer.usage_objects if one.text is None and not one.place]
    known = {*importer.fields.values(), *(place for one in records for place in one.known)}
    return bool(records) and name not in known and looks_like_a_count(name)


def unknown_counts(
    connection: duckdb.DuckDBPyConnection, records: pl.DataFrame, importer: Importer, lines: pl.Series | None
) -> pl.DataFrame:
    """FOUND_SCHEMA: position in `records`, path, and the number, which is never 0.

    `records`: the texts of records that became rows. `lines`: the JSON of each, where its form is JSON and one record
    is one row.
    """
    found = [_in_columns(records)]
    for usage in importer.usage_objects:
        if usage.text is not None and importer.expand:
            found.append(_kept(records[usage.text], importer.fields[usage.text]))
        elif usage.text is not None and usage.text in records.columns:
            found.append(_in_objects(connection, records[usage.text], usage, importer))
        elif usage.text is None and lines is not None:
            found.append(_in_objects(connection, lines, usage, importer))
    return pl.concat([pl.DataFrame(schema=FOUND_SCHEMA), *(one for one in found if one.height)])


def kept_of(value: object, usage: UsageObject) -> str | None:
    """Of an object that `expand` has given, the numbers that mean nothing, as JSON; NULL where all mean something."""
    found = list(islice(_unknown_numbers(value, usage.known, is_record=usage.is_record), MAX_NUMBERS))
    return msgspec.json.encode(found).decode() if found else None


def _kept(texts: pl.Series, place: str) -> pl.DataFrame:
    """What `kept_of` has found, of the rows that have any."""
    numbered = texts.to_frame("text").with_row_index("position").filter(pl.col("text").is_not_null())
    found = (
        (position, _shown(f"{place}.{path}".strip(".")), value)
        for position, text in numbered.iter_rows()
        for path, value in msgspec.json.decode(text, type=list[tuple[str, float]])
    )
    return pl.DataFrame(list(found), schema=FOUND_SCHEMA, orient="row")


def _in_columns(records: pl.DataFrame) -> pl.DataFrame:
    """Of the columns of a table that are marked."""
    none = pl.DataFrame(schema=FOUND_SCHEMA)
    names = [name for name in records.columns if name.startswith(COLUMN_MARK)]
    if not names:
        return none
    numbers = records.select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("position"), *names).unpivot(
        index="position", variable_name="path", value_name="text"
    )
    value = pl.col("text").str.strip_chars().cast(pl.Float64, strict=False).abs()
    found = numbers.with_columns(value=value).filter(pl.col("value").is_between(0, MAX_VALUE, closed="right"))
    paths = {name: _shown(name.removeprefix(COLUMN_MARK)) for name in names}
    return found.with_columns(pl.col("path").replace_strict(paths, return_dtype=pl.String)).select(list(FOUND_SCHEMA))


def _in_objects(
    connection: duckdb.DuckDBPyConnection, texts: pl.Series, usage: UsageObject, importer: Importer
) -> pl.DataFrame:
    """Of the objects that have a name which is not declared."""
    known = usage.known if usage.place or usage.text else usage.known | _first_names(importer)
    is_record = not usage.place and usage.text is None
    levels = _levels(known, is_record=is_record)
    given = pl.DataFrame({"text": texts}).with_row_index("position").filter(pl.col("text").is_not_null())
    if given.is_empty():
        return pl.DataFrame(schema=FOUND_SCHEMA)
    connection.register("given", given.to_arrow(compat_level=pl.CompatLevel.newest()))
    try:
        places = _lists(known)
        names = _shape_of(usage.place, levels, places)
        shapes = [shape for (shape,) in connection.table("given").select(names).distinct().fetchall()]
        odd = [
            shape
            for shape in shapes
            if _is_odd(shape["names"], levels, is_record=is_record) or _has_odd_list(shape["lists"], places, known)
        ]
        if not odd:
            return pl.DataFrame(schema=FOUND_SCHEMA)
        inside = f"json_extract(text, {_literal(_path(usage.place, ''))})" if usage.place else "text"
        connection.register("odd", pl.DataFrame({"shape": odd}, schema={"shape": SHAPE}).to_arrow())
        query = f"SELECT position, {inside} FROM given SEMI JOIN odd ON {names} IS NOT DISTINCT FROM odd.shape"  # noqa: S608 - names that are declared
        rows = connection.sql(query).fetchall()
    finally:
        connection.unregister("given")
    above = usage.place if usage.text is None else importer.fields.get(usage.text, usage.text)
    found = (
        (position, _shown(f"{above}.{path}".strip(".")), value)
        for position, text in rows
        for path, value in _numbers(text, known, is_record=is_record)
    )
    return pl.DataFrame(list(found), schema=FOUND_SCHEMA, orient="row")


def _first_names(importer: Importer) -> frozenset[str]:
    """The names of a record that its fields begin with: what lies inside is not the record's own."""
    return frozenset(place.split(".")[0] for place in importer.fields.values())


def _levels(known: Iterable[str], *, is_record: bool) -> dict[str, frozenset[str]]:
    """Each object that declared places lead through -> the names that are known in it; '' is the outermost."""
    levels: dict[str, set[str]] = {"": set()}
    for place in known:
        parts = place.partition("[]")[0].split(".")
        for depth, part in enumerate(parts[:1] if is_record else parts):
            levels.setdefault(".".join(parts[:depth]), set()).add(part)
    return {level: frozenset(names) for level, names in levels.items()}


def _lists(known: Iterable[str]) -> list[str]:
    """The lists that declared places lead through."""
    return sorted({place.partition("[]")[0] for place in known if "[]" in place})


def _shape_of(place: str, levels: Iterable[str], lists: Sequence[str]) -> str:
    """SQL of the names in each level, and of the structures of lists, which tell all names in their elements."""
    paths = ", ".join(_literal(_path(place, level)) for level in levels)
    inside = ", ".join(
        f"TRY(json_structure(json_extract(text, {_literal(_path(place, one))}))::VARCHAR)" for one in lists
    )
    return f"{{'names': TRY(json_keys(text, [{paths}])), 'lists': [{inside}]::VARCHAR[]}}"


def _has_odd_list(structures: Iterable[str | None], lists: Iterable[str], known: frozenset[str]) -> bool:
    """Whether an element of a list has a name that is not declared. `structures`: names -> types, as JSON."""
    return any(
        _is_odd_inside(msgspec.json.decode(structure), place, known)
        for structure, place in zip(structures, lists, strict=True)
        if structure is not None
    )


def _is_odd_inside(value: object, path: str, known: frozenset[str]) -> bool:
    if path in known:
        return False
    if isinstance(value, dict):
        return any(_is_odd_inside(inner, f"{path}.{name}", known) for name, inner in value.items())
    if isinstance(value, list):
        return any(_is_odd_inside(inner, f"{path}[]", known) for inner in value)
    return value not in ("NULL", "BOOLEAN")


def _is_odd(
    shape: Sequence[Sequence[str] | None] | None, levels: dict[str, frozenset[str]], *, is_record: bool
) -> bool:
    """Whether an object has a name that is not declared, where that may be a count."""
    for names, known in zip(shape, levels.values(), strict=True) if shape is not None else ():
        unknown = set(names or ()) - known
        if any(map(looks_like_a_count, unknown)) if is_record else unknown:
            return True
    return False


def _numbers(text: str | None, known: frozenset[str], *, is_record: bool) -> Iterator[tuple[str, float]]:
    try:
        value = msgspec.json.decode(text or "null")
    except (msgspec.DecodeError, RecursionError):
        return
    yield from islice(_unknown_numbers(value, known, is_record=is_record), MAX_NUMBERS)


def _unknown_numbers(value: object, known: frozenset[str], *, is_record: bool) -> Iterator[tuple[str, float]]:
    if is_record and isinstance(value, dict):
        value = {name: inner for name, inner in value.items() if looks_like_a_count(name)}
    return _walk(value, "", known, MAX_DEPTH)


def _walk(value: object, path: str, known: frozenset[str], depth: int) -> Iterator[tuple[str, float]]:
    """Each number that is not 0 below places that are not declared, with its path."""
    if path in known or depth == 0:
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _walk(inner, f"{path}.{name}" if path else name, known, depth - 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner, f"{path}[]", known, depth - 1)
    else:
        number = _number(value)
        if number:
            yield path, number


def _number(value: object) -> float:
    """How much a value counts, 0 where it is no number. Some logs print counts as texts."""
    if isinstance(value, str):
        return float(value) if PRINTED.fullmatch(value) else 0
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    # An integer of hundreds of digits is no float.
    return min(abs(float(value)), MAX_VALUE) if -MAX_VALUE < value < MAX_VALUE else MAX_VALUE


def _shown(path: str) -> str:
    """A path that may be stored: names of a hostile log can be texts or keys."""
    return path if SHOWN.fullmatch(path) and not SECRET.search(path) else HIDDEN


def _path(place: str, level: str) -> str:
    parts = [part for part in (*place.split("."), *level.split(".")) if part]
    return "$" + "".join(f'."{part}"' for part in parts)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
