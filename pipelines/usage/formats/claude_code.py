"""Claude Code session logs (~/.claude/projects/**/*.jsonl) -> one row per response.

A response is written as one to three lines, one per content block, each with the output counted so far, and the
largest is kept. message.id names the response; where a server gives its calls no id of their own, requestId beside it.
Side logs and resumed sessions hold answers of others again, with another requestId and time. Calls inside a response
(advisors, compactions) are rows of their own: see `claude_iterations`. Meters are disjoint in Anthropic's usage:
input_tokens holds neither cache reads nor cache writes. Logs hold prompts, code and secrets: only the fields named here
are read.
"""

from dataclasses import replace

import polars as pl

from pipelines.usage.anthropic_usage import USAGE_OBJECT
from pipelines.usage.fields import MAX_TEXT, choice, count, moment, must_have, rest_at_default, text, usd
from pipelines.usage.formats.claude_iterations import split_iterations
from pipelines.usage.importer import Importer, Rule, unreadable

SYNTHETIC_MODEL = "<synthetic>"
"""Claude Code's own messages, such as 'API error'; nobody was asked and nobody bills."""
TIERS = {"standard": "standard", "batch": "batch", "priority": "priority"}
SPEEDS = {"standard": "standard", "fast": "fast"}
GEOS_WITHOUT_PRICE = ("", "global", "not_available")

SPLIT = {"write_5m": "ephemeral_5m_input_tokens", "write_1h": "ephemeral_1h_input_tokens"}
USAGE = {
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "cache_read": "cache_read_input_tokens",
    "cache_write": "cache_creation_input_tokens",
    "web_searches": "server_tool_use.web_search_requests",
    "tier": "service_tier",
    "speed": "speed",
    "geo": "inference_geo",
    "iterations": "iterations",
    **{name: f"cache_creation.{place}" for name, place in SPLIT.items()},
}
FIELDS = {
    "type": "type",
    "timestamp": "timestamp",
    "session": "sessionId",
    "request": "requestId",
    "cwd": "cwd",
    "cost": "costUSD",
    "message_id": "message.id",
    "model": "message.model",
    "usage": "message.usage",
}

five_minutes, one_hour, all_writes = count("write_5m"), count("write_1h"), count("cache_write")
tier, speed = (
    choice("tier", TIERS, "standard", "unknown_service_tier"),
    choice("speed", SPEEDS, None, "unknown_service_tier"),
)
has_split = pl.any_horizontal(pl.col(name).is_not_null() for name in SPLIT)
split_sum = five_minutes.value.fill_null(0) + one_hour.value.fill_null(0)
rest_of_writes = rest_at_default(all_writes.value, split_sum)
is_anthropic = pl.col("model").str.starts_with("claude-")
geo = pl.when(~pl.col("geo").is_in(GEOS_WITHOUT_PRICE)).then("geo")
# The path above the project's own folder tells about the user's machine.
project = pl.col("cwd").str.strip_chars_end("/\\").str.extract(r"[/\\]([^/\\]+)$").alias("cwd")

CLAUDE_CODE = Importer(
    name="claude_code",
    description="Claude Code session log, JSON lines",
    signatures=(
        frozenset({"sessionId", "type"}),
        frozenset({"sessionId", "message"}),
        frozenset({"type", "summary", "leafUuid"}),
    ),
    fields=FIELDS,
    kinds={"usage_kind": "usage"},
    nested={"usage": USAGE},
    is_usage=(pl.col("type").is_null() | (pl.col("type") == "assistant"))
    & (pl.col("usage_kind") != "NULL")
    & pl.col("model").ne_missing(SYNTHETIC_MODEL),
    columns={
        "usage_at": moment("timestamp"),
        "grain": pl.lit("request"),
        "provider": pl.when(is_anthropic).then(pl.lit("anthropic")).otherwise(pl.lit("unknown")),
        "channel": pl.lit("api"),
        "region": geo.fill_null("global"),
        "model": text("model"),
        "service_tier": pl.coalesce(pl.when(speed.value == "fast").then(speed.value), tier.value),
        "input_uncached_tokens": count("input_tokens"),
        "cache_read_tokens": count("cache_read"),
        # Without a split all are 5-minute writes, the default; so is what the parts of a split leave of the total.
        "cache_write_5m_tokens": pl.when(has_split)
        .then(five_minutes.value.fill_null(0) + rest_of_writes.value)
        .otherwise(all_writes.value),
        "cache_write_1h_tokens": one_hour,
        "output_tokens": count("output_tokens"),
        "requests": pl.lit(1, pl.Int64),
        "web_searches": count("web_searches"),
        "project_id": pl.when(project.str.len_chars() <= MAX_TEXT).then(project),
        "conversation_id": text("session"),
        "message": text("message_id"),
        "request": text("request"),
        "reported_cost_usd": usd("cost"),
        # Calls inside the response may have been used beside it.
        "lower_bound_reason": pl.coalesce(
            pl.when(pl.col("is_unread").is_not_null()).then(pl.lit("calls_not_read")), rest_of_writes.reason
        ),
    },
    rules=(
        Rule("usage_is_not_an_object", pl.col("usage_kind") != "OBJECT", "usage is not an object"),
        *(unreadable(reading) for reading in (tier, speed, five_minutes, all_writes)),
        Rule(
            "cache_write_does_not_add_up",
            has_split & (all_writes.value < split_sum),
            "cache_creation_input_tokens is less than the sum of its 5-minute and 1-hour parts",
        ),
        must_have("message_id", "model", rule="no_identity"),
        must_have("input_tokens", "output_tokens", rule="no_token_counts"),
    ),
    identity=("message", "request"),
    response_id="message",
    told_apart_by="request",
    within_response="iteration",
    split=split_iterations,
    is_copied_later=True,
    version=3,
    usage_objects=(replace(USAGE_OBJECT, place="", text="usage"),),
    private=frozenset({"cwd", "session", "iterations"}),
)
