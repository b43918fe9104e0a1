"""`costs`: all commands in one program, and its entry point. The commands are in the files beside it, by group."""

import errno
import os
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.core

from pipelines.cli import (
    alerts,
    backtest,
    break_even,
    budget,
    budget_by_stage,
    claims,
    cost,
    docs,
    doctor,
    export,
    exposure,
    hidden_cost,
    keep,
    outlook,
    price,
    prices,
    query,
    report,
    run,
    savings,
    sources,
    usage,
    what_if,
)
from pipelines.cli.run import DEFAULT_WAREHOUSE
from pipelines.cli.terminal import BAD_INPUT, SOMETHING_FAILED, say_error
from pipelines.warehouse.permissions import make_private

OS_REMEDIES = {
    errno.EROFS: "; choose a folder that can be written with --warehouse",
    errno.EACCES: "; give yourself the right to it, or choose another folder with --warehouse",
    errno.EPERM: "; give yourself the right to it, or choose another folder with --warehouse",
    errno.ENOSPC: "; free some space and run again: what was there before is untouched",
    errno.EDQUOT: "; free some space and run again: what was there before is untouched",
}

QUERY = {"ignore_unknown_options": True}
"""A query may begin with a comment, and a number with a minus."""


class CommandGroup(typer.core.TyperGroup):
    """All commands; an option whose value is empty, as of a shell variable that is not set, is wrong use."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command of the words that follow. Ends the program where one is an option without a value."""
        for option, value in pairwise([*args, " "]):
            if option.startswith("--") and (value == "" or option.endswith("=")):
                say_error(f"costs: {option.rstrip('=')} is empty: write a value or leave it out")
                raise typer.Exit(BAD_INPUT)
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=CommandGroup,
    help="What AI model calls cost, on any date, from evidence.",
    epilog="Exit codes: 0 done; 1 done, but something needs a look (named); 2 wrong use; 3 a source or step failed. "
    "Examples: `costs demo` | `costs import export.tsv` | `costs run` | `costs build` | "
    '`costs sql "SELECT * FROM cost_daily ORDER BY usage_date DESC LIMIT 10"`',
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(sources.app, name="sources")
app.add_typer(alerts.app, name="alerts")
app.add_typer(export.app, name="export")
app.add_typer(usage.app, name="usage")
app.command()(cost.cost)
app.command(context_settings=QUERY)(price.price)
app.command()(prices.prices)
app.command()(outlook.risk)
app.command()(outlook.forecast)
app.command("hidden-cost")(hidden_cost.hidden_cost)
app.command("what-if")(what_if.what_if)
app.command()(claims.claims)
app.command()(budget.budget)
app.command("budget-by-stage")(budget_by_stage.budget_by_stage)
app.command()(exposure.exposure)
app.command("break-even")(break_even.break_even)
app.command()(savings.savings)
app.command()(report.report)
app.command()(run.run)
app.command()(run.build)
app.command()(run.demo)
app.command("import")(usage.import_)
app.command()(usage.formats)
app.command(context_settings=QUERY)(query.sql)
app.command()(backtest.backtest)
app.command()(keep.rebuild)
app.command()(keep.backup)
app.command()(keep.restore)
app.command()(doctor.doctor)
app.command("data-docs")(docs.data_docs)
app.command()(docs.dictionary)


def _say_version(is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version

        typer.echo(version("inference-cost-warehouse"))
        raise typer.Exit


@app.callback()
def choose_warehouse(
    context: typer.Context,
    warehouse: Annotated[
        Path | None, typer.Option(help="Folder of the warehouse; default: COSTS_WAREHOUSE or warehouse/.")
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", help="Say the version and end.", callback=_say_version, is_eager=True)
    ] = False,
) -> None:
    """Every command works on any warehouse folder."""
    context.obj = warehouse or Path(os.environ.get("COSTS_WAREHOUSE", DEFAULT_WAREHOUSE))
    context.meta["is_chosen"] = warehouse is not None


def main() -> None:
    """Entry point: expected failures end in one line, not in a traceback."""
    make_private()
    try:
        app()
    except SystemExit:  # the usual end; nothing is imported for it
        raise
    except _expected_failures() as error:
        say_error(f"costs: {_told(error)}")
        raise SystemExit(BAD_INPUT if _is_wrong_use(error) else SOMETHING_FAILED) from error


def _is_wrong_use(error: Exception) -> bool:
    """Whether it is a statement that makes no sense here; everything else is a fault of files, disk or locks."""
    import duckdb

    wrong = (duckdb.ProgrammingError, duckdb.DataError, duckdb.NotSupportedError, duckdb.PermissionException)
    return isinstance(error, wrong) or "read-only" in str(error)


def _expected_failures() -> tuple[type[Exception], ...]:
    """What a user or the machine can be at fault for. Imported late: only a failure needs it."""
    import sqlite3

    import duckdb
    import sqlalchemy.exc

    from pipelines.sources.archive import ArchiveError
    from pipelines.warehouse.published import WarehouseError

    return (WarehouseError, ArchiveError, duckdb.Error, OSError, sqlite3.Error, sqlalchemy.exc.DBAPIError)


def _told(error: Exception) -> str:
    """A failure as one line with the file and what to do."""
    if isinstance(error, OSError) and error.errno is not None:
        place = f"{error.filename}: " if error.filename else ""
        remedy = OS_REMEDIES.get(error.errno, "")
        return f"{place}{error.strerror}{remedy}"
    if "sqlite" in f"{type(error).__module__} {type(getattr(error, 'orig', error)).__module__}":
        state = os.environ.get("DAGSTER_STATE", ".dagster below the warehouse")
        why = str(getattr(error, "orig", error))
        remedy = "move that folder aside: it holds the history of runs, no price and no usage"
        return f"Dagster's own database in {state} cannot be used ({why}); {remedy}"
    return " ".join(str(error).split())


if __name__ == "__main__":
    main()
