"""The answer of `costs hidden-cost`: a scenario's month at the prices of a day, or what main.hidden_cost holds of logs.

Everything is a dict of texts and numbers, for JSON and for the terminal alike. Money is exact decimal text.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from pipelines.decisions.conversation import cache_write_of, input_by_turn
from pipelines.decisions.hidden_cost import FORMULA_VERSION, conversation_cost, hidden_cost
from pipelines.decisions.offer_prices import OfferPrices, prices_by_turn
from pipelines.decisions.scenario import Scenario
from pipelines.decisions.turn_prices import Prices, TurnPrices
from pipelines.decisions.workload import whole_tokens
from pipelines.warehouse.published import PublishedWarehouse

MAX_TURNS_SHOWN = 100
_FORMULAS = {
    "base_input": "calls * user tokens * input price",
    "base_output": "calls * output tokens * output price",
    "system": "calls * system tokens * input price, or that of a cache read where cacheable",
    "retrieved": "calls * retrieved tokens * input price, or that of a cache read where cacheable",
    "history": "conversations * (user + output tokens of an exchange) * sum over turns k of min(k - 1, window)",
    "reasoning": "calls * reasoning tokens * output price",
    "cache_misses": "missed tokens * (price paid - cache read) + tokens entering the cache * (cache write - input)",
    "retries": "retry share * all parts above, or f / (1 - f); of output the share that a retry pays",
    "fallbacks": "fallback share * calls * one whole call at the uncached prices of the fallback model",
}


def prices_of(warehouse: PublishedWarehouse, scenario: Scenario, day: date, model: str | None) -> OfferPrices:
    """The prices that a scenario states, else those of its model on a day. Raises ValueError where there are none."""
    if scenario.stated_usd_per_mtok and model is None:
        return OfferPrices(scenario.model, scenario.stated_usd_per_mtok)
    named = model or scenario.model
    if named is None:
        raise ValueError(
            "the scenario names no model and no prices; write model, or input_usd_per_mtok and output_usd_per_mtok"
        )
    prices = prices_by_turn(
        warehouse,
        scenario,
        named,
        day,
        provider=None if model else scenario.provider,
        channel=scenario.channel,
        region=scenario.region,
        service_tier=scenario.service_tier,
    )
    if prices.reason:
        raise ValueError(f"no price: {prices.reason}")
    return prices


def with_billed_writes(scenario: Scenario, prices: Mapping[str, Decimal]) -> Scenario:
    """The scenario with cache writes of 5 minutes, where it does not say and the model's prices charge for them."""
    write = prices.get("cache_write_5m")
    if scenario.cache_write is None and write is not None and write > prices["input_uncached"]:
        return replace(scenario, cache_write="5m")
    return scenario


def answer_scenario(
    warehouse: PublishedWarehouse, scenario: Scenario, day: date, model: str | None = None
) -> dict[str, Any]:
    """All parts of a scenario's month. `model` is asked for in place of the scenario's, and of its stated prices."""
    prices = prices_of(warehouse, scenario, day, model)
    scenario = with_billed_writes(scenario, prices.usd_per_mtok)
    fallback = prices_by_turn(warehouse, scenario, scenario.fallback_model, day) if scenario.fallback_model else None
    found = hidden_cost(scenario, prices.usd_per_mtok, fallback.usd_per_mtok if fallback else None)
    amounts = {"base_input": found.base_input, "base_output": found.base_output, **found.parts}
    return {
        "basis": "scenario",
        "scenario": scenario.name,
        "title": scenario.title or None,
        "date": day.isoformat(),
        "model": model or scenario.model,
        "prices_stated": not prices.evidence,
        "days_per_month": scenario.days_per_month,
        "naive_usd_per_month": usd(found.naive),
        "total_usd_per_month": usd(found.total),
        "ratio": usd(found.ratio, 4) if found.ratio is not None else None,
        "parts": [
            {
                "part": name,
                "usd_per_month": usd(amount),
                "share": usd(amount / found.total, 4) if amount is not None and found.total else None,
                "formula": _FORMULAS[name],
                "reason": found.reasons.get(name),
            }
            for name, amount in amounts.items()
        ],
        "tokens_per_month": {name: whole_tokens(count) for name, count in found.tokens.items()},
        "conversation": _conversation(scenario, prices.usd_per_mtok),
        "usd_per_mtok": texts_of(prices.usd_per_mtok),
        "prices_by_turn": turns_told(prices.usd_per_mtok),
        "cache_write": cache_write_of(scenario),
        "prices": [_evidence(line) for line in prices.evidence],
        "not_in_your_data": [],
        "notes": [*prices.notes, *(reason for name, reason in found.reasons.items() if name not in amounts)],
        "formula_version": FORMULA_VERSION,
        "settings": [asdict(one) | {"source_on": _day(one.source_on)} for one in scenario.settings],
    }


def _conversation(scenario: Scenario, prices: Mapping[str, Decimal]) -> dict[str, Any]:
    """One conversation: tokens, dollars, and how both grow against a single turn."""
    one = conversation_cost(scenario, prices)
    return {
        "turns": scenario.turns,
        "input_tokens": one.input_tokens,
        "output_tokens": one.output_tokens,
        "input_tokens_by_turn": input_by_turn(scenario) if scenario.turns <= MAX_TURNS_SHOWN else None,
        "usd": usd(one.usd),
        "token_ratio_to_single_turn": usd(one.token_ratio, 4),
        "usd_ratio_to_single_turn": usd(one.usd_ratio, 4),
    }


def usd(amount: Fraction | None, places: int = 12) -> str | None:
    """An exact amount as text, half up beyond the places, without zeros at its end."""
    if amount is None:
        return None
    exact = Decimal(amount.numerator) / Decimal(amount.denominator)
    text = f"{exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def texts_of(prices: Mapping[str, Decimal]) -> dict[str, str]:
    """Prices by meter, all digits."""
    return {meter: f"{price:f}" for meter, price in prices.items()}


def turns_told(prices: Prices) -> list[dict[str, Any]]:
    """Prices by turn, counted from 1; none where all turns have the same."""
    return [
        {"first_turn": one.first + 1, "last_turn": one.until, "usd_per_mtok": texts_of(one.prices)}
        for one in (prices.stretches if isinstance(prices, TurnPrices) else ())
    ]


def _evidence(line: Mapping[str, Any]) -> dict[str, Any]:
    names = ("meter", "usd_per_unit", "unit", "price_id", "valid_from", "source", "page")
    return {name: line.get(name) for name in names}


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
