"""`costs sources`: look at sources, try a parser on a page, load or accept one, read the archived ones again."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipelines.cli import terminal as report
from pipelines.snapshots.fetch_source import record_body
from pipelines.snapshots.load_body import Promotion, approve_latest, promote_latest
from pipelines.snapshots.reparse import reparse as reparse_source
from pipelines.sources.catalog import SOURCES, SOURCES_BY_KEY, Source
from pipelines.sources.parsed import ParseError

app = typer.Typer(help="Sources of prices, rates and deprecations.", no_args_is_help=True, rich_markup_mode=None)
console = report.console()
errors = Console(stderr=True)


def now() -> datetime:
    """The clock of the command line, naive UTC."""
    return datetime.now(UTC).replace(tzinfo=None)


Key = Annotated[str, typer.Argument(help="Key of the source, as `costs sources list` prints it.")]


@app.command("list")
def list_(context: typer.Context) -> None:
    """All sources, with how they stood at the last run."""
    report.print_sources(console, context.obj, SOURCES, os.environ)


@app.command()
def parse(
    key: Key,
    file: Annotated[Path, typer.Argument(help="A saved page.", exists=True, dir_okay=False)],
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines instead of a table.")] = False,
) -> None:
    """The rows that a saved page yields, without touching the warehouse."""
    source = _source(key)
    try:
        parsed = source.parse(file.read_bytes())
    except ParseError as error:
        errors.print(f"{file}: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(1) from error
    if as_json:
        for row in parsed.rows.iter_rows(named=True):
            typer.echo(json.dumps(row, default=str))
        for row in parsed.rejects.iter_rows(named=True):
            typer.echo(json.dumps({"reject": row}, default=str), err=True)
        return
    report.print_frame(console, parsed.rows, f"{key}: {parsed.rows.height} rows")
    report.print_frame(console, parsed.rejects, f"{parsed.rejects.height} refused")


@app.command()
def load(
    context: typer.Context,
    key: Key,
    file: Annotated[Path, typer.Argument(help="A page that was saved on an earlier day.", exists=True, dir_okay=False)],
    at: Annotated[datetime, typer.Option(help="When it was saved, UTC.", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])],
) -> None:
    """Enter a saved page as an observation of its own date, then `costs run` to price with it.

    Example: costs sources load litellm 2025-08-18.json --at 2025-08-18
    """
    source = _source(key)
    if at > now():
        errors.print(f"--at {at} lies in the future")
        raise typer.Exit(1)
    record_body(context.obj, source, file.read_bytes(), at)
    _say(promote_latest(context.obj, source, at, parsed_at=now()))


@app.command()
def accept(context: typer.Context, key: Key) -> None:
    """Believe the newest page of a source: its held prices, and its rows if the page was refused as implausible."""
    _say(approve_latest(context.obj, _source(key), now()))


@app.command()
def reparse(context: typer.Context, key: Key) -> None:
    """Read all archived pages of a source again with today's parser, and put right what it reads otherwise.

    Runs do so by themselves once a parser has changed. What was believed before stays in the versions.
    """
    report.print_restatement(console, reparse_source(context.obj, _source(key), now(), is_asked_for=True))


def _say(promotion: Promotion) -> None:
    report.print_promotion(console, promotion)
    if promotion.outcome == "refused":
        raise typer.Exit(1)


def _source(key: str) -> Source:
    if key not in SOURCES_BY_KEY:
        errors.print(
            f"there is no source {key!r}; there are: {', '.join(SOURCES_BY_KEY)}", markup=False, soft_wrap=True
        )
        raise typer.Exit(1)
    return SOURCES_BY_KEY[key]
