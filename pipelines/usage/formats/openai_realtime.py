"""OpenAI Realtime events -> one row per `response.done`.

`input_token_details` and `output_token_details` (singular) tell text, audio and image tokens, and what of each was
cached (`cached_tokens_details`); input_tokens and output_tokens are their sums (OpenAI's reference of response.done).
The model is the session's, of `session.created` or `session.updated`, unless an event has `model`; events have no time
unless whoever keeps them writes `timestamp` beside, else the file's own counts.
"""

from collections.abc import Iterator

from pipelines.usage.call_format import call_format, carried
from pipelines.usage.call_texts import UNNAMED, CallCounts, Inside, number
from pipelines.usage.importer import Record, UsageObject

KINDS = {"text": ("input", "cache_read"), "audio": ("audio_in", "audio_cached"), "image": ("image_in", "image_cached")}


def _rows(event: Record) -> Iterator[Record]:
    session, response = event.get("session") or {}, event.get("response") or {}
    beside = {"model": event.get("model") or session.get("model"), "time": event.get("timestamp")}
    if event.get("type") == "response.done" and response.get("usage"):
        yield beside | {
            "is_call": "1",
            "response": response.get("id"),
            **_counts(response["usage"]),
            "usage": response["usage"],
        }
    else:
        yield beside


def _counts(usage: Record) -> Record:
    given, answered = usage.get("input_token_details") or {}, usage.get("output_token_details") or {}
    cached = given.get("cached_tokens_details") or {"text_tokens": given.get("cached_tokens")}
    counts: Record = {}
    for kind, (plain, from_cache) in KINDS.items():
        read = number(cached.get(f"{kind}_tokens"))
        counts |= {plain: number(given.get(f"{kind}_tokens")) - read, from_cache: read}
    told = sum(counts.values())
    spoken, drawn = number(answered.get("audio_tokens")), number(answered.get("image_tokens"))
    # What the kinds leave of the sums is text.
    counts["input"] += number(usage.get("input_tokens")) - told
    return counts | {
        "audio_out": spoken,
        "image_out": drawn,
        "output": number(usage.get("output_tokens")) - spoken - drawn,
    }


OPENAI_REALTIME = call_format(
    "openai_realtime",
    "OpenAI Realtime events, JSON lines",
    (
        frozenset({"type", "event_id", "session"}),
        frozenset(
            {
                *("type", "response.usage", "response.usage.total_tokens", "response.usage.input_tokens"),
                *("response.usage.output_tokens", "response.usage.input_token_details"),
            }
        ),
    ),
    CallCounts(Inside(cache=False, reasoning=True), maker="openai", unnamed=UNNAMED, is_dated_by_file=True),
    rows=_rows,
    usage=UsageObject(
        place="response.usage",
        counted={
            "input_tokens": "input_uncached_tokens, less its parts",
            "output_tokens": "output_tokens, less its parts",
            **{f"input_token_details.{kind}_tokens": f"input of {kind}, less what was cached" for kind in KINDS},
            **{f"input_token_details.cached_tokens_details.{kind}_tokens": f"cache reads of {kind}" for kind in KINDS},
            **{f"output_token_details.{kind}_tokens": f"output of {kind}" for kind in KINDS},
        },
        part_of={
            "total_tokens": "the sum",
            "input_token_details.cached_tokens": "the sum of its details, or cache_read_tokens",
            "output_token_details.reasoning_tokens": "output_tokens",
        },
    ),
    prepare=carried("model", "time"),
)
