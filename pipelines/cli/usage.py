"""`costs import` and `costs formats`: usage files into the ledger, and whose files are understood."""

from typing import Annotated

import typer

from pipelines.cli.run import build_phases, end_by, tell
from pipelines.cli.terminal import BAD_INPUT, NEEDS_A_LOOK, console, now, progress, say_error


def import_(
    context: typer.Context,
    files: Annotated[list[str], typer.Argument(help="Usage files, folders, or patterns such as 'logs/**/*.jsonl'.")],
    format_name: Annotated[str | None, typer.Option("--format", help="Format, where it is not recognised.")] = None,
    account: Annotated[
        str | None,
        typer.Option("--account", help="Whose usage it is, where a file does not tell; reports of two add up."),
    ] = None,
    is_to_build: Annotated[bool, typer.Option("--build", help="Then build as `costs build` does.")] = False,
) -> None:
    """Import usage files into the ledger. `costs build` then prices them. The same content twice changes nothing.

    JSON lines, JSON, CSV, TSV and Parquet, plain, gzip or zstd; `costs formats` lists whose logs are understood.

    Files in a folder below inbox/ are of the account that the folder is named after.

    Exit code 0: done; 1: done, but a file was refused or privacy.csv has a mistake (it is named); 2: wrong use; 3: a
    step failed.

    Examples: costs import ~/.claude/projects --build | costs import 'exports/**/*.csv' --format openrouter
    """
    from pipelines.cli.views.usage import print_imports, print_left_out
    from pipelines.costs.price_ledger import usage_left_out
    from pipelines.usage.formats import IMPORTERS
    from pipelines.usage.import_files import days_of, import_files, is_account, named_files
    from pipelines.usage.privacy import privacy_in_force
    from pipelines.warehouse.database import Warehouse

    names = sorted(importer.name for importer in IMPORTERS)
    if format_name is not None and format_name not in names:
        say_error(f"there is no format {format_name!r}; write one of {', '.join(names)}")
        raise typer.Exit(BAD_INPUT)
    if account is not None and not is_account(account):
        say_error("--account must be one line of at most 200 characters, such as a name or an id")
        raise typer.Exit(BAD_INPUT)
    try:
        found = named_files(files)
    except FileNotFoundError as error:
        say_error(str(error))
        raise typer.Exit(BAD_INPUT) from error
    with progress(len(found)) as advance:
        outcomes = import_files(
            Warehouse(context.obj), found, now(), format_name, lambda file: advance(file.name), account
        )
    print_imports(console(), outcomes)
    print_left_out(console(), usage_left_out(Warehouse(context.obj), days_of(outcomes)))
    _, mistake = privacy_in_force(context.obj)
    if mistake is not None:
        say_error(mistake)
    is_bad = mistake is not None or any(outcome.outcome == "refused" for outcome in outcomes)
    code = NEEDS_A_LOOK if is_bad else 0
    end_by(max(code, tell(context.obj, build_phases(context.obj))) if is_to_build else code)


def formats() -> None:
    """List the usage formats that can be imported. A file is recognised by its content."""
    from pipelines.cli.views.usage import print_formats
    from pipelines.usage.formats import IMPORTERS

    print_formats(console(), IMPORTERS)
