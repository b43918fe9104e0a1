"""The usage ledger as an asset: whatever lies in the inbox; and the bills among it."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg

from pipelines.costs.price_imports import usd_by_import
from pipelines.defs.metadata import asset_key, table_spec
from pipelines.defs.resources import POOL, Settings, wall_clock
from pipelines.usage.file_outcome import NOT_READ
from pipelines.usage.import_files import damaged_days, import_files, inbox_files, note_waiting
from pipelines.usage.inbox import settled

LONGEST_WAIT_SECONDS = 30.0
"""A file that is still being written then is imported by the next run."""


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
    files, waiting = whole_files(settings)
    outcomes = import_files(settings.warehouse, files, settings.now(), usd_of=usd_by_import)
    note_waiting(settings.warehouse, waiting, settings.now())
    refused = [outcome for outcome in outcomes if outcome.outcome in NOT_READ]
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
            "files_read_again": sum(outcome.outcome == "reread" for outcome in outcomes),
            "files_gone_since_an_older_importer": sum(outcome.outcome == "gone" for outcome in outcomes),
            "rows_new": sum(outcome.new_count for outcome in outcomes),
            "rows_refused": sum(outcome.reject_count for outcome in outcomes),
            "files_still_being_written": len(waiting),
        },
    )
    yield dg.MaterializeResult(asset_key=asset_key("core.reported_cost"))
    if damaged := damaged_days(settings.warehouse):
        # Said last: what came in is in force, and the days of the other files are priced.
        raise dg.Failure("\n".join(damaged.values()), allow_retries=False)


def whole_files(settings: Settings) -> tuple[list[Path], list[Path]]:
    """The files of the inbox, and those left for the next run as they were still being written after some waiting."""
    files = inbox_files(settings.warehouse)
    if settings.as_of is not None:  # a replay of the past, whose files were just made for it
        return files, []
    give_up_at = wall_clock() + LONGEST_WAIT_SECONDS
    while len(whole := settled(files, wall_clock())) < len(files) and wall_clock() < give_up_at:
        time.sleep(0.5)
        files = inbox_files(settings.warehouse)
    return whole, [file for file in files if file not in set(whole)]
