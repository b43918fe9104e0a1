"""`costs hidden-cost`: what the naive figure leaves out. Reads arguments, prints; `decisions` answers."""

from typing import Annotated

import typer

from pipelines.cli.answer import give_answer
from pipelines.cli.decision_options import (
    DateOption,
    JsonOption,
    ScenarioOption,
    SinceOption,
    answer_of_scenario,
    day_of,
    days_since,
    no_usage,
    refuse,
    refuse_options_of_logs,
)
from pipelines.cli.rows import AsCsv, AsParquet, Limit


def hidden_cost(  # noqa: PLR0913, PLR0917 - one parameter per option of the command
    context: typer.Context,
    scenario: ScenarioOption = None,
    since: SinceOption = None,
    date: DateOption = None,
    model: Annotated[str | None, typer.Option(help="Price it at this model instead of the scenario's.")] = None,
    by: Annotated[str | None, typer.Option(metavar="COLUMN", help="Logs by owner: team, project_id, model, …")] = None,
    as_json: JsonOption = False,
    as_csv: AsCsv = False,
    parquet: AsParquet = None,
    limit: Limit = None,
) -> None:
    """What a month costs beside the naive figure: system prompt, documents, history, retries, cache misses, reasoning.

    From your logs of the days before --date, or from a scenario, which a checkout without logs can answer, too. What
    logs cannot tell is "not in your data", never a guess.

    Examples: costs hidden-cost --scenario support-bot | costs hidden-cost --scenario bot.toml --model gpt-5-mini
    --date 2026-09-01 --json | costs hidden-cost --since 30d --by team
    """
    from pipelines.decisions.answer_hidden_cost import answer_scenario
    from pipelines.decisions.logged_hidden_cost import answer_logs
    from pipelines.warehouse.published import PublishedWarehouse

    if alone := next((name for name in ("scenario", "model") if context.params[name] is not None), None):
        refuse_options_of_logs("hidden-cost", f"--{alone}", since=since, by=by)
    warehouse, day, days = PublishedWarehouse(context.obj), day_of(date), days_since(since)
    try:
        answer = None if scenario or model else answer_logs(warehouse, days, day, by)
        if answer is None:
            why = "no scenario is named" if model else no_usage(warehouse, days, day)
            answer = answer_of_scenario(scenario, lambda told: answer_scenario(warehouse, told, day, model), why)
            if by:
                answer["notes"].insert(0, f"--by {by} is left out: a scenario has no owners")
    except ValueError as error:
        refuse(f"hidden-cost: {error}")
    from pipelines.cli.views.hidden_cost import print_hidden_cost

    give_answer(
        answer,
        "owners" if "owners" in answer and by else "parts",
        print_hidden_cost,
        as_json=as_json,
        as_csv=as_csv,
        parquet=parquet,
        limit=limit,
    )
