"""OpenAI's pricing page: pages in its structure, with figures of 2026-04."""

import json
from decimal import Decimal

import polars as pl
import pytest

from pipelines.schema.token_prices import TokenPriceObservation
from pipelines.sources.llm_prices.openai import parse
from pipelines.sources.parsed import ParseError
from tests.unit.sources.llm_prices.openai_page import RANGES, grouped, island, page, pane, text_island

STANDARD_ROWS = [
    ["gpt-5.5 (<272K context length)", 5, 0.5, 30],
    ["gpt-5.5-pro (<272K context length)", 30, "", 180],
    ["gpt-5-mini", 0.25, 0.025, 2],
    ["gpt-5-pro", 15, None, 120],
    ["gpt-5.2-pro", 21, "-", 168],
]
STANDARD_LONG = [
    ["gpt-5.5", "$5.00", "$0.50", "$30.00", "$10.00", "$1.00", "$45.00"],
    ["gpt-5.5-pro", "$30.00", "-", "$180.00", "$60.00", "-", "$270.00"],
    ["gpt-5-mini", "$0.25", "$0.025", "$2.00", "-", "-", "-"],
]
MODALITY = ["Model", {"__pricingTooltipHeading": {"label": "Modality"}}, "Input", "Cached input", "Output"]
REALTIME = {"model": "gpt-realtime-1.5", "rows": [["Audio", 32, 0.4, 64], ["Text", 4, 0.4, 16], ["Image", 5, 0.5, "-"]]}
TTS = {"model": "tts-1", "rows": [["Text", "$15.00 / 1M characters", "-", "-"]]}
CATEGORY = ["Category", "Model", "Input", "Cached input", "Output"]
NOTE = {"__pricingHtml": "$0.60<br /><small>Web search tool call charges also apply.</small>"}
FEE = {"__pricingHtml": "$10.00 / 1k calls<br /><small>+ Search content tokens billed at model rates.</small>"}


STANDARD = pane("standard", text_island(STANDARD_ROWS, STANDARD_LONG))


def prices(rows: pl.DataFrame) -> dict[tuple[str, str, str, int], Decimal]:
    columns = rows.select("model", "meter", "service_tier", "context_from", "usd_per_unit").rows()
    return {row[:4]: row[4] for row in columns}


def test_text_rows_with_long_context_and_missing_values():
    parsed = parse(page(STANDARD))
    found = prices(parsed.rows)
    # 5 rows of 3 cells with 3 missing values, and 3 + 2 long context prices.
    assert parsed.rows.height == 5 * 3 - 3 + 5
    assert parsed.rejects.height == 0
    assert found["gpt-5.5", "cache_read", "standard", 0] == Decimal("0.5")
    assert found["gpt-5.5", "output", "standard", 272_001] == 45
    assert found["gpt-5.5-pro", "input_uncached", "standard", 272_001] == 60
    assert found["gpt-5-mini", "cache_read", "standard", 0] == Decimal("0.025")
    assert ("gpt-5-pro", "cache_read", "standard", 0) not in found
    ends = parsed.rows.filter(pl.col("context_from") == 0).select("model", "context_to").unique().rows()
    assert dict(ends) == {
        "gpt-5.5": 272_001,
        "gpt-5.5-pro": 272_001,
        "gpt-5-mini": None,
        "gpt-5-pro": None,
        "gpt-5.2-pro": None,
    }
    assert TokenPriceObservation.validate(parsed.rows).height == parsed.rows.height


def test_rounded_batch_prices_stay_as_printed():
    batch = pane("batch", text_island([["o4-mini", 0.55, 0.138, 2.2]], [], tier="batch"))
    assert prices(parse(page(STANDARD, batch)).rows)["o4-mini", "cache_read", "batch", 0] == Decimal("0.138")


