"""Versions of the program, the libraries that its files depend on, and the schema of both database files."""

import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version

import duckdb

from pipelines.doctor.finding import Finding
from pipelines.warehouse.migrate import VERSION_TABLE, migrations

PROGRAM = "inference-cost-warehouse"
LIBRARIES = ("dagster", "duckdb", "polars")
INSTALL = "`make install` puts the locked versions into .venv"


def look_at_versions() -> Iterator[Finding]:
    """The program, Python, and the libraries that are pinned to one version."""
    python = ".".join(map(str, sys.version_info[:3]))
    try:
        yield Finding("versions", "program", f"{PROGRAM} {version(PROGRAM)}, Python {python}")
        pins = [line.split(";")[0].strip() for line in requires(PROGRAM) or []]
    except PackageNotFoundError:
        yield Finding("versions", "program", f"{PROGRAM} is not installed, Python {python}", INSTALL)
        return
    wanted = dict(line.split("==") for line in pins if "==" in line)
    for library in LIBRARIES:
        found = version(library)
        is_pinned = wanted.get(library, found) == found
        yield Finding("versions", library, found, None if is_pinned else f"{wanted[library]} is wanted; {INSTALL}")


def look_at_schema(connection: duckdb.DuckDBPyConnection, name: str) -> Finding:
    """The schema version that a file states, against that of this program."""
    newest = migrations()[-1].number
    try:
        ((found,),) = connection.execute(f"SELECT max(version) FROM {VERSION_TABLE}").fetchall()
    except (duckdb.CatalogException, duckdb.BinderException):
        found = 0
    said = f"schema version {found}, of this program {newest}"
    if (found or 0) > newest:
        return Finding("versions", name, said, "a newer program wrote it: `git pull` and `make install`")
    if (found or 0) < newest:
        return Finding("versions", name, said, "`costs run` brings it up to date, after it has put a copy aside")
    return Finding("versions", name, said)
