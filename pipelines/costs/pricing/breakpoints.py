"""Where within a day, and from which prompt size on, some price is another: along these lines usage is told apart.

Only borders are known here, no amounts: `usage.pricing` adds up between them and asks what each sum costs.
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
"""Up to so many borders are compared one by one, which is faster than a search."""
PLACE_SCHEMA = {"usage_date": pl.Date(), "usage_at": pl.Datetime("us"), "prompt_tokens": pl.Int64()}


@dataclass(frozen=True)
class Axes:
    """The borders within one day. A place is a part of the day and a range of prompt sizes, in one number.

    The slots of a day lie between its borders. What an offer's price is does not change within a slot, and slots at the
    same price are one part. Most offers cost the same all day; those that do not are of a few kinds.
    """

    borders: list[datetime]
    """Its midnight, and moments after it from which some price is another; sorted."""
    kind: pl.Series
    """By code of an offer: its kind, 0 where nothing changes, and for all codes after the last."""
    parts: list[list[int]]
    """By kind, then by slot: the number of the part."""
    starts: list[datetime]
    """By part: its first moment."""
    sizes: list[int]
    """Prompt sizes from which some price is another, sorted, 0 first."""

    @property
    def place_count(self) -> int:
        """Numbers of places are below it."""
        return len(self.starts) * len(self.sizes)

    def places(self, day: date) -> list[tuple[date, datetime, int]]:
        """Rows of PLACE_SCHEMA by number of the place: the least usage_at and prompt_tokens in it."""
        return [(day, start, size) for start, size in product(self.starts, self.sizes)]

    def place(self, offer: pl.Expr, *, has_buckets: bool) -> pl.Expr:
        """Number of the place of a row of core.usage. `offer`: its code."""
        size = pl.col("prompt_tokens")
        if has_buckets:
            # Of a bucket's prompts only that is known what its report tells.
            is_bucket = pl.col("usage_until").is_not_null()
            size = pl.when(is_bucket).then(pl.col("prompt_tokens_from").fill_null(0)).otherwise(size)
        return self._first_place(offer) + _borders_passed(size, pl.Series(self.sizes[1:], dtype=pl.Int64))

    def span(self) -> dict[str, pl.Expr]:
        """Start and end of a bucket of core.usage that reaches over a border, so that some price may change in it."""
        day_after, later = self.borders[0] + timedelta(days=1), pl.Series(self.borders[1:], dtype=pl.Datetime("us"))
        last = pl.col("usage_until") - timedelta(microseconds=1)
        is_over = (last >= day_after) | (_borders_passed(last, later) > _borders_passed(pl.col("usage_at"), later))
        return {"span_from": pl.when(is_over).then("usage_at"), "span_until": pl.when(is_over).then("usage_until")}

    def _first_place(self, offer: pl.Expr) -> pl.Expr:
        """The place of the smallest prompts at that time of the day. Tables are the fastest way from row to number."""
        if len(self.starts) == 1:
            return pl.lit(0, pl.UInt32)
        later = self.borders[1:]
        slots = list(range(len(self.borders)))
        if any(moment.second or moment.microsecond for moment in later):
            slot = _borders_passed(pl.col("usage_at"), pl.Series(later, dtype=pl.Datetime("us")))
        else:
            slot = pl.col("usage_minute").cast(pl.UInt32)
            edges = [0, *(moment.hour * 60 + moment.minute for moment in later), MINUTES_PER_DAY]
            slots = [number for number, (low, high) in enumerate(pairwise(edges)) for _ in range(low, high)]
        table = pl.Series([part[number] for part in self.parts for number in slots], dtype=pl.UInt32)
        cell = pl.lit(self.kind * len(slots)).gather(offer.clip(upper_bound=len(self.kind) - 1)) + slot
        return pl.lit(table * len(self.sizes)).gather(cell)


def _borders_passed(value: pl.Expr, borders: pl.Series) -> pl.Expr:
    """How many of the sorted borders a value has reached."""
    if len(borders) > MAX_COMPARED:
        return pl.lit(borders).search_sorted(value, side="right").cast(pl.UInt32)
    return sum(((value >= border).cast(pl.UInt32) for border in borders), start=pl.lit(0, pl.UInt32))


class Kind(NamedTuple):
    """Offers whose prices change alike within a day."""

    moments: tuple[datetime, ...]
    """Where some price begins or ends, midnight left out; sorted."""
    windows: tuple[str, ...]
    """Hours with a price of their own."""
    offers: list[int]
    """Codes, which hold while a series of them lives: see `Changes.moments`."""

    def prices(self, borders: Sequence[datetime]) -> list[tuple[int | bool, ...]]:
        """For the time after each border what tells its price from others; a window counts on every day of the week."""
        minutes = [border.hour * 60 + border.minute for border in borders]
        windows = [parse_window(text).stretches for text in self.windows]
        is_open = ([any(low <= minute < high for low, high in one) for minute in minutes] for one in windows)
        return list(zip((bisect_right(self.moments, border) for border in borders), *is_open, strict=True))


@dataclass(frozen=True)
class Changes:
    """All borders of some price segments."""

    moments: pl.DataFrame
    """offer (coded), moment: where some price of the offer begins or ends."""
    by_day: dict[date, list[Kind]]
    """Offers with a change within that day, midnight left out."""
    by_hour: list[Kind]
    """Offers with windows, as they are on days without a change."""
    sizes: list[int]

    def within(self, day: date) -> Axes:
        """The borders within a day, its midnight first: there every day begins anew."""
        midnight = datetime.combine(day, time())
        # An offer may be in two kinds: the later, which knows its moments, counts.
        kinds = self.by_hour + self.by_day.get(day, [])
        hours = {minute for kind in kinds for text in kind.windows for minute in parse_window(text).edges}
        opened = {midnight + timedelta(minutes=minute) for minute in hours - {MINUTES_PER_DAY}}
        borders = sorted({midnight, *opened, *chain.from_iterable(kind.moments for kind in kinds)})
        number = pl.zeros(max((max(kind.offers) for kind in kinds), default=0) + 2, dtype=pl.UInt32, eager=True)
        parts, starts = [[0] * len(borders)], [midnight]
        for place, kind in enumerate(kinds, 1):
            number = number.scatter(kind.offers, place)
            prices = kind.prices(borders)
            known = {price: len(starts) + part for part, price in enumerate(dict.fromkeys(prices))}
            starts += [borders[prices.index(price)] for price in known]
            parts.append([known[price] for price in prices])
        return Axes(borders, number, parts, starts, self.sizes)

    def merged(self, cases: pl.DataFrame) -> pl.DataFrame:
        """Give cases that meet the same prices one `usage_at`, the first, so that days alike become one case.

        `cases`: offer, usage_at, usage_until and others that are kept. One that spans time stays as it is.
        """
        since = self.moments.sort("moment").rename({"moment": "since"})
        code = pl.col("offer").to_physical()
        inside = [
            parse_window(text).covers(pl.col("usage_at")) & code.is_in(kind.offers)
            for kind in self.by_hour
            for text in kind.windows
        ]
        return (
            cases.sort("usage_at")
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


def changes_of(segments: pl.DataFrame) -> Changes:
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
        by_day[day].append(Kind(tuple(changes), tuple(texts or ()), offers))
    by_hour = windows.group_by("windows", maintain_order=True).agg("offer")
    sizes = pl.concat([segments["context_from"], segments["context_to"].drop_nulls()]).unique().sort()
    return Changes(
        moments=moments,
        by_day=by_day,
        by_hour=[Kind((), tuple(texts), offers) for texts, offers in by_hour.iter_rows()],
        sizes=[0, *sizes.filter(sizes > 0).to_list()],
    )
