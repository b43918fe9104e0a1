"""Usage aggregated day by day between the breakpoints of its prices, where one price applies.

What a sum costs is not known here. The words are in README.md.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from itertools import accumulate, zip_longest
from typing import NamedTuple

import polars as pl

from pipelines.costs.pricing.breakpoints import BIN_SCHEMA, Breakpoints, DayBreakpoints
from pipelines.schema.meters import PROMPT_METERS, QUANTITY_COLUMNS, quantity_column

LOOKUP_KEY = ("offer", "usage_at", "usage_until", "prompt_tokens", "grain", "prompt_tokens_from")
"""All that a price may depend on, once usage is aggregated: `usage_at` and `prompt_tokens` are the least of a sum.

`usage_until` is NULL but for buckets in which a price may change, and these have their own `usage_at`."""
AT_ONCE = 6
"""Plans run side by side: two cores need so many to be busy all the time, and each takes little memory."""
DAYS_TOGETHER = 8
"""Days alike are summed in one plan, up to so many: to make one takes as long as to sum thousands of rows."""
_EPOCH = date(1970, 1, 1)
_BUCKET = {
    "grain": pl.String(),
    "prompt_tokens_from": pl.Int64(),
    "span_from": pl.Datetime("us"),
    "span_until": pl.Datetime("us"),
}
"""By what buckets are grouped, and requests are not. The span is NULL where no price changes within it."""
_OWNER = pl.String()
_INPUT = quantity_column("input_uncached")
_REST_OF_PROMPT = [QUANTITY_COLUMNS[meter] for meter in PROMPT_METERS if meter != "input_uncached"]
_PAIR = 2**32
REASON, IS_SHORT = "lower_bound_reason", "is_short"
"""The column of usage that says why a row may have cost more, and whether any row of a sum does."""
_NO_CODE = _PAIR - 1
"""Instead of the code of a NULL."""


class _Plan(NamedTuple):
    """Usage that is summed in one plan, of one day or of several that have the same breakpoints but for the date."""

    usage: pl.LazyFrame
    days: Sequence[date]
    """All that a row may be of; its own is at `place`."""
    place: pl.Expr
    day: date
    within: DayBreakpoints
    """Of `day`."""

    def bins(self) -> list[tuple[date, datetime, int]]:
        """Rows of BIN_SCHEMA by number of the bin, those of a day together."""
        bins = self.within.bins(self.day)
        return [(day, start + (day - self.day), size) for day in self.days for _, start, size in bins]

    def bin(self, offer: pl.Expr, *, has_buckets: bool) -> pl.Expr:
        """Number of the bin of a row. `offer`: its code."""
        return self.place * self.within.bin_count + self.within.bin(offer, has_buckets=has_buckets)


def aggregate_usage(
    days: Mapping[date, pl.LazyFrame],
    breakpoints: Breakpoints,
    quantities: Sequence[str],
    owners: Sequence[str],
    texts: Sequence[str] = (),
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Usage summed by day, lookup and owners; and the lookups.

    `days`: columns of core.usage by UTC day, at least one; a column that is NULL throughout may be left out. Returns
    usage_date, lookup, owners as codes, quantities, the number of usage_rows and, where a row says so, IS_SHORT; and
    lookup (a number), LOOKUP_KEY. `texts`: columns of so many different texts that they get no codes, which are kept as
    long as a process lives; each of the days has them.
    """
    plans = _plans(days, breakpoints)
    bins = pl.DataFrame([one for plan in plans for one in plan.bins()], schema=BIN_SCHEMA, orient="row")
    counts = [len(plan.bins()) for plan in plans]
    bin_count = max(counts)

    def summed(plan: _Plan) -> pl.DataFrame:
        return _summed(plan, bin_count, quantities, owners, texts)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        parts = list(pool.map(summed, plans))
    firsts = accumulate(counts[:-1], initial=0)
    first_bin = pl.concat(
        pl.repeat(first, part.height, dtype=pl.UInt64, eager=True) for first, part in zip(firsts, parts, strict=True)
    )
    # Codes stay what they are, though the usage is gone: `breakpoints.moments` keeps them.
    sums = _unpaired(pl.concat(parts, how="diagonal"), owners)
    offer, number = sums["offer_bin"] // bin_count, sums["offer_bin"] % bin_count + first_bin
    if offer.max() == _last_code(bin_count):
        # Millions of codes are given where a process has just imported logs of as many users.
        raise OverflowError(f"more than {_last_code(bin_count):,} different texts in use; price in a new process")
    return _by_lookup(sums.with_columns(offer_bin=offer * bins.height + number), bins, breakpoints)


