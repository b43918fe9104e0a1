"""All looks, one after the other: a look that fails is a finding, and the others go on."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime

import duckdb
from filelock import FileLock, Timeout

from pipelines.doctor.delivery_targets import look_at_delivery
from pipelines.doctor.finding import Finding
from pipelines.doctor.machine import look_at_machine
from pipelines.doctor.program_versions import look_at_schema, look_at_versions
from pipelines.doctor.published_file import PUBLISH, compare, look_at_build, read_only
from pipelines.doctor.settings import look_at_settings
from pipelines.doctor.source_freshness import look_at_sources
from pipelines.doctor.store_access import look_at_store
from pipelines.doctor.stored_files import look_at_archive, look_at_ledger
from pipelines.doctor.usage_files import look_at_inbox
from pipelines.snapshots.contract_file import CONTRACT_FILE
from pipelines.snapshots.contract_names import unknown_names
from pipelines.snapshots.doubted_rates import doubted_rates
from pipelines.snapshots.user_inputs import Problem
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.good_copy import fingerprints_of
from pipelines.warehouse.warehouse_error import WarehouseError

BEGIN = "`costs demo` or `costs run` makes it"
RECOVER = "keep the file aside and restore a backup, or `costs rebuild`"


@dataclass(frozen=True)
class _Look:
    area: str
    name: str
    work: Callable[[], Iterable[Finding]]
    remedy: str


def examine(
    warehouse: Warehouse, now: datetime, environ: Mapping[str, str], problems: Iterable[Problem] = ()
) -> Iterator[Finding]:
    """Every finding, in the order of the report. `now`: naive UTC. Changes nothing, but that
    files that are gone come back from the object store, and waits for no lock.

    `problems`: of files that rooms beside this one read.
    """
    folder = warehouse.folder
    yield from _guarded(_Look("versions", "libraries", look_at_versions, "`make install`"))
    if not folder.is_dir():
        yield Finding("machine", "folder", f"{folder} does not exist", BEGIN)
        return
    today = now.date()
    yield from _guarded(_Look("settings", "all", lambda: look_at_settings(folder, environ, today), "see the message"))
    yield from _guarded(_Look("settings", "store", lambda: look_at_store(environ), "see the message"))
    yield from (Finding("settings", problem.name, "cannot be used", problem.text) for problem in problems)
    yield from _guarded(_Look("machine", "folder", lambda: look_at_machine(warehouse), f"look at {folder}"))
    yield from _guarded(_Look("inbox", "files", lambda: look_at_inbox(warehouse), "`costs usage files`"))
    if warehouse.published_file.exists():
        published: Callable[[], Iterable[Finding]] = lambda: _look_at_published(warehouse, now, environ)  # noqa: E731
        yield from _guarded(_Look("published", "costs.duckdb", published, PUBLISH))
    else:
        yield Finding("published", "costs.duckdb", "there is none yet", BEGIN)
    yield from _guarded(_Look("delivery", "all", lambda: look_at_delivery(environ), "see the message"))


def _guarded(look: _Look) -> Iterator[Finding]:
    """What a look finds. One that breaks says so; errors of DuckDB and of the machine name the file."""
    try:
        yield from look.work()
    except (duckdb.Error, OSError, WarehouseError) as error:
        yield Finding(look.area, look.name, f"cannot be read: {_first_line(error)}", look.remedy)
    except Exception as error:  # noqa: BLE001 - the doctor tells of faults; its own must not hide the others
        said = f"could not be looked at: {type(error).__name__}"  # the text may hold anything
        yield Finding(look.area, look.name, said, "please report it")


def _look_at_published(warehouse: Warehouse, now: datetime, environ: Mapping[str, str]) -> Iterator[Finding]:
    with read_only(warehouse.published_file) as connection:
        looks = (
            _Look("versions", "costs.duckdb", lambda: [look_at_schema(connection, "costs.duckdb")], PUBLISH),
            _Look("settings", CONTRACT_FILE, lambda: _of_contract(connection, warehouse, now), "see the message"),
            _Look("sources", "all", lambda: look_at_sources(connection, now, environ), PUBLISH),
            _Look("ledger", "files", lambda: look_at_ledger(connection, warehouse.folder), PUBLISH),
            _Look("archive", "bodies", lambda: look_at_archive(connection, warehouse.folder), PUBLISH),
        )
        for look in looks:
            yield from _guarded(look)
        published = fingerprints_of(connection)
    if not warehouse.build_file.exists():
        yield Finding("published", "build.duckdb", "is gone, the published file is there", RECOVER)
        return
    lock = warehouse.folder / ".build.lock"
    try:
        # It would be made where it is missing; then nobody can hold it.
        with FileLock(lock, timeout=0) if lock.exists() else nullcontext():
            built = look_at_build(warehouse.build_file)
    except Timeout:
        yield Finding("published", "tables", "a run is writing now, so they were not compared")
    except duckdb.Error as error:
        yield Finding("published", "build.duckdb", f"cannot be read: {_first_line(error)}", RECOVER)
    else:
        yield compare(built, published)


def _of_contract(connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, now: datetime) -> Iterator[Finding]:
    for problem in unknown_names(connection, warehouse.folder, now.date()):
        yield Finding("settings", problem.name, "a name in it is unknown", problem.text)
    for problem in doubted_rates(connection, warehouse.folder):
        yield Finding("settings", problem.name, "a rate in it looks turned round", problem.text)


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", maxsplit=1)[0]