def test_modalities_categories_and_the_search_fee():
    parsed = parse(
        page(
            STANDARD,
            grouped(MODALITY, REALTIME, TTS),
            pane("priority", grouped(CATEGORY, {"model": "Codex", "rows": [["gpt-5.3-codex", 3.5, 0.35, 28]]})),
            grouped(
                CATEGORY,
                {"model": "Search", "rows": [["gpt-4o-mini-search-preview", 0.15, "-", NOTE]]},
                {"model": "Moderation", "rows": [["omni-moderation-latest", "Free", "-", "-"]]},
            ),
            grouped(
                ["Tool", "Details", "Pricing"],
                {"model": "Web search", "rows": [["Web search (all models)", FEE], ["Web search preview", FEE]]},
                {"model": "File search", "rows": [["Tool call", "$2.50 / 1k calls"]]},
            ),
        )
    )
    base = prices(parse(page(STANDARD)).rows)
    wanted = {
        ("gpt-realtime-1.5", "audio_input", "standard", 0): "32",
        ("gpt-realtime-1.5", "audio_cache_read", "standard", 0): "0.4",
        ("gpt-realtime-1.5", "audio_output", "standard", 0): "64",
        ("gpt-realtime-1.5", "input_uncached", "standard", 0): "4",
        ("gpt-realtime-1.5", "cache_read", "standard", 0): "0.4",
        ("gpt-realtime-1.5", "output", "standard", 0): "16",
        ("gpt-realtime-1.5", "image_input", "standard", 0): "5",
        ("gpt-realtime-1.5", "image_cache_read", "standard", 0): "0.5",
        ("gpt-5.3-codex", "input_uncached", "priority", 0): "3.5",
        ("gpt-5.3-codex", "cache_read", "priority", 0): "0.35",
        ("gpt-5.3-codex", "output", "priority", 0): "28",
        ("gpt-4o-mini-search-preview", "input_uncached", "standard", 0): "0.15",
        ("gpt-4o-mini-search-preview", "output", "standard", 0): "0.60",
        ("omni-moderation-latest", "input_uncached", "standard", 0): "0",
        ("*", "web_searches", "standard", 0): "10",
    }
    found = prices(parsed.rows)
    assert {key: usd for key, usd in found.items() if key not in base} == {k: Decimal(v) for k, v in wanted.items()}
    assert parsed.rejects["reason"].to_list() == [
        "not exactly a price per million tokens",
        "a fee that holds for other searches or for unnamed models",
    ]


def test_tables_without_a_meter_are_left_out():
    video = grouped(
        ["Model", "Size", "Portrait", "Landscape", "Price per second"],
        {"model": "sora-2", "rows": [["720p", "720x1280", "1280x720", "$0.10"]]},
    )
    assert parse(page(STANDARD, video)).rows.equals(parse(page(STANDARD)).rows)


def test_fine_tuned_models_are_priced_by_their_base_model():
    legacy = {"__pricingHtml": "babbage-002<br /><small>Legacy</small>"}
    rows = [["gpt-4o-2024-08-06", 25, 3.75, 1.875, 15], [legacy, 0.4, 1.6, "", 1.6]]
    table = island("PricingTable", {"headings": ["Model", "Training", "Input", "Cached input", "Output"], "rows": rows})
    found = parse(page(STANDARD, table)).rows.filter(pl.col("model").str.starts_with("ft:"))
    assert found.select("model", "meter", "usd_per_unit").rows() == [
        ("ft:gpt-4o-2024-08-06", "input_uncached", Decimal("3.75")),
        ("ft:gpt-4o-2024-08-06", "cache_read", Decimal("1.875")),
        ("ft:gpt-4o-2024-08-06", "output", Decimal(15)),
        ("ft:babbage-002", "input_uncached", Decimal("1.6")),
        ("ft:babbage-002", "output", Decimal("1.6")),
    ]


def test_a_column_of_cache_writes_is_read_and_older_rows_may_lack_it():
    head = RANGES.replace('"3"', '"4"').replace("<th>Output</th>", "<th>Cache writes</th><th>Output</th>")
    rows = [["gpt-6-sol (<272K context length)", 2, 0.2, 2.5, 10], ["gpt-5.2", 1.75, 0.175, 14]]
    rendered = [["gpt-6-sol", "$2.00", "$0.20", "$2.50", "$10.00", "$4.00", "$0.40", "$5.00", "$15.00"]]
    found = prices(parse(page(pane("standard", text_island(rows, rendered, head=head)))).rows)
    writes = {key: usd for key, usd in found.items() if key[1] == "cache_write_5m"}
    assert writes == {
        ("gpt-6-sol", "cache_write_5m", "standard", 0): Decimal("2.5"),
        ("gpt-6-sol", "cache_write_5m", "standard", 272_001): Decimal(5),
    }
    assert len(found) == 4 + 4 + 3
    assert (found["gpt-6-sol", "output", "standard", 272_001], found["gpt-5.2", "output", "standard", 0]) == (15, 14)


