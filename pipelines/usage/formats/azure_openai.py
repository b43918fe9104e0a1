"""Azure logs of model requests from Log Analytics, as JSON, JSON lines or CSV -> one row per request.

Two tables: ApiManagementGatewayLlmLog, where the row with tokens has SequenceNumber 0 and the messages follow in rows
of the same CorrelationId; and AzureDiagnostics, where only the category AzureOpenAIRequestUsage counts tokens, in
properties_s (names as in the queries of Azure/agentops). Prompt tokens hold cached ones, which no log tells apart, so
their cost is an upper bound. ModelName is the model that answered, DeploymentName the user's own name for it; where
only the latter is known, model_map.csv gives it a meaning. Region is the gateway's, not the model's, and is not used.
"""

import polars as pl

from pipelines.usage.fields import first_count, first_moment, first_of, first_text, moment, rest_at_default, text
from pipelines.usage.importer import Importer, Rule, UsageObject, unreadable

FIELDS = {
    "generated": "TimeGenerated",
    "generated_utc": "TimeGenerated [UTC]",
    "correlation": "CorrelationId",
    "category": "Category",
    "model": "ModelName",
    "deployment": "DeploymentName",
    "prompt": "PromptTokens",
    "completion": "CompletionTokens",
    "total": "TotalTokens",
    "properties": "properties_s",
}
IN_PROPERTIES = {
    "usage_model": "modelName",
    "usage_deployment": "modelDeploymentName",
    "usage_prompt": "promptTokens",
    "usage_completion": "completionTokens",
    "usage_total": "totalTokens",
}
NOT_COUNTS = ("modelName", "modelDeploymentName", "modelVersion", "apiName", "requestTime", "responseTime")
MODELS = ("model", "usage_model", "deployment", "usage_deployment")

prompt = first_count("prompt", "usage_prompt")
completion, total = first_count("completion", "usage_completion"), first_count("total", "usage_total")
more = rest_at_default(total.value, prompt.value + completion.value)
is_diagnostics = first_of("category").is_in(["RequestResponse", "Audit", "Trace", "AzureOpenAIRequestUsage"])
is_usage_category = (pl.col("category") == "AzureOpenAIRequestUsage").fill_null(value=False)
# A row that holds a piece of a message has no model, and no tokens or 0.
is_header = first_of(*MODELS).is_not_null() | (prompt.value > 0) | (completion.value > 0)
time = first_moment(*(moment(name, is_utc_without_zone=True) for name in ("generated", "generated_utc")))


AZURE_OPENAI = Importer(
    name="azure_openai",
    description="Azure API Management LLM log or Azure OpenAI request usage from Log Analytics",
    signatures=(
        frozenset({"TimeGenerated", "CorrelationId", "PromptTokens", "CompletionTokens"}),
        frozenset({"TimeGenerated [UTC]", "CorrelationId", "PromptTokens", "CompletionTokens"}),
        frozenset({"TimeGenerated", "CorrelationId", "Category", "properties_s"}),
        frozenset({"TimeGenerated [UTC]", "CorrelationId", "Category", "properties_s"}),
    ),
    fields=FIELDS,
    nested={"properties": IN_PROPERTIES},
    is_usage=pl.when(is_diagnostics.fill_null(value=False)).then(is_usage_category).otherwise(is_header),
    columns={
        "usage_at": time,
        "grain": pl.lit("request"),
        "provider": pl.lit("unknown"),
        "channel": pl.lit("azure"),
        "region": pl.lit("global"),
        "model": first_text(*MODELS),
        "service_tier": pl.lit("standard"),
        "input_uncached_tokens": prompt,
        "output_tokens": completion.value + more.value,
        "lower_bound_reason": more.reason,
        "requests": pl.lit(1, pl.Int64),
        "request": text("correlation"),
    },
    rules=(
        *(unreadable(reading) for reading in (prompt, completion, total)),
        Rule("no_identity", first_of("correlation").is_null(), "CorrelationId is missing"),
        Rule("no_model", first_of(*MODELS).is_null(), "neither a model nor a deployment is named"),
        Rule("no_token_counts", prompt.value.is_null() | completion.value.is_null(), "prompt or completion tokens"),
        Rule(
            "total_does_not_add_up",
            (total.value > 0) & (total.value < prompt.value + completion.value),
            "TotalTokens is less than the sum of PromptTokens and CompletionTokens",
        ),
    ),
    identity=("request",),
    version=2,
    usage_objects=(
        UsageObject(
            counted={"PromptTokens": "input_uncached_tokens", "CompletionTokens": "output_tokens"},
            part_of={"TotalTokens": "the sum; what it holds beside its parts is counted as output_tokens"},
        ),
        UsageObject(
            text="properties",
            counted={"promptTokens": "input_uncached_tokens", "completionTokens": "output_tokens"},
            part_of={"totalTokens": "the sum; what it holds beside its parts is counted as output_tokens"},
            ignored=dict.fromkeys(NOT_COUNTS, "no count"),
        ),
    ),
)
