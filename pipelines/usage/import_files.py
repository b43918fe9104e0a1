"""Import usage files: known content once, rows into the ledger, lines of bills and refused lines into the warehouse.

Which files is `find_files`' part, storing `store_batch`'s, reading again `reread_files`'.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path

import polars as pl

from pipelines.usage.apply_privacy import note_applied, prepare_privacy
from pipelines.usage.fields import MAX_TEXT
from pipelines.usage.file_format import recognised_files
from pipelines.usage.file_outcome import FileOutcome
from pipelines.usage.file_states import (
    STILL_WRITTEN,
    files_as_they_stand,
    note_unread,
    recorded_files,
    state_older_rows,
)
from pipelines.usage.find_files import account_of_folder, files_below, is_account, unchanged_files
from pipelines.usage.identity import given_account
from pipelines.usage.privacy import privacy_in_force
from pipelines.usage.pseudonyms import Privacy, read_key
from pipelines.usage.read_files import read_files
from pipelines.usage.reread import UsdOf
from pipelines.usage.reread_files import reread_files
from pipelines.usage.store_batch import FORMATS, forget_imports, settled_imports, store_batch
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.ledger_catalog import damaged_files
from pipelines.warehouse.permissions import close_to_others
from pipelines.warehouse.rows import read_table


def inbox_files(warehouse: Warehouse) -> list[Path]:
    """Files waiting in the inbox. They stay there: importing again changes nothing."""
    return list(files_below(warehouse.inbox)) if warehouse.inbox.is_dir() else []


def files_seen(warehouse: Warehouse) -> pl.DataFrame:
    """`files_as_they_stand` by the last import's record and the inbox as it is now: no lock is waited for."""
    privacy = Privacy(privacy_in_force(warehouse.folder)[0], read_key(warehouse.folder))
    return files_as_they_stand(recorded_files(warehouse.folder), inbox_files(warehouse), privacy)


def import_files(
    warehouse: Warehouse,
    files: Sequence[Path],
    as_of: datetime,
    format_name: str | None = None,
    on_file: Callable[[Path], None] = lambda path: None,
    account: str | None = None,
    usd_of: UsdOf | None = None,
) -> list[FileOutcome]:
    """Import files; one that cannot be read is an outcome, and the others go on. Outcomes come in the order of `files`.

    A file whose size and time of change are those of its last import is not opened. Files, these or others, that an
    older importer has read are read again first: see `reread_files`. Other ones of these come last. `account`: whose
    usage the files are, where they do not tell themselves; else it is named by the first folder below the inbox, or
    DEFAULT_ACCOUNT. Raises ValueError for an account that is no short line.
    """
    accounts = {path: account or account_of_folder(warehouse.inbox, path) for path in files}
    if bad := next((name for name in accounts.values() if not is_account(name)), None):
        raise ValueError(
            f"{bad[:MAX_TEXT]!a} is no name of an account: write one line of at most {MAX_TEXT} characters"
        )
    told = reread_files(warehouse, as_of, usd_of=usd_of, nearby=files)
    again = {(outcome.file, given_account(outcome.import_id)): outcome for outcome in told if outcome.outcome != "gone"}
    # What was read again for one account may be given for another now.
    keys = {path: (path.resolve(), name) for path, name in accounts.items()}
    new = {path: name for path, name in accounts.items() if keys[path] not in again}
    outcomes = _import_files(warehouse, new, as_of, format_name, on_file)
    asked = set(keys.values())
    given = [outcomes.get(path) or again[key] for path, key in keys.items()]
    others = [outcome for key, outcome in again.items() if key not in asked]
    return [*given, *others, *(outcome for outcome in told if outcome.outcome == "gone")]


def _import_files(
    warehouse: Warehouse,
    accounts: Mapping[Path, str],
    as_of: datetime,
    format_name: str | None,
    on_file: Callable[[Path], None],
) -> dict[Path, FileOutcome]:
    with warehouse.write() as connection:
        privacy, is_applied = prepare_privacy(connection, warehouse)
        imported = settled_imports(connection)
        state_older_rows(connection)
        unsettled = set(read_table(connection, "core.usage_import")["import_id"]) - imported
        is_empty = (pl.col("formats") == FORMATS).fill_null(value=False)
        seen = read_table(connection, "core.usage_file").filter(pl.col("import_id").is_in(list(imported)) | is_empty)
    note_applied(warehouse, privacy)
    unchanged = {} if format_name else unchanged_files(accounts, seen, privacy)
    outcomes = {
        path: FileOutcome(path, "empty" if why else "known", reason=why or "not changed since its import")
        for path, why in unchanged.items()
    }
    recognised, refused = recognised_files([path for path in accounts if path not in unchanged], format_name)
    outcomes |= refused
    for batch in read_files(recognised, imported.__contains__, as_of, on_file, accounts):
        with warehouse.write() as connection:
            forget_imports(connection, unsettled & batch.counts.keys())
            unsettled -= batch.counts.keys()
            privacy, _ = prepare_privacy(connection, warehouse)
            outcomes |= store_batch(connection, warehouse, batch, as_of, privacy)
        note_applied(warehouse, privacy)
        del batch  # while the next one is read, it would take as much memory again
    with warehouse.write() as connection:
        is_noted = note_unread(connection, warehouse.inbox, outcomes, as_of, privacy)
    if recognised or is_applied or is_noted:
        warehouse.save_records()
    close_to_others(warehouse.folder)
    return outcomes


def note_waiting(warehouse: Warehouse, files: Sequence[Path], as_of: datetime) -> None:
    """Let core.usage_file say of files that they are still being written, and are left for the next run."""
    if files:
        with warehouse.write() as connection:
            privacy, _ = prepare_privacy(connection, warehouse)
            waiting = {path: FileOutcome(path, "waiting", reason=STILL_WRITTEN) for path in files}
            note_unread(connection, warehouse.inbox, waiting, as_of, privacy)


def damaged_days(warehouse: Warehouse) -> dict[date, str]:
    """Days whose file in the ledger is missing or damaged, with what to do. Reads the whole ledger once."""
    with warehouse.write() as connection:
        files = read_table(connection, "core.ledger_file")
    return damaged_files(warehouse.folder, files)
