"""`costs budget`: every budget against what is spent and expected. Reads arguments, prints; `decisions` answers."""

import json
import os
from typing import Annotated

import typer

from pipelines.cli.decision_options import JsonOption, day_of
from pipelines.cli.rows import AsCsv, AsParquet, Limit, check_form, show_rows
from pipelines.cli.terminal import NEEDS_A_LOOK, console, say_error


def budget(
    context: typer.Context,
    date: Annotated[
        str | None, typer.Option("--date", metavar="DAY", help="Judge as of that day. Default: the newest decided one.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Exit code 1 where one is exceeded or will be.")] = False,
    as_json: JsonOption = False,
    as_csv: AsCsv = False,
    parquet: AsParquet = None,
    limit: Limit = None,
) -> None:
    """What each budget of budgets.toml has left, what it will end at, when it is used up and how sure that is.

    Budgets are read as they are now, spend and prices as they were published. --check names each budget that is
    exceeded, or will be by the projection, on standard error.

    Examples: costs budget | costs budget --check | costs budget --date 2026-09-30 --json
    """
    from pipelines.cli.views.budget import budget_words, print_budgets
    from pipelines.decisions.answer_budget import answer_budget, decided_day
    from pipelines.snapshots.user_inputs import check_budgets
    from pipelines.warehouse.published import PublishedWarehouse

    warehouse = PublishedWarehouse(context.obj)
    day = day_of(date) if date else decided_day(warehouse) or day_of(None)
    for problem in check_budgets(warehouse.folder, os.environ):
        say_error(f"costs budget: {problem.text}")
    found = answer_budget(warehouse, day, os.environ)
    check_form(as_json, as_csv, parquet)
    shown = found if limit is None else found.head(limit)
    if as_json:
        typer.echo(json.dumps(shown.to_dicts(), indent=2, default=str))
    elif as_csv or parquet is not None:
        show_rows(shown, as_csv=as_csv, parquet=parquet)
    else:
        print_budgets(console(), shown.to_dicts(), day)
    broken = [one for one in found.to_dicts() if one["status"] in {"exceeded", "will_exceed"}]
    if check and broken:
        for one in broken:
            say_error(f"costs budget: {budget_words(one)}")
        raise typer.Exit(NEEDS_A_LOOK)
