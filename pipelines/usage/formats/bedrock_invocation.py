"""Amazon Bedrock model invocation logs (JSON lines from S3 or CloudWatch, mostly .gz) -> one row per invocation.

inputTokenCount holds neither cache reads nor cache writes. Lifetimes of writes stand only in the response body, as
cacheDetails (Converse) or cache_creation (Claude by InvokeModel); large bodies are moved to S3 and streamed ones are
lists, there all writes count as 5-minute ones, the default. modelId is a model, an inference profile ("us.", "eu.",
"global.") or an ARN; it is kept as logged, and the name book takes it apart. Bodies hold prompts: of them only counts
and the id of the response are read, which InvokeModel of Claude has and a client's log may hold too.
"""

import polars as pl

from pipelines.models.model_ids import BEDROCK_MAKERS
from pipelines.usage.fields import choice, first_count, moment, must_have, rest, rest_at_default, text
from pipelines.usage.importer import Importer, Rule, UsageObject, unreadable
from pipelines.usage.response_ids import response_in

BODY = "output.outputBodyJson."
FIELDS = {
    "schema": "schemaType",
    "timestamp": "timestamp",
    "account": "accountId",
    "caller": "identity.arn",
    "region": "region",
    "request": "requestId",
    "model": "modelId",
    "error": "errorCode",
    "input": "input.inputTokenCount",
    "cache_read": "input.cacheReadInputTokenCount",
    "cache_write": "input.cacheWriteInputTokenCount",
    "output": "output.outputTokenCount",
    "body_total": BODY + "usage.totalTokens",
    "body_details": BODY + "usage.cacheDetails",
    "body_5m": BODY + "usage.cache_creation.ephemeral_5m_input_tokens",
    "body_1h": BODY + "usage.cache_creation.ephemeral_1h_input_tokens",
    "body_tier": BODY + "serviceTier.type",
    "usage_tier": BODY + "usage.service_tier",
    "own_tier": "serviceTier",
    "body_id": BODY + "id",
}
TIERS = {"default": "standard", "standard": "standard", "flex": "flex", "priority": "priority", "batch": "batch"}

CONTENT = dict.fromkeys(
    ("inputContentType", "inputBodyJson", "inputBodyS3Path", "outputContentType", "outputBodyJson", "outputBodyS3Path"),
    "no count: the content, in which usage has a place of its own",
)
SAID_TWICE = (
    *("inputTokens", "outputTokens", "cacheReadInputTokens", "cacheWriteInputTokens"),
    *("cacheReadInputTokenCount", "cacheWriteInputTokenCount"),
    *("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"),
    *("prompt_tokens", "completion_tokens", "total_tokens"),
)


def _of_lifetime(lifetime: str) -> pl.Expr:
    """The writes of one lifetime in a list of {"ttl": "1h", "inputTokens": 5}, 0 where it has none."""
    forms = (
        rf'"ttl"\s*:\s*"{lifetime}"\s*,\s*"inputTokens"\s*:\s*([0-9]{{1,15}})',
        rf'"inputTokens"\s*:\s*([0-9]{{1,15}})\s*,\s*"ttl"\s*:\s*"{lifetime}"',
    )
    counts = (pl.col("body_details").str.extract(form).cast(pl.Int64, strict=False) for form in forms)
    return pl.coalesce(*counts, pl.when(pl.col("body_details").str.contains('"ttl"')).then(0))


def _with_plain_tier(records: pl.DataFrame) -> pl.DataFrame:
    """Add `plain_tier`, of the record itself, which states it as a word or as an object of a type."""
    typed = pl.col("own_tier").str.extract(r'"type"\s*:\s*"([^"]*)"')
    return records.with_columns(plain_tier=pl.coalesce(typed, "own_tier"))


