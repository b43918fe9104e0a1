"""Which price a lookup finds, by interval of time, window of hours and range of prompt sizes, or why it finds none.

Quantities and sums are not known here. The words are in README.md.
"""

import polars as pl

from pipelines.schema.meters import TOKEN_METERS
from pipelines.schema.offers import MODEL_KEY, OFFER, OFFER_SEPARATOR
from pipelines.schema.time_windows import ALWAYS, parse_window

OFFER_METER = ["offer", "meter"]
PRICED = ("price_id", "usd_per_unit", "unit", "unpriced_reason", "first_price_on", "is_lower_bound")


def look_up(lookups: pl.DataFrame, segments: pl.DataFrame) -> pl.DataFrame:
    """The price of each lookup and meter: `lookup`, OFFER_METER and PRICED.

    `lookups`: lookup, OFFER_METER, usage_at, usage_until, prompt_tokens, grain, prompt_tokens_from. `segments`: of
    `with_offer`. One with usage_until may have been at any moment before it, and a bucket without prompt_tokens_from
    may have had prompts of any size: of all that it may have cost the least counts, and is flagged.
    """
    possible = _at_each_price(lookups, segments)
    covered = _in_range(_in_window(_in_interval(possible, segments), segments), segments)
    return _explained(_least(covered), segments).select("lookup", *OFFER_METER, *PRICED)


def split_offer(offers: pl.DataFrame) -> pl.DataFrame:
    """Add the texts of OFFER that `offer` consists of."""
    parts = pl.col("offer").cast(pl.String).str.split_exact(OFFER_SEPARATOR, len(OFFER) - 1)
    return offers.with_columns(parts=parts.struct.rename_fields(list(OFFER))).unnest("parts")


def _at_each_price(lookups: pl.DataFrame, segments: pl.DataFrame) -> pl.DataFrame:
    """Lookups, and those that span time once more at each later moment inside from which another price may hold."""
    spans = lookups.filter(pl.col("usage_until").is_not_null())
    if spans.is_empty():
        return lookups
    edges = pl.concat([segments.select(*OFFER_METER, later=name) for name in ("valid_from", "valid_to")]).unique()
    days = pl.date_ranges(pl.col("usage_at").dt.date(), pl.col("usage_until").dt.date())
    hours = spans.join(_opening_and_closing(segments), on=OFFER_METER).with_columns(day=days).explode("day")
    moments = hours.with_columns(later=pl.col("day").cast(pl.Datetime("us")) + pl.duration(minutes="minute"))
    later = pl.concat([part.select(*lookups.columns, "later") for part in (spans.join(edges, on=OFFER_METER), moments)])
    inside = later.filter(pl.col("later") > pl.col("usage_at"), pl.col("later") < pl.col("usage_until"))
    return pl.concat([lookups, inside.with_columns(usage_at="later").drop("later")])


def _opening_and_closing(segments: pl.DataFrame) -> pl.DataFrame:
    """OFFER_METER, minute: where within some day a window of hours begins or ends."""
    special = segments.filter(pl.col("time_window") != ALWAYS).select(*OFFER_METER, "time_window").unique()
    edges = [(text, edge) for text in special["time_window"].unique() for edge in parse_window(text).edges]
    minutes = pl.DataFrame(edges, schema={"time_window": pl.String, "minute": pl.Int64}, orient="row")
    return special.join(minutes, on="time_window").select(*OFFER_METER, "minute").unique()


def _in_interval(lookups: pl.DataFrame, segments: pl.DataFrame) -> pl.DataFrame:
    """Add the segment_id in force at usage_at; NULL where there is none."""
    first, last = lookups["usage_at"].min(), lookups["usage_at"].max()
    intervals = (
        segments.select(*OFFER_METER, "segment_id", "valid_from", "valid_to")
        .filter(pl.col("valid_from") <= last, pl.col("valid_to").is_null() | (pl.col("valid_to") > first))
        .unique("segment_id")
    )
    is_in_force = pl.col("valid_to").is_null() | (pl.col("usage_at") < pl.col("valid_to"))
    return (
        lookups.sort("usage_at")
        .join_asof(
            intervals.sort("valid_from"),
            left_on="usage_at",
            right_on="valid_from",
            by=OFFER_METER,
            strategy="backward",
            check_sortedness=False,
        )
        .with_columns(segment_id=pl.when(is_in_force).then("segment_id"))
    )


