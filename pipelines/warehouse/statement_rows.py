"""The rows of a statement that a person wrote, as a frame: what polars has no type for comes as its text."""

import re

import duckdb
import polars as pl

NO_TYPE = re.compile(r"\b(INTERVAL|TIME WITH TIME ZONE|BLOB|BIT|BIGNUM|UHUGEINT|UNION|VARIANT|GEOMETRY)\b")
"""Types of DuckDB that polars cannot hold, or cannot write as JSON or CSV."""
LAST_DAY = 2_932_896
"""9999-12-31 in days since 1970; what is beyond it, infinity among it, is no day of Python's."""
FIRST_DAY = -719_162
DIGITS = 38
"""What polars and Python keep of a number; a HUGEINT may have one more."""


def rows_of(found: duckdb.DuckDBPyRelation) -> pl.DataFrame:
    """All rows. Columns keep their names; two of one name are told apart by a number."""
    plain = _as_text(found, [place for place, kind in enumerate(found.types) if NO_TYPE.search(str(kind))])
    frame: pl.DataFrame = plain.pl()
    beyond = [place for place, column in enumerate(frame.iter_columns()) if _is_beyond(column)]
    if beyond:
        frame = _as_text(plain, beyond).pl()
    return frame


def _as_text(found: duckdb.DuckDBPyRelation, places: list[int]) -> duckdb.DuckDBPyRelation:
    if not places:
        return found
    # A column is named by its place, as two may have one name.
    names = [f"c{place}" for place in range(len(found.columns))]
    picked = (
        f"{name}{'::VARCHAR' if place in places else ''} AS {_quoted(column)}"
        for place, (name, column) in enumerate(zip(names, found.columns, strict=True))
    )
    statement = f"SELECT {', '.join(picked)} FROM found AS found({', '.join(names)})"
    texts = found.query("found", statement)
    assert texts is not None, "a SELECT has rows"  # noqa: S101
    return texts


def _is_beyond(column: pl.Series) -> bool:
    if column.dtype == pl.Decimal(DIGITS, 0):
        return bool((column.cast(pl.Float64).abs() >= 10.0**DIGITS).any())
    if column.dtype not in (pl.Date, pl.Datetime) or column.null_count() == len(column):
        return False
    days = column.to_physical()
    if isinstance(column.dtype, pl.Datetime):
        days = days // {"ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}[column.dtype.time_unit]
    return bool(((days < FIRST_DAY) | (days > LAST_DAY)).any())


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
