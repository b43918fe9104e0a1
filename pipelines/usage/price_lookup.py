"""Which price a case of usage meets: its stretch of time, window of hours and range of prompt sizes, or why none.

Quantities and sums are `usage.pricing`'s.
"""

import polars as pl

from pipelines.schema.price_segments import MODEL_KEY
from pipelines.schema.time_windows import ALWAYS, parse_window
from pipelines.schema.token_prices import TOKEN_METERS
from pipelines.schema.usage import OFFER, OFFER_SEPARATOR

KEY = ["offer", "meter"]
PRICED = ("price_id", "usd_per_unit", "unit", "unpriced_reason", "first_price_on", "is_lower_bound")


def look_up(cells: pl.DataFrame, segments: pl.DataFrame) -> pl.DataFrame:
    """The price of each cell: `case`, KEY and PRICED.

    `cells`: case, KEY, usage_at, prompt_tokens, grain, prompt_tokens_from. `segments`: of `with_offer`.
    """
    covered = _in_range(_in_window(_in_stretch(cells, segments), segments), segments)
    return _explained(covered, segments).select("case", *KEY, *PRICED)


def in_parts(offers: pl.DataFrame) -> pl.DataFrame:
    """Add the texts of OFFER that `offer` consists of."""
    parts = pl.col("offer").cast(pl.String).str.split_exact(OFFER_SEPARATOR, len(OFFER) - 1)
    return offers.with_columns(parts=parts.struct.rename_fields(list(OFFER))).unnest("parts")


def _in_stretch(cells: pl.DataFrame, segments: pl.DataFrame) -> pl.DataFrame:
    """Add the segment_id in force at usage_at; NULL where there is none."""
    first, last = cells["usage_at"].min(), cells["usage_at"].max()
    stretches = (
        segments.select(*KEY, "segment_id", "valid_from", "valid_to")
        .filter(pl.col("valid_from") <= last, pl.col("valid_to").is_null() | (pl.col("valid_to") > first))
        .unique("segment_id")
    )
    is_in_force = pl.col("valid_to").is_null() | (pl.col("usage_at") < pl.col("valid_to"))
    return (
        cells.sort("usage_at")
        .join_asof(
            stretches.sort("valid_from"),
            left_on="usage_at",
            right_on="valid_from",
            by=KEY,
            strategy="backward",
            check_sortedness=False,
        )
        .with_columns(segment_id=pl.when(is_in_force).then("segment_id"))
    )


def _in_window(stretched: pl.DataFrame, segments: pl.DataFrame) -> pl.DataFrame:
    """Add is_lower_bound and the time window that is in force at usage_at; for a bucket, the cheapest one."""
    special = segments.filter(pl.col("time_window") != ALWAYS).select("segment_id", "time_window").unique()
    windows = special.group_by("segment_id").agg(windows="time_window")
    window = pl.lit(ALWAYS)
    for text in special["time_window"].unique().sort():
        is_inside = pl.col("windows").list.contains(text) & parse_window(text).covers(pl.col("usage_at"))
        window = pl.when(is_inside).then(pl.lit(text)).otherwise(window)
    is_untold = (pl.col("grain") == "bucket") & pl.col("prompt_tokens_from").is_null()
    bounds = _least(segments.join(stretched.filter(is_untold), on="segment_id", how="semi"))
    return (
        stretched.join(windows, on="segment_id", how="left")
        .join(bounds, on="segment_id", how="left")
        .with_columns(is_lower_bound=is_untold & pl.col("has_ranges").fill_null(value=False))
        .with_columns(time_window=pl.when("is_lower_bound").then("cheapest").otherwise(window))
    )


def _least(segments: pl.DataFrame) -> pl.DataFrame:
    """By segment_id: whether its price depends on hour or prompt size, and the window with its lowest price."""
    return segments.sort("usd_per_unit", "time_window").group_by("segment_id", maintain_order=True).agg(
        has_ranges=(pl.len() > 1) | pl.col("context_to").is_not_null().any(),
        cheapest=pl.col("time_window").filter(pl.col("context_from") == 0).first(),
    )  # fmt: skip


def _in_range(windowed: pl.DataFrame, segments: pl.DataFrame) -> pl.DataFrame:
    """Add the price of the context range that the prompt falls into."""
    near = segments.join(windowed.select("segment_id").unique(), on="segment_id", how="semi")
    ranges = near.select("segment_id", "time_window", "context_from", "context_to", "usd_per_unit", "unit", "price_id")
    banded = (
        windowed.with_columns(prompt_size=pl.when("is_lower_bound").then(0).otherwise("prompt_tokens"))
        .sort("prompt_size")
        .join_asof(
            ranges.sort("context_from"),
            left_on="prompt_size",
            right_on="context_from",
            by=["segment_id", "time_window"],
            strategy="backward",
            check_sortedness=False,
        )
    )
    is_in_range = pl.col("context_to").is_null() | (pl.col("prompt_size") < pl.col("context_to"))
    return banded.with_columns(
        pl.when(is_in_range).then(name).alias(name) for name in ("price_id", "usd_per_unit", "unit")
    )


def _explained(covered: pl.DataFrame, segments: pl.DataFrame) -> pl.DataFrame:
    """Why a row has no price, and the first day on which its model, tier and meter had one."""
    told = covered.with_columns(
        unpriced_reason=pl.lit(None, pl.String),
        first_price_on=pl.lit(None, pl.Date),
        is_lower_bound=pl.col("is_lower_bound") & pl.col("price_id").is_not_null(),
    )
    has_price = pl.col("price_id").is_not_null()
    unpriced = in_parts(told.filter(~has_price))
    if unpriced.is_empty():
        return told
    # A fee that holds for any model says nothing about whether the model is known.
    of_models = segments.join(unpriced.select(MODEL_KEY).unique(), on=MODEL_KEY, how="semi")
    listed = of_models.filter(pl.col("meter").is_in(TOKEN_METERS))
    known = listed.group_by(MODEL_KEY).agg(model_from=pl.col("valid_from").min())
    tier = listed.group_by("offer").agg(tier_from=pl.col("valid_from").min())
    exact = of_models.group_by(KEY).agg(meter_from=pl.col("valid_from").min())
    reason = (
        pl.when(pl.col("model_from").is_null())
        .then(pl.lit("unknown_model"))
        .when(pl.col("tier_from").is_null())
        .then(pl.lit("no_price_for_tier"))
        .when(pl.col("meter_from").is_null())
        .then(pl.lit("no_price_for_meter"))
        .when(pl.col("segment_id").is_null())
        .then(pl.lit("before_first_price"))
        .otherwise(pl.lit("no_price_for_context"))
    )
    first_price_on = pl.when(pl.col("unpriced_reason") == "before_first_price").then(pl.col("meter_from").dt.date())
    explained = (
        unpriced.join(known, on=MODEL_KEY, how="left")
        .join(tier, on="offer", how="left")
        .join(exact, on=KEY, how="left")
        .with_columns(unpriced_reason=reason)
        .with_columns(first_price_on=first_price_on)
    )
    return pl.concat([told.filter(has_price), explained.select(told.columns)])
