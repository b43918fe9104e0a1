"""How long a small command takes from its start to its end, held against the bare imports of the libraries it needs."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.measuring import Command, MeasuringError, alternate, figures, measure, work
from benchmarks.result import Result, Target, failed
from benchmarks.settings import COSTS, PYTHON, Settings

PUBLISHED_ON = "2026-11-25T06:00:00"
PRICE = ("price", "gpt-5", "--input", "1", "--at", "2026-11-24", "--json")
USD = "0.00000125"
"""OpenAI's list price of one input token of gpt-5 on that day, 1.25 USD per million."""


def start_up(settings: Settings, advance: Callable[[str], None]) -> Iterator[Result]:
    """`costs --help`, and `costs price` before the first run and after one; whole processes."""
    none, published = settings.data / "no_warehouse", settings.data / "published"
    shutil.rmtree(published, ignore_errors=True)
    for name, target, ours, imported in (
        ("costs_help", Target(ratio=4), Command([COSTS, "--help"]), "typer, rich"),
        ("costs_price_shipped", Target(ratio=2.5), _price(none), "duckdb, polars"),
        ("costs_price_published", Target(ratio=2.5), _price(published), "duckdb, polars"),
    ):
        sides = {"costs": ours, f"import {imported}": Command([PYTHON, "-c", f"import {imported}"])}
        try:
            if name == "costs_price_published":
                measure(work("seed_and_publish", published, PUBLISHED_ON))
            advance(name)
            # Once unmeasured, so that the files of both are in memory.
            alternate(sides, 1, advance)
            mine, theirs = alternate(sides, settings.runs, advance).values()
        except MeasuringError as error:
            yield failed(name, target, str(error))
            continue
        is_right = name == "costs_help" or all(run.found["cost_usd"] == USD for run in mine)
        one, other = figures(mine), figures(theirs)
        yield Result(name, one["seconds"] / other["seconds"], target, one, other, is_right)


def _price(warehouse: Path) -> Command:
    return Command([COSTS, "--warehouse", warehouse, *PRICE])