def _in_window(located: pl.DataFrame, segments: pl.DataFrame) -> pl.DataFrame:
    """Add the time window that is in force at usage_at."""
    special = segments.filter(pl.col("time_window") != ALWAYS).select("segment_id", "time_window").unique()
    windows = special.group_by("segment_id").agg(windows="time_window")
    window = pl.lit(ALWAYS)
    for text in special["time_window"].unique().sort():
        is_inside = pl.col("windows").list.contains(text) & parse_window(text).covers(pl.col("usage_at"))
        window = pl.when(is_inside).then(pl.lit(text)).otherwise(window)
    return located.join(windows, on="segment_id", how="left").with_columns(time_window=window)


def _in_range(windowed: pl.DataFrame, segments: pl.DataFrame) -> pl.DataFrame:
    """Add the price of the context range that the prompt falls into, and whether a longer one may cost something else.

    Of a bucket that does not tell, the prompts count as short.
    """
    near = segments.join(windowed.select("segment_id").unique(), on="segment_id", how="semi")
    ranges = near.select("segment_id", "time_window", "context_from", "context_to", "usd_per_unit", "unit", "price_id")
    is_unknown_size = (pl.col("grain") != "request") & pl.col("prompt_tokens_from").is_null()
    banded = (
        windowed.with_columns(prompt_size=pl.when(is_unknown_size).then(0).otherwise("prompt_tokens"))
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
        *(pl.when(is_in_range).then(name).alias(name) for name in ("price_id", "usd_per_unit", "unit")),
        is_lower_bound=is_unknown_size & pl.col("context_to").is_not_null(),
    )


def _least(covered: pl.DataFrame) -> pl.DataFrame:
    """Of a lookup at several moments the cheapest, with a price if there is one; flagged if they are not all alike."""
    is_span = pl.col("usage_until").is_not_null()
    spans = covered.filter(is_span)
    if spans.is_empty():
        return covered
    is_one_price = pl.col("usd_per_unit").n_unique().over("lookup", *OFFER_METER) == 1
    least = (
        spans.with_columns(is_lower_bound=pl.col("is_lower_bound").any().over("lookup", *OFFER_METER) | ~is_one_price)
        .sort("usd_per_unit", "usage_at", nulls_last=True)
        .unique(["lookup", *OFFER_METER], keep="first", maintain_order=True)
    )
    return pl.concat([covered.filter(~is_span), least])


def _explained(covered: pl.DataFrame, segments: pl.DataFrame) -> pl.DataFrame:
    """Why a row has no price, and the first day on which its model, tier and meter had one."""
    explained = covered.with_columns(
        unpriced_reason=pl.lit(None, pl.String),
        first_price_on=pl.lit(None, pl.Date),
        is_lower_bound=pl.col("is_lower_bound") & pl.col("price_id").is_not_null(),
    )
    has_price = pl.col("price_id").is_not_null()
    unpriced = split_offer(explained.filter(~has_price))
    if unpriced.is_empty():
        return explained
    # A fee that holds for any model says nothing about whether the model is known.
    of_models = segments.join(unpriced.select(MODEL_KEY).unique(), on=MODEL_KEY, how="semi")
    listed = of_models.filter(pl.col("meter").is_in(TOKEN_METERS))
    known = listed.group_by(MODEL_KEY).agg(model_from=pl.col("valid_from").min())
    tier = listed.group_by("offer").agg(tier_from=pl.col("valid_from").min())
    exact = of_models.group_by(OFFER_METER).agg(meter_from=pl.col("valid_from").min())
    reason = (
        pl.when(pl.col("model_from").is_null())
        .then(pl.lit("unknown_model"))
        .when(pl.col("tier_from").is_null())
        .then(pl.lit("no_price_for_tier"))
        .when(pl.col("meter_from").is_null())
        .then(pl.lit("no_price_for_meter"))
        .when(pl.col("segment_id").is_null() & (pl.col("usage_at") >= pl.col("meter_from")))
        .then(pl.lit("after_last_price"))
        .when(pl.col("segment_id").is_null())
        .then(pl.lit("before_first_price"))
        .otherwise(pl.lit("no_price_for_context"))
    )
    first_price_on = pl.when(pl.col("unpriced_reason") == "before_first_price").then(pl.col("meter_from").dt.date())
    unpriced = (
        unpriced.join(known, on=MODEL_KEY, how="left")
        .join(tier, on="offer", how="left")
        .join(exact, on=OFFER_METER, how="left")
        .with_columns(unpriced_reason=reason)
        .with_columns(first_price_on=first_price_on)
    )
    return pl.concat([explained.filter(has_price), unpriced.select(explained.columns)])
