"""Responses of OpenAI-compatible servers: what is inside what, wrapped lines, tiers, and totals that do not add up."""

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

SAMPLE = Path(__file__).parents[3] / "usage_files" / "openai_compatible.jsonl"


def response(counts=None, **other):
    usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120, **(counts or {})}
    return {"id": "c1", "created": 1772323200, "model": "gpt-x", "usage": usage, **other}


@pytest.fixture
def row_of(read):
    return lambda *parts, **other: read(json.dumps(response(*parts, **other))).row


def test_broken_lines_are_refused_with_their_rule(read):
    lines = {
        # A total that is less than its two parts
        "total_does_not_add_up": response({"prompt_tokens": 27, "completion_tokens": 6, "total_tokens": 32}),
        # 10 prompt tokens less 90 cached ones, where Anthropic means 100
        "usage_of_anthropic": response({"input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": 90}),
        "cached_exceeds_input": response({"prompt_tokens_details": {"cached_tokens": 101}}),
        "cache_write_does_not_add_up": response(
            {
                "prompt_tokens_details": {
                    "cache_creation_input_tokens": 50,
                    "cache_creation": {"ephemeral_5m_input_tokens": 30, "ephemeral_1h_input_tokens": 30},
                }
            }
        ),
        "reasoning_exceeds_output": response({"completion_tokens_details": {"reasoning_tokens": 21}}),
        "kinds_exceed_output": response({"completion_tokens_details": {"audio_tokens": 21}}),
        "no_token_counts": response({"prompt_tokens": None}),
        "not_a_count": response({"completion_tokens": 1.5}),
        "no_identity": response(id=None),
        "no_model": response(model=""),
        "not_a_timestamp": response(created=None, timestamp="2026-03-01T00:00:00"),
        "unknown_service_tier": response(service_tier="scale"),
        "usage_is_not_an_object": response(usage="SECRET"),
    }
    found = read("\n".join(map(json.dumps, lines.values())), "openai_compatible")
    assert found.rules == list(lines)
    assert found.usage.is_empty()
    assert "SECRET" not in found.rejects.write_json()


def test_totals_of_the_sample(read):
    found = read(SAMPLE)
    assert (found.format, found.row_count, found.ignored_count, found.rules) == ("openai_compatible", 4, 1, [])
    # 1000 - 400, 50, 300 - 100, 10; cached 400 + 100; output 200 + 30 + 70 + 5; reasoning 150 + 64
    assert found.usage["input_uncached_tokens"].to_list() == [600, 50, 200, 10]
    assert found.usage["cache_read_tokens"].to_list() == [400, None, 100, None]
    assert found.usage["output_tokens"].to_list() == [200, 30, 70, 5]
    assert found.usage["of_which_reasoning_tokens"].to_list() == [150, None, 64, None]
    assert found.usage["service_tier"].to_list() == ["standard", "standard", "priority", "batch"]
    assert "SECRET" not in found.usage.write_json()


def test_cached_tokens_are_inside_the_prompt(row_of):
    row = row_of({"prompt_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 10}})
    # 160 prompt tokens if cached ones were taken to lie beside the prompt
    assert (row["input_uncached_tokens"], row["cache_read_tokens"], row["cache_write_5m_tokens"]) == (30, 60, 10)


def test_deepseek_names_its_cache_otherwise(row_of):
    row = row_of({"prompt_cache_hit_tokens": 64, "prompt_cache_miss_tokens": 36})
    assert (row["input_uncached_tokens"], row["cache_read_tokens"]) == (36, 64)


def test_reasoning_is_inside_the_output(row_of):
    row = row_of({"completion_tokens_details": {"reasoning_tokens": 15}})
    # 35 if it were added
    assert (row["output_tokens"], row["of_which_reasoning_tokens"]) == (20, 15)


def test_sources_of_xais_live_search_are_told_as_they_were_billed(read):
    """25 USD per thousand of them (docs.x.ai, Live Search), which no list of models has."""
    found = read(json.dumps(response({"num_sources_used": 5})))
    assert found.row["lower_bound_reason"] == "unknown_count"
    assert {place: count.total for place, count in found.count.unknown.items()} == {"usage.num_sources_used": 5}
    assert read(json.dumps(response({"num_sources_used": 0}))).row["lower_bound_reason"] is None


def test_audio_is_a_meter_of_its_own(row_of):
    details = {"prompt_tokens_details": {"audio_tokens": 40}, "completion_tokens_details": {"audio_tokens": 12}}
    row = row_of(details)
    assert (row["input_uncached_tokens"], row["audio_input_tokens"]) == (60, 40)
    assert (row["output_tokens"], row["audio_output_tokens"]) == (8, 12)


def test_times(read):
    times = [
        {"created": 1772323200},
        {"created": None, "created_at": 1772323200.0},
        {"created": None, "timestamp": "2026-03-01T01:00:00+01:00"},
    ]
    lines = [json.dumps(response(id=str(number), **time)) for number, time in enumerate(times)]
    assert read("\n".join(lines)).usage["usage_at"].to_list() == [datetime(2026, 3, 1)] * 3


def test_who_bills(row_of):
    told = row_of(provider="azure")
    assert (told["provider"], told["channel"]) == ("openai", "azure")
    untold = row_of()
    assert (untold["provider"], untold["channel"], untold["region"]) == ("unknown", "api", "global")


def test_openrouter_names_whom_it_asked_and_what_it_cost(row_of):
    row = row_of({"cost": 0.0012}, id="gen-1", provider="Google", model="google/gemini-2.5-pro")
    # provider google on channel api if its word were believed
    assert (row["provider"], row["channel"]) == ("unknown", "openrouter")
    assert row["reported_cost_usd"] == Decimal("0.0012")
    assert row_of({"cost": 0.0012})["reported_cost_usd"] is None


def test_chunks_of_one_response_are_one_row(read):
    lines = [response({"completion_tokens": count, "total_tokens": 100 + count}) for count in (1, 7, 20)]
    found = read("\n".join(json.dumps(line) for line in lines))
    # 28 output tokens if each chunk counted
    assert (found.row["output_tokens"], found.row_count) == (20, 3)


def test_a_batch_line_has_the_id_of_its_response(read):
    line = {"id": "batch_req_1", "custom_id": "mine", "response": {"body": response()}}
    row = read(json.dumps(line)).row
    assert row["usage_id"] == read(json.dumps(response())).row["usage_id"]
    assert row["service_tier"] == "batch"


def test_a_reject_holds_no_text(read):
    line = response({"total_tokens": 1}, choices=[{"message": {"content": "SECRET answer"}}], custom_id="SECRET")
    rejects = read(json.dumps(line)).rejects
    assert rejects.height == 1
    assert "SECRET" not in rejects.write_json()
