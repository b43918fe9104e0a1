"""Session logs: meters, tiers, identity, and that no text of a message survives."""

import json
from datetime import datetime
from decimal import Decimal

import pytest

from pipelines.usage.importers import Refused
from pipelines.usage.importers.claude_code import excerpt, parse_line


def entry(usage=None, message=None, **other):
    body = {
        "type": "assistant",
        "timestamp": "2026-03-21T10:00:00.000Z",
        "sessionId": "s1",
        "requestId": "r1",
        "message": {
            "id": "m1",
            "model": "claude-opus-4-6",
            "usage": {"input_tokens": 10, "output_tokens": 5, **(usage or {})},
            **(message or {}),
        },
    }
    return json.dumps({**body, **other})


def rule_of(text):
    with pytest.raises(Refused) as refused:
        parse_line(text)
    return refused.value.rule


def test_a_plain_answer():
    row = parse_line(entry({"cache_read_input_tokens": 40, "cache_creation_input_tokens": 7}))
    assert row["usage_at"] == datetime(2026, 3, 21, 10)
    assert (row["input_uncached_tokens"], row["cache_read_tokens"], row["output_tokens"]) == (10, 40, 5)
    assert (row["cache_write_5m_tokens"], row["cache_write_1h_tokens"]) == (7, None)
    assert (row["provider"], row["service_tier"], row["region"]) == ("anthropic", "standard", "global")
    assert (row["grain"], row["requests"], row["conversation_id"]) == ("request", 1, "s1")


