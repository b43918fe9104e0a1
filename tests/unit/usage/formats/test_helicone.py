"""Helicone's request export: disjoint meters, its own cache, failures, and the CSV without models."""

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path

SAMPLE = Path(__file__).parents[3] / "usage_files" / "helicone_requests.jsonl"
CSV = (
    "response_id,response_created_at,response_status,request_created_at,request_body,request_properties,"
    "request_user_id,model,prompt_tokens,completion_tokens,latency,cost\n"
)


def request(**other):
    plain = {
        "response_id": "r",
        "response_status": 200,
        "request_created_at": "2026-03-01 10:00:00.500",
        "request_model": "gpt-x",
        "prompt_tokens": 100,
        "completion_tokens": 20,
    }
    return {**plain, **other}


def lines(*requests):
    return "\n".join(map(json.dumps, requests))


def test_totals_of_the_sample(read):
    found = read(SAMPLE)
    # An answer of Helicone's cache and a refused request are no usage.
    assert (found.format, found.row_count, found.ignored_count, found.rules) == ("helicone", 2, 2, [])
    # Taking the 800 cached tokens off the prompt again would make it -600.
    assert found.usage["input_uncached_tokens"].to_list() == [200, 10]
    assert found.usage["cache_read_tokens"].to_list() == [800, 0]
    assert found.usage["cache_write_5m_tokens"].to_list() == [0, 700]
    # 220 output tokens if the cached answer counted
    assert found.usage["output_tokens"].sum() == 120
    assert found.usage["reported_cost_usd"].sum() == Decimal("0.00327")
    assert found.usage["provider"].to_list() == ["openai", "anthropic"]
    assert found.usage["conversation_id"].to_list() == ["s-1", None]
    assert found.usage["usage_at"].to_list()[0] == datetime(2026, 3, 1, 10, 0, 0, 500000)
    assert "SECRET" not in found.usage.write_json()


def test_reasoning_is_beside_the_completion(read):
    # Helicone's own test of a reasoning model: 500 + 200 + 3000; 200 output tokens if reasoning were left out
    row = read(lines(request(prompt_tokens=500, completion_tokens=200, reasoning_tokens=3000, total_tokens=3700))).row
    assert (row["output_tokens"], row["of_which_reasoning_tokens"]) == (3200, 3000)


def test_who_bills(read):
    words = ["AZURE", "AWS", "CUSTOM", None]
    found = read(lines(*(request(response_id=str(word), provider=word) for word in words)))
    assert found.usage.select("provider", "channel").rows() == [
        ("openai", "azure"),
        ("unknown", "bedrock"),
        ("unknown", "api"),
        ("unknown", "api"),
    ]


def test_broken_requests_are_refused_with_their_rule(read):
    requests = {
        "no_identity": request(response_id=None),
        "no_model": request(request_model=None),
        "no_token_counts": request(completion_tokens=None),
        "not_a_count": request(prompt_tokens=-5),
        "total_does_not_add_up": request(total_tokens=119),
        "audio_is_ambiguous": request(prompt_audio_tokens=5),
        "not_a_timestamp": request(request_created_at=None),
        "not_a_cost": request(costUSD="much"),
    }
    found = read(lines(*requests.values()), "helicone")
    assert found.rules == list(requests)


def test_the_csv_needs_its_model(read):
    start = '"{id}","2026-03-01T10:00:02Z","200","2026-03-01T10:00:00Z","SECRET, ""prompt""","{{}}","ada",'
    row = start + '"{model}","10","5","9","0.1"\n'
    found = read(CSV + row.format(id="r-1", model="gpt-x") + row.format(id="r-2", model=""))
    assert (found.format, found.rules) == ("helicone", ["no_model"])
    assert (found.row["input_uncached_tokens"], found.row["reported_cost_usd"]) == (10, Decimal("0.1"))
    assert "SECRET" not in found.usage.write_json() + found.rejects.write_json()
