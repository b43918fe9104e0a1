"""Microllin/model-price-hub, a snapshot (data/latest.json) -> token prices in USD per million tokens.

Other currencies and channels are left out on purpose. The hub drops what stands before the last slash of an id, so its
prices of Azure, of Bedrock ids without an area and of two makers on OpenRouter are refused: of several prices (US, EU,
government, other hosts' models) nobody can tell which one was kept. Peak hours are printed without days of the week.
No column says where a promotion ends: its price holds until a later snapshot.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pipelines.models.model_ids import platform_id
from pipelines.schema.time_windows import ALWAYS, parse_window
from pipelines.sources.feeds.json_feed import json_amount, json_text, whole_json
from pipelines.sources.feeds.makers import Named
from pipelines.sources.llm_prices.long_context import LONG_CONTEXT_FROM, with_ends
from pipelines.sources.llm_prices.price_rows import Price, new_collector, parsed_prices
from pipelines.sources.parsed import Parsed, ParseError, RowCollector

PROVIDERS = {
    "aliyun": "qwen",
    "anthropic": "anthropic",
    "cohere": "cohere",
    "deepseek": "deepseek",
    "google": "google",
    "meta": "meta",
    "minimax": "minimax",
    "mistral": "mistral",
    "moonshot": "moonshot",
    "openai": "openai",
    "xai": "xai",
    "zhipu": "zai",
}
OPENROUTER_PREFIXES = {
    "aliyun": ("qwen", "qwen"),
    "baidu": ("baidu", "baidu"),
    "cohere": ("cohere", "cohere"),
    "deepseek": ("deepseek", "deepseek"),
    "minimax": ("minimax", "minimax"),
    "mistral": ("mistral", "mistralai"),
    "moonshot": ("moonshot", "moonshotai"),
    "stepfun": ("stepfun", "stepfun"),
    "tencent": ("tencent", "tencent"),
    "xai": ("xai", "x-ai"),
}
"""Our name and the one prefix that the hub drops; zhipu and meta have two each (z-ai, thudm; meta-llama, meta)."""
CHANNELS = frozenset({"official", "azure", "bedrock", "vertex", "openrouter"})
REGIONS = {"intl": "global", "global": "global"}
NO_MODELS = frozenset({"gemini-developer-api-pricing"})
"""Headings of a page that the hub took for models."""
FIELDS = {
    "input_per_1m": "input_uncached",
    "output_per_1m": "output",
    "cached_input_per_1m": "cache_read",
    "cache_write_per_1m": "cache_write_5m",
}
MODALITIES = {
    "text": {meter: meter for meter in FIELDS.values()},
    "audio": {"input_uncached": "audio_input", "output": "audio_output", "cache_read": "audio_cache_read"},
    "image": {"input_uncached": "image_input", "output": "image_output", "cache_read": "image_cache_read"},
}
CACHE_WRITES = {None: "cache_write_5m", "write_5m": "cache_write_5m", "write_1h": "cache_write_1h"}
SCHEDULED, PEAK, OFF_PEAK = "scheduled", "peak", "off-peak"
SERVICE_TIERS = {
    "standard": "standard",
    "batch": "batch",
    "flex": "flex",
    "priority": "priority",
    "fast": "fast",
    SCHEDULED: "standard",
}
EVERY_DAY = "mon-sun"

_MODEL = re.compile(r"[a-z0-9][a-z0-9.:_@-]{0,120}", re.ASCII)
_RANGE = re.compile(r"(0|\d{1,5}k)-(\d{1,5})k", re.ASCII)
_ABOVE = re.compile(r">(\d{1,5})k", re.ASCII)


class _RefusedError(ValueError):
    """Why an entry is not understood."""


@dataclass(frozen=True)
class _Terms:
    """What the prices of an entry hold for."""

    who: Named
    meters: dict[str, str]
    service_tier: str
    context_from: int
    context_to: int | None
    time_window: str
    effective_from: datetime | None


def parse(body: bytes) -> Parsed:
    """Prices of the snapshot. Raises ParseError for a body that is no JSON object with entries, or yields no row."""
    entries = whole_json(body, dict).get("entries")
    if not isinstance(entries, list):
        raise ParseError("no list under 'entries'")
    collector, prices, labels = new_collector(), list[Price](), _hour_labels(entries)
    for entry in entries:
        if not isinstance(entry, dict):
            collector.reject("entries", json_text(entry), "no object of prices")
        elif entry.get("currency") == "USD" and entry.get("channel") in CHANNELS:
            place = f"{entry['channel']} {entry.get('provider')} {entry.get('model')}"
            try:
                if _hours(entry) and labels[_seller(entry)] != {PEAK, OFF_PEAK}:
                    raise _RefusedError("not one peak and one off-peak price")
                terms = read_terms(entry)
            except _RefusedError as refused:
                collector.reject(place, json_text(entry), str(refused))
            else:
                prices += _entry_prices(place, entry, terms, collector)
    return parsed_prices(with_ends(prices), collector)


def _hours(entry: dict[str, Any]) -> dict[str, Any] | None:
    hours = entry.get("time_window")
    return hours if isinstance(hours, dict) else None


def _seller(entry: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(entry.get(name)) for name in ("channel", "provider", "model", "region", "currency"))


def _hour_labels(entries: list[Any]) -> dict[tuple[str, ...], set[str]]:
    """Which hours a model has prices for: half of a pair would be taken for the price of all hours."""
    labels: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for entry in entries:
        hours = _hours(entry) if isinstance(entry, dict) else None
        if hours:
            labels[_seller(entry)].add(str(hours.get("label")))
    return labels


def read_terms(entry: dict[str, Any]) -> _Terms:
    """Whose model, which tier, range and hours. Raises _RefusedError, a ValueError that says what is not understood."""
    who = _named(entry)
    low, high = _context(entry.get("context_range"), who.provider)
    tier = _known(SERVICE_TIERS, entry.get("service_tier", "standard"), "service tier")
    modality = _known(MODALITIES, entry.get("modality", "text"), "modality")
    write = _known(CACHE_WRITES, entry.get("cache_state"), "cache state")
    if entry.get("billing_unit", "token") != "token":
        raise _RefusedError("not billed per token")
    window, is_scheduled = entry.get("time_window"), entry.get("service_tier") == SCHEDULED
    if (window is None) == is_scheduled:
        raise _RefusedError("scheduled without hours, or hours without a schedule")
    meters = {field: modality[meter] for field, meter in FIELDS.items() if meter in modality}
    if "cache_write_per_1m" in meters:
        meters["cache_write_per_1m"] = write
    return _Terms(who, meters, tier, low, high, _window(window), _moment(entry.get("effective_from")))


def _known(table: dict[Any, Any], value: object, what: str) -> Any:
    if not isinstance(value, str | None) or value not in table:
        raise _RefusedError(f"unknown {what}: {str(value)[:50]}")
    return table[value]


def _named(entry: dict[str, Any]) -> Named:
    channel, provider, model = entry["channel"], entry.get("provider"), entry.get("model")
    region = _known(REGIONS, entry.get("region"), "region")
    if not isinstance(model, str) or _MODEL.fullmatch(model) is None or model in NO_MODELS:
        raise _RefusedError("not an id of a model")
    if channel == "azure":
        raise _RefusedError("the hub drops the region and the maker of Azure's prices")
    if channel == "bedrock":
        known = platform_id(model)
        if known is None or known.region is None:
            raise _RefusedError("the hub drops the region of Bedrock ids without an area")
        return Named(known.provider, known.model, "bedrock", known.region)
    if channel == "openrouter":
        maker, prefix = _known(OPENROUTER_PREFIXES, provider, "prefix of this maker on OpenRouter")
        return Named(maker, f"{prefix}/{model}", "openrouter", region)
    return Named(_known(PROVIDERS, provider, "provider"), model, "api" if channel == "official" else channel, region)


def _context(text: object, provider: str) -> tuple[int, int | None]:
    """First token count and the one after the last: "0-200k" holds 200,000; "long" starts where the maker says."""
    if text is None:
        return 0, None
    if text == "long" and provider in LONG_CONTEXT_FROM:
        return LONG_CONTEXT_FROM[provider], None
    known = _RANGE.fullmatch(text) if isinstance(text, str) else None
    if known:
        low, high = int(known[1].rstrip("k")) * 1000, int(known[2]) * 1000
        if low < high:
            return (low + 1 if low else 0), high + 1
    above = _ABOVE.fullmatch(text) if isinstance(text, str) else None
    if above:
        return int(above[1]) * 1000 + 1, None
    raise _RefusedError(f"unknown context range: {str(text)[:50]}")


def _window(hours: object) -> str:
    """The hours of a peak price; the off-peak price holds in all others, so at any hour that no window overrides."""
    if hours is None:
        return ALWAYS
    if not isinstance(hours, dict) or hours.get("timezone") != "UTC" or not isinstance(hours.get("windows"), list):
        raise _RefusedError("hours that are not in UTC")
    try:
        stretches = [f"{stretch['start']}-{stretch['end']}" for stretch in hours["windows"]]
        window = str(parse_window(f"{EVERY_DAY} {','.join(stretches)}"))
    except (ValueError, TypeError, KeyError) as error:
        raise _RefusedError("unreadable hours") from error
    return ALWAYS if hours["label"] == OFF_PEAK else window


def _moment(text: object) -> datetime | None:
    """Naive UTC of an ISO time with its zone."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(str(text))
        in_utc = moment.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError) as error:
        raise _RefusedError("unreadable start") from error
    if moment.tzinfo is None:
        raise _RefusedError("a start without its time zone")
    return in_utc


def _entry_prices(place: str, entry: dict[str, Any], terms: _Terms, collector: RowCollector) -> Iterator[Price]:
    for field in FIELDS:
        amount = entry.get(field)
        if amount is None:
            continue
        usd, where = json_amount(amount), f"{place} {field}"
        if usd is None or usd <= 0 or field not in terms.meters:
            reason = "no meter for this price" if field not in terms.meters else "not a price above 0"
            collector.reject(where, json_text(amount), reason)
            continue
        yield Price(
            where, terms.who.provider, terms.who.model, terms.meters[field], usd, f"{field}: {amount}",
            service_tier=terms.service_tier, context_from=terms.context_from, context_to=terms.context_to,
            channel=terms.who.channel, region=terms.who.region, time_window=terms.time_window,
            effective_from=terms.effective_from,
        )  # fmt: skip
