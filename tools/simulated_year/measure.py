"""Run the days and measure them. What the figures mean is said in `growth`."""

import os
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from time import process_time

from pipelines.defs.instance import open_instance
from pipelines.defs.resources import Settings
from pipelines.defs.run_jobs import Phase, run_once
from pipelines.demo.page_server import page_server
from pipelines.demo.replay import recorded_sources
from pipelines.schema.validation import CheckResult
from pipelines.snapshots import stage_body
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import fingerprints
from tools.simulated_year.daily_usage import drop, usage_by_day
from tools.simulated_year.growth import Day

FIRST_DAY = date(2026, 7, 29)
"""The first date of the recorded pages."""
CLOCK = time(6)


class SimulationError(RuntimeError):
    """A run failed; what it said."""


def simulate(folder: Path, days: int, advance: Callable[[str], None]) -> Iterator[Day]:
    """Run so many days from FIRST_DAY on in an empty folder, and measure each."""
    warehouse = Warehouse(folder / "warehouse")
    usage = usage_by_day(folder / "sample", FIRST_DAY + timedelta(days=days))
    sources = recorded_sources()
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"
    with page_server() as pages, open_instance(warehouse.folder) as instance:
        for number in range(days):
            day = FIRST_DAY + timedelta(days=number)
            pages.day = day
            drop(warehouse.inbox, usage, day)
            at = datetime.combine(day, CLOCK).isoformat()
            settings = Settings(warehouse_folder=str(warehouse.folder), as_of=at, base_url=pages.base_url)
            begun = process_time()
            _check(day, run_once(settings, instance, partial(_tell, advance, day), sources=sources))
            seconds = process_time() - begun
            counts = {name: count for name, (count, _) in fingerprints(warehouse).items()}
            yield Day(day, seconds, disk_usage(warehouse.folder), counts)


def leave_out_checks() -> None:
    """For a year in less time: Great Expectations takes most of a run, the same every day, and writes nothing."""

    def without_checks(source: object, staged: object, *, is_approved: bool) -> list[CheckResult]:
        return []

    stage_body.check_rows = without_checks


def disk_usage(folder: Path) -> dict[str, int]:
    """Bytes of files below a folder, by the file or folder right below it; Dagster's history of runs apart."""
    found: dict[str, int] = {}
    for file in folder.rglob("*"):
        if file.is_symlink() or not file.is_file():
            continue
        parts = file.relative_to(folder).parts
        is_history = parts[:2] == (".dagster", "history")
        name = ".dagster/history" if is_history else parts[0]
        found[name] = found.get(name, 0) + file.stat().st_size
    return found


def _tell(advance: Callable[[str], None], day: date, phase: str) -> None:
    advance(f"{day} {phase}")


def _check(day: date, phases: list[Phase]) -> None:
    failures = [f"{step}: {said}" for phase in phases for step, said in phase.failures.items()]
    if failures:
        raise SimulationError(f"{day}: " + "; ".join(failures))
