"""The answer of `costs savings` from a scenario: each lever in dollars at the prices of a day, with rule and source."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.decisions.answer_hidden_cost import prices_of, texts_of, turns_told, usd, with_billed_writes
from pipelines.decisions.hidden_cost import MTOK
from pipelines.decisions.offer_prices import OfferPrices, offer_prices, prices_by_turn
from pipelines.decisions.saving import FORMULA_VERSION, Levers, Saving, TierPrices, savings
from pipelines.decisions.scenario import Scenario
from pipelines.decisions.stacking import RULES
from pipelines.decisions.trace import Trace, read_trace
from pipelines.decisions.turn_prices import Prices, by_size, stretches_of
from pipelines.warehouse.published import PublishedWarehouse

FORMULAS = {
    "prompt_caching_saved": "month without cache - month as it is",
    "response_cache": "repeat share * month",
    "smaller_model": "smaller share * (month - month at the smaller model's prices)",
    "prompt_caching_left": "month - month with all cached that comes again",
    "batch": "batch share * (month - month at batch prices)",
    "flex": "batch share * (month - month at flex prices)",
    "contract_discount": "month - max(month * (1 - discount share), commitment)",
}


def answer_savings(
    warehouse: PublishedWarehouse, scenario: Scenario, day: date, model: str | None = None
) -> dict[str, Any]:
    """All levers of a scenario. Raises ValueError where its model has no price."""
    standard = prices_of(warehouse, scenario, day, model)
    scenario = with_billed_writes(scenario, standard.usd_per_mtok)
    missing: dict[str, str] = {}
    prices = _tiers(warehouse, scenario, standard, day, model or scenario.model, missing)
    smaller = None
    if scenario.smaller_model:
        where = {"channel": scenario.channel, "region": scenario.region}
        found = prices_by_turn(warehouse, scenario, scenario.smaller_model, day, **where)
        if found.reason:
            missing["smaller_model"] = found.reason
        elif scenario.smaller_share:
            smaller = _tiers(warehouse, scenario, found, day, scenario.smaller_model, {})
    fallback, notes = _fallback(warehouse, scenario, day)
    now, found_savings = savings(scenario, Levers(prices, smaller, missing, fallback))
    in_all = sum((one.together for one in found_savings), Fraction(0))
    return {
        "basis": "scenario",
        "scenario": scenario.name,
        "date": day.isoformat(),
        "model": model or scenario.model,
        "usd_per_month": usd(now),
        "saved_together_usd_per_month": usd(in_all),
        "left_usd_per_month": usd(now - in_all),
        "savings": [_row(one, now) for one in found_savings],
        "usd_per_mtok": texts_of(standard.usd_per_mtok),
        "prices_by_turn": turns_told(standard.usd_per_mtok),
        "prices_stated": not standard.evidence,
        "prices": [
            {name: line.get(name) for name in ("meter", "usd_per_unit", "price_id", "valid_from", "source", "page")}
            for line in standard.evidence
        ],
        "rules": [asdict(rule) | {"source_on": rule.source_on.isoformat()} for rule in RULES],
        "notes": [*standard.notes, *notes],
        "formula_version": FORMULA_VERSION,
        "settings": [
            asdict(one) | {"source_on": one.source_on and one.source_on.isoformat()} for one in scenario.settings
        ],
    }


def _fallback(warehouse: PublishedWarehouse, scenario: Scenario, day: date) -> tuple[Prices | None, list[str]]:
    """Prices of the fallback model, and what has to be said where there are none."""
    if not scenario.fallback_share or not scenario.fallback_model:
        return None, []
    found = prices_by_turn(warehouse, scenario, scenario.fallback_model, day)
    return found.usd_per_mtok, [f"fallbacks are in no figure: {found.reason}"] if found.reason else []


def _tiers(
    warehouse: PublishedWarehouse,
    scenario: Scenario,
    standard: OfferPrices,
    day: date,
    model: str | None,
    missing: dict[str, str],
) -> TierPrices:
    """Batch and flex of a model, beside its standard prices; those of stated prices are stated, too."""
    if not standard.evidence:
        left = 1 - scenario.batch_discount_share
        return TierPrices(None, standard.usd_per_mtok, _times(standard.usd_per_mtok, left))
    provider = str(standard.evidence[0]["listed_as"]["provider"])
    tiers: dict[str, Prices | None] = {}
    for tier in ("batch", "flex"):
        found = prices_by_turn(
            warehouse,
            scenario,
            model or "",
            day,
            provider=provider,
            channel=scenario.channel,
            region=scenario.region,
            service_tier=tier,
        )
        # A tier that is not listed falls back to nothing: a page of standard prices is no price of batch.
        is_listed = not found.reason and all(line["listed_as"] is not None for line in found.evidence)
        tiers[tier] = found.usd_per_mtok if is_listed else None
        if tiers[tier] is None:
            missing[tier] = f"no price list has {tier} prices of {model} on {day}"
    return TierPrices(provider, standard.usd_per_mtok, tiers["batch"], tiers["flex"])


def _times(prices: Prices, factor: Decimal) -> Prices:
    return {meter: price * factor for meter, price in prices.items()}


def _row(one: Saving, now: Fraction) -> dict[str, Any]:
    return {
        "lever": one.lever,
        "usd_per_month": usd(one.alone),
        "share": usd(one.alone / now, 4) if one.alone is not None and now else None,
        # What is not known alone is not known together, and is none of what is saved in all.
        "together_usd_per_month": None if one.alone is None else usd(one.together),
        "basis": "unknown" if one.alone is None else "scenario",
        "formula": FORMULAS[one.lever],
        "reason": one.reason,
    }


def answer_trace(warehouse: PublishedWarehouse, path: Path, day: date, model: str | None) -> dict[str, Any]:
    """What a prefix cache would have saved on a recorded load, to the token; in dollars where a model is named.

    Raises ValueError where the trace records no tokens, the model has no price, or the file has a mistake.
    """
    trace = read_trace(path)
    if trace.input_tokens is None or trace.output_tokens is None:
        raise ValueError(f"{trace.name} records rates, not tokens: peak over mean {float(trace.peak_over_mean):.3f}")
    read = trace.cache_read_tokens
    answer: dict[str, Any] = {
        "basis": "trace",
        "trace": trace.name,
        "date": day.isoformat(),
        "model": model,
        "calls": int(trace.calls),
        "seconds": trace.seconds,
        "input_tokens": trace.input_tokens,
        "output_tokens": trace.output_tokens,
        "cache_read_tokens": read,
        "cached_share": usd(Fraction(read, trace.input_tokens), 4) if read is not None else None,
        "peak_over_mean": usd(trace.peak_over_mean, 3),
        "peak_of": trace.peak_of,
        "notes": [] if read is not None else ["the trace records no blocks, so cache hits are not in your data"],
    }
    if model is None:
        return answer
    stretches = _trace_prices(warehouse, trace, model, day)
    list_usd = saved = Fraction(0)
    for calls, usd_per_mtok in stretches:
        input_usd, output_usd = (Fraction(usd_per_mtok[meter]) / MTOK for meter in ("input_uncached", "output"))
        read_usd = Fraction(usd_per_mtok.get("cache_read", usd_per_mtok["input_uncached"])) / MTOK
        list_usd += sum(call[0] for call in calls) * input_usd + sum(call[1] for call in calls) * output_usd
        saved += sum(call[2] for call in calls) * (input_usd - read_usd)
    if len(stretches) > 1:
        answer["notes"].append(
            "prompts of several context ranges, each at its own prices; shown: those of the shortest"
        )
    return answer | {
        "usd": usd(list_usd),
        "usd_with_cache": None if read is None else usd(list_usd - saved),
        "saved_usd": None if read is None else usd(saved),
        "usd_per_mtok": {meter: f"{price:f}" for meter, price in stretches[0][1].items()},
    }


def _trace_prices(
    warehouse: PublishedWarehouse, trace: Trace, model: str, day: date
) -> list[tuple[Sequence[tuple[int, int, int]], Prices]]:
    """The calls of a trace by the size of their prompts, each stretch with its prices. Raises ValueError without."""
    calls = sorted(trace.sizes)

    @cache
    def of_size(tokens: int) -> Prices:
        found = offer_prices(warehouse, model, day, prompt_tokens=tokens)
        if found.reason:
            raise ValueError(f"no price: {found.reason}")
        return found.usd_per_mtok

    prices = by_size([call[0] for call in calls], of_size)
    return [(calls[one.first : one.until], one.prices) for one in stretches_of(prices, len(calls))]
