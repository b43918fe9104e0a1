"""`costs import` and `costs formats`: usage files into the ledger, and whose files are understood."""

from typing import Annotated

import typer

from pipelines.cli.terminal import console, now, progress


def import_(
    context: typer.Context,
    files: Annotated[list[str], typer.Argument(help="Usage files, folders, or patterns such as 'logs/**/*.jsonl'.")],
    format_name: Annotated[str | None, typer.Option("--format", help="Format, where it is not recognised.")] = None,
) -> None:
    """Import usage files into the ledger. `costs run` then prices them. The same content twice changes nothing.

    JSON lines, JSON, CSV, TSV and Parquet, plain, gzip or zstd; `costs formats` lists whose logs are understood.

    Examples: costs import ~/.claude/projects | costs import 'exports/**/*.csv' --format openrouter
    """
    from pipelines.cli.views.usage import print_imports
    from pipelines.usage.import_files import import_files, named_files
    from pipelines.warehouse.database import Warehouse

    found = named_files(files)
    with progress(len(found)) as advance:
        outcomes = import_files(Warehouse(context.obj), found, now(), format_name, lambda file: advance(file.name))
    print_imports(console(), outcomes)
    if any(outcome.outcome == "refused" for outcome in outcomes):
        raise typer.Exit(1)


def formats() -> None:
    """List the usage formats that can be imported. A file is recognised by its content."""
    from pipelines.cli.views.usage import print_formats
    from pipelines.usage.formats import IMPORTERS

    print_formats(console(), IMPORTERS)
