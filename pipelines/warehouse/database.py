"""One warehouse folder: its files, its locks, and the ways to open them. What is in the files is said elsewhere.

One process that has a DuckDB file open for writing locks out every other, so the pipeline works on a private
`build.duckdb` and people read `costs.duckdb`, a copy that is replaced whole (docs/decisions/0003-publish-by-copy.md).
"""

import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from pipelines.warehouse import BUILD_FILE
from pipelines.warehouse.atomic_file import atomic_file
from pipelines.warehouse.connection import attached, transaction, wal_of
from pipelines.warehouse.good_copy import check_size, lasting_counts, read_through, shrunk
from pipelines.warehouse.migrate import bring_up_to_date, has_tables, is_current, pending_migrations, put_aside
from pipelines.warehouse.object_store import MARKER
from pipelines.warehouse.publish import comment_tables, create_views
from pipelines.warehouse.published import REBUILD, PublishedWarehouse, WarehouseError
from pipelines.warehouse.record_files import NAMES, save_records
from pipelines.warehouse.write_ahead_log import checkpoint, is_long

_LOG = logging.getLogger(__name__)
REMAINS = (
    *("build.duckdb.wal", "costs.duckdb", "costs.duckdb.previous", NAMES, "archive/fetches.jsonl"),
    *("ledger/*/*.parquet", MARKER),
)
"""What says that a folder has had a database."""
STRAYS = ".*.duckdb*.tmp*"
"""Half written copies of databases, and the logs beside them."""
LOCK_TIMEOUT_SECONDS = 600.0


