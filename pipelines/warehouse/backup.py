"""A warehouse in one file and back: a tar archive, packed with zstd, whose last member lists the hash of each other.

In it: both databases, records, bodies, ledger, catalogues, every file that the user writes by hand with its last good
state, and the key of its pseudonyms. Not in it: the inbox, which holds the user's own logs, Dagster's history, and what
stands in the environment, so no key of a provider and no address of an alert.
"""

import hashlib
import io
import json
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path, PurePosixPath
from tempfile import mkdtemp
from typing import IO

from backports.zstd import ZstdError, tarfile

from pipelines.warehouse import USER_FILES
from pipelines.warehouse.append_only import PRIVATE
from pipelines.warehouse.atomic_file import TEMPORARY, atomic_file, sync
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.good_copy import read_through
from pipelines.warehouse.last_good import FOLDER as LAST_GOOD
from pipelines.warehouse.ledger_catalog import damaged_files, is_whole
from pipelines.warehouse.published import WarehouseError
from pipelines.warehouse.rows import read_table

MANIFEST = "manifest.json"
FORMAT = 1
GROWING = ("archive/fetches.jsonl", "ledger/files.jsonl")
"""Catalogues, of which what was there at the moment of the backup is kept."""
COPIED = (
    *("build.duckdb", "build.duckdb.wal", "costs.duckdb", "records/*.parquet", "records/records.json"),
    *USER_FILES,
    f"{LAST_GOOD}/[!.]*",
)
"""What a run or the user changes in place."""
KEPT = (
    ".privacy.key",  # without it usage that comes again would be counted again
    "archive/??/*.gz",
    "ledger/usage_date=*/*.parquet",
    "ledger/aside/*/*.parquet",
)
BUFFER = 1 << 20


@dataclass(frozen=True)
class BackedUp:
    """What a backup holds."""

    file_count: int
    size_bytes: int
    damaged: list[str]
    """Ledger files that were damaged before; they are not in it."""


def back_up(warehouse: Warehouse, file: Path, leave_out: Collection[str] = ()) -> BackedUp:
    """Write a backup, whole or not at all, as the warehouse is at one moment. A run may go on meanwhile.

    `leave_out`: paths of bodies below the folder that are known to be damaged.

    The build lock is held while the databases are copied; everything else never changes. What is written is read again
    before it has its name. Raises WarehouseError, also where the database is damaged.
    """
    if not warehouse.build_file.exists():
        raise WarehouseError(f"{warehouse.build_file} is not there: there is nothing to back up")
    with warehouse.locked(".backup.lock"), _snapshot(warehouse) as (members, damaged):
        for name in leave_out:
            members.pop(name, None)
        hashes = {}
        try:
            with atomic_file(file) as temporary:
                temporary.touch(PRIVATE)
                with tarfile.open(temporary, "w:zst") as tar:
                    for name, (path, size) in members.items():
                        hashes[name] = _add(tar, name, path, size)
                    _add_manifest(tar, hashes)
                _read(temporary, None)
        except OSError as error:
            raise WarehouseError(f"cannot write {file}: {error.strerror or error}") from error
    return BackedUp(len(hashes), file.stat().st_size, damaged)


def restore(file: Path, folder: Path, *, force: bool = False) -> tuple[int, Path | None]:
    """Put a backup into an empty folder. Returns how many files, and where a folder of before is now.

    Every hash is verified, and both databases are read to their end, before anything is in place. Raises
    WarehouseError, with the folder as it was; one that is not empty is refused, or moved aside with `force`. One with
    nothing but Dagster's state stays where it is: a deployment mounts it.
    """
    is_kept = folder.exists() and is_free(folder)
    if folder.exists() and not is_kept and not force:
        raise WarehouseError(f"{folder} is not empty; --force moves it aside")
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(mkdtemp(prefix=f".{folder.name}.", suffix=TEMPORARY, dir=folder if is_kept else folder.parent))
    try:
        names = _read(file, fresh)
        for name in ("build.duckdb", "costs.duckdb"):
            if name in names:
                read_through(fresh / name)
        aside = None if is_kept else _make_way(folder)
        _put_in_place(fresh, folder)
    except OSError as error:
        raise WarehouseError(f"{folder} was not restored: {error.strerror or error}") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    sync(folder if is_kept else folder.parent)
    return len(names), aside


def is_free(folder: Path) -> bool:
    """Whether a folder has nothing of a warehouse, but at most the state of Dagster and locks."""
    return all(path.name == ".dagster" or path.match(".*.lock") for path in folder.iterdir())


def _put_in_place(fresh: Path, folder: Path) -> None:
    """Give a verified folder its name; where that is taken, move what is in it, the database last of all."""
    if not folder.exists():
        fresh.rename(folder)
        return
    for path in sorted(fresh.iterdir(), key=lambda path: path.name == "build.duckdb"):
        path.rename(folder / path.name)


