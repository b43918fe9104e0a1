"""Import usage files: known content once, rows into the ledger, lines of bills and refused lines into the warehouse.

The one module of usage that reads and writes the warehouse.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from glob import glob
from pathlib import Path

import duckdb
import polars as pl

from pipelines.schema.accounts import DEFAULT_ACCOUNT
from pipelines.schema.columns import polars_schema
from pipelines.schema.usage import UsageFile, UsageImport, UsageUnknownCount
from pipelines.usage import reread
from pipelines.usage.apply_privacy import IMPORTERS_BY_NAME, note_applied, prepare_privacy
from pipelines.usage.batches import Batch, FileCount, UnknownCount, printable
from pipelines.usage.dedup import identified, one_per_call
from pipelines.usage.fields import MAX_TEXT
from pipelines.usage.file_format import recognised_files
from pipelines.usage.formats import IMPORTERS
from pipelines.usage.identity import contents_given, given_account, is_given, present_ids, without_account
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

COPIED_LATER = [importer.name for importer in IMPORTERS if importer.is_copied_later]


@dataclass(frozen=True)
class FileOutcome:
    """What became of one file, as people are told about it."""

    file: Path
    outcome: str
    """imported, known, refused, empty: nothing in it states usage, and it is not imported; reread, or gone: read by an
    older importer and no longer there."""
    row_count: int = 0
    new_count: int = 0
    duplicate_count: int = 0
    reject_count: int = 0
    ignored_count: int = 0
    unknown: Mapping[str, UnknownCount] = field(default_factory=dict)
    """Path -> what was found there that no meter counts."""
    reason: str | None = None
    dated_by_file_count: int = 0
    """Rows whose log states no time: they have the time of the file's last change."""
    first_usage_date: date | None = None
    last_usage_date: date | None = None
    import_id: str = ""
    change: Mapping[str, object] | None = None
    """Of a file that was read again: its row of core.usage_restatement, where anything changed."""


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
    account: str | None = None,
    usd_of: reread.UsdOf | None = None,
) -> list[FileOutcome]:
    """Import files; one that cannot be read is an outcome, and the others go on. Outcomes come in the order of `files`.

    A file whose size and time of change are those of its last import is not opened. Files, these or others, that an
    older importer has read are read again first: see `reread_files`. Other ones of these come last. `account`: whose
    usage the files are, where they do not tell themselves; else it is named by the first folder below the inbox, or
    DEFAULT_ACCOUNT. Raises ValueError for an account that is no short line.
    """
    accounts = {path: account or _account_of_folder(warehouse.inbox, path) for path in files}
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


def reread_files(
    warehouse: Warehouse,
    as_of: datetime,
    files: Sequence[Path] | None = None,
    format_name: str | None = None,
    usd_of: reread.UsdOf | None = None,
    nearby: Sequence[Path] = (),
) -> list[FileOutcome]:
    """Read imported files again; what they stated before is superseded, and core.usage_restatement says what changed.

    Without `files` and `format_name` those that another version of their importer has read. Files that are no longer
    where they were are outcomes, too: what they stated stays. `usd_of` tells what usage costs. Where paths are kept as
    pseudonyms, only `files` and those `nearby` can be found.
    """
    with warehouse.write() as connection:
        known = reread.earlier_imports(connection)
        is_asked = files is not None or format_name is not None
        wanted = [one for one in known if is_asked or one.is_stale]
        if not wanted:
            return []
        privacy, _ = prepare_privacy(connection, warehouse)
        seen = _with_paths(read_table(connection, "core.usage_file"), [*(files or ()), *nearby], privacy)
    note_applied(warehouse, privacy)
    if format_name is not None:
        wanted = [one for one in wanted if one.format == format_name]
    if files is not None:
        seen = seen.filter(pl.col("path").is_in([_address(path) for path in files]))
        names = {printable(path) for path in files}
        # Earlier states of a log are known by its name alone.
        wanted = [one for one in wanted if one.file_name in names or one.import_id in set(seen["import_id"])]
    found, gone = reread.plan(wanted, known, seen)
    if files is not None:
        gone = [one for one in gone if one.import_id in set(seen["import_id"])]

    def store_batch(
        connection: duckdb.DuckDBPyConnection,
        warehouse: Warehouse,
        batch: Batch,
        as_of: datetime,
        superseded: ledger.Superseded | None,
    ) -> dict[Path, FileOutcome]:
        return _store(connection, warehouse, _protected(batch, privacy), as_of, privacy, superseded)

    store = reread.Store(store_batch, _read_again, lambda rows: protected(rows, privacy))
    stored, refused, restated = reread.read_again(warehouse, found, as_of, store, usd_of)
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


