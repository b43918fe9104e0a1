"""Gemini responses: thoughts and tool use by the total, modalities, and lines without a time."""

import json
from datetime import datetime
from pathlib import Path

SAMPLE = Path(__file__).parents[3] / "usage_files" / "gemini_responses.jsonl"


def response(counts=None, **other):
    usage = {"promptTokenCount": 100, "candidatesTokenCount": 20, "totalTokenCount": 120, **(counts or {})}
    plain = {"responseId": "r", "timestamp": "2026-03-01T00:00:00Z", "modelVersion": "gemini-x", "usageMetadata": usage}
    return {**plain, **other}


def kinds(**counts):
    return [{"tokenCount": count, "modality": kind} for kind, count in counts.items()]


def test_totals_of_the_sample(read):
    found = read(SAMPLE)
    assert (found.format, found.row_count, found.rules) == ("gemini", 3, [])
    # 27; 1000 + 70 - 600 - 150 uncached audio; 100 - 40, the 7 of the tools are not in the total
    assert found.usage["input_uncached_tokens"].to_list() == [27, 320, 60]
    assert found.usage["cache_read_tokens"].to_list() == [None, 500, 40]
    assert found.usage["audio_input_tokens"].to_list() == [None, 150, None]
    assert found.usage["audio_cache_read_tokens"].to_list() == [None, 100, None]
    # 6 for the first if thoughts were left out, a 33rd of what is billed
    assert found.usage["output_tokens"].to_list() == [200, 50, 80]
    assert found.usage["of_which_reasoning_tokens"].to_list() == [194, None, 30]
    assert found.usage.select("provider", "channel").rows() == [
        ("google", "vertex"),
        ("google", "api"),
        ("unknown", "api"),
    ]
    assert found.usage["usage_at"].to_list()[0] == datetime(2026, 3, 1, 0, 0, 0, 250000)
    assert "SECRET" not in found.usage.write_json()


def test_images_are_meters_of_their_own(read):
    counts = {
        "promptTokensDetails": kinds(TEXT=40, IMAGE=60),
        "candidatesTokensDetails": kinds(IMAGE=15, TEXT=5),
    }
    row = read(json.dumps(response(counts))).row
    assert (row["input_uncached_tokens"], row["image_input_tokens"]) == (40, 60)
    assert (row["output_tokens"], row["image_output_tokens"]) == (5, 15)


def test_a_count_of_zero_is_left_out_by_google(read):
    row = read(json.dumps(response({"candidatesTokenCount": None, "totalTokenCount": 100}))).row
    assert row["output_tokens"] == 0


def test_tiers(read):
    found = read(
        "\n".join(json.dumps(response({"serviceTier": tier}, responseId=tier)) for tier in ("FLEX", "priority"))
    )
    assert found.usage["service_tier"].to_list() == ["flex", "priority"]


def test_broken_responses_are_refused_with_their_rule(read):
    responses = {
        "no_time": response(timestamp=None),
        "total_does_not_add_up": response({"totalTokenCount": 119}),
        "no_total": response({"totalTokenCount": None, "thoughtsTokenCount": 5}),
        "cached_kind_is_unknown": response(
            {"promptTokensDetails": kinds(AUDIO=60, TEXT=40), "cachedContentTokenCount": 50}
        ),
        "cached_exceeds_input": response({"cachedContentTokenCount": 101}),
        "kinds_exceed_output": response({"candidatesTokensDetails": kinds(AUDIO=21)}),
        "unknown_service_tier": response({"trafficType": "PROVISIONED_THROUGHPUT"}),
        "no_identity": response(responseId=None),
        "no_model": response(modelVersion=""),
        "no_token_counts": response({"promptTokenCount": None}),
        "not_a_count": response({"candidatesTokenCount": -20, "totalTokenCount": 80}),
        "usage_is_not_an_object": response(usageMetadata="SECRET"),
    }
    found = read("\n".join(map(json.dumps, responses.values())), "gemini")
    assert found.rules == list(responses)
    assert "SECRET" not in found.rejects.write_json()


def test_thoughts_inside_the_candidates_are_not_guessed(read):
    # 20 or 25 output tokens: the total leaves open whether thoughts are billed beside the candidates
    found = read(json.dumps(response({"thoughtsTokenCount": 5})))
    assert found.rules == ["total_does_not_add_up"]
