"""The one set of days that every table by date shares, and how a run learns which of them it is about."""

from datetime import date, timedelta

import dagster as dg

FIRST_DAY = date(2020, 1, 1)
"""The first day that the usage contract admits."""

DAYS = dg.DailyPartitionsDefinition(start_date=FIRST_DAY.isoformat(), end_offset=1)
"""Days up to and including today: `end_offset` because today's spend is worth knowing today."""

IN_ONE_RUN = dg.BackfillPolicy.single_run()

LARGEST_GAP = 7
"""Days that are cheaper to compute again than to start another run for."""

RANGE_START_TAG = "dagster/asset_partition_range_start"
RANGE_END_TAG = "dagster/asset_partition_range_end"


def days_of(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> list[date]:
    """The days of a run, whether it is one partition or a range of them."""
    span = context.partition_key_range
    first, last = date.fromisoformat(span.start), date.fromisoformat(span.end)
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]


def spans(days: list[date]) -> list[list[date]]:
    """Days in runs of neighbours: a run covers a span, and every day of it costs events even if nothing is due."""
    found: list[list[date]] = []
    for day in sorted(days):
        if found and (day - found[-1][-1]).days <= LARGEST_GAP:
            found[-1].append(day)
        else:
            found.append([day])
    return found


def range_tags(days: list[date]) -> dict[str, str]:
    """Run tags for the span of some days."""
    return {RANGE_START_TAG: min(days).isoformat(), RANGE_END_TAG: max(days).isoformat()}
