"""The first step of every job: the warehouse is made ready, the catalog of sources noted, the user's files checked.

It is a step, and no work of the command line, so that a daemon that was never told anything does it as well.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from pipelines.defs.metadata import asset_key, table_spec
from pipelines.defs.resources import POOL, Secrets, Settings
from pipelines.snapshots.prepare_run import prepare


@dg.multi_asset(
    name="prepare",
    specs=[table_spec("raw.source", "fetch", {"polars", "duckdb"})],
    check_specs=[
        dg.AssetCheckSpec(
            "user_inputs_are_understood",
            asset=asset_key("raw.source"),
            description="The user's files and settings have no mistake. If it fails, their last good state counts.",
        )
    ],
    pool=POOL,
    # Before everything else of its run, which needs no edge to it: what it notes is there from the run before.
    op_tags={"dagster/priority": "2"},
)
def catalog_of_sources(context: dg.AssetExecutionContext, settings: Settings, secrets: Secrets) -> Iterator[Any]:
    """Sweep what killed runs left behind, note the catalog, and look at what the user has written."""
    prepared = prepare(settings.warehouse, settings.now(), secrets.environ())
    for problem in prepared.problems:
        context.log.warning(problem.text)
    yield dg.AssetCheckResult(
        check_name="user_inputs_are_understood",
        passed=not prepared.problems,
        metadata={problem.name: problem.text for problem in prepared.problems},
    )
    yield dg.MaterializeResult(metadata={"dagster/row_count": prepared.source_count})
