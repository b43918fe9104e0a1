"""`costs price`: what one request costs, on the spot. Reads arguments, prints; `costs.quote` answers."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from pipelines.cli.answer import give_answer
from pipelines.cli.decision_options import MAX_YEAR, MIN_YEAR, JsonOption
from pipelines.cli.rows import AsCsv, AsParquet, Limit
from pipelines.cli.terminal import BAD_INPUT, NEEDS_A_LOOK, now, say_error
from pipelines.schema.offers import CHANNELS, SERVICE_TIERS

MAX_QUANTITY = 10**15


def price(  # noqa: PLR0913, PLR0917 - one parameter per option of the command
    context: typer.Context,
    model: Annotated[str, typer.Argument(help="Model id as used in requests, or an ARN, or a fine-tune.")],
    provider: Annotated[str | None, typer.Option(help="Who sells it; needed where several list the id.")] = None,
    channel: Annotated[str | None, typer.Option(help=f"Where it is bought: {', '.join(CHANNELS)}.")] = None,
    region: Annotated[str, typer.Option(help="Billing region, such as us or us-east-1.")] = "global",
    tier: Annotated[str, typer.Option(help=f"Tier of the response: {', '.join(SERVICE_TIERS)}.")] = "standard",
    account: Annotated[
        str | None, typer.Option(help="Whose contract: also what is really paid. Default: the list price alone.")
    ] = None,
    at: Annotated[str | None, typer.Option(help="When; ISO 8601, UTC without an offset. Default: now.")] = None,
    known_at: Annotated[str | None, typer.Option(help="By what was known then. Default: by what is known now.")] = None,
    input_: Annotated[str | None, typer.Option("--input", metavar="N", help="Uncached input tokens.")] = None,
    cache_read: Annotated[str | None, typer.Option(metavar="N", help="Tokens read from a cache.")] = None,
    cache_write_5m: Annotated[
        str | None, typer.Option("--cache-write-5m", metavar="N", help="Tokens written to a cache for five minutes.")
    ] = None,
    cache_write_1h: Annotated[
        str | None, typer.Option("--cache-write-1h", metavar="N", help="Tokens written to a cache for an hour.")
    ] = None,
    output: Annotated[str | None, typer.Option(metavar="N", help="Output tokens, reasoning included.")] = None,
    audio_input: Annotated[str | None, typer.Option(metavar="N", help="Audio tokens of the input.")] = None,
    audio_output: Annotated[str | None, typer.Option(metavar="N", help="Audio tokens of the answer.")] = None,
    requests: Annotated[str | None, typer.Option(metavar="N", help="Requests, where a fee is due for each.")] = None,
    web_searches: Annotated[str | None, typer.Option(metavar="N", help="Searches that the model made.")] = None,
    reasoning_output: Annotated[
        str | None, typer.Option(metavar="N", help="Reasoning that is billed beside the output.")
    ] = None,
    rerank_queries: Annotated[str | None, typer.Option(metavar="N", help="Queries of reranking.")] = None,
    as_json: JsonOption = False,
    as_csv: AsCsv = False,
    parquet: AsParquet = None,
    limit: Limit = None,
) -> None:
    """What one request costs, at the price in force at a moment, with the page that says so.

    Works without a run, from the price history that comes with the program; after a run, from the warehouse.
    A request without a price costs null, never 0, and says why. Exit codes: 1: there is no such price; 2: the
    question makes no sense.

    Examples: costs price gpt-5 --input 10000 --cache-read 90000 --output 1000 | costs price o3 --input 1000000
    --at 2025-06-09T23:59:59Z | costs price claude-sonnet-5 --output 1000000 --at 2026-09-01 --known-at 2026-07-15
    """
    from pipelines.cli.views.quote import print_quote
    from pipelines.costs.quote import Question, quote
    from pipelines.warehouse.published import PublishedWarehouse

    given = {
        "input_uncached": input_,
        "cache_read": cache_read,
        "cache_write_5m": cache_write_5m,
        "cache_write_1h": cache_write_1h,
        "output": output,
        "audio_input": audio_input,
        "audio_output": audio_output,
        "requests": requests,
        "web_searches": web_searches,
        "reasoning_output": reasoning_output,
        "rerank_queries": rerank_queries,
    }
    try:
        question = Question(
            model=model,
            quantities=_quantities(given),
            at=moment_of("--at", at) if at else now(),
            known_at=moment_of("--known-at", known_at) if known_at else None,
            provider=provider,
            channel=one_of("--channel", channel, CHANNELS) if channel else None,
            region=region,
            service_tier=one_of("--tier", tier, SERVICE_TIERS),
            account=account,
        )
    except ValueError as error:
        _refuse(model, str(error), as_json=as_json)
    answer = quote(PublishedWarehouse(context.obj), question)
    give_answer(answer, "lines", print_quote, as_json=as_json, as_csv=as_csv, parquet=parquet, limit=limit)
    if question.at > now():
        say_error(f"costs price: {at} lies in the future: the answer is by prices known or announced until now")
    if answer["cost_usd"] is None:
        raise typer.Exit(NEEDS_A_LOOK)


def _quantities(given: Mapping[str, str | None]) -> dict[str, int]:
    """Whole, non-negative numbers by meter. Raises ValueError that names the option."""
    quantities = {}
    for meter, text in given.items():
        if text is None:
            continue
        option = "--input" if meter == "input_uncached" else f"--{meter.replace('_', '-')}"
        digits = text.replace("_", "")
        if not digits.isascii() or not digits.isdigit() or int(digits) > MAX_QUANTITY:
            raise ValueError(f"{option} {text}: expected a whole number from 0 to {MAX_QUANTITY}")
        quantities[meter] = int(digits)
    if not any(quantities.values()):
        raise ValueError("nothing to price: say how many tokens, such as --input 1000 --output 200")
    return quantities


def moment_of(option: str, text: str) -> datetime:
    """A moment as naive UTC. Raises ValueError that names the option."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{option} {text}: expected a date or a time such as 2026-09-01T12:00:00Z") from error
    if not MIN_YEAR <= moment.year <= MAX_YEAR:
        raise ValueError(f"{option} {text}: write a time of {MIN_YEAR} to {MAX_YEAR}")
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def one_of(option: str, text: str, allowed: tuple[str, ...]) -> str:
    """The text, where it is allowed. Raises ValueError that names the option."""
    if text not in allowed:
        raise ValueError(f"{option} {text}: expected one of {', '.join(allowed)}")
    return text


def _refuse(model: str, reason: str, *, as_json: bool) -> Any:
    """Say what is wrong with the question, as data where data was asked for, and end."""
    if as_json:
        typer.echo(json.dumps({"model": model, "cost_usd": None, "reason": f"invalid_input: {reason}", "lines": []}))
    else:
        say_error(f"costs price: {reason}")
    raise typer.Exit(BAD_INPUT)
