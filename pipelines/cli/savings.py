"""`costs savings`: what would cost less, and how far it goes together. Reads arguments, prints; `decisions` answers."""

import json
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.decision_options import (
    FALLBACK_SCENARIO,
    DateOption,
    JsonOption,
    ScenarioOption,
    SinceOption,
    day_of,
    days_since,
    refuse,
    scenario_of,
)
from pipelines.cli.terminal import console


def savings(
    context: typer.Context,
    scenario: ScenarioOption = None,
    since: SinceOption = "30d",
    date: DateOption = None,
    model: Annotated[str | None, typer.Option(help="Price it at this model instead of the scenario's.")] = None,
    trace: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A recorded load (Mooncake, Azure): what a cache would read.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """What prompt caching, batch, flex, a response cache, a contract and a smaller model save, in dollars a month.

    From your logs of the days before --date, or from a scenario. Savings that a provider does not stack are never
    added up: "together" is what each adds to those before it.

    Examples: costs savings --scenario support-bot --model gpt-4o | costs savings --scenario bot.toml --json |
    costs savings --trace mooncake_conversation.jsonl --model gpt-5-mini
    """
    from pipelines.decisions.answer_savings import answer_savings, answer_trace
    from pipelines.warehouse.published import PublishedWarehouse

    warehouse, day, days = PublishedWarehouse(context.obj), day_of(date), days_since(since)
    try:
        answer = answer_trace(warehouse, trace, day, model) if trace else None
        if answer is None and not scenario and not model and warehouse.published_file.exists():
            from pipelines.decisions.logged_savings import answer_logged_savings

            answer = answer_logged_savings(warehouse, days, day)
        if answer is None:
            answer = answer_savings(warehouse, scenario_of(scenario or FALLBACK_SCENARIO), day, model)
            if scenario is None:
                why = "no scenario is named" if model else f"no usage is logged in the {days} days before {day}"
                answer["notes"].insert(0, f"{why}: answered from scenario {FALLBACK_SCENARIO}, which ships")
    except ValueError as error:
        refuse(f"savings: {error}")
    if as_json:
        typer.echo(json.dumps(answer, indent=2))
        return
    from pipelines.cli.views.savings import print_savings, print_trace

    (print_trace if trace else print_savings)(console(), answer)
