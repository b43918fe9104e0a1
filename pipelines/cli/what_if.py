"""`costs what-if`: usage at another model, provider, tier or date. Reads arguments, prints; `decisions` answers."""

import re
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
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
    end_where_unlisted,
    no_usage,
    refuse,
    refuse_options_of_logs,
    refuse_unlisted,
)
from pipelines.cli.rows import AsCsv, AsParquet, Limit
from pipelines.schema.offers import CHANNELS, SERVICE_TIERS

if TYPE_CHECKING:
    from pipelines.costs.reprice import Target
    from pipelines.decisions.scenario import Scenario

MAX_FACTOR = 100


def what_if(  # noqa: PLR0913, PLR0917 - one parameter per option of the command
    context: typer.Context,
    from_: Annotated[str | None, typer.Option("--from", metavar="MODEL", help="Usage of this model alone.")] = None,
    to: Annotated[
        str | None, typer.Option(metavar="MODEL", help="At this model. Default: the alternatives of task_classes.csv.")
    ] = None,
    provider: Annotated[str | None, typer.Option(help="Bought from this provider.")] = None,
    channel: Annotated[str | None, typer.Option(help=f"Bought there: {', '.join(CHANNELS)}.")] = None,
    region: Annotated[str | None, typer.Option(help="Billing region there.")] = None,
    tier: Annotated[str | None, typer.Option(help=f"Tier there: {', '.join(SERVICE_TIERS)}. Default: as used.")] = None,
    where: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN=VALUE", help="Only that usage; may be given several times.")
    ] = None,
    tokenizer: Annotated[
        str, typer.Option(metavar="LOW..HIGH", help="The target's tokens for one token of text.")
    ] = "1",
    output_length: Annotated[
        str, typer.Option(metavar="LOW..HIGH", help="Length of its answers to those of now.")
    ] = "1",
    scenario: ScenarioOption = None,
    since: SinceOption = None,
    until: Annotated[str | None, typer.Option(metavar="DAY", help="Logs before that day. Default: --date.")] = None,
    date: DateOption = None,
    as_json: JsonOption = False,
    as_csv: AsCsv = False,
    parquet: AsParquet = None,
    limit: Limit = None,
) -> None:
    """What your usage, or a scenario, would cost at another model, provider, channel, tier or date.

    Its own tokens and cache, at the prices in force on --date; what the switch pays once for its cold cache stands
    apart. A meter without a price is unknown, with the reason, never 0.

    Examples: costs what-if --from gpt-4o --to claude-haiku-4-5 --since 30d | costs what-if --to gpt-5-mini --tier batch
    | costs what-if --scenario support-bot --to gpt-4o-mini | costs what-if --date 2025-06-01 --until 2026-10-01
    """
    from pipelines.costs.reprice import Factors
    from pipelines.decisions.answer_what_if import answer_logs, answer_scenario
    from pipelines.decisions.what_if_question import WhatIfQuestion
    from pipelines.warehouse.published import PublishedWarehouse

    if scenario:
        refuse_options_of_logs("what-if", "--scenario", where=where, since=since, until=until)
    warehouse, day, days = PublishedWarehouse(context.obj), day_of(date), days_since(since)
    end = day_of(until, "--until") if until else day
    target = _target(to, provider, channel, region, tier)
    # The same usage at the prices of another day is a question, too.
    is_named = any(target) or (date is not None and until is not None)
    tokens, lengths = _range("--tokenizer", tokenizer), _range("--output-length", output_length)
    question = WhatIfQuestion(
        day=day,
        first=end - timedelta(days=days),
        until=end,
        model=from_,
        where=_where(where or []),
        target=target if is_named else None,
        low=Factors(tokens[0], lengths[0]),
        high=Factors(tokens[1], lengths[1]),
    )
    try:
        answer = None if scenario else answer_logs(warehouse, question)
        if answer is None:
            other = {"model": from_, "input_usd_per_mtok": None, "output_usd_per_mtok": None} if from_ else {}

            def of_scenario(told: "Scenario") -> dict[str, Any]:
                return answer_scenario(warehouse, replace(told, **other), question)  # type: ignore[arg-type]

            of = [f" of {from_}"] if from_ else []
            of += [f" with {text}" for text in where or []]
            why = no_usage(warehouse, days, end, "".join(of))
            if from_ and not scenario:
                refuse_unlisted(warehouse, from_)
            answer = answer_of_scenario(scenario, of_scenario, why)
    except ValueError as error:
        refuse(f"what-if: {error}")
    from pipelines.cli.views.what_if import print_what_if

    give_answer(answer, "rows", print_what_if, as_json=as_json, as_csv=as_csv, parquet=parquet, limit=limit)
    end_where_unlisted(warehouse, answer, to, from_)


def _target(
    to: str | None, provider: str | None, channel: str | None, region: str | None, tier: str | None
) -> "Target":
    """Where the usage would be bought; what is not said stays as it is, but for another model."""
    from pipelines.costs.reprice import Target
    from pipelines.models.provider_aliases import UNKNOWN, provider_named

    named = provider_named(provider) if provider else (None, None)
    return Target(
        provider=named[0] or (UNKNOWN if to else None),
        channel=_one_of("--channel", channel or named[1], CHANNELS) or ("api" if to else None),
        region=region or ("global" if to else None),
        model=to,
        service_tier=_one_of("--tier", tier, SERVICE_TIERS),
    )


def _where(texts: list[str]) -> dict[str, str]:
    """Columns and values. Ends the command where one is none."""
    from pipelines.decisions.what_if_question import SLICES

    picked = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if name not in SLICES or not equals or not value:
            refuse(f"--where {text}: write COLUMN=VALUE; the columns are {', '.join(SLICES)}")
        picked[name] = value
    return picked


def _range(option: str, text: str) -> tuple[Fraction, Fraction]:
    """`1`, or `0.8..1.5`. Ends the command where it is neither."""
    number = r"(\d{1,3}(?:\.\d{1,3})?)"
    found = re.fullmatch(rf"{number}(?:\.\.{number})?", text.strip())
    low, high = (Fraction(found[1]), Fraction(found[2] or found[1])) if found else (Fraction(0), Fraction(0))
    if not 0 < low <= high <= MAX_FACTOR:
        refuse(f"{option} {text}: write a factor above 0, up to {MAX_FACTOR}, or a range, low before high: 1..1.3")
    return low, high


def _one_of(option: str, text: str | None, allowed: tuple[str, ...]) -> str | None:
    if text is not None and text not in allowed:
        refuse(f"{option} {text}: write one of {', '.join(allowed)}")
    return text
