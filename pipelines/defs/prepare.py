"""The first step of every job: the warehouse is made ready, and the catalog of sources noted for SQL.

It is a step, and no work of the command line, so that a daemon that was never told anything does it as well.
"""

from typing import Any

import dagster as dg

from pipelines.defs.metadata import table_spec
from pipelines.defs.resources import POOL, Secrets, Settings
from pipelines.snapshots.prepare_run import prepare


@dg.multi_asset(
    name="prepare",
    specs=[table_spec("raw.source", "fetch", {"polars", "duckdb"})],
    pool=POOL,
    # Before everything else of its run, which needs no edge to it: what it notes is there from the run before.
    op_tags={"dagster/priority": "2"},
)
def catalog_of_sources(settings: Settings, secrets: Secrets) -> dg.MaterializeResult[Any]:
    """Sweep what killed runs left behind, and note the catalog."""
    return dg.MaterializeResult(
        metadata={"dagster/row_count": prepare(settings.warehouse, settings.now(), secrets.environ())}
    )
