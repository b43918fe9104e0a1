"""Import usage files: known content once, rows into the ledger, lines of bills and refused lines into the warehouse.

The one module of usage that reads and writes the warehouse.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from glob import glob
from pathlib import Path

import duckdb
import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.schema.usage import UsageFile, UsageImport, UsageUnknownCount
from pipelines.usage.apply_privacy import IMPORTERS_BY_NAME, note_applied, prepare_privacy
from pipelines.usage.batches import Batch, FileCount, UnknownCount
from pipelines.usage.dedup import largest_per_usage
from pipelines.usage.file_format import recognised_files
from pipelines.usage.pseudonyms import Privacy, protected, protected_rejects
from pipelines.usage.read_files import read_files
from pipelines.usage.reported_costs import restate
from pipelines.warehouse import ledger
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.ledger_catalog import damaged_files
from pipelines.warehouse.permissions import close_to_others
from pipelines.warehouse.rows import append, read_table, replace_rows

IGNORED_IN_INBOX = (".", "README")
PASSING_RULES = ("usage_in_the_future",)
"""Rules that a row may keep tomorrow: a clock that was behind is set right. Such content is read again."""


@dataclass(frozen=True)
class FileOutcome:
    """What became of one file, as people are told about it."""

    file: Path
    outcome: str
    """imported, known, refused, or empty: nothing in it states usage, and it is not imported."""
    row_count: int = 0
    new_count: int = 0
    duplicate_count: int = 0
    reject_count: int = 0
    ignored_count: int = 0
    unknown: Mapping[str, UnknownCount] = field(default_factory=dict)
    """Path -> what was found there that no meter counts."""
    reason: str | None = None


def inbox_files(warehouse: Warehouse) -> list[Path]:
    """Files waiting in the inbox. They stay there: importing again changes nothing."""
    return list(_files_below(warehouse.inbox)) if warehouse.inbox.is_dir() else []


def named_files(names: Iterable[str | Path]) -> list[Path]:
    """Files by name, below folders, and by patterns such as 'logs/**/*.jsonl'; each once, in the order given.

    Raises FileNotFoundError for a name that is nothing.
    """
    found: dict[Path, None] = {}
    for name in names:
        path = Path(name)
        if path.is_dir():
            found |= dict.fromkeys(_files_below(path))
        elif path.exists():
            found[path] = None
        else:
            matches = [Path(match) for match in sorted(glob(str(path), recursive=True))]  # noqa: PTH207 - absolute too
            if not matches:
                raise FileNotFoundError(f"{name}: there is no such file, folder or pattern")
            found |= dict.fromkeys(match for match in matches if match.is_file())
    return list(found)


def import_files(
    warehouse: Warehouse,
    files: Sequence[Path],
    as_of: datetime,
    format_name: str | None = None,
    on_file: Callable[[Path], None] = lambda path: None,
) -> list[FileOutcome]:
    """Import files; one that cannot be read is an outcome, and the others go on. Outcomes come in the order of `files`.

    A file whose size and time of change are those of its last import is not opened.
    """
    with warehouse.write() as connection:
        privacy, is_applied = prepare_privacy(connection, warehouse)
        imported = _settled_imports(connection)
        unsettled = set(read_table(connection, "core.usage_import")["import_id"]) - imported
        seen = read_table(connection, "core.usage_file").filter(pl.col("import_id").is_in(list(imported)))
    note_applied(warehouse, privacy)
    unchanged = set() if format_name else _unchanged(files, seen, privacy)
    outcomes = {path: FileOutcome(path, "known", reason="not changed since its import") for path in unchanged}
    recognised, refused = recognised_files([path for path in files if path not in unchanged], format_name)
    outcomes |= {path: FileOutcome(path, "refused", reason=reason) for path, reason in refused.items()}
    for batch in read_files(recognised, imported.__contains__, as_of, on_file):
        with warehouse.write() as connection:
            _read_again(connection, unsettled & batch.counts.keys())
            unsettled -= batch.counts.keys()
            privacy, _ = prepare_privacy(connection, warehouse)
            outcomes |= _store(connection, warehouse, _protected(batch, privacy), as_of, privacy)
        note_applied(warehouse, privacy)
    if recognised or is_applied:
        warehouse.save_records()
    close_to_others(warehouse.folder)
    return [outcomes[path] for path in dict.fromkeys(files)]


def damaged_days(warehouse: Warehouse) -> dict[date, str]:
    """Days whose file in the ledger is missing or damaged, with what to do. Reads the whole ledger once."""
    with warehouse.write() as connection:
        files = read_table(connection, "core.ledger_file")
    return damaged_files(warehouse.folder, files)


def _files_below(folder: Path) -> Iterable[Path]:
    # A pipe or a device among them is refused by name when it is opened.
    found = (path for path in sorted(folder.rglob("*")) if path.exists() and not path.is_dir())
    return (path for path in found if not path.name.startswith(IGNORED_IN_INBOX))


def _unchanged(files: Sequence[Path], seen: pl.DataFrame, privacy: Privacy) -> set[Path]:
    known = {
        path: (size, modified) for path, size, modified in seen.select("path", "size_bytes", "modified_ns").iter_rows()
    }
    is_hashed = privacy.treatments.get("path") == "hash"
    return {
        path
        for path in files
        if known and path.is_file()
        for address in [_address(path)]
        if known.get(privacy.pseudonym(address) if is_hashed else address) == _stamp(path)
    }


def _address(path: Path) -> str:
    return str(path.resolve()).encode("utf-8", errors="backslashreplace").decode()


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _protected(batch: Batch, privacy: Privacy) -> Batch:
    """A batch with what of people may be stored."""
    formats = {count.format for count in batch.counts.values()}
    importer = IMPORTERS_BY_NAME[formats.pop()] if formats else None
    rejects = protected_rejects(batch.rejects, privacy, importer)
    return replace(batch, rows=protected(batch.rows, privacy), rejects=rejects)


def _store(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, batch: Batch, as_of: datetime, privacy: Privacy
) -> dict[Path, FileOutcome]:
    """One batch in one transaction: ledger, rejects, and the files that end in it."""
    # Another run may have imported one of the files since this one looked.
    imported = _settled_imports(connection)
    for count in batch.complete:
        if count.reason is None and count.import_id in imported:
            count.reason, count.is_known = "this content was imported before", True
    for count in batch.complete:
        if count.reason is None and not count.row_count and not count.reject_count:
            count.reason, count.is_empty = _nothing_read(count), True
    new = _into_ledger(connection, warehouse, batch) if batch.table == "usage" else _into_costs(connection, batch)
    _replace_rejects(connection, batch.rejects)
    for import_id, new_count in new.items():
        batch.counts[import_id].new_count += new_count
    imports = [_import_row(count, as_of) for count in batch.complete if count.reason is None]
    append(
        connection, "core.usage_import", protected(pl.DataFrame(imports, schema=polars_schema(UsageImport)), privacy)
    )
    _replace_unknown(connection, [count for count in batch.complete if count.reason is None], privacy)
    _note_files(connection, [count for count in batch.complete if not count.is_empty], privacy)
    return {count.path: _outcome(count) for count in batch.complete}


def _settled_imports(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Content that is known for good: of it no row was refused for a reason that passes."""
    query = "import_id NOT IN (SELECT import_id FROM core.usage_reject WHERE rule IN (SELECT unnest($rules)))"
    return set(read_table(connection, "core.usage_import", query, rules=list(PASSING_RULES))["import_id"])


