"""`costs exposure`: what no bill shows, as numbers. Reads arguments, prints; `decisions` answers."""

import os
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

PerMinute = Annotated[int | None, typer.Option(min=1, metavar="N", help="Your limit a minute, for one model.")]


def exposure(  # noqa: PLR0913, PLR0917 - one parameter per option of the command
    context: typer.Context,
    requests_per_minute: PerMinute = None,
    tokens_per_minute: PerMinute = None,
    scenario: ScenarioOption = None,
    since: SinceOption = None,
    date: DateOption = None,
    as_json: JsonOption = False,
    as_csv: AsCsv = False,
    parquet: AsParquet = None,
    limit: Limit = None,
) -> None:
    """Vendor lock-in, rate limits, deprecation, unpredictable cost, data exposure: each a number or "not in your data".

    Examples: costs exposure --since 30d | costs exposure --scenario support-bot --tokens-per-minute 2000000 | costs
    exposure --json
    """
    from pipelines.decisions.answer_exposure import ExposureQuestion, answer_logs, answer_scenario
    from pipelines.snapshots.user_inputs import month_budget
    from pipelines.warehouse.published import PublishedWarehouse

    if scenario:
        refuse_options_of_logs("exposure", "--scenario", since=since)
    given = {"requests": requests_per_minute, "tokens": tokens_per_minute}
    limits = {name: limit for name, limit in given.items() if limit is not None}
    warehouse, days = PublishedWarehouse(context.obj), days_since(since)
    day = day_of(date)
    question = ExposureQuestion(day, days, limits, month_budget(warehouse.folder, os.environ, day))
    try:
        answer = None if scenario else answer_logs(warehouse, question)
        if answer is None:
            why = no_usage(warehouse, days, question.day)
            answer = answer_of_scenario(scenario, lambda told: answer_scenario(warehouse, told, question), why)
    except ValueError as error:
        refuse(f"exposure: {error}")
    from pipelines.cli.views.exposure import print_exposure

    give_answer(answer, "measures", print_exposure, as_json=as_json, as_csv=as_csv, parquet=parquet, limit=limit)
