"""Our own format, for logs that no importer reads: CSV, TSV, JSON lines or Parquet, columns named as in core.usage.

docs/usage_format.md describes it. Only usage_at, model and one quantity are required. A row with usage_until is a
bucket.
"""

import polars as pl

from pipelines.schema.meters import QUANTITY_COLUMNS
from pipelines.schema.offers import CHANNELS, SERVICE_TIERS
from pipelines.usage.fields import choice, export_count, moment, must_have, text, usd
from pipelines.usage.identity import ABSENT, OWNER_COLUMNS, SEPARATOR
from pipelines.usage.importer import Importer, Rule, UsageObject, unreadable

QUANTITIES = tuple(QUANTITY_COLUMNS.values())
COUNTS = (*QUANTITIES, "of_which_reasoning_tokens", "prompt_tokens_from")
DIMENSIONS = ("usage_at", "usage_until", "provider", "channel", "region", "model", "service_tier", *OWNER_COLUMNS)
ROW = (*DIMENSIONS, *COUNTS, "reported_cost_usd")
"""All that a row without an id is known by; the account is part of every identity."""
FIELDS = ("id", *ROW, "account_id")
KEY_OF_A_PROVIDER = r"\b(?:(?:sk|rk|xai|gsk|hf|ghp|glpat)[-_][\w-]{16,}|AKIA[A-Z0-9]{12,}|AIza[\w-]{20,})"
"""Keys of providers and clouds, in the column that should hold the id of one."""


def _is_given(name: str) -> pl.Expr:
    return (pl.col(name) != "").fill_null(value=False)


def _key(*parts: str | pl.Expr) -> pl.Expr:
    """Parts of an identity; an empty cell of a CSV file is what a missing value of JSON is."""
    texts = ((pl.col(part) if isinstance(part, str) else part).cast(pl.String) for part in parts)
    return pl.concat_str((text.replace("", None).fill_null(ABSENT) for text in texts), separator=SEPARATOR)


TIERS, BOUGHT_AT = ({name: name for name in names} for names in (SERVICE_TIERS, CHANNELS))
starts, ends = moment("usage_at", is_utc_without_zone=True), moment("usage_until", is_utc_without_zone=True)
reasoning, output = export_count("of_which_reasoning_tokens").value, export_count("output_tokens").value

OWN_TABLE = Importer(
    name="own_table",
    description="CSV, JSON lines or Parquet with the columns of docs/usage_format.md",
    signatures=tuple(frozenset({"usage_at", "model", name}) for name in QUANTITIES),
    fields={name: name for name in FIELDS},
    numbers_alike=True,
    columns={
        "usage_at": starts,
        "usage_until": pl.when(_is_given("usage_until")).then(ends.value),
        "grain": pl.when(_is_given("usage_until")).then(pl.lit("bucket")).otherwise(pl.lit("request")),
        "provider": text("provider").value.fill_null("unknown"),
        "channel": choice("channel", BOUGHT_AT, "api", "unknown_channel"),
        "region": text("region").value.fill_null("global"),
        "model": text("model"),
        "service_tier": choice("service_tier", TIERS, "standard", "unknown_service_tier"),
        **{name: export_count(name) for name in COUNTS},
        **{name: text(name) for name in ("account_id", *OWNER_COLUMNS)},
        "reported_cost_usd": usd("reported_cost_usd"),
        # Without an id a bucket is what its dimensions say, and a request is all that its row says, and a number.
        "row_key": pl.when(_is_given("id")).then(pl.concat_str(pl.lit("id"), "id", separator=SEPARATOR))
        .when(_is_given("usage_until")).then(_key(starts.value, ends.value, *DIMENSIONS[2:], "prompt_tokens_from"))
        .otherwise(pl.concat_str(_key(*ROW), pl.lit(SEPARATOR))),
    },
    rules=(
        *(unreadable(text(name)) for name in ("id", "provider", "region")),
        must_have("model", rule="no_model"),
        Rule("not_a_timestamp", _is_given("usage_until") & ends.is_broken, ends.detail),
        Rule("bucket_ends_before_start", ends.value <= starts.value, "usage_until is not after usage_at"),
        Rule("no_quantity", ~pl.any_horizontal(_is_given(name) for name in QUANTITIES), "nothing says how much"),
        Rule("secret_key", pl.col("api_key_id").str.contains(KEY_OF_A_PROVIDER), "api_key_id holds a key, not its id"),
        Rule("reasoning_exceeds_output", reasoning > output, "of_which_reasoning_tokens is more than output_tokens"),
    ),
    identity=("row_key",),
    version=2,
    usage_objects=(
        UsageObject(
            counted={name: name for name in QUANTITIES},
            part_of={"of_which_reasoning_tokens": "output_tokens", "prompt_tokens": "the sum of the prompt"},
            ignored={"prompt_tokens_from": "no count: the smallest prompt"},
        ),
    ),
)  # fmt: skip
