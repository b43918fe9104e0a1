"""Gemini CLI and Qwen Code sessions (~/.gemini/tmp/*/chats, ~/.qwen/projects/*/chats) -> one row per answer.

Gemini CLI writes a session as one JSON document or as lines, each answer with `tokens`; Qwen Code, its fork, writes
lines with the API's `usageMetadata`. Input holds cached tokens, thoughts stand beside the output, results of tools
beside the input, and the total holds all (Gemini API reference of usageMetadata; ccusage adapter/gemini/parser.rs and
adapter/qwen/parser.rs, whose fixtures have sessions with the cache beside the input too: the total decides). A session
file is written again as it grows, so an answer is its session and id.

Qwen Code's usage_record.jsonl states a session's sums by model: `session` rows. Without a total thoughts are inside the
output there: Qwen Code takes it from completion_tokens, which holds reasoning.
"""

from collections.abc import Iterator

from pipelines.usage.call_format import call_format, carried
from pipelines.usage.call_texts import CallCounts, Inside, folder_name, number
from pipelines.usage.importer import Record, UsageObject

NAMES = {"input": "input", "output": "output", "cached": "cached", "thoughts": "thoughts", "tool": "tool"}
API_NAMES = {
    "input": "promptTokenCount",
    "output": "candidatesTokenCount",
    "cached": "cachedContentTokenCount",
    "thoughts": "thoughtsTokenCount",
    "tool": "toolUsePromptTokenCount",
}


def _places(*names: str) -> tuple[str, ...]:
    return tuple(API_NAMES[name] for name in names)


def _rows(record: Record) -> Iterator[Record]:
    session = {"conversation": record.get("sessionId")}
    yield from [session | call for call in _calls(record)] or [session]


def _calls(record: Record) -> Iterator[Record]:
    for message in record.get("messages") or [record]:
        tokens, usage = message.get("tokens"), message.get("usageMetadata")
        if message.get("type") == "gemini" and tokens:
            yield {**_call(message), **_counts(tokens, NAMES, "total")}
        elif message.get("type") == "assistant" and usage:
            yield {**_call(message), **_counts(usage, API_NAMES, "totalTokenCount")}


def _call(message: Record) -> Record:
    return {
        "is_call": "1",
        "time": message.get("timestamp"),
        "model": message.get("model"),
        "project": folder_name(message.get("cwd")),
        "row": message.get("id") or message.get("uuid"),
    }


def _counts(stated: Record, names: dict[str, str], total: str) -> Record:
    tool = number(stated.get(names["tool"]))
    return {
        "input": number(stated.get(names["input"])) + tool,
        "cache_read": stated.get(names["cached"]),
        "output": stated.get(names["output"], 0),
        "reasoning": stated.get(names["thoughts"]),
        "total": stated.get(total),
        "usage": stated,
    }


def _sums(record: Record) -> Iterator[Record]:
    began = record.get("startTime") or record.get("timestamp")
    for model, stated in record["models"].items():
        yield {
            "is_call": "1",
            "time": began,
            "until": record.get("timestamp"),
            "model": model,
            "requests": stated.get("requests"),
            "input": stated.get("inputTokens"),
            "cache_read": stated.get("cachedTokens"),
            "output": stated.get("outputTokens"),
            "reasoning": stated.get("thoughtsTokens"),
            "total": stated.get("totalTokens"),
            "usage": stated,
            "conversation": record.get("sessionId"),
            "row": f"{record['sessionId']}/{began}/{model}",
        }


GEMINI_CLI = call_format(
    "gemini_cli",
    "Gemini CLI or Qwen Code session, JSON or JSON lines",
    (
        frozenset({"sessionId", "projectHash", "startTime"}),
        frozenset({"id", "timestamp", "type", "tokens.thoughts", "tokens.cached"}),
        frozenset({"uuid", "sessionId", "type", "message.parts"}),
    ),
    CallCounts(Inside(cache=True, reasoning=False)),
    rows=_rows,
    usage=UsageObject(
        place="tokens",
        counted={
            **dict.fromkeys(("input", "tool", *_places("input", "tool")), "input_uncached_tokens, less the cache"),
            **dict.fromkeys(("cached", *_places("cached")), "cache_read_tokens"),
            **dict.fromkeys(("output", "thoughts", *_places("output", "thoughts")), "output_tokens"),
        },
        part_of={
            **dict.fromkeys(("total", "totalTokenCount"), "the sum"),
            **{
                f"{name}Details[].tokenCount": "the count of that name; all kinds are of one price here"
                for name in ("promptTokens", "candidatesTokens", "cacheTokens", "toolUsePromptTokens")
            },
        },
        ignored={"trafficType": "no count: the tier"},
    ),
    prepare=carried("conversation"),
)
QWEN_USAGE_RECORD = call_format(
    "qwen_usage_record",
    "Qwen Code usage_record.jsonl: sums of sessions by model",
    (frozenset({"sessionId", "timestamp", "models"}),),
    CallCounts(Inside(cache=True, reasoning=True), grain="session"),
    rows=_sums,
    usage=UsageObject(
        place="models",
        counted={
            "inputTokens": "input_uncached_tokens, less the cache",
            "cachedTokens": "cache_read_tokens",
            "outputTokens": "output_tokens",
            "requests": "requests",
        },
        part_of={"totalTokens": "the sum", "thoughtsTokens": "outputTokens"},
        ignored=dict.fromkeys(("totalLatencyMs", "errors"), "no count of what is billed"),
    ),
)
