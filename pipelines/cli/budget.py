"""`costs budget`: every budget against what is spent and expected. Reads arguments, prints; `decisions` answers."""

import os
from typing import Annotated

import typer

from pipelines.cli.decision_options import day_of
from pipelines.cli.rows import AsCsv, AsJson, AsParquet, Limit, show_rows
from pipelines.cli.terminal import NEEDS_A_LOOK, say_error


def budget(
    context: typer.Context,
    date: Annotated[
        str | None, typer.Option("--date", metavar="DAY", help="Judge as of that day. Default: the newest decided one.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Exit code 1 where one is exceeded or will be.")] = False,
    as_json: AsJson = False,
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
    show_rows(
        found,
        as_json=as_json,
        as_csv=as_csv,
        parquet=parquet,
        limit=limit,
        view=lambda console, shown: print_budgets(console, shown.to_dicts(), day),
    )
    broken = [one for one in found.to_dicts() if one["status"] in {"exceeded", "will_exceed"}]
    if check and broken:
        for one in broken:
            say_error(f"costs budget: {budget_words(one)}")
        raise typer.Exit(NEEDS_A_LOOK)
