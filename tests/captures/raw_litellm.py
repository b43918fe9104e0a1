"""LiteLLM's map read as plain JSON, without the parsers: what one id costs in each file, and which moves are believed.

Only prices per token of sellers that say so in `litellm_provider` and whose ids need no table of names: a provider's
own ids behind its prefix, whole ids of OpenRouter, and Azure's ids behind their region.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple


class Id(NamedTuple):
    """One price of one model; `above` is in thousand tokens."""

    provider: str
    channel: str
    region: str
    model: str
    meter: str
    tier: str
    above: int


Move = tuple[Id, date, Decimal, Decimal]
"""(what, first file that prints the new price, old and new USD per million tokens)."""

OWN = {
    "openai": "openai/",
    "text-completion-openai": "openai/",
    "anthropic": "anthropic/",
    "gemini": "gemini/",
    "mistral": "mistral/",
    "cohere": "cohere/",
    "cohere_chat": "cohere/",
    "deepseek": "deepseek/",
    "xai": "xai/",
    "groq": "groq/",
    "perplexity": "perplexity/",
    "together_ai": "together_ai/",
    "fireworks_ai": "fireworks_ai/",
    "fireworks_ai-embedding-models": "fireworks_ai/",
    "deepinfra": "deepinfra/",
    "ai21": "ai21/",
    "moonshot": "moonshot/",
    "zai": "zai/",
    "minimax": "minimax/",
    "meta": "meta/",
    "meta_llama": "meta_llama/",
    "amazon_nova": "amazon-nova/",
}
RENAMED = {
    "amazon_nova": "amazon",
    "cohere_chat": "cohere",
    "fireworks_ai-embedding-models": "fireworks",
    "gemini": "google",
    "meta_llama": "meta",
    "text-completion-openai": "openai",
    "together_ai": "together",
    "fireworks_ai": "fireworks",
}
HOSTS = {"groq", "perplexity", "together_ai", "fireworks_ai", "fireworks_ai-embedding-models", "deepinfra"}
"""Sellers of many makers' models: only a key with the prefix is an id, and it may hold slashes."""
METERS = {
    "input_cost_per_token": "input_uncached",
    "output_cost_per_token": "output",
    "cache_read_input_token_cost": "cache_read",
    "input_cost_per_token_cache_hit": "cache_read",
    "cache_creation_input_token_cost": "cache_write_5m",
    "cache_creation_input_token_cost_above_1hr": "cache_write_1h",
    "input_cost_per_audio_token": "audio_input",
    "output_cost_per_audio_token": "audio_output",
}
AZURE_REGIONS = {"apac", "eu", "global", "global-standard", "us", "us-gov"}
TIERS = {"_batches": "batch", "_flex": "flex", "_priority": "priority", "_ultrafast": "ultrafast"}
OFF_PEAK = "off_peak_pricing"
MAX_DECIMALS = 6
"""What the price column holds; a price written more exactly is refused."""


def field_of(name: str) -> tuple[str, str, int] | None:
    """(meter, tier, above) of a field name, or None for a field of no price that is compared here."""
    tier, above = "standard", "0"
    for suffix, named in TIERS.items():
        if name.endswith(suffix):
            name, tier = name.removesuffix(suffix), named
    if name.endswith("k_tokens"):
        name, _, above = name.removesuffix("k_tokens").rpartition("_above_")
    return (METERS[name], tier, int(above)) if name in METERS else None


def id_of(key: str, seller: str) -> tuple[str, str, str, str] | None:
    """(provider, channel, region, model) of a key, or None for what is not compared here."""
    if seller in OWN:
        model = key.removeprefix(OWN[seller])
        if (seller in HOSTS and model == key) or (seller not in HOSTS and "/" in model):
            return None
        return RENAMED.get(seller, seller), "api", "global", model
    if seller == "openrouter" and key.startswith("openrouter/") and key.count("/") > 1:
        return "", "openrouter", "global", key.removeprefix("openrouter/")
    region, _, model = key.removeprefix("azure/").rpartition("/")
    if seller in {"azure", "azure_text"} and key.startswith("azure/") and region in {"", *AZURE_REGIONS}:
        return "", "azure", region.removesuffix("-standard") or "global", model
    return None


