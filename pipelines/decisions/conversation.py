"""What a conversation sends: the exact sum over its turns, since every call sends again what was said before.

The prompt of turn k is system prompt, history, documents retrieved for this turn, what the user writes. History is the
exchanges before it, all or the last few of a window. Whole tokens, closed sums: 100,000 turns take no longer than one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from pipelines.decisions.scenario import Scenario
from pipelines.models.provider_aliases import provider_named

PARTS = ("system", "retrieved", "history", "user")
"""What a prompt is made of."""


@dataclass(frozen=True)
class PromptPart:
    """Tokens of one part of the prompts, of all turns.

    `cacheable`: those that were in a cache before, so that a hit reads them. `entering`: those that a cache stores for
    the first time; 0 where nobody bills that.
    """

    tokens: int
    cacheable: Fraction = Fraction(0)
    entering: Fraction = Fraction(0)


@dataclass(frozen=True)
class Conversation:
    """Tokens of all calls of one conversation, disjoint. `parts` of the prompts by PARTS; output without reasoning."""

    calls: int
    parts: Mapping[str, PromptPart]
    output: int
    reasoning: int
    hit_share: Fraction
    cache_write: str
    """The cache write that is billed: none, 5m or 1h."""

    @property
    def prompt(self) -> int:
        """All prompt tokens, cached or not."""
        return sum(part.tokens for part in self.parts.values())

    @property
    def cache_read(self) -> Fraction:
        """Prompt tokens that are read from the cache."""
        return self.hit_share * sum((part.cacheable for part in self.parts.values()), Fraction(0))

    @property
    def misses(self) -> Fraction:
        """Prompt tokens that were in a cache and are not read."""
        return (1 - self.hit_share) * sum((part.cacheable for part in self.parts.values()), Fraction(0))

    @property
    def written(self) -> Fraction:
        """Prompt tokens billed as cache writes."""
        entering = sum((part.entering for part in self.parts.values()), Fraction(0))
        return Fraction(0) if self.cache_write == "none" else self.misses + entering


def exchanges_sent(turns: int, window: int | None) -> int:
    """Earlier exchanges in the prompts of all turns: sum over k of min(k - 1, window)."""
    last = turns - 1 if window is None else min(window, turns - 1)
    return last * (last + 1) // 2 + last * (turns - 1 - last)


def input_by_turn(scenario: Scenario) -> list[int]:
    """Prompt tokens of each turn; their sum is `Conversation.prompt`."""
    window = scenario.turns if scenario.window_exchanges is None else scenario.window_exchanges
    first = scenario.system_tokens + scenario.retrieved_tokens + scenario.user_tokens
    return [first + min(turn, window) * _exchange(scenario) for turn in range(scenario.turns)]


def conversation_of(scenario: Scenario) -> Conversation:
    """The sums over the turns of a scenario's conversation, without retries."""
    turns = scenario.turns
    tokens = {
        "system": turns * scenario.system_tokens,
        "retrieved": turns * scenario.retrieved_tokens,
        "history": exchanges_sent(turns, scenario.window_exchanges) * _exchange(scenario),
        "user": turns * scenario.user_tokens,
    }
    cacheable, entering = _cached(scenario, tokens)
    return Conversation(
        calls=turns,
        parts={
            part: PromptPart(count, Fraction(cacheable.get(part, 0)), Fraction(entering.get(part, 0)))
            for part, count in tokens.items()
        },
        output=turns * scenario.output_tokens,
        reasoning=turns * scenario.reasoning_tokens,
        hit_share=Fraction(1) if scenario.cached_share is not None else Fraction(scenario.cache_hit_share),
        cache_write=cache_write_of(scenario),
    )


def turns_of(scenario: Scenario, first: int, until: int) -> Conversation:
    """The sums over some turns of a scenario's conversation, `first` <= turn < `until`, counted from 0."""
    whole = conversation_of(replace(scenario, turns=until))
    if not first:
        return whole
    before = conversation_of(replace(scenario, turns=first))
    return replace(
        whole,
        calls=until - first,
        parts={
            name: PromptPart(
                part.tokens - before.parts[name].tokens,
                part.cacheable - before.parts[name].cacheable,
                part.entering - before.parts[name].entering,
            )
            for name, part in whole.parts.items()
        },
        output=whole.output - before.output,
        reasoning=whole.reasoning - before.reasoning,
    )


def cache_write_of(scenario: Scenario) -> str:
    """Which cache write is billed: as the file says or its prices tell, else as the model's maker does.

    Of makers, Anthropic bills writes of all its models. Where another's price list does, it is the prices that tell.
    """
    if scenario.cache_write is not None:
        return scenario.cache_write
    if scenario.cache_write_usd_per_mtok is not None or scenario.cache_write_share:
        return "5m"
    if scenario.stated_usd_per_mtok:
        return "none"
    provider = provider_named(scenario.provider)[0] if scenario.provider else None
    return "5m" if provider == "anthropic" or "claude" in (scenario.model or "").lower() else "none"


def _exchange(scenario: Scenario) -> int:
    """Tokens that one exchange adds to the prompts after it."""
    kept = scenario.retrieved_tokens if scenario.keeps_retrieved else 0
    return scenario.user_tokens + scenario.output_tokens + kept


def _cached(
    scenario: Scenario, tokens: Mapping[str, int]
) -> tuple[Mapping[str, int | Fraction], Mapping[str, int | Fraction]]:
    """By part, tokens that were in the cache before, and tokens that enter it for the first time.

    A head of fixed length is in the cache before the first call, as a system prompt is that other users send too. A
    conversation is not: nothing is read by its first call, and a window that moves on leaves only the system prompt.
    """
    if scenario.cached_share is not None:
        read, written = Fraction(scenario.cached_share), Fraction(scenario.cache_write_share)
        return (
            {part: read * count for part, count in tokens.items()},
            {part: written * count for part, count in tokens.items()},
        )
    if scenario.cacheable_tokens is not None:
        return _head(scenario, scenario.cacheable_tokens), {}
    if scenario.cache_prefix == "system":
        return {"system": tokens["system"]}, {}
    return _conversation_cache(scenario) if scenario.cache_prefix == "conversation" else ({}, {})


def _head(scenario: Scenario, length: int) -> Mapping[str, int]:
    """The parts that the first tokens of each prompt belong to: system prompt, documents, then the user's words."""
    found = {}
    for part in ("system", "retrieved", "user"):
        taken = min(length, getattr(scenario, f"{part}_tokens"))
        found[part] = scenario.turns * taken
        length -= taken
    return found


def _conversation_cache(scenario: Scenario) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Where writes are free, the prefix that is read is system prompt and history.

    Where they are billed, what is read must have been written: the last answer, which no prompt held before, is written
    with the user's words.
    """
    turns, system, exchange = scenario.turns, scenario.system_tokens, _exchange(scenario)
    unmoved = turns - 1 if scenario.window_exchanges is None else min(scenario.window_exchanges, turns - 1)
    history = unmoved * (unmoved + 1) // 2 * exchange
    if cache_write_of(scenario) == "none":
        return {"system": (turns - 1) * system, "history": history}, {}
    answers = unmoved * scenario.output_tokens
    kept = scenario.retrieved_tokens if scenario.keeps_retrieved else 0
    entering = {
        "system": system,
        "retrieved": (unmoved + 1) * kept,
        "history": answers,
        "user": (unmoved + 1) * scenario.user_tokens,
    }
    return {"system": (turns - 1) * system, "history": history - answers}, entering