@contextmanager
def _snapshot(warehouse: Warehouse) -> Iterator[tuple[dict[str, tuple[Path, int]], list[str]]]:
    """Name -> file and how much of it; and what is damaged. Databases and records are copied, the rest only grows."""
    folder = warehouse.folder
    for stray in folder.glob(f".backup.*{TEMPORARY}"):  # of a backup that was killed: this is the only one
        shutil.rmtree(stray)
    scratch = Path(mkdtemp(prefix=".backup.", suffix=TEMPORARY, dir=folder))
    try:
        warehouse.save_records()
        with warehouse.write() as connection:
            damaged = list(damaged_files(folder, read_table(connection, "core.ledger_file")).values())
        with warehouse.locked():
            members = _copied(warehouse, scratch)
            lasting = [path for pattern in (*GROWING, *KEPT) for path in sorted(folder.glob(pattern))]
            whole = [path for path in lasting if path.parts[-3:-2] != ("ledger",) or is_whole(path)]
            members |= {path.relative_to(folder).as_posix(): (path, path.stat().st_size) for path in whole}
        read_through(scratch / warehouse.build_file.name)
        yield members, damaged
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _copied(warehouse: Warehouse, scratch: Path) -> dict[str, tuple[Path, int]]:
    """What changes in place, copied; call it with the build lock."""
    folder = warehouse.folder
    found = {}
    for pattern in COPIED:
        for path in sorted(folder.glob(pattern)):
            target = scratch / path.relative_to(folder)
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(path, target)
            found[path.relative_to(folder).as_posix()] = target, target.stat().st_size
    return found


def _add(tar: tarfile.TarFile, name: str, path: Path, size: int) -> str:
    """Add so much of a file. Returns the hash of it."""
    with path.open("rb") as stream:
        digest = hashlib.sha256()
        rest = size
        while rest:
            part = stream.read(min(BUFFER, rest))
            if not part:
                raise WarehouseError(f"{path} became shorter while it was read; nothing was written")
            digest.update(part)
            rest -= len(part)
        stream.seek(0)
        info = tarfile.TarInfo(name)
        info.size, info.mode, info.mtime = size, PRIVATE, int(path.stat().st_mtime)
        tar.addfile(info, stream)
    return digest.hexdigest()


def _add_manifest(tar: tarfile.TarFile, hashes: dict[str, str]) -> None:
    content = json.dumps({"format": FORMAT, "sha256": hashes}, indent=1).encode()
    info = tarfile.TarInfo(MANIFEST)
    info.size, info.mode = len(content), PRIVATE
    tar.addfile(info, io.BytesIO(content))


def _read(file: Path, folder: Path | None) -> set[str]:
    """Hold every member against the manifest, and write them below a folder if one is given. Returns their names."""
    found: dict[str, str] = {}
    stated: dict[str, str] = {}
    try:
        with tarfile.open(file, "r:zst") as tar:
            for member in tar:
                content = tar.extractfile(member) if member.isreg() else None
                if content is None or not _is_safe(member.name) or member.name in found:
                    raise WarehouseError(f"{file} is no backup: {member.name!r} has no place in one")
                if member.name == MANIFEST:
                    stated = _stated(file, content.read())
                else:
                    found[member.name] = _copy(content, folder and folder / member.name)
    except (tarfile.TarError, ZstdError, EOFError, ValueError) as error:
        raise WarehouseError(f"{file} is damaged or no backup: {error}") from error
    except OSError as error:
        raise WarehouseError(f"{file} cannot be read: {error.strerror or error}") from error
    if found != stated:
        wrong = sorted(name for name in found.keys() | stated.keys() if found.get(name) != stated.get(name))
        raise WarehouseError(f"{file} is damaged: {', '.join(wrong[:5])} is not what its manifest says")
    return set(found)


def _stated(file: Path, text: bytes) -> dict[str, str]:
    manifest = json.loads(text)
    if manifest.get("format") != FORMAT:
        raise WarehouseError(f"{file} is a backup of another program version: format {manifest.get('format')!r}")
    return dict(manifest["sha256"])


def _copy(content: IO[bytes], target: Path | None) -> str:
    """Read a member, and write it if there is a place. Returns its hash."""
    digest = hashlib.sha256()
    if target is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") if target else io.BytesIO() as out:
        while part := content.read(BUFFER):
            digest.update(part)
            if target:
                out.write(part)
        if target:
            out.flush()
            os.fsync(out.fileno())
    return digest.hexdigest()


def _is_safe(name: str) -> bool:
    """Whether a name stays below the folder: a backup may come from anywhere."""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in name


def _make_way(folder: Path) -> Path | None:
    """Move a folder aside under a name that no other has."""
    if not folder.exists():
        return None
    aside = next(path for n in count(1) if not (path := folder.with_name(f"{folder.name}.before-restore-{n}")).exists())
    folder.rename(aside)
    return aside
