"""What ids say: snapshot dates, Bedrock profiles and ARNs, Vertex paths, router prefixes. Exact forms only.

A platform's id names the maker of a model, the model and sometimes a region. Which price list knows the model, and
what an id meant on a date, is decided in `books.model_names`.
"""

import re
from dataclasses import dataclass

import polars as pl

DATE_SUFFIX = r"-(20[0-9]{2}-[0-9]{2}-[0-9]{2}|20[0-9]{6})$"
"""openai writes -2025-08-07, anthropic -20250514. SQL strips the same: sql/core/undated.sql."""

BEDROCK_AREAS = {
    "us": "us",
    "us-gov": "us-gov",
    "eu": "eu",
    "apac": "apac",
    "jp": "jp",
    "au": "au",
    "ca": "ca",
    "in": "in",
    "global": "global",
}
"""Prefixes of cross-region inference profiles."""
BEDROCK_MAKERS = {
    "ai21": "ai21",
    "amazon": "amazon",
    "anthropic": "anthropic",
    "cohere": "cohere",
    "deepseek": "deepseek",
    "google": "google",
    "luma": "luma",
    "meta": "meta",
    "minimax": "minimax",
    "mistral": "mistral",
    "moonshot": "moonshot",
    "moonshotai": "moonshot",
    "nvidia": "nvidia",
    "openai": "openai",
    "qwen": "qwen",
    "stability": "stability",
    "twelvelabs": "twelvelabs",
    "writer": "writer",
    "xai": "xai",
    "zai": "zai",
}
OLD_BEDROCK_MODELS = {
    "claude-v2": "claude-2.0",
    "claude-v2:1": "claude-2.1",
    "claude-instant-v1": "claude-instant-1.2",
    "titan-embed-text-v1": "titan-embed-text-v1",
    "titan-embed-text-v2:0": "titan-embed-text-v2",
}
"""Ids whose version is the model's name, not the platform's revision."""

_REVISION = re.compile(r"-v\d{1,2}(?::\d{1,2})?(?::\d{1,4}k|:mm)?$", re.ASCII)
_BEDROCK = re.compile(
    rf"(?:(?P<area>{'|'.join(BEDROCK_AREAS)})\.)?(?P<maker>{'|'.join(BEDROCK_MAKERS)})\.(?P<model>[a-z0-9][a-z0-9.:_-]*)",
    re.ASCII,
)
_ARN = re.compile(
    r"arn:aws(?:-us-gov|-cn)?:bedrock:(?P<region>[a-z0-9-]*):\d{0,12}:(?:foundation-model|inference-profile)/(?P<id>.+)",
    re.ASCII,
)
_VERTEX = re.compile(
    r"(?:projects/[^/]+/locations/(?P<region>[a-z0-9-]+)/)?publishers/(?P<maker>[a-z0-9-]+)/models/(?P<model>[^/]+)",
    re.ASCII,
)
VERTEX_MAKERS = {"google": "google", "anthropic": "anthropic", "mistralai": "mistral", "meta": "meta"}
OPENROUTER_MAKERS = {
    "aion-labs": "aion",
    "bytedance-research": "bytedance",
    "bytedance-seed": "bytedance",
    "ibm-granite": "ibm",
    "meta-llama": "meta",
    "mistralai": "mistral",
    "moonshotai": "moonshot",
    "x-ai": "xai",
    "z-ai": "zai",
}
"""By the prefix of OpenRouter's ids where it differs from the provider's name here; other prefixes are the name."""


@dataclass(frozen=True)
class PlatformId:
    """An id taken apart; `region` is None where the id names none."""

    channel: str
    provider: str
    model: str
    region: str | None


def undated(model: pl.Expr) -> pl.Expr:
    """The id without its snapshot date: gpt-5-mini for gpt-5-mini-2025-08-07."""
    return model.str.replace(DATE_SUFFIX, "")


def platform_id(text: str) -> PlatformId | None:
    """The parts of a Bedrock or Vertex id, or None for an id of another form.

    "us.anthropic.claude-sonnet-4-5-20250929-v1:0" is claude-sonnet-4-5-20250929 of anthropic, on bedrock, region us.
    """
    arn = _ARN.fullmatch(text)
    if arn:
        inner = _bedrock_id(arn["id"])
        if inner is None or inner.region or not arn["region"]:
            return inner
        return PlatformId(inner.channel, inner.provider, inner.model, arn["region"])
    return _bedrock_id(text) or _vertex_id(text)


def openrouter_maker(prefix: str) -> str:
    """The provider in the prefix of an OpenRouter id: "meta-llama" is meta, most prefixes are the provider's name.

    A tilde marks OpenRouter's own alias: "~openai/gpt-latest".
    """
    name = prefix.removeprefix("~")
    return OPENROUTER_MAKERS.get(name, name)


def _bedrock_id(text: str) -> PlatformId | None:
    known = _BEDROCK.fullmatch(text)
    if known is None:
        return None
    model = OLD_BEDROCK_MODELS.get(known["model"]) or _REVISION.sub("", known["model"])
    region = BEDROCK_AREAS[known["area"]] if known["area"] else None
    return PlatformId("bedrock", BEDROCK_MAKERS[known["maker"]], model, region)


def _vertex_id(text: str) -> PlatformId | None:
    known = _VERTEX.fullmatch(text)
    if known is None or known["maker"] not in VERTEX_MAKERS:
        return None
    return PlatformId("vertex", VERTEX_MAKERS[known["maker"]], known["model"], known["region"])
