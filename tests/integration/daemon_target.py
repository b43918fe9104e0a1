"""What the daemon of test_daemon.py loads: the real definitions, whose clock stands where a file says.

Two things differ from `pipelines.definitions`: the pages are served on loopback, and a sensor stands for the schedule,
which nobody can wait for. Sensors look every second.
"""

import os
from datetime import datetime
from pathlib import Path

import dagster as dg

from pipelines.defs.automation import SENSORS, refresh_sources
from pipelines.defs.books import BOOKS
from pipelines.defs.build import build_definitions
from pipelines.defs.fetch import pages_key, raw_key
from pipelines.defs.prepare import catalog_of_sources
from pipelines.defs.resources import Settings
from pipelines.sources.catalog import SOURCES_BY_KEY

CLOCK = "clock.txt"
READ = ("anthropic_pricing", "openai_pricing")


class ClockInAFile(Settings):
    """The settings of a daemon for which a day passes when the test says so."""

    def now(self) -> datetime:
        """What the file beside the warehouse says."""
        return datetime.fromisoformat((Path(self.warehouse_folder).parent / CLOCK).read_text())


@dg.sensor(job=refresh_sources, default_status=dg.DefaultSensorStatus.RUNNING, minimum_interval_seconds=1)
def in_place_of_the_schedule(settings: ClockInAFile) -> dg.RunRequest:
    """Reads two sources, once: on the second day only usage is new."""
    assets = [catalog_of_sources.key, pages_key("token_price"), BOOKS["token_price"].key]
    selection = [*assets, *(raw_key(SOURCES_BY_KEY[key]) for key in READ)]
    return dg.RunRequest(run_key="once", asset_selection=selection)


for sensor in SENSORS:
    sensor._min_interval = 1

defs = dg.Definitions.merge(
    build_definitions(ClockInAFile(warehouse_folder=os.environ["COSTS_WAREHOUSE"], base_url=os.environ["TEST_PAGES"])),
    dg.Definitions(sensors=[in_place_of_the_schedule]),
)
