"""What a month costs beyond the naive figure, part by part: from a scenario, exact to the last digit.

The naive figure is calls times the user's words and the answer, at the prices of the page. Each part is its tokens at
what they cost with the cache hits that are stated; what misses and cache writes add stands in a part of its own. So the
parts add up to the total. Formulas with a worked example: docs/scenarios.md. What logs tell is `costs.hidden_costs`'.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from pipelines.decisions.conversation import Conversation, PromptPart, conversation_of
from pipelines.decisions.scenario import Scenario

FORMULA_VERSION = "hidden-cost-1"
MTOK = 1_000_000
HIDDEN_PARTS = ("system", "retrieved", "history", "reasoning", "cache_misses", "retries", "fallbacks")
Prices = Mapping[str, Decimal]
"""USD per million tokens by meter."""


@dataclass(frozen=True)
class HiddenCost:
    """USD a month, exact. The total is base_input, base_output and the parts of HIDDEN_PARTS; None: no price."""

    naive: Fraction
    base_input: Fraction
    base_output: Fraction
    parts: Mapping[str, Fraction | None]
    tokens: Mapping[str, Fraction]
    """Tokens a month behind the parts, without retries."""
    reasons: Mapping[str, str]
    """Why a part has no figure."""

    @property
    def total(self) -> Fraction:
        """Of all that has a price."""
        known = [amount for amount in self.parts.values() if amount is not None]
        return sum(known, self.base_input + self.base_output)

    @property
    def ratio(self) -> Fraction | None:
        """Total over naive."""
        return self.total / self.naive if self.naive else None


def hidden_cost(scenario: Scenario, prices: Prices, fallback_prices: Prices | None = None) -> HiddenCost:
    """The parts of a scenario's month at these prices; those of the fallback model where the scenario has one.

    A cache that has no price of its own is reckoned at the price of input, and said. Raises KeyError without prices of
    input and output.
    """
    one = conversation_of(scenario)
    calls = Fraction(scenario.calls_per_day) * scenario.days_per_month
    times = calls / one.calls
    each = {name: _prompt_part(part, one, prices) * times for name, part in one.parts.items()}
    output, reasoning = (Fraction(prices["output"]) / MTOK * count * times for count in (one.output, one.reasoning))
    misses = sum((_cache_misses(part, one, prices) for part in one.parts.values()), Fraction(0)) * times
    prompts, answers = sum(each.values(), misses), output + reasoning
    fallbacks, reasons = _fallbacks(scenario, one, times, fallback_prices)
    if one.cache_read and "cache_read" not in prices:
        reasons["cache"] = "no price list has a price for cache reads; they are reckoned at that of input"
    naive_tokens = {"input_uncached": one.parts["user"].tokens, "output": one.output}
    return HiddenCost(
        naive=sum((Fraction(prices[meter]) / MTOK * count for meter, count in naive_tokens.items()), Fraction(0))
        * times,
        base_input=each["user"],
        base_output=output,
        parts={
            "system": each["system"],
            "retrieved": each["retrieved"],
            "history": each["history"],
            "reasoning": reasoning,
            "cache_misses": misses,
            "retries": scenario.retries * (prompts + Fraction(scenario.retry_output_share) * answers),
            "fallbacks": fallbacks,
        },
        tokens={
            **{name: part.tokens * times for name, part in one.parts.items()},
            "output": one.output * times,
            "reasoning": one.reasoning * times,
            "cache_read": one.cache_read * times,
            "cache_write": one.written * times,
            "cache_misses": one.misses * times,
        },
        reasons=reasons,
    )


def _prompt_part(part: PromptPart, one: Conversation, prices: Prices) -> Fraction:
    """USD of a part of a conversation's prompts as if all that is cacheable had been read and no write were billed."""
    read = prices.get("cache_read", prices["input_uncached"])
    return (
        (part.tokens - part.cacheable) * Fraction(prices["input_uncached"]) + part.cacheable * Fraction(read)
    ) / MTOK


def _cache_misses(part: PromptPart, one: Conversation, prices: Prices) -> Fraction:
    """USD that cacheable tokens cost above a read because they missed, and that cache writes cost above input."""
    paid_input = Fraction(prices["input_uncached"])
    read = Fraction(prices.get("cache_read", prices["input_uncached"]))
    write = Fraction(prices.get(f"cache_write_{one.cache_write}", prices["input_uncached"]))
    missed = (1 - one.hit_share) * part.cacheable
    return (missed * (write - read) + part.entering * (write - paid_input)) / MTOK


def _fallbacks(
    scenario: Scenario, one: Conversation, times: Fraction, prices: Prices | None
) -> tuple[Fraction | None, dict[str, str]]:
    """Calls that another model answers once more: its whole prompt uncached, since no cache of it is warm."""
    if not scenario.fallback_share:
        return Fraction(0), {}
    if not prices or not {"input_uncached", "output"} <= set(prices):
        return None, {"fallbacks": f"no price of {scenario.fallback_model}"}
    tokens = one.prompt * Fraction(prices["input_uncached"]) + (one.output + one.reasoning) * Fraction(prices["output"])
    return Fraction(scenario.fallback_share) * tokens / MTOK * times, {}
