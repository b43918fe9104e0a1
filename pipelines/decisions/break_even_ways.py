"""The question of one workload on one day, and every way to serve it: which machine with which measured setup."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from pipelines.decisions.api_bill import ApiPrice, Load
from pipelines.decisions.break_even import BreakEven, Terms, break_even
from pipelines.decisions.break_even_market import Market
from pipelines.decisions.self_hosting.figures import Figure
from pipelines.decisions.self_hosting.measured_table import Measurement
from pipelines.decisions.self_hosting.memory import cards_for, open_models, vram_bytes
from pipelines.decisions.self_hosting.options import Option, dedicated, owned, rented
from pipelines.decisions.self_hosting.throughput import Serving, servings

HINT_CARDS = (("H100", "SXM"), ("H200", "SXM"), ("B200", "SXM"))
HINT_PRECISION, HINT_REQUESTS = "fp8", 8

Pair = tuple[Option, Serving]


@dataclass(frozen=True)
class Question:
    """One workload on one day. `load` None: the logs do not count calls, so that nothing can be said of lengths."""

    api: ApiPrice
    load: Load | None
    terms: Terms
    market: Market
    points: Sequence[Measurement]
    figures: Mapping[str, Figure]
    mix_basis: str
    own_tokens: int
    fallback: Decimal = Decimal(0)
    stated: Sequence[Pair] = ()
    """Machines that the scenario states: where there are any, no others are asked."""

    @property
    def sellers(self) -> Sequence[ApiPrice]:
        """Who sells the stand-in by the token, as price lists say."""
        return self.market.sellers.get(self.terms.open_model.casefold(), ())


@dataclass(frozen=True)
class Found:
    """Every way to serve the workload, and why others cannot."""

    pairs: tuple[Pair, ...]
    missing: tuple[str, ...]


def find_ways(question: Question) -> Found:
    """Machines that can be had on the day, each with each setup that was measured on it."""
    if question.load is None:
        return Found((), ("the usage has no count of calls, so the lengths of a call are not known",))
    if question.stated:
        return Found(tuple(question.stated), ())
    if not question.load.tokens.get("output"):
        return Found((), ("the calls have no output, and no throughput was measured without",))
    able, unable = servings(question.points, question.terms.open_model, question.load.lengths, question.terms.goal)
    cards = sorted({(one.gpu, one.variant) for one in able})
    day = question.market.day
    rentals = rented(question.market.rates, cards)
    options = [*rentals, *dedicated(day, cards), *_beside_rent(owned(cards, question.figures), rentals)]
    pairs = tuple(
        (option, one) for option in options for one in able if (one.gpu, one.variant) == (option.gpu, option.variant)
    )
    missing = [one.reason for one in unable]
    if not able and (hint := memory_hint(question.terms.open_model, question.load)):
        missing.append(hint)
    if able and not pairs:
        missing.insert(0, f"no rate or purchase price of {', '.join(' '.join(card).strip() for card in cards)}")
    return Found(pairs, tuple(missing))


def _beside_rent(bought: Sequence[Option], rentals: Sequence[Option]) -> list[Option]:
    """What is bought, each with the lowest rate on demand of the same card, where one is known."""
    rates: dict[tuple[str, str], Decimal] = {}
    for one in rentals:
        if one.pricing == "on_demand" and one.usd_per_gpu_hour is not None:
            card = (one.gpu, one.variant)
            rates[card] = min(rates.get(card, one.usd_per_gpu_hour), one.usd_per_gpu_hour)
    return [replace(one, on_demand_usd=rates.get((one.gpu, one.variant))) for one in bought]


def memory_hint(open_model: str, load: Load) -> str | None:
    """What memory alone asks of a card, for who wants to measure; None for a model whose sizes are not known."""
    model = open_models().get(open_model.casefold())
    if model is None:
        return None
    tokens = load.lengths.input_tokens + load.lengths.output_tokens
    parts = []
    for card in HINT_CARDS:
        cards = cards_for(model, HINT_PRECISION, tokens, HINT_REQUESTS, vram_bytes()[card])
        parts.append(f"{cards.tensor_parallel if cards else 'more than 16'} {' '.join(card)}")
    return f"by memory alone {HINT_PRECISION} and {HINT_REQUESTS} such requests at a time need {' or '.join(parts)}"


def judge(question: Question, pairs: Sequence[Pair]) -> BreakEven:
    """The best of some pairs. The load is known where there are any."""
    load = question.load
    if load is None:
        return BreakEven("unknown", reason="no load")
    return break_even(question.api, load, pairs, question.own_tokens, question.terms, question.market.day)


def rank(answer: BreakEven) -> tuple[float, float]:
    """First what pays at the lowest volume, then what comes nearest."""
    first = answer.intervals[0].from_tokens if answer.intervals else float("inf")
    full = answer.full_usd_per_mtok
    return first, float(10**12 if full is None else full)
