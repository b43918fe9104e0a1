"""`costs break-even`: when own machines cost no more than an API. Reads arguments, prints; `decisions` answers."""

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
    refuse,
    refuse_options_of_logs,
)
from pipelines.cli.rows import AsCsv, AsParquet, Limit


def break_even(  # noqa: PLR0913, PLR0917 - one parameter per option of the command
    context: typer.Context,
    scenario: ScenarioOption = None,
    since: SinceOption = None,
    date: DateOption = None,
    as_json: JsonOption = False,
    as_csv: AsCsv = False,
    parquet: AsParquet = None,
    limit: Limit = None,
) -> None:
    """From which volume rented or owned machines cost no more than the API, at prices, rates and figures of a day.

    From your logs of the days before --date, or from a scenario, which a checkout without logs can answer, too.
    throughput.csv, figures.csv and stand_ins.csv in the warehouse folder hold your own measurements, costs, and which
    open model stands in for which API model. Outside what was measured the answer is unknown, with what is missing.

    Examples: costs break-even --scenario support-bot | costs break-even --scenario bot.toml --date 2026-09-30 --json |
    costs break-even --since 30d
    """
    from pipelines.decisions.answer_break_even import answer_logs, answer_scenario
    from pipelines.warehouse.published import PublishedWarehouse

    if scenario:
        refuse_options_of_logs("break-even", "--scenario", since=since)
    warehouse, day, days = PublishedWarehouse(context.obj), day_of(date), days_since(since)
    try:
        answer = None if scenario else answer_logs(warehouse, days, day)
        if answer is None:
            why = f"no usage is logged in the {days} days before {day}"
            answer = answer_of_scenario(scenario, lambda told: answer_scenario(warehouse, told, day), why)
    except ValueError as error:
        refuse(f"break-even: {error}")
    from pipelines.cli.views.break_even import print_break_even

    give_answer(answer, "answers", print_break_even, as_json=as_json, as_csv=as_csv, parquet=parquet, limit=limit)
