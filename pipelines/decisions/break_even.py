"""From which monthly volume own rented GPUs cost no more than an API, as a step function of replicas.

Volumes are whole tokens and all comparisons are exact (Fraction), so a threshold is the smallest volume that pays and
not one token less. This module knows nothing about where prices come from; rows of main.break_even are built here.
"""

import json
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Any

import polars as pl

from pipelines.decisions.throughput import Assumptions, Mix, evidence, replicas_for, tokens_per_replica
from pipelines.schema.columns import polars_schema
from pipelines.schema.decisions import BreakEven

FORMULA_VERSION = "break-even-1"
MTOK = 1_000_000
TEXT_METERS = ("input_uncached", "cache_read", "cache_write_5m", "cache_write_1h", "output")
USAGE_DAYS = 30


@dataclass(frozen=True)
class Rate:
    """What one GPU costs. `gpus_per_rental`: GPUs in the smallest thing rented; whole rentals are billed."""

    rate_id: str
    provider: str
    tier: str
    gpu: str
    variant: str
    region: str
    usd_per_gpu_hour: Decimal
    gpus_per_rental: int = 1
    fx_rate_on: date | None = None
    usd_per_currency: Decimal | None = None
    """The reference rate that converted it; None where it is printed in USD."""


@dataclass(frozen=True)
class ApiPrice:
    """What one API model costs, by meter, in USD per million tokens, with the ids of the price versions."""

    provider: str
    model: str
    usd_per_mtok: dict[str, Decimal]
    price_ids: dict[str, str]


@dataclass(frozen=True)
class Interval:
    """Volumes in tokens a month, both ends inclusive, at which `replicas` replicas cost no more than the API."""

    replicas: int
    from_tokens: int
    until_tokens: int


@dataclass(frozen=True)
class BreakEvenResult:
    """`intervals` is empty where own GPUs never pay; `reason` then says why. Money in USD per month."""

    intervals: tuple[Interval, ...]
    verdict: str
    reason: str | None = None
    usd_per_mtok: Decimal | None = None
    needed_utilisation: float | None = None
    api_usd_per_month: Decimal | None = None
    gpu_usd_per_month: Decimal | None = None
    own_api_usd_per_month: Decimal | None = None
    own_gpu_usd_per_month: Decimal | None = None


def break_even(rate: Rate, api: ApiPrice, mix: Mix, own_tokens: int, assumptions: Assumptions) -> BreakEvenResult:
    """Compare one GPU rate with one API model. Formulas: break-even of a step function, checked against capacity.

    `own_tokens`: own volume in tokens a month. Own GPUs cost n replicas whatever their load, plus engineering; the
    API costs the price of the mix for each token.
    Raises ValueError for a mix without tokens.
    """
    total = sum(mix.values())
    if total <= 0:
        raise ValueError("the token mix is empty")
    missing = [meter for meter, tokens in mix.items() if tokens and meter not in api.usd_per_mtok]
    if missing:
        return BreakEvenResult((), "unknown", f"no API price for {', '.join(missing)}")
    if not mix.get("output"):
        return BreakEvenResult((), "unknown", "the mix has no output tokens, which the benchmark counts")
    price = (
        sum((Fraction(api.usd_per_mtok[meter]) * share for meter, share in mix.items() if share), Fraction()) / total
    )
    capacity = tokens_per_replica(mix, assumptions)
    steps = _intervals(rate, price, capacity, assumptions)
    own_api, own_gpu = price * own_tokens / MTOK, gpu_cost(replicas_for(own_tokens, capacity), rate, assumptions)
    result = BreakEvenResult(
        intervals=steps,
        verdict="no_usage" if own_tokens == 0 else "own_gpus" if own_gpu <= own_api else "api",
        usd_per_mtok=_money(price, 6),
        own_api_usd_per_month=_money(own_api),
        own_gpu_usd_per_month=_money(own_gpu),
    )
    if not steps:
        return replace(result, reason=_why_never(rate, price, capacity, assumptions))
    threshold, replicas = steps[0].from_tokens, steps[0].replicas
    full_load = replicas * capacity * Fraction(assumptions.peak_factor) / Fraction(assumptions.max_utilisation)
    return replace(
        result,
        needed_utilisation=float(threshold / full_load),
        api_usd_per_month=_money(price * threshold / MTOK),
        gpu_usd_per_month=_money(gpu_cost(replicas, rate, assumptions)),
    )


