"""Session logs: meters, tiers, identity, and that no text of a message survives."""

import json
from datetime import datetime
from decimal import Decimal

import pytest

from pipelines.usage.rejects import excerpt_of_line


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


SESSION = '{"type":"summary","summary":"x","leafUuid":"u"}\n'


@pytest.fixture
def row_of(read):
    return lambda line: read(line).row


@pytest.fixture
def rule_of(read):
    def rule(line):
        found = read(SESSION + line)
        assert found.usage.is_empty()
        return found.rules[0]

    return rule


def test_a_plain_answer(row_of):
    row = row_of(entry({"cache_read_input_tokens": 40, "cache_creation_input_tokens": 7}))
    assert row["usage_at"] == datetime(2026, 3, 21, 10)
    assert (row["input_uncached_tokens"], row["cache_read_tokens"], row["output_tokens"]) == (10, 40, 5)
    assert (row["cache_write_5m_tokens"], row["cache_write_1h_tokens"]) == (7, None)
    assert (row["provider"], row["service_tier"], row["region"]) == ("anthropic", "standard", "global")
    assert (row["grain"], row["requests"], row["conversation_id"]) == ("request", 1, "s1")


def test_what_the_log_does_not_tell_is_null_not_zero(row_of):
    row = row_of(entry())
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
def test_lines_without_usage_are_ignored(read, line):
    found = read(SESSION + line)
    assert (found.usage.height, found.rules, found.ignored_count) == (0, [], 2)


def test_cache_writes_are_split_by_lifetime(row_of):
    split = {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 200}
    row = row_of(entry({"cache_creation_input_tokens": 300, "cache_creation": split}))
    assert (row["cache_write_5m_tokens"], row["cache_write_1h_tokens"]) == (100, 200)


@pytest.mark.parametrize("split", [{"ephemeral_5m_input_tokens": 301}, {"ephemeral_1h_input_tokens": 301}])
def test_a_split_that_is_not_the_total_is_refused(rule_of, split):
    assert (
        rule_of(entry({"cache_creation_input_tokens": 300, "cache_creation": split})) == "cache_write_does_not_add_up"
    )


@pytest.mark.parametrize("split", [None, {}])
def test_without_a_split_all_writes_live_five_minutes(row_of, split):
    row = row_of(entry({"cache_creation_input_tokens": 300, "cache_creation": split}))
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
def test_service_tiers(row_of, usage, tier):
    assert row_of(entry(usage))["service_tier"] == tier


@pytest.mark.parametrize("usage", [{"service_tier": "gold"}, {"speed": "ludicrous"}, {"speed": ["fast"]}])
def test_an_unknown_tier_is_refused(rule_of, usage):
    assert rule_of(entry(usage)) == "unknown_service_tier"


@pytest.mark.parametrize(
    "value",
    [-1, 1.5, "ten", True, 10**16, [], {}, 1e300],
    ids=["negative", "half", "text", "bool", "huge", "list", "object", "float"],
)
def test_a_count_must_be_a_whole_number(rule_of, value):
    assert rule_of(entry({"input_tokens": value})) == "not_a_count"


@pytest.mark.parametrize("name", ["input_tokens", "output_tokens"])
def test_an_answer_without_its_counts_is_refused(rule_of, name):
    assert rule_of(entry({name: None})) == "no_token_counts"


def test_web_searches_are_counted(row_of):
    assert row_of(entry({"server_tool_use": {"web_search_requests": 3}}))["web_searches"] == 3


def test_other_models_have_an_unknown_biller(row_of):
    assert row_of(entry(message={"model": "deepseek-v4-flash"}))["provider"] == "unknown"
    assert row_of(entry(message={"model": "anthropic.claude-x"}))["provider"] == "unknown"


@pytest.mark.parametrize(
    ("geo", "region"), [("us", "us"), ("not_available", "global"), ("global", "global"), ("", "global")]
)
def test_the_region_is_where_inference_is_billed(row_of, geo, region):
    assert row_of(entry({"inference_geo": geo}))["region"] == region


@pytest.mark.parametrize(
    ("cwd", "project"),
    [("/home/ada/shop", "shop"), ("/home/ada/shop/", "shop"), ("C:\\Users\\ada\\shop", "shop"), ("/", None), (7, None)],
)
def test_only_the_last_component_of_the_directory_is_kept(row_of, cwd, project):
    assert row_of(entry(cwd=cwd))["project_id"] == project


