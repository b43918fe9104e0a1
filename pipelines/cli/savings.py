"""`costs savings`: what would cost less, and how far it goes together. Reads arguments, prints; `decisions` answers."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
    refuse_unlisted,
    share_of,
)
from pipelines.cli.rows import AsCsv, AsParquet, Limit

if TYPE_CHECKING:
    from pipelines.decisions.scenario import Scenario


def savings(  # noqa: PLR0913, PLR0917 - one parameter per option of the command
    context: typer.Context,
    scenario: ScenarioOption = None,
    since: SinceOption = None,
    date: DateOption = None,
    model: Annotated[str | None, typer.Option(help="Price it at this model instead of the scenario's.")] = None,
    smaller_model: Annotated[str | None, typer.Option(metavar="MODEL", help="Model that some calls may go to.")] = None,
    smaller_share: Annotated[str | None, typer.Option(metavar="SHARE", help="Part of the calls that may.")] = None,
    batch_share: Annotated[str | None, typer.Option(metavar="SHARE", help="Part of the calls that can wait.")] = None,
    repeat_share: Annotated[str | None, typer.Option(metavar="SHARE", help="Part of the calls that repeat.")] = None,
    discount_share: Annotated[str | None, typer.Option(metavar="SHARE", help="Discount of a contract.")] = None,
    trace: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A recorded load (Mooncake, Azure): what a cache would read.")
    ] = None,
    as_json: JsonOption = False,
    as_csv: AsCsv = False,
    parquet: AsParquet = None,
    limit: Limit = None,
) -> None:
    """What prompt caching, batch, flex, a response cache, a contract and a smaller model save, in dollars a month.

    From your logs of the days before --date, or from a scenario. Savings that a provider does not stack are never
    added up: "together" is what each adds to those before it. What no log tells (how many calls can wait, repeat, or go
    to a smaller model) is "not in your data" until you state it.

    Examples: costs savings --scenario support-bot --model gpt-4o | costs savings --scenario bot.toml --json |
    costs savings --trace mooncake_conversation.jsonl --model gpt-5-mini
    """
    from pipelines.decisions.answer_savings import answer_savings, answer_trace
    from pipelines.warehouse.published import PublishedWarehouse

    if alone := next((name for name in ("trace", "scenario", "model") if context.params[name] is not None), None):
        refuse_options_of_logs("savings", f"--{alone}", since=since)
    warehouse, day, days = PublishedWarehouse(context.obj), day_of(date), days_since(since)
    given = {
        "smaller_share": smaller_share,
        "batch_share": batch_share,
        "repeat_share": repeat_share,
        "discount_share": discount_share,
    }
    stated = {name: share_of(f"--{name.replace('_', '-')}", text) for name, text in given.items() if text is not None}
    try:
        answer = answer_trace(warehouse, trace, day, model) if trace else None
        if answer is None and not scenario and not model and warehouse.published_file.exists():
            from pipelines.decisions.logged_savings import answer_logged_savings

            answer = answer_logged_savings(warehouse, days, day, stated, smaller_model)
        if answer is None:
            named = {"smaller_model": smaller_model} if smaller_model else {}

            def of_scenario(told: "Scenario") -> dict[str, Any]:
                return answer_savings(warehouse, replace(told, **stated, **named), day, model)  # type: ignore[arg-type]

            why = "no scenario is named" if model else no_usage(warehouse, days, day)
            answer = answer_of_scenario(scenario, of_scenario, why)
    except ValueError as error:
        refuse(f"savings: {error}")
    from pipelines.cli.views.savings import print_savings, print_trace

    shown = print_trace if trace else print_savings
    give_answer(answer, "savings", shown, as_json=as_json, as_csv=as_csv, parquet=parquet, limit=limit)
    if smaller_model:
        refuse_unlisted(warehouse, smaller_model)
