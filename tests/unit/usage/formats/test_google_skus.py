"""Descriptions of SKUs, as public repositories quote them from bills and from the catalog."""

import polars as pl
import pytest

from pipelines.usage.formats.google_skus import sku_columns

UNCLEAR = (None, None, None)


@pytest.mark.parametrize(
    ("description", "said"),
    [
        ("Gemini 2.5 Pro Text Input - Predictions", ("gemini-2.5-pro", "input_uncached", "standard")),
        ("Gemini 2.5 Flash GA Thinking Text Output - Predictions", ("gemini-2.5-flash", "output", "standard")),
        ("Gemini 2.5 Flash Lite Text Output - Predictions", ("gemini-2.5-flash-lite", "output", "standard")),
        ("Gemini 3.5 Flash Regional Text Input - Predictions", ("gemini-3.5-flash", "input_uncached", "standard")),
        ("Gemini 3.8 Flash Global Text Input", ("gemini-3.8-flash", "input_uncached", "standard")),
        ("Gemini 2.5 Pro Text Output (Long & Standard) - Predictions", ("gemini-2.5-pro", "output", "standard")),
        ("Gemini 2.5 Flash GA Audio Input (Long) - Predictions", ("gemini-2.5-flash", "audio_input", "standard")),
        (" Gemini 2.5 Flash GA Input Text Caching (Long)", ("gemini-2.5-flash", "cache_read", "standard")),
        ("Gemini 2.5 Pro Text Input Caching (Long)", ("gemini-2.5-pro", "cache_read", "standard")),
        (
            "Generate content output token count gemini 2.5 flash lite short output text non-thinking",
            ("gemini-2.5-flash-lite", "output", "standard"),
        ),
        (
            "Generate content input token count gemini 2.5 flash short input text",
            ("gemini-2.5-flash", "input_uncached", "standard"),
        ),
        (
            "Generate content input token count gemini 3.1 flash lite preview text",
            ("gemini-3.1-flash-lite-preview", "input_uncached", "standard"),
        ),
        (
            "Generate_content text output token count for gemini 3 flash batch",
            ("gemini-3-flash", "output", "batch"),
        ),
        (
            "Generate_content_cached_input_token_count_gemini_3_pro_short_image",
            ("gemini-3-pro", "image_cache_read", "standard"),
        ),
        (
            "Generate content input token count gemini 3.7 flash image flex caching",
            ("gemini-3.7-flash", "image_cache_read", "flex"),
        ),
        ("Gemini 2.5 Flash Input Text Caching Storage", UNCLEAR),
        ("Gemini 2.5 Flash GA Video Input Priority - Predictions", UNCLEAR),
        ("Gemini 2.5 Flash Image Output", UNCLEAR),
        ("Gemini 3.1 Flash Image Image Output", UNCLEAR),
        ("Generate_content image output token count for Gemini 3 Pro Image", UNCLEAR),
        ("Generate content input token count gemini 3.8 flash lite tts text batch", UNCLEAR),
        ("Grounding with Google Search", UNCLEAR),
        ("Cloud Vertex AI Model Garden Model as a Service Llama 4 Scout Input Token", UNCLEAR),
        (None, UNCLEAR),
    ],
)
def test_a_description_is_read_whole_or_not_at_all(description, said):
    frame = pl.DataFrame({"sku": [description]}, schema={"sku": pl.String})
    assert frame.select(**sku_columns("sku")).row(0) == said
