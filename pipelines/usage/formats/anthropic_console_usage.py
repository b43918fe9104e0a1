"""Usage CSV of Anthropic's Console -> one row per line: a day or an hour of one model, key, workspace and window.

The columns are known from exports that others show; Anthropic documents none. Meters are disjoint, as in the usage
report. Keys and workspaces are named, not identified, and names repeat. Context window, region and speed came later.
"""

import polars as pl

from pipelines.usage.dedup import number_repeated
from pipelines.usage.fields import choice, day_or_hour, export_count, must_have, text
from pipelines.usage.formats.anthropic_usage_report import LONG_PROMPT_FROM, REGIONS, SPEEDS, TIERS
from pipelines.usage.importer import Importer, UsageObject, unreadable

WINDOWS = {"≤ 200k": "0", "> 200k": str(LONG_PROMPT_FROM)}
METERS = {
    "input_uncached_tokens": "usage_input_tokens_no_cache",
    "cache_read_tokens": "usage_input_tokens_cache_read",
    "cache_write_5m_tokens": "usage_input_tokens_cache_write_5m",
    "cache_write_1h_tokens": "usage_input_tokens_cache_write_1h",
    "output_tokens": "usage_output_tokens",
    "web_searches": "web_search_count",
}
DIMENSIONS = ("model_version", "api_key", "workspace", "usage_type", "context_window", "inference_geo", "speed")
REQUIRED = ("usage_date_utc", "model_version", "usage_input_tokens_no_cache", "usage_output_tokens")

starts, ends = day_or_hour("usage_date_utc")
tier = choice("usage_type", TIERS, "standard", "unknown_service_tier")
speed = choice("speed", SPEEDS, None, "unknown_service_tier")
window = choice("context_window", WINDOWS, None, "unknown_context_window")

ANTHROPIC_CONSOLE_USAGE = Importer(
    name="anthropic_console_usage",
    description="Usage CSV of Anthropic's Console",
    signatures=(frozenset(REQUIRED),),
    fields={name: name for name in ("usage_date_utc", *DIMENSIONS, *METERS.values())},
    columns={
        "usage_at": starts,
        "usage_until": ends,
        "grain": pl.lit("bucket"),
        "provider": pl.lit("anthropic"),
        "channel": pl.lit("api"),
        "region": choice("inference_geo", REGIONS, "global", "unknown_region"),
        "model": text("model_version"),
        "service_tier": pl.coalesce(pl.when(speed.value == "fast").then(speed.value), tier.value),
        **{column: export_count(name) for column, name in METERS.items()},
        "prompt_tokens_from": window.value.cast(pl.Int64),
        "project_id": text("workspace"),
        "api_key_id": text("api_key"),
    },
    rules=(
        *(unreadable(reading) for reading in (tier, speed, window)),
        must_have("model_version", rule="no_model", remedy="export all models by name"),
        must_have("usage_input_tokens_no_cache", "usage_output_tokens", rule="no_token_counts"),
    ),
    identity=("usage_at", "usage_until", *DIMENSIONS),
    version=2,
    settle=number_repeated,
    usage_objects=(UsageObject(counted={place: column for column, place in METERS.items()}),),
    private=frozenset({"api_key", "workspace"}),
)
