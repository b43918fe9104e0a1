"""Imported files are read again, where an importer has changed or someone asks: which of them, and what is told.

How what they stated is superseded is in `reread`.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import duckdb
import polars as pl

from pipelines.usage import earlier_imports, reread
from pipelines.usage.apply_privacy import note_applied, prepare_privacy
from pipelines.usage.batches import Batch, printable
from pipelines.usage.file_outcome import FileOutcome
from pipelines.usage.find_files import address_of, with_paths
from pipelines.usage.pseudonyms import protected
from pipelines.usage.reread import UsdOf
from pipelines.usage.store_batch import forget_imports, store_batch
from pipelines.warehouse import ledger
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import read_table


def reread_files(
    warehouse: Warehouse,
    as_of: datetime,
    files: Sequence[Path] | None = None,
    format_name: str | None = None,
    usd_of: UsdOf | None = None,
    nearby: Sequence[Path] = (),
) -> list[FileOutcome]:
    """Read imported files again; what they stated before is superseded, and core.usage_restatement says what changed.

    Without `files` and `format_name` those that another version of their importer has read. Files that are no longer
    where they were are outcomes, too: what they stated stays. `usd_of` tells what usage costs. Where paths are kept as
    pseudonyms, only `files` and those `nearby` can be found.
    """
    with warehouse.write() as connection:
        known = earlier_imports.earlier_imports(read_table(connection, "core.usage_import"))
        is_asked = files is not None or format_name is not None
        wanted = [one for one in known if is_asked or one.is_stale]
        if not wanted:
            return []
        privacy, _ = prepare_privacy(connection, warehouse)
        seen = with_paths(read_table(connection, "core.usage_file"), [*(files or ()), *nearby], privacy)
    note_applied(warehouse, privacy)
    if format_name is not None:
        wanted = [one for one in wanted if one.format == format_name]
    if files is not None:
        seen = seen.filter(pl.col("path").is_in([address_of(path) for path in files]))
        names = {printable(path) for path in files}
        # Earlier states of a log are known by its name alone.
        wanted = [one for one in wanted if one.file_name in names or one.import_id in set(seen["import_id"])]
    found, gone = earlier_imports.plan(wanted, known, seen)
    if files is not None:
        gone = [one for one in gone if one.import_id in set(seen["import_id"])]

    def store(
        connection: duckdb.DuckDBPyConnection,
        warehouse: Warehouse,
        batch: Batch,
        as_of: datetime,
        superseded: ledger.Superseded | None,
    ) -> dict[Path, FileOutcome]:
        return store_batch(connection, warehouse, batch, as_of, privacy, superseded)

    how = reread.Store(store, forget_imports, lambda rows: protected(rows, privacy))
    stored, refused, restated = reread.read_again(warehouse, found, as_of, how, usd_of)
    warehouse.save_records()
    ids = {one.path: one.supersedes[0].import_id for one in found}
    changes = dict(zip(restated["import_id"], restated.iter_rows(named=True), strict=True))
    return [
        *(replace(outcome, outcome="reread", change=changes.get(outcome.import_id)) for outcome in stored),
        *(
            FileOutcome(path, "refused", reason=f"{reason}; what it stated before stays", import_id=ids[path])
            for path, reason in refused.items()
        ),
        *(FileOutcome(Path(one.file_name), "gone", reason=_gone(one)) for one in gone),
    ]


def _gone(one: earlier_imports.Earlier) -> str:
    return f"read by version {one.version} of {one.format} and no longer where it was: what it stated stays"
