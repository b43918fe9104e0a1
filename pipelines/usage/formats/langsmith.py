"""LangSmith runs (API, SDK or bulk export), one JSON object each -> one row per model call.

Only runs of type "llm" count; chains around them repeat their sums. prompt_tokens holds what was read from and written
to the cache, completion_tokens reasoning (LangChain's UsageMetadata, which LangSmith takes over); the total decides.
Times are UTC and printed without a zone. total_cost is LangSmith's own estimate, in dollars.
"""

from collections.abc import Iterator

from pipelines.usage.call_format import call_format
from pipelines.usage.call_texts import CallCounts, Inside
from pipelines.usage.count_names import looks_like_a_count
from pipelines.usage.importer import Record, UsageObject


def _rows(run: Record) -> Iterator[Record]:
    if run.get("run_type") != "llm" or run.get("prompt_tokens") is None:
        return
    metadata = (run.get("extra") or {}).get("metadata") or {}
    given = run.get("prompt_token_details") or {}
    answered = run.get("completion_token_details") or {}
    yield {
        "is_call": "1",
        "time": run.get("start_time"),
        "model": metadata.get("ls_model_name"),
        "maker": metadata.get("ls_provider"),
        "input": run["prompt_tokens"],
        "cache_read": given.get("cache_read"),
        "cache_write": given.get("cache_creation") or given.get("ephemeral_5m_input_tokens"),
        "cache_write_1h": given.get("ephemeral_1h_input_tokens"),
        "output": run.get("completion_tokens"),
        "reasoning": answered.get("reasoning"),
        "total": run.get("total_tokens"),
        "cost": run.get("total_cost"),
        "project": run.get("session_id"),
        "feature": run.get("name"),
        "conversation": metadata.get("thread_id") or metadata.get("session_id"),
        "usage": {name: run.get(name) for name in run if looks_like_a_count(name)},
        "row": run.get("id"),
    }


LANGSMITH = call_format(
    "langsmith",
    "LangSmith runs, one JSON object per run",
    (frozenset({"id", "trace_id", "run_type", "start_time"}),),
    CallCounts(Inside(cache=True, reasoning=True), is_utc_without_zone=True),
    rows=_rows,
    usage=UsageObject(
        place="",
        counted={
            "prompt_tokens": "input_uncached_tokens, less its parts",
            "completion_tokens": "output_tokens",
            "prompt_token_details.cache_read": "cache_read_tokens",
            **dict.fromkeys(
                ("prompt_token_details.cache_creation", "prompt_token_details.ephemeral_5m_input_tokens"),
                "cache_write_5m_tokens",
            ),
            "prompt_token_details.ephemeral_1h_input_tokens": "cache_write_1h_tokens",
        },
        part_of={"total_tokens": "the sum", "completion_token_details.reasoning": "completion_tokens"},
    ),
)