def _with_paths(seen: pl.DataFrame, files: Sequence[Path], privacy: Privacy) -> pl.DataFrame:
    """core.usage_file with the paths of these files where it has their pseudonyms."""
    if privacy.treatments.get("path") != "hash":
        return seen
    addresses = {privacy.pseudonym(address): address for address in map(_address, files)}
    return seen.with_columns(path=pl.col("path").replace(addresses))


def _gone(one: reread.Earlier) -> str:
    return f"read by version {one.version} of {one.format} and no longer where it was: what it stated stays"


def _import_files(
    warehouse: Warehouse,
    accounts: Mapping[Path, str],
    as_of: datetime,
    format_name: str | None,
    on_file: Callable[[Path], None],
) -> dict[Path, FileOutcome]:
    with warehouse.write() as connection:
        privacy, is_applied = prepare_privacy(connection, warehouse)
        imported = _settled_imports(connection)
        unsettled = set(read_table(connection, "core.usage_import")["import_id"]) - imported
        seen = read_table(connection, "core.usage_file").filter(pl.col("import_id").is_in(list(imported)))
    note_applied(warehouse, privacy)
    unchanged = set() if format_name else _unchanged(accounts, seen, privacy)
    outcomes = {path: FileOutcome(path, "known", reason="not changed since its import") for path in unchanged}
    recognised, refused = recognised_files([path for path in accounts if path not in unchanged], format_name)
    outcomes |= {path: FileOutcome(path, "refused", reason=reason) for path, reason in refused.items()}
    for batch in read_files(recognised, imported.__contains__, as_of, on_file, accounts):
        with warehouse.write() as connection:
            _read_again(connection, unsettled & batch.counts.keys())
            unsettled -= batch.counts.keys()
            privacy, _ = prepare_privacy(connection, warehouse)
            outcomes |= _store(connection, warehouse, _protected(batch, privacy), as_of, privacy)
        note_applied(warehouse, privacy)
    if recognised or is_applied:
        warehouse.save_records()
    close_to_others(warehouse.folder)
    return outcomes


def is_account(name: str) -> bool:
    """Whether a text can be stored and shown as the name of an account."""
    return 0 < len(name) <= MAX_TEXT and name.isprintable() and name == name.strip()


def _account_of_folder(inbox: Path, path: Path) -> str:
    """The first folder below the inbox that a file is in; a file elsewhere, or in the inbox itself, names none."""
    try:
        below = path.absolute().relative_to(inbox.absolute())
    except ValueError:
        return DEFAULT_ACCOUNT
    return below.parts[0] if len(below.parts) > 1 else DEFAULT_ACCOUNT


def days_of(outcomes: Iterable[FileOutcome]) -> list[date]:
    """The days that the usage in files of these outcomes may be of, sorted."""
    spans = {(one.first_usage_date, one.last_usage_date) for one in outcomes}
    days = {
        first + timedelta(days=number)
        for first, last in spans
        if first and last
        for number in range((last - first).days + 1)
    }
    return sorted(days)


def damaged_days(warehouse: Warehouse) -> dict[date, str]:
    """Days whose file in the ledger is missing or damaged, with what to do. Reads the whole ledger once."""
    with warehouse.write() as connection:
        files = read_table(connection, "core.ledger_file")
    return damaged_files(warehouse.folder, files)


def _files_below(folder: Path) -> Iterable[Path]:
    # A pipe or a device among them is refused by name when it is opened.
    found = (path for path in sorted(folder.rglob("*")) if path.exists() and not path.is_dir())
    return (path for path in found if not path.name.startswith(IGNORED_IN_INBOX))


