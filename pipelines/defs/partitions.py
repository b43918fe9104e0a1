"""The two sets of partitions, and how a run learns which days it is about.

Cost tables are partitioned by month, though they hold days: a partition costs several events in each of nine tables,
and a first run covers months of usage. The days to compute are in the tags of the run. Decisions are by day: a run
makes those of one.
"""

from calendar import monthrange
from datetime import date, timedelta

import dagster as dg

from pipelines.costs.price_ledger import first_known_day
from pipelines.defs.resources import Settings

FIRST_DAY = date(2020, 1, 1)
"""The first day that the usage contract admits."""

MONTHS = dg.MonthlyPartitionsDefinition(start_date=FIRST_DAY.isoformat(), end_offset=1)
DAYS = dg.DailyPartitionsDefinition(start_date=FIRST_DAY.isoformat(), end_offset=1)
"""Days up to and including today: `end_offset` because today's spend is worth knowing today."""

IN_ONE_RUN = dg.BackfillPolicy.single_run()

LARGEST_GAP = 7
"""Days that are cheaper to compute again than to name apart."""

RANGE_START_TAG = "dagster/asset_partition_range_start"
RANGE_END_TAG = "dagster/asset_partition_range_end"
DAYS_TAG = "costs/days"
"""Of a run on months: its days, as spans "2026-07-15..2026-07-31,2026-09-29..2026-09-29"."""


def spans(days: list[date]) -> list[list[date]]:
    """Days in spans of neighbours: a run computes every day of a span even if nothing is due."""
    found: list[list[date]] = []
    for day in sorted(days):
        if found and (day - found[-1][-1]).days <= LARGEST_GAP:
            found[-1].append(day)
        else:
            found.append([day])
    return found


def month_tags(days: list[date]) -> dict[str, str]:
    """Run tags for the months of some days, and for the days themselves: one run, whatever gaps they have."""
    first, last = min(days), max(days)
    months = {RANGE_START_TAG: first.replace(day=1).isoformat(), RANGE_END_TAG: last.replace(day=1).isoformat()}
    return months | {DAYS_TAG: ",".join(f"{span[0]}..{span[-1]}" for span in spans(days))}


def day_tags(days: list[date]) -> dict[str, str]:
    """Run tags for the span of some days."""
    return {RANGE_START_TAG: min(days).isoformat(), RANGE_END_TAG: max(days).isoformat()}


def days_of(context: dg.AssetExecutionContext) -> list[date]:
    """The days of a run on daily partitions, whether it is one partition or a range of them."""
    span = context.partition_key_range
    return days_between(date.fromisoformat(span.start), date.fromisoformat(span.end))


def days_in_months(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext, settings: Settings) -> list[date]:
    """The days of a run on monthly partitions: those of its tags.

    A backfill that someone starts in the UI has none; it is about all days of its months that there is anything of.
    """
    tags = context.run.tags
    if DAYS_TAG in tags:
        ends = (map(date.fromisoformat, span.split("..")) for span in tags[DAYS_TAG].split(","))
        return [day for first, last in ends for day in days_between(first, last)]
    span, today = context.partition_key_range, settings.now().date()
    first, last_month = date.fromisoformat(span.start), date.fromisoformat(span.end)
    last = last_month.replace(day=monthrange(last_month.year, last_month.month)[1])
    return days_between(max(first, first_known_day(settings.warehouse) or today), min(last, today))


def days_between(first: date, last: date) -> list[date]:
    """Both ends and all between; none where the last is before the first."""
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
