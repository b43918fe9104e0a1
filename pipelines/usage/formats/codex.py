"""Codex CLI session logs (~/.codex/sessions/**/rollout-*.jsonl) -> one row per request.

A `token_count` event states the last request (`last_token_usage`) and the sum so far (`total_token_usage`); the model
stands in an earlier `turn_context`, the session in `session_meta`. Input holds cached tokens and cache writes, output
holds reasoning, as in OpenAI's API (codex-rs/protocol TokenUsage). Events are repeated without a new request (rate
limits, stream ends): their sum does not move, and they are ignored. A fork begins with a copy of its parent's events,
under new times; the id of the parent's session_meta, which is copied too, and the counts make them the same rows. So
the identity is session, sum and last counts, never the time. Logs hold prompts and code: only fields named here are
read.
"""

import polars as pl

from pipelines.usage.fields import MAX_TEXT, count, first_count, moment, must_have, rest, seller, text
from pipelines.usage.importer import Importer, Rule, unreadable

COUNTS = {
    "input": "input_tokens",
    "cached": "cached_input_tokens",
    "written": "cache_write_input_tokens",
    "output": "output_tokens",
    "reasoning": "reasoning_output_tokens",
    "total": "total_tokens",
}
LAST, SUM = "last_", "sum_"


def _with_context(records: pl.DataFrame) -> pl.DataFrame:
    """Give every event the model, session and provider stated before it in its file, and the step of the sum.

    Adds `model`, `session`, `provider`, `directory`, `first_session`; sets `is_repeated` to "1" where the sum did not
    move; fills counts of the last request that an old version left out with the step of the sum.
    """
    is_meta = pl.col("type") == "session_meta"
    # Commands and other events have a directory, and some a model, of their own.
    is_context = is_meta | (pl.col("type") == "turn_context")
    sums = pl.concat_str(pl.coalesce(SUM + name, pl.lit("")) for name in COUNTS)
    stated = pl.when(pl.col("sum").is_not_null()).then(sums)
    before = stated.forward_fill().shift(1).over("import_id")
    filled = {
        "model": pl.coalesce("event_model", pl.when(is_context).then("turn_model").forward_fill().over("import_id")),
        "session": pl.when(is_meta).then("payload_id").forward_fill().over("import_id"),
        "first_session": pl.when(is_meta).then("payload_id").drop_nulls().first().over("import_id"),
        "provider": pl.col("model_provider").forward_fill().over("import_id"),
        "directory": pl.when(is_context).then("cwd").forward_fill().over("import_id"),
        "is_repeated": pl.when(stated == before).then(pl.lit("1")),
    }
    return records.with_columns(**filled, **{LAST + name: _last(name) for name in COUNTS})


def _last(name: str) -> pl.Expr:
    """The count of the last request, or the step of the sum where the log has no last request."""
    total = pl.col(SUM + name).cast(pl.Int64, strict=False)
    step = total - total.forward_fill().shift(1).over("import_id").fill_null(0)
    return pl.when(pl.col("last").is_null()).then(step.cast(pl.String)).otherwise(pl.col(LAST + name))


read, written, reasoning = count("last_cached"), count("last_written"), count("last_reasoning")
prompt, output, total = count("last_input"), count("last_output"), count("last_total")
uncached = rest(prompt.value, read.value, written.value)
provider, channel = seller(pl.col("provider"))
# The path above the project's own folder tells about the user's machine.
project = pl.col("directory").str.strip_chars_end("/\\").str.extract(r"[/\\]([^/\\]+)$")

CODEX = Importer(
    name="codex",
    description="Codex CLI session log, JSON lines",
    signatures=(
        frozenset({"type", "payload", "payload.info.total_token_usage"}),
        frozenset({"type", "payload", "payload.type", "payload.info"}),
        frozenset({"type", "payload", "payload.cli_version"}),
        frozenset({"type", "payload", "payload.model"}),
    ),
    fields={
        "timestamp": "timestamp",
        "type": "type",
        "event": "payload.type",
        "payload_id": "payload.id",
        "turn_model": "payload.model",
        "model_provider": "payload.model_provider",
        "cwd": "payload.cwd",
        "info": "payload.info",
    },
    nested={
        "info": {"last": "last_token_usage", "sum": "total_token_usage", "event_model": "model"},
        "last": {LAST + name: path for name, path in COUNTS.items()},
        "sum": {SUM + name: path for name, path in COUNTS.items()},
    },
    prepare=_with_context,
    # After a compaction an event estimates the context: a total without input or output.
    is_usage=(pl.col("event") == "token_count")
    & (pl.col("last").is_not_null() | pl.col("sum").is_not_null())
    & pl.col("is_repeated").is_null()
    & ~((pl.col("last_input") == "0") & (pl.col("last_output") == "0")).fill_null(value=False),
    columns={
        "usage_at": moment("timestamp"),
        "grain": pl.lit("request"),
        "provider": provider,
        "channel": channel,
        "region": pl.lit("global"),
        "model": text("model"),
        "service_tier": pl.lit("standard"),
        "input_uncached_tokens": uncached,
        "cache_read_tokens": read,
        "cache_write_5m_tokens": written,
        "output_tokens": output,
        "of_which_reasoning_tokens": reasoning,
        "requests": pl.lit(1, pl.Int64),
        "project_id": pl.when(project.str.len_chars() <= MAX_TEXT).then(project),
        "conversation_id": text("first_session"),
        # A log without a session tells its events apart by their time only.
        "place": pl.coalesce("session", "timestamp"),
    },
    rules=(
        unreadable(prompt),
        unreadable(total),
        unreadable(first_count(*(SUM + name for name in COUNTS))),
        must_have("last_input", "last_output", rule="no_token_counts"),
        must_have("model", rule="no_model", remedy="the log names no model before this event"),
        Rule("cached_exceeds_input", uncached < 0, "cached and written tokens are more than input_tokens"),
        Rule("reasoning_exceeds_output", reasoning.value > output.value, "more reasoning than output tokens"),
        Rule(
            "total_does_not_add_up",
            # Tools that write such logs have added reasoning to the total; it stays inside the output.
            (total.value != prompt.value + output.value)
            & (total.value != prompt.value + output.value + reasoning.value.fill_null(0)),
            "total_tokens is not the sum of input and output",
        ),
    ),
    identity=("place", "model", *(SUM + name for name in COUNTS), *(LAST + name for name in COUNTS)),
    private=frozenset({"cwd", "directory"}),
)
