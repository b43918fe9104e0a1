"""Dagster's own SQLite storage with kept engines; dagster.yaml names it. It stores nothing of its own.

Dagster sets up a new SQLAlchemy engine for every statement on its event log and compiles the statement anew, which
takes longer than everything else in a run of ours. The files stay what Dagster makes them, for its own class to read.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME, SqliteEventLogStorage
from dagster._core.storage.sql import create_engine
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import NullPool

PATIENT = {"timeout": SQLITE_BUSY_TIMEOUT_SECONDS}


class Storage(DagsterSqliteStorage):
    """Runs, schedules and events below one folder."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(base_dir, inst_data)
        self._event_log_storage = EventLog(str(Path(base_dir) / "history" / "runs"))

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> "Storage":
        """What Dagster calls with the entry of dagster.yaml."""
        return cls.from_local(inst_data=inst_data, **config_value)


class EventLog(SqliteEventLogStorage):
    """One database per run, and an index of all. Overrides how they are connected to (dagster is pinned exactly)."""

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._index_engine if shard == INDEX_SHARD_NAME else _run_engine(self.conn_string_for_shard(shard))
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.begin() as connection:
                yield connection

    @cached_property
    def _index_engine(self) -> Engine:
        """Keeps its connection as well."""
        return create_engine(self.conn_string_for_shard(INDEX_SHARD_NAME), connect_args=PATIENT)

    def dispose(self) -> None:
        """Let go of the index too."""
        super().dispose()
        self._index_engine.dispose()


@lru_cache(maxsize=4)
def _run_engine(address: str) -> Engine:
    """Closes its connection every time: the UI watches the file of a run, and it is written to at closing."""
    return create_engine(address, poolclass=NullPool, connect_args=PATIENT)
