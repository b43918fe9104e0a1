"""`costs`: all commands in one program, and its entry point. The commands are in the files beside it, by group."""

import os
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli import docs, export, price, query, run, sources, usage
from pipelines.cli.run import DEFAULT_WAREHOUSE
from pipelines.cli.terminal import BAD_INPUT, SOMETHING_FAILED, say_error

QUERY = {"ignore_unknown_options": True}
"""A query may begin with a comment, and a number with a minus."""

app = typer.Typer(
    help="What AI model calls cost, on any date, from evidence.",
    epilog="Exit codes: 0 done; 1 done, but something needs a look (named); 2 wrong use; 3 a source or step failed. "
    "Examples: `costs demo` | `costs import export.tsv` | `costs run` | `costs build` | "
    '`costs sql "SELECT * FROM cost_daily ORDER BY usage_date DESC LIMIT 10"`',
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(sources.app, name="sources")
app.add_typer(export.app, name="export")
app.command(context_settings=QUERY)(price.price)
app.command()(run.run)
app.command()(run.build)
app.command()(run.demo)
app.command("import")(usage.import_)
app.command()(usage.formats)
app.command(context_settings=QUERY)(query.sql)
app.command("data-docs")(docs.data_docs)
app.command()(docs.dictionary)


@app.callback()
def choose_warehouse(
    context: typer.Context,
    warehouse: Annotated[
        Path | None, typer.Option(help="Folder of the warehouse; default: COSTS_WAREHOUSE or warehouse/.")
    ] = None,
) -> None:
    """Every command works on any warehouse folder."""
    context.obj = warehouse or Path(os.environ.get("COSTS_WAREHOUSE", DEFAULT_WAREHOUSE))
    context.meta["is_chosen"] = warehouse is not None


def main() -> None:
    """Entry point: expected failures end in one line, not in a traceback."""
    try:
        app()
    except SystemExit:  # the usual end; nothing is imported for it
        raise
    except _expected_failures() as error:
        say_error(f"costs: {error}")
        raise SystemExit(BAD_INPUT if _is_wrong_use(error) else SOMETHING_FAILED) from error


def _is_wrong_use(error: Exception) -> bool:
    """Whether it is a statement that makes no sense here; everything else is a fault of files, disk or locks."""
    import duckdb

    wrong = (duckdb.ProgrammingError, duckdb.DataError, duckdb.NotSupportedError)
    return isinstance(error, wrong) or "read-only" in str(error)


def _expected_failures() -> tuple[type[Exception], ...]:
    import duckdb

    from pipelines.warehouse.published import WarehouseError

    return (WarehouseError, duckdb.Error, FileNotFoundError)


if __name__ == "__main__":
    main()
