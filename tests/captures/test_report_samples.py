"""Real reports of providers, kept outside the project; expected figures are taken from the files by hand."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from pipelines.usage.file_format import recognised_files
from pipelines.usage.formats.openai_costs_api import line_item_columns
from pipelines.usage.read_files import read_files

SAMPLES = Path(__file__).parents[2].parent / "shared" / "usage_samples"
AS_OF = datetime(2026, 11, 24)
pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the captures are not on this machine")


def imported(name):
    """Format, rows and rules that were broken."""
    files, refused = recognised_files([SAMPLES / name])
    assert not refused
    (batch,) = read_files(files, lambda import_id: False, AS_OF)
    (count,) = batch.complete
    assert count.reason is None
    return count.format, batch.rows, batch.rejects["rule"].to_list(), count


def test_openai_dashboard_costs():
    name, costs, rules, count = imported("openai-dashboard-export-costs.tsv")
    assert (name, rules, count.row_count, count.ignored_count) == ("openai_dashboard_costs", [], 6, 2)
    assert costs.select(pl.col("usage_date").dt.strftime("%m-%d"), "amount_usd").rows() == [
        ("10-05", Decimal("0.895874")),
        ("10-06", Decimal("0.56177125")),
        ("10-07", Decimal("0.569788")),
        ("10-08", Decimal("0.5455665")),
        ("10-10", Decimal("0.3409")),
        ("10-11", Decimal("0.072054")),
    ]
    assert costs["amount_usd"].sum() == Decimal("2.98595375")
    assert costs.select("line_item", "model", "project_id").unique().rows() == [(None, None, None)]


def test_openai_line_items():
    """As a developer noted them from the API; the file holds nothing else."""
    lines = (SAMPLES / "openai-costs-line-items-observed-2026-08-27.txt").read_text().splitlines()
    found = pl.DataFrame({"line_item": lines}).select(**line_item_columns("line_item"))
    assert found.rows() == [
        ("gpt-5.6-terra", "output"),
        ("gpt-5.6-terra", "cache_read"),
        ("gpt-5.6-terra", "cache_write_5m"),
        ("gpt-image-1", "image_output"),
        ("gpt-image-2-2026-04-21", "input_uncached"),
        (None, None),
    ]


def test_openai_usage_of_the_older_reference_is_not_grouped_and_not_the_last_page():
    name, usage, rules, _ = imported("openai-organization-usage-completions.json")
    assert (name, usage.height, rules) == ("openai_usage_api", 0, ["no_model", "report_is_cut"])


def test_anthropic_usage_report():
    name, usage, rules, _ = imported("anthropic-usage_report-messages.json")
    assert (name, rules) == ("anthropic_usage_report", ["report_is_cut"])
    row = usage.row(0, named=True)
    prompt = ["input_uncached_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens"]
    assert [row[column] for column in prompt] == [1500, 200, 500, 1000]
    assert (row["output_tokens"], row["web_searches"], row["prompt_tokens_from"]) == (500, 10, 0)
    assert (row["usage_at"], row["usage_until"]) == (datetime(2025, 8, 1), datetime(2025, 8, 2))
    assert (row["model"], row["region"], row["service_tier"]) == ("claude-opus-4-6", "global", "standard")
    assert (row["project_id"], row["api_key_id"], row["user_id"]) == (
        "wrkspc_01JwQvzr7rXLA5AGx3HKfFUJ",
        "apikey_01Rj2N8SVvo6BePZj99NhmiT",
        "user_01WCz1FkmYMm4gnmykNKUu3Q",
    )


def test_anthropic_cost_report():
    name, costs, rules, _ = imported("anthropic-cost_report.json")
    assert (name, rules) == ("anthropic_cost_report", ["report_is_cut"])
    row = costs.row(0, named=True)
    # 123.78912 cents; as dollars a hundred times too much.
    assert (row["amount_usd"], row["printed_amount"]) == (Decimal("1.2378912"), "123.78912")
    assert (row["line_item"], row["meter"]) == ("Claude Sonnet 4 Usage - Input Tokens", "input_uncached")
    assert (row["model"], row["service_tier"], row["region"]) == ("claude-opus-4-6", "standard", "global")
