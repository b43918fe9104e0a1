"""The same usage at another offer, another day or both, through the exact engine: `pricing` prices, this maps.

A meter that the target does not sell is counted under another one by FALLBACKS, which the answer names: a cache write
is then a first pass of the prompt, a cache read a prompt sent again. What no rule covers has no price, with the
reason. Tokens may be scaled: another tokenizer, other lengths of answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import polars as pl

from pipelines.costs.agreed_prices import Agreed
from pipelines.costs.pricing.price_sums import price_sums
from pipelines.schema.derived_columns import offer_text
from pipelines.schema.meters import METERS, PROMPT_METERS, QUANTITY_COLUMNS
from pipelines.schema.offers import OFFER

FALLBACKS = {
    "cache_write_1h": ("cache_write_5m", "input_uncached"),
    "cache_write_5m": ("input_uncached",),
    "cache_read": ("input_uncached",),
    "audio_cache_read": ("audio_input",),
    "image_cache_read": ("image_input",),
}
"""Under which meter tokens count where the target does not sell their own: the first that it sells."""
TEXT_PROMPT = ("input_uncached", "cache_read", "cache_write_5m", "cache_write_1h")
_DAY = timedelta(days=1)
WEEK = timedelta(days=7)
"""Usage is priced as if it were of the week up to the day asked for: its weekday and hour stay what they are."""


@dataclass(frozen=True)
class Factors:
    """Tokens at the target for one token as logged: `tokenizer` for all text, `output_length` also for answers."""

    tokenizer: Fraction = Fraction(1)
    output_length: Fraction = Fraction(1)

    def of(self, meter: str) -> Fraction:
        """The factor of one meter. Sounds, images and fees stay as they are."""
        if meter == "output":
            return self.tokenizer * self.output_length
        return self.tokenizer if meter in TEXT_PROMPT else Fraction(1)


EQUAL = Factors()
"""Nothing is known of another length."""


class Target(NamedTuple):
    """Where usage would be bought; None: as it is."""

    provider: str | None = None
    channel: str | None = None
    region: str | None = None
    model: str | None = None
    service_tier: str | None = None

    def applied(self, buckets: pl.DataFrame) -> pl.DataFrame:
        """The buckets, bought there."""
        return buckets.with_columns(pl.lit(value).alias(name) for name, value in self._asdict().items() if value)


class Repriced(NamedTuple):
    """`costs`: group, meter, quantity, cost_usd (NULL without a price), effective_cost_usd, price_id and why not.

    `mapped`: group, meter, counted_as: meters that the target does not sell.
    """

    costs: pl.DataFrame
    mapped: pl.DataFrame


COST_SCHEMA = {
    "group": pl.String(),
    "meter": pl.String(),
    "quantity": pl.Int64(),
    "cost_usd": pl.Decimal(38, 12),
    "effective_cost_usd": pl.Decimal(38, 12),
    "price_id": pl.String(),
    "usd_per_unit": pl.Decimal(18, 6),
    "unpriced_reason": pl.String(),
    "is_lower_bound": pl.Boolean(),
}
_MAPPED_SCHEMA = dict.fromkeys(("group", "meter", "counted_as"), pl.String())


def edges_before(edges: Sequence[int], factors: Sequence[Factors]) -> list[int]:
    """Prompt sizes as logged at which a prompt reaches some edge at the target, with any of these factors."""
    found = {-(-edge * one.tokenizer.denominator // one.tokenizer.numerator) for edge in edges for one in factors}
    return sorted(found)


def frozen(segments: pl.DataFrame, day: date) -> pl.DataFrame:
    """Segments of which those in force at the end of a day hold all of the WEEK up to it, at every hour of theirs."""
    end = datetime.combine(day + _DAY, time()) - timedelta(seconds=1)
    start = datetime.combine(day - WEEK + _DAY, time())
    is_in_force = (pl.col("valid_from") <= end) & (pl.col("valid_to").is_null() | (pl.col("valid_to") > end))
    begun_before = pl.col("valid_from") < start
    return segments.with_columns(
        valid_from=pl.when(is_in_force).then(pl.min_horizontal("valid_from", pl.lit(start))).otherwise("valid_from"),
        valid_to=pl.when(is_in_force)
        .then(pl.lit(None, pl.Datetime("us")))
        .when(begun_before)
        .then(pl.min_horizontal("valid_to", pl.lit(start)))
        .otherwise("valid_to"),
    ).filter(is_in_force | begun_before | (pl.col("valid_from") > end))


def price_as_used(buckets: pl.DataFrame, segments: pl.DataFrame, agreed: Agreed | None = None) -> pl.DataFrame:
    """What the buckets cost at the prices in force when they were used: COST_SCHEMA.

    `buckets` have a `group`, and an account_id where something was `agreed`.
    """
    return _costs(buckets, segments, agreed)


def moved(buckets: pl.DataFrame, day: date, factors: Factors) -> pl.DataFrame:
    """The buckets, already of the offer that is asked about, as if of a day, in that offer's tokens."""
    return _scaled(_on_day(buckets, day), factors)


