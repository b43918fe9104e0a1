"""The last step of a run: the file that people query."""

from typing import Any

import dagster as dg

from pipelines.defs.costs import model_alias, priced_ledger
from pipelines.defs.marts import MARTS
from pipelines.defs.metadata import OWNERS, READ_DAILY
from pipelines.defs.resources import POOL, Settings


@dg.asset(
    key=dg.AssetKey("costs_duckdb"),
    deps=[priced_ledger, model_alias, *MARTS],
    group_name="publish",
    kinds={"duckdb"},
    owners=OWNERS,
    tags={"schema": "main"},
    description="warehouse/costs.duckdb: a copy of the build file, replaced whole. Readers are never blocked.",
    freshness_policy=READ_DAILY,
    pool=POOL,
    # It needs the marts only, so that a decision or an alert that fails does not stop it, and comes after them all the
    # same: a step of lower priority waits for whatever else can run.
    op_tags={"dagster/priority": "-1"},
)
def costs_duckdb(settings: Settings) -> dg.MaterializeResult[Any]:
    """Publish."""
    file = settings.warehouse.publish()
    return dg.MaterializeResult(metadata={"path": dg.MetadataValue.path(str(file)), "size_bytes": file.stat().st_size})
