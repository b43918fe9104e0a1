"""Properties of models and tokens in SkuPriceDetails, as the draft of FOCUS 1.5 defines them."""

import polars as pl

from pipelines.schema.meters import TOKEN_METERS

TOKEN_DIRECTIONS = {meter: "Output" if meter.endswith("output") else "Input" for meter in TOKEN_METERS}
CACHE_ACTIONS = {
    "input_uncached": "Uncached",
    "audio_input": "Uncached",
    "image_input": "Uncached",
    **{meter: "Read" for meter in TOKEN_METERS if meter.endswith("cache_read")},
    **{meter: "Write" for meter in TOKEN_METERS if "cache_write" in meter},
}
"""Properties TokenDirection and TokenCacheAction of 1.5's draft by meter; our meters do not overlap, as it wants."""


def with_token_properties(details: pl.Expr) -> pl.Expr:
    """SkuPriceDetails with the properties of models and tokens that the draft of 1.5 defines.

    A property that does not apply is left out, since null is none of its values. A model's family and version are not
    known apart from its id.
    """
    model = pl.struct(ModelDeveloper="listed_provider", ModelId="listed_model").struct.json_encode()
    parts = [model.str.strip_suffix("}")]
    for name, values in (("TokenCacheAction", CACHE_ACTIONS), ("TokenDirection", TOKEN_DIRECTIONS)):
        value = pl.col("meter").replace_strict(values, default=None, return_dtype=pl.String)
        parts.append(pl.when(value.is_not_null()).then(pl.format(f'"{name}":"{{}}"', value)))
    return pl.concat_str(*parts, details.str.strip_prefix("{"), separator=",", ignore_nulls=True)