def test_what_the_log_does_not_tell_is_null_not_zero():
    row = parse_line(entry())
    names = ["cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "web_searches"]
    assert [row[name] for name in [*names, "reported_cost_usd", "project_id"]] == [None] * 6


@pytest.mark.parametrize(
    "line",
    [
        '{"type": "user", "message": {"role": "user", "content": "hi", "usage": {"input_tokens": 1}}}',
        '{"type": "summary", "summary": "x"}',
        '{"type": "system", "content": "x"}',
        '{"type": "progress", "data": {"message": {"usage": {"input_tokens": 1}}}}',
        '{"type": "assistant", "message": {"id": "m", "model": "claude-x"}}',
        '{"type": "assistant", "message": {"id": "m", "model": "claude-x", "usage": null}}',
        '{"type": "assistant", "message": "text"}',
        entry(message={"model": "<synthetic>"}),
    ],
)
def test_lines_without_usage_are_ignored(line):
    assert parse_line(line) is None


def test_cache_writes_are_split_by_lifetime():
    split = {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 200}
    row = parse_line(entry({"cache_creation_input_tokens": 300, "cache_creation": split}))
    assert (row["cache_write_5m_tokens"], row["cache_write_1h_tokens"]) == (100, 200)


@pytest.mark.parametrize("split", [{"ephemeral_5m_input_tokens": 100}, {"ephemeral_1h_input_tokens": 301}])
def test_a_split_that_is_not_the_total_is_refused(split):
    assert (
        rule_of(entry({"cache_creation_input_tokens": 300, "cache_creation": split})) == "cache_write_does_not_add_up"
    )


@pytest.mark.parametrize("split", [None, {}])
def test_without_a_split_all_writes_live_five_minutes(split):
    row = parse_line(entry({"cache_creation_input_tokens": 300, "cache_creation": split}))
    assert (row["cache_write_5m_tokens"], row["cache_write_1h_tokens"]) == (300, None)


@pytest.mark.parametrize(
    ("usage", "tier"),
    [
        ({"service_tier": None}, "standard"),
        ({"service_tier": "batch"}, "batch"),
        ({"service_tier": "priority"}, "priority"),
        ({"speed": "fast", "service_tier": "standard"}, "fast"),
        ({"speed": "standard", "service_tier": "batch"}, "batch"),
    ],
)
def test_service_tiers(usage, tier):
    assert parse_line(entry(usage))["service_tier"] == tier


@pytest.mark.parametrize("usage", [{"service_tier": "gold"}, {"speed": "ludicrous"}, {"speed": ["fast"]}])
def test_an_unknown_tier_is_refused(usage):
    assert rule_of(entry(usage)) == "unknown_service_tier"


@pytest.mark.parametrize(
    "value",
    [-1, 1.5, "10", True, 10**16, [], {}, 10.0],
    ids=["negative", "half", "text", "bool", "huge", "list", "object", "float"],
)
def test_a_count_must_be_a_whole_number(value):
    assert rule_of(entry({"input_tokens": value})) == "not_a_count"


@pytest.mark.parametrize("name", ["input_tokens", "output_tokens"])
def test_an_answer_without_its_counts_is_refused(name):
    assert rule_of(entry({name: None})) == "no_token_counts"


def test_web_searches_are_counted():
    assert parse_line(entry({"server_tool_use": {"web_search_requests": 3}}))["web_searches"] == 3


def test_other_models_have_an_unknown_biller():
    assert parse_line(entry(message={"model": "deepseek-v4-flash"}))["provider"] == "unknown"
    assert parse_line(entry(message={"model": "anthropic.claude-x"}))["provider"] == "unknown"


@pytest.mark.parametrize(
    ("geo", "region"), [("us", "us"), ("not_available", "global"), ("global", "global"), ("", "global")]
)
def test_the_region_is_where_inference_is_billed(geo, region):
    assert parse_line(entry({"inference_geo": geo}))["region"] == region


@pytest.mark.parametrize(
    ("cwd", "project"),
    [("/home/ada/shop", "shop"), ("/home/ada/shop/", "shop"), ("C:\\Users\\ada\\shop", "shop"), ("/", None), (7, None)],
)
def test_only_the_last_component_of_the_directory_is_kept(cwd, project):
    assert parse_line(entry(cwd=cwd))["project_id"] == project


def test_identity_is_message_and_request():
    def usage_id(message_id, request_id, session="s1"):
        return parse_line(entry(message={"id": message_id}, requestId=request_id, sessionId=session))["usage_id"]

    assert usage_id("m1", "r1") == usage_id("m1", "r1", "resumed elsewhere")
    distinct = {usage_id("m1", "r1"), usage_id("m1", "r2"), usage_id("m1", None), usage_id("m1r", "1")}
    assert len(distinct) == 4


@pytest.mark.parametrize("message", [{"id": None}, {"model": None}, {"model": ""}])
def test_an_answer_without_identity_is_refused(message):
    assert rule_of(entry(message=message)) == "no_identity"


@pytest.mark.parametrize("text", ["\ud800", "a\nb", "x" * 201, 5, ["m"]])
def test_ids_are_one_printable_line(text):
    assert rule_of(entry(message={"model": text})) == "not_a_text"


@pytest.mark.parametrize(
    ("timestamp", "instant"),
    [
        ("2026-03-21T23:30:00-02:00", datetime(2026, 3, 22, 1, 30)),
        ("2026-03-21T10:00:00.123456Z", datetime(2026, 3, 21, 10, 0, 0, 123456)),
    ],
)
def test_times_become_naive_utc(timestamp, instant):
    assert parse_line(entry(timestamp=timestamp))["usage_at"] == instant


@pytest.mark.parametrize(
    "timestamp", [None, 1772323200, "yesterday", "2026-03-21T10:00:00", "0001-01-01T00:00:00+14:00"]
)
def test_a_time_without_zone_or_sense_is_refused(timestamp):
    assert rule_of(entry(timestamp=timestamp)) == "not_a_timestamp"


@pytest.mark.parametrize(
    ("printed", "cost"), [("0.12", "0.12"), ("3", "3"), ("0.1000000000000000055", "0.1"), ("1e-3", "0.001")]
)
def test_reported_cost_is_exact_to_twelve_places(printed, cost):
    row = parse_line(entry()[:-1] + f', "costUSD": {printed}}}')
    assert row["reported_cost_usd"] == Decimal(cost)


@pytest.mark.parametrize("printed", ["-1", '"1"', "true", "1e400"])
def test_a_cost_must_be_an_amount(printed):
    assert rule_of(entry()[:-1] + f', "costUSD": {printed}}}') == "not_a_cost"


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ('{"type":', "invalid_json"),
        (entry().replace("10,", "NaN,"), "invalid_json"),
        (entry().replace("10,", "Infinity,"), "invalid_json"),
        ("[" * 100_000, "invalid_json"),
        ('{"a":' + "9" * 5000 + "}", "invalid_json"),
        ('{"a": 1e99999999999999999999}', "invalid_json"),
        ("[]", "not_an_object"),
        ("5", "not_an_object"),
        (entry(message={"usage": []}), "usage_is_not_an_object"),
    ],
)
def test_broken_lines_are_refused_with_their_rule(line, rule):
    assert rule_of(line) == rule


@pytest.mark.parametrize(
    "line",
    [
        entry({"speed": "SECRET"}, {"content": "SECRET"}, cwd="SECRET", timestamp=None),
        entry({"input_tokens": "SECRET", "iterations": ["SECRET"]}, {"content": "SECRET"}),
        '{"type":"user","message":{"content":"SECRET',
        '{"content":"SECRET","type":"user',
        'SECRET rest of a prompt"}',
        '{"type": "SECRET answer to everything',
        '"SECRET"',
        '["SECRET"]',
    ],
)
def test_an_excerpt_never_holds_text_of_a_message(line):
    assert "SECRET" not in excerpt(line)


def test_an_excerpt_shows_what_is_safe():
    assert excerpt('{"type":"user","uuid":"u-1","message":{"content":"hello') == '{"type":"user","uuid":"u-1",'
    assert json.loads(excerpt(entry({"output_tokens": -1}))) == {
        "type": "assistant",
        "timestamp": "2026-03-21T10:00:00.000Z",
        "model": "claude-opus-4-6",
        "usage": {"input_tokens": 10, "output_tokens": -1},
    }
