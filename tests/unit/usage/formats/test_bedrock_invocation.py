"""Bedrock invocation logs: cache beside the input, lifetimes of writes, ids of all forms, errors, gzip."""

import gzip
import json
from pathlib import Path

SAMPLE = Path(__file__).parents[3] / "usage_files" / "bedrock_invocations.jsonl"


def invocation(counts=None, body=None, **other):
    counts = {"inputTokenCount": 10, **(counts or {})}
    plain = {
        "schemaType": "ModelInvocationLog",
        "timestamp": "2026-03-01T00:00:00Z",
        "region": "us-east-1",
        "requestId": "r",
        "operation": "Converse",
        "modelId": "amazon.nova-lite-v1:0",
        "input": counts,
        "output": {"outputTokenCount": 5, "outputBodyJson": {"usage": body or {}}},
    }
    return {**plain, **other}


def lines(*invocations):
    return "\n".join(map(json.dumps, invocations))


def test_totals_of_the_sample(read):
    found = read(SAMPLE)
    assert (found.format, found.row_count, found.ignored_count, found.rules) == ("bedrock_invocation", 2, 1, [])
    # -9,690 for the first if the cache were taken off an input that does not hold it
    assert found.usage["input_uncached_tokens"].to_list() == [10, 200]
    assert found.usage["cache_read_tokens"].to_list() == [9000, None]
    # 700 five-minute writes if cacheDetails were not read: 600 of them cost 2 instead of 1.25 times the input
    assert found.usage["cache_write_5m_tokens"].to_list() == [100, 40]
    assert found.usage["cache_write_1h_tokens"].to_list() == [600, None]
    assert found.usage["output_tokens"].to_list() == [50, 30]
    assert found.usage.select("provider", "channel", "region").rows() == [
        ("anthropic", "bedrock", "us-east-1"),
        ("anthropic", "bedrock", "eu-central-1"),
    ]
    assert found.usage["user_id"].to_list() == ["app/ada", "bob"]
    assert "SECRET" not in found.usage.write_json()


def test_claude_by_invoke_model_states_lifetimes_otherwise(read):
    body = {"cache_creation": {"ephemeral_5m_input_tokens": 30, "ephemeral_1h_input_tokens": 70}}
    row = read(lines(invocation({"cacheWriteInputTokenCount": 100}, body))).row
    assert (row["cache_write_5m_tokens"], row["cache_write_1h_tokens"]) == (30, 70)


def test_the_maker_stands_in_the_id(read):
    makers = {
        "us.amazon.nova-pro-v1:0": "amazon",
        "global.anthropic.claude-opus-4-5-20251101-v1:0": "anthropic",
        "arn:aws:bedrock:us-west-2::foundation-model/meta.llama3-3-70b-instruct-v1:0": "meta",
        "arn:aws:bedrock:us-west-2:1:application-inference-profile/abc": "unknown",
    }
    found = read(lines(*(invocation(modelId=model, requestId=model[-9:]) for model in makers)))
    assert dict(found.usage.select("model", "provider").rows()) == makers


def test_gzip(read):
    assert read(gzip.compress(lines(invocation()).encode())).row["input_uncached_tokens"] == 10


def test_tiers(read):
    output = {"outputTokenCount": 5, "outputBodyJson": {"serviceTier": {"type": "flex"}}}
    assert read(lines(invocation(output=output))).row["service_tier"] == "flex"


def test_broken_invocations_are_refused_with_their_rule(read):
    invocations = {
        "cache_write_does_not_add_up": invocation(
            {"cacheWriteInputTokenCount": 100}, {"cacheDetails": [{"inputTokens": 101, "ttl": "5m"}]}
        ),
        # less than input and output, and than both with the cache
        "total_does_not_add_up": invocation({"cacheReadInputTokenCount": 8}, {"totalTokens": 14}),
        "no_token_counts": invocation({"inputTokenCount": None}),
        "not_a_count": invocation({"cacheReadInputTokenCount": -1}),
        "no_identity": invocation(requestId=None),
        "no_model": invocation(modelId=""),
        "no_region": invocation(region=None),
        "not_a_timestamp": invocation(timestamp="2026-03-01T00:00:00"),
    }
    found = read(lines(*invocations.values()))
    assert found.rules == list(invocations)


def test_a_reject_holds_no_prompt(read):
    one = invocation(timestamp=None, identity={"arn": "SECRET"})
    one["input"]["inputBodyJson"] = {"messages": "SECRET"}
    assert "SECRET" not in read(lines(one)).rejects.write_json()
