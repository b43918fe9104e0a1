"""The usage ledger as an asset: whatever lies in the inbox."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from pipelines.defs.metadata import asset_key
from pipelines.defs.resources import POOL, Settings
from pipelines.schema import ddl
from pipelines.schema.usage import Usage
from pipelines.usage.import_files import import_files, inbox_files


@dg.asset(
    key=asset_key("core.usage"),
    group_name="usage",
    kinds={"polars", "parquet"},
    description=(Usage.__doc__ or "").strip(),
    metadata={
        "dagster/table_name": "core.usage",
        "dagster/column_schema": dg.TableSchema(
            columns=[
                dg.TableColumn(name, ddl.sql_type(column), description=ddl.comment(column))
                for name, column in Usage.columns().items()
            ]
        ),
    },
    check_specs=[dg.AssetCheckSpec("files_are_understood", asset=asset_key("core.usage"))],
    pool=POOL,
)
def usage(settings: Settings) -> Iterator[Any]:
    """Import the files of the inbox that are not in the ledger yet."""
    outcomes = import_files(settings.warehouse, inbox_files(settings.warehouse), settings.now())
    refused = [outcome for outcome in outcomes if outcome.outcome == "refused"]
    yield dg.AssetCheckResult(
        check_name="files_are_understood",
        passed=not refused,
        metadata={"refused": "\n".join(f"{outcome.file.name}: {outcome.reason}" for outcome in refused) or "none"},
    )
    yield dg.MaterializeResult(
        metadata={
            "files_imported": sum(outcome.outcome == "imported" for outcome in outcomes),
            "files_known": sum(outcome.outcome == "known" for outcome in outcomes),
            "rows_new": sum(outcome.new_count for outcome in outcomes),
            "rows_refused": sum(outcome.reject_count for outcome in outcomes),
        },
    )
