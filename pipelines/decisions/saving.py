"""What a scenario's month would cost less by each lever: alone, and together as far as they stack.

A lever takes a share of the calls or changes their price, and the cost of a call is linear in both, so what all of them
save together is exact. Rules of stacking: `stacking`. Formulas: docs/scenarios.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction

from pipelines.decisions.hidden_cost import hidden_cost
from pipelines.decisions.scenario import Scenario
from pipelines.decisions.stacking import prices_with_rule
from pipelines.decisions.turn_prices import Prices

FORMULA_VERSION = "saving-1"
LEAST_CACHEABLE = 1024
"""Tokens that a prompt must have before a provider caches it: OpenAI, and most models of Anthropic."""
LEVERS = (
    "prompt_caching_saved",
    "response_cache",
    "smaller_model",
    "prompt_caching_left",
    "batch",
    "flex",
    "contract_discount",
)


@dataclass(frozen=True)
class TierPrices:
    """One model's prices by tier; None where no price list has the tier. `provider`: whose rules of stacking hold."""

    provider: str | None
    standard: Prices
    batch: Prices | None = None
    flex: Prices | None = None

    def cheapest_slow(self) -> tuple[str, Prices] | None:
        """Batch or flex, whichever costs less; a request has one tier."""
        tiers = {name: prices for name, prices in (("batch", self.batch), ("flex", self.flex)) if prices}
        if not tiers:
            return None
        return min(tiers.items(), key=lambda one: (sum(one[1].values()), one[0]))


@dataclass(frozen=True)
class Saving:
    """USD a month. `alone`: without any other lever; `together`: what it adds to those before it. None: not known."""

    lever: str
    alone: Fraction | None
    together: Fraction
    reason: str | None = None


@dataclass(frozen=True)
class Levers:
    """What is known beside the scenario: prices of the model and of the smaller one."""

    prices: TierPrices
    smaller: TierPrices | None = None
    missing: Mapping[str, str] = field(default_factory=dict)
    """Why a lever has no price."""
    fallback: Prices | None = None
    """Of the model that answers calls once more; None where it has no price, and then they are in no figure."""


def savings(scenario: Scenario, levers: Levers) -> tuple[Fraction, list[Saving]]:
    """The month's cost now, and what each of LEVERS saves of it. Money is exact."""
    first = _cost(scenario, levers.prices.standard)
    now = first + _fallbacks(scenario, levers)
    cached, why_not = _fully_cached(scenario, levers.prices.standard)
    alone: dict[str, tuple[Fraction | None, str | None]] = {
        "prompt_caching_saved": (_cost(_uncached(scenario), levers.prices.standard) - first, None),
        "prompt_caching_left": (max(Fraction(0), first - _cost(cached, levers.prices.standard)), why_not),
        "response_cache": _share_of(scenario.repeat_share, now, "repeat_share"),
        "smaller_model": _smaller(scenario, levers, first),
        "contract_discount": _discount(scenario, now),
    }
    for tier in ("batch", "flex"):
        alone[tier] = _slow(scenario, levers, tier, first)
    together = _together(scenario, cached, levers, now)
    return now, [Saving(lever, alone[lever][0], together.get(lever, Fraction(0)), alone[lever][1]) for lever in LEVERS]


def _cost(scenario: Scenario, prices: Prices) -> Fraction:
    """All calls of the month but fallbacks, whose price no lever changes."""
    return hidden_cost(replace(scenario, fallback_share=Decimal(0)), prices).total


def _fallbacks(scenario: Scenario, levers: Levers) -> Fraction:
    """Calls that another model answers once more; a call that is not made needs none."""
    return hidden_cost(scenario, levers.prices.standard, levers.fallback).parts["fallbacks"] or Fraction(0)


def _uncached(scenario: Scenario) -> Scenario:
    return replace(scenario, cache_prefix="none", cacheable_tokens=None, cached_share=None, cache_hit_share=Decimal(1))


def _fully_cached(scenario: Scenario, prices: Prices) -> tuple[Scenario, str | None]:
    """The scenario with all cached that comes again, if that is cheaper; and why nothing more can be saved."""
    if prices.get("cache_read", prices["input_uncached"]) >= prices["input_uncached"]:
        return scenario, "there is no lower price for cache reads"
    if scenario.cached_share is not None:
        return scenario, "cached_share does not say which part of the prompts comes again"
    first = scenario.system_tokens + scenario.retrieved_tokens + scenario.user_tokens
    last = first + (scenario.turns - 1) * (scenario.user_tokens + scenario.output_tokens)
    if max(first, last) < LEAST_CACHEABLE:
        return scenario, f"no prompt has {LEAST_CACHEABLE:,} tokens, the least that is cached"
    ways = [
        replace(_uncached(scenario), cache_prefix=prefix)
        for prefix in ("system", "conversation")
        if prefix == "conversation" or scenario.system_tokens >= LEAST_CACHEABLE
    ]
    best = min([scenario, replace(scenario, cache_hit_share=Decimal(1)), *ways], key=lambda one: _cost(one, prices))
    return best, None if _cost(best, prices) < _cost(
        scenario, prices
    ) else "all that comes again is cached, or a write costs more than it saves"


