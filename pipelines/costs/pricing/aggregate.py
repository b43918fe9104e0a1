"""Usage that no price can tell apart, added up day by day. What it costs is `usage.pricing`'s."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from itertools import accumulate, zip_longest

import polars as pl

from pipelines.costs.pricing.breakpoints import PLACE_SCHEMA, Axes, Changes
from pipelines.schema.meters import PROMPT_METERS, QUANTITY_COLUMNS, quantity_column

CASE = ("offer", "usage_at", "usage_until", "prompt_tokens", "grain", "prompt_tokens_from")
"""All that a price may depend on, once usage is added up: `usage_at` and `prompt_tokens` are the least of a sum.

`usage_until` is NULL but for buckets in which a price may change, and these have their own `usage_at`."""
AT_ONCE = 6
"""Days added up side by side: two cores need so many to be busy all the time, and a day takes little memory."""
_BUCKET = {
    "grain": pl.String(),
    "prompt_tokens_from": pl.Int64(),
    "span_from": pl.Datetime("us"),
    "span_until": pl.Datetime("us"),
}
"""What tells buckets apart, and not requests. The span is NULL where no price changes within it."""
_OWNER = pl.String()
_INPUT = quantity_column("input_uncached")
_REST_OF_PROMPT = [QUANTITY_COLUMNS[meter] for meter in PROMPT_METERS if meter != "input_uncached"]
_PAIR = 2**32
_NO_CODE = _PAIR - 1
"""Instead of the code of a NULL."""


def add_up(
    days: Mapping[date, pl.LazyFrame], changes: Changes, quantities: Sequence[str], owners: Sequence[str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Usage added up by day, case and owners; and the cases.

    `days`: columns of core.usage by UTC day, at least one; a column that is NULL throughout may be left out. Returns
    usage_date, case, owners as codes, quantities and the number of usage_rows; and case (a number), CASE.
    """
    axes = {day: changes.within(day) for day in days}
    places = pl.DataFrame([place for day in days for place in axes[day].places(day)], schema=PLACE_SCHEMA, orient="row")
    counts = [one.place_count for one in axes.values()]
    place_count = max(counts)

    def added_up(day: date) -> pl.DataFrame:
        return _added_up(days[day], axes[day], place_count, quantities, owners)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        parts = list(pool.map(added_up, days))
    firsts = accumulate(counts[:-1], initial=0)
    first_place = pl.concat(
        pl.repeat(first, part.height, dtype=pl.UInt64, eager=True) for first, part in zip(firsts, parts, strict=True)
    )
    # Codes stay what they are, though the usage is gone: `changes.moments` keeps them.
    sums = _unpaired(pl.concat(parts, how="diagonal"), owners)
    offer, place = sums["spot"] // place_count, sums["spot"] % place_count + first_place
    if offer.max() == _last_code(place_count):
        # Millions of codes are given where a process has just imported logs of as many users.
        raise OverflowError(f"more than {_last_code(place_count):,} different texts in use; price in a new process")
    return _by_case(sums.with_columns(spot=offer * places.height + place), places, changes)


