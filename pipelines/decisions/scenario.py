"""A workload that nobody has logged yet, as a founder states it: one TOML file -> `Scenario`, all of it with evidence.

Each key is declared once, as a field of `Scenario`: its kind, its unit, what it means and, where it need not be
written, its default with the source and the date of that default. Reading the file is `scenario_file`'s, what the
workload is that follows from it `workload`'s. Opens no database.
"""

from collections.abc import Mapping
from dataclasses import Field, dataclass, fields
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from pipelines.decisions.setting import Amount, Choice, Count, Day, Flag, Names, Setting, Share, Text, key
from pipelines.decisions.stated_machine import StatedMachine
from pipelines.schema.meters import TOKEN_METERS
from pipelines.schema.offers import CHANNELS, SERVICE_TIERS

STAGES = ("pre-launch", "early", "growth", "scale")
TASKS = ("small", "small-tuned", "large", "long-context")
CACHE_PREFIXES = ("none", "system", "conversation")
CACHE_WRITES = ("none", "5m", "1h")
DISCOUNTS = ("all", "above")

TOKENS, SHARE, USD, USD_PER_MTOK = "tokens", "1", "USD", "USD per million tokens"
_ARTICLE_PRICES = "article 'Running an AI model is cheap until it is not', on self-hosting"
_ARTICLE_MONTH = "article 'The Hidden Cost of Per-Token AI Pricing': 30 days a month"
_ANEW = "definition: documents are retrieved anew for each turn"


