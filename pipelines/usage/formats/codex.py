"""Codex CLI session logs (~/.codex/sessions/**/rollout-*.jsonl) -> one row per request.

A `token_count` event states the last request (`last_token_usage`) and the sum so far (`total_token_usage`); the model
stands in an earlier `turn_context`, the session in `session_meta`. Input holds cached tokens and cache writes, output
holds reasoning, as in OpenAI's API (codex-rs/protocol TokenUsage). Events are repeated without a new request (rate
limits, stream ends): their sum does not move, and they are ignored.

Newer versions write a `token_usage_record` per request, compactions too, with the id of its response; an event with the
same counts is the same request, each record standing for one event. A fork begins with a copy of its parent's events,
under new times; the id of the parent's session_meta, which may be copied too, or the ordinal at which the fork's own
history starts, and the counts make them the same rows. So the identity is the response, else session, sum and last
counts, never the time.

The tier is set for a thread (`thread_settings_applied`, or a `turn_context` that names one) and holds for its later
requests until it is set again; a setting without one is the standard tier. Codex calls priority processing "fast" (its
config of service_tier). Logs hold prompts and code: only fields named here are read.
"""

import polars as pl

from pipelines.usage.fields import MAX_TEXT, choice, count, first_count, moment, must_have, rest, seller, text
from pipelines.usage.importer import Importer, Rule, UsageObject, unreadable

COUNTS = {
    "input": "input_tokens",
    "cached": "cached_input_tokens",
    "written": "cache_write_input_tokens",
    "output": "output_tokens",
    "reasoning": "reasoning_output_tokens",
    "total": "total_tokens",
}
TIERS = {"default": "standard", "auto": "standard", "fast": "priority", "priority": "priority", "flex": "flex"}
LAST, SUM, RECORD, THREAD = "last_", "sum_", "record_", "thread_"
IS_RECORD = pl.any_horizontal(pl.col(name) == "token_usage_record" for name in ("type", "event")).fill_null(value=False)


def _with_context(records: pl.DataFrame) -> pl.DataFrame:
    """Give every event the model, session and provider stated before it in its file, and the step of the sum.

    Adds `model`, `tier`, `session`, `provider`, `directory`, `first_session`; sets `is_repeated` to "1" where the sum
    did not move; fills counts of the last request that an old version left out with the step of the sum. Usage records
    get their counts as the last ones, and the sums of the event that tells of the same request.
    """
    is_meta = pl.col("type") == "session_meta"
    # Commands and other events have a directory, and some a model, of their own.
    is_context = is_meta | (pl.col("type") == "turn_context")
    sums = pl.concat_str(pl.coalesce(SUM + name, pl.lit("")) for name in COUNTS)
    stated = pl.when(pl.col("sum").is_not_null()).then(sums)
    before = stated.forward_fill().shift(1).over("import_id")
    stated_model = pl.when(is_context).then("turn_model")
    model_before = pl.coalesce(stated_model, "settings_model").forward_fill().over("import_id")
    is_setting = pl.col("event") == "thread_settings_applied"
    tier = pl.when(is_setting).then(pl.coalesce("settings_tier", pl.lit("default"))).when(is_context).then("tier")
    filled = {
        "tier": pl.coalesce(pl.when(IS_RECORD).then("tier"), tier.forward_fill().over("import_id")),
        "model": pl.coalesce("event_model", pl.when(IS_RECORD).then("turn_model"), model_before),
        "session": _session(is_meta),
        "first_session": pl.when(is_meta).then("payload_id").drop_nulls().first().over("import_id"),
        "provider": pl.col("model_provider").forward_fill().over("import_id"),
        "directory": pl.when(is_context).then("cwd").forward_fill().over("import_id"),
        "is_repeated": pl.when(stated == before).then(pl.lit("1")),
    }
    found = records.with_columns(**filled, **{LAST + name: _last(name) for name in COUNTS})
    return _with_records(found) if records.select(IS_RECORD.any()).item() else found


def _session(is_meta: pl.Expr) -> pl.Expr:
    """The session that an event is of: before its own history starts, a fork's events are its parent's."""
    stated = pl.when(is_meta).then("payload_id").forward_fill().over("import_id")
    parent, start = (
        pl.when(is_meta).then(name).drop_nulls().first().over("import_id") for name in ("parent", "start_ordinal")
    )
    own = pl.when(is_meta).then("payload_id").drop_nulls().first().over("import_id")
    number = pl.coalesce(
        pl.col("ordinal").cast(pl.Int64, strict=False), pl.int_range(pl.len(), dtype=pl.Int64).over("import_id")
    )
    is_copied = (number < start.cast(pl.Int64, strict=False)) & (stated == own)
    return pl.when(is_copied & parent.is_not_null()).then(parent).otherwise(stated)