class Replay:
    """All files of one folder: which id costs what in which file."""

    def __init__(self, folder: Path) -> None:
        files = {date.fromisoformat(path.stem): _json(path) for path in sorted(folder.glob("*.json"))}
        self.days = list(files)
        self.by_hour: set[tuple[str, str]] = set()
        """(provider, model) that cost another price at some hours in some file: not compared."""
        self.unclear: dict[Id, set[date]] = defaultdict(set)
        """Two keys of one id that differ, so that the file says nothing."""
        sellers = _sellers(files.values())
        self.prices = {day: self._of_file(day, content, sellers) for day, content in files.items()}

    def _of_file(self, day: date, content: Mapping[str, Any], sellers: Mapping[str, str]) -> dict[Id, Decimal]:
        found: dict[Id, set[tuple[Decimal, int | None]]] = defaultdict(set)
        for key, entry in content.items():
            who = id_of(key, entry.get("litellm_provider") or sellers.get(key, ""))
            if who is None:
                continue
            if entry.get(OFF_PEAK) is not None:
                self.by_hour.add((who[0], who[3]))
            for identity, usd, end in _prices(who, entry):
                found[identity].add((usd, end))
        self._note_unclear(day, found)
        said = {identity: next(iter(prices))[0] for identity, prices in found.items() if len(prices) == 1}
        return {identity: usd for identity, usd in said.items() if usd == round(usd, MAX_DECIMALS)}

    def _note_unclear(self, day: date, found: Mapping[Id, set[tuple[Decimal, int | None]]]) -> None:
        for identity, said in found.items():
            if len(said) > 1:
                self.unclear[identity].add(day)

    def series(self) -> dict[Id, list[Decimal | None]]:
        """Each id's price in each file, None where the file prints none."""
        ids = {identity for prices in self.prices.values() for identity in prices}
        ids = {identity for identity in ids if (identity.provider, identity.model) not in self.by_hour}
        return {identity: [self.prices[day].get(identity) for day in self.days] for identity in ids}

    def printed(self) -> set[Move]:
        """Every difference between a printed price and the one that was printed before it."""
        moves = set()
        for identity, prices in self.series().items():
            said = [(day, usd) for day, usd in zip(self.days, prices, strict=True) if usd is not None]
            for (_, old), (day, new) in pairwise(said):
                moves |= {(identity, day, old, new)} if old != new else set()
        return moves

    def believed(self) -> set[Move]:
        """The moves that have two witnesses, where a move beyond 0.5 to 2 times needs the very next file as its second.

        Decision 0076: a later file with a third price near the held one, or further the same way, bears it out; so
        does one that no longer prints the price, unless the move was by ten or more.
        """
        return {
            (identity, *move)
            for identity, prices in self.series().items()
            for move in _two_witnesses(self.days, prices)
        }


def _two_witnesses(days: Sequence[date], prices: Sequence[Decimal | None]) -> Iterator[tuple[date, Decimal, Decimal]]:
    current: Decimal | None = None
    waiting: tuple[date, Decimal] | None = None
    for day, usd in zip(days, prices, strict=True):
        before, waiting = waiting, None
        if before and current and before[1] != usd and _is_borne_out(current, before[1], usd):
            yield before[0], current, before[1]
            current = before[1]
        if usd is None or usd == current:
            continue
        if current is None:
            current = usd
        elif current and Decimal("0.5") <= usd / current <= 2:
            yield day, current, usd
            current = usd
        elif before and before[1] == usd:
            yield before[0], current, usd
            current = usd
        else:
            waiting = day, usd


def _is_borne_out(old: Decimal, held: Decimal, now: Decimal | None) -> bool:
    if now is None:
        return Decimal("0.1") < held / old < 10
    is_further = now > held > old or now < held < old
    return now != old and (is_further or Decimal("0.5") <= now / held <= 2)


def _prices(who: tuple[str, str, str, str], entry: Mapping[str, Any]) -> Iterator[tuple[Id, Decimal, int | None]]:
    """Prices with the prompt size at which each ends. 0 is a price of ids that say that they are free."""
    fields = {name: named for name in entry if (named := field_of(name)) and entry[name] is not None}
    for name, (meter, tier, above) in fields.items():
        usd = Decimal(entry[name]) * 1_000_000
        if usd == 0 and not who[3].endswith(":free"):
            continue
        ends = [other[2] for other in fields.values() if other[:2] == (meter, tier) and other[2] > above]
        yield Id(*who, meter, tier, above), usd, min(ends, default=None)


def _sellers(contents: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The seller that a key has in the first file that says so: the oldest files name none."""
    named: dict[str, str] = {}
    for content in contents:
        for key, entry in content.items():
            if entry.get("litellm_provider"):
                named.setdefault(key, entry["litellm_provider"])
    return named


def _json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_bytes(), parse_float=Decimal)
    content.pop("sample_spec", None)
    return content
