"""The write-ahead log beside a DuckDB file, and how it gets into the file: in a copy that then takes its place.

DuckDB writes some blocks of tables' metadata again where they stand. A process that is killed meanwhile, or a power
cut, leaves such a block half old and half new, and with it a file that cannot be opened (docs/decisions/0158). Which
file has a log, and who may touch it, is decided by its owner.
"""

import shutil
from pathlib import Path

from pipelines.warehouse.atomic_file import atomic_file
from pipelines.warehouse.connection import attached, wal_of

LEAST_BYTES = 1 << 20
SHARE = 32
"""A log is read at each opening; to get rid of it, the file is copied whole: the longer the file, the rarer."""


def is_long(file: Path) -> bool:
    """Whether it is time to get rid of a log."""
    wal = wal_of(file)
    return wal.exists() and wal.stat().st_size > max(LEAST_BYTES, file.stat().st_size // SHARE)


def checkpoint(file: Path) -> None:
    """Replace a closed file by one that has what was in its log. Killed anywhere, it leaves all that was committed.

    Raises OSError, duckdb.IOException or WarehouseError, with file and log as they were.
    """
    wal = wal_of(file)
    if not wal.exists():
        return
    with atomic_file(file) as temporary:
        shutil.copyfile(file, temporary)
        shutil.copyfile(wal, wal_of(temporary))
        try:
            with attached(temporary) as connection:
                connection.execute("CHECKPOINT")
        finally:
            wal_of(temporary).unlink(missing_ok=True)
    wal.unlink()