@dataclass(frozen=True, kw_only=True)
class Scenario(StatedMachine):
    """What a scenario file states. Shares are 0 to 1, tokens are those of one call, money is USD; None: not stated."""

    name: str = key(Text(), "name of the scenario", default="")
    title: str = key(Text(), "one line that says what it is", default="")
    stage: str | None = key(Choice(STAGES), "stage of the product", default=None)
    task: str | None = key(Choice(TASKS), "class of the task, by which a model is chosen", default=None)

    calls_per_day: Decimal = key(Amount(above=0), "calls that users make on a mean day", unit="calls per day")
    days_per_month: int = key(
        Count(1, 31), "days that are counted as a month", unit="days", default=30, source=_ARTICLE_MONTH
    )
    hours_per_month: int = key(
        Count(1, 744), "hours for which GPUs are paid", unit="hours", default=730, source="8,760 hours a year / 12"
    )
    peak_over_mean: Decimal = key(
        Amount(at_least=1),
        "calls in the busiest hour over those of a mean hour",
        unit="1",
        default=Decimal("2.063"),
        source="alibaba/ServeGen data/language m-small @ f891d11, 14 days, busiest hour over mean",
    )

    user_tokens: int = key(Count(0), "what the user writes in one call", unit=TOKENS)
    output_tokens: int = key(Count(0), "the answer to one call, without reasoning", unit=TOKENS)
    system_tokens: int = key(Count(0), "system prompt, sent with every call", unit=TOKENS, default=0)
    retrieved_tokens: int = key(Count(0), "documents retrieved for one call", unit=TOKENS, default=0)
    reasoning_tokens: int = key(
        Count(0), "reasoning of one call: billed as output, not part of the history", unit=TOKENS, default=0
    )
    turns: int = key(Count(1, 100_000), "calls of one conversation", unit="calls", default=1)
    window_exchanges: int | None = key(
        Count(0), "earlier exchanges that are sent again; all where not stated", unit="exchanges", default=None
    )
    keeps_retrieved: bool = key(
        Flag(), "whether documents of earlier turns stay in the prompt", default=False, source=_ANEW
    )

    retry_share: Decimal = key(Share(), "calls made a second time, all of their tokens", unit=SHARE, default=Decimal(0))
    failure_share: Decimal = key(
        Share(below=1),
        "attempts that fail and are made again until one succeeds, in place of retry_share",
        unit=SHARE,
        default=Decimal(0),
    )
    retry_output_share: Decimal = key(
        Share(),
        "part of the answer that a retry pays for: 0 where failed calls return nothing",
        unit=SHARE,
        default=Decimal(1),
        source="article 'The Hidden Cost of Per-Token AI Pricing': a 5 % retry rate adds 5 % to the bill",
    )
    fallback_share: Decimal = key(
        Share(), "calls answered again by fallback_model, and paid twice", unit=SHARE, default=Decimal(0)
    )
    fallback_model: str | None = key(Text(), "model that answers what failed", default=None)

    cache_prefix: str = key(
        Choice(CACHE_PREFIXES),
        "head of the prompt that a cache may hold: system; conversation: system prompt and history",
        default="none",
    )
    cacheable_tokens: int | None = key(
        Count(0), "head of each prompt that a cache may hold, in place of cache_prefix", unit=TOKENS, default=None
    )
    cache_hit_share: Decimal = key(
        Share(),
        "part of the cacheable tokens that is read from the cache",
        unit=SHARE,
        default=Decimal(1),
        source="definition: all that is cacheable hits; a cold start is a miss of conversation",
    )
    cached_share: Decimal | None = key(
        Share(), "part of all prompt tokens read from the cache, in place of the three above", unit=SHARE, default=None
    )
    cache_write_share: Decimal = key(
        Share(), "part of all prompt tokens written to the cache, beside cached_share", unit=SHARE, default=Decimal(0)
    )
    cache_write: str | None = key(
        Choice(CACHE_WRITES),
        "cache write that is billed for tokens that enter the cache; by the model's maker where not stated",
        default=None,
    )

    model: str | None = key(Text(), "model that answers, as requests name it", default=None)
    provider: str | None = key(Text(), "who sells it, where several list the id", default=None)
    channel: str = key(Choice(CHANNELS), "where it is bought", default="api")
    region: str = key(Text(), "billing region", default="global")
    service_tier: str = key(Choice(SERVICE_TIERS), "tier of the responses", default="standard")
    input_usd_per_mtok: Decimal | None = key(
        Amount(), "price of input in place of the model's", unit=USD_PER_MTOK, default=None
    )
    output_usd_per_mtok: Decimal | None = key(
        Amount(), "price of output in place of the model's", unit=USD_PER_MTOK, default=None
    )
    cache_read_usd_per_mtok: Decimal | None = key(
        Amount(), "price of cache reads in place of the model's", unit=USD_PER_MTOK, default=None
    )
    cache_write_usd_per_mtok: Decimal | None = key(
        Amount(), "price of cache writes in place of the model's", unit=USD_PER_MTOK, default=None
    )

    alternatives: tuple[str, ...] = key(Names(), "models that would be good enough, in the user's word", default=())
    smaller_model: str | None = key(Text(), "smaller model that some of the calls may go to", default=None)
    smaller_share: Decimal = key(Share(), "calls that the smaller model may answer", unit=SHARE, default=Decimal(0))
    batch_share: Decimal = key(Share(), "calls that can wait for a day", unit=SHARE, default=Decimal(0))
    batch_discount_share: Decimal = key(
        Share(),
        "discount of batch on stated prices; a model's own batch prices are used where it has any",
        unit=SHARE,
        default=Decimal("0.5"),
        source="OpenAI and Anthropic price pages: batch at half the price",
        on=date(2026, 7, 26),
    )
    repeat_share: Decimal = key(
        Share(), "calls that a response cache of one's own could answer", unit=SHARE, default=Decimal(0)
    )
    discount_share: Decimal = key(Share(), "discount of a contract", unit=SHARE, default=Decimal(0))
    discount_from_usd_per_month: Decimal = key(
        Amount(), "spend from which the discount holds", unit="USD per month", default=Decimal(0)
    )
    discount_on: str = key(
        Choice(DISCOUNTS),
        "all: the whole bill once it reaches discount_from_usd_per_month; above: what exceeds it",
        default="all",
        source="article 'Running an AI model is cheap until it is not': rates fall at 5,000 USD a month",
    )
    committed_usd_per_month: Decimal = key(
        Amount(), "spend that the contract commits to, paid in any case", unit="USD per month", default=Decimal(0)
    )

    open_model: str | None = key(
        Text(), "open model that stands in for the API model, in the user's word", default=None
    )
    acceptance_share: Decimal = key(
        Share(above=0),
        "answers of the stand-in that are accepted, in the user's word",
        unit=SHARE,
        default=Decimal(1),
        source="definition: the product claims no quality; 1 until the user says otherwise",
    )
    engineering_usd_per_month: Decimal = key(
        Amount(),
        "people's time for own GPUs",
        unit="USD per month",
        default=Decimal(2500),
        source=_ARTICLE_PRICES + ": 30,000 USD a year, the least that it names",
    )
    fine_tuning_usd: Decimal = key(Amount(), "once: data, training, evaluation", unit=USD, default=Decimal(0))
    migration_usd: Decimal = key(Amount(), "once: to move to another model", unit=USD, default=Decimal(0))
    training_mtok: Decimal = key(Amount(), "training set of a tuned stand-in", unit="Mtok", default=Decimal(0))
    training_epochs: int = key(
        Count(1, 100), "times that it is gone through", unit="epochs", default=3, source="a usual number, not measured"
    )
    usd_per_mtok_trained: Decimal = key(
        Amount(),
        "price of training",
        unit="USD per million tokens trained",
        default=Decimal("0.48"),
        source="together.ai/pricing, LoRA up to 16B parameters",
        on=date(2026, 2, 1),
    )
    retrain_every_months: int | None = key(Count(1, 120), "months between trainings", unit="months", default=None)
    model_retires_on: date | None = key(Day(), "end of the API model, in place of what pages tell", default=None)
    growth_per_month: Decimal = key(Share(), "growth of the calls a month", unit=SHARE, default=Decimal(0))
    spare_replicas: int = key(Count(0, 100), "own replicas that stand by", unit="replicas", default=0)
    tokens_per_second_per_user: Decimal = key(
        Amount(above=0),
        "goal of latency: output tokens that one user gets in a second",
        unit="tokens per second",
        default=Decimal(25),
        source="MLPerf Inference 5.0, Llama 2 70B Interactive: 40 ms a token, mlcommons.org/2025/04/llm-inference-v5",
        on=date(2025, 4, 2),
    )
    first_token_seconds: Decimal = key(
        Amount(above=0),
        "goal of latency: seconds to the first token",
        unit="seconds",
        default=Decimal(2),
        source="MLPerf Inference 4.0, Llama 2 70B Server: 2,000 ms to the first token",
        on=date(2024, 3, 27),
    )

    settings: tuple[Setting, ...] = ()
    """All keys in force, for every answer to show; filled by `scenario_file`."""

    @property
    def retries(self) -> Fraction:
        """Further attempts for each call: as stated, or f / (1 - f) where attempts are repeated until one succeeds."""
        failed = Fraction(self.failure_share)
        return Fraction(self.retry_share) + failed / (1 - failed)

    @property
    def stated_usd_per_mtok(self) -> Mapping[str, Decimal]:
        """Prices that the file states, by meter: they count before the prices of `model`. Empty: none is stated.

        Without a price for the cache, its reads and writes cost what input does.
        """
        if self.input_usd_per_mtok is None or self.output_usd_per_mtok is None:
            return {}
        read, write = self.cache_read_usd_per_mtok, self.cache_write_usd_per_mtok
        prices = dict.fromkeys(TOKEN_METERS, self.input_usd_per_mtok) | {"output": self.output_usd_per_mtok}
        prices["cache_read"] = self.input_usd_per_mtok if read is None else read
        prices["cache_write_5m"] = prices["cache_write_1h"] = self.input_usd_per_mtok if write is None else write
        return {meter: prices[meter] for meter in TEXT_METERS}


TEXT_METERS = ("input_uncached", "cache_read", "cache_write_5m", "cache_write_1h", "output")


def keys() -> dict[str, Field[Any]]:
    """The keys of a scenario file, each with its declaration; those of a stated machine last."""
    of_machine = {one.name for one in fields(StatedMachine)}
    return {one.name: one for one in sorted(fields(Scenario), key=lambda one: one.name in of_machine) if one.metadata}
