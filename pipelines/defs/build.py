"""Everything that Dagster sees, put together on one warehouse. Assembly only; nothing is implemented here."""

from collections.abc import Sequence

import dagster as dg

from pipelines.defs.automation import JOBS, SCHEDULES, SENSORS
from pipelines.defs.checks import MART_CHECKS
from pipelines.defs.costs import MART_ASSETS, REPORTED_COST, model_alias, priced_ledger
from pipelines.defs.decisions import DECISION_ASSETS
from pipelines.defs.publishing import PUBLISHED
from pipelines.defs.resources import Settings
from pipelines.defs.sources import BOOK_ASSETS, HISTORIES, RAW_ASSETS
from pipelines.defs.usage import usage


def build_definitions(settings: Settings, marts: Sequence[dg.AssetsDefinition] = MART_ASSETS) -> dg.Definitions:
    """All assets, checks, jobs, schedules and sensors, on one warehouse. `marts`: MART_ASSETS, as they are to show."""
    return dg.Definitions(
        assets=[
            *RAW_ASSETS,
            *BOOK_ASSETS,
            *HISTORIES.values(),
            usage,
            REPORTED_COST,
            priced_ledger,
            model_alias,
            *marts,
            *DECISION_ASSETS,
            *PUBLISHED,
        ],
        asset_checks=MART_CHECKS,
        jobs=JOBS,
        schedules=SCHEDULES,
        sensors=SENSORS,
        resources={"settings": settings},
        executor=dg.in_process_executor,
    )
