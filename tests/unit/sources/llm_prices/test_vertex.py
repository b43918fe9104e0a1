"""Google Cloud's price page of generative models: its tables and tabs, with figures of 2026."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from pipelines.schema.token_prices import TokenPriceObservation
from pipelines.sources.llm_prices.vertex import parse
from pipelines.sources.llm_prices.vertex_names import model_of
from pipelines.sources.parsed import ParseError

PAGE = (Path(__file__).parents[3] / "pages" / "llm_prices" / "vertex.html").read_bytes()
BOT_WALL = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body><h1>Checking</h1></body></html>"
ALL_KINDS = ("input_uncached", "image_input", "audio_input")
ALL_CACHED = ("cache_read", "image_cache_read", "audio_cache_read")

Key = tuple[str, str, str, int]


def of_model(model: str, body: bytes = PAGE) -> dict[Key, Decimal]:
    """Prices by region, meter, tier and start of the context range, without announced ones."""
    rows = parse(body).rows.filter(pl.col("model") == model, pl.col("effective_from").is_null())
    columns = rows.select("region", "meter", "service_tier", "context_from", "usd_per_unit").rows()
    assert len({row[:4] for row in columns}) == len(columns)
    return {row[:4]: row[4] for row in columns}


def priced(meters: tuple[str, ...], usd: str, tier: str = "standard", start: int = 0) -> dict[Key, Decimal]:
    return {("global", meter, tier, start): Decimal(usd) for meter in meters}


def test_two_ranges_of_prompts_in_two_tiers_and_the_cached_columns():
    assert of_model("gemini-3.1-pro-preview") == (
        priced(ALL_KINDS, "2")
        | priced(ALL_KINDS, "4", start=200_001)
        | priced(ALL_CACHED, "0.20")
        | priced(ALL_CACHED, "0.40", start=200_001)
        | priced(("output",), "12")
        | priced(("output",), "18", start=200_001)
        | priced(ALL_KINDS, "3.60", "priority")
        | priced(ALL_KINDS, "7.20", "priority", 200_001)
        | priced(ALL_CACHED, "0.36", "priority")
        | priced(ALL_CACHED, "0.72", "priority", 200_001)
    )
    rows = parse(PAGE).rows.filter(pl.col("model") == "gemini-3.1-pro-preview")
    assert dict(rows.select("context_from", "context_to").unique().rows()) == {0: 200_001, 200_001: None}


def test_blank_models_and_types_are_carried_and_ranges_at_one_price_are_joined():
    rows = parse(PAGE).rows.filter(pl.col("model") == "gemini-3.8-flash", pl.col("meter").is_in(["audio_input"]))
    assert rows.select("region", "effective_from", "usd_per_unit", "context_from", "context_to").rows() == [
        ("global", None, Decimal("0.75"), 0, None),
        ("non-global", None, Decimal("0.825"), 0, None),
        ("global", datetime(2027, 1, 1), Decimal("1.50"), 0, None),
        ("non-global", datetime(2027, 1, 1), Decimal("1.65"), 0, None),
    ]


def test_a_price_that_ends_without_a_next_one_is_refused():
    parsed = parse(PAGE.replace(b"Starting January 1, 2027", b"Starting January 1, 2028"))
    assert parsed.rows.filter(pl.col("model") == "gemini-3.8-flash")["effective_from"].null_count() == 0
    reasons = parsed.rejects.filter(pl.col("place").str.contains("Gemini 3.8 Flash", literal=True))["reason"]
    assert reasons.to_list() == ["no price for the time after 2026-12-31"] * 12


def test_the_tab_flex_batch_is_two_tiers():
    kinds, cached = ALL_KINDS[:2], ALL_CACHED[:2]
    assert of_model("gemini-2.5-flash") == (
        priced(kinds, "0.30")
        | priced(("audio_input",), "1")
        | priced(cached, "0.03")
        | priced(("audio_cache_read",), "0.10")
        | priced(("output",), "2.50")
        | priced(kinds, "0.15", "flex")
        | priced(kinds, "0.15", "batch")
        | priced(("output",), "1.25", "flex")
        | priced(("output",), "1.25", "batch")
    )


def test_a_price_below_the_boundary_only_ends_there():
    rows = parse(PAGE).rows.filter(pl.col("model") == "gemini-2.5-flash-image")
    assert rows.select("meter", "usd_per_unit", "context_to").rows() == [
        ("input_uncached", Decimal("0.30"), 200_001),
        ("image_input", Decimal("0.30"), 200_001),
        ("image_output", Decimal(30), 200_001),
    ]


def test_claude_by_region_and_batch():
    assert of_model("claude-opus-5") == {
        ("global", "input_uncached", "standard", 0): Decimal(5),
        ("global", "output", "standard", 0): Decimal(25),
        ("global", "cache_read", "standard", 0): Decimal("0.50"),
        ("global", "cache_write_5m", "standard", 0): Decimal("6.25"),
        ("global", "cache_write_1h", "standard", 0): Decimal(10),
        ("global", "input_uncached", "batch", 0): Decimal("2.50"),
        ("global", "output", "batch", 0): Decimal("12.50"),
        ("global", "cache_read", "batch", 0): Decimal("0.25"),
        ("eu", "input_uncached", "standard", 0): Decimal("5.50"),
        ("eu", "output", "standard", 0): Decimal("27.50"),
    }
    assert of_model("claude-sonnet-4-5") == {
        ("europe-west1", "input_uncached", "standard", 0): Decimal("3.30"),
        ("europe-west1", "input_uncached", "standard", 200_001): Decimal("6.60"),
        ("europe-west1", "output", "standard", 0): Decimal("16.50"),
        ("europe-west1", "output", "standard", 200_001): Decimal("24.75"),
    }
    assert of_model("claude-opus-4-1")["global", "output", "standard", 0] == 75
    # The page prints this row twice.
    assert of_model("claude-fable-5") == {("eu", "input_uncached", "standard", 0): Decimal(11)}


def test_rows_are_valid_and_makers_are_providers():
    rows = TokenPriceObservation.validate(parse(PAGE).rows)
    assert set(rows["channel"]) == {"vertex"}
    makers = dict(rows.select(pl.col("model").str.split("-").list.first(), "provider").unique().rows())
    assert makers == {"gemini": "google", "claude": "anthropic", "glm": "zai"}
    # By hand: 14 + 12 of 3.1 Pro, 24 of 3.8 Flash, 7 + 6 of 2.5 Flash, 3 of its Image, 10 + 1 + 4 + 2 of Claude, 2 GLM.
    assert rows.height == 14 + 12 + 24 + 7 + 6 + 3 + 10 + 1 + 4 + 2 + 2


def test_what_is_not_read_is_refused_with_its_reason():
    assert parse(PAGE).rejects.select("place", "reason").rows() == [
        (
            "Gemini 3: Gemini 3 Pro Image (Nano Banana Pro) / Input (text, image, video, audio)",
            "the model name is of no known pattern",
        ),
        (
            "Gemini 2.5: Gemini 2.5 Flash Live API / 1M input text tokens",
            "the model name is of no known pattern",
        ),
        ("Grounding", "a price table of no known kind"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b">Priority</button>", b">Turbo</button>", "a price table in an unknown tab: 'Turbo'"),
        (b'id="tab-g3-t1"', b'id="tab-of-another"', "a price table in an unknown tab: ''"),
        (b">Priority</button>", b">Flex/Batch</button>", "tab and header name different service tiers"),
        (b">Priority</button>", b">EU Multi-Region (EU)</button>", "tab and column both name a region"),
        (b"<p>Non-global</p>", b"<p>Moon</p>", "no known region"),
        (b"<p>Non-global</p>", b"", "no known region"),
        (b"<p>Audio Input</p>", b"<p>Audio per second</p>", "a type of no known kind"),
        (b"<p>$25.00</p>", b"<p>$25.00 or so</p>", "not exactly a price"),
        (b"through December 31, 2026", b"through December 32, 2026", "day is out of range for month"),
        (
            b'<p>$18.00</p></td><td class="dXsTZe" rowspan="1" colspan="1"><p>N/A</p>',
            b'<p>$18.00</p></td><td class="dXsTZe" rowspan="1" colspan="1"><p>$1</p>',
            "a cached price of what is no input",
        ),
    ],
)
def test_what_is_of_no_known_kind_is_refused(old, new, reason):
    body = PAGE.replace(old, new)
    assert body != PAGE
    parsed = parse(body)
    assert reason in parsed.rejects["reason"].to_list()
    assert reason not in parse(PAGE).rejects["reason"].to_list()


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("Gemini 3.1 Pro Preview", ("google", "gemini-3.1-pro-preview")),
        ("Gemini 3 Flash Preview", ("google", "gemini-3-flash-preview")),
        ("Gemini 2.5 Flash Lite", ("google", "gemini-2.5-flash-lite")),
        ("Gemini 3.1 Flash-Lite", ("google", "gemini-3.1-flash-lite")),
        ("Gemini 2.5 Flash Image", ("google", "gemini-2.5-flash-image")),
        ("Opus 4.5", ("anthropic", "claude-opus-4-5")),
        ("Claude Haiku 3.5", ("anthropic", "claude-3-5-haiku")),
        ("Gemini 2.5 Pro Computer Use-Preview", ("google", "gemini-2.5-computer-use-preview-10-2025")),
        ("Claude 3.7 Sonnet (Deprecated)", ("anthropic", "claude-3-7-sonnet")),
        ("DeepSeek-V3.2", ("deepseek", "deepseek-v3.2-maas")),
        ("Qwen3-Coder-480B-A35B-Instruct", ("qwen", "qwen3-coder-480b-a35b-instruct-maas")),
        ("Grok 4.1 Fast Non-Reasoning", ("xai", "grok-4.1-fast-non-reasoning")),
        ("Grok Build", None),
        ("DeepSeek-Prover", None),
        ("Gemini 3.1 Flash Image (Nano Banana 2)", None),
        ("Gemini 3.8 Flash Cyber", None),
        ("Gemini Embedding", None),
        ("Gemini 3.8 Flash*", None),
        ("Llama 4", None),
        ("Claude 3 Haiku", ("anthropic", "claude-3-haiku")),
        ("Claude Opus 4.5 (deprecated)", None),
        ("", None),
    ],
)
def test_ids_follow_the_rule_or_the_name_is_refused(name, model):
    assert model_of(name) == model


@pytest.mark.parametrize("body", [b"", b"\x00\xff", BOT_WALL, b"<" * 5000, b"<div>" * 5000, PAGE[:400]])
def test_other_bodies_raise(body):
    with pytest.raises(ParseError):
        parse(body)


def test_renamed_headers_raise_and_are_named():
    with pytest.raises(ParseError, match=r"no table with headers Model \| Type .*; found: Model \| Kind"):
        parse(PAGE.replace(b"<p>Type</p>", b"<p>Kind</p>"))


def table(headers: list[str], *rows: list[str]) -> str:
    head = "".join(f"<th>{header}</th>" for header in headers)
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"


SHORT, LONG = "Price (/1M tokens) =&lt; 200K input tokens", "Price (/1M tokens) &gt; 200K input tokens"
GEMINI = table(["Model", "Type", SHORT.replace("=&lt;", "&lt;=")], ["Gemini 3.1 Flash-Lite", "Input (audio)", "$0.5"])


def found(*parts: str) -> dict[tuple[str, ...], Decimal]:
    rows = parse("".join([GEMINI, *parts]).encode()).rows.filter(pl.col("model") != "gemini-3.1-flash-lite")
    keys = rows.select("region", "model", "meter", "service_tier", pl.col("context_from").cast(pl.String)).rows()
    return dict(zip(keys, rows["usd_per_unit"], strict=True))


def test_partners_list_a_price_a_line():
    line = "Input: $0.56 / million tokens<br>Cache Hit: $0.056 / million tokens<br>Batch Output: $0.84 / million tokens"
    assert found("<h3>Deepseek's models</h3>", table(["Model", "Pricing"], ["DeepSeek-V3.2 *", line])) == {
        ("global", "deepseek-v3.2-maas", "input_uncached", "standard", "0"): Decimal("0.56"),
        ("global", "deepseek-v3.2-maas", "cache_read", "standard", "0"): Decimal("0.056"),
        ("global", "deepseek-v3.2-maas", "output", "batch", "0"): Decimal("0.84"),
    }


def test_claude_by_region_in_columns_of_prompt_sizes():
    claude = table(
        ["Model", SHORT, LONG],
        ["Claude Sonnet 4.5", "Input: $3.30<br>1h Batch Cache Write: $3.30<br>Batch Cache Hit: $0.17", "Input: $6.60"],
        ["Claude Opus 4.6", "Input: $5.50", "Input: $5.50"],
        ["Claude Opus 4.5", "Input: $5.50"],
    )
    assert found("<h3>us-east5</h3>", claude) == {
        ("us-east5", "claude-sonnet-4-5", "input_uncached", "standard", "0"): Decimal("3.30"),
        ("us-east5", "claude-sonnet-4-5", "cache_write_1h", "batch", "0"): Decimal("3.30"),
        ("us-east5", "claude-sonnet-4-5", "cache_read", "batch", "0"): Decimal("0.17"),
        ("us-east5", "claude-sonnet-4-5", "input_uncached", "standard", "200001"): Decimal("6.60"),
        ("us-east5", "claude-opus-4-6", "input_uncached", "standard", "0"): Decimal("5.50"),
        ("us-east5", "claude-opus-4-5", "input_uncached", "standard", "0"): Decimal("5.50"),
    }
    assert set(found("<h3>EU Multi-Region (eu)</h3>", claude)) == {
        ("eu", *key[1:]) for key in found("<h3>us-east5</h3>", claude)
    }


@pytest.mark.parametrize(
    ("heading", "cell", "reason"),
    [
        ("The Moon", "Input: $3", "a table of no known region"),
        ("Global", "Input: $3<br>Input: $4", "two prices of input_uncached in one cell"),
        ("Global", "Input: $3<br>Output: $4 Input: $6", "not exactly a meter and its price"),
        ("Global", "Input: $3<br>Thinking: $4", "not exactly a meter and its price"),
        ("Global", "Input: <s>$3</s>", "not exactly a meter and its price"),
    ],
)
def test_a_list_of_another_form_is_refused(heading, cell, reason):
    claude = table(["Model", SHORT], ["Claude Opus 4.5", cell], ["Claude Opus 4.6", "Input: $5"])
    body = f"{GEMINI}<h3>{heading}</h3>{claude}".encode()
    assert [said for said in parse(body).rejects["reason"] if reason in said]
    assert "claude-opus-4-5" not in set(parse(body).rows["model"])


def test_a_cell_of_two_regions_and_a_unit_in_the_type():
    gemini = table(
        ["Model", "Type", SHORT.replace("=&lt;", "&lt;=")],
        ["Gemini 3.1 Pro Preview", "Output", "$1.5 (Global)<br>$1.65 (Non-global)*"],
    )
    by_type = table(
        ["Model", "Type", "Price", "Price with Batch API"],
        ["Gemini 2.0 Flash", "1M Input audio tokens", "$1.00", "$0.50"],
        ["Gemini 2.0 Flash", "Input audio ($/sec)", "$0.000025", "$0.0000125"],
    )
    assert found(gemini, by_type) == {
        ("global", "gemini-3.1-pro-preview", "output", "standard", "0"): Decimal("1.5"),
        ("non-global", "gemini-3.1-pro-preview", "output", "standard", "0"): Decimal("1.65"),
        ("global", "gemini-2.0-flash", "audio_input", "standard", "0"): Decimal(1),
        ("global", "gemini-2.0-flash", "audio_input", "batch", "0"): Decimal("0.50"),
    }
