"""OpenAI embeddings: answers, one JSON object each, and batch output -> one row per request.

An answer of /v1/embeddings has no id and no time (OpenAI's API reference): whoever logs it can write `timestamp`
beside, else the file's own time counts, and equal answers of one file count each. In batch output the answer stands in
`response.body` and the line has an id; such requests are billed at the batch tier. Output of embeddings is not counted.
"""

from collections.abc import Iterator

from pipelines.usage.call_format import call_format
from pipelines.usage.call_texts import CallCounts, Inside
from pipelines.usage.importer import Record, UsageObject


def _rows(record: Record) -> Iterator[Record]:
    held = record.get("response")
    body = (held.get("body") if isinstance(held, dict) else None) or (record if "usage" in record else {})
    usage = body.get("usage") or {}
    if usage.get("prompt_tokens") is not None:
        is_batch = body is not record
        yield {
            "is_call": "1",
            "time": record.get("timestamp"),
            "model": body.get("model"),
            "tier": "batch" if is_batch else None,
            "input": usage["prompt_tokens"],
            "total": usage.get("total_tokens"),
            "usage": usage,
            "row": record.get("id") if is_batch else None,
        }


OPENAI_EMBEDDINGS = call_format(
    "openai_embeddings",
    "OpenAI embeddings: answers or batch output, JSON lines",
    (
        frozenset({"object", "data", "model", "usage", "usage.prompt_tokens", "usage.total_tokens"}),
        frozenset({"custom_id", "response.body.data", "response.body.usage", "response.body.usage.prompt_tokens"}),
    ),
    CallCounts(Inside(cache=True, reasoning=True), maker="openai", is_dated_by_file=True, has_ids=False),
    rows=_rows,
    usage=UsageObject(
        place="usage", counted={"prompt_tokens": "input_uncached_tokens"}, part_of={"total_tokens": "the sum"}
    ),
)
