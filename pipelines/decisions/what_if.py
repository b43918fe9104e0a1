"""What usage would cost elsewhere: each offer in use, at each target, from low to high, and what the switch costs once.

Frames and dataclasses only: `answer_what_if` reads, `costs.reprice` prices.

- `spent_usd`: at the prices in force when it was used. `same_usd`: the same offer at the prices of the day asked for.
- `low_usd`, `high_usd`: at the target, with the low and the high factors. Both are the same where the factors are 1,
  which says that the target's tokenizer and answers are taken to be as long: a lower bound where they are longer.
- `cold_cache_usd`: paid once. No cache outlives a switch, so each prefix that is in use is sent once at the price of
  a cache write, or of input where the target sells no write, in place of that of a cache read.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from pipelines.costs.reprice import EQUAL, Factors, Repriced, Target, frozen, moved, price_as_used, reprice, totals
from pipelines.models.one_model import OneModel
from pipelines.schema.meters import QUANTITY_COLUMNS
from pipelines.schema.offers import MODEL_KEY, OFFER

FORMULA_VERSION = "what-if-1"
SOURCE = (*OFFER, "task_class")
"""What one row is about: an offer in use, and the class of its tasks in the user's word."""


@dataclass(frozen=True)
class Asked:
    """What is asked. `segments`: prices of all offers in use and of all targets."""

    targets: Mapping[str | None, Sequence[Target]]
    """By task class; those of None hold for any class that has none of its own."""
    day: date
    segments: pl.DataFrame
    low: Factors = EQUAL
    high: Factors = EQUAL
    is_one_model: OneModel = field(default_factory=OneModel)
    """Whether two MODEL_KEY mean one model: a switch between its names leaves the cache warm."""


@dataclass(frozen=True)
class WhatIf:
    """One offer in use at one target. Money is USD of all usage given, exact; None: no price, see `reasons`."""

    source: Mapping[str, str | None]
    target: Mapping[str, str]
    usage_rows: int
    tokens: Mapping[str, int]
    spent_usd: Decimal | None
    same_usd: Decimal | None
    low_usd: Decimal | None
    high_usd: Decimal | None
    cold_cache_usd: Decimal | None
    mapped: tuple[tuple[str, str], ...]
    """Meters that the target does not sell, and under which they count."""
    reasons: tuple[tuple[str, str], ...]
    """Meters without a price at the target, and why."""
    price_ids: tuple[str, ...]
    """Versions of the prices of the target."""
    is_lower_bound: bool
    lacks_writes: bool
    """Tokens are read from a cache and none is counted as written, and the target bills writes: it costs more."""

    @property
    def is_cheaper(self) -> bool:
        """Whether even the high end is below what the same offer costs that day."""
        return self.high_usd is not None and self.same_usd is not None and self.high_usd < self.same_usd


def what_if(buckets: pl.DataFrame, prefixes: pl.DataFrame, asked: Asked) -> list[WhatIf]:
    """Each offer in use at each target of its class, dearest usage first, then the cheapest target.

    `buckets`: `usage_buckets.BUCKET_SCHEMA` and task_class. `prefixes`: `usage_buckets.cached_prefixes`; those of an
    offer are shown with each of its classes.
    """
    sources = buckets.select(SOURCE).unique().sort(SOURCE).with_row_index("group").cast({"group": pl.String})
    grouped = buckets.join(sources, on=list(SOURCE), nulls_equal=True).drop("task_class")
    held = prefixes.join(sources.drop("task_class"), on=list(OFFER))
    pairs = [
        (source, number, target)
        for source in sources.iter_rows(named=True)
        for number, target in enumerate(asked.targets.get(source["task_class"]) or asked.targets.get(None, ()))
    ]
    prices = frozen(asked.segments, asked.day)
    cases = _cases(grouped, held, pairs, asked)
    found = reprice(cases, prices)
    writers = set(prices.filter(meter="cache_write_5m").select(OFFER).iter_rows())
    figures = _Figures(totals(found.costs), _texts_by_group(found))
    used = {"spent_usd": totals(price_as_used(grouped, asked.segments))}
    used["same_usd"] = {group: figures.usd.get(f"{group}|same") for group in sources["group"]}
    tokens = _tokens(grouped)
    rows = []
    for source, number, target in pairs:
        group = source["group"]
        named = {name: source[name] for name in SOURCE}
        there = {name: value or source[name] for name, value in target._asdict().items()}
        has_one_tier = there["service_tier"] == source["service_tier"]
        here, target_model = (tuple(offer[name] for name in MODEL_KEY) for offer in (source, there))
        is_same = has_one_tier and asked.is_one_model(here, target_model)
        money: dict[str, Any] = {name: amounts.get(group) for name, amounts in used.items()}
        counted = tokens[group]["tokens"]
        at = figures.of(f"{group}|{number}", is_same=is_same, has_reads="cache_read" in counted)
        at["lacks_writes"] = not is_same and _lacks_writes(counted) and tuple(there.values()) in writers
        rows.append(WhatIf(source=named, target=there, **money, **tokens[group], **at))
    return sorted(rows, key=_order)


_CASES = ("low", "high", "first", "read")
"""Of one source at one target: all usage with either factors; the prefixes sent for the first time, and read."""


