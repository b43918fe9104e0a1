"""The demo: the real job on recorded pages of five dates, served on loopback, and generated sample usage.

The warehouse has the price history that ships and what a user writes. Each date is one run whose clock stands at that
date, fetched through the real code, so versions, held prices and alerts come about as they would have. A second replay
finds every price, usage and alert known.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial

from pipelines.defs.instance import open_instance
from pipelines.defs.resources import Settings
from pipelines.defs.run_jobs import PHASES, Phase, run_once
from pipelines.demo import DATES, page_for
from pipelines.demo.gateway_usage import write_gateway_usage
from pipelines.demo.page_server import page_server
from pipelines.demo.sample_usage import write_sample_usage
from pipelines.demo.user_files import write_bill, write_user_files
from pipelines.snapshots.seed_history import seed_price_history
from pipelines.sources.catalog import SOURCES, Source, relocated
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import fingerprints

PHASE_COUNT = len(DATES) * len(PHASES)
CLOCK = time(8, 0)
DECIDED_DAYS = 2
"""Decisions of this many days at the end, so that the day-to-day ones have something to compare."""


@dataclass(frozen=True)
class Replayed:
    """How a replay went; it ends with the first run in which something failed."""

    last_run: Sequence[Phase]
    is_unchanged: bool
    """Every table holds the same rows as before."""

    @property
    def is_success(self) -> bool:
        """Whether every phase of every run went well."""
        return all(phase.is_success for phase in self.last_run)


def replay(warehouse: Warehouse, on_phase: Callable[[str], None]) -> Replayed:
    """Run the job for each date. `on_phase` is told each date and phase before it begins, PHASE_COUNT of them.

    One demo of a warehouse at a time; another waits for it, as long as for any lock.
    """
    # A proxy of the environment has no business with pages that this process serves.
    os.environ["NO_PROXY"] = "127.0.0.1"
    warehouse.folder.mkdir(parents=True, exist_ok=True)
    # Sample usage and pages of one date belong together: another demo would put those of its own date between them.
    with warehouse.locked(".demo.lock"), page_server() as server, open_instance(warehouse.folder) as instance:
        before = fingerprints(warehouse)
        write_user_files(warehouse.folder)
        # Usage from before the first page has its price from the history that ships, as in a warehouse of one's own.
        seed_price_history(warehouse)
        for day in DATES:
            server.day = day
            usage, _ = write_sample_usage(warehouse.inbox, until=day)
            write_gateway_usage(warehouse.inbox, until=day)
            write_bill(usage, until=day)
            settings = Settings(
                warehouse_folder=str(warehouse.folder),
                as_of=datetime.combine(day, CLOCK).isoformat(),
                base_url=server.base_url,
            )
            is_last = day == DATES[-1]
            first_decided = day - timedelta(days=DECIDED_DAYS - 1) if is_last else day
            tell = partial(_tell, on_phase, day)
            phases = run_once(settings, instance, tell, first_decided, recorded_sources(), publishes=is_last)
            if not all(phase.is_success for phase in phases):
                break
        return Replayed(phases, is_unchanged=before == fingerprints(warehouse))


def recorded_sources() -> list[Source]:
    """The sources of which the demo has pages; the others are not asked."""
    return [s for s in SOURCES if any(page_for(DATES[0], relocated(url, "").lstrip("/")) for url in s.urls)]


def _tell(on_phase: Callable[[str], None], day: date, phase: str) -> None:
    on_phase(f"{day} {phase}")
