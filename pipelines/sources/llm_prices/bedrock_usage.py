"""What the usage types of Amazon Bedrock's price list say: the meter, the tier, the route. Exact words only.

Three spellings are in use. Amazon's own and hosted models name themselves ("USE1-NovaLite-input-tokens-batch"), those
of the newer endpoint by their id ("USE1-zai.glm-5-mantle-input-tokens-standard"); models sold through the marketplace
are named elsewhere ("USE1-MP:USE1_input_tokens_global_standard-Units", "USE1-MP:USE1_InputTokenCount_Global-Units").
Names of models are read in `bedrock_models`.
"""

import re
from dataclasses import dataclass

METERS = {
    "input-tokens": "input_uncached",
    "text-input-tokens": "input_uncached",
    "output-tokens": "output",
    "text-output-tokens": "output",
    "cache-read-tokens": "cache_read",
    "cache-read-input-token-count": "cache_read",
    "cache-write-tokens": "cache_write_5m",
    "cache-write-input-token-count": "cache_write_5m",
    "cache-write-1h-input-token-count": "cache_write_1h",
    "input-image-token-count": "image_input",
    "output-image-token-count": "image_output",
    "input-audio-token-count": "audio_input",
    "output-audio-token-count": "audio_output",
    "speech-input-tokens": "audio_input",
    "speech-output-tokens": "audio_output",
}
MARKETPLACE_KINDS = {
    "InputTokenCount": "input-tokens",
    "OutputTokenCount": "output-tokens",
    "CacheReadInputTokenCount": "cache-read-tokens",
    "CacheWriteInputTokenCount": "cache-write-tokens",
    "CacheWrite1hInputTokenCount": "cache-write-1h-input-token-count",
}
MARKETPLACE_QUALIFIERS = {"Global": "global", "Batch": "batch", "LongContext": "long-context"}
TIERS = frozenset({"standard", "batch", "flex", "priority"})
ROUTES = frozenset({"global", "cross-region-global"})
LONG_CONTEXT = frozenset({"long-context", "long-ctx"})
CACHE_LIFETIMES = {"5m": "cache_write_5m", "30m": "cache_write_5m", "1h": "cache_write_1h"}
"""Where a model's only lifetime is half an hour, that is its default short one."""

_QUALIFIER = "|".join(sorted(TIERS | ROUTES | LONG_CONTEXT | CACHE_LIFETIMES.keys(), key=len, reverse=True))
_KIND = "|".join(sorted(METERS, key=len, reverse=True))
_TAIL = re.compile(rf"(?P<kind>{_KIND})(?P<qualifiers>(?:-(?:{_QUALIFIER}))*)")
_NAMED = re.compile(rf"(?P<name>[A-Za-z0-9.-]+?)-{_TAIL.pattern}")
_MANTLE = re.compile(rf"(?:[A-Z0-9]+-)?(?P<id>[a-z0-9]+\.[a-z0-9.:-]+)-mantle-{_TAIL.pattern}")
_MARKETPLACE = re.compile(r"(?:[A-Z0-9]+-)?MP:[A-Z0-9]+_(?P<body>[A-Za-z0-9_]+)-Units")
_NO_MODEL_WORDS = frozenset({"cache", "read", "write", "input", "output", "text", "image", "audio", "video", "speech"})
"""A name with one of these would be half a meter that is not known here."""


@dataclass(frozen=True)
class Usage:
    """What one usage type says; `model_id` is Bedrock's id where the usage type itself holds it."""

    meter: str
    service_tier: str
    is_global: bool
    is_long_context: bool
    model_id: str | None


def read_usage(text: str) -> Usage | None:
    """The parts of a usage type, or None for one that is not on demand by the token, or of an unknown spelling."""
    marketplace = _MARKETPLACE.fullmatch(text)
    if marketplace:
        tail = _TAIL.fullmatch(_as_dashed(marketplace["body"]))
        return _usage(tail, None) if tail else None
    mantle = _MANTLE.fullmatch(text)
    if mantle:
        return _usage(mantle, mantle["id"])
    named = _NAMED.fullmatch(text)
    if named is None or "mantle" in named["name"].split("-") or _NO_MODEL_WORDS & set(named["name"].split("-")):
        return None
    return _usage(named, None)


def _as_dashed(body: str) -> str:
    """The marketplace's words in the spelling of the others: "InputTokenCount_Global" -> "input-tokens-global"."""
    head, *rest = body.split("_")
    if head not in MARKETPLACE_KINDS:
        return body.replace("_", "-")
    return "-".join([MARKETPLACE_KINDS[head], *(MARKETPLACE_QUALIFIERS.get(word, word) for word in rest)])


def _usage(parts: re.Match[str], model_id: str | None) -> Usage | None:
    qualifiers = re.findall(rf"-({_QUALIFIER})", parts["qualifiers"])
    found = set(qualifiers)
    tiers, lifetimes = found & TIERS or {"standard"}, found & CACHE_LIFETIMES.keys()
    meter = METERS[parts["kind"]]
    is_contradictory = len(found) < len(qualifiers) or len(tiers) > 1 or len(lifetimes) > 1
    if is_contradictory or (lifetimes and meter != "cache_write_5m"):
        return None
    for lifetime in lifetimes:
        meter = CACHE_LIFETIMES[lifetime]
    return Usage(meter, min(tiers), bool(found & ROUTES), bool(found & LONG_CONTEXT), model_id)