def _unchanged(accounts: Mapping[Path, str], seen: pl.DataFrame, privacy: Privacy) -> set[Path]:
    known = {
        path: (size, modified, given_account(import_id))
        for path, size, modified, import_id in seen.select("path", "size_bytes", "modified_ns", "import_id").iter_rows()
    }
    is_hashed = privacy.treatments.get("path") == "hash"
    return {
        path
        for path, account in accounts.items()
        if known and path.is_file()
        for address in [_address(path)]
        if known.get(privacy.pseudonym(address) if is_hashed else address) == (*_stamp(path), account)
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
    connection: duckdb.DuckDBPyConnection,
    warehouse: Warehouse,
    batch: Batch,
    as_of: datetime,
    privacy: Privacy,
    superseded: ledger.Superseded | None = None,
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
    identities = ledger.Identities(identified, found_by, pl.col("format").is_in(COPIED_LATER))
    return ledger.write(folder, known, rows, one_per_call, identities, superseded)


def _into_costs(connection: duckdb.DuckDBPyConnection, batch: Batch) -> dict[str, int]:
    """Store reported costs; what is known already by the same figures is a duplicate."""
    ids = batch.rows["cost_id"].to_list()
    before = read_table(connection, "core.reported_cost", "cost_id IN (SELECT unnest($ids))", ids=ids)
    store_reported_costs(connection, batch.rows)
    new = batch.rows.join(before, on=["cost_id", "amount_usd"], how="anti")
    return dict(new.group_by("import_id").len().iter_rows())


def store_reported_costs(connection: duckdb.DuckDBPyConnection, rows: pl.DataFrame) -> list[date]:
    """Merge imported lines (columns of ReportedCost) into the known ones. Returns the days whose lines changed.

    Call it inside the transaction of the import. Storing the same lines again changes nothing. A line without an
    account_id is of DEFAULT_ACCOUNT.
    """
    rows = rows.with_columns(pl.col("account_id").fill_null(DEFAULT_ACCOUNT))
    ids = rows["cost_id"].unique().to_list()
    known = read_table(connection, "core.reported_cost", "cost_id IN (SELECT unnest($ids))", ids=ids)
    rows = _not_stated(connection, rows)
    change = restate(known, rows)
    _forget_restated(connection, rows.filter(pl.col("account_id") != DEFAULT_ACCOUNT))
    connection.execute(
        "DELETE FROM core.reported_cost WHERE cost_id IN (SELECT unnest($ids))",
        {"ids": change.rows["cost_id"].to_list()},
    )
    append(connection, "core.reported_cost", change.rows)
    return change.dates


def _forget_restated(connection: duckdb.DuckDBPyConnection, stated: pl.DataFrame) -> None:
    """Remove lines of no account that come again with the account of theirs; as `identity.without_restated`."""
    connection.execute(
        "DELETE FROM core.reported_cost WHERE account_id = $none "
        "AND (import_id IN (SELECT unnest($contents::VARCHAR[])) OR cost_id IN (SELECT unnest($ids::VARCHAR[])))",
        {
            "none": DEFAULT_ACCOUNT,
            "contents": contents_given(stated).to_list(),
            "ids": stated.filter(~is_given()).select(without_account(pl.col("cost_id")))["cost_id"].to_list(),
        },
    )


def _not_stated(connection: duckdb.DuckDBPyConnection, rows: pl.DataFrame) -> pl.DataFrame:
    """Lines without those of no account that are known with the account of theirs, or are stated so beside them."""
    is_stated = pl.col("account_id") != DEFAULT_ACCOUNT
    days = rows.filter(~is_stated)["usage_date"].unique().to_list()
    where = "account_id <> $none AND usage_date IN (SELECT unnest($days::DATE[]))"
    known = read_table(connection, "core.reported_cost", where, none=DEFAULT_ACCOUNT, days=days)
    stated = pl.concat([known, rows.filter(is_stated).select(known.columns)])
    if stated.is_empty():
        return rows
    contents = contents_given(stated)
    ids = stated.filter(~is_given()).select(without_account(pl.col("cost_id")))["cost_id"]
    is_restated = pl.col("import_id").is_in(contents.implode()) | pl.col("cost_id").is_in(ids.implode())
    return rows.filter(is_stated | ~is_restated)


def _import_row(count: FileCount, as_of: datetime) -> dict[str, object]:
    return {
        "import_id": count.import_id,
        "file_name": count.name,
        "format": count.format,
        "importer_version": reread.VERSIONS[count.format],
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
        told = FileOutcome(count.path, outcome, ignored_count=count.ignored_count, reason=count.reason)
        # What is read again and found empty has an import all the same: the one that it was.
        return replace(told, import_id=count.import_id) if count.is_empty else told
    duplicates = count.row_count - count.new_count
    return FileOutcome(
        count.path,
        "imported",
        count.row_count,
        count.new_count,
        duplicates,
        count.reject_count,
        count.ignored_count,
        count.unknown,
        import_id=count.import_id,
        dated_by_file_count=count.dated_by_file_count,
        first_usage_date=count.first_usage_date,
        last_usage_date=count.last_usage_date,
    )
