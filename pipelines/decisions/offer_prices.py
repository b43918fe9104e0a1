"""What one offer costs by meter on a day, as decisions need it: from the quote, with the version behind each price."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache
from typing import Any

from pipelines.costs.quote import Question, quote
from pipelines.decisions.conversation import input_by_turn
from pipelines.decisions.scenario import TEXT_METERS, Scenario
from pipelines.decisions.turn_prices import Prices, TurnPrices, by_size, stretches_of
from pipelines.warehouse.published import PublishedWarehouse


@dataclass(frozen=True)
class OfferPrices:
    """USD per million tokens by meter; a meter without a price is left out. `evidence`: lines of the quote."""

    model: str | None
    usd_per_mtok: Prices
    evidence: tuple[Mapping[str, Any], ...] = ()
    reason: str | None = None
    """Why there is no price at all; with what may be meant instead."""
    notes: tuple[str, ...] = ()
    """What an answer has to say about these prices."""


def offer_prices(  # noqa: PLR0913 - what an offer is
    warehouse: PublishedWarehouse,
    model: str,
    day: date,
    *,
    prompt_tokens: int = 1000,
    provider: str | None = None,
    channel: str | None = None,
    region: str = "global",
    service_tier: str = "standard",
) -> OfferPrices:
    """The prices in force at the end of a day for requests of that prompt size, by what is known now."""
    question = Question(
        model=model,
        quantities=dict.fromkeys(TEXT_METERS, 1) | {"input_uncached": max(1, prompt_tokens - 3)},
        at=datetime.combine(day, time(23, 59, 59)),
        provider=provider,
        channel=channel,
        region=region,
        service_tier=service_tier,
    )
    answer = quote(warehouse, question)
    lines = tuple(line for line in answer["lines"] if line["usd_per_unit"] is not None and line["unit"] == "mtok")
    prices = {line["meter"]: Decimal(line["usd_per_unit"]) for line in lines}
    if {"input_uncached", "output"} <= set(prices):
        return OfferPrices(model, prices, lines)
    nearest = answer.get("nearest")
    hint = f"; listed ids like it: {nearest}" if nearest else ""
    why = answer["reason"] or "no_price_for_meter"
    return OfferPrices(model, prices, lines, f"{model}, {service_tier}, on {day}: {why}{hint}")


def prices_by_turn(
    warehouse: PublishedWarehouse, scenario: Scenario, model: str, day: date, **offer: Any
) -> OfferPrices:
    """The prices of a scenario's prompts at a model: `TurnPrices` where some turns reach another context range.

    `offer`: as `offer_prices` takes it. Without a price for some turn there is none, and the reason is that turn's.
    """
    sizes = input_by_turn(scenario)

    @cache
    def of_size(tokens: int) -> OfferPrices:
        return offer_prices(warehouse, model, day, prompt_tokens=tokens, **offer)

    for size in (sizes[0], sizes[-1]):
        if of_size(size).reason:
            return of_size(size)
    prices = by_size(sizes, lambda size: of_size(size).usd_per_mtok)
    if not isinstance(prices, TurnPrices):
        return of_size(sizes[0])
    lines = {line["price_id"]: line for one in prices.stretches for line in of_size(sizes[one.first]).evidence}
    notes = [
        f"turns {one.first + 1:,} to {one.until:,}, prompts of {sizes[one.first]:,} to {sizes[one.until - 1]:,} "
        f"tokens, have their own prices: " + ", ".join(f"{name} {usd:f}" for name, usd in one.prices.items())
        for one in stretches_of(prices, scenario.turns)
    ]
    return OfferPrices(model, prices, tuple(lines.values()), notes=tuple(notes))
