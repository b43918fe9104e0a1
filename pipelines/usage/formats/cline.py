"""Cline, Roo Code and Kilo Code tasks (globalStorage/*/tasks/*/ui_messages.json) -> one row per request.

`api_req_started` says its counts as JSON in its text, once the answer is there; tokensIn holds neither cache reads nor
writes (codeburn docs/providers/vscode-cline-parser.md adds the four). Requests of deleted messages and of subagents
stand as sums in `deleted_api_reqs` and `subagent_usage` (Cline, getApiMetrics). Newer versions name the model in
`modelInfo`; older ones only in the task's other file, so theirs is "unknown". `cost` is the tool's own, in dollars.
"""

from collections.abc import Iterator

from pipelines.usage.call_format import call_format
from pipelines.usage.call_texts import UNNAMED, CallCounts, Inside
from pipelines.usage.importer import Record, UsageObject
from pipelines.usage.json_fields import read_json

STATING = {"api_req_started": None, "deleted_api_reqs": "session", "subagent_usage": "session"}


def _rows(message: Record) -> Iterator[Record]:
    says = message.get("say")
    if message.get("type") != "say" or says not in STATING or not message.get("text"):
        return
    stated = read_json(message["text"])
    if not isinstance(stated, dict) or "tokensIn" not in stated:
        return
    named = message.get("modelInfo") or {}
    yield {
        "is_call": "1",
        "grain": STATING[says],
        "time": message.get("ts"),
        "model": named.get("modelId"),
        "maker": named.get("providerId"),
        "input": stated["tokensIn"],
        "output": stated.get("tokensOut"),
        "cache_write": stated.get("cacheWrites"),
        "cache_read": stated.get("cacheReads"),
        "cost": stated.get("cost"),
        "usage": stated,
        "row": f"{message.get('ts')}/{says}",
    }


CLINE = call_format(
    "cline",
    "Cline, Roo Code or Kilo Code ui_messages.json",
    (frozenset({"ts", "type", "say"}), frozenset({"ts", "type", "ask"})),
    CallCounts(Inside(cache=False, reasoning=True), unnamed=UNNAMED),
    rows=_rows,
    usage=UsageObject(
        place="text",
        is_record=True,
        counted={
            "tokensIn": "input_uncached_tokens",
            "tokensOut": "output_tokens",
            "cacheWrites": "cache_write_5m_tokens",
            "cacheReads": "cache_read_tokens",
        },
    ),
)
