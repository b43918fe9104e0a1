"""Anthropic Messages API: answers, one JSON object each, and results of a message batch -> one row per request.

A line is the message itself, or an object that holds it as `response`, or, in results of a batch
(/v1/messages/batches/{id}/results), as `result.message`; those are billed at the batch tier. Results that failed or
expired have no message and are not billed. Neither states a time: whoever logs answers can write `timestamp` beside,
else the file's own time counts. The id of the message makes it one row with other logs of the same answer.
"""

from collections.abc import Iterator

from pipelines.usage.anthropic_usage import USAGE_OBJECT, calls_of_message
from pipelines.usage.call_format import call_format
from pipelines.usage.call_texts import CallCounts, Inside
from pipelines.usage.importer import Record

IN_MESSAGE = ("usage.input_tokens", "usage.output_tokens", "role", "model")


def _rows(record: Record) -> Iterator[Record]:
    result = record.get("result")
    held = result if isinstance(result, dict) else record
    message = next((held[name] for name in ("message", "response") if isinstance(held.get(name), dict)), held)
    if not isinstance(message.get("usage"), dict) or message.get("role", "assistant") != "assistant":
        return
    for call in calls_of_message(message):
        yield call | {"time": record.get("timestamp")} | ({"tier": "batch"} if held is result else {})


ANTHROPIC_MESSAGES = call_format(
    "anthropic_messages",
    "Anthropic Messages API answers, or results of a message batch, JSON lines",
    (
        frozenset({"custom_id", "result.type"}),
        frozenset({"type", "id", *IN_MESSAGE, "content"}),
        frozenset({"response.id", "response.content", *(f"response.{name}" for name in IN_MESSAGE)}),
    ),
    CallCounts(Inside(cache=False, reasoning=True), maker="anthropic", is_dated_by_file=True),
    rows=_rows,
    usage=USAGE_OBJECT,
)
