"""Responses of the Gemini API and of Vertex AI with `usageMetadata`, one JSON object each -> one row per request.

By Google's reference the prompt holds the cached content, and totalTokenCount = prompt + candidates + thoughts + tool
use: thoughts are output that candidates do not hold, results of tools are input that the prompt does not hold. Tools
that copy the format leave tool use out of the total (a public fixture: 100 + 50 + 30 = 180 with 7 for tools), there
it is no input of its own. What a total holds beside both is counted as output and flagged. Google leaves out counts
of 0. Responses of the Gemini API have no time: who logs them must write one beside (`timestamp`).
"""

import polars as pl

from pipelines.usage.fields import choice, first_count, first_moment, moment, must_have, rest, rest_at_default, text
from pipelines.usage.importer import Importer, Reading, Rule, UsageObject, unreadable

IN_USAGE = {
    "prompt": "promptTokenCount",
    "cached": "cachedContentTokenCount",
    "candidates": "candidatesTokenCount",
    "thoughts": "thoughtsTokenCount",
    "tool_use": "toolUsePromptTokenCount",
    "total": "totalTokenCount",
    "prompt_kinds": "promptTokensDetails",
    "cached_kinds": "cacheTokensDetails",
    "candidates_kinds": "candidatesTokensDetails",
    "response_count": "responseTokenCount",
    "response_kinds": "responseTokensDetails",
    "traffic": "trafficType",
    "tier": "serviceTier",
}
TRAFFIC = {
    "on_demand": "standard",
    "traffic_type_unspecified": "standard",
    "on_demand_flex": "flex",
    "on_demand_priority": "priority",
}
"""Only Vertex AI states it; provisioned throughput is not billed by the token and is refused."""
TIERS = {"standard": "standard", "flex": "flex", "priority": "priority"}


def _of_kind(name: str, kind: str) -> pl.Expr:
    """The tokens of one modality in a list of {"modality": "AUDIO", "tokenCount": 5}, 0 where it has none."""
    forms = (
        rf'"modality"\s*:\s*"{kind}"\s*,\s*"tokenCount"\s*:\s*([0-9]{{1,15}})',
        rf'"tokenCount"\s*:\s*([0-9]{{1,15}})\s*,\s*"modality"\s*:\s*"{kind}"',
    )
    counts = (pl.col(name).str.extract(form).cast(pl.Int64, strict=False) for form in forms)
    return pl.coalesce(*counts, pl.when(pl.col(name).is_not_null()).then(0))


prompt, cached = first_count("prompt"), first_count("cached")
candidates, thoughts = first_count("candidates", "response_count"), first_count("thoughts")
tool_use, total = first_count("tool_use"), first_count("total")
stated = candidates.value.fill_null(0) + thoughts.value.fill_null(0)
without_tools = prompt.value + stated
with_tools = without_tools + tool_use.value.fill_null(0)
tools_are_apart = (total.value >= with_tools).fill_null(value=False)
# What a total holds beside all that Google names is counted as output.
unnamed = rest_at_default(
    total.value, pl.when(tools_are_apart | (total.value != without_tools)).then(with_tools).otherwise(without_tools)
)
answer = stated + unnamed.value
entered = prompt.value + pl.when(tools_are_apart).then(tool_use.value.fill_null(0)).otherwise(0)

audio, image = _of_kind("prompt_kinds", "AUDIO"), _of_kind("prompt_kinds", "IMAGE")
audio_cached, image_cached = _of_kind("cached_kinds", "AUDIO"), _of_kind("cached_kinds", "IMAGE")
audio_out, image_out = (
    pl.coalesce(_of_kind("candidates_kinds", kind), _of_kind("response_kinds", kind)) for kind in ("AUDIO", "IMAGE")
)
text_cached = rest(cached.value, audio_cached, image_cached)
audio_uncached, image_uncached = rest(audio, audio_cached), rest(image, image_cached)
uncached = rest(entered, cached.value, audio_uncached, image_uncached)
text_out = rest(answer, audio_out, image_out)
has_kinds = ((audio > 0) | (image > 0)).fill_null(value=False)

traffic = choice("traffic", TRAFFIC, None, "unknown_service_tier")
tier = choice("tier", TIERS, None, "unknown_service_tier")
time = first_moment(moment("created"), moment("timestamp"))
NO_TIME = "neither createTime nor timestamp with a zone; write the time beside the response when it is logged"

