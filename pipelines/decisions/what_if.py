"""What usage would cost elsewhere: each offer in use, at each target, from low to high, and what the switch costs once.

Frames and dataclasses only: `answer_what_if` reads, `costs.reprice` prices.

- `spent_usd`: at the prices in force when it was used. `same_usd`: the same offer at the prices of the day asked for.
- `low_usd`, `high_usd`: at the target, with the low and the high factors. Both are the same where the factors are 1,
  which says that the target's tokenizer and answers are taken to be as long: a lower bound where they are longer.
- `cold_cache_usd`: paid once. No cache outlives a switch, so each prefix that is in use is sent once at the price of
  a cache write, or of input where the target sells no write, in place of that of a cache read.

Each of them stands beside the same at what is paid (`effective`): by the contract, plans apart. Which target is the
cheapest is judged by what is paid.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from pipelines.costs.agreed_prices import Agreed
from pipelines.costs.reprice import EQUAL, Factors, Target, frozen, moved, price_as_used, reprice, totals
from pipelines.decisions.what_if_evidence import NO_TEXTS, texts_by_group, tokens_by_group
from pipelines.models.one_model import OneModel
from pipelines.schema.meters import QUANTITY_COLUMNS
from pipelines.schema.offers import MODEL_KEY, OFFER

FORMULA_VERSION = "what-if-2"
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
    agreed: Agreed | None = None
    """The contract; None: list prices are what is paid."""


@dataclass(frozen=True)
class Amounts:
    """What usage costs in one way of paying for it. Money is USD of all usage given, exact; None: no price."""

    spent_usd: Decimal | None
    same_usd: Decimal | None
    low_usd: Decimal | None
    high_usd: Decimal | None
    cold_cache_usd: Decimal | None

    @property
    def is_cheaper(self) -> bool:
        """Whether even the high end is below what the same offer costs that day."""
        return self.high_usd is not None and self.same_usd is not None and self.high_usd < self.same_usd


@dataclass(frozen=True)
class WhatIf:
    """One offer in use at one target, at list prices and at what is paid. Where an amount is None, see `reasons`."""

    source: Mapping[str, str | None]
    target: Mapping[str, str]
    usage_rows: int
    tokens: Mapping[str, int]
    listed: Amounts
    effective: Amounts
    mapped: tuple[tuple[str, str], ...]
    """Meters that the target does not sell, and under which they count."""
    reasons: tuple[tuple[str, str], ...]
    """Meters without a price at the target, and why."""
    price_ids: tuple[str, ...]
    """Versions of the prices of the target."""
    is_lower_bound: bool
    lacks_writes: bool
    """Tokens are read from a cache and none is counted as written, and the target bills writes: it costs more."""


def what_if(buckets: pl.DataFrame, prefixes: pl.DataFrame, asked: Asked) -> list[WhatIf]:
    """Each offer in use at each target of its class, dearest usage first, then the cheapest target.

    `buckets`: `usage_buckets.BUCKET_SCHEMA`, task_class and, where something is agreed, account_id.
    `prefixes`: `usage_buckets.cached_prefixes`; those of an offer are shown with each of its classes.
    """
    sources = buckets.select(SOURCE).unique().sort(SOURCE).with_row_index("group").cast({"group": pl.String})
    grouped = buckets.join(sources, on=list(SOURCE), nulls_equal=True).drop("task_class")
    held = prefixes.join(sources.drop("task_class"), on=list(OFFER))
    if "account_id" in grouped.columns:
        held = held.join(_one_account(grouped), on="group", how="left")
    pairs = [
        (source, number, target)
        for source in sources.iter_rows(named=True)
        for number, target in enumerate(asked.targets.get(source["task_class"]) or asked.targets.get(None, ()))
    ]
    prices = frozen(asked.segments, asked.day)
    cases = _cases(grouped, held, pairs, asked)
    agreed = asked.agreed
    found = reprice(cases, prices, agreed and agreed.on(asked.day))
    spent = price_as_used(grouped, asked.segments, agreed)
    writers = set(prices.filter(meter="cache_write_5m").select(OFFER).iter_rows())
    texts = texts_by_group(found)
    paid_at = {"listed": "cost_usd", "effective": "effective_cost_usd"}
    ways = {way: _Ways(totals(spent, column), totals(found.costs, column)) for way, column in paid_at.items()}
    tokens = tokens_by_group(grouped)
    rows = []
    for source, number, target in pairs:
        group = source["group"]
        named = {name: source[name] for name in SOURCE}
        there = {name: value or source[name] for name, value in target._asdict().items()}
        has_one_tier = there["service_tier"] == source["service_tier"]
        here, target_model = (tuple(offer[name] for name in MODEL_KEY) for offer in (source, there))
        is_same = has_one_tier and asked.is_one_model(here, target_model)
        counted = tokens[group]["tokens"]
        at: dict[str, Any] = dict(texts.get(f"{group}|{number}|low", NO_TEXTS))
        at["lacks_writes"] = not is_same and _lacks_writes(counted) and tuple(there.values()) in writers
        for way, amounts in ways.items():
            at[way] = amounts.of(group, number, is_same=is_same, has_reads="cache_read" in counted)
        rows.append(WhatIf(source=named, target=there, **tokens[group], **at))
    return sorted(rows, key=_order)


def _one_account(grouped: pl.DataFrame) -> pl.DataFrame:
    """By group the account of its usage; of several none, so that only terms of all of them count."""
    is_one = pl.col("account_id").n_unique() == 1
    return grouped.group_by("group").agg(account_id=pl.when(is_one).then(pl.col("account_id").first()))


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
class _Ways:
    """Sums in one way of paying: `spent` by source, `usd` by group of `_cases`."""

    spent: Mapping[str, Decimal | None]
    usd: Mapping[str, Decimal | None]

    def of(self, group: str, number: int, *, is_same: bool, has_reads: bool) -> Amounts:
        """The amounts of one source at one target."""
        pair = f"{group}|{number}"
        low = self.usd.get(f"{pair}|low")
        return Amounts(
            spent_usd=self.spent.get(group),
            same_usd=self.usd.get(f"{group}|same"),
            low_usd=low,
            high_usd=self.usd.get(f"{pair}|high", low),
            cold_cache_usd=Decimal(0) if is_same else self._cold_cache(pair, has_reads=has_reads),
        )

    def _cold_cache(self, pair: str, *, has_reads: bool) -> Decimal | None:
        """None where reports tell of cache reads, and no request tells of which prefix; and without a price."""
        if f"{pair}|first" not in self.usd:
            return None if has_reads else Decimal(0)
        first, read = self.usd[f"{pair}|first"], self.usd[f"{pair}|read"]
        return None if first is None or read is None else max(first - read, Decimal(0))


def cheapest(rows: Sequence[WhatIf]) -> dict[tuple[Any, ...], WhatIf]:
    """By source, the target with the lowest high end, of those that are cheaper than staying."""
    found: dict[tuple[Any, ...], WhatIf] = {}
    for row in rows:
        key = tuple(row.source.values())
        if row.effective.is_cheaper and (key not in found or _high(row) < _high(found[key])):
            found[key] = row
    return found


def _high(row: WhatIf) -> Decimal:
    return row.effective.high_usd if row.effective.high_usd is not None else Decimal("Infinity")


def _order(row: WhatIf) -> tuple[Any, ...]:
    paid = row.effective
    dearest = paid.same_usd if paid.same_usd is not None else paid.spent_usd or Decimal(0)
    return (-dearest, *(value or "" for value in row.source.values()), _high(row), *row.target.values())


def _lacks_writes(tokens: Mapping[str, int]) -> bool:
    return "cache_read" in tokens and not any(meter.startswith("cache_write") for meter in tokens)
