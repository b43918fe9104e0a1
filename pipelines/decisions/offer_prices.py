"""What one offer costs by meter on a day, as decisions need it: from the quote, with the version behind each price."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from pipelines.costs.quote import Question, quote
from pipelines.decisions.scenario import TEXT_METERS
from pipelines.warehouse.published import PublishedWarehouse


@dataclass(frozen=True)
class OfferPrices:
    """USD per million tokens by meter; a meter without a price is left out. `evidence`: lines of the quote."""

    model: str | None
    usd_per_mtok: Mapping[str, Decimal]
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