def numbered(rows: pl.DataFrame, number: str, columns: Sequence[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What is different in some columns, sorted, with a number from 0; and the rows with that number instead."""
    distinct = rows.select(columns).unique().sort(columns).with_row_index(number)
    return distinct, rows.join(distinct, on=columns, nulls_equal=True).drop(columns)


def _added_up(
    usage: pl.LazyFrame, axes: Axes, place_count: int, quantities: Sequence[str], owners: Sequence[str]
) -> pl.DataFrame:
    """One row per offer, place and owners (`_paired`), and per kind of bucket where there are buckets."""
    schema = usage.collect_schema()
    # Only buckets have an end, and usage without them has no such column.
    bucket = _BUCKET if "usage_until" in schema else {}
    missing = {
        name: pl.lit(None, _BUCKET.get(name, _OWNER)) for name in ("prompt_tokens_from", *owners) if name not in schema
    }
    coded = {name: _code(name, schema) for name in ("offer", *owners)}
    offer = coded.pop("offer")
    first_spot = offer.clip(upper_bound=_last_code(place_count)) * place_count
    pairs = _paired([first_spot + axes.place(offer, has_buckets=bool(bucket)), *coded.values()])
    # The whole prompt is read for its size, so one of its parts need not be read: it is what the others leave.
    counted = [name for name in quantities if name in schema and name != _INPUT]
    uncached = pl.col("prompt_tokens")
    for name in counted:
        uncached = uncached - pl.col(name) if name in _REST_OF_PROMPT else uncached
    return (
        usage.with_columns(**missing)
        .with_columns(**pairs, **(axes.span() if bucket else {}))
        .group_by(*pairs, *bucket)
        .agg(pl.col("prompt_tokens", *counted).sum(), usage_rows=pl.len().cast(pl.Int64))
        .with_columns(uncached.alias(_INPUT), *(pl.col(name).cast(kind) for name, kind in bucket.items()))
        .drop("prompt_tokens")
        .collect(engine="streaming")
    )


def _last_code(place_count: int) -> int:
    """Codes of offers must stay below it: offer and place go into 32 bits, and beyond them are other offers."""
    return _NO_CODE // place_count - 1


def _code(name: str, schema: pl.Schema) -> pl.Expr:
    """The number of a text, which is a text in frames and coded in the ledger."""
    is_coded = schema.get(name) == pl.Categorical
    text = pl.col(name) if is_coded else pl.col(name).cast(pl.Categorical)
    return text.to_physical().fill_null(_NO_CODE)


def _paired(numbers: Sequence[pl.Expr]) -> dict[str, pl.Expr]:
    """Each two numbers of 32 bits as one of 64: polars groups by one number faster than by two."""
    pairs = zip_longest(numbers[::2], numbers[1::2], fillvalue=pl.lit(0, pl.UInt32))
    return {f"pair_{place}": first.cast(pl.UInt64) * _PAIR + second for place, (first, second) in enumerate(pairs)}


def _unpaired(sums: pl.DataFrame, owners: Sequence[str]) -> pl.DataFrame:
    """The numbers of `_paired` again: `spot`, an offer at a place, and the owners, coded."""
    pairs = [name for name in sums.columns if name.startswith("pair_")]
    spot, *codes = (half for name in pairs for half in (pl.col(name) // _PAIR, pl.col(name) % _PAIR))
    texts = [pl.when(code != _NO_CODE).then(code.cast(pl.UInt32).cat.to(pl.Categorical)) for code in codes]
    return sums.with_columns(spot=spot, **dict(zip(owners, texts, strict=False))).drop(pairs)


def _by_case(sums: pl.DataFrame, places: pl.DataFrame, changes: Changes) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Sums with their case instead of `spot`, which is offer * number of places + place; and the cases."""
    in_buckets = [name for name in _BUCKET if name in sums.columns]
    none = {name: pl.lit(None, kind) for name, kind in _BUCKET.items() if name not in in_buckets}
    spots = sums.select("spot", *in_buckets).unique().with_row_index("number")
    offer = (spots["spot"] // places.height).cast(pl.UInt32).cat.to(pl.Categorical)
    located = pl.concat([spots.with_columns(offer=offer), places[spots["spot"] % places.height]], how="horizontal")
    located = located.with_columns(**none).with_columns(
        pl.coalesce("span_from", "usage_at").alias("usage_at"),
        pl.col("grain").fill_null("request"),
        usage_until="span_until",
    )
    cases, located = numbered(changes.merged(located), "case", CASE)
    found = located.sort("number").select("usage_date", "case")
    sums = sums.join(spots, on=["spot", *in_buckets], nulls_equal=True).drop("spot", *in_buckets)
    return pl.concat([sums.drop("number"), found[sums["number"]]], how="horizontal"), cases