def numbered(rows: pl.DataFrame, number: str, columns: Sequence[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What is different in some columns, sorted, with a number from 0; and the rows with that number instead."""
    distinct = rows.select(columns).unique().sort(columns).with_row_index(number)
    return distinct, rows.join(distinct, on=columns, nulls_equal=True).drop(columns)


def _plans(days: Mapping[date, pl.LazyFrame], breakpoints: Breakpoints) -> list[_Plan]:
    """Days with a breakpoint of their own, or with buckets, are alone; others with those of the same columns."""
    alike: dict[tuple[object, ...], list[date]] = {}
    for day, usage in days.items():
        columns = usage.collect_schema().names()
        is_alone = day in breakpoints.by_day or "usage_until" in columns
        about = day if is_alone else (day - _EPOCH).days // DAYS_TOGETHER
        alike.setdefault((about, *columns), []).append(day)
    return [_plan([days[day] for day in held], held, breakpoints.within(held[0])) for held in alike.values()]


def _plan(usage: Sequence[pl.LazyFrame], held: Sequence[date], within: DayBreakpoints) -> _Plan:
    if len(held) == 1:
        return _Plan(usage[0], held, pl.lit(0, pl.UInt32), held[0], within)
    place = pl.col("usage_date").to_physical() % DAYS_TOGETHER
    first = held[0] - timedelta((held[0] - _EPOCH).days % DAYS_TOGETHER)
    days = [first + timedelta(number) for number in range(DAYS_TOGETHER)]
    return _Plan(pl.concat(usage, how="vertical_relaxed"), days, place.cast(pl.UInt32), held[0], within)


def _summed(
    plan: _Plan,
    bin_count: int,
    quantities: Sequence[str],
    owners: Sequence[str],
    texts: Sequence[str],
) -> pl.DataFrame:
    """One row per offer, bin and owners (`_paired`), and per kind of bucket where there are buckets."""
    schema = plan.usage.collect_schema()
    # Only buckets have an end, and usage without them has no such column.
    bucket = _BUCKET if "usage_until" in schema else {}
    missing = {
        name: pl.lit(None, _BUCKET.get(name, _OWNER)) for name in ("prompt_tokens_from", *owners) if name not in schema
    }
    coded = {name: _code(name, schema) for name in ("offer", *owners)}
    offer = coded.pop("offer")
    first_bin = offer.clip(upper_bound=_last_code(bin_count)) * bin_count
    pairs = _paired([first_bin + plan.bin(offer, has_buckets=bool(bucket)), *coded.values()])
    # The whole prompt is read for its size, so one of its parts need not be read: it is what the others leave.
    counted = [name for name in quantities if name in schema and name != _INPUT]
    uncached = pl.col("prompt_tokens")
    for name in counted:
        uncached = uncached - pl.col(name) if name in _REST_OF_PROMPT else uncached
    # Few days have such rows, and usage without them has no such column.
    flags = [pl.col(REASON).is_not_null().any().alias(IS_SHORT)] if REASON in schema else []
    return (
        plan.usage.with_columns(**missing)
        .with_columns(**pairs, **(plan.within.span() if bucket else {}))
        .group_by(*pairs, *bucket, *texts)
        .agg(pl.col("prompt_tokens", *counted).sum(), *flags, usage_rows=pl.len().cast(pl.Int64))
        .with_columns(uncached.alias(_INPUT), *(pl.col(name).cast(kind) for name, kind in bucket.items()))
        .drop("prompt_tokens")
        .collect(engine="streaming")
    )


def _last_code(bin_count: int) -> int:
    """Codes of offers must stay below it: offer and bin go into 32 bits, and beyond them are other offers."""
    return _NO_CODE // bin_count - 1


def _code(name: str, schema: pl.Schema) -> pl.Expr:
    """The number of a text, which is a text in frames and coded in the ledger."""
    is_coded = schema.get(name) == pl.Categorical
    text = pl.col(name) if is_coded else pl.col(name).cast(pl.Categorical)
    return text.to_physical().fill_null(_NO_CODE)


def _paired(numbers: Sequence[pl.Expr]) -> dict[str, pl.Expr]:
    """Each two numbers of 32 bits as one of 64: polars groups by one number faster than by two."""
    pairs = zip_longest(numbers[::2], numbers[1::2], fillvalue=pl.lit(0, pl.UInt32))
    return {f"pair_{number}": first.cast(pl.UInt64) * _PAIR + second for number, (first, second) in enumerate(pairs)}


def _unpaired(sums: pl.DataFrame, owners: Sequence[str]) -> pl.DataFrame:
    """The numbers of `_paired` again: `offer_bin`, a bin of an offer, and the owners, coded."""
    pairs = [name for name in sums.columns if name.startswith("pair_")]
    offer_bin, *codes = (half for name in pairs for half in (pl.col(name) // _PAIR, pl.col(name) % _PAIR))
    texts = [pl.when(code != _NO_CODE).then(code.cast(pl.UInt32).cat.to(pl.Categorical)) for code in codes]
    return sums.with_columns(offer_bin=offer_bin, **dict(zip(owners, texts, strict=False))).drop(pairs)


def _by_lookup(sums: pl.DataFrame, bins: pl.DataFrame, breakpoints: Breakpoints) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Sums with their lookup instead of `offer_bin`, which is offer * number of bins + bin; and the lookups."""
    in_buckets = [name for name in _BUCKET if name in sums.columns]
    none = {name: pl.lit(None, kind) for name, kind in _BUCKET.items() if name not in in_buckets}
    distinct = sums.select("offer_bin", *in_buckets).unique().with_row_index("number")
    offer = (distinct["offer_bin"] // bins.height).cast(pl.UInt32).cat.to(pl.Categorical)
    located = pl.concat(
        [distinct.with_columns(offer=offer), bins[distinct["offer_bin"] % bins.height]], how="horizontal"
    )
    located = located.with_columns(**none).with_columns(
        pl.coalesce("span_from", "usage_at").alias("usage_at"),
        pl.col("grain").fill_null("request"),
        usage_until="span_until",
    )
    lookups, located = numbered(breakpoints.merged(located), "lookup", LOOKUP_KEY)
    found = located.sort("number").select("usage_date", "lookup")
    sums = sums.join(distinct, on=["offer_bin", *in_buckets], nulls_equal=True).drop("offer_bin", *in_buckets)
    return pl.concat([sums.drop("number"), found[sums["number"]]], how="horizontal"), lookups