def gpu_cost(replicas: int, rate: Rate, assumptions: Assumptions) -> Fraction:
    """USD a month: whole rentals for all hours, used or not, plus engineering."""
    rentals = ceil(Fraction(replicas * assumptions.throughput.gpus_per_replica, rate.gpus_per_rental))
    gpu_hours = rentals * rate.gpus_per_rental * assumptions.hours_per_month
    return gpu_hours * Fraction(rate.usd_per_gpu_hour) + Fraction(assumptions.engineering_usd_per_month)


def _intervals(rate: Rate, price: Fraction, capacity: Fraction, assumptions: Assumptions) -> tuple[Interval, ...]:
    """Within the reach of n replicas the cost is flat and the API bill rises, so each step has at most one interval."""
    if price <= 0:
        return ()
    found = []
    for replicas in range(1, assumptions.max_replicas + 1):
        first = max(1, floor((replicas - 1) * capacity) + 1)
        start = max(first, ceil(gpu_cost(replicas, rate, assumptions) * MTOK / price))
        until = floor(replicas * capacity)
        if start <= until:
            found.append(Interval(replicas, start, until))
    return tuple(found)


def _why_never(rate: Rate, price: Fraction, capacity: Fraction, assumptions: Assumptions) -> str:
    """Never at any volume, or never within the replicas considered."""
    gpu_hours = assumptions.throughput.gpus_per_replica * assumptions.hours_per_month
    full = gpu_hours * Fraction(rate.usd_per_gpu_hour) * MTOK / capacity
    prices = f"a full replica costs {_money(full, 4)} USD per Mtok, the API {_money(price, 4)}"
    return prices if price <= full else f"not with up to {assumptions.max_replicas} replicas: {prices}"


def _money(amount: Fraction, digits: int = 12) -> Decimal:
    """Half up, the one place where a figure is rounded."""
    return Decimal(floor(amount * 10**digits + Fraction(1, 2))).scaleb(-digits)


def answer(result: BreakEvenResult) -> str:
    """The decision in words: at the own volume, then the threshold."""
    if not result.intervals:
        return f"{'unknown' if result.verdict == 'unknown' else 'never'}: {result.reason}"
    at_own = {"own_gpus": "yes at your volume", "api": "never at your volume", "no_usage": "no usage of your own"}
    threshold = _in_words(result.intervals[0].from_tokens)
    return f"{at_own[result.verdict]}; from {threshold} tokens a month on these assumptions"


def _in_words(tokens: int) -> str:
    for size, name in ((10**9, "billion"), (10**6, "million")):
        if tokens >= size:
            return f"{_money(Fraction(tokens, size), 1):,} {name}"
    return f"{tokens:,}"


def break_even_table(
    prices: pl.DataFrame, rates: pl.DataFrame, volumes: pl.DataFrame, as_of: date, assumptions: Assumptions
) -> pl.DataFrame:
    """Rows of main.break_even: every API model against the cheapest fitting rate of every GPU provider and tier.

    `prices` in force on `as_of`, standard tier and shortest prompts: provider, model, meter, usd_per_mtok, price_id.
    `rates` in force: columns of core.gpu_rate, with fx_rate_on and usd_per_currency. `volumes`: provider, model, meter,
    tokens of the last 30 days.
    Raises ValueError where two prices of one meter are in force.
    """
    mixes = _mixes(volumes)
    apis = _api_prices(prices)
    rows = [
        _row(rate, api, mixes.get((api.provider, api.model)), as_of, assumptions)
        for rate in cheapest_rates(rates, assumptions)
        for api in apis
    ]
    frame = pl.DataFrame(rows, schema=polars_schema(BreakEven))
    return frame.sort("api_provider", "api_model", "gpu_provider", "gpu_tier")


