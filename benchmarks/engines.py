"""The ledger priced in one process, held against Spark Connect servers: Sail, and Spark where there is one."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.ledger_data import day_of, ledger_files
from benchmarks.measuring import MeasuringError, alternate, figures, measure, work
from benchmarks.pricing import DAYS as MANY_DAYS
from benchmarks.pricing import LARGE_DAYS, ROWS_PER_DAY
from benchmarks.result import Result, Target, failed
from benchmarks.settings import Settings
from benchmarks.spark_servers import Server, sail, spark, why_no_spark
from pipelines.costs.counted_rows import every_row
from pipelines.costs.engine.ledger_tasks import DayOfLedger
from pipelines.costs.engine.price_on_server import price_on_server

FEW_DAYS = 10
"""2 million rows; 20 and 100 million are those of `pricing`."""


def engines(settings: Settings, advance: Callable[[str], None]) -> Iterator[Result]:
    """2 and 20 million rows, 400 models with 8 price versions each."""
    for days in (FEW_DAYS, MANY_DAYS):
        yield from _compare(days, settings, advance)


def engines_100m(settings: Settings, advance: Callable[[str], None]) -> Iterator[Result]:
    """100 million rows."""
    yield from _compare(LARGE_DAYS, settings, advance)


def costs_on_server(folder: Path, address: str) -> pl.DataFrame:
    """What `work.price` prices, by a server."""
    segments = pl.read_parquet(folder / "segments.parquet")
    days = {
        day_of(file): DayOfLedger(file, pl.scan_parquet(file).select(pl.len()).collect().item(), every_row)
        for file in ledger_files(folder.resolve())
    }
    return price_on_server(address, days, segments, ("project_id",))


def _compare(days: int, settings: Settings, advance: Callable[[str], None]) -> Iterator[Result]:
    advance("making the ledger")
    folder, rows = settings.data / f"ledger_{days}_days", f"{days * ROWS_PER_DAY // 1_000_000}m"
    reason = why_no_spark()
    servers: dict[str, Callable[[], AbstractContextManager[Server]]] = {"sail": sail}
    servers |= {} if reason else {"spark": spark}
    for kind, start in servers.items():
        name = f"engine_{kind}_{rows}"
        try:
            measure(work("make_ledger", folder, days, ROWS_PER_DAY))
            with start() as server:
                sides = {kind: work("price_on_server", folder, server.address), "here": work("price", folder)}
                before, _ = server.used()
                runs = alternate(sides, settings.runs, advance)
                after, peak = server.used()
        except (MeasuringError, RuntimeError) as error:
            yield failed(name, Target(), str(error))
            continue
        there, here = figures(runs[kind]), figures(runs["here"])
        there["cpu_seconds"] = round(there["cpu_seconds"] + (after - before) / settings.runs, 3)
        found = [runs[side][0].found for side in sides]
        details: dict[str, Any] = {
            "cpu_ratio": round(there["cpu_seconds"] / here["cpu_seconds"], 3),
            "server_peak_gib": round(peak, 3),
            "rows_out": found[0]["rows_out"],
            "usd": found[0]["usd"],
        }
        is_equal = all(found[0][what] == found[1][what] for what in ("rows_out", "usd", "quantity", "content"))
        ratio = there["seconds"] / here["seconds"]
        yield Result(name, ratio, Target(), there, here, is_equal, details | ({"no_spark": reason} if reason else {}))
