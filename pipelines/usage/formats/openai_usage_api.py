"""OpenAI usage API (/v1/organization/usage/completions, embeddings, moderations) -> one row per result of a bucket.

OpenAI's reference: input_tokens holds cached and cache-write tokens; input_uncached_tokens and its kinds, input_text,
_audio and _image_tokens, hold neither; output_tokens is the sum of its kinds and holds reasoning. Cache writes live 30
minutes, which the price list knows as cache_write_5m; those of 12 hours have no meter. Before the text fields came,
input_tokens was text alone and input_audio_tokens held cached tokens: audio without the text fields is refused.
A dimension that the report is not grouped by is null: of model that is refused, without tier or batch all is standard.
"""

import polars as pl

from pipelines.usage.fields import choice, count, epoch, must_have, text
from pipelines.usage.formats.openai_dashboard import BATCH, TIERS
from pipelines.usage.importer import Importer, Rule, UsageObject, unreadable
from pipelines.usage.report_pages import IS_CUT, PAGE_FIELDS, RESULT, cut_page, page_reader, without_pages_that_go_on

OWNERS = ("project_id", "user_id", "api_key_id")
TOTALS = ("input_tokens", "output_tokens", "input_cached_tokens", "input_uncached_tokens")
WRITES = ("input_cache_write_tokens", "input_cache_write_12h_tokens")
TEXTS = ("input_text_tokens", "input_cached_text_tokens", "output_text_tokens")
OTHER_KINDS = {
    "audio_input_tokens": "input_audio_tokens",
    "audio_cache_read_tokens": "input_cached_audio_tokens",
    "audio_output_tokens": "output_audio_tokens",
    "image_input_tokens": "input_image_tokens",
    "image_cache_read_tokens": "input_cached_image_tokens",
    "image_output_tokens": "output_image_tokens",
}
COUNTED = frozenset(f"organization.usage.{name}.result" for name in ("completions", "embeddings", "moderations"))
"""Other endpoints count images, seconds, characters, bytes or sessions."""
DIMENSIONS = (*OWNERS, "model", "batch", "tier", "api_source")
COUNTS = (*TOTALS, *WRITES, *TEXTS, *OTHER_KINDS.values(), "num_model_requests")
FIELDS = {name: name for name in ("object", *OWNERS, "model", "batch", "api_source", *COUNTS)} | {
    "tier": "service_tier"
}


def _number(name: str) -> pl.Expr:
    return count(name).value.fill_null(0)


def _kinds(prefix: str) -> pl.Expr:
    return pl.sum_horizontal(_number(f"{prefix}_{kind}_tokens") for kind in ("text", "audio", "image"))


def _adds_up(name: str, total: pl.Expr, is_told: str, rule: str) -> Rule:
    """The kinds of a total, where they are told, are its sum."""
    is_off = pl.col(is_told).is_not_null() & (total != _kinds(name))
    return Rule(rule, is_off, f"{name}_text, _audio and _image_tokens are not their total")


rest = _number("input_tokens") - _number("input_cached_tokens") - pl.sum_horizontal(_number(name) for name in WRITES)
tier = choice("tier", TIERS, "standard", "unknown_service_tier")
batch = choice("batch", BATCH, "standard", "unknown_batch_flag")
starts, ends = epoch("starts"), epoch("ends")
has_other_kinds = pl.any_horizontal(_number(name) > 0 for name in OTHER_KINDS.values())

OPENAI_USAGE_API = Importer(
    name="openai_usage_api",
    description="OpenAI usage API, pages of buckets",
    signatures=(
        frozenset({"data[].start_time", "data[].results[].num_model_requests", "data[].results[].object"}),
        frozenset({"start_time", "results[].num_model_requests", "results[].object"}),
    ),
    fields=PAGE_FIELDS | RESULT | FIELDS,
    usage_objects=(
        UsageObject(
            text="result",
            counted=dict.fromkeys(COUNTS, "a meter, as the columns say"),
            ignored=dict.fromkeys(FIELDS.values(), "no count: what the row is about"),
        ),
    ),
    expand=page_reader("start_time", "end_time", FIELDS),
    cut=cut_page,
    prepare=without_pages_that_go_on,
    version=2,
    columns={
        "usage_at": starts,
        "usage_until": ends,
        "grain": pl.lit("bucket"),
        "provider": pl.lit("openai"),
        "channel": pl.lit("api"),
        "region": pl.lit("global"),
        "model": text("model"),
        **{name: text(name) for name in OWNERS},
        "service_tier": pl.coalesce(pl.when(batch.value == "batch").then(batch.value), tier.value),
        "input_uncached_tokens": pl.coalesce(count("input_text_tokens").value, rest),
        "cache_read_tokens": pl.coalesce(count("input_cached_text_tokens").value, count("input_cached_tokens").value),
        "cache_write_5m_tokens": count("input_cache_write_tokens"),
        "output_tokens": pl.coalesce(count("output_text_tokens").value, count("output_tokens").value),
        **{column: count(name) for column, name in OTHER_KINDS.items()},
        "requests": count("num_model_requests"),
    },
    rules=(
        IS_CUT,
        Rule("not_counted_in_tokens", ~pl.col("object").is_in(COUNTED), "the endpoint is none that counts tokens"),
        *(unreadable(count(name)) for name in (*TOTALS, *TEXTS, WRITES[1])),
        unreadable(batch),
        unreadable(tier),
        must_have("model", rule="no_model", remedy="fetch the report with group_by=model"),
        must_have("input_tokens", "num_model_requests", rule="no_token_counts"),
        Rule(
            "no_token_counts",
            pl.col("object").str.contains("completions") & pl.col("output_tokens").is_null(),
            "output_tokens is missing",
        ),
        Rule("unknown_token_column", _number(WRITES[1]) > 0, f"no meter counts {WRITES[1]}"),
        Rule(
            "old_audio_counts",
            has_other_kinds & pl.any_horizontal(pl.col(name).is_null() for name in TEXTS),
            "audio or image tokens without the counts of text: an older report, whose totals may not hold them",
        ),
        Rule("cached_exceeds_input", rest < 0, "cached and written tokens are more than input_tokens"),
        Rule(
            "input_does_not_add_up",
            count("input_uncached_tokens").value != rest,
            "uncached, cached and written tokens are not input_tokens",
        ),
        _adds_up("input", rest, "input_text_tokens", "input_does_not_add_up"),
        _adds_up("input_cached", _number("input_cached_tokens"), "input_cached_text_tokens", "input_does_not_add_up"),
        _adds_up("output", _number("output_tokens"), "output_text_tokens", "output_does_not_add_up"),
        Rule("bucket_ends_before_start", ends.value <= starts.value, "end_time is not after start_time"),
    ),
    identity=("object", "usage_at", "usage_until", *DIMENSIONS),
)
