"""The two CSV exports of Anthropic's Console: usage and costs."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

FILES = Path(__file__).parents[3] / "usage_files"
USAGE, COSTS = FILES / "anthropic_console_usage.csv", FILES / "anthropic_console_costs.csv"
USAGE_HEADER, COSTS_HEADER = (path.read_text().splitlines()[0] for path in (USAGE, COSTS))
DAY = "2026-08-05,claude-opus-5,shop,Default,standard,≤ 200k,100,20,30,40,50,1,global,"
COST = "2026-08-04,Claude Haiku 4.5,Default,demo,message,≤ 200k,output,0.05,0.05,token,us,,apikey_a,archived"


def test_the_usage_sample_adds_up_by_hand(read):
    found = read(USAGE)
    assert (found.format, found.row_count, found.rules) == ("anthropic_console_usage", 3, ["unknown_context_window"])
    sums = {
        "input_uncached_tokens": 46981 + 100 + 1124832,
        "cache_write_5m_tokens": 15969,
        "cache_write_1h_tokens": 40,
        "cache_read_tokens": 300,
        "output_tokens": 16932 + 50 + 254558,
        "web_searches": 2,
    }
    assert {name: found.usage[name].sum() for name in sums} == sums
    assert found.usage.select("service_tier", "region", "project_id", "prompt_tokens_from").rows() == [
        ("standard", "global", "Default", 0),
        ("batch", "us", "Acme, Inc", 0),
        ("fast", "global", "Default", 0),
    ]


def test_a_line_is_a_day_or_an_hour(read):
    usage = read(USAGE).usage.filter(usage_at=datetime(2026, 3, 31, 2))
    assert usage["usage_until"].to_list() == [datetime(2026, 3, 31, 3)]
    row = read(USAGE_HEADER + "\n" + DAY).row
    assert (row["usage_at"], row["usage_until"]) == (datetime(2026, 8, 5), datetime(2026, 8, 6))


def test_older_exports_have_fewer_columns(read):
    names = ["context_window", "inference_geo", "speed"]
    kept = [place for place, name in enumerate(USAGE_HEADER.split(",")) if name not in names]
    lines = [",".join(line.split(",")[place] for place in kept) for line in (USAGE_HEADER, DAY)]
    row = read("\n".join(lines)).row
    assert (row["prompt_tokens_from"], row["region"], row["service_tier"]) == (None, "global", "standard")


def test_keys_of_one_name_are_both_counted(read):
    """Names of keys repeat: the largest alone would be 50 output tokens of 57."""
    found = read("\n".join([USAGE_HEADER, DAY, DAY.replace(",50,", ",7,")]))
    assert found.usage["output_tokens"].sum() == 57
    assert found.usage["usage_id"].n_unique() == 2


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("2026-08-05", "5/8/2026", "not_a_timestamp"),
        ("2026-08-05", "2026-08-05 02:30", "not_a_timestamp"),
        ("claude-opus-5", "", "no_model"),
        (",50,", ",,", "no_token_counts"),
        (",50,", ",5O,", "not_a_count"),
        ("standard", "gold", "unknown_service_tier"),
        ("global", "moon", "unknown_region"),
    ],
)
def test_usage_that_cannot_be_right_is_refused(read, old, new, rule):
    found = read(USAGE_HEADER + "\n" + DAY.replace(old, new))
    assert (found.usage.height, found.rules) == (0, [rule])


def test_rejects_do_not_show_names(read):
    found = read(USAGE_HEADER + "\n" + DAY.replace("standard", "gold").replace("shop", "adas-key"))
    assert "adas-key" not in found.rejects.write_json()


def test_the_cost_sample_adds_up_by_hand(read):
    found = read(COSTS)
    assert (found.format, found.row_count, found.rules) == ("anthropic_console_costs", 2, ["no_amount"])
    # Dollars: as cents, like the cost report of the same maker, it would be 0.0015. Not the list price of 1.05 either.
    assert found.usage["amount_usd"].sum() == Decimal("0.15")
    assert found.usage.select("model", "meter", "region", "api_key_id", "line_item").rows() == [
        ("Claude Haiku 4.5", "input_uncached", None, "apikey_a", "input_no_cache"),
        ("Claude Sonnet 4.5", "cache_read", "us", "apikey_a", "input_cache_read"),
    ]


def test_without_ids_keys_are_named_and_equal_lines_are_two_charges(read):
    lines = [line.rsplit(",", 2)[0] for line in (COSTS_HEADER, COST, COST)]
    costs = read("\n".join(lines)).usage
    assert costs["api_key_id"].to_list() == ["demo", "demo"]
    assert (costs["amount_usd"].sum(), costs["cost_id"].n_unique()) == (Decimal("0.10"), 2)


def test_costs_that_cannot_be_right_are_refused(read):
    lines = [COSTS_HEADER, COST.replace("2026-08-04", "August"), COST.replace("0.05,0.05", "much,0.05")]
    assert read("\n".join(lines)).rules == ["not_a_timestamp", "not_a_cost"]
