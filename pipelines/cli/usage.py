"""`costs import`, `costs usage` and `costs formats`: usage files into the ledger, and whose files are understood."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.rows import AsCsv, AsJson, AsParquet, Limit, show_rows
from pipelines.cli.run import build_phases, end_by, tell
from pipelines.cli.terminal import BAD_INPUT, NEEDS_A_LOOK, console, now, progress, say_error
from pipelines.models.similar_names import did_you_mean

app = typer.Typer(help="Usage that was imported.", no_args_is_help=True)


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

    Exit code 0: done; 1: done, but a file was refused or held no usage, or privacy.csv has a mistake (it is named);
    2: wrong use; 3: a step failed.

    Examples: costs import ~/.claude/projects --build | costs import 'exports/**/*.csv' --format openrouter
    """
    from pipelines.cli.views.usage import print_imports, print_left_out
    from pipelines.costs.price_imports import usd_by_import
    from pipelines.costs.price_ledger import usage_left_out
    from pipelines.usage.file_outcome import NOT_READ, days_of
    from pipelines.usage.find_files import is_account
    from pipelines.usage.import_files import import_files
    from pipelines.usage.privacy import privacy_in_force
    from pipelines.warehouse.database import Warehouse

    _check_format(format_name)
    if account is not None and not is_account(account):
        say_error("--account must be one line of at most 200 characters, such as a name or an id")
        raise typer.Exit(BAD_INPUT)
    found = _found(files)
    with progress(len(found)) as advance:
        outcomes = import_files(
            Warehouse(context.obj), found, now(), format_name, lambda file: advance(file.name), account, usd_by_import
        )
    print_imports(console(), outcomes)
    print_left_out(console(), usage_left_out(Warehouse(context.obj), days_of(outcomes)))
    _, mistake = privacy_in_force(context.obj)
    if mistake is not None:
        say_error(mistake)
    if not is_to_build and any(outcome.new_count for outcome in outcomes):
        console().print("`costs build` prices what is new; `costs run` reads the sources first", highlight=False)
    is_bad = mistake is not None or any(outcome.outcome in (*NOT_READ, "empty") for outcome in outcomes)
    code = NEEDS_A_LOOK if is_bad else 0
    end_by(max(code, tell(context.obj, build_phases(context.obj))) if is_to_build else code)


@app.command("files")
def files(
    context: typer.Context,
    state: Annotated[str | None, typer.Option("--state", help="read, empty, refused, not_recognised, waiting.")] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    parquet: AsParquet = None,
    limit: Limit = None,
) -> None:
    """Every file that a run or an import has seen, and what waits in the inbox: its state, since when, rows, and why.

    A file stays where it is once it is read. One that is refused or not recognised stays in this list, and raises an
    alert if it lies in the inbox, until it is read or gone.

    Examples: costs usage files --state refused | costs usage files --csv
    """
    from pipelines.schema.usage import FILE_STATES
    from pipelines.usage.import_files import files_seen
    from pipelines.warehouse.database import Warehouse

    if state is not None and state not in FILE_STATES:
        say_error(f"there is no state {state!r}; write one of {', '.join(FILE_STATES)}")
        raise typer.Exit(BAD_INPUT)
    found = files_seen(Warehouse(context.obj))
    shown = found if state is None else found.filter(state=state)
    main = ("state", "file_name", "row_count", "reason")
    show_rows(shown, as_json=as_json, as_csv=as_csv, parquet=parquet, limit=limit, main=main)


@app.command("reread")
def reread(
    context: typer.Context,
    files: Annotated[list[str] | None, typer.Argument(help="Imported files, folders or patterns.")] = None,
    format_name: Annotated[str | None, typer.Option("--format", help="All files of this format.")] = None,
    is_to_build: Annotated[bool, typer.Option("--build", help="Then build as `costs build` does.")] = False,
) -> None:
    """Read imported files again: what they stated before is superseded. core.usage_restatement says what changed.

    Without files and format those that an older version of their importer has read; `costs import` and runs do the
    same. Files that are no longer where they were are named, and what they stated stays.

    Exit code 0: done; 1: done, but a file was refused or is gone (it is named); 2: wrong use; 3: a step failed.

    Examples: costs usage reread | costs usage reread ~/.claude/projects --build | costs usage reread --format codex
    """
    from pipelines.cli.views.usage import print_imports
    from pipelines.costs.price_imports import usd_by_import
    from pipelines.usage.reread_files import reread_files
    from pipelines.warehouse.database import Warehouse

    _check_format(format_name)
    found = _found(files) if files else None
    outcomes = reread_files(Warehouse(context.obj), now(), found, format_name, usd_by_import)
    print_imports(console(), outcomes, is_each_named=True)
    if not outcomes:
        console().print("Nothing to read again.", highlight=False)
    code = NEEDS_A_LOOK if any(outcome.outcome in ("refused", "gone") for outcome in outcomes) else 0
    end_by(max(code, tell(context.obj, build_phases(context.obj))) if is_to_build else code)


def _check_format(format_name: str | None) -> None:
    from pipelines.usage.formats import IMPORTERS

    names = sorted(importer.name for importer in IMPORTERS)
    if format_name is not None and format_name not in names:
        told = did_you_mean(format_name, names) or f"; write one of {', '.join(names)}"
        say_error(f"there is no format {format_name!r}{told}")
        raise typer.Exit(BAD_INPUT)


def _found(files: list[str]) -> list[Path]:
    from pipelines.usage.find_files import named_files

    try:
        return named_files(files)
    except FileNotFoundError as error:
        say_error(str(error))
        raise typer.Exit(BAD_INPUT) from error


def formats(as_json: AsJson = False, as_csv: AsCsv = False, parquet: AsParquet = None, limit: Limit = None) -> None:
    """List the usage formats that can be imported. A file is recognised by its content."""
    import polars as pl

    from pipelines.usage.formats import IMPORTERS

    rows = sorted((importer.name, importer.description) for importer in IMPORTERS)
    found = pl.DataFrame(rows, ["format", "what_it_is"], orient="row")
    show_rows(found, as_json=as_json, as_csv=as_csv, parquet=parquet, limit=limit)
