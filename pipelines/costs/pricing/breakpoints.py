"""Breakpoints: the moments within a day, and the prompt sizes, from which some price is another.

No amounts are known here: usage is aggregated between breakpoints, and each sum looked up. The words are in README.md.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import chain, pairwise, product
from typing import NamedTuple

import polars as pl

from pipelines.schema.derived_columns import offer_text
from pipelines.schema.time_windows import ALWAYS, MINUTES_PER_DAY, parse_window

MAX_COMPARED = 12
"""Up to so many breakpoints are compared one by one, which is faster than a search."""
BIN_SCHEMA = {"usage_date": pl.Date(), "usage_at": pl.Datetime("us"), "prompt_tokens": pl.Int64()}


@dataclass(frozen=True)
class DayBreakpoints:
    """The breakpoints within one day. A bin is a period of the day and a range of prompt sizes, in one number.

    The slots of a day lie between its breakpoints. What an offer's price is does not change within a slot, and slots at
    the same price are one period. Most offers cost the same all day; those that do not follow one of a few schedules.
    """

    moments: list[datetime]
    """Its midnight, and moments after it from which some price is another; sorted."""
    schedule: pl.Series
    """By code of an offer: its schedule, 0 where nothing changes, and for all codes after the last."""
    periods: list[list[int]]
    """By schedule, then by slot: the number of the period."""
    starts: list[datetime]
    """By period: its first moment."""
    sizes: list[int]
    """Prompt sizes from which some price is another, sorted, 0 first."""

    @property
    def bin_count(self) -> int:
        """Numbers of bins are below it."""
        return len(self.starts) * len(self.sizes)

    def bins(self, day: date) -> list[tuple[date, datetime, int]]:
        """Rows of BIN_SCHEMA by number of the bin: the least usage_at and prompt_tokens in it."""
        return [(day, start, size) for start, size in product(self.starts, self.sizes)]

    def bin(self, offer: pl.Expr, *, has_buckets: bool) -> pl.Expr:
        """Number of the bin of a row of core.usage. `offer`: its code."""
        size = pl.col("prompt_tokens")
        if has_buckets:
            # Of a bucket's prompts only that is known what its report tells.
            is_bucket = pl.col("usage_until").is_not_null()
            size = pl.when(is_bucket).then(pl.col("prompt_tokens_from").fill_null(0)).otherwise(size)
        return self._first_bin(offer) + _passed(size, pl.Series(self.sizes[1:], dtype=pl.Int64))

    def span(self) -> dict[str, pl.Expr]:
        """Start and end of a bucket of core.usage with a breakpoint inside, so that some price may change in it."""
        day_after, later = self.moments[0] + timedelta(days=1), pl.Series(self.moments[1:], dtype=pl.Datetime("us"))
        last = pl.col("usage_until") - timedelta(microseconds=1)
        is_over = (last >= day_after) | (_passed(last, later) > _passed(pl.col("usage_at"), later))
        return {"span_from": pl.when(is_over).then("usage_at"), "span_until": pl.when(is_over).then("usage_until")}

    def _first_bin(self, offer: pl.Expr) -> pl.Expr:
        """The bin of the smallest prompts at that time of the day. Tables are the fastest way from row to number."""
        if len(self.starts) == 1:
            return pl.lit(0, pl.UInt32)
        later = self.moments[1:]
        slots = list(range(len(self.moments)))
        if any(moment.second or moment.microsecond for moment in later):
            slot = _passed(pl.col("usage_at"), pl.Series(later, dtype=pl.Datetime("us")))
        else:
            slot = pl.col("usage_minute").cast(pl.UInt32)
            edges = [0, *(moment.hour * 60 + moment.minute for moment in later), MINUTES_PER_DAY]
            slots = [number for number, (low, high) in enumerate(pairwise(edges)) for _ in range(low, high)]
        table = pl.Series([periods[number] for periods in self.periods for number in slots], dtype=pl.UInt32)
        cell = pl.lit(self.schedule * len(slots)).gather(offer.clip(upper_bound=len(self.schedule) - 1)) + slot
        return pl.lit(table * len(self.sizes)).gather(cell)


def _passed(value: pl.Expr, breakpoints: pl.Series) -> pl.Expr:
    """How many of the sorted breakpoints a value has reached."""
    if len(breakpoints) > MAX_COMPARED:
        return pl.lit(breakpoints).search_sorted(value, side="right").cast(pl.UInt32)
    return sum(((value >= point).cast(pl.UInt32) for point in breakpoints), start=pl.lit(0, pl.UInt32))


class Schedule(NamedTuple):
    """When within a day the prices of some offers change."""

    moments: tuple[datetime, ...]
    """Where some price begins or ends, midnight left out; sorted."""
    windows: tuple[str, ...]
    """Hours with a price of their own."""
    offers: list[int]
    """Codes, which hold while a series of them lives: see `Breakpoints.moments`."""

    def prices(self, moments: Sequence[datetime]) -> list[tuple[int | bool, ...]]:
        """What sets the price in the slot after each moment apart; a window counts on every day of the week."""
        minutes = [moment.hour * 60 + moment.minute for moment in moments]
        windows = [parse_window(text).intervals for text in self.windows]
        is_open = ([any(low <= minute < high for low, high in one) for minute in minutes] for one in windows)
        return list(zip((bisect_right(self.moments, moment) for moment in moments), *is_open, strict=True))


@dataclass(frozen=True)
class Breakpoints:
    """All breakpoints of some price segments."""

    moments: pl.DataFrame
    """offer (coded), moment: where some price of the offer begins or ends."""
    by_day: dict[date, list[Schedule]]
    """Offers with a change within that day, midnight left out."""
    by_hour: list[Schedule]
    """Offers with windows, as they are on days without a change."""
    sizes: list[int]

    def within(self, day: date) -> DayBreakpoints:
        """The breakpoints within a day, its midnight first: there every day begins anew."""
        midnight = datetime.combine(day, time())
        # An offer may be in two schedules: the later, which knows its moments, counts.
        schedules = self.by_hour + self.by_day.get(day, [])
        hours = {minute for schedule in schedules for text in schedule.windows for minute in parse_window(text).edges}
        opened = {midnight + timedelta(minutes=minute) for minute in hours - {MINUTES_PER_DAY}}
        moments = sorted({midnight, *opened, *chain.from_iterable(schedule.moments for schedule in schedules)})
        highest = max((max(schedule.offers) for schedule in schedules), default=0)
        number = pl.zeros(highest + 2, dtype=pl.UInt32, eager=True)
        periods, starts = [[0] * len(moments)], [midnight]
        for code, schedule in enumerate(schedules, 1):
            number = number.scatter(schedule.offers, code)
            prices = schedule.prices(moments)
            known = {price: len(starts) + period for period, price in enumerate(dict.fromkeys(prices))}
            starts += [moments[prices.index(price)] for price in known]
            periods.append([known[price] for price in prices])
        return DayBreakpoints(moments, number, periods, starts, self.sizes)

    def merged(self, lookups: pl.DataFrame) -> pl.DataFrame:
        """Give lookups that meet the same prices one `usage_at`, the first, so that days alike become one lookup.

        `lookups`: offer, usage_at, usage_until and others that are kept. One that spans time stays as it is.
        """
        since = self.moments.sort("moment").rename({"moment": "since"})
        code = pl.col("offer").to_physical()
        inside = [
            parse_window(text).covers(pl.col("usage_at")) & code.is_in(schedule.offers)
            for schedule in self.by_hour
            for text in schedule.windows
        ]
        return (
            lookups.sort("usage_at")
            .join_asof(since, left_on="usage_at", right_on="since", by="offer", check_sortedness=False)
            .with_columns(inside=pl.concat_list(inside) if inside else None)
            .with_columns(
                pl.when(pl.col("usage_until").is_null())
                .then(pl.col("usage_at").min().over("offer", "since", "inside"))
                .otherwise("usage_at")
            )
            .drop("since", "inside")
        )


def with_offer(segments: pl.DataFrame) -> pl.DataFrame:
    """SEGMENT_SCHEMA with the texts of OFFER also as one, coded, as in the ledger."""
    return segments.with_columns(offer=offer_text().cast(pl.Categorical))


def breakpoints_of(segments: pl.DataFrame) -> Breakpoints:
    """Where prices change. `segments`: of `with_offer`."""
    edges = pl.concat([segments.select("offer", moment=name) for name in ("valid_from", "valid_to")])
    moments = edges.drop_nulls().unique()
    coded = pl.col("offer").to_physical()
    special = segments.filter(pl.col("time_window") != ALWAYS).select(coded, "time_window").unique().sort("time_window")
    windows = special.group_by("offer", maintain_order=True).agg(windows="time_window")
    inside = (
        moments.filter(pl.col("moment").dt.time() != time())
        .sort("moment")
        .group_by(coded, day=pl.col("moment").dt.date(), maintain_order=True)
        .agg(moments="moment")
        .join(windows, on="offer", how="left")
    )
    alike = inside.group_by("day", "moments", "windows", maintain_order=True).agg("offer")
    by_day = defaultdict(list)
    for day, changes, texts, offers in alike.iter_rows():
        by_day[day].append(Schedule(tuple(changes), tuple(texts or ()), offers))
    by_hour = windows.group_by("windows", maintain_order=True).agg("offer")
    sizes = pl.concat([segments["context_from"], segments["context_to"].drop_nulls()]).unique().sort()
    return Breakpoints(
        moments=moments,
        by_day=by_day,
        by_hour=[Schedule((), tuple(texts), offers) for texts, offers in by_hour.iter_rows()],
        sizes=[0, *sizes.filter(sizes > 0).to_list()],
    )