def _read_again(connection: duckdb.DuckDBPyConnection, import_ids: set[str]) -> None:
    """Forget what was refused of content that is read again, and that it was imported: it says both anew."""
    ids = list(import_ids)
    connection.execute("DELETE FROM core.usage_reject WHERE import_id IN (SELECT unnest($ids))", {"ids": ids})
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


def _into_ledger(connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, batch: Batch) -> dict[str, int]:
    """Merge usage into the ledger. Returns the rows that are new by import_id."""
    change = ledger.write(warehouse.folder, read_table(connection, "core.ledger_file"), batch.rows, largest_per_usage)
    touched = change.files["usage_date"].to_list()
    connection.execute("DELETE FROM core.ledger_file WHERE usage_date IN (SELECT unnest($days))", {"days": touched})
    append(connection, "core.ledger_file", change.files)
    return dict(change.new_rows.iter_rows())


def _into_costs(connection: duckdb.DuckDBPyConnection, batch: Batch) -> dict[str, int]:
    """Store reported costs; what is known already by the same figures is a duplicate."""
    ids = batch.rows["cost_id"].to_list()
    before = read_table(connection, "core.reported_cost", "cost_id IN (SELECT unnest($ids))", ids=ids)
    store_reported_costs(connection, batch.rows)
    new = batch.rows.join(before, on=["cost_id", "amount_usd"], how="anti")
    return dict(new.group_by("import_id").len().iter_rows())


def store_reported_costs(connection: duckdb.DuckDBPyConnection, rows: pl.DataFrame) -> list[date]:
    """Merge imported lines (columns of ReportedCost) into the known ones. Returns the days whose lines changed.

    Call it inside the transaction of the import. Storing the same lines again changes nothing.
    """
    ids = rows["cost_id"].unique().to_list()
    known = read_table(connection, "core.reported_cost", "cost_id IN (SELECT unnest($ids))", ids=ids)
    change = restate(known, rows)
    connection.execute(
        "DELETE FROM core.reported_cost WHERE cost_id IN (SELECT unnest($ids))",
        {"ids": change.rows["cost_id"].to_list()},
    )
    append(connection, "core.reported_cost", change.rows)
    return change.dates


def _import_row(count: FileCount, as_of: datetime) -> dict[str, object]:
    return {
        "import_id": count.import_id,
        "file_name": count.name,
        "format": count.format,
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


def _note_files(connection: duckdb.DuckDBPyConnection, counts: Sequence[FileCount], privacy: Privacy) -> None:
    """Remember how the files looked, so that they are not opened again while they look the same."""
    rows = [
        {"path": _address(count.path), "size_bytes": size, "modified_ns": modified, "import_id": count.import_id}
        for count in counts
        if count.import_id
        for size, modified in [_stamp(count.path)]
    ]
    files = protected(pl.DataFrame(rows, schema=polars_schema(UsageFile)), privacy).drop_nulls("path")
    replace_rows(connection, "core.usage_file", "path", files["path"].to_list(), files)


def _outcome(count: FileCount) -> FileOutcome:
    if count.reason is not None:
        outcome = "known" if count.is_known else "empty" if count.is_empty else "refused"
        return FileOutcome(count.path, outcome, ignored_count=count.ignored_count, reason=count.reason)
    duplicates = count.row_count - count.new_count
    rows = (count.row_count, count.new_count, duplicates, count.reject_count, count.ignored_count)
    return FileOutcome(count.path, "imported", *rows, unknown=count.unknown)
