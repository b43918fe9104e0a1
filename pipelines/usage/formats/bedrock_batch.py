"""Amazon Bedrock batch inference output (*.jsonl.out in S3) -> one row per record, at the batch tier.

A record has `modelInput` and the model's own answer as `modelOutput`; a failed one has `error` instead. Each maker's
answer counts in words of its own: Anthropic's holds no cached tokens in input_tokens, Amazon Nova's neither
(inputTokens), Llama counts prompt_token_count and generation_token_count, Mistral and other OpenAI-like ones hold
cached tokens in prompt_tokens (Bedrock's page on inference parameters). Only Anthropic's names its model; job, region
and time stand in the job's manifest: the model of others is "unknown", and the file's own time counts.
"""

from collections.abc import Iterator
from dataclasses import replace

from pipelines.usage.anthropic_usage import USAGE_OBJECT, calls_of_message
from pipelines.usage.call_format import call_format
from pipelines.usage.call_texts import UNNAMED, CallCounts, Inside, number
from pipelines.usage.count_names import looks_like_a_count
from pipelines.usage.importer import Record


def _rows(record: Record) -> Iterator[Record]:
    output, row = record.get("modelOutput"), {"row": None, "feature": record.get("recordId")}
    if not isinstance(output, dict):
        return
    usage = output.get("usage") or {}
    if "input_tokens" in usage:
        yield from (call | {"tier": None, "maker": "anthropic"} for call in calls_of_message(output))
    elif "inputTokens" in usage:
        yield row | {
            "is_call": "1",
            "usage": usage,
            "input": usage["inputTokens"],
            "output": usage.get("outputTokens"),
            "cache_read": usage.get("cacheReadInputTokenCount"),
            "cache_write": usage.get("cacheWriteInputTokenCount"),
        }
    elif "prompt_tokens" in usage:
        cached = number((usage.get("prompt_tokens_details") or {}).get("cached_tokens"))
        yield row | {
            "is_call": "1",
            "usage": usage,
            "model": output.get("model"),
            "response": output.get("id"),
            "input": number(usage["prompt_tokens"]) - cached,
            "cache_read": cached or None,
            "output": usage.get("completion_tokens"),
        }
    elif "prompt_token_count" in output:
        yield row | {
            "is_call": "1",
            "usage": {name: count for name, count in output.items() if looks_like_a_count(name)},
            "input": output["prompt_token_count"],
            "output": output.get("generation_token_count"),
        }


BEDROCK_BATCH = call_format(
    "bedrock_batch",
    "Amazon Bedrock batch inference output, JSON lines",
    (frozenset({"recordId", "modelInput"}),),
    CallCounts(
        Inside(cache=False, reasoning=True),
        channel="bedrock",
        tier="batch",
        unnamed=UNNAMED,
        is_dated_by_file=True,
        has_ids=False,
    ),
    rows=_rows,
    usage=replace(
        USAGE_OBJECT,
        place="modelOutput.usage",
        counted={
            **USAGE_OBJECT.counted,
            **dict.fromkeys(("inputTokens", "prompt_tokens", "prompt_token_count"), "input_uncached_tokens"),
            **dict.fromkeys(("outputTokens", "completion_tokens", "generation_token_count"), "output_tokens"),
            **dict.fromkeys(("cacheReadInputTokenCount", "prompt_tokens_details.cached_tokens"), "cache_read_tokens"),
            "cacheWriteInputTokenCount": "cache_write_5m_tokens",
        },
        part_of={
            **USAGE_OBJECT.part_of,
            **dict.fromkeys(("totalTokens", "total_tokens"), "the sum"),
            "completion_tokens_details.reasoning_tokens": "completion_tokens",
        },
    ),
)
