"""A warehouse in an object store: ledger, archive and records as they lie in the folder, and what is published.

The store is where they are kept, the folder is where they are worked on. Ledger files and bodies never change and are
named by what is in them, so one that is gone from the folder comes back from the store when it is needed. What the
store itself is asked is said in `object_store`.
"""

import gzip
import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import mkdtemp
from uuid import uuid4

from pipelines.warehouse.append_only import PRIVATE
from pipelines.warehouse.atomic_file import TEMPORARY, atomic_file
from pipelines.warehouse.backup import is_free
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.good_copy import LASTING as LASTING_ROWS
from pipelines.warehouse.good_copy import shrunk
from pipelines.warehouse.ledger_catalog import LEDGER, read_catalog
from pipelines.warehouse.object_store import MARKER, UPLOADS, ObjectStore
from pipelines.warehouse.published import REPORT_FILE, WarehouseError
from pipelines.warehouse.record_files import NAMES, read_names

IDENTITY = "warehouse.json"
"""The object with the id of the folder that may write to a store; MARKER has the same."""
LASTING = ("ledger/usage_date=*/*.parquet", "ledger/aside/*/*.parquet", "archive/??/*.gz")
CATALOGS = ("ledger/files.jsonl", "archive/fetches.jsonl")
RECORDS = "records/*.parquet"
PUBLISHED = ("costs.duckdb", REPORT_FILE)
AT_ONCE = 8


@dataclass(frozen=True)
class StoredCopy:
    """What was uploaded and deleted, in objects, and what was not because it is damaged here."""

    uploaded: int
    deleted: int
    damaged: list[str]


def store_copy(warehouse: Warehouse, url: str) -> StoredCopy:
    """Bring a store up to date with a warehouse, as it is at one moment. Runs may go on meanwhile.

    What a catalogue names is there before the catalogue, and the records before their list, so that the store is a
    whole warehouse at any moment. Raises WarehouseError; then the store is behind, and the next time makes it good.
    """
    store, folder = ObjectStore(url), warehouse.folder
    with warehouse.locked(".store.lock"), ExitStack() as stack:
        with warehouse.locked():
            captured = stack.enter_context(_captured(folder))
        _claim(folder, store)
        there = store.sizes()
        _check_not_less(store, there, folder, captured)
        lasting = _files(folder, LASTING)
        new, damaged = _new(lasting, there)
        records = _files(captured, [RECORDS])
        new |= {name: path for name, path in records.items() if there.get(name) != _size(path)}
        _put(store, new)
        changing = _files(captured, [*CATALOGS, NAMES, *PUBLISHED])
        for name, path in changing.items():
            store.replace(name, path)
        replaced = read_catalog(captured).superseded - lasting.keys()
        needless = [name for name in there if name in replaced or _is_stray(name, records.keys())]
        store.delete(needless)
    return StoredCopy(len(new) + len(changing), len(needless), damaged)


def store_ledger(warehouse: Warehouse, url: str, days: Iterable[date]) -> int:
    """Bring the ledger of some days into a store, for those who read it there. Returns how many files are new.

    What names them there follows with `store_copy`.
    """
    store, by_day = ObjectStore(url), read_catalog(warehouse.folder).by_day
    in_force = (str(by_day[day][-1]["path"]) for day in days if day in by_day)
    files = {path: warehouse.folder / path for path in in_force}
    with warehouse.locked(".store.lock"):
        _claim(warehouse.folder, store)
        new, _ = _new(files, store.sizes(LEDGER))
        _put(store, new)
    return len(new)


