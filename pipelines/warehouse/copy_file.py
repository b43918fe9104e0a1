"""A file copied whole or not at all, so that no reader and no crash ever sees half of one. Knows no tables."""

import os
import shutil
from pathlib import Path


def copy_file(source: Path, target: Path) -> None:
    """Replace `target` by a copy of `source`: copy beside it, fsync, rename, fsync of the folder.

    Raises OSError, with the target as it was and no temporary file left, if the disk does not take it.
    """
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        shutil.copyfile(source, temporary)
        _sync(temporary)
        temporary.replace(target)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    _sync(target.parent)


def _sync(path: Path) -> None:
    """Force a file or a folder entry onto the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
