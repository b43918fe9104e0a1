"""`costs prices`: the price list of a model. Reads arguments, prints; `costs.price_list` finds."""

from typing import Annotated

import typer

from pipelines.cli.price import moment_of, one_of
from pipelines.cli.rows import AsCsv, AsJson, AsParquet, Limit, show_rows
from pipelines.cli.terminal import BAD_INPUT, NEEDS_A_LOOK, now, say_error

MAIN = ("service_tier", "meter", "usd_per_unit", "unit", "valid_from")


def prices(  # noqa: PLR0913, PLR0917 - one parameter per option of the command
    context: typer.Context,
    model: Annotated[str, typer.Argument(help="Model id as used in requests.")],
    at: Annotated[
        str | None, typer.Option(help="In force when; ISO 8601, UTC without an offset. Default: now.")
    ] = None,
    known_at: Annotated[str | None, typer.Option(help="By what was known then. Default: by what is known now.")] = None,
    history: Annotated[bool, typer.Option("--history", help="All prices over time, announced ones too.")] = False,
    provider: Annotated[str | None, typer.Option(help="Who sells it.")] = None,
    channel: Annotated[str | None, typer.Option(help="Where it is bought; default: api.")] = None,
    region: Annotated[str, typer.Option(help="Billing region.")] = "global",
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    parquet: AsParquet = None,
    limit: Limit = None,
) -> None:
    """The prices of a model, each with the source that counts and since when it holds.

    Works without a run, from the history that ships. Exit codes: 1: no list has the model, or not then; 2: wrong use.

    Examples: costs prices gpt-5 | costs prices o3 --history --csv | costs prices claude-sonnet-5 --at 2026-09-01
    --known-at 2026-07-15
    """
    from pipelines.costs.price_list import otherwise_listed, price_list
    from pipelines.schema.offers import CHANNELS
    from pipelines.warehouse.published import PublishedWarehouse

    if history and at is not None:
        say_error("costs prices: --history and --at: write one of them")
        raise typer.Exit(BAD_INPUT)
    try:
        moment = None if history else moment_of("--at", at) if at else now()
        known = moment_of("--known-at", known_at) if known_at else None
        channel = one_of("--channel", channel, CHANNELS) if channel else None
    except ValueError as error:
        say_error(f"costs prices: {error}")
        raise typer.Exit(BAD_INPUT) from error
    warehouse, offer = PublishedWarehouse(context.obj), (provider, channel, region)
    found, like = price_list(warehouse, model, moment, known, *offer)
    show_rows(found, as_json=as_json, as_csv=as_csv, parquet=parquet, limit=limit, main=MAIN)
    if moment is not None and moment > now():
        say_error(f"costs prices: {at} lies in the future: the answer is by prices known or announced until now")
    if found.is_empty():
        told = f"; did you mean {like}?" if like else otherwise_listed(warehouse, model, moment, known, *offer)
        say_error(f"costs prices: no price list has {model}{told}")
        raise typer.Exit(NEEDS_A_LOOK)
