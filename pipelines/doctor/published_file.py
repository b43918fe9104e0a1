"""The file that people query against the build file that it is a copy of. Both are only read."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pipelines.doctor.finding import Finding
from pipelines.warehouse.good_copy import fingerprints_of
from pipelines.warehouse.published import open_published

Fingerprints = Mapping[str, tuple[int, int]]
PUBLISH = "`costs run` publishes it again"


@contextmanager
def read_only(file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB file, never made and never written. Raises duckdb.Error."""
    with open_published(file) as connection:
        yield connection


def look_at_build(file: Path) -> Fingerprints:
    """Count and hash of every table, each row read. Raises duckdb.Error where the file is damaged or of another schema.

    Only while nobody writes it: the caller asks for the lock first.
    """
    with read_only(file) as connection:
        return fingerprints_of(connection)


def compare(built: Fingerprints, published: Fingerprints) -> Finding:
    """Where the two differ, by table."""
    differing = [
        f"{name} ({published[name][0]} rows published, {rows[0]} built)"
        for name, rows in built.items()
        if published.get(name) != rows
    ]
    if not differing:
        return Finding("published", "tables", f"all {len(built)} are those of the build file")
    return Finding("published", "tables", f"{len(differing)} differ: {', '.join(differing)}", PUBLISH)