@dataclass(frozen=True)
class Warehouse(PublishedWarehouse):
    """One warehouse folder. Every command works on any of them."""

    lock_timeout_seconds: float = LOCK_TIMEOUT_SECONDS

    @property
    def build_file(self) -> Path:
        """The pipeline's own file; never open it elsewhere."""
        return self.folder / BUILD_FILE

    @property
    def previous_file(self) -> Path:
        """What was published before the published file."""
        return self.folder / "costs.duckdb.previous"

    @property
    def inbox(self) -> Path:
        """Where usage files are dropped."""
        return self.folder / "inbox"

    @contextmanager
    def write(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The build file in one transaction, this process alone. Commits at the end, rolls back on an error."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.locked(), self._build() as connection, transaction(connection):
            yield connection

    def save_records(self) -> list[str]:
        """Write what only the database knows beside it, where it has changed. Returns the names of the tables."""
        with self.locked(), self._build() as connection:
            return save_records(connection, self.folder)

    def publish(self, loses: str | None = None) -> Path:
        """Replace the published file by a copy of the build file. Readers keep the version that they have open.

        The copy is read to its end first, and must have no fewer lasting rows than what it replaces, unless `loses`
        says why. The last one is kept beside it. Raises WarehouseError, with the published file as it was.
        """
        with self.locked():
            self._remove_strays()
            with self._build() as connection:
                with transaction(connection):
                    comment_tables(connection)
                    create_views(connection, self.folder)
                save_records(connection, self.folder)
            try:
                checkpoint(self.build_file)
                with atomic_file(self.published_file) as temporary:
                    shutil.copyfile(self.build_file, temporary)
                    self._check(temporary, loses)
                    self._keep_previous()
            except (OSError, duckdb.IOException) as error:
                why = error.strerror if isinstance(error, OSError) else error
                raise WarehouseError(
                    f"cannot publish {self.published_file}: {why}; the version from before stays in place"
                ) from error
        return self.published_file

    def _check(self, copy: Path, loses: str | None) -> None:
        """Raise WarehouseError if a copy cannot be read, or has lost rows without a reason."""
        stays = f"{self.published_file} stays as it was"
        try:
            counts = read_through(copy)
        except WarehouseError as error:
            text = str(error).replace(str(copy), str(self.build_file))
            raise WarehouseError(f"{text}. {stays}; {REBUILD.format(folder=self.folder)}") from error
        lost = shrunk(self._published_counts(), counts)
        if lost and loses is None:
            raise WarehouseError(
                f"{self.build_file} has less than was published: {'; '.join(lost)}. {stays}; "
                f"{REBUILD.format(folder=self.folder)}. If that is meant, move {self.published_file.name} away"
            )
        if lost:
            _LOG.warning("%s: %s (%s)", self.published_file, "; ".join(lost), loses)

    def _published_counts(self) -> dict[str, int]:
        """Of a published file that cannot be opened, none: whatever can be read is better."""
        if not self.published_file.exists():
            return {}
        try:
            with attached(self.published_file, read_only=True) as connection:
                check_size(connection, self.published_file)
                return lasting_counts(connection)
        except (WarehouseError, duckdb.Error) as error:
            _LOG.warning("%s is replaced unread, and not kept: %s", self.published_file, error)
            self.published_file.rename(self.published_file.with_name(f".{self.published_file.name}.unreadable.tmp"))
            return {}

    def _keep_previous(self) -> None:
        """Keep the published file under its second name; it takes no room but for what it is replaced by."""
        if not self.published_file.exists():
            return
        with atomic_file(self.previous_file) as link:
            os.link(self.published_file, link)

    def sweep(self) -> int:
        """Remove temporary files that a killed run left behind. Returns how many."""
        if not self.folder.is_dir():
            return 0
        with self.locked():
            return self._remove_strays()

    def _remove_strays(self) -> int:
        """Whatever is half written while this process has the lock was left by a dead one."""
        strays = list(self.folder.glob(STRAYS))
        for stray in strays:
            stray.unlink()
        return len(strays)

    @contextmanager
    def only_run(self) -> Iterator[None]:
        """Keep other runs of the command line out; a killed process lets go by itself."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.locked(".run.lock"):
            yield

    @contextmanager
    def only_delivery(self) -> Iterator[None]:
        """Keep other deliveries of alerts out; a killed process lets go by itself."""
        with self.locked(".deliver.lock"):
            yield

    @contextmanager
    def _build(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The build file with every table as declared; an older one is brought up to date first.

        Raises WarehouseError where it is lost: an empty one beside what is left of it would be taken for the truth.
        """
        if not self.build_file.exists():
            self._refuse_to_begin("missing")
        elif not self.build_file.stat().st_size:  # of a process that was killed as it began
            self._refuse_to_begin("empty")
            self.build_file.unlink()
        with ExitStack() as stack:
            connection = self._attached(stack)
            check_size(connection, self.build_file)
            if not is_current(connection):
                if not has_tables(connection):
                    self._refuse_to_begin("empty")
                if pending := pending_migrations(connection):
                    # Closed while it is copied: to read an open DuckDB file unlocks it.
                    stack.close()
                    checkpoint(self.build_file)
                    put_aside(self.build_file, pending)
                    connection = self._attached(stack)
                bring_up_to_date(connection, pending)
                # To make all tables again from the log takes ten times as long as to open a file that has them.
                stack.close()
                self._checkpoint()
                connection = self._attached(stack)
            yield connection

    def _attached(self, stack: ExitStack) -> duckdb.DuckDBPyConnection:
        """The build file, closed with the stack; a log that has grown long is shortened then."""
        stack.callback(lambda: self._checkpoint() if is_long(self.build_file) else None)
        return stack.enter_context(attached(self.build_file))

    def _checkpoint(self) -> None:
        """Move the log into the file. It may stay: what is committed is in it."""
        try:
            checkpoint(self.build_file)
        except (OSError, duckdb.IOException) as error:
            _LOG.warning("%s stays longer than it should: %s", wal_of(self.build_file), error)

    def _refuse_to_begin(self, how: str) -> None:
        remains = [pattern for pattern in REMAINS if next(self.folder.glob(pattern), None)]
        if remains:
            there = ", ".join(remains)
            remedy = REBUILD.format(folder=self.folder)
            raise WarehouseError(f"{self.build_file} is {how}, though there is {there}; {remedy}")

    @contextmanager
    def locked(self, name: str = ".build.lock") -> Iterator[None]:
        """Keep other processes from the build file, this one being the only one to touch it. Not to be nested."""
        lock = FileLock(self.folder / name, timeout=self.lock_timeout_seconds)
        try:
            with lock:
                yield
        except Timeout as error:
            raise WarehouseError(
                f"another run has held {self.folder} for {self.lock_timeout_seconds:.0f} s; "
                "wait for it to end, or look in the Dagster UI for one that hangs"
            ) from error
