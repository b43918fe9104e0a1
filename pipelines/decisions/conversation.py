"""What a conversation sends: the exact sum over its turns, since every call sends again what was said before.

The prompt of turn k is system prompt, history, documents retrieved for this turn, what the user writes. History is the
exchanges before it, all or the last few of a window. Whole tokens, closed sums: 100,000 turns take no longer than one.
"""

from dataclasses import dataclass
from fractions import Fraction

from pipelines.decisions.scenario import Scenario
from pipelines.models.provider_aliases import provider_named


@dataclass(frozen=True)
class Conversation:
    """Tokens of all calls of one conversation, disjoint: the first four are the prompts, the last two are billed out.

    `cache_read` and `cache_write` are parts of the prompts. `misses`: tokens that were cached and are not read; of
    them and of what is new, what the cache charges for is `cache_write`.
    """

    calls: int
    system: Fraction
    retrieved: Fraction
    history: Fraction
    user: Fraction
    output: Fraction
    reasoning: Fraction
    cache_read: Fraction
    cache_write: Fraction
    misses: Fraction

    @property
    def prompt(self) -> Fraction:
        """All prompt tokens, cached or not."""
        return self.system + self.retrieved + self.history + self.user


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
    history = exchanges_sent(turns, scenario.window_exchanges) * _exchange(scenario)
    prompt = turns * (scenario.system_tokens + scenario.retrieved_tokens + scenario.user_tokens) + history
    read, missed, new = _cached(scenario, prompt)
    return Conversation(
        calls=turns,
        system=Fraction(turns * scenario.system_tokens),
        retrieved=Fraction(turns * scenario.retrieved_tokens),
        history=Fraction(history),
        user=Fraction(turns * scenario.user_tokens),
        output=Fraction(turns * scenario.output_tokens),
        reasoning=Fraction(turns * scenario.reasoning_tokens),
        cache_read=read,
        cache_write=Fraction(0) if cache_write_of(scenario) == "none" else missed + new,
        misses=missed,
    )


def cache_write_of(scenario: Scenario) -> str:
    """Which cache write is billed: as the file says, else as the model's maker does. Anthropic alone bills writes."""
    if scenario.cache_write is not None:
        return scenario.cache_write
    if scenario.cache_write_usd_per_mtok is not None:
        return "5m"
    provider = provider_named(scenario.provider)[0] if scenario.provider else None
    return "5m" if provider == "anthropic" or "claude" in (scenario.model or "").lower() else "none"


def _exchange(scenario: Scenario) -> int:
    """Tokens that one exchange adds to the prompts after it."""
    kept = scenario.retrieved_tokens if scenario.keeps_retrieved else 0
    return scenario.user_tokens + scenario.output_tokens + kept


def _cached(scenario: Scenario, prompt: int) -> tuple[Fraction, Fraction, Fraction]:
    """Tokens read from the cache, tokens that could have been and are not, and tokens that enter it for the first time.

    A head of fixed length is in the cache before the first call, as a system prompt is that other users send too. A
    conversation is not: nothing is read by its first call, and a window that moves on leaves only the system prompt.
    """
    turns, system, hits = scenario.turns, scenario.system_tokens, Fraction(scenario.cache_hit_share)
    new = 0
    if scenario.cached_share is not None:
        return Fraction(scenario.cached_share) * prompt, Fraction(0), Fraction(0)
    if scenario.cacheable_tokens is not None:
        could = turns * scenario.cacheable_tokens
    elif scenario.cache_prefix == "system":
        could = turns * system
    elif scenario.cache_prefix == "conversation":
        could, new = _conversation_cache(scenario)
    else:
        could = 0
    return hits * could, (1 - hits) * could, Fraction(new)


def _conversation_cache(scenario: Scenario) -> tuple[int, int]:
    """Tokens of earlier prompts that come again as a prefix, and tokens that enter the cache, over all turns.

    Where writes are free, the prefix is system prompt and history. Where they are billed, what is read must have been
    written, so the last answer, which no prompt held before, is written with the user's words.
    """
    turns, system, exchange = scenario.turns, scenario.system_tokens, _exchange(scenario)
    unmoved = turns - 1 if scenario.window_exchanges is None else min(scenario.window_exchanges, turns - 1)
    repeated = (turns - 1) * system + unmoved * (unmoved + 1) // 2 * exchange
    if cache_write_of(scenario) == "none":
        return repeated, 0
    answers = unmoved * scenario.output_tokens
    own = exchange - scenario.output_tokens
    return repeated - answers, system + (unmoved + 1) * own + answers
