"""What the meter names of Azure's price list say: the model, the meter, the tier, the place. Exact words only.

Names are abbreviated by hand and differently each time: "gpt 4o 1120 cached Inp glbl Tokens", "5.4 pp opt Dz 1M
Tokens". Every word is either known here or part of the model's name, and that name has to be in a table. Prices and
regions are read in `azure_openai`.
"""

import re
from dataclasses import dataclass

INPUT = frozenset({"inp", "inpt", "input", "in"})
OUTPUT = frozenset({"outp", "outpt", "output", "opt", "out"})
CACHED = frozenset({"cached", "cchd", "ccchd", "cd", "cach", "cache", "ch"})
PLACES = {
    **dict.fromkeys(("glbl", "gl", "glb", "global"), "global"),
    **dict.fromkeys(("datazone", "dzone", "dz", "dzn"), "zone"),
    **dict.fromkeys(("regnl", "rgnl", "regn", "regional"), "region"),
}
TIERS = {"std": "standard", "batch": "batch", "pp": "priority", "priority": "priority", "flex": "flex"}
CONTEXTS = {"shortco": False, "shco": False, "longco": True, "loco": True}
KINDS = {"txt": "text", "text": "text", "aud": "audio", "audio": "audio", "img": "image", "image": "image"}
NOISE = frozenset({"1m", "token", "tokens", "tkn"})
FUSED = {
    "data zone": "datazone",
    "gpt4o": "gpt 4o",
    "gpt4omini": "gpt 4o mini",
    "mini0718": "mini 0718",
    "batchinp": "batch inp",
    "batchoutp": "batch outp",
    "aud1217": "aud 1217",
    "txt1217": "txt 1217",
}
METERS = {
    ("text", "input"): "input_uncached",
    ("text", "cached"): "cache_read",
    ("text", "write"): "cache_write_5m",
    ("text", "output"): "output",
    ("audio", "input"): "audio_input",
    ("audio", "cached"): "audio_cache_read",
    ("audio", "output"): "audio_output",
    ("image", "input"): "image_input",
    ("image", "cached"): "image_cache_read",
    ("image", "output"): "image_output",
}

OPENAI_MODELS = {
    "gpt 35 turbo instruct": "gpt-3.5-turbo-instruct",
    "gpt 35 turbo16k": "gpt-3.5-turbo-16k",
    "gpt 35 turbo16k 0125": "gpt-3.5-turbo-0125",
    "gpt 35 turbo16k 1106": "gpt-3.5-turbo-1106",
    "gpt 4 8k": "gpt-4",
    "gpt 4 32k": "gpt-4-32k",
    "gpt 4 turbo128k": "gpt-4-turbo",
    "gpt 4 turbo 128k": "gpt-4-turbo",
    "gpt 4.5 0227": "gpt-4.5-preview-2025-02-27",
    "gpt 4o 0513": "gpt-4o-2024-05-13",
    "gpt 4o 0806": "gpt-4o-2024-08-06",
    "gpt 4o 1120": "gpt-4o-2024-11-20",
    "gpt 4o mini 0718": "gpt-4o-mini-2024-07-18",
    "gpt 4o aud 1217": "gpt-4o-audio-preview-2024-12-17",
    "gpt 4o aud 0603": "gpt-4o-audio-preview-2025-06-03",
    "gpt 4o mini aud 1217": "gpt-4o-mini-audio-preview-2024-12-17",
    "gpt 4o rt 1217": "gpt-4o-realtime-preview-2024-12-17",
    "gpt 4o rt 0603": "gpt-4o-realtime-preview-2025-06-03",
    "gpt 4o mini rt 1217": "gpt-4o-mini-realtime-preview-2024-12-17",
    "gpt 4o transcribe": "gpt-4o-transcribe",
    "gpt 4o mini transcribe": "gpt-4o-mini-transcribe",
    "gpt 4o mini tts": "gpt-4o-mini-tts",
    "gpt aud 0828": "gpt-audio-2025-08-28",
    "gpt aud 1.5": "gpt-audio-1.5",
    "gpt rt 0828": "gpt-realtime-2025-08-28",
    "gpt rt 1.5": "gpt-realtime-1.5",
    "gpt realtime 2": "gpt-realtime-2",
    "gpt realtime 2.1": "gpt-realtime-2.1",
    "gpt realtime 2.1 mini": "gpt-realtime-2.1-mini",
    "gpt img 1": "gpt-image-1",
    "gpt img 1 mini": "gpt-image-1-mini",
    "gpt img 1.5": "gpt-image-1.5",
    "img 2": "gpt-image-2",
    "gpt 5.2 chat 0210": "gpt-5.2-chat-2026-02-10",
    "gpt oss 20b": "gpt-oss-20b",
    "gpt oss 120b": "gpt-oss-120b",
    "o1 1217": "o1-2024-12-17",
    "o1 mini": "o1-mini",
    "o1 preview": "o1-preview",
    "o1 pro": "o1-pro",
    "o3 0416": "o3-2025-04-16",
    "o3 mini 0131": "o3-mini-2025-01-31",
    "o3 pro": "o3-pro",
    "o3 deep research 0626": "o3-deep-research-2025-06-26",
    "o4 mini 0416": "o4-mini-2025-04-16",
    "codex mini": "codex-mini",
    "computer use": "computer-use-preview",
}
EMBEDDINGS = {"text embedding 3 small": "text-embedding-3-small", "text embedding 3 large": "text-embedding-3-large"}
"""Their meters name no direction: there is only input."""
OTHER_MODELS = {
    ("deepseek", "r1"): "deepseek-r1",
    ("deepseek", "v3"): "deepseek-v3",
    ("deepseek", "v3 0324"): "deepseek-v3-0324",
    ("deepseek", "v3.1"): "deepseek-v3.1",
    ("deepseek", "v3.2"): "deepseek-v3.2",
    ("deepseek", "v3.2 sp"): "deepseek-v3.2-speciale",
    ("deepseek", "v4 flash"): "deepseek-v4-flash",
    ("deepseek", "v4 pro"): "deepseek-v4-pro",
    ("xai", "grok 4.3"): "grok-4.3",
    ("xai", "grok 4.6"): "grok-4.6",
    ("xai", "grok 4.7"): "grok-4.7",
    ("moonshot", "k2.5 thinking"): "kimi-k2.5",
    ("moonshot", "k2.6 thinking"): "kimi-k2.6",
}
_GPT = re.compile(
    r"gpt (?P<version>4\.1|[5-9](?:\.\d)?)(?P<rest>(?: (?:mini|nano|pro|chat|codex|max|sol|terra|luna|astra))*)",
    re.ASCII,
)
_BARE_GPT = re.compile(r"(?:4\.1|[5-9](?:\.\d)?)(?: .*)?", re.ASCII)


