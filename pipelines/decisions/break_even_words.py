"""An answer of `break_even` as one sentence, with every flag that changes what it means."""

from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise

from pipelines.decisions.break_even import BreakEven, Terms
from pipelines.decisions.self_hosting.pay_back import PayBack
from pipelines.decisions.self_hosting.step_function import joined, money

MEANINGS = {
    "at_or_above": "capacity is a lower bound, from measurements of longer requests",
    "interpolated": "throughput interpolated between measured lengths",
    "no_latency_goal": "at the highest load, without a goal of latency",
    "cache_saving_derived": "what cache hits save is derived from the measured points",
    "cache_saves_nothing": "cache hits save own machines nothing here, because nothing is measured",
    "single_stream": "one request at a time",
    "same_architecture": "measured on a model of the same architecture",
    "stated_machine": "on machines that you stated, at their rate and throughput",
    "peak_assumed": "peak over mean is assumed",
    "engineering_assumed": "people's time is assumed",
    "goal_assumed": "the goal of latency is assumed",
    "stand_in_assumed": "the open model is an assumption, not your word",
    "acceptance_assumed": "all of its answers counted as accepted",
    "same_lengths": "the same tokens per answer, which is a lower bound",
    "no_spare": "no spare replica",
    "variant_assumed": "the form factor of the card is assumed",
    "rough_costs": "purchase price and interest are rough figures",
    "spot_assumed": "spot for 90 % of the hours with 5 % done again, on demand for the rest, both assumed",
    "reserved_whole_term": "billed for the whole term, used or not",
    "rate_last_seen": "the rate is the last one seen, not one known to hold",
    "price_stated": "at an API price that you stated",
    "user_file_wrong": "a file of yours has a mistake, so its last good state counts",
    "price_last_known": "the API price is the last one known",
}
"""Flag -> what it says to people. Every flag has a meaning: a test holds them together."""
MANAGED_FLAGS = ("stand_in_assumed", "acceptance_assumed", "same_lengths", "price_stated", "user_file_wrong")
"""Those that say something of open weights that someone else runs."""


def flags_of(answer: BreakEven, terms: Terms) -> tuple[str, ...]:
    """All flags of an answer, each once, in the order of MEANINGS."""
    found = set(terms.flags)
    found |= set(answer.serving.flags) if answer.serving else set()
    found |= set(answer.option.flags) if answer.option else set()
    found |= set() if terms.spare_replicas else {"no_spare"}
    return tuple(flag for flag in MEANINGS if flag in found)


def sentence(answer: BreakEven, terms: Terms, paid: str | None = None) -> str:
    """The decision in words: at the own volume, the volumes that pay, the pay-back, then what it rests on.

    `paid`: at which price the API is taken, where that is not its list price.
    """
    if answer.verdict == "unknown" and not answer.intervals:
        return f"unknown: {answer.reason}"
    parts = [_at_own(answer), *_thresholds(answer), *_pay_back(answer), *filter(None, [paid])]
    return with_flags("; ".join(parts), flags_of(answer, terms))


def with_flags(words: str, flags: Iterable[str]) -> str:
    """A sentence with what its flags say."""
    said = "; ".join(MEANINGS[flag] for flag in flags)
    return f"{words} (mind: {said})" if said else words


def _at_own(answer: BreakEven) -> str:
    if answer.is_open:
        return f"{_AT_OWN[answer.verdict]}; whether at more is unknown: {answer.reason}"
    if not answer.intervals:
        return f"never: {answer.reason}"
    if answer.verdict == "unknown":
        return f"unknown at your volume: {answer.reason}"
    return _AT_OWN[answer.verdict]


_AT_OWN = {"own_gpus": "yes at your volume", "api": "not at your volume", "no_usage": "no usage of your own"}


def _thresholds(answer: BreakEven) -> list[str]:
    ranges = joined(answer.intervals)
    if not ranges:
        return []
    replicas = answer.intervals[0].replicas
    first = f"from {in_words(ranges[0][0])} tokens a month on {replicas} replica{'s' if replicas > 1 else ''}"
    if len(ranges) == 1:
        return [first]
    gaps = ", ".join(f"{in_words(a[1])} to {in_words(b[0])}" for a, b in pairwise(ranges))
    return [first, f"not from {gaps}"] if len(ranges) <= 3 else [f"{first}, with {len(ranges) - 1} gaps above"]


def _pay_back(answer: BreakEven) -> list[str]:
    back = answer.payback
    if back is None:
        return []
    if back.months is None:
        return [f"the {money(back.upfront_usd, 2):,} USD paid at once never come back: {back.reason}"]
    return [f"paid back in month {back.months}, on {back.on}{_in_time(back)}"]


def _in_time(back: PayBack) -> str:
    if back.is_in_time is not False or back.recovered_in_time_usd is None:
        return ""
    by_then = f"{money(back.recovered_in_time_usd, 2):,} of {money(back.upfront_usd, 2):,} USD by {back.until}"
    return f", which is after the machine or the API model has gone: {by_then}"


def in_words(tokens: int) -> str:
    """1,234,567,890 -> 1.2 billion."""
    for size, name in ((10**12, "trillion"), (10**9, "billion"), (10**6, "million")):
        if tokens >= size:
            return f"{money(Fraction(tokens, size), 1):,} {name}"
    return f"{tokens:,}"


def ids_of(parts: Iterable[str]) -> str | None:
    """Ids, each once, comma separated."""
    return ",".join(dict.fromkeys(parts)) or None
