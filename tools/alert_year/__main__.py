"""Lives through the year; prints or writes what came of it. Exit code 1 where a goal is missed."""

from pathlib import Path
from time import monotonic
from typing import Annotated

import polars as pl
import typer

from tools.alert_year.dated_facts import end_moves, price_changes, prices
from tools.alert_year.day_inputs import Year
from tools.alert_year.judge import MOST_A_DAY, lost, messages_a_day, never_told, percentile, without_end
from tools.alert_year.live import live
from tools.alert_year.page import page
from tools.alert_year.team_usage import MODELS, team_usage

FEED = Path("../shared/feeds/deprecations-info_2026-07-24.json")


def main(
    seed: Annotated[int, typer.Option(help="Of the made-up usage.")] = 18,
    feed: Annotated[Path, typer.Option(help="Ends of models with the day on which each was announced.")] = FEED,
    out: Annotated[Path | None, typer.Option(help="Write the page here; default: print it.")] = None,
) -> None:
    """A year of daily runs: every alert and message, counted and judged."""
    begun = monotonic()
    usage, versions = team_usage(seed), prices()
    month = usage.filter(pl.col("usage_date").is_between(pl.date(2025, 10, 1), pl.date(2025, 10, 30)))
    sums = month.group_by("model").agg(pl.col("quantity").sum().cast(pl.Float64), pl.col("cost_usd").sum())
    used = {model: tokens for model, tokens, _ in sums.iter_rows()}
    spend = {model: usd for model, _, usd in sums.iter_rows()}
    book = live(Year(usage, versions, price_changes(versions, used), end_moves(feed, spend)))
    text = page(book)
    if out is None:
        typer.echo(text)
    else:
        out.write_text(text)
    counts = messages_a_day(book.messages)
    typer.echo(
        f"{book.alerts.height} alerts, {sum(counts)} messages, {len(MODELS)} series, {monotonic() - begun:.0f} s"
    )
    if lost(book) or never_told(book) or without_end(book) or percentile(counts) > MOST_A_DAY:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
