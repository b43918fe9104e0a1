"""LiteLLM's model_prices_and_context_window.json -> token prices and fees of the main sellers and channels.

Which key is whose model is in `litellm_names`. Prices that no meter counts (per image, pixel, character, second,
page, session) are ignored on purpose. A price per token of no known meter or tier is a reject.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from pipelines.schema.time_windows import ALWAYS
from pipelines.sources.feeds.bedrock_regions import with_regional_premium
from pipelines.sources.feeds.litellm_names import BY_CHARACTER, NO_MODEL, named, seller_of
from pipelines.sources.feeds.makers import Named
from pipelines.sources.feeds.week_hours import outside
from pipelines.sources.json_body import json_amount, json_text, read_json_of
from pipelines.sources.llm_prices.price_rows import Price, new_collector, parsed_prices
from pipelines.sources.parsed import Parsed, RowCollector, price_or_none

METERS = {
    "input_cost_per_token": "input_uncached",
    "output_cost_per_token": "output",
    "cache_read_input_token_cost": "cache_read",
    "input_cost_per_token_cache_hit": "cache_read",
    "cache_creation_input_token_cost": "cache_write_5m",
    "cache_creation_input_token_cost_above_1hr": "cache_write_1h",
    "input_cost_per_audio_token": "audio_input",
    "cache_read_input_audio_token_cost": "audio_cache_read",
    "cache_read_input_token_cost_per_audio_token": "audio_cache_read",
    "output_cost_per_audio_token": "audio_output",
    "input_cost_per_image_token": "image_input",
    "cache_read_input_image_token_cost": "image_cache_read",
    "output_cost_per_image_token": "image_output",
}
TIERS = {
    None: "standard",
    "batches": "batch",
    "batch_requests": "batch",
    "flex": "flex",
    "priority": "priority",
    "ultrafast": "ultrafast",
}
QUERY_FEE, RANGES, REASONING = "input_cost_per_query", "tiered_pricing", "output_cost_per_reasoning_token"
REQUEST_FEE, SEARCH_FEE, OFF_PEAK = "input_cost_per_request", "search_context_cost_per_query", "off_peak_pricing"
SEARCH_SIZES = ("search_context_size_low", "search_context_size_medium", "search_context_size_high")
PER_MTOK, PER_THOUSAND = Decimal(1_000_000), Decimal(1000)
ESTIMATE = "billed per character; the price per token is an estimate"
UNKNOWN_TOO = "the feed prints 0 for unknown too"
NO_NUMBER = "not a finite number"
NO_KEY = "no meter or service tier for this key"
OTHER_KEYS = {
    REASONING: "reasoning is counted as output, at the price of output",
    "explicit_cache_read_input_token_cost": "usage does not tell an explicit cache from an implicit one",
    "cache_creation_input_audio_token_cost": "no meter counts writes of audio to a cache",
}
"""Why a price per token has no meter, where more can be said."""
_DECISIONS = re.compile(r".*_decisions")

_TOKEN_PRICE = re.compile(r".*(?:token_cost|cost_per_(?:\w+_)?token)(?:_.*)?")
_KEY = re.compile(
    rf"({'|'.join(sorted(METERS, key=len, reverse=True))})(?:_above_(\d{{1,5}})k_tokens)?"
    rf"(?:_({'|'.join(tier for tier in TIERS if tier)}))?",
    re.ASCII,
)


@dataclass(frozen=True)
class _Quoted:
    """One price of a model as the feed quotes it; `above` is the prompt size that it needs to exceed."""

    place: str
    meter: str
    usd_per_unit: Decimal
    printed: str
    tier: str = "standard"
    above: int = 0
    unit: str = "mtok"
    time_window: str = ALWAYS


def parse(body: bytes) -> Parsed:
    """Prices in USD per million tokens and fees in USD per thousand calls, exact: the feed's are per token and call.

    Raises ParseError for a body that is no JSON object (cut off, a page instead of the feed) or yields no row.
    """
    collector, prices = new_collector(), list[Price]()
    for key, entry in read_json_of(dict, body).items():
        if key == "sample_spec":
            continue
        if isinstance(entry, dict):
            prices += _entry_prices(key, entry, collector)
        else:
            collector.reject(key, str(entry), "no object of prices")
    return parsed_prices(with_regional_premium(prices), collector)


def _entry_prices(key: str, entry: dict[str, Any], collector: RowCollector) -> Iterator[Price]:
    seller = seller_of(key, entry.get("litellm_provider"))
    if seller is None:
        return
    who = named(key, seller)
    is_free = who is not None and who.model.endswith(":free")
    ranged = _range_prices(key, entry, is_free, collector)
    quoted = [*_token_prices(key, entry, is_free, collector), *ranged, *_fees(key, entry, seller.provider, collector)]
    if who is None or (who.channel == "vertex" and BY_CHARACTER.fullmatch(who.model)):
        for quote in quoted:
            collector.reject(quote.place, quote.printed, ESTIMATE if who else NO_MODEL)
        return
    if entry.get(OFF_PEAK) is not None:
        quoted = list(_by_hour(key, entry[OFF_PEAK], quoted, collector))
    yield from _ranged(who, quoted)


def _token_prices(key: str, entry: dict[str, Any], is_free: bool, collector: RowCollector) -> Iterator[_Quoted]:
    """The prices per token of one entry; those that cannot be taken become rejects. 0 is a price of free ids only."""
    for name, value in entry.items():
        if value is None or not _TOKEN_PRICE.fullmatch(name):
            continue
        is_apart = name == REASONING and str(entry.get("litellm_provider")) == "perplexity"
        place, parts = f"{key} {name}", _KEY.fullmatch("output_cost_per_token" if is_apart else name)
        if name == REASONING and value == entry.get("output_cost_per_token") and not is_apart:
            continue  # it says nothing that the price of output does not say
        if parts is None:
            is_endpoint = _DECISIONS.fullmatch(name) is not None
            reason = "a price of another endpoint, /v1/decisions" if is_endpoint else OTHER_KEYS.get(name, NO_KEY)
            collector.reject(place, str(value), reason)
            continue
        usd_per_mtok = _usd(value, PER_MTOK)
        if usd_per_mtok is None:
            collector.reject(place, str(value), NO_NUMBER)
        elif usd_per_mtok == 0 and not is_free:
            collector.reject(place, str(value), UNKNOWN_TOO)
        else:
            meter = "reasoning_output" if is_apart else METERS[parts[1]]
            above, tier = int(parts[2] or 0) * 1000, TIERS[parts[3]]
            yield _Quoted(place, meter, usd_per_mtok, f"{name}: {value}", tier, above)


def _range_prices(key: str, entry: dict[str, Any], is_free: bool, collector: RowCollector) -> Iterator[_Quoted]:
    """The prices of a list of ranges of prompt sizes, [0, 256000] and [256000, 1000000]; ranges that do not meet, or
    anything else in the list, are refused whole.
    """
    ranges = entry.get(RANGES)
    if ranges is None:
        return
    parts = ranges if isinstance(ranges, list) and all(isinstance(part, dict) for part in ranges) else []
    bounds = [[json_amount(end) for end in part.get("range") or []] for part in parts]
    starts = [bound[0] for bound in bounds if len(bound) == 2 and bound[0] is not None]
    ends = [bound[1] for bound in bounds if len(bound) == 2]
    if not parts or len(starts) != len(parts) or [Decimal(0), *ends[:-1]] != starts:
        collector.reject(f"{key} {RANGES}", json_text(ranges), "ranges of prompt sizes that do not meet")
        return
    for part, start in zip(parts, starts, strict=True):
        for quote in _token_prices(f"{key} {RANGES}", part, is_free, collector):
            yield replace(quote, above=int(start))


def _fees(key: str, entry: dict[str, Any], provider: str, collector: RowCollector) -> Iterator[_Quoted]:
    """USD per thousand requests or web searches.

    A search fee by the size of the search context is one price where all sizes cost the same. Perplexity bills it
    with each request, small context unless asked otherwise.
    """
    request, sizes = entry.get(REQUEST_FEE), entry.get(SEARCH_FEE)
    amounts = [] if request is None else [("requests", REQUEST_FEE, request)]
    if entry.get(QUERY_FEE) is not None:
        # A query of anything else, such as a search API, is a request.
        meter = "rerank_queries" if entry.get("mode") == "rerank" else "requests"
        amounts.append((meter, QUERY_FEE, entry[QUERY_FEE]))
    if isinstance(sizes, dict) and set(sizes) == set(SEARCH_SIZES):
        if len({str(amount) for amount in sizes.values()}) == 1:
            amounts.append(("web_searches", SEARCH_FEE, sizes[SEARCH_SIZES[0]]))
        elif provider == "perplexity":
            amounts.append(("requests", f"{SEARCH_FEE} {SEARCH_SIZES[0]}", sizes[SEARCH_SIZES[0]]))
            sizes = {size: sizes[size] for size in SEARCH_SIZES[1:]}
            collector.reject(f"{key} {SEARCH_FEE}", json_text(sizes), "usage does not tell that the context was larger")
        else:
            collector.reject(f"{key} {SEARCH_FEE}", json_text(sizes), "the fee depends on the search context size")
    elif sizes is not None:
        collector.reject(f"{key} {SEARCH_FEE}", json_text(sizes), "not one fee for each search context size")
    for meter, name, amount in amounts:
        usd = _usd(amount, PER_THOUSAND)
        if usd:
            yield _Quoted(f"{key} {name}", meter, usd, f"{name}: {amount}", unit="thousand_calls")
        else:
            collector.reject(f"{key} {name}", str(amount), NO_NUMBER if usd is None else UNKNOWN_TOO)


def _by_hour(key: str, off_peak: object, quoted: list[_Quoted], collector: RowCollector) -> Iterator[_Quoted]:
    """The off-peak price at any hour, and the base price in the hours that are left; other prices as they are."""
    window = outside(off_peak) if isinstance(off_peak, dict) else None
    if window is None or not isinstance(off_peak, dict):
        reason = "the hours outside its off-peak hours are no one window"
        collector.reject(f"{key} {OFF_PEAK}", json_text(off_peak), reason)
        for quote in quoted:
            collector.reject(quote.place, quote.printed, reason)
        return
    cheap = list(_token_prices(f"{key} {OFF_PEAK}", off_peak, False, collector))
    yield from cheap
    by_hour = {(quote.meter, quote.tier) for quote in cheap}
    for quote in quoted:
        is_peak = (quote.meter, quote.tier) in by_hour
        yield replace(quote, time_window=str(window)) if is_peak else quote


def _usd(value: object, units: Decimal) -> Decimal | None:
    """USD for `units` of a JSON number in USD for one; None where it is no price."""
    usd = json_amount(value)
    return None if usd is None else price_or_none(str(usd * units))


def _ranged(who: Named, quoted: Iterable[_Quoted]) -> Iterator[Price]:
    """Prices with their context ranges: "above 200k" starts at 200,001 tokens, where the one before it ends.

    xAI's own higher price starts at the boundary itself: its page says "at least 200k".
    """
    past = 0 if who.provider == "xai" and who.channel == "api" else 1
    by_meter: dict[tuple[str, str, str], list[_Quoted]] = {}
    for quote in quoted:
        by_meter.setdefault((quote.meter, quote.tier, quote.time_window), []).append(quote)
    for (meter, tier, time_window), quotes in by_meter.items():
        starts = {quote.above: quote.above + past if quote.above else 0 for quote in quotes}
        ends = dict(zip(sorted(starts), [*sorted(starts.values())[1:], None], strict=True))
        for quote in quotes:
            yield Price(
                place=quote.place,
                provider=who.provider,
                model=who.model,
                meter=meter,
                usd_per_unit=quote.usd_per_unit,
                printed=quote.printed,
                service_tier=tier,
                context_from=starts[quote.above],
                context_to=ends[quote.above],
                unit=quote.unit,
                channel=who.channel,
                region=who.region,
                time_window=time_window,
            )
