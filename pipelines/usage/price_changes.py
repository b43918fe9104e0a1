"""Where within a day, and from which prompt size on, some price is another: along these lines usage is told apart.

Only borders are known here, no amounts: `usage.pricing` adds up between them and asks what each sum costs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from pipelines.schema.price_segments import SEGMENT_SCHEMA
from pipelines.schema.time_windows import ALWAYS, parse_window
from pipelines.schema.usage import OFFER, OFFER_SEPARATOR

MAX_COMPARED = 12
"""Up to so many moments are compared one by one, which is faster than a search."""


@dataclass(frozen=True)
class Axes:
    """The borders within some days. A place is a stretch of time and a range of prompt sizes, in one number."""

    moments: pl.Series
    """Midnights of the days, and moments within them from which some price is another; sorted."""
    changing: pl.Series
    """Offers with a change within the days; for the others a day is one stretch."""
    sizes: list[int]
    """Prompt sizes from which some price is another, sorted, 0 first."""

    def place(self, offer_type: pl.DataType, *, has_buckets: bool) -> pl.Expr:
        """Number of the place of a row of core.usage."""
        return (self._stretch(offer_type) * len(self.sizes) + self._range(has_buckets=has_buckets)).alias("place")

    def told(self) -> dict[str, pl.Expr]:
        """From `place`: usage_at and prompt_tokens, the least of those in the place."""
        width = len(self.sizes)
        sizes = pl.Series(self.sizes, dtype=pl.Int64)
        return {
            "usage_at": pl.lit(self.moments).gather(pl.col("place") // width),
            "prompt_tokens": pl.lit(sizes).gather(pl.col("place") % width),
        }

    def _stretch(self, offer_type: pl.DataType) -> pl.Expr:
        """Number of the last moment up to usage_at at which the offer's price may have changed, or of its midnight."""
        if len(self.moments) <= 1:
            return pl.lit(0, pl.Int32)
        is_changing = pl.col("offer").is_in(self.changing.cast(offer_type).implode())
        midnight = pl.col("usage_date").cast(pl.Datetime("us"))
        at = pl.when(is_changing).then("usage_at").otherwise(midnight)
        if len(self.moments) > MAX_COMPARED:
            return pl.lit(self.moments).search_sorted(at, side="right").cast(pl.Int32) - 1
        return pl.sum_horizontal((at >= moment).cast(pl.Int32) for moment in self.moments[1:])

    def _range(self, *, has_buckets: bool) -> pl.Expr:
        """Number of the largest size that the prompt reaches; of a bucket's prompts, as far as its report tells."""
        size = pl.col("prompt_tokens")
        if has_buckets:
            size = pl.when(pl.col("grain") == "bucket").then(pl.col("prompt_tokens_from").fill_null(0)).otherwise(size)
        return pl.sum_horizontal(pl.lit(0, pl.Int32), *((size >= one).cast(pl.Int32) for one in self.sizes[1:]))


@dataclass(frozen=True)
class Changes:
    """All borders of some price segments: offer, moment; offer, minute of the day; prompt sizes."""

    moments: pl.DataFrame
    minutes: pl.DataFrame
    sizes: list[int]

    def within(self, days: Sequence[date]) -> Axes:
        """The borders within some days, midnights left out: there every day begins anew."""
        midnights = pl.Series("moment", list(days), dtype=pl.Date).cast(pl.Datetime("us"))
        hours = self.minutes.join(midnights.to_frame(), how="cross").select(
            "offer", moment=pl.col("moment") + pl.duration(minutes="minute")
        )
        inside = pl.concat([self.moments.filter(pl.col("moment").dt.date().is_in(list(days))), hours])
        moments = pl.concat([midnights, inside["moment"]]).unique().sort()
        return Axes(moments, inside["offer"].unique(), self.sizes)


def changes_of(segments: pl.DataFrame) -> Changes:
    """Where prices change. `segments`: SEGMENT_SCHEMA."""
    named = segments.select(*SEGMENT_SCHEMA.keys() - {*OFFER}, offer=pl.concat_str(OFFER, separator=OFFER_SEPARATOR))
    edges = pl.concat([named.select("offer", moment=name) for name in ("valid_from", "valid_to")]).unique()
    windows = named.filter(pl.col("time_window") != ALWAYS).select("offer", "time_window").unique()
    minutes = [
        (offer, minute)
        for offer, window in windows.iter_rows()
        for stretch in parse_window(window).stretches
        for minute in stretch
        if minute % (24 * 60)
    ]
    sizes = pl.concat([segments["context_from"], segments["context_to"].drop_nulls()]).unique().sort()
    return Changes(
        moments=edges.filter(pl.col("moment").dt.time() != pl.time(0)),
        minutes=pl.DataFrame(minutes, schema={"offer": pl.String, "minute": pl.Int64}, orient="row").unique(),
        sizes=[0, *sizes.filter(sizes > 0).to_list()],
    )
