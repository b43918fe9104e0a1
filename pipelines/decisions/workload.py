"""A workload: what a month of calls to one model sends and gets, whichever way it was told: a scenario or logs.

The one thing that every decision computes with. Nothing here knows a price.

    scenario = read_scenario("support-bot")          # decisions.scenario_file
    workload = workload_of_scenario(scenario)
    workload.calls_per_month, workload.tokens_per_month["output"], workload.mean_input_tokens, workload.cached_share
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import NamedTuple

from pipelines.decisions.conversation import Conversation, conversation_of
from pipelines.decisions.scenario import TEXT_METERS, Scenario
from pipelines.decisions.setting import Setting
from pipelines.schema.accounts import DEFAULT_ACCOUNT
from pipelines.schema.time_windows import ALWAYS


class Part(NamedTuple):
    """Tokens by meter of the calls whose prompts have reached one size and not the next edge, in hours of one price."""

    prompt_tokens: int
    tokens: Mapping[str, Fraction]
    time_window: str = ALWAYS
    account_id: str = DEFAULT_ACCOUNT
    """Whose contract they are under."""


Parts = Callable[[Sequence[int]], Sequence[Part]]
"""Sorted edges of prompt sizes -> all tokens of a workload, those on either side of an edge apart."""


@dataclass(frozen=True)
class Workload:
    """Calls to one offer, exact. Tokens are by meter, disjoint, retries included; `output` includes reasoning.

    `basis`: scenario or logs. `calls_per_month` counts what reaches the model: retries are calls, too.
    `peak_over_mean`: busiest hour over a mean one; None where logs do not tell hours. `stated_usd_per_mtok`: prices of
    the scenario's own, by meter; empty where those of `model` count. `settings`: what an answer has to show; `notes`:
    what it has to say.
    """

    name: str
    basis: str
    provider: str | None
    model: str | None
    channel: str
    region: str
    service_tier: str
    days_per_month: int
    calls_per_month: Fraction
    tokens_per_month: Mapping[str, Fraction]
    reasoning_tokens_per_month: Fraction | None
    """Part of the output; None where logs do not tell."""
    peak_over_mean: Decimal | None
    tokens_per_second_per_user: Decimal
    first_token_seconds: Decimal
    stated_usd_per_mtok: Mapping[str, Decimal] = field(default_factory=dict)
    settings: tuple[Setting, ...] = ()
    notes: tuple[str, ...] = ()
    parts: Parts | None = field(default=None, compare=False)
    """None: nothing is known of the sizes of prompts."""

    @property
    def calls_per_day(self) -> Fraction:
        """Mean over the days of the month."""
        return self.calls_per_month / self.days_per_month

    @property
    def prompt_tokens_per_month(self) -> Fraction:
        """All prompt tokens, cached or not."""
        return sum((tokens for meter, tokens in self.tokens_per_month.items() if meter != "output"), Fraction(0))

    @property
    def tokens_per_call(self) -> Mapping[str, Fraction]:
        """Mean tokens of one call by meter; empty without calls."""
        calls = self.calls_per_month
        return {meter: tokens / calls for meter, tokens in self.tokens_per_month.items()} if calls else {}

    @property
    def mean_input_tokens(self) -> Fraction | None:
        """Prompt tokens of a mean call; None where logs do not count calls."""
        return self.prompt_tokens_per_month / self.calls_per_month if self.calls_per_month else None

    @property
    def mean_output_tokens(self) -> Fraction | None:
        """Output tokens of a mean call, reasoning included; None where logs do not count calls."""
        return self.tokens_per_month["output"] / self.calls_per_month if self.calls_per_month else None

    @property
    def cached_share(self) -> Fraction:
        """Part of the prompt tokens that is read from a cache."""
        prompt = self.prompt_tokens_per_month
        return self.tokens_per_month["cache_read"] / prompt if prompt else Fraction(0)


def whole_tokens(tokens: Fraction) -> int:
    """A number of tokens as it is shown: rounded half up, which counts do not need and means do."""
    return floor(tokens + Fraction(1, 2))


def workload_of_scenario(scenario: Scenario) -> Workload:
    """The month of calls that a scenario describes, its retries included. Fallbacks go to another model."""
    one = conversation_of(scenario)
    calls = Fraction(scenario.calls_per_day) * scenario.days_per_month * (1 + scenario.retries)
    return Workload(
        name=scenario.name,
        basis="scenario",
        provider=scenario.provider,
        model=scenario.model,
        channel=scenario.channel,
        region=scenario.region,
        service_tier=scenario.service_tier,
        days_per_month=scenario.days_per_month,
        calls_per_month=calls,
        tokens_per_month=month_of_turns(scenario, one),
        reasoning_tokens_per_month=one.reasoning * _answers(scenario),
        peak_over_mean=scenario.peak_over_mean,
        tokens_per_second_per_user=scenario.tokens_per_second_per_user,
        first_token_seconds=scenario.first_token_seconds,
        stated_usd_per_mtok=scenario.stated_usd_per_mtok,
        settings=scenario.settings,
        notes=_left_out(scenario),
    )


def month_of_turns(scenario: Scenario, one: Conversation) -> dict[str, Fraction]:
    """Tokens a month by meter, retries included, of all or some turns of each conversation."""
    conversations = Fraction(scenario.calls_per_day) * scenario.days_per_month * (1 + scenario.retries) / scenario.turns
    tokens = dict.fromkeys(TEXT_METERS, Fraction(0))
    tokens["input_uncached"] = one.prompt - one.cache_read - one.written
    tokens["cache_read"] = one.cache_read
    if one.cache_write != "none":
        tokens[f"cache_write_{one.cache_write}"] = one.written
    tokens["output"] = Fraction(one.output + one.reasoning)
    answers = _answers(scenario)
    return {meter: count * (answers if meter == "output" else conversations) for meter, count in tokens.items()}


def _answers(scenario: Scenario) -> Fraction:
    """Conversations a month, as many as answers are paid of: of a retry it may be a part only."""
    once = Fraction(scenario.calls_per_day) * scenario.days_per_month / scenario.turns
    return once * (1 + scenario.retries * Fraction(scenario.retry_output_share))


def _left_out(scenario: Scenario) -> tuple[str, ...]:
    """What a workload of one model cannot hold."""
    if not scenario.fallback_share:
        return ()
    share = f"{scenario.fallback_share * 100:f}".rstrip("0").rstrip(".")
    return (f"the {share} % of calls that {scenario.fallback_model} answers once more are in no figure here",)
