"""Checks on what people read: the cost tables by date, and the published file.

A failed one is red in the UI and stops nothing: tables that are told to be wrong beat tables that are missing.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

import dagster as dg

from pipelines.costs.check_marts import check_marts
from pipelines.defs.metadata import asset_key
from pipelines.defs.partitions import days_in_months
from pipelines.defs.resources import POOL, Settings
from pipelines.schema.mart_expectations import MART_CHECKS as CHECKED_MARTS
from pipelines.schema.mart_expectations import PUBLISHED_CHECK, MartCheck
from pipelines.schema.validation import CheckResult
from pipelines.warehouse.check_published import check_published

DAYS_BY_HAND = 31
"""Days up to today that are checked where a run names none, as when someone starts the checks alone."""


def check_specs(checks: Iterable[MartCheck]) -> list[dg.AssetCheckSpec]:
    """One spec per expectation, on the asset of its table."""
    return [
        dg.AssetCheckSpec(
            expectation.name,
            asset=asset_key(check.table),
            description=f"{expectation.description} ({expectation.severity})",
        )
        for check in checks
        for expectation in check.expectations
    ]


@dg.multi_asset_check(
    name="check_costs",
    specs=check_specs(CHECKED_MARTS),
    description="Holds the cost tables of the days of a run against the ledger, the bills and the days before.",
    can_subset=True,
    pool=POOL,
)
def check_costs(context: dg.AssetCheckExecutionContext, settings: Settings) -> Iterator[dg.AssetCheckResult]:
    """Check the days of the run; the last month where it names none."""
    has_days = context.op_execution_context.has_partition_key or context.has_partition_key_range
    days = days_in_months(context, settings) if has_days else _days_up_to(settings.now().date())
    results = check_marts(settings.warehouse, days)
    yield from _asset_results(context, CHECKED_MARTS, results)


@dg.multi_asset_check(
    name="check_published",
    specs=check_specs([PUBLISHED_CHECK]),
    description="Holds the published file against the build file; nothing where another run has written since.",
    can_subset=True,
    pool=POOL,
)
def published_file(context: dg.AssetCheckExecutionContext, settings: Settings) -> Iterator[dg.AssetCheckResult]:
    """Compare every table of the two files."""
    yield from _asset_results(context, [PUBLISHED_CHECK], check_published(settings.warehouse))


def _days_up_to(today: date) -> list[date]:
    return [today - timedelta(days=back) for back in range(DAYS_BY_HAND)]


def _asset_results(
    context: dg.AssetCheckExecutionContext, checks: Iterable[MartCheck], results: Iterable[CheckResult]
) -> Iterator[dg.AssetCheckResult]:
    """Those results that the run asks for."""
    tables = {expectation.name: check.table for check in checks for expectation in check.expectations}
    for result in results:
        expectation = result.expectation
        key = asset_key(tables[expectation.name])
        if dg.AssetCheckKey(key, expectation.name) in context.selected_asset_check_keys:
            is_critical = expectation.severity == "critical"
            yield dg.AssetCheckResult(
                asset_key=key,
                check_name=expectation.name,
                passed=result.is_met,
                severity=dg.AssetCheckSeverity.ERROR if is_critical else dg.AssetCheckSeverity.WARN,
                metadata={"observed": result.observed, "is_broken_check": result.is_broken},
            )


MART_CHECKS = [check_costs, published_file]