def test_the_note_below_a_tier_prices_its_regional_endpoints():
    note = (
        "Regional processing (data residency) endpoints are charged a 10% uplift for <code>gpt-5-mini</code>. See our"
    )
    props = {"tier": "batch", "rows": [["gpt-5-mini", 0.125, 0.0125, 1]], "allModelsFootnote": {"__pricingHtml": note}}
    batch = pane("batch", island("TextTokenPricingTables", props, f"<table>{RANGES}</table>"))
    rows = parse(page(STANDARD, batch)).rows.filter(pl.col("region") != "global")
    assert sorted(rows.select("region", "meter", "service_tier", "usd_per_unit", "basis").rows()) == [
        (region, meter, "batch", Decimal(usd), "derived")
        for region in ("eu", "us")
        for meter, usd in (("cache_read", "0.01375"), ("input_uncached", "0.1375"), ("output", "1.1"))
    ]


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        (grouped(["Model", "Colour"], REALTIME), "unknown headings Model | Colour"),
        (grouped(MODALITY, {"model": "m", "rows": [["Smell", 1, 2, 3]]}), "unknown modality"),
        (grouped(MODALITY, {"model": "m", "rows": [["Text", 1, 2]]}), "3 cells, not 4"),
        (grouped(MODALITY, {"model": "m", "rows": [["Text", {"a": 1}, 2, 3]]}), 'no cell text: {"a": 1}'),
        (grouped(MODALITY, {"model": "m"}), "no list of rows"),
        (grouped(CATEGORY, {"model": "c", "rows": [["two words", 1, 2, 3]]}), "not a model id"),
        (pane("scale", grouped(MODALITY, REALTIME)), "tier scale in a pane scale"),
        (pane("flex", text_island(STANDARD_ROWS, [], tier="batch")), "tier batch in a pane flex"),
        (pane("flex", text_island(STANDARD_ROWS, [], "flex", "")), "the rendered table has other headers"),
        ('<astro-island component-export="PricingTable" props="{&quot;rows&quot;:[1,"></astro-island>', "unreadable"),
        ('<astro-island component-export="PricingTable" props="' + "[" * 100_000 + '"></astro-island>', "unreadable"),
        (island("PricingTable", {"deep": json.loads("[" * 50 + "]" * 50)}), "unreadable table: props deeper than 30"),
    ],
)
def test_what_is_not_understood_is_refused_and_the_rest_stays(part, reason):
    parsed = parse(page(STANDARD, part))
    assert parsed.rows.equals(parse(page(STANDARD)).rows)
    assert parsed.rejects["reason"].str.contains(reason, literal=True).any()


def test_long_context_prices_without_a_boundary_are_refused():
    body = page(pane("standard", text_island([["gpt-5.5", 5, 0.5, 30]], STANDARD_LONG[:1])))
    parsed = parse(body)
    assert parsed.rows["context_from"].to_list() == [0, 0, 0]
    assert parsed.rejects["reason"].to_list() == ["long context prices without a printed boundary"]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "$1e12", 10**12, True, "$5 until May"])
def test_a_value_that_is_no_price_is_refused(value):
    parsed = parse(page(pane("standard", text_island([["gpt-5", value, "-", "-"], ["gpt-5-mini", "-", "-", 2]], []))))
    assert prices(parsed.rows) == {("gpt-5-mini", "output", "standard", 0): 2}
    assert parsed.rejects.height == 1


def test_a_negative_price_passes_to_the_row_rules_which_refuse_it():
    rows = parse(page(pane("standard", text_island([["gpt-5", -1, "-", 10]], [])))).rows
    assert prices(rows)["gpt-5", "input_uncached", "standard", 0] == -1
    assert not TokenPriceObservation.is_valid(rows)


def test_two_prices_for_one_key_are_both_refused():
    again = grouped(CATEGORY, {"model": "Codex", "rows": [["gpt-5-mini", 0.25, 0.03, 2]]})
    parsed = parse(page(STANDARD, again))
    assert ("gpt-5-mini", "cache_read", "standard", 0) not in prices(parsed.rows)
    assert prices(parsed.rows)["gpt-5-mini", "output", "standard", 0] == 2
    assert sorted(parsed.rejects["raw_text"]) == ["0.025", "0.03"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\x00",
        b"<html><title>Just a moment...</title></html>",
        b"<div>" * 5000,
        page("<table><thead><tr><th>Model</th><th>Input</th></tr></thead></table>"),
        page(grouped(MODALITY, REALTIME)),
        page(pane("standard", text_island(STANDARD_ROWS, [], head="<tr><th>Model</th><th>Price</th></tr>"))),
        page(pane("standard", text_island([], []))),
    ],
)
def test_other_bodies_raise_and_name_what_was_looked_for(body):
    with pytest.raises(ParseError, match="TextTokenPricingTables"):
        parse(body)
