"""The last steps of a run: the file that people query, the page made of it, and both in the object store.

It needs the marts only: whatever else fails, what is built is published.
"""

from typing import Any

import dagster as dg

from pipelines.costs.price_ledger import unfinished_days
from pipelines.defs.marts import MARTS
from pipelines.defs.metadata import OWNERS, READ_DAILY
from pipelines.defs.resources import POOL, Settings


@dg.asset(
    key=dg.AssetKey("costs_duckdb"),
    deps=MARTS,
    group_name="publish",
    kinds={"duckdb"},
    owners=OWNERS,
    tags={"schema": "main"},
    description="warehouse/costs.duckdb: a copy of the build file, replaced whole. Readers are never blocked.",
    freshness_policy=READ_DAILY,
    pool=POOL,
    # After the alerts of its run, which need not go well: a step of lower priority waits for whatever else can run.
    op_tags={"dagster/priority": "-1"},
)
def costs_duckdb(settings: Settings) -> dg.MaterializeResult[Any]:
    """Publish. Raises dg.Failure where days are half built, as their costs would be missing from what people read."""
    if unfinished := unfinished_days(settings.warehouse):
        raise dg.Failure(
            f"the tables of {len(unfinished)} days from {unfinished[0]} on are not built: the run that builds them has "
            "failed or has not ended; until the next run the version from before stays published",
            allow_retries=False,
        )
    file = settings.warehouse.publish()
    return dg.MaterializeResult(metadata={"path": dg.MetadataValue.path(str(file)), "size_bytes": file.stat().st_size})


@dg.asset(
    key=dg.AssetKey("report_html"),
    deps=[costs_duckdb],
    group_name="publish",
    kinds={"html"},
    owners=OWNERS,
    tags={"schema": "main"},
    description="warehouse/report.html: the page that people look at, of the month to date. It fails alone.",
    freshness_policy=READ_DAILY,
    op_tags={"dagster/priority": "-2"},
)
def report_html(settings: Settings) -> dg.MaterializeResult[Any]:
    """Write the page from what is published."""
    # Charts are slow to import.
    from pipelines.defs.shown_answers import answers_metadata  # noqa: PLC0415
    from pipelines.report.write_report import write_report  # noqa: PLC0415

    written = write_report(settings.warehouse, settings.now().date())
    file: dict[str, Any] = {"path": dg.MetadataValue.path(str(written.file)), "size_bytes": written.file.stat().st_size}
    return dg.MaterializeResult(metadata=file | answers_metadata(written))


@dg.asset(
    key=dg.AssetKey("stored_copy"),
    group_name="publish",
    kinds={"s3"},
    owners=OWNERS,
    tags={"schema": "main"},
    description="Ledger, archive, records and what is published, in the object store that COSTS_STORE names, if any.",
    freshness_policy=READ_DAILY,
    # Last of all, also where nothing could be published: what was read is to be kept all the same.
    op_tags={"dagster/priority": "-3"},
)
def stored_copy(settings: Settings) -> dg.MaterializeResult[Any]:
    """Bring the store up to date; what a run could not bring there, the next one does."""
    if settings.store is None:
        return dg.MaterializeResult(metadata={"store": "none: COSTS_STORE is not set"})
    from pipelines.warehouse.stored_copy import store_copy  # noqa: PLC0415 - S3 is slow to import

    done = store_copy(settings.warehouse, settings.store)
    if done.damaged:
        raise dg.Failure(f"not stored, as they are damaged: {', '.join(done.damaged[:5])}", allow_retries=False)
    return dg.MaterializeResult(metadata={"store": settings.store, "uploaded": done.uploaded, "deleted": done.deleted})