def _cases(
    grouped: pl.DataFrame, held: pl.DataFrame, pairs: Sequence[tuple[Mapping[str, Any], int, Target]], asked: Asked
) -> pl.DataFrame:
    """Buckets of everything that is priced, at once: `group` is source|same or source|target|case.

    Where both factors are the same there is no case `high`.
    """
    read, write = (QUANTITY_COLUMNS[meter] for meter in ("cache_read", "cache_write_5m"))
    first = held.with_columns(pl.col(read).alias(write), pl.lit(0, pl.Int64).alias(read))
    usage = dict(zip(_CASES, (grouped, grouped, first, held), strict=True))
    factors = dict(zip(_CASES, (asked.low, asked.high, asked.high, asked.high), strict=True))
    if asked.low == asked.high:
        del usage["high"]
    there = {name: f"target_{name}" for name in OFFER}
    schema = pl.Schema({"group": pl.String(), "number": pl.Int64(), **dict.fromkeys(there.values(), pl.String())})
    rows = [(source["group"], number, *(target._asdict()[name] for name in OFFER)) for source, number, target in pairs]
    targets = pl.DataFrame(rows, schema=schema, orient="row")
    parts = [moved(grouped.with_columns(group=pl.format("{}|same", "group")), asked.day, EQUAL)]
    for case, buckets in usage.items():
        at_targets = buckets.join(targets, on="group").with_columns(
            *(pl.coalesce(target, name).alias(name) for name, target in there.items()),
            group=pl.format("{}|{}|{}", "group", "number", pl.lit(case)),
        )
        parts.append(moved(at_targets.select(parts[0].columns), asked.day, factors[case]))
    return pl.concat(parts)


@dataclass(frozen=True)
class _Figures:
    """What was found, by group of `_cases`."""

    usd: Mapping[str, Decimal | None]
    texts: Mapping[str, Mapping[str, Any]]

    def of(self, pair: str, *, is_same: bool, has_reads: bool) -> dict[str, Any]:
        """The figures of one source at one target."""
        return {
            "low_usd": self.usd.get(f"{pair}|low"),
            "high_usd": self.usd.get(f"{pair}|high", self.usd.get(f"{pair}|low")),
            "cold_cache_usd": Decimal(0) if is_same else self._cold_cache(pair, has_reads=has_reads),
            **self.texts.get(f"{pair}|low", _NO_TEXTS),
        }

    def _cold_cache(self, pair: str, *, has_reads: bool) -> Decimal | None:
        """None where reports tell of cache reads, and no request tells of which prefix; and without a price."""
        if f"{pair}|first" not in self.usd:
            return None if has_reads else Decimal(0)
        first, read = self.usd[f"{pair}|first"], self.usd[f"{pair}|read"]
        return None if first is None or read is None else max(first - read, Decimal(0))


_NO_TEXTS: Mapping[str, Any] = {"mapped": (), "reasons": (), "price_ids": (), "is_lower_bound": False}


def cheapest(rows: Sequence[WhatIf]) -> dict[tuple[Any, ...], WhatIf]:
    """By source, the target with the lowest high end, of those that are cheaper than staying."""
    found: dict[tuple[Any, ...], WhatIf] = {}
    for row in rows:
        key = tuple(row.source.values())
        if row.is_cheaper and (key not in found or _high(row) < _high(found[key])):
            found[key] = row
    return found


def _high(row: WhatIf) -> Decimal:
    return row.high_usd if row.high_usd is not None else Decimal("Infinity")


def _order(row: WhatIf) -> tuple[Any, ...]:
    dearest = row.same_usd if row.same_usd is not None else row.spent_usd or Decimal(0)
    return (-dearest, *(value or "" for value in row.source.values()), _high(row), *row.target.values())


def _lacks_writes(tokens: Mapping[str, int]) -> bool:
    return "cache_read" in tokens and not any(meter.startswith("cache_write") for meter in tokens)


def _texts_by_group(found: Repriced) -> dict[str, dict[str, Any]]:
    """By group of the low end: meters that are mapped or have no price, versions, whether it is a lower bound."""
    unpriced = pl.col("price_id").is_null()
    low = found.costs.filter(pl.col("group").str.ends_with("|low"))
    texts = low.group_by("group").agg(
        reasons=pl.struct("meter", "unpriced_reason").filter(unpriced).unique().sort(),
        price_ids=pl.col("price_id").drop_nulls().unique().sort(),
        is_lower_bound=pl.col("is_lower_bound").any(),
    )
    mapped: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for group, meter, other in found.mapped.select("group", "meter", "counted_as").iter_rows():
        mapped[group].append((meter, other))
    return {
        row["group"]: {
            "mapped": tuple(mapped.get(row["group"], ())),
            "reasons": tuple(tuple(one.values()) for one in row["reasons"]),
            "price_ids": tuple(row["price_ids"]),
            "is_lower_bound": row["is_lower_bound"],
        }
        for row in texts.iter_rows(named=True)
    }


def _tokens(grouped: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """By group, the number of rows and the tokens by meter."""
    summed = grouped.group_by("group").agg(pl.col("usage_rows", *QUANTITY_COLUMNS.values()).sum())
    return {
        row["group"]: {
            "usage_rows": row["usage_rows"],
            "tokens": {meter: row[name] for meter, name in QUANTITY_COLUMNS.items() if row[name]},
        }
        for row in summed.iter_rows(named=True)
    }