entered, output = first_count("input"), first_count("output")
read, written, total = first_count("cache_read"), first_count("cache_write"), first_count("body_total")
five_minutes = pl.coalesce(_of_lifetime("5m"), first_count("body_5m").value)
one_hour = pl.coalesce(_of_lifetime("1h"), first_count("body_1h").value)
parts = five_minutes.fill_null(0) + one_hour.fill_null(0)
has_split = five_minutes.is_not_null() | one_hour.is_not_null()
cache = read.value.fill_null(0) + written.value.fill_null(0)
rest_of_writes = rest_at_default(pl.when(has_split).then(written.value), parts)
# A body whose total is input and output alone counts the cache inside the input; what is beyond all is output.
is_cache_inside = ((cache > 0) & (total.value == entered.value + output.value.fill_null(0))).fill_null(value=False)
more = rest_at_default(pl.when(~is_cache_inside).then(total.value), entered.value + output.value.fill_null(0) + cache)
tier = choice(("plain_tier", "body_tier", "usage_tier"), TIERS, "standard", "unknown_service_tier")
maker = pl.col("model").str.extract(rf"(?:^|[./])({'|'.join(BEDROCK_MAKERS)})\.")

BEDROCK_INVOCATION = Importer(
    name="bedrock_invocation",
    description="Amazon Bedrock model invocation log, JSON lines",
    signatures=(frozenset({"schemaType", "requestId", "modelId", "operation"}),),
    fields=FIELDS,
    split=_with_plain_tier,
    # A refused invocation has an error code and no tokens.
    is_usage=(pl.col("schema") == "ModelInvocationLog")
    & (pl.col("error").is_null() | pl.col("input").is_not_null() | pl.col("output").is_not_null()),
    columns={
        "usage_at": moment("timestamp"),
        "grain": pl.lit("request"),
        "provider": maker.replace_strict(BEDROCK_MAKERS, default="unknown"),
        "channel": pl.lit("bedrock"),
        "region": text("region"),
        "model": text("model"),
        "service_tier": tier,
        "input_uncached_tokens": pl.when(is_cache_inside).then(entered.value - cache).otherwise(entered.value),
        "cache_read_tokens": read,
        "cache_write_5m_tokens": pl.when(has_split).then(rest(written.value, one_hour)).otherwise(written.value),
        "cache_write_1h_tokens": one_hour,
        "output_tokens": output.value + more.value,
        "requests": pl.lit(1, pl.Int64),
        "lower_bound_reason": pl.coalesce(rest_of_writes.reason, more.reason),
        "account_id": text("account"),
        "project_id": text("account"),
        "user_id": pl.col("caller").str.extract(r":(?:user|role|assumed-role)/(.{1,200})$"),
        "invocation": text("request"),
        "response": response_in(pl.col("body_id")),
    },
    rules=(
        *(
            unreadable(reading)
            for reading in (entered, output, total, written, first_count("body_5m"), first_count("body_1h"))
        ),
        must_have("request", rule="no_identity"),
        must_have("model", rule="no_model"),
        must_have("region", rule="no_region"),
        must_have("input", rule="no_token_counts", remedy="images and videos are not counted in tokens"),
        Rule(
            "cache_write_does_not_add_up",
            has_split & (parts > written.value.fill_null(0)),
            "cacheWriteInputTokenCount is less than the sum of its lifetimes",
        ),
        Rule(
            "total_does_not_add_up",
            (cache > 0) & (total.value < entered.value + output.value.fill_null(0) + cache) & ~is_cache_inside,
            "totalTokens is less than the sum of input, cache and output",
        ),
    ),
    identity=("invocation",),
    response_id="response",
    keeps_format_id=True,
    version=3,
    usage_objects=(
        UsageObject(
            place="input",
            counted={
                "inputTokenCount": "input_uncached_tokens",
                "cacheReadInputTokenCount": "cache_read_tokens",
                "cacheWriteInputTokenCount": "cache_write_5m_tokens, less those of an hour",
            },
            ignored=CONTENT,
        ),
        UsageObject(place="output", counted={"outputTokenCount": "output_tokens"}, ignored=CONTENT),
        UsageObject(
            place="output.outputBodyJson.usage",
            counted={
                "cacheDetails[].inputTokens": "cache_write_5m_tokens and cache_write_1h_tokens",
                "cache_creation.ephemeral_5m_input_tokens": "cache_write_5m_tokens",
                "cache_creation.ephemeral_1h_input_tokens": "cache_write_1h_tokens",
            },
            part_of={
                "totalTokens": "the sum; what it holds beside its parts is counted as output_tokens",
                **dict.fromkeys(SAID_TWICE, "what input and output say"),
                "output_tokens_details.thinking_tokens": "output_tokens",
            },
            ignored=dict.fromkeys(("service_tier", "inference_geo", "cacheDetails[].ttl"), "no count"),
        ),
    ),
    private=frozenset({"caller"}),
)
