"""What the description of a Google SKU says: model, meter and tier, where it says all of it clearly; else NULL.

Two styles: Vertex AI prints "Gemini 2.5 Pro Text Input - Predictions", the Gemini API "Generate content input token
count gemini 3 flash text flex". A description with a word that is not known here is left alone: a tuned model, storage
by the hour. So is output of audio and images, which other models make than the one that seems to be named. Reading
exports belongs to the importers.
"""

import polars as pl

MODEL = r"gemini (\d+(?:\.\d+)?(?: pro| flash lite| flash)(?: preview)?)"
TIER = r"(?: (batch|flex|priority))?"
NOTE = r"(?: \((?:long|long & standard|thinking on)\))?"
VERTEX = (
    rf"^{MODEL}(?: ga)?(?: global| regional)?(?: thinking)?{TIER} (text|audio|image)"
    rf"{TIER} (input|output)( caching)?{TIER}{NOTE}{TIER}(?: - predictions)?$"
)
VERTEX_CACHE = rf"^{MODEL}(?: ga)?(?: global| regional)? input (text|audio|image)( caching){NOTE}$"
GEMINI_API = (
    rf"^generate content(?: (text|audio|image))? (cached input|input|output) token count(?: for)? {MODEL}"
    rf"(?: (?:short|long))?(?: (?:input|output))?(?: (text|audio|image))?(?: thinking| non-thinking)?{TIER}( caching)?$"
)
METERS = {
    "text input": "input_uncached",
    "text cached": "cache_read",
    "text output": "output",
    "audio input": "audio_input",
    "audio cached": "audio_cache_read",
    "image input": "image_input",
    "image cached": "image_cache_read",
}


def sku_columns(name: str) -> dict[str, pl.Expr]:
    """Columns model, meter and service_tier from a field that holds descriptions of SKUs."""
    sku = pl.col(name).str.to_lowercase().str.replace_all(r"[_\s]+", " ").str.strip_chars(" ").str
    vertex, cache, api = (sku.extract_groups(pattern).struct for pattern in (VERTEX, VERTEX_CACHE, GEMINI_API))
    kind = pl.coalesce(vertex.field("3"), cache.field("2"), api.field("1"), api.field("4"))
    direction = pl.coalesce(
        vertex.field("5"), pl.when(cache.field("3").is_not_null()).then(pl.lit("input")), api.field("2")
    )
    is_cached = pl.any_horizontal(part.is_not_null() for part in (vertex.field("6"), cache.field("3"), api.field("6")))
    way = pl.when(is_cached | (direction == "cached input")).then(pl.lit("cached")).otherwise(direction)
    named = pl.coalesce(vertex.field("1"), cache.field("1"), api.field("3"))
    # "image output token count for gemini 3 pro image" names the kind twice, or a model of images.
    is_clear = ~(api.field("1").is_not_null() & api.field("4").is_not_null()) & ~((kind != "text") & (way == "output"))
    model = pl.when(is_clear.fill_null(value=True)).then(named)
    tier = pl.coalesce(*(vertex.field(place) for place in "2478"), api.field("5"), pl.lit("standard"))
    meter = pl.concat_str(kind, way, separator=" ").replace_strict(METERS, default=None, return_dtype=pl.String)
    return {
        "model": pl.concat_str(pl.lit("gemini-"), model.str.replace_all(" ", "-")),
        "meter": pl.when(model.is_not_null()).then(meter),
        "service_tier": pl.when(model.is_not_null()).then(tier),
    }