def cheapest_rates(rates: pl.DataFrame, assumptions: Assumptions) -> list[Rate]:
    """Per provider and tier, the offer with the cheapest replica: quoted on-demand whole GPUs as benchmarked.

    A rate that is printed in another currency and could not be converted has no price in USD and cannot compete.
    """
    reference = assumptions.throughput
    fitting = rates.rename({"gpu_count": "gpus_per_rental"}).filter(
        pl.col("usd_per_gpu_hour").is_not_null(),
        gpu=reference.gpu,
        variant=reference.variant,
        pricing="on_demand",
        price_kind="quoted",
        gpu_fraction=1,
    )
    names = tuple(Rate.__dataclass_fields__)
    offers = [Rate(**row) for row in fitting.select(names).iter_rows(named=True)]
    best: dict[tuple[str, str], Rate] = {}
    for offer in sorted(offers, key=lambda rate: (gpu_cost(1, rate, assumptions), rate.rate_id)):
        best.setdefault((offer.provider, offer.tier), offer)
    return list(best.values())


def _api_prices(prices: pl.DataFrame) -> list[ApiPrice]:
    text = prices.filter(pl.col("meter").is_in(TEXT_METERS)).sort("provider", "model", "meter")
    if text.select("provider", "model", "meter").is_duplicated().any():
        raise ValueError("two prices of one model and meter are in force")
    grouped = text.group_by("provider", "model", maintain_order=True).agg("meter", "usd_per_mtok", "price_id")
    return [
        ApiPrice(provider, model, dict(zip(meters, prices, strict=True)), dict(zip(meters, ids, strict=True)))
        for provider, model, meters, prices, ids in grouped.iter_rows()
    ]


def _mixes(volumes: pl.DataFrame) -> dict[tuple[str, str], dict[str, int]]:
    """Text tokens of the last 30 days by model and meter; models without any are absent."""
    text = volumes.filter(pl.col("meter").is_in(TEXT_METERS) & (pl.col("tokens") > 0))
    sums = text.group_by("provider", "model", "meter").agg(pl.col("tokens").sum()).sort("meter")
    mixes = sums.group_by("provider", "model", maintain_order=True).agg("meter", "tokens")
    return {(row[0], row[1]): dict(zip(row[2], row[3], strict=True)) for row in mixes.iter_rows()}


def _row(rate: Rate, api: ApiPrice, own: Mix | None, as_of: date, assumptions: Assumptions) -> dict[str, Any]:
    mix = dict(own or assumptions.default_mix)
    own_tokens = sum((own or {}).values()) * assumptions.hours_per_month // (USAGE_DAYS * 24)
    result = break_even(rate, api, mix, own_tokens, assumptions)
    first = result.intervals[0] if result.intervals else None
    return {
        "as_of": as_of,
        "api_provider": api.provider,
        "api_model": api.model,
        "gpu_provider": rate.provider,
        "gpu_tier": rate.tier,
        "answer": answer(result),
        "own_tokens_per_month": own_tokens,
        "break_even_tokens_per_month": first and first.from_tokens,
        "until_tokens_per_month": first and first.until_tokens,
        "replicas": first and first.replicas,
        "intervals": json.dumps([vars(step) for step in result.intervals]),
        "price_ids": ",".join(api.price_ids[meter] for meter in mix if meter in api.price_ids) or None,
        "mix": json.dumps(mix),
        "mix_basis": "own" if own else "default",
        "formula_version": FORMULA_VERSION,
        **evidence(mix, assumptions),
        **{name: value for name, value in vars(rate).items() if name not in ("provider", "tier")},
        **{name: value for name, value in vars(result).items() if name != "intervals"},
    }