@dataclass(frozen=True)
class Meter:
    """What one meter name says; `place` is global, zone or region."""

    model: str
    meter: str
    service_tier: str
    place: str
    is_long_context: bool


def read_meter(name: str, provider: str) -> Meter | None:
    """The parts of a meter name, or None where a word or the model is not known, or a part is named twice."""
    words = _words(name)
    places = [PLACES[word] for word in words if word in PLACES]
    tiers = [TIERS[word] for word in words if word in TIERS]
    contexts = [CONTEXTS[word] for word in words if word in CONTEXTS]
    rest = [w for w in words if w not in PLACES and w not in TIERS and w not in CONTEXTS and w not in NOISE]
    if max(len(places), len(tiers), len(contexts)) > 1:
        return None
    read = _model_and_meter(rest, provider)
    if read is None:
        return None
    is_long = bool(contexts and contexts[0])
    return Meter(*read, tiers[0] if tiers else "standard", places[0] if places else "region", is_long)


def _words(name: str) -> list[str]:
    text = " ".join(name.lower().replace("-", " ").split()).replace("data zone", FUSED["data zone"])
    return [part for word in text.split() for part in FUSED.get(word, word).split()]


def _model_and_meter(words: list[str], provider: str) -> tuple[str, str] | None:
    """The model and the meter of the words that are left."""
    if provider == "openai" and " ".join(words) in EMBEDDINGS:
        return EMBEDDINGS[" ".join(words)], "input_uncached"
    direction = _direction(words)
    rest = [word for word in words if word not in INPUT | OUTPUT | CACHED | {"wr"}]
    kinds = [KINDS[word] for word in rest if word in KINDS]
    # "gpt aud 0828 txt Inp" is the text of an audio model: text is told where the model's own kind is another.
    kind = "text" if "text" in kinds or not kinds else kinds[-1]
    meter = METERS.get((kind, direction)) if direction else None
    model = _model(
        [{"audio": "aud", "image": "img"}.get(KINDS.get(w, ""), w) for w in rest if KINDS.get(w) != "text"], provider
    )
    return (model, meter) if model and meter else None


def _direction(words: list[str]) -> str | None:
    """input, output, cached or write; None where the words do not say exactly one."""
    is_in, is_out = bool(INPUT & set(words)), bool(OUTPUT & set(words))
    is_cached, is_write = bool(CACHED & set(words)), "wr" in words
    found = (is_in, is_out, is_cached, is_write)
    return {
        (True, False, False, False): "input",
        (False, True, False, False): "output",
        (True, False, True, False): "cached",
        (False, False, True, False): "cached",
        (False, False, True, True): "write",
    }.get(found)


def _model(words: list[str], provider: str) -> str | None:
    """The id of a model by its words; the last "aud" or "img" may say what is counted instead of being its name."""
    name = " ".join(words)
    if provider != "openai":
        return OTHER_MODELS.get((provider, name))
    if _BARE_GPT.fullmatch(name):
        name = f"gpt {name}"
    counted = max((place for place, word in enumerate(words) if word in ("aud", "img")), default=None)
    without = " ".join(words[:counted] + words[counted + 1 :]) if counted is not None else name
    gpt = _GPT.fullmatch(name)
    by_rule = f"gpt-{gpt['version']}{gpt['rest'].replace(' ', '-')}" if gpt else None
    return OPENAI_MODELS.get(name) or OPENAI_MODELS.get(without) or by_rule
