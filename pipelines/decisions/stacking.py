"""Which savings stack at which provider: rules with their source and date, since a page that changes makes them wrong.

A price list that prints a price for both together (a cache read in batch) counts before any rule.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pipelines.decisions.turn_prices import Prices, combined


@dataclass(frozen=True)
class Rule:
    """How two levers go together. `provider` '*': any. `how`: stacks, cache_first, batch_only or excludes."""

    provider: str
    one: str
    other: str
    how: str
    says: str
    source: str
    source_on: date


RULES = (
    Rule(
        "anthropic",
        "prompt_caching",
        "batch",
        "stacks",
        "cache multipliers stack with the Batch API discount",
        "https://platform.claude.com/docs/en/about-claude/pricing",
        date(2026, 7, 26),
    ),
    Rule(
        "google",
        "prompt_caching",
        "batch",
        "cache_first",
        "discounts for cache and batch don't stack; the cache hit discount takes precedence",
        "https://docs.cloud.google.com/vertex-ai/generative-ai/docs/multimodal/batch-prediction-gemini",
        date(2026, 11, 29),
    ),
    Rule(
        "openai",
        "prompt_caching",
        "batch",
        "batch_only",
        "no discount for prompt caching on the Batch API, but for models that print a cached price for batch",
        "https://platform.openai.com/docs/guides/prompt-caching",
        date(2026, 11, 29),
    ),
    Rule(
        "*",
        "prompt_caching",
        "batch",
        "batch_only",
        "assumed not to stack where the provider prints no price for both",
        "definition: the least that is saved",
        date(2026, 11, 29),
    ),
    Rule(
        "*",
        "batch",
        "flex",
        "excludes",
        "a request has one service tier",
        "https://platform.openai.com/docs/guides/flex-processing",
        date(2026, 11, 29),
    ),
    Rule(
        "*",
        "response_cache",
        "every other",
        "excludes",
        "a call that is not made saves nothing else",
        "definition",
        date(2026, 11, 29),
    ),
    Rule(
        "*",
        "contract_discount",
        "every other",
        "stacks",
        "a contract's discount is on the bill that is left",
        "definition: unless the user's contract says otherwise",
        date(2026, 11, 29),
    ),
)


def rule_of(provider: str | None, one: str, other: str) -> Rule:
    """The rule of a provider, or of any. Raises KeyError for levers that no rule names."""
    for rule in RULES:
        if rule.provider in (provider, "*") and (rule.one, rule.other) == (one, other):
            return rule
    raise KeyError((one, other))


def prices_with_rule(standard: Prices, other: Prices, provider: str | None) -> Prices:
    """Prices of a cheaper tier, with those of its cache: as printed, else as the provider's rule has it."""
    return combined(standard, other, lambda one, slow: _with_rule(one, slow, provider))


def _with_rule(standard: Prices, other: Prices, provider: str | None) -> Prices:
    prices = dict(other)
    how = rule_of(provider, "prompt_caching", "batch").how
    discount = Decimal(other["input_uncached"]) / standard["input_uncached"] if standard["input_uncached"] else 1
    for meter in ("cache_read", "cache_write_5m", "cache_write_1h"):
        if meter in prices or meter not in standard:
            continue
        if how == "stacks":
            prices[meter] = standard[meter] * discount
        elif how == "cache_first":
            prices[meter] = standard[meter]
        else:
            prices[meter] = prices["input_uncached"]
    return prices
