"""Counts of the composed reports, by hand from their index: tokens, tiers, and dollars at the prices that it names."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.schema.meters import QUANTITY_COLUMNS, UNIT_SIZES
from pipelines.sources.feeds import litellm
from tests.one_import import import_file

SHARED = Path(__file__).parents[3] / "shared"
REPORTS = SHARED / "usage_samples" / "reports"
NOW = datetime(2026, 11, 29)
pytestmark = pytest.mark.skipif(not REPORTS.is_dir(), reason="the shared samples are not here")

USD_PER_MTOK = {
    "10_moonshot_cached_tokens.jsonl": ({"input_uncached": 3, "cache_read": 0.30, "output": 15}, 0.0170586),
    "24_claude_cache_parts_short.jsonl": (
        {"input_uncached": 5, "cache_read": 0.50, "cache_write_5m": 6.25, "cache_write_1h": 10, "output": 25},
        2 * 0.185025,
    ),
    "29_openai_realtime.jsonl": (
        {
            "input_uncached": 4,
            "cache_read": 0.40,
            "output": 16,
            "audio_input": 32,
            "audio_cache_read": 0.40,
            "audio_output": 64,
        },
        0.0069656,
    ),
    "17_litellm_batch_row.jsonl": ({"input_uncached": 0.075, "output": 0.30}, 0.0375),
}
"""Report -> prices of its model, and the right cost."""


@pytest.mark.parametrize("name", USD_PER_MTOK)
def test_dollars(name):
    prices, right = USD_PER_MTOK[name]
    imported = import_file(REPORTS / name, NOW)
    assert imported.rejects.is_empty()
    sums = {
        meter: imported.usage[column].sum() or 0 for meter, column in QUANTITY_COLUMNS.items() if column != "requests"
    }
    assert {meter for meter, count in sums.items() if count} <= prices.keys()
    assert sum(sums[meter] * price for meter, price in prices.items()) / 1e6 == pytest.approx(right, rel=1e-9)


def rows(name, *columns):
    imported = import_file(REPORTS / name, NOW)
    assert imported.rejects.is_empty()
    return imported.usage.select(columns).rows()


def test_explicit_cache_of_dashscope():
    found = rows(
        "11_dashscope_explicit_cache.jsonl", "input_uncached_tokens", "cache_write_5m_tokens", "cache_read_tokens"
    )
    assert found == [(13, 1889, 0), (13, 0, 1889)]


def test_citations_searches_and_reasoning_of_deep_research_are_counted():
    columns = ("input_uncached_tokens", "output_tokens", "reasoning_output_tokens", "web_searches")
    assert rows("12_perplexity_deep_research.jsonl", *columns) == [(108 + 7299, 3256, 73_248, 74)]
    assert rows("12_perplexity_deep_research.jsonl", "lower_bound_reason") == [(None,)]
    imported = import_file(REPORTS / "12_perplexity_deep_research.jsonl", NOW)
    assert not imported.count.unknown


def test_reasoning_beside_the_completion_is_output():
    columns = ("input_uncached_tokens", "cache_read_tokens", "output_tokens", "reported_cost_usd", "lower_bound_reason")
    ((plain, cached, output, cost, reason),) = rows("13_xai_reasoning.jsonl", *columns)
    assert (plain, cached, output, reason) == (10_120 - 128, 128, 1499 + 2809, None)
    assert float(cost) == 0.0232856


def test_the_tier_is_that_of_the_traffic():
    assert rows("14_vertex_traffic_types.jsonl", "service_tier") == [("flex",), ("priority",), ("standard",)]
    assert rows("17_litellm_batch_row.jsonl", "service_tier") == [("batch",)]


def test_writes_of_an_hour_by_langfuse():
    found = rows(
        "22b_langfuse_1h_writes.jsonl", "input_uncached_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens"
    )
    assert found == [(2, 0, 37175), (2, 37175, None)]


def test_a_rest_of_the_writes_is_flagged():
    found = rows("24_claude_cache_parts_short.jsonl", "cache_write_5m_tokens", "lower_bound_reason")
    assert found == [(10_000, "rest_at_default")] * 2


def test_documented_keys_of_langfuse():
    columns = ("input_uncached_tokens", "cache_read_tokens", "output_tokens")
    found = rows("26_langfuse_keys.jsonl", *columns)
    assert found[:3] == [(2, 50_000, 100), (2, 50_000, 100), (200, 2000, 100)]
    assert found[3:6] == [(400, 600, 150), (1000, None, 150), (400, 600, 150)]


def test_deep_research_costs_what_perplexity_bills():
    feed = litellm.parse((SHARED / "feeds" / "litellm" / "2025-06-19.json").read_bytes()).rows
    prices = feed.filter(provider="perplexity", model="sonar-deep-research").select("meter", "usd_per_unit", "unit")
    counts = import_file(REPORTS / "12_perplexity_deep_research.jsonl", NOW).usage.row(0, named=True)
    usd = sum(
        (counts[QUANTITY_COLUMNS[meter]] or 0) * price / UNIT_SIZES[unit] for meter, price, unit in prices.iter_rows()
    )
    assert usd == Decimal("0.630606")  # 108 x 2 + 3,256 x 8 + 7,299 x 2 + 73,248 x 3 (per million) + 74 x 0.005