def _share_of(share: Decimal, now: Fraction, key: str) -> tuple[Fraction | None, str | None]:
    return (Fraction(share) * now, None) if share else (None, f"not in your data: {key} is not stated")


def _smaller(scenario: Scenario, levers: Levers, now: Fraction) -> tuple[Fraction | None, str | None]:
    if not scenario.smaller_share:
        return None, "not in your data: smaller_model and smaller_share are not stated"
    if levers.smaller is None:
        return None, levers.missing.get("smaller_model", "the smaller model has no price")
    return Fraction(scenario.smaller_share) * (now - _cost(scenario, levers.smaller.standard)), None


def _slow(scenario: Scenario, levers: Levers, tier: str, now: Fraction) -> tuple[Fraction | None, str | None]:
    """Batch or flex for the calls that can wait."""
    prices = levers.prices.batch if tier == "batch" else levers.prices.flex
    if scenario.service_tier != "standard":
        return Fraction(0), f"the calls are in tier {scenario.service_tier} already"
    if not scenario.batch_share:
        return None, "not in your data: batch_share, the calls that can wait, is not stated"
    if prices is None:
        return None, levers.missing.get(tier, f"no price list has {tier} prices of the model")
    slow = prices_with_rule(levers.prices.standard, prices, levers.prices.provider)
    return Fraction(scenario.batch_share) * (now - _cost(scenario, slow)), None


def _discount(scenario: Scenario, bill: Fraction) -> tuple[Fraction | None, str | None]:
    """A contract's discount on a bill; what is committed and not used is paid all the same, so it may be negative."""
    if not scenario.discount_share and not scenario.committed_usd_per_month:
        return None, "not in your data: no discount_share is stated"
    begins = Fraction(scenario.discount_from_usd_per_month)
    discounted = bill if scenario.discount_on == "all" else bill - begins
    due = bill - (Fraction(scenario.discount_share) * discounted if bill >= begins else 0)
    paid = max(due, Fraction(scenario.committed_usd_per_month))
    reason = None if bill >= begins else f"the bill is below {scenario.discount_from_usd_per_month} USD a month"
    if paid > due:
        reason = "part of the commitment is not used, and paid"
    return bill - paid, reason


def _together(scenario: Scenario, cached: Scenario, levers: Levers, now: Fraction) -> dict[str, Fraction]:
    """What each lever adds when all are used, in the order of LEVERS. The sum is what is saved in all."""
    stays = 1 - Fraction(scenario.repeat_share)
    found = {"response_cache": now * Fraction(scenario.repeat_share)}
    bill = now * stays
    small = Fraction(scenario.smaller_share) if levers.smaller else Fraction(0)
    models = [(1 - small, levers.prices)] + ([(small, levers.smaller)] if levers.smaller else [])

    def of_all(one: Scenario) -> Fraction:
        first = sum((share * _cost(one, model.standard) for share, model in models), Fraction(0))
        return stays * (first + _fallbacks(scenario, levers))

    found["smaller_model"], bill = bill - of_all(scenario), of_all(scenario)
    if _cost(cached, levers.prices.standard) < _cost(scenario, levers.prices.standard):
        found["prompt_caching_left"], bill = bill - of_all(cached), of_all(cached)
    slow = levers.prices.cheapest_slow() if scenario.service_tier == "standard" else None
    if slow is not None and scenario.batch_share:
        kept = cached if "prompt_caching_left" in found else scenario
        found[slow[0]] = (
            Fraction(scenario.batch_share)
            * stays
            * sum((share * _slower(kept, model, slow[0]) for share, model in models), Fraction(0))
        )
        bill -= found[slow[0]]
    found["contract_discount"] = _discount(scenario, bill)[0] or Fraction(0)
    return found


def _slower(scenario: Scenario, model: TierPrices, tier: str) -> Fraction:
    """What one tier saves on all calls to a model; nothing where it has no such price."""
    prices = model.batch if tier == "batch" else model.flex
    if prices is None:
        return Fraction(0)
    slow = prices_with_rule(model.standard, prices, model.provider)
    return max(Fraction(0), _cost(scenario, model.standard) - _cost(scenario, slow))
