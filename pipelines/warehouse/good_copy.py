"""What a database file has to stand up to: it is whole, every table can be read, and it has lost no lasting row.

Looks only. What is done about a file that fails is decided by the one that asks.
"""

from collections.abc import Mapping
from pathlib import Path

import duckdb

from pipelines.schema.tables import TABLES
from pipelines.warehouse import BUILD_FILE
from pipelines.warehouse.connection import attached
from pipelines.warehouse.published import REBUILD, WarehouseError

_OWN = "source NOT IN (SELECT source FROM raw.fetch WHERE origin = 'shipped')"
"""Rows that ship with the program come and go with its versions."""
LASTING = {
    "raw.fetch": "origin <> 'shipped'",
    "raw.acceptance": "true",
    "raw.silence": "true",
    "core.token_price": _OWN,
    "core.gpu_rate": _OWN,
    "core.exchange_rate": "true",
    "core.model_lifecycle": "true",
    "core.price_hold": "true",
    "core.usage_import": "true",
    "core.usage_restatement": "true",
    "core.ledger_file": "true",
    "core.reported_cost": "true",
    "core.contract_term": "true",
    "main.alert": "true",
    "main.alert_event": "true",
    "main.alert_message": "true",
    "main.alert_notice": "true",
    "main.alert_delivery": "true",
}
"""Tables that only grow, each with its rows that do."""
USAGE = "core.usage"
_IMPORTS = "core.usage_import"


def check_size(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Raise WarehouseError if an attached file is shorter than what is used of it: DuckDB opens one that was cut off.

    Free blocks at its end need not be there.
    """
    query = "SELECT block_size * used_blocks FROM pragma_database_size() WHERE database_name = current_database()"
    ((used,),) = connection.execute(query).fetchall()
    size = file.stat().st_size
    if size < used:
        remedy = f"; {REBUILD.format(folder=file.parent)}" if file.name == BUILD_FILE else ""
        raise WarehouseError(f"{file} is cut off: it has {size} bytes, and {used} are used{remedy}")


def read_through(file: Path) -> dict[str, int]:
    """Open a file that nobody writes and read every row of every table. Returns `lasting_counts`.

    DuckDB keeps a checksum of each block, so a single bit that differs is found. Raises WarehouseError.
    """
    try:
        with attached(file, read_only=True) as connection:
            check_size(connection, file)
            fingerprints_of(connection)
            return lasting_counts(connection)
    except duckdb.Error as error:
        raise WarehouseError(f"{file} cannot be read to its end: {error}") from error


def fingerprints_of(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[int, int]]:
    """Row count and content hash of every table of an open file. Raises duckdb.CatalogException if one is missing."""
    found = {}
    for table in TABLES:
        query = f"SELECT count(*), coalesce(bit_xor(hash(row_of)), 0) FROM {table.qualified} AS row_of"
        found[table.qualified] = connection.execute(query).fetchall()[0]
    return found


def lasting_counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Rows that must not become fewer, by table, and the rows of the ledger. Tables of another program are left out."""
    queries = {table: f"SELECT count(*) FROM {table} WHERE {where}" for table, where in LASTING.items()}
    queries[USAGE] = "SELECT coalesce(sum(row_count), 0)::BIGINT FROM core.ledger_file"
    found = {}
    for table, query in queries.items():
        try:
            ((found[table],),) = connection.execute(query).fetchall()
        except (duckdb.CatalogException, duckdb.BinderException):
            continue
    return found


def shrunk(before: Mapping[str, int], after: Mapping[str, int]) -> list[str]:
    """What there is less of, one line each: 'core.usage: 361412 rows became 1412'. Pure.

    Fewer rows of usage are no loss where a file came in: it may state that two of them are one.
    """
    is_imported = after.get(_IMPORTS, 0) > before.get(_IMPORTS, 0)
    return [
        f"{table}: {count} rows became {after.get(table, 0)}"
        for table, count in before.items()
        if after.get(table, 0) < count and not (table == USAGE and is_imported)
    ]
