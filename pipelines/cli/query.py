"""`costs sql`: the published file in the terminal, in a pipe or as a file."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.rows import AsCsv, AsJson, AsParquet, Limit, show_rows
from pipelines.cli.terminal import BAD_INPUT, say_error


def sql(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="One SQL statement that reads, or a file that ends in .sql.")],
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    parquet: AsParquet = None,
    limit: Limit = None,
    allow_files: Annotated[
        bool, typer.Option("--allow-files", help="Let the statement read and write files and load extensions.")
    ] = False,
) -> None:
    """Query the published file. A statement reads the warehouse and nothing else, unless files are allowed.

    In a terminal, rows that are wider than it are shown as records; in a pipe nothing is cut.
    Exit codes: 2: no statement, several, or one that does more than read; 3: there is no published file.

    Examples: costs sql "FROM source_health" | costs sql sql/cookbook/trace_a_number.sql --csv > numbers.csv
    """
    from pipelines.warehouse.published import PublishedWarehouse
    from pipelines.warehouse.statement import StatementError, one_statement, read_only
    from pipelines.warehouse.statement_rows import rows_of

    file = Path(query) if query.endswith(".sql") else None
    if file is not None and not file.is_file():
        say_error(f"costs sql: {file}: there is no such file; `ls sql/cookbook` shows the queries that ship")
        raise typer.Exit(BAD_INPUT)
    text = query if file is None else file.read_text()
    try:
        statement = one_statement(text, allows_files=allow_files)
    except StatementError as error:
        say_error(f"costs sql: {error}")
        raise typer.Exit(BAD_INPUT) from error
    with read_only(PublishedWarehouse(context.obj), allows_files=allow_files) as connection:
        found = connection.sql(statement)
        if found is not None:
            show_rows(rows_of(found), as_json=as_json, as_csv=as_csv, parquet=parquet, limit=limit)
