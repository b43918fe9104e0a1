"""Anthropic usage report (/v1/organizations/usage_report/messages) -> one row per result of a bucket.

Meters are disjoint: uncached_input_tokens holds neither cache reads nor writes, and there is no total. A dimension that
the report is not grouped by is null; so is the default workspace, and the key of what was used in the Console.
context_window tells which prompts a row sums, which the price of long prompts needs. Requests are not counted.
"""

import polars as pl

from pipelines.usage.fields import choice, count, moment, must_have, text
from pipelines.usage.importer import Importer, Rule, UsageObject, unreadable
from pipelines.usage.report_pages import IS_CUT, PAGE_FIELDS, RESULT, cut_page, page_reader, without_pages_that_go_on

TIERS = {"standard": "standard", "batch": "batch", "flex": "flex", "priority": "priority"}
"""flex_discount and priority_on_demand are named in the reference, and no page says what they cost."""
SPEEDS = {"standard": "standard", "fast": "fast"}
REGIONS = {"us": "us", "global": "global", "not_available": "global"}
LONG_PROMPT_FROM = 200_001
"""Prompts of more than 200K tokens are the long ones, says the pricing page."""
WINDOWS = {"0-200k": "0", "200k-1m": str(LONG_PROMPT_FROM)}
METERS = {
    "input_uncached_tokens": "uncached",
    "cache_read_tokens": "cache_read",
    "cache_write_5m_tokens": "write_5m",
    "cache_write_1h_tokens": "write_1h",
    "output_tokens": "output",
}
DIMENSIONS = {
    "account": "account_id",
    "service_account": "service_account_id",
    "key": "api_key_id",
    "workspace": "workspace_id",
    "named_model": "model",
    "tier": "service_tier",
    "window": "context_window",
    "geo": "inference_geo",
    "speed": "speed",
}
COUNTS = {
    "uncached": "uncached_input_tokens",
    "cache_read": "cache_read_input_tokens",
    "write_5m": "cache_creation.ephemeral_5m_input_tokens",
    "write_1h": "cache_creation.ephemeral_1h_input_tokens",
    "output": "output_tokens",
    "web_searches": "server_tool_use.web_search_requests",
}
FIELDS = DIMENSIONS | COUNTS

tier = choice("tier", TIERS, "standard", "unknown_service_tier")
speed = choice("speed", SPEEDS, None, "unknown_service_tier")
window = choice("window", WINDOWS, None, "unknown_context_window")
starts, ends = moment("starts"), moment("ends")

ANTHROPIC_USAGE_REPORT = Importer(
    name="anthropic_usage_report",
    description="Anthropic usage report, pages of buckets",
    signatures=(
        frozenset({"data[].starting_at", "data[].results[].uncached_input_tokens", "data[].results[].output_tokens"}),
        frozenset({"starting_at", "results[].uncached_input_tokens", "results[].output_tokens"}),
    ),
    fields=PAGE_FIELDS | RESULT | FIELDS,
    usage_objects=(
        UsageObject(
            text="result",
            counted=dict.fromkeys(COUNTS.values(), "a meter, as the columns say"),
            ignored=dict.fromkeys(DIMENSIONS.values(), "no count: what the row is about"),
        ),
    ),
    expand=page_reader("starting_at", "ending_at", FIELDS),
    cut=cut_page,
    prepare=without_pages_that_go_on,
    version=2,
    columns={
        "usage_at": starts,
        "usage_until": ends,
        "grain": pl.lit("bucket"),
        "provider": pl.lit("anthropic"),
        "channel": pl.lit("api"),
        "region": choice("geo", REGIONS, "global", "unknown_region"),
        "model": text("named_model"),
        "service_tier": pl.coalesce(pl.when(speed.value == "fast").then(speed.value), tier.value),
        **{column: count(name) for column, name in METERS.items()},
        "web_searches": count("web_searches"),
        "prompt_tokens_from": window.value.cast(pl.Int64),
        "project_id": text("workspace"),
        "api_key_id": text("key"),
        "user_id": text("account").value.fill_null(text("service_account").value),
    },
    rules=(
        IS_CUT,
        *(unreadable(reading) for reading in (tier, speed, window, text("account"), text("service_account"))),
        must_have("named_model", rule="no_model", remedy="fetch the report with group_by[]=model"),
        must_have("uncached", "output", rule="no_token_counts"),
        Rule("bucket_ends_before_start", ends.value <= starts.value, "ending_at is not after starting_at"),
    ),
    identity=("usage_at", "usage_until", *DIMENSIONS),
)
