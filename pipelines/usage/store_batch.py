"""One batch of read files into the warehouse: rows into the ledger, lines of bills, rejects, and what each file was.

Reading is `read_files`' part; which files, and when again, that of `import_files` and `reread_files`.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import duckdb
import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.schema.usage import UsageImport, UsageUnknownCount
from pipelines.usage import earlier_imports
from pipelines.usage.apply_privacy import IMPORTERS_BY_NAME
from pipelines.usage.batches import Batch, FileCount
from pipelines.usage.bill_currency import NO_RATE, in_dollars, refused_lines
from pipelines.usage.dedup import identified, one_per_call
from pipelines.usage.file_outcome import FileOutcome, outcome_of
from pipelines.usage.file_states import note_read
from pipelines.usage.formats import IMPORTERS
from pipelines.usage.identity import present_ids, without_account
from pipelines.usage.pseudonyms import Privacy, protected, protected_rejects
from pipelines.usage.rate_file import rates_in_force
from pipelines.usage.related_keys import read_twice, related_keys
from pipelines.usage.store_reported_costs import store_reported_costs
from pipelines.warehouse import ledger
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.related_rows import Identities
from pipelines.warehouse.rows import append, read_table

PASSING_RULES = ("usage_in_the_future", NO_RATE)
"""Rules that a row may keep tomorrow: a clock that was behind is set right, a rate is written. Such content is read
again."""
FORMATS = hashlib.sha256(repr(sorted(earlier_imports.VERSIONS.items())).encode()).hexdigest()[:16]
"""All importers as they are: a file of which nothing was read is opened again when one of them changes."""
COPIED_LATER = [importer.name for importer in IMPORTERS if importer.is_copied_later]


def store_batch(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Warehouse,
    batch: Batch,
    as_of: datetime,
    privacy: Privacy,
    superseded: ledger.Superseded | None = None,
) -> dict[Path, FileOutcome]:
    """One batch in one transaction, with what of people may be kept: ledger, rejects, and the files that end in it."""
    batch = _protected(_converted(batch, warehouse.folder), privacy)
    # Another run may have imported one of the files since this one looked.
    imported = settled_imports(connection)
    for count in batch.complete:
        if count.reason is None and count.import_id in imported:
            count.reason, count.is_known = "this content was imported before", True
    for count in batch.complete:
        if count.reason is None and not count.row_count and not count.reject_count:
            count.reason, count.is_empty = _nothing_read(count), True
    new = (
        _into_ledger(connection, warehouse, batch, superseded)
        if batch.table == "usage"
        else _into_costs(connection, batch)
    )
    _replace_rejects(connection, batch.rejects)
    for import_id, new_count in new.items():
        batch.counts[import_id].new_count += new_count
    imports = [_import_row(count, as_of) for count in batch.complete if count.reason is None]
    append(
        connection, "core.usage_import", protected(pl.DataFrame(imports, schema=polars_schema(UsageImport)), privacy)
    )
    _replace_unknown(connection, [count for count in batch.complete if count.reason is None], privacy)
    note_read(connection, warehouse.inbox, batch.complete, as_of, FORMATS, privacy)
    return {count.path: outcome_of(count) for count in batch.complete}


def _converted(batch: Batch, folder: Path) -> Batch:
    """A batch of bills in USD; lines without a rate of their day, or worth too much, are refused, and counted so."""
    importers = [IMPORTERS_BY_NAME[count.format] for count in batch.counts.values()]
    if batch.table == "usage" or not any(importer.has_printed_currency for importer in importers):
        return batch
    rows, refused = in_dollars(batch.rows, rates_in_force(folder))
    for import_id, lines in refused.group_by("import_id").len().iter_rows():
        batch.counts[import_id].row_count -= lines
        batch.counts[import_id].reject_count += lines
    rejects = refused_lines(refused, {import_id: count.name for import_id, count in batch.counts.items()})
    return replace(batch, rows=rows, rejects=pl.concat([batch.rejects, rejects]).sort("import_id", "source_line"))


def _protected(batch: Batch, privacy: Privacy) -> Batch:
    """A batch with what of people may be stored."""
    formats = {count.format for count in batch.counts.values()}
    importer = IMPORTERS_BY_NAME[formats.pop()] if formats else None
    rejects = protected_rejects(batch.rejects, privacy, importer)
    return replace(batch, rows=protected(batch.rows, privacy), rejects=rejects)


def settled_imports(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Content that is known for good: of it no row was refused for a reason that passes."""
    query = "import_id NOT IN (SELECT import_id FROM core.usage_reject WHERE rule IN (SELECT unnest($rules)))"
    return set(read_table(connection, "core.usage_import", query, rules=list(PASSING_RULES))["import_id"])