def reprice(buckets: pl.DataFrame, segments: pl.DataFrame, agreed: Agreed | None = None) -> Repriced:
    """The prices of buckets that are `moved` to a day. `segments` are `frozen` at it, and what is `agreed` is of it."""
    counted, mapped = _counted_as_sold(buckets, segments)
    return Repriced(_costs(counted, segments, agreed), mapped)


def _costs(buckets: pl.DataFrame, segments: pl.DataFrame, agreed: Agreed | None) -> pl.DataFrame:
    by_day = _priceable(buckets).sort("usage_date").group_by("usage_date", maintain_order=True)
    days: dict[date, pl.LazyFrame] = {day: part.lazy() for (day,), part in by_day}
    owners = ("group",) if agreed is None else ("group", "account_id")
    costs = price_sums(days, segments, owners) if days else None
    if costs is not None:
        costs = costs.with_columns(effective_cost_usd="cost_usd") if agreed is None else agreed.paid(costs)
    nothing = pl.DataFrame(schema=pl.Schema(COST_SCHEMA))
    return nothing if costs is None else costs.select(COST_SCHEMA.keys()).cast(pl.Schema(COST_SCHEMA))


def _priceable(buckets: pl.DataFrame) -> pl.DataFrame:
    """Buckets in the columns that the engine reads."""
    prompt = pl.sum_horizontal(pl.col(QUANTITY_COLUMNS[meter]).fill_null(0) for meter in PROMPT_METERS)
    minute = pl.col("usage_at").dt.hour().cast(pl.Int16) * 60 + pl.col("usage_at").dt.minute()
    return buckets.with_columns(
        offer=offer_text(), grain=pl.lit("bucket"), prompt_tokens=prompt, usage_minute=minute
    ).drop(OFFER)


def _on_day(buckets: pl.DataFrame, day: date) -> pl.DataFrame:
    """Buckets in the WEEK up to that day, at their weekdays and hours; what is longer than a day is that day."""
    back = (pl.lit(day.weekday() + 1, pl.Int8) - pl.col("usage_date").dt.weekday()) % 7
    on = pl.lit(day) - pl.duration(days=back)
    midnight = on.cast(pl.Datetime("us"))
    at = midnight + (pl.col("usage_at") - pl.col("usage_at").dt.truncate("1d"))
    until = pl.min_horizontal(at + (pl.col("usage_until") - pl.col("usage_at")), midnight + _DAY)
    return buckets.with_columns(usage_date=on, usage_at=at, usage_until=until)


def _scaled(buckets: pl.DataFrame, factors: Factors) -> pl.DataFrame:
    """Tokens and prompt sizes in the target's tokens, rounded half up to whole ones."""
    changed = {}
    for meter in METERS:
        if (factor := factors.of(meter)) != 1:
            name, (top, bottom) = QUANTITY_COLUMNS[meter], factor.as_integer_ratio()
            changed[name] = (pl.col(name) * (2 * top) + bottom) // (2 * bottom)
    if factors.tokenizer != 1:
        top, bottom = factors.tokenizer.as_integer_ratio()
        changed["prompt_tokens_from"] = pl.col("prompt_tokens_from") * top // bottom
    return buckets.with_columns(**changed) if changed else buckets


def _counted_as_sold(buckets: pl.DataFrame, segments: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Buckets with the tokens of meters that their offer does not sell under those of FALLBACKS that it sells."""
    sold = segments.group_by(OFFER).agg(sold=pl.col("meter").unique())
    buckets = buckets.join(sold, on=list(OFFER), how="left").with_columns(pl.col("sold").fill_null([]))
    mapped = [pl.DataFrame(schema=pl.Schema(_MAPPED_SCHEMA))]
    for meter, others in FALLBACKS.items():
        name = QUANTITY_COLUMNS[meter]
        sells = {one: pl.col("sold").list.contains(one) for one in (meter, *others)}
        is_open = ~sells[meter] & (pl.col(name) > 0)
        for other in others:
            is_moved = is_open & sells[other]
            moved = buckets.filter(is_moved)
            if moved.is_empty():
                continue
            mapped.append(moved.select("group", meter=pl.lit(meter), counted_as=pl.lit(other)).unique())
            target = QUANTITY_COLUMNS[other]
            buckets = buckets.with_columns(
                pl.when(is_moved).then(pl.col(target) + pl.col(name)).otherwise(target).alias(target),
                pl.when(is_moved).then(0).otherwise(name).alias(name),
            )
    return buckets.drop("sold"), pl.concat(mapped).unique().sort("group", "meter", "counted_as")


def totals(costs: pl.DataFrame, amount: str = "cost_usd") -> dict[str, Decimal | None]:
    """By group, the sum of an amount of COST_SCHEMA; None where some of it has no price."""
    has_price = pl.col(amount).is_not_null().all()
    summed = costs.group_by("group").agg(usd=pl.when(has_price).then(pl.col(amount).sum()))
    return dict(summed.iter_rows())
