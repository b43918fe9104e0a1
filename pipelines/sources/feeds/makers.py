"""Whose model an id of a selling platform names, in the forms that several feeds share. Exact rules only."""

import re
from dataclasses import dataclass

from pipelines.models.model_ids import platform_id
from pipelines.models.provider_aliases import openrouter_maker

IN_REGION = "in-region"
"""Region of a Bedrock id without an area: on demand in the region that is called, at the price of most of them."""

_ID = re.compile(r"~?(?P<prefix>[a-z0-9][a-z0-9-]{0,60})/\S+", re.ASCII)
_AWS_REGION = re.compile(r"[a-z]{2}(?:-gov)?-[a-z]{4,9}-\d", re.ASCII)


@dataclass(frozen=True)
class Named:
    """What an id of a feed names."""

    provider: str
    model: str
    channel: str = "api"
    region: str = "global"


def maker_of(openrouter_id: str) -> str | None:
    """The provider name of an OpenRouter id, or None for an id without a maker's prefix.

    A tilde before the prefix marks OpenRouter's own alias for a maker's latest model: "~openai/gpt-latest".
    """
    known = _ID.fullmatch(openrouter_id)
    return openrouter_maker(known["prefix"]) if known else None


def on_openrouter(openrouter_id: str) -> Named | None:
    """The whole id, of its maker: 'meta-llama/llama-3.3-70b-instruct:free' of meta."""
    maker = maker_of(openrouter_id)
    return Named(maker, openrouter_id, "openrouter") if maker else None


def on_bedrock(text: str) -> Named | None:
    """Region us of "us.anthropic.claude-2.1", eu-west-1 of "eu-west-1/anthropic.claude-2.1"; None for other forms."""
    region, slash, model_id = text.rpartition("/")
    known = platform_id(model_id)
    if known is None or known.channel != "bedrock" or (slash and (known.region or not _AWS_REGION.fullmatch(region))):
        return None
    return Named(known.provider, known.model, "bedrock", region or known.region or IN_REGION)