def forget_imports(connection: duckdb.DuckDBPyConnection, import_ids: set[str]) -> None:
    """Forget what was refused of content that is read again, and that it was imported: it says both anew."""
    ids = list(import_ids)
    connection.execute("DELETE FROM core.usage_reject WHERE import_id IN (SELECT unnest($ids))", {"ids": ids})
    connection.execute("DELETE FROM core.usage_unknown_count WHERE import_id IN (SELECT unnest($ids))", {"ids": ids})
    connection.execute("DELETE FROM core.usage_import WHERE import_id IN (SELECT unnest($ids))", {"ids": ids})


def _replace_rejects(connection: duckdb.DuckDBPyConnection, rejects: pl.DataFrame) -> None:
    """Store the rejects of a batch; those of a run that was killed before its file was complete are replaced."""
    spans = rejects.group_by("import_id").agg(first=pl.col("source_line").min(), last=pl.col("source_line").max())
    for import_id, first, last in spans.iter_rows():
        connection.execute(
            "DELETE FROM core.usage_reject WHERE import_id = $id AND source_line BETWEEN $first AND $last",
            {"id": import_id, "first": first, "last": last},
        )
    append(connection, "core.usage_reject", rejects)


def _nothing_read(count: FileCount) -> str:
    return f"nothing in it states usage as {count.format} does: {count.ignored_count} lines ignored; not imported"


def _replace_unknown(connection: duckdb.DuckDBPyConnection, counts: Sequence[FileCount], privacy: Privacy) -> None:
    """Store the unknown counts of complete files; those of an earlier reading are replaced."""
    ids = [count.import_id for count in counts]
    connection.execute("DELETE FROM core.usage_unknown_count WHERE import_id IN (SELECT unnest($ids))", {"ids": ids})
    rows = [
        {"import_id": count.import_id, "file_name": count.name, "format": count.format, "path": path, **vars(found)}
        for count in counts
        for path, found in count.unknown.items()
    ]
    found = pl.DataFrame(rows, schema=polars_schema(UsageUnknownCount))
    append(connection, "core.usage_unknown_count", protected(found, privacy))


def _into_ledger(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, batch: Batch, superseded: ledger.Superseded | None
) -> dict[str, int]:
    """Merge usage into the ledger. Returns the rows that are new by import_id."""
    known = read_table(connection, "core.ledger_file")
    change = merge(warehouse.folder, known, batch.rows, superseded)
    touched = change.files["usage_date"].to_list()
    connection.execute("DELETE FROM core.ledger_file WHERE usage_date IN (SELECT unnest($days))", {"days": touched})
    append(connection, "core.ledger_file", change.files)
    return dict(change.new_rows.iter_rows())


def merge(
    folder: Path, known: pl.DataFrame, rows: pl.DataFrame, superseded: ledger.Superseded | None = None
) -> ledger.LedgerChange:
    """`ledger.write` by the rules of usage. `known`: core.ledger_file; `rows`: columns of Usage."""
    found_by = without_account(present_ids())
    identities = Identities(identified, found_by, pl.col("format").is_in(COPIED_LATER), related_keys, read_twice)
    return ledger.write(folder, known, rows, one_per_call, identities, superseded)


def _into_costs(connection: duckdb.DuckDBPyConnection, batch: Batch) -> dict[str, int]:
    """Store reported costs; what is known already by the same figures is a duplicate."""
    ids = batch.rows["cost_id"].to_list()
    before = read_table(connection, "core.reported_cost", "cost_id IN (SELECT unnest($ids))", ids=ids)
    store_reported_costs(connection, batch.rows)
    new = batch.rows.join(before, on=["cost_id", "amount_usd"], how="anti")
    return dict(new.group_by("import_id").len().iter_rows())


def _import_row(count: FileCount, as_of: datetime) -> dict[str, object]:
    return {
        "import_id": count.import_id,
        "file_name": count.name,
        "format": count.format,
        "importer_version": earlier_imports.VERSIONS[count.format],
        "imported_at": as_of,
        "size_bytes": count.size_bytes,
        "line_count": count.line_count,
        "row_count": count.row_count,
        "duplicate_count": count.row_count - count.new_count,
        "reject_count": count.reject_count,
        "ignored_count": count.ignored_count,
        "first_usage_date": count.first_usage_date,
        "last_usage_date": count.last_usage_date,
    }
