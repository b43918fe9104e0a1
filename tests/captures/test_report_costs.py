"""Dollars of every report of the index at the prices that ship, each by hand (USD per million tokens, M)."""

import os
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.costs.price_ledger import price_days
from pipelines.snapshots.seed_history import seed_price_history
from pipelines.usage.file_outcome import days_of
from pipelines.usage.import_files import import_files
from pipelines.warehouse.database import Warehouse

REPORTS = Path(__file__).parents[2].parent / "shared" / "usage_samples" / "reports"
AS_OF = datetime(2026, 11, 29, 22)
CHANGED = datetime(2026, 11, 1, tzinfo=UTC).timestamp()
"""The time of usage whose log states none."""
pytestmark = pytest.mark.skipif(not REPORTS.is_dir(), reason="the captures are not on this machine")

USD = {
    # Sonnet 4.6: 2 x 3 + 226,584 x 0.30 + 7,853 x 6 + 491 x 15; Opus 4.7: 159,419 x 5 + 7,805 x 25
    "01_claude_advisor.jsonl": "1.1146842",
    # three answers at Opus 4.7 (5 / 0.50 / 1h 10 / 25)
    "02_claude_sidechain_replay": "0.54608",
    # 0.3988 counted in requests, and the compaction: 10,000 x 4 + 220,000 x 0.40 + 6,000 x 20
    "04_codex_compaction_record.jsonl": "0.6468",
    # 10 x 4 + 90 x 5 + 10 x 20, and 10 x 4 + 90 x 0.40 + 20 x 5 + 20 x 20
    "05_codex_only_usage_records.jsonl": "0.001266",
    # 255 x 3 + 29,312 x 0.30 + 500 x 15
    "10_moonshot_cached_tokens.jsonl": "0.0170586",
    # twice 13 x 0.40 + 100 x 1.60, and 1,889 x 0.08 read; the 1,889 written have no price
    "11_dashscope_explicit_cache.jsonl": "0.00048152",
    # sonar-deep-research bills what others do not count: 108 x 2 prompt + 3,256 x 8 completion + 7,299 x 2 citations
    # + 73,248 x 3 reasoning = 260,606, and 74 searches x 0.005 = 0.37
    "12_perplexity_deep_research.jsonl": "0.630606",
    # 232,856,000 of the log's own ticks of a ten-billionth dollar
    "13_xai_reasoning.jsonl": "0.0232856",
    # 7 and 205 tokens at flex 0.75/4.50, priority 2.70/16.20 and standard 1.50/9
    "14_vertex_traffic_types.jsonl": "0.00612315",
    # batch, half of 0.30 and 2.50: 1,000 x 0.15 + 500 x 1.25
    "15_vertex_batch_output.jsonl": "0.000775",
    # batch: 9 x 2.50 + 25 x 12.50
    "16_anthropic_batch_results.jsonl": "0.000335",
    # batch: 100,000 x 0.075 + 100,000 x 0.30
    "17_litellm_batch_row.jsonl": "0.0375",
    # 176 x 0.05 + 2,048 x 0.005 + 1,469 x 0.40
    "18_otel_ai_sdk_cached.jsonl": "0.00060664",
    # us.: 9,000 x 3.30 + 6,000 x 0.33 + 500 x 16.50
    "19_otel_cache_left_out.jsonl": "0.03993",
    "20_otel_split_exports.jsonl": "0.135",
    # Fable 5 (10 / 1 / 5m 12.50 / 1h 20 / 50), twice 2 x 10 + 50,000 + 100 x 50; 37,175 x 20 and 37,175 x 12.50
    "22b_langfuse_1h_writes.jsonl": "1.3182275",
    # two requests of 5 x 5 + 200,000 x 0.50 + 10,000 x 6.25 + 900 x 25
    "24_claude_cache_parts_short.jsonl": "0.37005",
    # Opus 4.8: 53,760 and 46,260; gpt-5.6-sol before its cut: 200 x 5 + 2,000 x 0.50 + 400 x 6.25 + 100 x 30 = 7,500;
    # gemini-2.5-pro: 1,000 x 1.25 + 150 x 10 = 2,750, and three times 400 x 1.25 + 600 x 0.125 + 150 x 10 = 2,075
    "26_langfuse_keys.jsonl": "0.116495",
    "28_codex_fork_prefix": "0.965",
    # gpt-realtime 4 / 0.40 / 16, audio 32 / 0.40 / 64
    "29_openai_realtime.jsonl": "0.0069656",
}
NO_PRICE = {("11_dashscope_explicit_cache.jsonl", "cache_write_5m")}


@pytest.fixture(scope="module")
def costs(tmp_path_factory):
    """Each report as the usage of an account of its own: account, meter, USD."""
    folder = tmp_path_factory.mktemp("reports")
    warehouse = Warehouse(folder / "warehouse")
    seed_price_history(warehouse)
    outcomes = []
    for name in USD:
        given = sorted(REPORTS.joinpath(name).iterdir()) if (REPORTS / name).is_dir() else [REPORTS / name]
        files = [folder / name / path.name for path in given]
        (folder / name).mkdir()
        for file, path in zip(files, given, strict=True):
            file.write_bytes(path.read_bytes())
            os.utime(file, (CHANGED, CHANGED))
        outcomes += import_files(warehouse, files, AS_OF, account=name)
    assert {outcome.reject_count for outcome in outcomes} == {0}
    price_days(warehouse, days_of(outcomes))
    with warehouse.write() as connection:
        return connection.execute(
            "SELECT account_id, meter, sum(cost_usd) FROM core.usage_cost GROUP BY ALL"
        ).fetchall()


def test_every_report_of_the_index_is_here():
    assert {path.name for path in REPORTS.iterdir()} - USD.keys() == {"INDEX.md", "other_tools"}


@pytest.mark.parametrize("name", USD)
def test_dollars(costs, name):
    assert sum(usd for account, _, usd in costs if account == name and usd is not None) == Decimal(USD[name])


def test_nothing_else_is_unpriced(costs):
    assert {(account, meter) for account, meter, usd in costs if usd is None} == NO_PRICE