def test_identity_is_message_and_request(row_of):
    def usage_id(message_id, request_id, session="s1"):
        return row_of(entry(message={"id": message_id}, requestId=request_id, sessionId=session))["usage_id"]

    assert usage_id("m1", "r1") == usage_id("m1", "r1", "resumed elsewhere")
    distinct = {usage_id("m1", "r1"), usage_id("m1", "r2"), usage_id("m1", None), usage_id("m1r", "1")}
    assert len(distinct) == 4


@pytest.mark.parametrize("message", [{"id": None}, {"model": None}, {"model": ""}])
def test_an_answer_without_identity_is_refused(rule_of, message):
    assert rule_of(entry(message=message)) == "no_identity"


@pytest.mark.parametrize("text", ["a\nb", "x" * 201, "a\u200bb"])
def test_ids_are_one_printable_line(rule_of, text):
    assert rule_of(entry(message={"model": text})) == "not_a_text"


@pytest.mark.parametrize(
    ("timestamp", "instant"),
    [
        ("2026-03-21T23:30:00-02:00", datetime(2026, 3, 22, 1, 30)),
        ("2026-03-21T10:00:00.123456Z", datetime(2026, 3, 21, 10, 0, 0, 123456)),
    ],
)
def test_times_become_naive_utc(row_of, timestamp, instant):
    assert row_of(entry(timestamp=timestamp))["usage_at"] == instant


@pytest.mark.parametrize(
    "timestamp", [None, 1772323200, "yesterday", "2026-03-21T10:00:00", "0001-01-01T00:00:00+14:00"]
)
def test_a_time_without_zone_or_sense_is_refused(rule_of, timestamp):
    assert rule_of(entry(timestamp=timestamp)) == "not_a_timestamp"


@pytest.mark.parametrize(
    ("printed", "cost"), [("0.12", "0.12"), ("3", "3"), ("0.1000000000000000055", "0.1"), ("1e-3", "0.001")]
)
def test_reported_cost_is_exact_to_twelve_places(row_of, printed, cost):
    row = row_of(entry()[:-1] + f', "costUSD": {printed}}}')
    assert row["reported_cost_usd"] == Decimal(cost)


@pytest.mark.parametrize("printed", ["true", '"much"', "1e400", "[1]"])
def test_a_cost_must_be_an_amount(rule_of, printed):
    assert rule_of(entry()[:-1] + f', "costUSD": {printed}}}') == "not_a_cost"


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ('{"type":', "invalid_json"),
        (entry().replace("10,", "NaN,"), "not_a_count"),
        (entry().replace("10,", "Infinity,"), "not_a_count"),
        ("[" * 100_000, "invalid_json"),
        ("[]", "not_an_object"),
        ("5", "not_an_object"),
        (entry(message={"usage": []}), "usage_is_not_an_object"),
    ],
)
def test_broken_lines_are_refused_with_their_rule(rule_of, line, rule):
    assert rule_of(line) == rule


@pytest.mark.parametrize(
    "line",
    [
        entry({"speed": "SECRET word"}, {"content": "SECRET"}, cwd="SECRET", timestamp=None),
        entry({"input_tokens": "SECRET word", "iterations": ["SECRET"]}, {"content": "SECRET"}),
        '{"type":"user","message":{"content":"SECRET',
        '{"content":"SECRET","type":"user',
        'SECRET rest of a prompt"}',
        '{"type": "SECRET answer to everything',
        '"SECRET"',
        '["SECRET"]',
    ],
)
def test_a_reject_never_holds_text_of_a_message(read, line):
    rejects = read(SESSION + line).rejects
    assert rejects.height == 1
    assert "SECRET" not in rejects.write_json()


def test_a_reject_shows_what_is_safe(read):
    assert excerpt_of_line('{"type":"user","uuid":"u-1","message":{"content":"hello') == '{"type":"user","uuid":"u-1",'
    shown = json.loads(read(entry({"output_tokens": -1})).rejects["raw_text"][0])
    assert shown == {
        "type": "assistant",
        "timestamp": "2026-03-21T10:00:00.000Z",
        "request": "r1",
        "message_id": "m1",
        "model": "claude-opus-4-6",
        "input_tokens": "10",
        "output_tokens": "-1",
    }
