"""OpenAI dashboard export of completions usage (24 columns, tab or comma) -> one row per bucket.

Sums, as OpenAI's reference of the same fields states them: input_tokens is everything; input_cached_tokens
and input_uncached_tokens are its two halves; input_text/audio/image_tokens are the *uncached* tokens by kind
and input_cached_text/audio/image_tokens the cached ones; output_tokens is the sum of its three kinds, and
reasoning is inside the text. Exports have been seen in which input_audio_tokens still held cached tokens, and
newer ones count cache writes: such a row does not add up and is refused.
"""

import polars as pl

from pipelines.usage.dedup import number_repeated
from pipelines.usage.fields import choice, epoch, export_count, must_have, text
from pipelines.usage.importer import Importer, Rule, UsageObject, unreadable

METERS = {
    "input_uncached_tokens": "input_text_tokens",
    "cache_read_tokens": "input_cached_text_tokens",
    "output_tokens": "output_text_tokens",
    "audio_input_tokens": "input_audio_tokens",
    "audio_cache_read_tokens": "input_cached_audio_tokens",
    "audio_output_tokens": "output_audio_tokens",
    "image_input_tokens": "input_image_tokens",
    "image_cache_read_tokens": "input_cached_image_tokens",
    "image_output_tokens": "output_image_tokens",
    "requests": "num_model_requests",
}
TOTALS = ("input_tokens", "output_tokens", "input_cached_tokens", "input_uncached_tokens")
OWNERS = ("project_id", "user_id", "api_key_id")
TIERS = {"default": "standard", "auto": "standard", "flex": "flex", "priority": "priority"}
BATCH = {"true": "batch", "false": "standard"}
UNCACHED_KINDS = ("input_text_tokens", "input_audio_tokens", "input_image_tokens")
CACHED_KINDS = ("input_cached_text_tokens", "input_cached_audio_tokens", "input_cached_image_tokens")
OUTPUT_KINDS = ("output_text_tokens", "output_audio_tokens", "output_image_tokens")
SUMS = {
    "input_uncached_tokens": UNCACHED_KINDS,
    "input_cached_tokens": CACHED_KINDS,
    "input_tokens": UNCACHED_KINDS + CACHED_KINDS,
    "output_tokens": OUTPUT_KINDS,
}
COUNTS = (*METERS.values(), *TOTALS)
# Newer exports count these beside the others; what is not 0 has no place in the sums.
UNKNOWN_COUNTS = ("input_cache_write_tokens", "input_cached_write_tokens")
NAMES = ("start_time", "end_time", *OWNERS, "model", "batch", "service_tier", *COUNTS)
REQUIRED = frozenset((*NAMES, "start_time_iso", "end_time_iso"))


def _number(name: str) -> pl.Expr:
    return export_count(name).value


def _adds_up() -> list[Rule]:
    """Every total that is given must be the sum of its parts; an empty part counts nothing."""
    total, cached = _number("input_tokens"), _number("input_cached_tokens")
    rules = [Rule("cached_exceeds_input", cached > total, "input_cached_tokens is more than input_tokens")]
    halves = cached + _number("input_uncached_tokens")
    rules.append(Rule("input_does_not_add_up", halves != total, "cached and uncached are not input_tokens"))
    for name, parts in SUMS.items():
        found = pl.sum_horizontal(_number(part).fill_null(0) for part in parts)
        rule = "output_does_not_add_up" if name == "output_tokens" else "input_does_not_add_up"
        rules.append(Rule(rule, _number(name) != found, f"{' + '.join(parts)} is not {name}"))
    return rules


tier = choice("service_tier", TIERS, "standard", "unknown_service_tier")
batch = choice("batch", BATCH, "standard", "unknown_batch_flag")
starts, ends = epoch("start_time"), epoch("end_time")

OPENAI_DASHBOARD = Importer(
    name="openai_dashboard",
    description="OpenAI dashboard export of completions usage, 24 columns, tab or comma",
    signatures=(REQUIRED,),
    fields={name: name for name in (*NAMES, *UNKNOWN_COUNTS)},
    is_usage=pl.any_horizontal((pl.col(name) != "").fill_null(value=False) for name in NAMES[2:]),
    columns={
        **{column: export_count(name) for column, name in METERS.items()},
        "usage_at": starts,
        "usage_until": ends,
        "grain": pl.lit("bucket"),
        "provider": pl.lit("openai"),
        "channel": pl.lit("api"),
        "region": pl.lit("global"),
        "model": text("model"),
        **{name: text(name) for name in OWNERS},
        "service_tier": pl.coalesce(pl.when(batch.value == "batch").then(batch.value), tier.value),
        "batch_flag": pl.col("batch").str.to_uppercase(),
        "printed_tier": pl.col("service_tier").str.to_lowercase(),
    },
    rules=(
        *(unreadable(export_count(name)) for name in TOTALS),
        unreadable(batch),
        unreadable(tier),
        *_adds_up(),
        Rule(
            "unknown_token_column",
            pl.any_horizontal(_number(name).fill_null(0) > 0 for name in UNKNOWN_COUNTS),
            f"{' or '.join(UNKNOWN_COUNTS)} is not 0; it is unknown how it is billed",
        ),
        Rule("bucket_ends_before_start", ends.value <= starts.value, "end_time is not after start_time"),
        must_have("model", rule="no_model", remedy="export the usage grouped by model"),
    ),
    identity=("usage_at", "usage_until", *OWNERS, "model", "batch_flag", "printed_tier"),
    version=2,
    settle=number_repeated,
    usage_objects=(
        UsageObject(
            counted={place: column for column, place in METERS.items()},
            part_of=dict.fromkeys(TOTALS, "the sum of its kinds"),
            ignored=dict.fromkeys(UNKNOWN_COUNTS, "a row where it is not 0 is refused"),
        ),
    ),
)
