"""What a published file has beside its rows: comments and the view on the ledger. Copying it is not done here."""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from pipelines.schema import ddl
from pipelines.schema.tables import TABLES
from pipelines.schema.usage import Usage
from pipelines.warehouse.published import FOLDER_VARIABLE

_MEANING = f"""{(Usage.__doc__ or "").strip()} A view on the files in ledger/, which it looks for where the file was
published. Elsewhere, with ledger/ beside it: SET VARIABLE {FOLDER_VARIABLE} = '/the/folder'."""


def comment_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Say what tables and columns mean, where that is missing or was worded differently."""
    query = """
        SELECT 'TABLE ' || schema_name || '.' || table_name, comment FROM duckdb_tables()
        WHERE database_name = current_database()
        UNION ALL
        SELECT 'COLUMN ' || schema_name || '.' || table_name || '."' || column_name || '"', comment
        FROM duckdb_columns() WHERE database_name = current_database()
    """
    present = set(connection.execute(query).fetchall())
    for table in TABLES:
        for target, text in ddl.comments(table):
            if (target, text) not in present:
                connection.execute(f"COMMENT ON {target} IS {ddl.literal(text)}")


def create_views(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """The view on the ledger. It names each file, so a reader sees one state of the ledger."""
    paths = [path for (path,) in connection.execute("SELECT path FROM core.ledger_file ORDER BY path").fetchall()]
    connection.execute(f"CREATE OR REPLACE VIEW core.usage AS {usage_query(folder, paths)}")
    connection.execute(f"COMMENT ON VIEW core.usage IS {ddl.literal(' '.join(_MEANING.split()))}")
    for name, column in Usage.columns().items():
        connection.execute(f'COMMENT ON COLUMN core.usage."{name}" IS {ddl.literal(ddl.comment(column))}')


def usage_query(folder: Path, paths: Sequence[str]) -> str:
    """The statement that reads these ledger files (core.ledger_file.path) in the columns of core.usage.

    They are looked for below the folder that the session names, else below this one.

    DuckDB has no path that is relative to the file: a plain one is looked for where the reader's process stands.
    """
    casts = (f'NULL::{ddl.sql_type(column)} AS "{name}"' for name, column in Usage.columns().items())
    no_rows = f"SELECT {', '.join(casts)} WHERE false"
    if not paths:
        return no_rows
    listed = ", ".join(ddl.literal(path) for path in paths)
    base = f"coalesce(getvariable('{FOLDER_VARIABLE}'), {ddl.literal(str(folder.resolve()))})"
    files = f"list_transform([{listed}], lambda path: {base} || '/' || path)"
    # Files of an older program lack columns, perhaps all of them.
    rows = f"SELECT * FROM read_parquet({files}, hive_partitioning = false, union_by_name = true)"
    return f"{no_rows} UNION ALL BY NAME {rows}"
