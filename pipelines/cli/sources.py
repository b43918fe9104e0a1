"""`costs sources`: look at sources, try a parser on a page, load or accept one, read the archived ones again."""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.rows import AsCsv, AsJson, AsParquet, Limit, show_rows
from pipelines.cli.terminal import BAD_INPUT, SOMETHING_FAILED, console, now, say_error
from pipelines.models.similar_names import did_you_mean

if TYPE_CHECKING:
    import polars as pl
    from rich.console import Console

    from pipelines.snapshots.load_body import Promotion
    from pipelines.sources.source import Source

app = typer.Typer(help="Sources of prices, rates and deprecations.", no_args_is_help=True, rich_markup_mode=None)

Key = Annotated[str, typer.Argument(help="Key of the source, as `costs sources list` prints it.")]


@app.command("list")
def list_(
    context: typer.Context,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    parquet: AsParquet = None,
    limit: Limit = None,
) -> None:
    """All sources, with how they stood at the last run."""
    from pipelines.cli.views.sources import sources_with_health
    from pipelines.sources.catalog import SOURCES
    from pipelines.warehouse.published import PublishedWarehouse

    found = sources_with_health(PublishedWarehouse(context.obj), SOURCES)
    main = ("source", "status", "last_success_at")
    show_rows(found, as_json=as_json, as_csv=as_csv, parquet=parquet, limit=limit, main=main)
    for source in SOURCES:
        if source.api_key is not None and not source.is_asked(os.environ):
            say_error(f"not asked: {source.key}, as {source.api_key.variable} is not set")


@app.command()
def parse(
    key: Key,
    file: Annotated[Path, typer.Argument(help="A saved page.", exists=True, dir_okay=False)],
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    parquet: AsParquet = None,
    limit: Limit = None,
) -> None:
    """The rows that a saved page yields, without touching the warehouse.

    Refused rows stand below them; for a program, as JSON lines on standard error.
    Exit code 0: it can be read; 2: wrong use; 3: it is refused, with the reason.
    """
    from pipelines.cli.views.tables import print_frame
    from pipelines.sources.parsed import ParseError

    source = source_of(key)
    try:
        parsed = source.parse(file.read_bytes())
    except ParseError as error:
        say_error(f"{file}: {error}")
        raise typer.Exit(SOMETHING_FAILED) from error
    rejects = parsed.rejects if limit is None else parsed.rejects.head(limit)

    def print_parsed(console: "Console", rows: "pl.DataFrame") -> None:
        print_frame(console, rows, f"{key}: {parsed.rows.height} rows")
        print_frame(console, rejects, f"{parsed.rejects.height} refused")

    show_rows(parsed.rows, as_json=as_json, as_csv=as_csv, parquet=parquet, limit=limit, view=print_parsed)
    if as_json or as_csv or parquet is not None:
        for row in rejects.iter_rows(named=True):
            typer.echo(json.dumps({"reject": row}, default=str), err=True)


@app.command()
def load(
    context: typer.Context,
    key: Key,
    file: Annotated[Path, typer.Argument(help="A page that was saved on an earlier day.", exists=True, dir_okay=False)],
    at: Annotated[datetime, typer.Option(help="When it was saved, UTC.", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])],
) -> None:
    """Enter a saved page as an observation of its own date, then `costs run` to price with it.

    Exit code 0: it counts; 2: wrong use; 3: it is refused, with the reason. A second page of one moment replaces the
    first.

    Example: costs sources load litellm 2025-08-18.json --at 2025-08-18
    """
    from pipelines.snapshots.fetch_source import record_body
    from pipelines.snapshots.load_body import promote_latest
    from pipelines.warehouse.database import Warehouse

    source, warehouse = source_of(key), Warehouse(context.obj)
    if at > now():
        say_error(f"--at {at} lies in the future")
        raise typer.Exit(BAD_INPUT)
    attempt = record_body(warehouse, source, file.read_bytes(), at)
    promotion = promote_latest(warehouse, source, attempt.fetched_at, parsed_at=now())
    warehouse.save_records()
    _say(promotion)


@app.command()
def accept(context: typer.Context, key: Key) -> None:
    """Believe the newest page of a source: its held prices, and its rows if the page was refused as implausible.

    Exit code 0: it counts; 2: wrong use; 3: it cannot be read even so, or there is none.
    """
    from pipelines.snapshots.load_body import approve_latest
    from pipelines.warehouse.database import Warehouse

    _say(approve_latest(Warehouse(context.obj), source_of(key), now()))


@app.command()
def reparse(context: typer.Context, key: Key) -> None:
    """Read all archived pages of a source again with today's parser, and put right what it reads otherwise.

    Runs do so by themselves once a parser has changed. What was believed before stays in the versions.
    """
    from pipelines.cli.views.sources import print_restatement
    from pipelines.snapshots.reparse import reparse as reread
    from pipelines.warehouse.database import Warehouse

    warehouse = Warehouse(context.obj)
    restatement = reread(warehouse, source_of(key), now(), is_asked_for=True)
    warehouse.save_records()
    print_restatement(console(), restatement)


def _say(promotion: "Promotion") -> None:
    from pipelines.cli.views.sources import print_promotion

    print_promotion(console(), promotion)
    if promotion.outcome == "refused":
        raise typer.Exit(SOMETHING_FAILED)


def source_of(key: str) -> "Source":
    """The source of a key. Ends the command where there is none, with those that look like it."""
    from pipelines.sources.catalog import SOURCES_BY_KEY

    if key not in SOURCES_BY_KEY:
        like = did_you_mean(key, SOURCES_BY_KEY)
        all_of_them = "; there are: " + ",".join(SOURCES_BY_KEY)
        say_error(f"there is no source {key!r}{like or all_of_them}")
        raise typer.Exit(BAD_INPUT)
    return SOURCES_BY_KEY[key]
