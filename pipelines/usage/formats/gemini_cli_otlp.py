"""Telemetry of Gemini CLI and of Qwen Code, its fork, as OTLP logs in JSON -> one row per answer.

`gemini_cli.api_response` and `qwen-code.api_response` have the counts of one answer, named as Gemini's API names them:
input holds what was cached, results of tools stand beside it; thoughts stand beside Gemini's output and inside Qwen's,
whose counts come of an API like OpenAI's (docs/telemetry.md of both). The total decides where it is there. Qwen Code
names the response; of Gemini CLI an answer is its session, prompt and time, and where a session log states the session
too, that counts (decision 0057). The file that the tools write themselves (`--telemetry-outfile`) is no OTLP: it is
read where a collector has exported it.
"""

from collections.abc import Iterator

from pipelines.usage.call_format import call_format
from pipelines.usage.call_texts import CallCounts, Inside, number
from pipelines.usage.formats.otel_attributes import attributes
from pipelines.usage.importer import Record, UsageObject

GEMINI, QWEN = "gemini_cli.api_response", "qwen-code.api_response"
LOGS = "resourceLogs[].scopeLogs[].logRecords[].attributes[]"


def _rows(export: Record) -> Iterator[Record]:
    for resource in export["resourceLogs"]:
        about = attributes(resource.get("resource") or {})
        for scope in resource.get("scopeLogs") or []:
            for record in scope.get("logRecords") or []:
                found = about | attributes(record)
                if found.get("event.name") in (GEMINI, QWEN):
                    yield _answer(found, record.get("timeUnixNano") or found.get("event.timestamp"))


def _answer(found: Record, time: object) -> Record:
    entered = number(found.get("input_token_count")) + number(found.get("tool_token_count"))
    total = found.get("total_token_count")
    if found["event.name"] == QWEN and total is None:
        total = entered + number(found.get("output_token_count"))
    session = found.get("session.id")
    return {
        "is_call": "1",
        "time": time,
        "model": found.get("model"),
        "input": entered,
        "cache_read": found.get("cached_content_token_count"),
        "output": found.get("output_token_count"),
        "reasoning": found.get("thoughts_token_count"),
        "total": total,
        "usage": found,
        "conversation": session,
        "response": found.get("response_id"),
        "row": f"{session}/{found.get('prompt_id')}/{time}"[:200],
    }


GEMINI_CLI_EVENTS = call_format(
    "gemini_cli_events",
    "Gemini CLI or Qwen Code telemetry, OTLP logs as JSON",
    (
        frozenset({"resourceLogs", f"{LOGS}:input_token_count", f"{LOGS}:cached_content_token_count"}),
        frozenset({"resourceLogs", f"{LOGS}:event.name", f"{LOGS}:auth_type", f"{LOGS}:prompt_id"}),
        frozenset({"resourceLogs", f"{LOGS}:event.name", f"{LOGS}:core_tools_enabled"}),
    ),
    CallCounts(Inside(cache=True, reasoning=False)),
    rows=_rows,
    usage=UsageObject(
        place=LOGS,
        is_record=True,
        counted={
            "input_token_count": "input_uncached_tokens, less what was cached",
            "tool_token_count": "input_uncached_tokens",
            "cached_content_token_count": "cache_read_tokens",
            "output_token_count": "output_tokens",
            "thoughts_token_count": "output_tokens, of which_reasoning_tokens",
        },
        part_of={"total_token_count": "the sum"},
    ),
)
