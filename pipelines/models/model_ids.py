"""What an id says by itself: snapshot dates, Bedrock profiles and ARNs, Vertex paths. Exact forms only.

A platform's id names the maker of a model, the model and sometimes a region. As what a price list may know the model
is in `id_variants`, what an id meant on a date in `model_aliases`.
"""

import re
from dataclasses import dataclass

import polars as pl

DATE_SUFFIX = r"-(20[0-9]{2}-[0-9]{2}-[0-9]{2}|20[0-9]{6})$"
"""openai writes -2025-08-07, anthropic -20250514. SQL strips the same: sql/core/undated.sql."""
SINGLE_SNAPSHOT_PROVIDERS = ("anthropic",)
"""Providers whose undated ids always mean the one dated snapshot of that name."""

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

_DATED = re.compile(rf"(.+){DATE_SUFFIX}", re.ASCII)
_DATED_ON_VERTEX = re.compile(r"(.+)@(20\d{6})", re.ASCII)
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


@dataclass(frozen=True)
class PlatformId:
    """The parts of a platform's id; `region` is None where the id names none."""

    channel: str
    provider: str
    model: str
    region: str | None


def undated(model: pl.Expr) -> pl.Expr:
    """The id without its snapshot date: gpt-5-mini for gpt-5-mini-2025-08-07."""
    return model.str.replace(DATE_SUFFIX, "")


def snapshot_parts(model: str, channel: str) -> tuple[str, str] | None:
    """Name and date in the id of a dated snapshot, None without a date: ("gpt-5-mini", "2025-08-07").

    Vertex also writes claude-opus-4-1@20250805.
    """
    dated = (_DATED_ON_VERTEX.fullmatch(model) if channel == "vertex" else None) or _DATED.fullmatch(model)
    return (dated[1], dated[2]) if dated else None


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


def lifecycle_ids(used: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    """Which listed model's end is the end of a used id.

    `used`, `listed`: columns provider, model. Returns provider, model_id (as used), canonical_model (as listed), rule
    (exact: the id is listed; dated: the id is a snapshot of a listed model; snapshot: the id's only snapshot is
    listed). Ids that match none are left out.
    """
    on = ["provider", "canonical_model"]
    names = listed.select("provider", canonical_model="model").unique()
    exact = used.with_columns(canonical_model="model", rule=pl.lit("exact")).join(names, on=on, how="semi")
    dated = used.with_columns(canonical_model=undated(pl.col("model")), rule=pl.lit("dated")).join(
        names, on=on, how="semi"
    )
    single = (
        names.filter(pl.col("provider").is_in(SINGLE_SNAPSHOT_PROVIDERS))
        .with_columns(model=undated(pl.col("canonical_model")))
        .filter(pl.len().over("provider", "model") == 1)
        .with_columns(rule=pl.lit("snapshot"))
    )
    snapshot = used.join(single, on=["provider", "model"], how="inner")
    columns = ["provider", "model", "canonical_model", "rule"]
    return (
        pl.concat([exact.select(columns), dated.select(columns), snapshot.select(columns)])
        .unique(["provider", "model"], keep="first", maintain_order=True)
        .rename({"model": "model_id"})
        .sort("provider", "model_id")
    )


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
