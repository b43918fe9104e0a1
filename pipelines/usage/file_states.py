"""How each usage file stands, as rows of core.usage_file: read, empty, refused, not recognised or still being written.

What a file holds, and when it is read again, is not here.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import duckdb
import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.schema.usage import UsageFile
from pipelines.usage.batches import FileCount, printable
from pipelines.usage.file_outcome import NOT_READ, FileOutcome
from pipelines.usage.find_files import address_of, files_below, stamp_of
from pipelines.usage.pseudonyms import LEFT_OUT, Privacy, protected
from pipelines.warehouse.record_files import check_record, read_names
from pipelines.warehouse.rows import append, read_table, replace_rows

STILL_WRITTEN = "it was still being written; the next run reads it"
NOT_TOLD_APART = "read or not: its path is left out (privacy.csv), so that each run reads it again"
_UNREAD = (*NOT_READ, "waiting")
_SHOWN = ("refused", "not_recognised", "waiting", "empty", "read")
"""States in the order of who needs a look."""
_SCHEMA = polars_schema(UsageFile)
_SAME = ("path", "state", "size_bytes", "modified_ns")


def note_read(
    connection: duckdb.DuckDBPyConnection,
    inbox: Path,
    counts: Iterable[FileCount],
    at: datetime,
    formats: str,
    privacy: Privacy,
) -> None:
    """Remember files that were read, and how they looked, so that they are not opened again while they look the same.

    `formats`: the importers that there are, as one hash, for files in which nothing states usage.
    """
    rows = [
        {
            **_facts(count.path, inbox),
            "state": "empty" if count.is_empty else "read",
            "state_at": at,
            "row_count": None if count.is_known else count.row_count,
            "import_id": count.import_id,
            "not_imported": count.reason if count.is_empty else None,
            "formats": formats if count.is_empty else None,
        }
        for count in counts
        if count.import_id and (count.reason is None or count.is_known or count.is_empty)
    ]
    files = _with_rows_of_content(connection, protected(pl.DataFrame(rows, schema=_SCHEMA), privacy))
    files = files.drop_nulls("path")
    replace_rows(connection, "core.usage_file", "path", files["path"].to_list(), files)


def note_unread(
    connection: duckdb.DuckDBPyConnection,
    inbox: Path,
    outcomes: Mapping[Path, FileOutcome],
    at: datetime,
    privacy: Privacy,
) -> bool:
    """Remember the files of which nothing could be read, and forget those of before that are gone or were read.

    Returns whether anything is another than before.
    """
    rows = [
        {
            **_facts(path, inbox),
            "state": one.outcome,
            "state_at": at,
            "not_imported": _without_place(one.reason or "", path),
        }
        for path, one in outcomes.items()
        if one.outcome in _UNREAD and path.exists()
    ]
    found = without_paths(protected(pl.DataFrame(rows, schema=_SCHEMA), privacy))
    everything = read_table(connection, "core.usage_file")
    before = everything.filter(pl.col("state").is_in(_UNREAD))
    # One that was read and is being added to is what it was until it is read again.
    is_growing = (pl.col("state") == "waiting") & pl.col("path").is_in(set(everything["path"]) - set(before["path"]))
    found = found.filter(~is_growing)
    in_sight = {*outcomes, *(files_below(inbox) if inbox.is_dir() else ())}
    kept = _still_there(before, [path for path in in_sight if path.exists()], outcomes, privacy)
    since = before.select(*_SAME, was_at="state_at")
    found = found.join(since, on=_SAME, how="left", maintain_order="left")
    found = found.with_columns(state_at=pl.coalesce("was_at", "state_at")).select(list(_SCHEMA))
    after = pl.concat([found, kept.join(found, on="path", how="anti")]).sort("path")
    if after.equals(before.sort("path")):
        return False
    connection.execute("DELETE FROM core.usage_file WHERE state IN (SELECT unnest($unread))", {"unread": list(_UNREAD)})
    replace_rows(connection, "core.usage_file", "path", found["path"].to_list(), found)
    append(connection, "core.usage_file", kept.join(found, on="path", how="anti"))
    return True


def without_paths(files: pl.DataFrame) -> pl.DataFrame:
    """Rows of core.usage_file whose path is left out: what was read has none, as the import tells it too.

    What could not be read is told all the same, and named by its time and size, which say nothing of where it lies.
    """
    told = files.filter(pl.col("path").is_not_null() | pl.col("state").is_in(_UNREAD))
    number = pl.col("size_bytes").cum_count().over("modified_ns", "size_bytes", pl.col("path").is_null())
    stand_in = pl.format("{} {}-{}-{}", pl.lit(LEFT_OUT), "modified_ns", "size_bytes", number)
    return told.with_columns(path=pl.coalesce("path", stand_in))


def state_older_rows(connection: duckdb.DuckDBPyConnection) -> None:
    """Rows of a program that stated no state are of files that were read."""
    connection.execute(
        "UPDATE core.usage_file SET state = if(not_imported IS NULL, 'read', 'empty') WHERE state IS NULL"
    )


def recorded_files(folder: Path) -> pl.DataFrame:
    """core.usage_file as the last import left it, from the record beside the database: nobody is waited for."""
    record = read_names(folder).by_table.get("core.usage_file")
    empty = pl.DataFrame(schema=_SCHEMA)
    if record is None:
        return empty
    # A record of an older program lacks columns.
    stored = pl.read_parquet(check_record(folder, record))
    return pl.concat([empty, stored], how="diagonal_relaxed").select(list(_SCHEMA)).cast(pl.Schema(_SCHEMA))


def files_as_they_stand(seen: pl.DataFrame, in_inbox: Sequence[Path], privacy: Privacy) -> pl.DataFrame:
    """state, file_name, state_at, row_count, reason, is_in_inbox and path of each file, those that need a look first.

    `seen`: core.usage_file. What lies in the inbox and was not seen as it is now waits for the next run. A file that
    was read and is gone stays: its usage does.
    """
    known = set(seen.select("path", "size_bytes", "modified_ns").iter_rows())
    treatment = privacy.treatments.get("path")
    left_out = {tuple(looks) for path, *looks in known if path.startswith(LEFT_OUT)}
    reason = NOT_TOLD_APART if treatment == "drop" else "no run has seen it as it is now"
    waiting = []
    for path in in_inbox:
        stored = privacy.pseudonym(address_of(path)) if treatment == "hash" else address_of(path)
        if (stored, *stamp_of(path)) not in known and stamp_of(path) not in left_out:
            facts = {"path": stored, "file_name": printable(path), "is_in_inbox": True}
            waiting.append({**facts, "state": "waiting", "reason": reason})
    columns = ["state", "file_name", "state_at", "row_count", "reason", "is_in_inbox", "path"]
    # A name is NULL in rows of a program that stated none.
    name = pl.coalesce("file_name", pl.col("path").str.split("/").list.last())
    state = pl.col("state").fill_null("read")
    stood = seen.rename({"not_imported": "reason"}).with_columns(file_name=name, state=state).select(columns)
    new = pl.DataFrame(waiting, schema=stood.schema)
    order = pl.col("state").replace_strict(dict(zip(_SHOWN, range(len(_SHOWN)), strict=True)))
    both = pl.concat([new, stood.join(new, on="path", how="anti")])
    return both.sort(order, "state_at", "path", descending=[False, True, False], nulls_last=True)


def _facts(path: Path, inbox: Path) -> dict[str, object]:
    size, modified = stamp_of(path)
    return {
        "path": address_of(path),
        "file_name": printable(path),
        "is_in_inbox": path.absolute().is_relative_to(inbox.absolute()),
        "size_bytes": size,
        "modified_ns": modified,
    }


def _with_rows_of_content(connection: duckdb.DuckDBPyConnection, files: pl.DataFrame) -> pl.DataFrame:
    """The row count of content that was imported before, under whatever name."""
    known = read_table(
        connection,
        "core.usage_import",
        "import_id IN (SELECT unnest($ids))",
        ids=files.filter(pl.col("row_count").is_null())["import_id"].to_list(),
    )
    counted = files.join(known.select("import_id", known="row_count"), on="import_id", how="left")
    return counted.with_columns(row_count=pl.coalesce("row_count", "known")).select(list(_SCHEMA))


def _still_there(
    before: pl.DataFrame, in_sight: Sequence[Path], asked: Container[Path], privacy: Privacy
) -> pl.DataFrame:
    """Rows of files that are there yet. Of one whose path is a pseudonym only those in sight can tell.

    Of one whose path is left out only those that look like it can, and that were not `asked` for and told anew.
    """
    looks = {stamp_of(path) for path in in_sight if path not in asked}
    addresses = {address_of(path) for path in in_sight}
    if privacy.treatments.get("path") == "hash":
        addresses = {privacy.pseudonym(address) for address in addresses}
    is_there = [
        (size, modified) in looks if path.startswith(LEFT_OUT) else path in addresses or Path(path).exists()
        for path, size, modified in before.select("path", "size_bytes", "modified_ns").iter_rows()
    ]
    return before.filter(pl.Series(is_there, dtype=pl.Boolean))


def _without_place(reason: str, path: Path) -> str:
    """A reason that names no place: file_name and path say that, as far as privacy.csv lets them."""
    for text in (str(path), str(path.resolve()), printable(path)):
        reason = reason.replace(text, "the file")
    return reason.removeprefix("the file: ")
