"""What a month costs beyond the naive figure, part by part: from a scenario, exact to the last digit.

The naive figure is calls times the user's words and the answer, at the prices of the page. Each part is its tokens at
what they cost with the cache hits that are stated; what misses and cache writes add stands in a part of its own. So the
parts add up to the total. Formulas with a worked example: docs/scenarios.md. What logs tell is `costs.hidden_costs`'.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from pipelines.decisions.conversation import Conversation, PromptPart, conversation_of, turns_of
from pipelines.decisions.scenario import Scenario
from pipelines.decisions.turn_prices import Prices, paired

FORMULA_VERSION = "hidden-cost-1"
MTOK = 1_000_000


@dataclass(frozen=True)
class HiddenCost:
    """USD a month, exact. The total is base_input, base_output and the parts; a part that is None has no price."""

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

    A cache that has no price of its own is reckoned at the price of input, and said. Prices that change between turns
    (`turn_prices`) are those of each turn. Raises KeyError without prices of input and output.
    """
    times = Fraction(scenario.calls_per_day) * scenario.days_per_month / scenario.turns
    parts = [
        _of_stretch(scenario, turns_of(scenario, at.first, at.until), times, at.prices, there)
        for at, there in paired(prices, fallback_prices or {}, scenario.turns)
    ]
    return parts[0] if len(parts) == 1 else _added_up(parts)


def _of_stretch(
    scenario: Scenario, one: Conversation, times: Fraction, prices: Prices, fallback_prices: Prices
) -> HiddenCost:
    """The parts of a month of conversations, `times` of them, of the turns that these prices hold for."""
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


def _added_up(stretches: Sequence[HiddenCost]) -> HiddenCost:
    """All turns together. A part that has no price in some of them has none."""
    first = stretches[0]

    def total(amounts: Iterable[Fraction]) -> Fraction:
        return sum(amounts, Fraction(0))

    parts = {name: [one.parts[name] for one in stretches] for name in first.parts}
    return HiddenCost(
        naive=total(one.naive for one in stretches),
        base_input=total(one.base_input for one in stretches),
        base_output=total(one.base_output for one in stretches),
        parts={
            name: None if None in some else total(one for one in some if one is not None)
            for name, some in parts.items()
        },
        tokens={name: total(one.tokens[name] for one in stretches) for name in first.tokens},
        reasons={name: reason for one in stretches for name, reason in one.reasons.items()},
    )


@dataclass(frozen=True)
class ConversationCost:
    """One conversation without retries, and how it grows with its turns where nothing but history is sent beside.

    `token_ratio`, `usd_ratio`: of the user's words, answers and history of all turns over those of a single turn.
    """

    input_tokens: int
    output_tokens: int
    usd: Fraction
    token_ratio: Fraction | None
    usd_ratio: Fraction | None


def conversation_cost(scenario: Scenario, prices: Prices) -> ConversationCost:
    """What one conversation of a scenario sends, gets and costs."""
    whole = replace(
        scenario,
        calls_per_day=Decimal(scenario.turns),
        days_per_month=1,
        retry_share=Decimal(0),
        failure_share=Decimal(0),
        fallback_share=Decimal(0),
    )
    sent = conversation_of(whole)
    chat = replace(
        whole,
        system_tokens=0,
        retrieved_tokens=0,
        keeps_retrieved=False,
        cache_prefix="none",
        cacheable_tokens=None,
        cached_share=None,
        cache_write_share=Decimal(0),
    )
    single = replace(chat, turns=1, calls_per_day=Decimal(1))
    tokens = [one.prompt + one.output + one.reasoning for one in map(conversation_of, (chat, single))]
    usd = [hidden_cost(one, prices).total for one in (chat, single)]
    return ConversationCost(
        input_tokens=sent.prompt,
        output_tokens=sent.output + sent.reasoning,
        usd=hidden_cost(whole, prices).total,
        token_ratio=Fraction(tokens[0], tokens[1]) if tokens[1] else None,
        usd_ratio=usd[0] / usd[1] if usd[1] else None,
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
    scenario: Scenario, one: Conversation, times: Fraction, prices: Prices
) -> tuple[Fraction | None, dict[str, str]]:
    """Calls that another model answers once more: its whole prompt uncached, since no cache of it is warm."""
    if not scenario.fallback_share:
        return Fraction(0), {}
    if not {"input_uncached", "output"} <= set(prices):
        return None, {"fallbacks": f"no price of {scenario.fallback_model}"}
    tokens = one.prompt * Fraction(prices["input_uncached"]) + (one.output + one.reasoning) * Fraction(prices["output"])
    return Fraction(scenario.fallback_share) * tokens / MTOK * times, {}
