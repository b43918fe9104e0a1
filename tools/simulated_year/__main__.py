"""Reads arguments, runs the days, prints a line per month and the judgement. Exit code 1 where something grows."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from tempfile import mkdtemp
from time import monotonic
from typing import Annotated

import typer

from tools.simulated_year.growth import Day, Month, by_month, not_flat
from tools.simulated_year.measure import leave_out_checks, simulate


def main(
    days: Annotated[int, typer.Option(min=2, help="How many days to run.")] = 365,
    minutes: Annotated[float, typer.Option(help="End after this long, whatever day it is.")] = 60,
    folder: Annotated[Path | None, typer.Option(help="Where to work; default: a new one, removed in the end.")] = None,
    is_checked: Annotated[bool, typer.Option("--checks/--no-checks", help="Check what each source states.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Every day as a JSON line instead.")] = False,
) -> None:
    """Daily runs with a moving clock: CPU seconds of a run, disk and rows that a day adds, month by month."""
    if not is_checked:
        leave_out_checks()
    place, begun, seen = folder or Path(mkdtemp(prefix="simulated-year-")), monotonic(), []
    for day in simulate(place, days, lambda _: None):
        seen.append(day)
        if as_json:
            typer.echo(json.dumps(asdict(day), default=str))
        if monotonic() - begun > 60 * minutes:
            break
    if folder is None:
        shutil.rmtree(place)
    months = by_month(seen)
    if not as_json:
        _print(months, seen, monotonic() - begun)
    if not_flat(months):
        raise typer.Exit(1)


def _print(months: list[Month], days: list[Day], seconds: float) -> None:
    typer.echo(f"{len(days)} days in {seconds:.0f} s")
    typer.echo("month    days  CPU s   KiB/day  rows/day")
    for one in months:
        typer.echo(
            f"{one.month}  {one.days:4}  {one.seconds:5.2f}  {one.bytes_per_day / 1024:8.1f}  {one.rows_per_day:8.1f}"
        )
    first, last = months[0], months[-1]
    typer.echo(f"KiB per day in {first.month} and {last.month}; in all at the end")
    for name, size in sorted(days[-1].disk.items(), key=lambda item: -item[1]):
        per_day = [month.disk.get(name, 0) / 1024 for month in (first, last)]
        typer.echo(f"  {name:32} {per_day[0]:9.1f} {per_day[1]:9.1f} {size / 1024:11.1f}")
    typer.echo(f"rows per day in {first.month} and {last.month}; in all at the end")
    for name, count in sorted(days[-1].rows.items(), key=lambda item: -item[1]):
        if count:
            before = first.rows.get(name, 0)
            typer.echo(f"  {name:32} {before:9.1f} {last.rows[name]:9.1f} {count:9}")
    found = not_flat(months)
    typer.echo("flat" if not found else "not flat: " + "; ".join(found))


if __name__ == "__main__":
    typer.run(main)
