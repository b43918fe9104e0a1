"""The file that people query, as its readers find and open it. Knows no table, and nothing of how the file is made."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.warehouse.warehouse_error import WarehouseError as WarehouseError  # noqa: PLC0414 - others import it from here

REPORT_FILE = "report.html"
"""The page beside the published file."""
FOLDER_VARIABLE = "warehouse"
"""The variable of a session that says where the ledger is, for a file that is no longer where it was published."""

REBUILD = "`costs --warehouse {folder} rebuild` makes it anew from what lies beside it, and says what is lost"
"""The remedy for a database that is lost or damaged. Nothing is deleted by it."""
OPENINGS = 20
"""A file is replaced once a run: so many in a row mean that something else replaces it."""


@dataclass(frozen=True)
class PublishedWarehouse:
    """One warehouse folder, to be read. `database.Warehouse` writes it."""

    folder: Path

    @property
    def published_file(self) -> Path:
        """The file that people query."""
        return self.folder / "costs.duckdb"

    @contextmanager
    def read(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The published file, read only. Raises WarehouseError where there is none."""
        if not self.published_file.exists():
            raise WarehouseError(
                f"{self.published_file} does not exist yet; `costs run`, `costs build` (offline) or `costs demo` makes "
                "it, and `costs cost --from-logs` and `costs prices` answer without it"
            )
        with open_published(self.published_file) as connection:
            # The folder may have been moved since the file was published. No declaration is needed to quote a path.
            folder = str(self.folder.resolve()).replace("'", "''")
            connection.execute(f"SET VARIABLE {FOLDER_VARIABLE} = '{folder}'")
            yield connection


def open_published(file: Path) -> duckdb.DuckDBPyConnection:
    """A published file, read only. Raises duckdb.Error where it does not open.

    DuckDB opens a file three times by its name: where it is replaced meanwhile, the header is one file's and the tables
    are another's. Such an opening fails or, worse, does not; it is made again.
    """
    for _ in range(OPENINGS):
        before = _identity(file)
        try:
            connection = duckdb.connect(str(file), read_only=True)
        except duckdb.Error:
            if _identity(file) == before:
                raise
            continue
        if _identity(file) == before:
            return connection
        connection.close()
    raise WarehouseError(f"{file} was replaced {OPENINGS} times while it was opened; look what writes it")


def _identity(file: Path) -> tuple[int, int]:
    found = file.stat()
    return found.st_ino, found.st_mtime_ns
