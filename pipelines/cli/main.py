"""`costs`: a thin face over the same jobs and steps. Reads arguments and the clock, prints; decides nothing."""

import os
from pathlib import Path
from typing import Annotated

import duckdb
import typer
from rich.console import Console

from pipelines.cli import export as cli_export
from pipelines.cli import price as cli_price
from pipelines.cli import sources as cli_sources
from pipelines.cli import terminal as report
from pipelines.cli.sources import now
from pipelines.warehouse.database import Warehouse, WarehouseError

DEFAULT_WAREHOUSE = Path(__file__).resolve().parents[2] / "warehouse"
SOME_SOURCES_FAILED = 3

app = typer.Typer(
    help="What AI model calls cost, on any date, from evidence.",
    epilog="Examples: `costs demo` | `costs import export.tsv` | `costs run` | "
    '`costs sql "SELECT * FROM cost_daily ORDER BY usage_date DESC LIMIT 10"`',
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(cli_sources.app, name="sources")
app.add_typer(cli_export.app, name="export")
app.command(context_settings={"ignore_unknown_options": True})(cli_price.price)
console = report.console()
errors = Console(stderr=True)


@app.callback()
def choose_warehouse(
    context: typer.Context,
    warehouse: Annotated[
        Path | None, typer.Option(help="Folder of the warehouse; default: COSTS_WAREHOUSE or warehouse/.")
    ] = None,
) -> None:
    """Every command works on any warehouse folder."""
    context.obj = Warehouse(warehouse or Path(os.environ.get("COSTS_WAREHOUSE", DEFAULT_WAREHOUSE)))
    context.meta["is_chosen"] = warehouse is not None


@app.command()
def run(context: typer.Context) -> None:
    """Read the real sources and the inbox once, build every table, send alerts.

    Exit code 0: all went well; 3: some sources failed and the rest was built; 1: tables could not be built.
    """
    from pipelines.defs.resources import Settings  # noqa: PLC0415 - dagster takes seconds to import
    from pipelines.defs.run_jobs import PHASES, open_instance, run_once  # noqa: PLC0415

    warehouse: Warehouse = context.obj
    with report.progress(console, len(PHASES)) as advance, open_instance(warehouse.folder) as instance:
        phases = run_once(Settings(warehouse_folder=str(warehouse.folder)), instance, advance)
    is_built = report.print_run(console, warehouse, phases)
    if not is_built:
        raise typer.Exit(1)
    if not all(phase.is_success for phase in phases):
        raise typer.Exit(SOME_SOURCES_FAILED)


@app.command()
def demo(context: typer.Context) -> None:
    """Replay recorded pages and sample usage into warehouse/demo; a second run changes nothing."""
    from pipelines.demo.replay import replay  # noqa: PLC0415

    chosen: Warehouse = context.obj
    warehouse = chosen if context.meta["is_chosen"] else Warehouse(DEFAULT_WAREHOUSE / "demo")
    if not replay(warehouse, console):
        raise typer.Exit(1)


@app.command("import")
def import_(
    context: typer.Context,
    files: Annotated[list[str], typer.Argument(help="Usage files, folders, or patterns such as 'logs/**/*.jsonl'.")],
    format_name: Annotated[str | None, typer.Option("--format", help="Format, where it is not recognised.")] = None,
) -> None:
    """Import usage files into the ledger. `costs run` then prices them. The same content twice changes nothing.

    JSON lines, JSON, CSV, TSV and Parquet, plain, gzip or zstd; `costs formats` lists whose logs are understood.

    Examples: costs import ~/.claude/projects | costs import 'exports/**/*.csv' --format openrouter
    """
    from pipelines.usage.import_files import import_files, named_files  # noqa: PLC0415

    found = named_files(files)
    with report.progress(console, len(found)) as advance:
        outcomes = import_files(context.obj, found, now(), format_name, lambda file: advance(file.name))
    report.print_imports(console, outcomes)
    if any(outcome.outcome == "refused" for outcome in outcomes):
        raise typer.Exit(1)


@app.command()
def formats() -> None:
    """List the usage formats that can be imported. A file is recognised by its content."""
    from pipelines.usage.formats import IMPORTERS  # noqa: PLC0415

    report.print_formats(console, IMPORTERS)


@app.command(context_settings={"ignore_unknown_options": True})  # a query may begin with a comment: --
def sql(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="One SQL statement, or a file that ends in .sql.")],
) -> None:
    """Query the published file, read only.

    Examples: costs sql "FROM source_health" | costs sql sql/cookbook/trace_a_number.sql
    """
    text = Path(query).read_text() if query.endswith(".sql") else query
    with context.obj.read() as connection:
        report.print_relation(console, connection.sql(text))


@app.command("data-docs")
def data_docs(context: typer.Context) -> None:
    """Write Great Expectations' Data Docs on the newest page of each source."""
    from pipelines.snapshots.data_docs import write_docs  # noqa: PLC0415

    console.print(f"Data Docs: {write_docs(context.obj, now())}")


@app.command()
def dictionary(
    check: Annotated[
        bool, typer.Option("--check", help="Only say whether docs/data_dictionary.md is up to date.")
    ] = False,
) -> None:
    """Write docs/data_dictionary.md from the table declarations."""
    from pipelines.schema.dictionary import render  # noqa: PLC0415

    file = DEFAULT_WAREHOUSE.parent / "docs" / "data_dictionary.md"
    if not check:
        file.write_text(render())
    elif file.read_text() != render():
        errors.print(f"{file.name} is out of date: run `costs dictionary`")
        raise typer.Exit(1)


def main() -> None:
    """Entry point: expected failures end in one line, not in a traceback."""
    try:
        app()
    except (WarehouseError, duckdb.Error, FileNotFoundError) as error:
        errors.print(f"costs: {error}", markup=False, highlight=False, soft_wrap=True)
        raise SystemExit(1) from error


if __name__ == "__main__":
    main()
