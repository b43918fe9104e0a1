"""`costs import` and `costs formats`: usage files into the ledger, and whose files are understood."""

from typing import Annotated

import typer

from pipelines.cli.run import build_phases, end_by, tell
from pipelines.cli.terminal import BAD_INPUT, NEEDS_A_LOOK, console, now, progress, say_error


def import_(
    context: typer.Context,
    files: Annotated[list[str], typer.Argument(help="Usage files, folders, or patterns such as 'logs/**/*.jsonl'.")],
    format_name: Annotated[str | None, typer.Option("--format", help="Format, where it is not recognised.")] = None,
    is_to_build: Annotated[bool, typer.Option("--build", help="Then build as `costs build` does.")] = False,
) -> None:
    """Import usage files into the ledger. `costs build` then prices them. The same content twice changes nothing.

    JSON lines, JSON, CSV, TSV and Parquet, plain, gzip or zstd; `costs formats` lists whose logs are understood.

    Exit code 0: done; 1: done, but a file was refused or held no usage, or privacy.csv has a mistake (it is named);
    2: wrong use; 3: a step failed.

    Examples: costs import ~/.claude/projects --build | costs import 'exports/**/*.csv' --format openrouter
    """
    from pipelines.cli.views.usage import print_imports
    from pipelines.usage.formats import IMPORTERS
    from pipelines.usage.import_files import import_files, named_files
    from pipelines.usage.privacy import privacy_in_force
    from pipelines.warehouse.database import Warehouse

    names = sorted(importer.name for importer in IMPORTERS)
    if format_name is not None and format_name not in names:
        say_error(f"there is no format {format_name!r}; write one of {', '.join(names)}")
        raise typer.Exit(BAD_INPUT)
    try:
        found = named_files(files)
    except FileNotFoundError as error:
        say_error(str(error))
        raise typer.Exit(BAD_INPUT) from error
    with progress(len(found)) as advance:
        outcomes = import_files(Warehouse(context.obj), found, now(), format_name, lambda file: advance(file.name))
    print_imports(console(), outcomes)
    _, mistake = privacy_in_force(context.obj)
    if mistake is not None:
        say_error(mistake)
    is_bad = mistake is not None or any(outcome.outcome in ("refused", "empty") for outcome in outcomes)
    code = NEEDS_A_LOOK if is_bad else 0
    end_by(max(code, tell(context.obj, build_phases(context.obj))) if is_to_build else code)


def formats() -> None:
    """List the usage formats that can be imported. A file is recognised by its content."""
    from pipelines.cli.views.usage import print_formats
    from pipelines.usage.formats import IMPORTERS

    print_formats(console(), IMPORTERS)
