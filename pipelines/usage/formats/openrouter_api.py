"""OpenRouter's API: activity by day (GET /activity), and generation objects (GET /generation) -> one row each.

Prompt tokens hold cached ones, completion tokens reasoning. Billed are the native counts of a generation; the others
are of one tokenizer for all models. `usage` and `total_cost` are what OpenRouter charged in dollars; what a key of
one's own paid stands apart (`byok_usage_inference`, `upstream_inference_cost`) and is added. The id of a generation is
the `id` of the response, which its CSV and logs of clients have too.
"""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from pipelines.usage.call_format import call_format
from pipelines.usage.call_texts import CallCounts, Inside
from pipelines.usage.importer import Record, UsageObject


def _days(page: Record) -> Iterator[Record]:
    for day in page["data"]:
        _, _, variant = str(day.get("model") or "").partition(":")
        slug = day.get("model_permaslug") or day.get("model")
        yield {
            "is_call": "1",
            "time": f"{str(day.get('date'))[:10]}T00:00:00Z",
            "model": f"{slug}:{variant}" if variant and slug and ":" not in slug else slug,
            "requests": day.get("requests"),
            "input": day.get("prompt_tokens"),
            "output": day.get("completion_tokens"),
            "reasoning": day.get("reasoning_tokens"),
            "cost": _sum(day.get("usage"), day.get("byok_usage_inference")),
            "usage": day,
            "row": "/".join(str(day.get(name)) for name in ("date", "model", "model_permaslug", "endpoint_id")),
        }


def _generations(record: Record) -> Iterator[Record]:
    made = record.get("data", record)
    yield {
        "is_call": "1",
        "time": made.get("created_at"),
        "model": made.get("model"),
        "tier": made.get("service_tier"),
        "input": made.get("native_tokens_prompt"),
        "cache_read": made.get("native_tokens_cached"),
        "output": made.get("native_tokens_completion"),
        "reasoning": made.get("native_tokens_reasoning"),
        "cost": _sum(made.get("total_cost"), made.get("upstream_inference_cost") if made.get("is_byok") else None),
        "user": made.get("external_user"),
        "usage": made,
        "response": made.get("id"),
    }


def _sum(charged: object, own_key: object) -> str | None:
    if charged is None:
        return None
    try:
        return f"{Decimal(str(charged)) + Decimal(str(own_key or 0)):f}"
    except InvalidOperation:
        return str(charged)  # Refused as what it is.


OPENROUTER_ACTIVITY = call_format(
    "openrouter_activity",
    "OpenRouter activity API, JSON",
    (frozenset({"data[].model_permaslug", "data[].byok_usage_inference", "data[].prompt_tokens"}),),
    CallCounts(Inside(cache=True, reasoning=True), grain="bucket", channel="openrouter"),
    rows=_days,
    usage=UsageObject(
        place="data[]",
        is_record=True,
        counted={
            "prompt_tokens": "input_uncached_tokens",
            "completion_tokens": "output_tokens",
            "requests": "requests",
        },
        part_of={"reasoning_tokens": "completion_tokens"},
    ),
)
OPENROUTER_GENERATION = call_format(
    "openrouter_generation",
    "OpenRouter generation objects, one JSON object per generation",
    (
        frozenset({"data.id", "data.native_tokens_prompt", "data.native_tokens_completion"}),
        frozenset({"id", "native_tokens_prompt", "native_tokens_completion"}),
    ),
    CallCounts(Inside(cache=True, reasoning=True), channel="openrouter"),
    rows=_generations,
    usage=UsageObject(
        place="data",
        is_record=True,
        counted={
            "native_tokens_prompt": "input_uncached_tokens, less what was cached",
            "native_tokens_cached": "cache_read_tokens",
            "native_tokens_completion": "output_tokens",
        },
        part_of={"native_tokens_reasoning": "native_tokens_completion"},
        ignored=dict.fromkeys(
            ("tokens_prompt", "tokens_completion"), "counted by OpenRouter's own tokenizer, not by the provider's"
        ),
    ),
)
