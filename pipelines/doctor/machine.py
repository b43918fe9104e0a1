"""The folder of a warehouse on its disk: room, permissions, locks, and what killed runs have left."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from pipelines.doctor.finding import Finding
from pipelines.warehouse.database import STRAYS, Warehouse
from pipelines.warehouse.permissions import open_to_others

LEAST_FREE_BYTES = 1 << 30
COPIES = 3
"""Of the build file: publishing makes one, an upgrade another."""
LOCKS = {".build.lock": "the build file", ".run.lock": "a run of the command line"}


def look_at_machine(warehouse: Warehouse) -> Iterator[Finding]:
    """Disk, permissions, locks and left-over files. The folder is there."""
    yield _disk(warehouse)
    yield _writable(warehouse.folder)
    yield _private(warehouse.folder)
    yield from (_lock(warehouse.folder / name, what) for name, what in LOCKS.items())
    strays = [*warehouse.folder.glob(STRAYS), *warehouse.folder.glob("archive/??/*.tmp")]
    size = sum(stray.stat().st_size for stray in strays)
    yield Finding("machine", "left over", f"{len(strays)} unfinished files, {_mb(size)}; a run removes them")


def is_locked(lock: Path) -> bool:
    """Whether a process holds a lock now. A lock that was never taken is not made."""
    if not lock.exists():
        return False
    try:
        with FileLock(lock, timeout=0):
            return False
    except Timeout:
        return True


def _disk(warehouse: Warehouse) -> Finding:
    free = shutil.disk_usage(warehouse.folder).free
    build = warehouse.build_file.stat().st_size if warehouse.build_file.exists() else 0
    needed = max(LEAST_FREE_BYTES, COPIES * build)
    remedy = None if free >= needed else f"make room on the disk of {warehouse.folder}: {_mb(needed)} should be free"
    return Finding("machine", "disk", f"{_mb(free)} free, the build file has {_mb(build)}", remedy)


def _writable(folder: Path) -> Finding:
    if os.access(folder, os.W_OK | os.X_OK):
        return Finding("machine", "folder", f"{folder} can be written")
    return Finding("machine", "folder", f"{folder} cannot be written", f"give this user the right to write {folder}")


def _private(folder: Path) -> Finding:
    found = open_to_others(folder)
    if not found:
        return Finding("machine", "permissions", "nothing is open to others")
    remedy = "`costs build` or the next run takes it from them, as far as it is yours"
    said = f"{len(found)} files and folders can be read or changed by others, such as {found[0]}"
    return Finding("machine", "permissions", said, remedy)


def _lock(lock: Path, what: str) -> Finding:
    try:
        held = is_locked(lock)
    except OSError as error:
        return Finding("machine", lock.name, f"cannot be looked at: {error.strerror}", f"make {lock} writable")
    return Finding("machine", lock.name, f"{what} is in use by a process now" if held else "free")


def _mb(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
