"""Cohere chat, embed and rerank answers, one JSON object each -> one row per request.

`usage.billed_units` (`meta.billed_units` in version 1) is what Cohere bills; `usage.tokens` counts the prompt that
Cohere itself adds too, and is not billed (Cohere's page on pricing). `cached_tokens` are tokens that met the cache:
they are billed as any others. An answer names neither model nor time: whoever logs it can write `model` and `timestamp`
beside, else the model is "unknown" and the file's own time counts. What rerank bills is queries, "search units".
"""

from collections.abc import Iterator

from pipelines.usage.call_format import call_format
from pipelines.usage.call_texts import UNNAMED, CallCounts, Inside
from pipelines.usage.importer import Record, UsageObject


def _rows(answer: Record) -> Iterator[Record]:
    stated = answer.get("usage") or answer.get("meta") or {}
    billed = stated.get("billed_units")
    if billed:
        searches = billed.get("search_units")
        yield {
            "is_call": "1",
            "time": answer.get("timestamp"),
            "model": answer.get("model"),
            "input": billed.get("input_tokens", 0 if searches else None),
            "output": billed.get("output_tokens"),
            "rerank_queries": searches,
            "usage": stated,
            "row": answer.get("id") or answer.get("generation_id"),
        }


COHERE = call_format(
    "cohere",
    "Cohere answers, one JSON object per request",
    (frozenset({"id", "usage.billed_units"}), frozenset({"meta.billed_units", "meta.api_version"})),
    CallCounts(Inside(cache=False, reasoning=True), maker="cohere", unnamed=UNNAMED, is_dated_by_file=True),
    rows=_rows,
    usage=UsageObject(
        place="usage",
        counted={
            "billed_units.input_tokens": "input_uncached_tokens",
            "billed_units.output_tokens": "output_tokens",
            "billed_units.search_units": "rerank_queries",
        },
        part_of={"cached_tokens": "billed_units.input_tokens: billed as any others"},
        ignored={
            "tokens": "with the prompt that Cohere adds itself, and does not bill",
            "api_version": "no count",
        },
    ),
)