def _with_records(events: pl.DataFrame) -> pl.DataFrame:
    """Make usage records and the events of the same requests one: the n-th of equal counts is of the n-th record."""
    as_last = {LAST + name: pl.when(IS_RECORD).then(RECORD + name).otherwise(LAST + name) for name in COUNTS}
    is_record = IS_RECORD & pl.col("record").is_not_null()
    kind = pl.when(_is_event()).then(pl.lit("event")).when(is_record).then(pl.lit("record"))
    counts = pl.concat_str((pl.coalesce(LAST + name, pl.lit("0")) for name in COUNTS), separator=",")
    keys = ["import_id", "counts", "number"]
    numbered = events.with_columns(**as_last).with_columns(kind=kind, counts=counts).with_row_index("position")
    numbered = numbered.with_columns(number=pl.int_range(pl.len()).over("import_id", "kind", "counts"))
    record, event = (numbered.filter(kind=one) for one in ("record", "event"))
    is_told = event.join(record, on=keys, how="semi")["position"].implode()
    sums = [SUM + name for name in COUNTS]
    pairs = record.select("position", *keys).join(event.select(*keys, *sums), on=keys, how="left")
    own = record.select("position", *(pl.col(THREAD + name).alias(SUM + name) for name in COUNTS))
    paired = pairs.filter(~pl.all_horizontal(pl.col(name).is_null() for name in sums)).select("position", *sums)
    return (
        numbered.with_columns(
            is_repeated=pl.when(pl.col("position").is_in(is_told)).then(pl.lit("1")).otherwise("is_repeated")
        )
        .update(own, on="position")
        .update(paired, on="position")
        .drop("position", "kind", "counts", "number")
    )


def _is_event() -> pl.Expr:
    """An event that tells of a request. After a compaction one estimates the context: a total without the others."""
    is_told = pl.col("last").is_not_null() | pl.col("sum").is_not_null()
    is_event = (pl.col("event") == "token_count") & is_told & pl.col("is_repeated").is_null()
    return is_event.fill_null(value=False) & ~_is_empty()


def _is_empty() -> pl.Expr:
    return ((pl.col("last_input") == "0") & (pl.col("last_output") == "0")).fill_null(value=False)


def _last(name: str) -> pl.Expr:
    """The count of the last request, or the step of the sum where the log has no last request."""
    total = pl.col(SUM + name).cast(pl.Int64, strict=False)
    step = total - total.forward_fill().shift(1).over("import_id").fill_null(0)
    return pl.when(pl.col("last").is_null()).then(step.cast(pl.String)).otherwise(pl.col(LAST + name))


read, written, reasoning = count("last_cached"), count("last_written"), count("last_reasoning")
prompt, output, total = count("last_input"), count("last_output"), count("last_total")
uncached = rest(prompt.value, read.value, written.value)
tier = choice("tier", TIERS, "standard", "unknown_service_tier")
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
        frozenset({"type", "payload", "payload.response_id", "payload.usage"}),
    ),
    fields={
        "timestamp": "timestamp",
        "type": "type",
        "event": "payload.type",
        "payload_id": "payload.id",
        "turn_model": "payload.model",
        "tier": "payload.service_tier",
        "settings_model": "payload.thread_settings.model",
        "settings_tier": "payload.thread_settings.service_tier",
        "model_provider": "payload.model_provider",
        "cwd": "payload.cwd",
        "info": "payload.info",
        "ordinal": "ordinal",
        "parent": "payload.forked_from_id",
        "start_ordinal": "payload.subagent_history_start_ordinal",
        "response": "payload.response_id",
        "record": "payload.usage",
        "thread": "payload.thread_token_usage",
    },
    nested={
        "info": {"last": "last_token_usage", "sum": "total_token_usage", "event_model": "model"},
        "last": {LAST + name: path for name, path in COUNTS.items()},
        "sum": {SUM + name: path for name, path in COUNTS.items()},
        "record": {RECORD + name: path for name, path in COUNTS.items()},
        "thread": {THREAD + name: path for name, path in COUNTS.items()},
    },
    usage_objects=tuple(
        UsageObject(
            text=name,
            counted={
                "input_tokens": "input_uncached_tokens, less its parts",
                "cached_input_tokens": "cache_read_tokens",
                "cache_write_input_tokens": "cache_write_5m_tokens",
                "output_tokens": "output_tokens",
            },
            part_of={"reasoning_output_tokens": "output_tokens", "total_tokens": "the sum"},
        )
        for name in ("last", "record")
    ),
    prepare=_with_context,
    is_usage=_is_event() | (IS_RECORD & pl.col("record").is_not_null() & ~_is_empty()),
    columns={
        "usage_at": moment("timestamp"),
        "grain": pl.lit("request"),
        "provider": provider,
        "channel": channel,
        "region": pl.lit("global"),
        "model": text("model"),
        "service_tier": tier,
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
        unreadable(tier),
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
    response_id="response",
    keeps_format_id=True,
    is_copied_later=True,
    version=4,
    private=frozenset({"cwd", "directory"}),
)
