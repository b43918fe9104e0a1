"""The one DuckDB of this process, files attached to it, and transactions. Knows nothing of what a file holds."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path

import duckdb

from pipelines.schema import ddl
from pipelines.warehouse import BUILD_FILE
from pipelines.warehouse.published import REBUILD, WarehouseError

_NUMBERS = count()
"""Of attached files: two threads may have two warehouses open."""

_DAMAGE = "Corrupt database file"
_LOCKED = "Could not set lock"
_OTHER_WAL = re.compile(r"File checkpoint iteration: (\d+), WAL checkpoint iteration: (\d+)")


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    """The one DuckDB of this process. It has no file of its own; to start one takes ten times as long as to attach.

    What is committed stays in the write-ahead log: only `write_ahead_log.checkpoint` moves it into the file.
    """
    engine = duckdb.connect()
    engine.execute("SET GLOBAL checkpoint_on_detach = 'DISABLED'")
    engine.execute("SET GLOBAL checkpoint_threshold = '1TB'")
    return engine


def wal_of(file: Path) -> Path:
    """The write-ahead log: where DuckDB keeps what was committed to a file and is not in it yet."""
    return file.with_name(f"{file.name}.wal")


@contextmanager
def attached(file: Path, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """A file attached as the default database, made where there is none. Raises WarehouseError if it does not open.

    Or if a damaged place of it is read. It is detached at the end, which unlocks it.
    """
    name = f"build_{next(_NUMBERS)}"
    statement = f"ATTACH {ddl.literal(str(file))} AS {name}{' (READ_ONLY)' if read_only else ''}"
    with _engine().cursor() as connection:
        try:
            try:
                connection.execute(statement)
            except duckdb.IOException as error:
                if not _is_superseded(error):
                    raise
                wal_of(file).unlink()
                connection.execute(statement)
        except duckdb.Error as error:
            # Of a damaged file it raises the bare class.
            raise WarehouseError(f"cannot open {file}: {error}{_remedy(file, error)}") from error
        try:
            connection.execute(f"USE {name}")
            yield connection
        except duckdb.Error as error:
            if _DAMAGE in str(error):
                raise WarehouseError(f"{file} is damaged: {error}{_remedy(file, error)}") from error
            raise
        finally:
            connection.execute("USE memory")
            connection.execute(f"DETACH {name}")


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """A transaction on all tables. Commits at the end, rolls back on an error."""
    connection.begin()
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def commit_so_far(connection: duckdb.DuckDBPyConnection) -> None:
    """Within a transaction: end it and begin the next, so that what is done stays and no longer takes memory."""
    connection.commit()
    connection.begin()


def _is_superseded(error: duckdb.Error) -> bool:
    """Whether a log is in its file already: what put it there was killed before it removed the log.

    DuckDB counts checkpoints in both. Any other difference is not of ours.
    """
    found = _OTHER_WAL.search(str(error))
    return found is not None and int(found[1]) == int(found[2]) + 1


def _remedy(file: Path, error: duckdb.Error) -> str:
    """Of the build file and copies of it; of a file that another process has open, none."""
    if _LOCKED in str(error) or BUILD_FILE not in file.name:
        return ""
    return f"; {REBUILD.format(folder=file.parent)}"
