"""OpenRouter's activity: what is inside what, savings, keys of one's own, variants, cancelled generations."""

import csv
import io
from datetime import datetime
from decimal import Decimal
from pathlib import Path

SAMPLE = Path(__file__).parents[3] / "usage_files" / "openrouter_activity.csv"


def activity(*changes):
    rows = list(csv.DictReader(SAMPLE.read_text().splitlines()))
    stream = io.StringIO()
    writer = csv.DictWriter(stream, rows[0])
    writer.writeheader()
    writer.writerows({**rows[0], **change} for change in changes)
    return stream.getvalue()


def test_totals_of_the_sample(read):
    found = read(SAMPLE)
    assert (found.format, found.row_count, found.ignored_count, found.rules) == ("openrouter", 3, 1, [])
    # 10389 - 4000; 10,389 uncached if the cached tokens lay beside the prompt
    assert found.usage["input_uncached_tokens"].to_list() == [6389, 500, 1000]
    assert found.usage["cache_read_tokens"].to_list() == [4000, 0, 0]
    # 2,270 for the first if reasoning were added
    assert found.usage["output_tokens"].to_list() == [1370, 40, 100]
    assert found.usage["of_which_reasoning_tokens"].to_list() == [900, 0, 0]
    assert found.usage["usage_at"].to_list()[0] == datetime(2026, 3, 1, 10, 0, 0, 713000)
    assert found.usage.row(0, named=True)["feature"] == "shop"


def test_the_saving_is_inside_the_total_and_the_own_key_is_not(read):
    costs = read(SAMPLE).usage["reported_cost_usd"].to_list()
    # 0.0092 if the saving were taken off again, 0.001 without what the key of one's own paid
    assert costs == [Decimal("0.0123"), Decimal(0), Decimal("0.021")]


def test_the_variant_is_a_part_of_the_id(read):
    models = read(SAMPLE).usage["model"].to_list()
    assert models[:2] == ["openai/gpt-5-mini-2025-08-07", "openai/gpt-oss-120b:free"]


def test_a_cancelled_generation_that_was_charged_is_usage(read):
    assert read(activity({"cancelled": "true"})).row["output_tokens"] == 1370


def test_broken_rows_are_refused_with_their_rule(read):
    rows = {
        "no_identity": {"generation_id": ""},
        "no_model": {"model_permaslug": ""},
        "no_token_counts": {"tokens_completion": ""},
        "cached_exceeds_input": {"tokens_cached": "10390"},
        "reasoning_exceeds_output": {"tokens_reasoning": "1371"},
        "not_a_count": {"tokens_prompt": "-1"},
        "not_a_cost": {"cost_total": "much"},
        "not_a_timestamp": {"created_at": "yesterday"},
        "looks_like_a_key": {"api_key_name": "sk-or-v1-SECRETSECRET"},
    }
    found = read(activity(*rows.values()))
    assert found.rules == list(rows)
    assert "SECRET" not in found.rejects.write_json()
