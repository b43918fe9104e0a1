"""One warehouse folder: its files, its locks, and the ways to open them. What is in the files is said elsewhere.

One process that has a DuckDB file open for writing locks out every other, so the pipeline works on a private
`build.duckdb` and people read `costs.duckdb`, a copy that is replaced whole (docs/decisions/0003-publish-by-copy.md).
"""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from pipelines.warehouse.atomic_file import atomic_file
from pipelines.warehouse.connection import attached, transaction
from pipelines.warehouse.migrate import bring_up_to_date, is_current, pending_migrations, put_aside
from pipelines.warehouse.publish import comment_tables, create_views
from pipelines.warehouse.published import PublishedWarehouse, WarehouseError

LOCK_TIMEOUT_SECONDS = 600.0


@dataclass(frozen=True)
class Warehouse(PublishedWarehouse):
    """One warehouse folder. Every command works on any of them."""

    lock_timeout_seconds: float = LOCK_TIMEOUT_SECONDS

    @property
    def build_file(self) -> Path:
        """The pipeline's own file; never open it elsewhere."""
        return self.folder / "build.duckdb"

    @property
    def inbox(self) -> Path:
        """Where usage files are dropped."""
        return self.folder / "inbox"

    @contextmanager
    def write(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The build file in one transaction, this process alone. Commits at the end, rolls back on an error."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._locked(), self._build() as connection, transaction(connection):
            yield connection

    def publish(self) -> Path:
        """Replace the published file by a copy of the build file. Readers keep the version that they have open."""
        with self._locked():
            with self._build() as connection:
                with transaction(connection):
                    comment_tables(connection)
                    create_views(connection, self.folder)
                connection.execute("CHECKPOINT")
            try:
                with atomic_file(self.published_file) as temporary:
                    shutil.copyfile(self.build_file, temporary)
            except OSError as error:
                raise WarehouseError(
                    f"cannot publish {self.published_file}: {error.strerror}; the version from before stays in place"
                ) from error
        return self.published_file

    def sweep(self) -> int:
        """Remove temporary files that a killed run left behind. Returns how many."""
        if not self.folder.is_dir():
            return 0
        with self._locked():
            strays = list(self.folder.glob(".*.duckdb*.tmp"))
            for stray in strays:
                stray.unlink()
        return len(strays)

    @contextmanager
    def only_run(self) -> Iterator[None]:
        """Keep other runs of the command line out; a killed process lets go by itself."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._locked(".run.lock"):
            yield

    @contextmanager
    def only_delivery(self) -> Iterator[None]:
        """Keep other deliveries of alerts out; a killed process lets go by itself."""
        with self._locked(".deliver.lock"):
            yield

    @contextmanager
    def _build(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The build file with every table as declared; an older one is brought up to date first."""
        with ExitStack() as stack:
            connection = stack.enter_context(attached(self.build_file))
            if not is_current(connection):
                if pending := pending_migrations(connection):
                    # Closed while it is copied: to read an open DuckDB file unlocks it.
                    stack.close()
                    put_aside(self.build_file, pending)
                    connection = stack.enter_context(attached(self.build_file))
                bring_up_to_date(connection, pending)
            yield connection

    @contextmanager
    def _locked(self, name: str = ".build.lock") -> Iterator[None]:
        lock = FileLock(self.folder / name, timeout=self.lock_timeout_seconds)
        try:
            with lock:
                yield
        except Timeout as error:
            raise WarehouseError(
                f"another run has held {self.folder} for {self.lock_timeout_seconds:.0f} s; "
                "wait for it to end, or look in the Dagster UI for one that hangs"
            ) from error
