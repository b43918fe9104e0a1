"""The usage ledger as an asset: whatever lies in the inbox; and the bills among it."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from pipelines.defs.metadata import asset_key, table_spec
from pipelines.defs.resources import POOL, Settings
from pipelines.usage.import_files import damaged_days, import_files, inbox_files


@dg.multi_asset(
    name="import_files",
    specs=[
        table_spec("core.usage", "usage", {"polars", "parquet"}),
        table_spec("core.reported_cost", "usage", {"polars", "duckdb"}),
    ],
    check_specs=[dg.AssetCheckSpec("files_are_understood", asset=asset_key("core.usage"))],
    pool=POOL,
)
def usage(settings: Settings) -> Iterator[Any]:
    """Import the files of the inbox that are not in the ledger yet, and hold the ledger against its hashes."""
    outcomes = import_files(settings.warehouse, inbox_files(settings.warehouse), settings.now())
    refused = [outcome for outcome in outcomes if outcome.outcome == "refused"]
    yield dg.AssetCheckResult(
        asset_key=asset_key("core.usage"),
        check_name="files_are_understood",
        passed=not refused,
        metadata={"refused": "\n".join(f"{outcome.file.name}: {outcome.reason}" for outcome in refused) or "none"},
    )
    yield dg.MaterializeResult(
        asset_key=asset_key("core.usage"),
        metadata={
            "files_imported": sum(outcome.outcome == "imported" for outcome in outcomes),
            "files_known": sum(outcome.outcome == "known" for outcome in outcomes),
            "rows_new": sum(outcome.new_count for outcome in outcomes),
            "rows_refused": sum(outcome.reject_count for outcome in outcomes),
        },
    )
    yield dg.MaterializeResult(asset_key=asset_key("core.reported_cost"))
    if damaged := damaged_days(settings.warehouse):
        # Said last: what came in is in force, and the days of the other files are priced.
        raise dg.Failure("\n".join(damaged.values()), allow_retries=False)
