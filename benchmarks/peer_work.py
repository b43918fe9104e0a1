"""Prices a sample with one peer; runs in the peers' own environment, which has none of our modules.

`python peer_work.py PEER SAMPLE ANSWERS`: reads rows of (provider, model, input_uncached, cache_read, cache_write_5m,
cache_write_1h, output) as JSON, writes the USD of each to ANSWERS, null where the peer knows no price, and prints the
seconds of the calls alone. What the calls take is built before, and rows without an answer are left out of the timing:
both in favour of the peer.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
LEAST_CPU_SECONDS = 1.0
LITELLM_PROVIDERS = {"google": "gemini"}

Row = tuple[str, str, int, int, int, int, int]
Price = Callable[[Any], Any]


def genai_prices(rows: list[Row]) -> tuple[list[Any], Price]:
    """genai-prices: calc_price. Its input_tokens hold the cache's."""
    from genai_prices import Usage, calc_price  # noqa: PLC0415 - one peer in a process

    def given(row: Row) -> tuple[Any, str, str]:
        provider, model, fresh, read, five, hour, output = row
        sent = {"input_tokens": fresh + read + five + hour, "output_tokens": output}
        cached = {"cache_read_tokens": read, "cache_write_tokens": five + hour, "cache_write_1h_tokens": hour}
        return Usage(**sent, **{name: count for name, count in cached.items() if count}), model, provider

    def price(item: tuple[Any, str, str]) -> Any:
        usage, model, provider = item
        return calc_price(usage, model, provider_id=provider, genai_request_timestamp=NOON).total_price

    return [given(row) for row in rows], price


def litellm_cost_per_token(rows: list[Row]) -> tuple[list[Any], Price]:
    """LiteLLM: cost_per_token with a usage object."""
    from litellm import cost_per_token  # noqa: PLC0415

    def price(item: tuple[str, str, Any]) -> float:
        model, provider, usage = item
        sent, generated = cost_per_token(model=model, custom_llm_provider=provider, usage_object=usage)
        return float(sent + generated)

    return [(row[1], LITELLM_PROVIDERS.get(row[0], row[0]), _litellm_usage(row)) for row in rows], price


def litellm_completion_cost(rows: list[Row]) -> tuple[list[Any], Price]:
    """LiteLLM: completion_cost of a response."""
    from litellm import ModelResponse, completion_cost  # noqa: PLC0415

    def price(item: tuple[Any, str, str]) -> float:
        response, model, provider = item
        return float(completion_cost(completion_response=response, model=model, custom_llm_provider=provider))

    return [
        (ModelResponse(model=row[1], usage=_litellm_usage(row)), row[1], LITELLM_PROVIDERS.get(row[0], row[0]))
        for row in rows
    ], price


def _litellm_usage(row: Row) -> Any:
    """LiteLLM's prompt_tokens hold the cache's."""
    from litellm.types.utils import (  # noqa: PLC0415
        CacheCreationTokenDetails,
        PromptTokensDetailsWrapper,
        Usage,
    )

    _, _, fresh, read, five, hour, output = row
    split = CacheCreationTokenDetails(ephemeral_5m_input_tokens=five, ephemeral_1h_input_tokens=hour)
    details = PromptTokensDetailsWrapper(cached_tokens=read)
    if five + hour:
        details = PromptTokensDetailsWrapper(
            cached_tokens=read, cache_creation_tokens=five + hour, cache_creation_token_details=split
        )
    sent = fresh + read + five + hour
    written = {"cache_creation_input_tokens": five + hour, "cache_read_input_tokens": read} if five + hour else {}
    return Usage(
        prompt_tokens=sent,
        completion_tokens=output,
        total_tokens=sent + output,
        prompt_tokens_details=details,
        **written,
    )


def tokencost(rows: list[Row]) -> tuple[list[Any], Price]:
    """tokencost: calculate_cost_by_tokens for each kind of token that it knows; it has no cache writes."""
    from tokencost import calculate_cost_by_tokens  # noqa: PLC0415

    def price(item: Row) -> Any:
        _, model, fresh, read, five, hour, output = item
        usd = calculate_cost_by_tokens(fresh + five + hour, model, "input")
        if read:
            usd += calculate_cost_by_tokens(read, model, "cached")
        return usd + calculate_cost_by_tokens(output, model, "output")

    return [(row[0], f"gemini/{row[1]}" if row[0] == "google" else row[1], *row[2:]) for row in rows], price


PEERS = {peer.__name__: peer for peer in (genai_prices, litellm_cost_per_token, litellm_completion_cost, tokencost)}


def answers(items: list[Any], price: Price) -> list[float | None]:
    """The USD of each row; None where the peer raises, which is how all of them say that they know no price."""
    found: list[float | None] = []
    for item in items:
        try:
            found.append(float(price(item)))
        except Exception:  # noqa: BLE001 - each peer has its own errors, and any of them means: no price
            found.append(None)
    return found


def timed(items: list[Any], price: Price) -> dict[str, float]:
    """Wall and CPU seconds of the calls, over as many passes as fill a second of CPU time."""
    wall, cpu, rows = time.perf_counter(), _cpu_seconds(), 0
    while _cpu_seconds() - cpu < LEAST_CPU_SECONDS:
        for item in items:
            price(item)
        rows += len(items)
    return {"seconds": time.perf_counter() - wall, "cpu_seconds": _cpu_seconds() - cpu, "rows": rows}


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main(peer: str, sample: Path, out: Path) -> None:
    """Price the sample twice: once for the answers, which also fills the peer's caches, and once for the time."""
    items, price = PEERS[peer](json.loads(sample.read_text()))
    usd = answers(items, price)
    out.write_text(json.dumps(usd))
    known = [item for item, amount in zip(items, usd, strict=True) if amount is not None]
    sys.stdout.write(json.dumps(timed(known, price)) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