def fetch_warehouse(store: ObjectStore, folder: Path) -> int:
    """Put catalogues, records and published files of a store into a folder that nobody uses. Returns how many.

    Ledger files and bodies follow when they are needed. From then on the folder is the one that may write there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not is_free(folder):
        raise WarehouseError(f"{folder} is not empty; give another folder with --warehouse")
    identity = _identity(store, folder)
    if identity is None:
        raise WarehouseError(f"{store.url} holds no warehouse")
    names = [*CATALOGS, NAMES, *PUBLISHED, *store.sizes("records")]
    count = sum(store.get(name, folder / name) for name in dict.fromkeys(names))
    _mark(folder, store, identity)
    return count


@contextmanager
def _captured(folder: Path) -> Iterator[Path]:
    """A folder with what a run changes as it is now. Make it while nobody writes; it stays so for the block."""
    for stray in folder.glob(f"{MARKER}.*{TEMPORARY}"):  # of a process that was killed: this is the only one
        shutil.rmtree(stray)
    scratch = Path(mkdtemp(prefix=f"{MARKER}.", suffix=TEMPORARY, dir=folder))
    try:
        for pattern in (*CATALOGS, RECORDS, NAMES, *PUBLISHED):
            for path in folder.glob(pattern):
                target = scratch / path.relative_to(folder)
                target.parent.mkdir(exist_ok=True)
                if pattern in CATALOGS:
                    shutil.copyfile(path, target)
                else:  # replaced, never changed: a second name keeps it
                    os.link(path, target)
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _claim(folder: Path, store: ObjectStore) -> None:
    """Let only one folder write to a store; a new one is begun by the first."""
    marker = folder / MARKER
    ours = json.loads(marker.read_text())["id"] if marker.is_file() else None
    theirs = _identity(store, folder)
    if theirs is not None and theirs != ours:
        raise WarehouseError(
            f"{store.url} holds another warehouse than {folder}; `costs restore {store.url}` puts that one into an "
            "empty folder, and another prefix takes this one"
        )
    identity = ours or uuid4().hex
    _mark(folder, store, identity)
    if theirs is None:
        with _scratch(folder) as file:
            file.write_text(json.dumps({"id": identity}))
            store.put(IDENTITY, file)


def _check_not_less(store: ObjectStore, there: dict[str, int], folder: Path, captured: Path) -> None:
    """Raise WarehouseError where the store knows more than the folder, which then was lost, and not worked on."""
    lost = [f"{name} is longer there" for name in CATALOGS if there.get(name, 0) > (_size(captured / name) or 0)]
    stored = captured / "stored"
    if store.get(NAMES, stored / NAMES):
        lost += shrunk(_lasting_counts(stored), _lasting_counts(captured))
    if lost:
        raise WarehouseError(
            f"{store.url} holds more than {folder}: {'; '.join(lost)}. Nothing was changed there; `costs restore "
            f"{store.url}` puts it into an empty folder, and another prefix takes what is here, if that is meant"
        )


def _lasting_counts(folder: Path) -> dict[str, int]:
    """Rows by table of those recorded tables that only grow."""
    tables = read_names(folder).by_table
    return {name: record.row_count for name, record in tables.items() if LASTING_ROWS.get(name) == "true"}


def _identity(store: ObjectStore, folder: Path) -> str | None:
    with _scratch(folder) as file:
        return str(json.loads(file.read_text())["id"]) if store.get(IDENTITY, file) else None


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    file = folder / f"{MARKER}.{uuid4().hex}{TEMPORARY}"
    try:
        yield file
    finally:
        file.unlink(missing_ok=True)


def _mark(folder: Path, store: ObjectStore, identity: str) -> None:
    with atomic_file(folder / MARKER) as temporary:
        temporary.touch(PRIVATE)
        temporary.write_text(json.dumps({"url": store.url, "id": identity}))


def _new(files: Mapping[str, Path], there: Mapping[str, int]) -> tuple[dict[str, Path], list[str]]:
    """Of files that never change, those that a store lacks; and the names of those that are damaged here."""
    differing = {name: path for name, path in files.items() if there.get(name) != _size(path)}
    damaged = sorted(name for name, path in differing.items() if not _is_whole(path))
    return {name: path for name, path in differing.items() if name not in damaged}, damaged


def _put(store: ObjectStore, files: Mapping[str, Path]) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(store.put, files.keys(), files.values()))


def _is_whole(file: Path) -> bool:
    """Whether a ledger file or a body is what its name says."""
    try:
        content = file.read_bytes()
        body = gzip.decompress(content) if file.suffix == ".gz" else content
    except (OSError, EOFError, zlib.error):
        return False
    return hashlib.sha256(body).hexdigest() == file.stem


def _is_stray(name: str, records: Collection[str]) -> bool:
    """Whether an object is a record that was replaced, or what a killed process left: this one is the only writer."""
    return name.startswith(f"{UPLOADS}/") or (name.startswith("records/") and name not in {NAMES, *records})


def _files(folder: Path, patterns: Iterable[str]) -> dict[str, Path]:
    return {path.relative_to(folder).as_posix(): path for pattern in patterns for path in folder.glob(pattern)}


def _size(file: Path) -> int | None:
    """Bytes of a file; None where another run has swept it meanwhile."""
    return file.stat().st_size if file.exists() else None
