"""Write a file whole or not at all. What stands in it, and who sweeps up after a killed process, is for its owner."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

TEMPORARY = ".tmp"
"""The end of the name of a file that is being written; a killed process leaves one behind."""


@contextmanager
def atomic_file(target: Path) -> Iterator[Path]:
    """Give a path beside `target` to write to; at the end of the block what stands there takes the target's place.

    Readers see the old file or the whole new one, also after a power cut: file and folder are synced. An error leaves
    the old file and no other. Raises OSError, also where there is no such folder.
    """
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "there is no such folder; make it first", str(target.parent))
    # Two threads of one process may write the same target.
    temporary = target.with_name(f".{target.name}.{os.getpid()}.{uuid4().hex[:8]}{TEMPORARY}")
    try:
        yield temporary
        sync(temporary)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync(target.parent)


def sync(path: Path) -> None:
    """Force a file, or the names in a folder, onto the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
