"""`costs export`: priced usage for other tools. Reads arguments, prints; `costs.export_focus` writes the file."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.decision_options import DAY
from pipelines.cli.price import moment_of
from pipelines.cli.terminal import BAD_INPUT, console, errors, now, say_error

PRICE_FORMS = ("litellm", "genai-prices", "focus", "csv", "parquet")

app = typer.Typer(help="Write priced usage for other tools.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def formats() -> None:
    """One command per format."""


@app.command()
def focus(
    context: typer.Context,
    first: Annotated[datetime, typer.Option("--from", **DAY, help="First UTC day.")],
    last: Annotated[datetime, typer.Option("--to", **DAY, help="Last UTC day, included.")],
    output: Annotated[Path, typer.Option(help="File to write: .csv or .parquet.", dir_okay=False)],
    version: Annotated[
        str | None, typer.Option(help="Version of the FOCUS specification: 1.2, 1.4 (default) or 1.5-draft.")
    ] = None,
) -> None:
    """Priced usage as FOCUS charges, with plan fees and what the contract has beside usage.

    Usage without a price is left out and said, never 0.

    Example: costs export focus --from 2026-09-01 --to 2026-09-30 --output september.csv
    """
    from pipelines.costs.export_focus import export_focus
    from pipelines.costs.focus import DEFAULT_VERSION, FOCUS_VERSIONS
    from pipelines.warehouse.published import PublishedWarehouse

    version = version or DEFAULT_VERSION
    if version not in FOCUS_VERSIONS:
        say_error(f"costs export: FOCUS {version} is not written; write one of {', '.join(FOCUS_VERSIONS)}")
        raise typer.Exit(BAD_INPUT)
    try:
        export = export_focus(PublishedWarehouse(context.obj), first.date(), last.date(), output, version)
    except ValueError as error:
        say_error(f"costs export: {error}")
        raise typer.Exit(BAD_INPUT) from error
    console().print(f"{output}: {export.row_count} charges", markup=False, soft_wrap=True)
    if export.unknown_fees:
        errors().print(f"left out: {export.unknown_fees} days of plan fees in a currency whose rate is not known")
    if export.open_charges:
        errors().print(
            f"left out: {export.open_charges} charges of the contract whose period is not over; see contract_charge"
        )
    if export.unrated_charges:
        errors().print(
            f"left out: {export.unrated_charges} charges of the contract in a currency without a rate on some of their "
            "days; costs doctor says which",
            soft_wrap=True,
        )
    if export.unpriced_rows:
        errors().print(
            f"left out: {export.unpriced_rows} rows of usage without a price, {export.unpriced_quantity} tokens or "
            "calls; cost_unpriced lists them with the reason",
            soft_wrap=True,
        )


@app.command()
def sku_prices(
    context: typer.Context,
    output: Annotated[Path, typer.Option(help="File to write: .csv or .parquet.", dir_okay=False)],
) -> None:
    """List prices, all that is known of their times, as records of SKU Price in the draft of FOCUS 1.5.

    Example: costs export sku-prices --output prices.csv
    """
    from pipelines.costs.export_focus import export_sku_prices
    from pipelines.warehouse.published import PublishedWarehouse

    try:
        count = export_sku_prices(PublishedWarehouse(context.obj), output)
    except ValueError as error:
        say_error(f"costs export: {error}")
        raise typer.Exit(BAD_INPUT) from error
    console().print(f"{output}: {count} prices", markup=False, soft_wrap=True)


@app.command()
def prices(
    context: typer.Context,
    output: Annotated[Path, typer.Option(help="File to write.", dir_okay=False)],
    form: Annotated[str, typer.Option("--as", help=f"One of {', '.join(PRICE_FORMS)}.")] = "litellm",
    at: Annotated[
        str | None, typer.Option(help="In force when; ISO 8601, UTC without an offset. Default: now.")
    ] = None,
    known_at: Annotated[str | None, typer.Option(help="By what was known then. Default: by what is known now.")] = None,
) -> None:
    """The dated price book for other tools: LiteLLM's price map, genai-prices' data, FOCUS SKU prices, CSV, Parquet.

    What a form cannot say (prices by the hour, other regions, some tiers) is left out and counted. Works without a run.

    Examples: costs export prices --as litellm --output prices.json | costs export prices --as csv --at 2026-01-01
    --output then.csv
    """
    import json

    from pipelines.costs.export_focus import write_book
    from pipelines.costs.price_book import price_book
    from pipelines.costs.prices_for_peers import FORMS
    from pipelines.warehouse.atomic_file import atomic_file
    from pipelines.warehouse.published import PublishedWarehouse

    if form not in PRICE_FORMS:
        say_error(f"costs export prices: --as {form}: write one of {', '.join(PRICE_FORMS)}")
        raise typer.Exit(BAD_INPUT)
    try:
        moment = moment_of("--at", at) if at else now()
        known = moment_of("--known-at", known_at) if known_at else None
    except ValueError as error:
        say_error(f"costs export prices: {error}")
        raise typer.Exit(BAD_INPUT) from error
    book = price_book(PublishedWarehouse(context.obj), moment, known)
    if form not in FORMS:
        count = write_book(book, output, form)
        console().print(f"{output}: {count} prices", markup=False, soft_wrap=True)
        return
    told, left_out = FORMS[form](book)
    with atomic_file(output) as temporary:
        temporary.write_text(json.dumps(told, indent=1))
    console().print(f"{output}: {book.height - left_out} prices", markup=False, soft_wrap=True)
    if left_out:
        errors().print(f"left out: {left_out} prices that {form} has no place for", soft_wrap=True)
