"""Bodies by their hash, below one folder: archive/<first 2>/<sha256>.gz. Knows nothing of sources or of the database.

A file appears whole or not at all, and is never written again: the same body has the same name and the same bytes.
"""

import gzip
import hashlib
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipelines.warehouse.atomic_file import TEMPORARY, atomic_file
from pipelines.warehouse.object_store import bring_back
from pipelines.warehouse.warehouse_error import WarehouseError

ARCHIVE = "archive"


class ArchiveError(Exception):
    """A body could not be kept, or is not what was kept; the message names the file."""


@dataclass(frozen=True)
class ArchivedBody:
    """Where a body lies: `path` is relative to the folder given, with forward slashes; size is before packing."""

    sha256: str
    path: str
    size_bytes: int


def store(folder: Path, body: bytes) -> ArchivedBody:
    """Keep a body; one that is already there and whole is not written again.

    Raises ArchiveError when it cannot be written (disk full, no permission); then no half file is left.
    """
    sha256 = hashlib.sha256(body).hexdigest()
    path = f"{ARCHIVE}/{sha256[:2]}/{sha256}.gz"
    if not (folder / path).exists() or not is_whole(folder, path):
        try:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            with atomic_file(folder / path) as temporary:
                temporary.write_bytes(gzip.compress(body, mtime=0))
        except OSError as error:
            raise ArchiveError(f"{path}: not stored: {error.strerror or error}") from error
    return ArchivedBody(sha256, path, len(body))


def read(folder: Path, path: str) -> bytes:
    """The body at a path that `store` returned. Raises ArchiveError when it is missing, damaged or elsewhere.

    One that is missing comes from the object store of the warehouse, where it has one.
    """
    target = folder / path
    if not target.resolve().is_relative_to((folder / ARCHIVE).resolve()):
        raise ArchiveError(f"{path}: not in the archive")
    try:
        if not target.exists():
            bring_back(folder, path)
        body = gzip.decompress(target.read_bytes())
    except FileNotFoundError:
        raise ArchiveError(f"{path}: missing") from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ArchiveError(f"{path}: damaged: {error}") from error
    except WarehouseError as error:
        raise ArchiveError(f"{path}: missing, and {error}") from error
    except OSError as error:
        raise ArchiveError(f"{path}: not readable: {error.strerror or error}") from error
    if hashlib.sha256(body).hexdigest() != target.stem:
        raise ArchiveError(f"{path}: damaged: the body has another hash than its name says")
    return body


def sweep(folder: Path, keep_newer_than: datetime) -> list[str]:
    """Delete what interrupted writes left before a moment (UTC), and say what. Newer ones may still grow."""
    limit = keep_newer_than.replace(tzinfo=UTC).timestamp()
    candidates = sorted((folder / ARCHIVE).glob(f"??/*{TEMPORARY}"))
    strays = [path for path in candidates if path.stat().st_mtime < limit]
    for stray in strays:
        stray.unlink(missing_ok=True)
    return [stray.relative_to(folder).as_posix() for stray in strays]


def is_whole(folder: Path, path: str) -> bool:
    """Whether a body can be read. It costs little beside a fetch, and so a damaged file heals when its body comes."""
    try:
        read(folder, path)
    except ArchiveError:
        return False
    return True
