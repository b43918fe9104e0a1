"""`costs budget-by-stage`: what a product costs as it grows. Reads arguments, prints; `decisions` answers."""

from typing import Annotated

import typer

from pipelines.cli.answer import give_answer
from pipelines.cli.decision_options import (
    DateOption,
    JsonOption,
    ScenarioOption,
    day_of,
    days_since,
    end_where_unlisted,
    refuse,
    refuse_options_of_logs,
    scenario_of,
)
from pipelines.cli.rows import AsCsv, AsParquet, Limit
from pipelines.schema.offers import SERVICE_TIERS

MAX_CALLS = 10**9


def budget_by_stage(  # noqa: PLR0913, PLR0917 - one parameter per option of the command
    context: typer.Context,
    model: Annotated[list[str] | None, typer.Option(help="At this model; may be given several times.")] = None,
    calls: Annotated[list[str] | None, typer.Option(metavar="N", help="Calls a day; several times.")] = None,
    tier: Annotated[
        str | None, typer.Option(help=f"Tier: {', '.join(SERVICE_TIERS)}. Default: the scenario's, else standard.")
    ] = None,
    scenario: ScenarioOption = None,
    since: Annotated[
        str | None, typer.Option(metavar="DAYS", help="The mean call of your logs of that many days before --date.")
    ] = None,
    date: DateOption = None,
    as_json: JsonOption = False,
    as_csv: AsCsv = False,
    parquet: AsParquet = None,
    limit: Limit = None,
) -> None:
    """Tokens and dollars a month at 500 to 500,000 calls a day, by model, at the prices in force on --date.

    A call is the article's, 500 to 800 tokens in and 300 to 500 out; with --scenario or --since your own.

    Examples: costs budget-by-stage | costs budget-by-stage --model gpt-4o --calls 20000 | costs budget-by-stage
    --scenario support-bot --date 2025-08-01 --json
    """
    from pipelines.decisions.answer_stage_budget import BudgetQuestion, answer_stage_budget
    from pipelines.decisions.stage_budget import STAGES
    from pipelines.warehouse.published import PublishedWarehouse

    if tier is not None and tier not in SERVICE_TIERS:
        refuse(f"budget-by-stage: --tier {tier}: write one of {', '.join(SERVICE_TIERS)}")
    if scenario:
        refuse_options_of_logs("budget-by-stage", "--scenario", since=since)
    stages = [_count(text) for text in calls] if calls else STAGES
    question = BudgetQuestion(day_of(date), tuple(dict.fromkeys(model or ())), stages, tier)
    told = scenario_of(scenario) if scenario else None
    days = days_since(since) if since else None
    warehouse = PublishedWarehouse(context.obj)
    try:
        answer = answer_stage_budget(warehouse, question, told, days)
    except ValueError as error:
        refuse(f"budget-by-stage: {error}")
    from pipelines.cli.views.stage_budget import print_stage_budget

    give_answer(answer, "rows", print_stage_budget, as_json=as_json, as_csv=as_csv, parquet=parquet, limit=limit)
    end_where_unlisted(warehouse, answer, *(model or ()))


def _count(text: str) -> int:
    """Calls a day. Ends the command where it is no number of them."""
    digits = text.replace("_", "").replace(",", "")
    if not (digits.isascii() and digits.isdigit() and 1 <= int(digits) <= MAX_CALLS):
        refuse(f"budget-by-stage: --calls {text}: write calls a day, 1 to {MAX_CALLS}")
    return int(digits)
