"""Where within a day, and from which prompt size on, some price is another: along these lines usage is told apart.

Only borders are known here, no amounts: `usage.pricing` adds up between them and asks what each sum costs.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import chain, product

import numpy as np
import polars as pl

from pipelines.schema.price_segments import SEGMENT_SCHEMA
from pipelines.schema.time_windows import ALWAYS, MINUTES_PER_DAY, parse_window
from pipelines.schema.usage import OFFER, OFFER_SEPARATOR

MAX_COMPARED = 12
"""Up to so many moments are compared one by one, which is faster than a search."""
PLACE_SCHEMA = {
    "usage_date": pl.Date(),
    "place": pl.Int32(),
    "usage_at": pl.Datetime("us"),
    "prompt_tokens": pl.Int64(),
}


@dataclass(frozen=True)
class Axes:
    """The borders within one day. A place is a stretch of time and a range of prompt sizes, in one number."""

    moments: list[datetime]
    """The day's midnight, and moments after it from which some price is another; sorted."""
    changing: pl.Series
    """Offers with a change within the day, as codes; for the others the day is one stretch."""
    sizes: list[int]
    """Prompt sizes from which some price is another, sorted, 0 first."""

    def place(self, *, has_buckets: bool) -> pl.Expr:
        """Number of the place of a row of core.usage whose `offer` is coded."""
        return (self._stretch() * len(self.sizes) + self._range(has_buckets=has_buckets)).alias("place")

    def places(self, day: date) -> list[tuple[date, int, datetime, int]]:
        """Rows of PLACE_SCHEMA: usage_at and prompt_tokens are the least of those in the place."""
        corners = product(self.moments, self.sizes)
        return [(day, number, moment, size) for number, (moment, size) in enumerate(corners)]

    def _stretch(self) -> pl.Expr:
        """Number of the last moment up to usage_at at which the offer's price may have changed, or of its midnight."""
        if len(self.moments) == 1:
            return pl.lit(0, pl.Int32)
        later = self.moments[1:]
        if any(moment.second or moment.microsecond for moment in later):
            number = _borders_passed(pl.col("usage_at"), pl.Series(later, dtype=pl.Datetime("us")))
        else:
            minutes = [moment.hour * 60 + moment.minute for moment in later]
            number = _borders_passed(pl.col("usage_minute"), pl.Series(minutes, dtype=pl.Int16))
        # A table by code is much faster than is_in. Codes hold while a series of them lives, so `changing` must.
        codes = self.changing.to_physical().to_numpy()
        is_changing = np.zeros(codes.max() + 1, np.int32)
        is_changing[codes] = 1
        return (
            pl.lit(pl.Series(is_changing)).gather(pl.col("offer").to_physical(), null_on_oob=True).fill_null(0) * number
        )

    def _range(self, *, has_buckets: bool) -> pl.Expr:
        """Number of the largest size that the prompt reaches; of a bucket's prompts, as far as its report tells."""
        size = pl.col("prompt_tokens")
        if has_buckets:
            is_bucket = pl.col("usage_until").is_not_null()
            size = pl.when(is_bucket).then(pl.col("prompt_tokens_from").fill_null(0)).otherwise(size)
        return _borders_passed(size, pl.Series(self.sizes[1:], dtype=pl.Int64))


def _borders_passed(value: pl.Expr, borders: pl.Series) -> pl.Expr:
    """How many of the sorted borders a value has reached."""
    if len(borders) > MAX_COMPARED:
        return pl.lit(borders).search_sorted(value, side="right").cast(pl.Int32)
    return pl.sum_horizontal(pl.lit(0, pl.Int32), *((value >= border).cast(pl.Int32) for border in borders))


@dataclass(frozen=True)
class Changes:
    """All borders of some price segments."""

    moments: pl.DataFrame
    """offer, moment: where some price of the offer begins or ends."""
    by_day: dict[date, pl.DataFrame]
    """The moments that are no midnight, by their day."""
    windows: pl.DataFrame
    """offer, time_window: hours that have a price of their own."""
    minutes: list[int]
    """Minutes of the day at which some window opens or closes, midnight left out."""
    sizes: list[int]

    def within(self, day: date) -> Axes:
        """The borders within a day, its midnight first: there every day begins anew."""
        midnight = datetime.combine(day, time())
        inside = self.by_day.get(day, self.moments.clear())
        hours = {midnight + timedelta(minutes=minute) for minute in self.minutes}
        moments = sorted({midnight, *hours, *inside["moment"]})
        return Axes(moments, pl.concat([inside["offer"], self.windows["offer"]]).unique(), self.sizes)

    def merged(self, sums: pl.DataFrame) -> pl.DataFrame:
        """Give sums that meet the same prices one `usage_at`, the first, so that days alike become one case.

        `sums`: offer, usage_at, prompt_tokens and others that are kept.
        """
        since = self.moments.sort("moment").rename({"moment": "since"})
        inside = [
            parse_window(text).covers(pl.col("usage_at")) & pl.col("offer").is_in(offers["offer"].implode())
            for (text,), offers in self.windows.partition_by("time_window", as_dict=True).items()
        ]
        return (
            sums.sort("usage_at")
            .join_asof(since, left_on="usage_at", right_on="since", by="offer", check_sortedness=False)
            .with_columns(inside=pl.concat_list(inside) if inside else None)
            .with_columns(pl.col("usage_at").min().over("offer", "since", "inside"))
            .drop("since", "inside")
        )


def changes_of(segments: pl.DataFrame) -> Changes:
    """Where prices change. `segments`: SEGMENT_SCHEMA."""
    offer = pl.concat_str(OFFER, separator=OFFER_SEPARATOR).cast(pl.Categorical)
    named = segments.select(*SEGMENT_SCHEMA.keys() - {*OFFER}, offer=offer)
    edges = pl.concat([named.select("offer", moment=name) for name in ("valid_from", "valid_to")])
    moments = edges.drop_nulls().unique()
    inside = moments.filter(pl.col("moment").dt.time() != time()).with_columns(day=pl.col("moment").dt.date())
    windows = named.filter(pl.col("time_window") != ALWAYS).select("offer", "time_window").unique()
    stretches = [parse_window(text).stretches for text in windows["time_window"].unique()]
    minutes = {minute for stretch in chain.from_iterable(stretches) for minute in stretch}
    sizes = pl.concat([segments["context_from"], segments["context_to"].drop_nulls()]).unique().sort()
    return Changes(
        moments=moments,
        by_day={day: rows for (day,), rows in inside.partition_by("day", as_dict=True, include_key=False).items()},
        windows=windows,
        minutes=sorted(minutes - {0, MINUTES_PER_DAY}),
        sizes=[0, *sizes.filter(sizes > 0).to_list()],
    )
