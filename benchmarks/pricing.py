"""Pricing a ledger, held against the same group-by without prices on the same Parquet files."""

from collections.abc import Callable, Iterator

from benchmarks.measuring import MeasuringError, alternate, figures, measure, work
from benchmarks.result import Result, Target, failed
from benchmarks.settings import Settings

DAYS, LARGE_DAYS, ROWS_PER_DAY = 100, 500, 200_000
"""20 and 100 million rows."""


def pricing_20m(settings: Settings, advance: Callable[[str], None]) -> Iterator[Result]:
    """20 million rows, 400 models with 8 price versions each, all 5 service tiers."""
    yield _compare("pricing_20m", DAYS, Target(ratio=1.4, peak_gib=3), settings, advance)


def pricing_100m(settings: Settings, advance: Callable[[str], None]) -> Iterator[Result]:
    """100 million rows: the memory must not follow the rows."""
    yield _compare("pricing_100m", LARGE_DAYS, Target(peak_gib=4), settings, advance)


def _compare(name: str, days: int, target: Target, settings: Settings, advance: Callable[[str], None]) -> Result:
    advance("making the ledger")
    folder = settings.data / f"ledger_{days}_days"
    commands = {"price": work("price", folder), "group-by": work("group", folder)}
    try:
        measure(work("make_ledger", folder, days, ROWS_PER_DAY))
        runs = alternate(commands, settings.runs, advance)
    except MeasuringError as error:
        return failed(name, target, str(error))
    ours, theirs = figures(runs["price"]), figures(runs["group-by"])
    priced, grouped = (runs[side][0].found for side in commands)
    details = {
        "cpu_ratio": round(ours["cpu_seconds"] / theirs["cpu_seconds"], 3),
        "rows_out": [priced["rows_out"], grouped["rows_out"]],
        "usd": priced["usd"],
    }
    ratio = ours["seconds"] / theirs["seconds"]
    return Result(name, ratio, target, ours, theirs, priced["quantity"] == grouped["quantity"], details)