GEMINI = Importer(
    name="gemini",
    description="Gemini API or Vertex AI responses with usageMetadata, JSON lines",
    signatures=(frozenset({"usageMetadata", "usageMetadata.promptTokenCount"}),),
    fields={
        "created": "createTime",
        "timestamp": "timestamp",
        "response": "responseId",
        "model": "modelVersion",
        "usage": "usageMetadata",
    },
    nested={"usage": IN_USAGE},
    is_usage=pl.col("usage").is_not_null(),
    columns={
        "usage_at": Reading(time.value, time.is_broken, "no_time", NO_TIME),
        "grain": pl.lit("request"),
        "provider": pl.when(pl.col("model").str.contains("^(models/)?gemini-"))
        .then(pl.lit("google"))
        .otherwise(pl.lit("unknown")),
        "channel": pl.when(pl.col("traffic").is_not_null()).then(pl.lit("vertex")).otherwise(pl.lit("api")),
        "region": pl.lit("global"),
        "model": text("model"),
        "service_tier": pl.coalesce(tier.value, traffic.value, pl.lit("standard")),
        "input_uncached_tokens": uncached,
        "cache_read_tokens": text_cached,
        "output_tokens": text_out,
        "of_which_reasoning_tokens": thoughts,
        "audio_input_tokens": audio_uncached,
        "audio_cache_read_tokens": audio_cached,
        "audio_output_tokens": audio_out,
        "image_input_tokens": image_uncached,
        "image_cache_read_tokens": image_cached,
        "image_output_tokens": image_out,
        "requests": pl.lit(1, pl.Int64),
        "lower_bound_reason": unnamed.reason,
        "response": text("response"),
    },
    rules=(
        Rule("usage_is_not_an_object", ~pl.col("usage_is_object"), "usageMetadata is not an object"),
        *(unreadable(reading) for reading in (prompt, cached, candidates, tool_use, total, traffic, tier)),
        must_have("response", rule="no_identity"),
        must_have("model", rule="no_model"),
        must_have("prompt", rule="no_token_counts"),
        Rule(
            "no_total",
            total.value.is_null() & ((thoughts.value > 0) | (tool_use.value > 0)),
            "without totalTokenCount nothing tells whether thoughts and tool use are apart",
        ),
        Rule(
            "total_does_not_add_up",
            total.value < without_tools,
            "totalTokenCount is less than the sum of prompt, candidates and thoughts",
        ),
        Rule(
            "cached_kind_is_unknown",
            has_kinds & (cached.value > 0) & pl.col("cached_kinds").is_null(),
            "the log does not tell how much of the audio or image was cached",
        ),
        Rule(
            "cached_exceeds_input",
            pl.min_horizontal(uncached, text_cached, audio_uncached, image_uncached) < 0,
            "cached, audio or image tokens are more than the prompt, or more cached than there are",
        ),
        Rule("kinds_exceed_output", text_out < 0, "audio and image tokens are more than the answer"),
    ),
    identity=("response",),
    response_id="response",
    keeps_format_id=True,
    version=2,
    usage_objects=(
        UsageObject(
            text="usage",
            counted={
                "promptTokenCount": "input_uncached_tokens, less its parts",
                "cachedContentTokenCount": "cache_read_tokens",
                "candidatesTokenCount": "output_tokens, less its parts",
                "responseTokenCount": "output_tokens, less its parts (Live API)",
                "thoughtsTokenCount": "output_tokens and of_which_reasoning_tokens",
                "toolUsePromptTokenCount": "input_uncached_tokens where the total holds it",
                **{
                    f"{name}TokensDetails[].tokenCount": "the meters of audio and image; other kinds are billed as text"
                    for name in ("prompt", "cache", "candidates", "response")
                },
            },
            part_of={
                "totalTokenCount": "the sum; what it holds beside its parts is counted as output_tokens",
                "toolUsePromptTokensDetails[].tokenCount": "toolUsePromptTokenCount",
            },
            ignored={
                **dict.fromkeys(("trafficType", "serviceTier"), "no count: the tier"),
                **{
                    f"{name}TokensDetails[].modality": "no count: which kind it is"
                    for name in ("prompt", "cache", "candidates", "response", "toolUsePrompt")
                },
            },
        ),
    ),
)
