"""`costs break-even`: when own machines cost no more than an API. Reads arguments, prints; `decisions` answers."""

from pathlib import Path
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


def break_even(  # noqa: PLR0913, PLR0917 - one parameter per option of the command
    context: typer.Context,
    scenario: ScenarioOption = None,
    since: SinceOption = None,
    date: DateOption = None,
    trace: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A recorded load (Mooncake, Azure) as if all month were like it."),
    ] = None,
    model: Annotated[str | None, typer.Option(help="API model that the recorded load would go to.")] = None,
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
    costs break-even --since 30d | costs break-even --trace mooncake_conversation.jsonl --model gpt-5-mini
    """
    from pipelines.decisions.answer_break_even import answer_logs, answer_scenario, answer_trace
    from pipelines.warehouse.published import PublishedWarehouse

    if (trace is None) != (model is None):
        refuse("break-even: --trace and --model belong together: a recorded load names no model")
    if trace and scenario:
        refuse("break-even: --trace and --scenario are two workloads; leave one out")
    if alone := "--trace" if trace else "--scenario" if scenario else None:
        refuse_options_of_logs("break-even", alone, since=since)
    warehouse, day, days = PublishedWarehouse(context.obj), day_of(date), days_since(since)
    try:
        answer = answer_trace(warehouse, trace, model, day) if trace and model else None
        if answer is None and not scenario:
            answer = answer_logs(warehouse, days, day)
        if answer is None:
            why = no_usage(warehouse, days, day)
            answer = answer_of_scenario(scenario, lambda told: answer_scenario(warehouse, told, day), why)
    except ValueError as error:
        refuse(f"break-even: {error}")
    from pipelines.cli.views.break_even import print_break_even

    give_answer(answer, "answers", print_break_even, as_json=as_json, as_csv=as_csv, parquet=parquet, limit=limit)
