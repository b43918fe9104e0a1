"""What an API asks for a month of calls: its prices by meter, and the calls with their tokens. No machines."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from math import ceil, floor

from pipelines.decisions.self_hosting.request import Lengths

MTOK = 1_000_000
Prices = Mapping[str, Decimal | Fraction]
"""USD per million tokens by meter: as printed, or the exact mean of several that a workload meets."""


@dataclass(frozen=True)
class ApiPrice:
    """What one API model costs, by meter, in USD per million tokens; ids of price versions, several with a comma.

    `usd_per_mtok` is what is paid; `listed_usd_per_mtok` what price lists say, and empty where nothing else is known.
    `term_ids`: lines of the contract that make the difference.
    """

    provider: str
    model: str
    usd_per_mtok: Prices
    price_ids: Mapping[str, str]
    retires_on: date | None = None
    listed_usd_per_mtok: Prices = field(default_factory=dict)
    term_ids: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Load:
    """A month of calls: tokens by meter, and how many calls they are of."""

    tokens: Mapping[str, Fraction]
    calls: Fraction

    @cached_property
    def total(self) -> Fraction:
        """Tokens a month, input and output together."""
        return sum(self.tokens.values(), Fraction(0))

    @cached_property
    def tokens_per_call(self) -> Fraction:
        """Mean tokens of one call."""
        return self.total / self.calls

    @cached_property
    def lengths(self) -> Lengths:
        """Mean lengths of one call; input and output rounded up, what is cached rounded down."""
        output = self.tokens.get("output", Fraction(0)) / self.calls
        cached = self.tokens.get("cache_read", Fraction(0)) / self.calls
        return Lengths(max(1, ceil(self.tokens_per_call - output)), max(1, ceil(output)), floor(cached))

    def usd_per_token(self, prices: Prices) -> Fraction:
        """Price of the mix. Raises KeyError for a meter in use without a price."""
        cost = sum((Fraction(prices[meter]) * tokens for meter, tokens in self.tokens.items() if tokens), Fraction(0))
        return cost / MTOK / self.total
