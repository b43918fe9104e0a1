"""Two assets per source: the fetched body, and its rows in the book after their checks; and the shipped history.

A source that cannot be fetched or is refused is a failed step of its own; the others go on, and the tables are built
by another job, so that one bad page stops nothing else.
"""

import os
from collections.abc import Iterator
from typing import Any

import dagster as dg

from pipelines.defs.resources import POOL, Settings
from pipelines.schema.expectations import Expectation
from pipelines.schema.validation import CheckResult
from pipelines.snapshots.fetch_source import fetch_source
from pipelines.snapshots.load_body import Promotion, promote_latest
from pipelines.snapshots.reparse import Restatement, reparse
from pipelines.snapshots.seed_history import seed_gpu_rate_history, seed_price_history
from pipelines.snapshots.stage_body import declared_expectations
from pipelines.sources.catalog import SOURCES, Source
from pipelines.sources.fetch import Fetcher
from pipelines.sources.source import GPU_RATE_HISTORY, PRICE_HISTORY


def raw_key(source: Source) -> dg.AssetKey:
    """The asset of a source's body."""
    return dg.AssetKey(["raw", source.key])


def book_key(source: Source) -> dg.AssetKey:
    """The asset of a source's rows in its book."""
    return dg.AssetKey(["core", source.table, source.key])


def raw_asset(source: Source) -> dg.AssetsDefinition:
    """Fetch one source into the archive; one whose key is not set is skipped."""

    @dg.asset(
        key=raw_key(source),
        group_name="fetch",
        kinds={"requests"},
        description=f"The body of {source.urls[0]}, archived by hash before anything parses it.",
        metadata={"url": dg.MetadataValue.url(source.urls[0]), "standing": source.standing},
        pool=POOL,
        output_required=source.api_key is None,
    )
    def fetched(settings: Settings) -> Iterator[dg.MaterializeResult[Any]]:
        if settings.base_url is None and not source.is_asked(os.environ):
            return  # no output: what is below is skipped, and nothing has failed
        with Fetcher() as fetcher:
            attempt = fetch_source(settings.warehouse, source, fetcher, settings.now(), settings.base_url, os.environ)
        if attempt.error is not None:
            raise dg.Failure(f"{source.key} could not be fetched: {attempt.error}", allow_retries=False)
        metadata = {"outcome": attempt.outcome, "size_bytes": attempt.size_bytes, "fetch_id": attempt.fetch_id}
        yield dg.MaterializeResult(metadata=metadata, data_version=dg.DataVersion(str(attempt.sha256)))

    return fetched


def book_asset(source: Source) -> dg.AssetsDefinition:
    """Parse, validate and promote the newest body of one source; the older ones first, where its parser has changed."""
    expected = declared_expectations(source)
    key = book_key(source)

    @dg.multi_asset(
        name=f"promote_{source.key}",
        specs=[
            dg.AssetSpec(
                key,
                deps=[raw_key(source)],
                skippable=True,
                group_name=source.kind,
                kinds={"polars", "duckdb"},
                description=f"What {source.key} states, as dated versions in core.{source.table}.",
                metadata={"url": dg.MetadataValue.url(source.urls[0])},
            )
        ],
        check_specs=[_check_spec(key, expectation) for expectation in expected],
        pool=POOL,
    )
    def promoted(settings: Settings) -> Iterator[Any]:
        restatement = reparse(settings.warehouse, source, settings.now())
        promotion = promote_latest(settings.warehouse, source, settings.now())
        metadata = _metadata(promotion) | _restated_metadata(restatement)
        for check in promotion.checks:
            yield _check_result(key, check)
        if promotion.outcome == "refused":
            raise dg.Failure(f"{source.key} is refused: {promotion.reason}", metadata=metadata, allow_retries=False)
        yield dg.MaterializeResult(asset_key=key, metadata=metadata)

    return promoted


def _check_spec(key: dg.AssetKey, expectation: Expectation) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        expectation.name,
        asset=key,
        blocking=expectation.severity == "critical",
        description=f"{expectation.description} ({expectation.severity}: "
        + ("refuses the page)" if expectation.severity == "critical" else "warns)"),
    )


def _check_result(key: dg.AssetKey, check: CheckResult) -> dg.AssetCheckResult:
    is_critical = check.expectation.severity == "critical"
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=check.expectation.name,
        passed=check.is_met,
        severity=dg.AssetCheckSeverity.ERROR if is_critical else dg.AssetCheckSeverity.WARN,
        metadata={"observed": check.observed, "is_broken_check": check.is_broken},
    )


def _metadata(promotion: Promotion) -> dict[str, Any]:
    return {
        "dagster/row_count": promotion.row_count,
        "rows_refused": promotion.reject_count,
        "prices_held": promotion.held_count,
        "versions_opened": promotion.change_count,
    }


def _restated_metadata(restatement: Restatement) -> dict[str, Any]:
    """What reading the archive again has changed; zeros where the parser is the one of last time."""
    return {
        "bodies_read_again": restatement.body_count,
        "bodies_not_read_again": len(restatement.unread),
        "versions_restated": restatement.version_count,
    }


@dg.asset(
    key=dg.AssetKey(["core", "token_price", PRICE_HISTORY]),
    group_name="feeds",
    kinds={"parquet", "duckdb"},
    description="Prices from before the first fetch of a source, as they come with the program.",
    pool=POOL,
)
def price_history(settings: Settings) -> dg.MaterializeResult[Any]:
    """Enter the shipped history; recorded pages replay a past of their own."""
    new = seed_price_history(settings.warehouse) if settings.base_url is None else 0
    return dg.MaterializeResult(metadata={"versions_new": new})


@dg.asset(
    key=dg.AssetKey(["core", "gpu_rate", GPU_RATE_HISTORY]),
    group_name="gpu_rates",
    kinds={"csv", "duckdb"},
    description="GPU rates from before the first fetch of a source, as they come with the program.",
    pool=POOL,
)
def gpu_rate_history(settings: Settings) -> dg.MaterializeResult[Any]:
    """Enter the shipped rates; recorded pages replay a past of their own."""
    new = seed_gpu_rate_history(settings.warehouse) if settings.base_url is None else 0
    return dg.MaterializeResult(metadata={"versions_new": new})


HISTORIES = {"core.token_price": price_history, "core.gpu_rate": gpu_rate_history}
"""Shipped history by the table that it enters."""
RAW_ASSETS = [raw_asset(source) for source in SOURCES]
BOOK_ASSETS = [book_asset(source) for source in SOURCES]
