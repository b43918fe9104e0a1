"""What lies in the inbox, and which of its files may still be in the middle of being written. Reads no file."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

SETTLE_SECONDS = 5.0
"""A file that has not changed for so long is taken to be whole."""


def settled(files: Iterable[Path], at: float) -> list[Path]:
    """Those of the files that are whole at a moment (seconds since 1970); one that has gone meanwhile is left out.

    A time of change in the future says nothing: a copy that keeps times sets it at its end.
    """
    return [file for file, _, changed in _stamps(files) if not -SETTLE_SECONDS < at - changed / 1e9 < SETTLE_SECONDS]


def state_of(files: Iterable[Path]) -> str:
    """One text for files as they are: another with any name, size or time of change."""
    lines = (f"{file}:{size}:{changed}" for file, size, changed in _stamps(files))
    return hashlib.sha256("\n".join(lines).encode(errors="surrogateescape")).hexdigest()


def _stamps(files: Iterable[Path]) -> Iterable[tuple[Path, int, int]]:
    for file in files:
        try:
            status = file.stat()
        except FileNotFoundError:
            continue
        yield file, status.st_size, status.st_mtime_ns
