"""The Dagster instance of a warehouse: where its state lies, its databases kept open. What runs in it is elsewhere."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext
from pathlib import Path

import dagster as dg
from dagster._core.storage.runs import SqliteRunStorage

from pipelines.warehouse.database import Warehouse

DAGSTER_YAML = Path(__file__).resolve().parents[2] / "dagster.yaml"
SHARED_DATABASES = ("history/runs.db", "history/runs/index.db")
DATABASE_OF_RUN = "history/runs/{}.db"
"""Of Dagster's SQLite storage, below its base_dir: those that every run writes to, and the one of its own."""


@contextmanager
def open_instance(warehouse_folder: Path) -> Iterator[dg.DagsterInstance]:
    """The Dagster instance whose state lies below a warehouse; runs show in the UI of that warehouse."""
    state = warehouse_folder.resolve() / ".dagster"
    state.mkdir(parents=True, exist_ok=True)
    with ExitStack() as kept:
        # Two that begin at once would both make Dagster's tables, and one of them would fail.
        with Warehouse(warehouse_folder).locked(".dagster.lock"):
            _link_settings(state)
            os.environ["DAGSTER_STATE"] = os.environ["DAGSTER_HOME"] = str(state)
            instance = kept.enter_context(dg.DagsterInstance.get())
            instance.get_runs(limit=1)
            instance.event_log_storage.get_maximum_record_id()
            instance.schedule_storage.all_instigator_state() if instance.schedule_storage else None
        if _is_in_files(instance):
            kept.enter_context(_kept_open(*(state / name for name in SHARED_DATABASES)))
        yield instance


def events_kept_open(instance: dg.DagsterInstance, run_id: str) -> AbstractContextManager[None]:
    """The same for the events of one run in this process, which have a database of their own."""
    if not _is_in_files(instance):
        return nullcontext()
    return _kept_open(Path(instance.root_directory) / DATABASE_OF_RUN.format(run_id))


def _is_in_files(instance: dg.DagsterInstance) -> bool:
    """Whether the history is in SQLite; that of a deployment is in Postgres (deploy/dagster.yaml)."""
    return isinstance(instance.run_storage, SqliteRunStorage)


@contextmanager
def _kept_open(*databases: Path) -> Iterator[None]:
    """A connection to each of Dagster's databases. It locks nothing.

    Dagster connects anew for every statement, and SQLite empties its log whenever the last connection closes. One that
    stays open makes storing an event a third quicker.
    """
    with ExitStack() as kept:
        for file in databases:
            connection = kept.enter_context(closing(sqlite3.connect(file)))
            connection.execute("PRAGMA journal_mode = WAL").fetchall()
        yield


def _link_settings(state: Path) -> None:
    link = state / "dagster.yaml"
    if not link.is_symlink():
        # A warehouse that was copied with its links followed holds a copy of the file, maybe of an older program.
        link.unlink(missing_ok=True)
        link.symlink_to(DAGSTER_YAML)
