"""Logs of coding agents: what is inside what, sums that go on, records that repeat others."""

import json
from datetime import date, datetime
from decimal import Decimal

import polars as pl
import pytest

METERS = ("input_uncached_tokens", "cache_read_tokens", "cache_write_5m_tokens", "output_tokens")
AT = "2026-05-01T10:00:00.000Z"


def lines(*records):
    return "".join(json.dumps(record) + "\n" for record in records)


def tokens(found):
    assert found.rules == []
    return [tuple(row[name] for name in METERS) for row in found.usage.iter_rows(named=True)]


def opencode(**counts):
    told = {"input": 100, "output": 60, "reasoning": 40, "cache": {"read": 50, "write": 25}, **counts}
    return {
        "id": "msg_1",
        "sessionID": "ses_1",
        "role": "assistant",
        "time": {"created": 1767312000000},
        "modelID": "m",
        "providerID": "p",
        "tokens": told,
    }


@pytest.mark.parametrize(
    ("counts", "output"),
    [
        ({}, 60),  # 100 if reasoning were added again, as older versions did in their cost
        ({"total": 275}, 100),  # 100 + 60 + 40 + 50 + 25: newer ones take reasoning out of the output
        ({"total": 235}, 60),
    ],
)
def test_opencodes_total_tells_where_reasoning_stands(read, counts, output):
    found = read(json.dumps(opencode(**counts)))
    assert (found.format, tokens(found)) == ("opencode", [(100, 50, 25, output)])


def test_opencodes_users_and_empty_answers_are_no_usage(read):
    asked = {"id": "msg_0", "sessionID": "ses_1", "role": "user", "time": {"created": 1}}
    found = read(json.dumps({"info": {"id": "ses_1"}, "messages": [{"info": asked}, {"info": opencode()}]}))
    assert (found.format, found.row_count, found.row["provider"]) == ("opencode", 1, "p")


def gemini(tokens_=None, **other):
    told = tokens_ or {"input": 8000, "output": 100, "cached": 6000, "thoughts": 40, "tool": 0, "total": 8140}
    return {"id": "m2", "timestamp": AT, "type": "gemini", "tokens": told, "model": "gemini-x", **other}


HEADER = {"sessionId": "g1", "projectHash": "ab", "startTime": AT, "lastUpdated": AT}


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"total": 8140}, (2000, 6000, None, 140)),
        ({"total": 14140}, (8000, 6000, None, 140)),  # the cache beside the input
        ({"tool": 7, "total": 8147}, (2007, 6000, None, 140)),
        ({"total": 8100}, (2000, 6000, None, 100)),  # thoughts inside the output, as Qwen Code counts
    ],
)
def test_the_total_of_gemini_cli_decides(read, counts, expected):
    told = {"input": 8000, "output": 100, "cached": 6000, "thoughts": 40, "tool": 0, **counts}
    found = read(json.dumps({**HEADER, "messages": [gemini(told)]}))
    assert (found.format, tokens(found)) == ("gemini_cli", [expected])


def test_an_answer_that_a_session_writes_again_counts_once_in_both_forms(read):
    again = gemini({"input": 8000, "output": 90, "cached": 6000, "thoughts": 40, "tool": 0, "total": 8130})
    found = read(lines(HEADER, again, gemini()))
    document = read(json.dumps({**HEADER, "messages": [gemini()]}))
    assert tokens(found) == [(2000, 6000, None, 140)]
    assert found.usage["usage_id"].to_list() == document.usage["usage_id"].to_list()


def test_a_total_that_fits_nothing_is_refused(read):
    told = {"input": 8000, "output": 100, "cached": 6000, "thoughts": 40, "tool": 0, "total": 9}
    assert read(lines(HEADER, gemini(told))).rules == ["total_does_not_add_up"]


def shutdown(at, number, **usage):
    metrics = {"claude-sonnet-4.6": {"requests": {"count": number, "cost": 1}, "usage": usage}}
    return {
        "type": "session.shutdown",
        "data": {"modelMetrics": metrics, "shutdownType": "x"},
        "id": at,
        "timestamp": at,
    }


def test_copilots_sums_go_on_through_the_runs_of_a_session(read):
    start = {"type": "session.start", "data": {"sessionId": "c1", "copilotVersion": "1", "startTime": AT}, "id": "e0"}
    first = shutdown("2026-05-01T10:10:00Z", 4, inputTokens=90000, outputTokens=1200, cacheReadTokens=70000)
    second = shutdown("2026-05-02T10:10:00Z", 6, inputTokens=95000, outputTokens=1500, cacheReadTokens=72000)
    anew = shutdown("2026-05-03T10:10:00Z", 1, inputTokens=1000, outputTokens=10, cacheReadTokens=0)
    answer = {"type": "assistant.message", "data": {"outputTokens": 210}, "id": "e2", "timestamp": AT}
    found = read(lines(start, answer, first, start, answer, second, anew))
    # 95,000 and 1,500 for the second run if each were taken as it is
    assert tokens(found) == [(20000, 70000, None, 1200), (3000, 2000, None, 300), (1000, 0, None, 10)]
    assert found.usage["requests"].to_list() == [4, 2, 1]
    assert found.usage["usage_date"].to_list() == [date(2026, 5, day) for day in (1, 1, 2)], (
        "of the run, not the session"
    )
    assert set(found.usage["grain"]) == {"session"}


def test_amps_ledger_has_its_cache_in_the_messages(read):
    usage = {"inputTokens": 10, "outputTokens": 178, "cacheCreationInputTokens": 986, "cacheReadInputTokens": 11372}
    message = {"role": "assistant", "messageId": 1, "usage": {**usage, "model": "m", "timestamp": AT}}
    event = {"id": "e", "timestamp": AT, "model": "m", "toMessageId": 1, "tokens": {"input": 10, "output": 178}}
    thread = {"id": "T-1", "messages": [{"role": "user", "messageId": 0}, message]}
    with_ledger = read(json.dumps({**thread, "usageLedger": {"events": [event]}}))
    assert tokens(with_ledger) == tokens(read(json.dumps(thread))) == [(10, 11372, 986, 178)]


def test_droids_session_is_one_row_that_grows(read):
    def session(**counts):
        told = {
            "inputTokens": 10,
            "outputTokens": 8,
            "cacheCreationTokens": 3,
            "cacheReadTokens": 9,
            "thinkingTokens": 1,
        }
        return json.dumps(
            {"model": "custom:Claude-Opus-4.7-[Own]", "providerLockTimestamp": AT, "tokenUsage": told | counts}
        )

    small, large = read(session()), read(session(outputTokens=80))
    assert (small.row["model"], tokens(small)) == ("claude-opus-4-7", [(10, 9, 3, 9)])
    assert small.row["usage_id"] == large.row["usage_id"]


def test_kimis_updates_of_one_session_count_each(read):
    def update(at, **usage):
        payload = {"message_id": "msg-1", "token_usage": usage}
        return {"timestamp": at, "message": {"type": "StatusUpdate", "payload": payload}}

    more = update(1776162404.5, input_other=1, output=2)
    found = read(
        lines({"type": "metadata", "protocol_version": "1.3"}, update(1776162403, input_other=100, output=40), more)
    )
    assert (found.format, found.row_count, found.ignored_count) == ("kimi", 2, 1)
    assert set(found.usage["model"]) == {"kimi-for-coding"}


def test_cline_counts_what_it_deleted_and_names_models_where_it_can(read):
    def said(say, **stated):
        return {"ts": 1777629600000, "type": "say", "say": say, "text": json.dumps(stated)}

    named = said("api_req_started", tokensIn=120, tokensOut=800, cacheWrites=3, cacheReads=9, cost=0.31)
    named["modelInfo"] = {"providerId": "anthropic", "modelId": "claude-x"}
    begun, text = said("api_req_started", request="SECRET"), {"ts": 2, "type": "say", "say": "text", "text": "SECRET"}
    gone = said("deleted_api_reqs", tokensIn=5, tokensOut=6, cacheWrites=0, cacheReads=0, cost=0.1)
    found = read(json.dumps([text, begun, named, gone]))
    assert (found.format, tokens(found)) == ("cline", [(120, 9, 3, 800), (5, 0, 0, 6)])
    assert found.usage["model"].to_list() == ["claude-x", "unknown"]
    assert found.usage["grain"].to_list() == ["request", "session"]
    assert found.usage["reported_cost_usd"].to_list() == [Decimal("0.31"), Decimal("0.1")]
    assert "SECRET" not in found.usage.write_json() + found.rejects.write_json()


def test_openclaw_names_its_model_before(read):
    def answer(number, **usage):
        message = {"role": "assistant", "usage": {"cost": {"total": 0.5}, **usage}, "content": "SECRET"}
        return {"type": "message", "id": f"m{number}", "parentId": None, "timestamp": AT, "message": message}

    change = {"type": "model_change", "provider": "openai", "modelId": "gpt-x"}
    hour = answer(1, input=2, output=3, cacheRead=4, cacheWrite=10, cacheWrite1h=6, totalTokens=19)
    only_total = answer(2, totalTokens=333)
    found = read(
        lines({"type": "session", "version": 3, "id": "s", "timestamp": AT, "cwd": "/x"}, change, hour, only_total)
    )
    assert found.rules == []
    row, alone = found.usage.rows(named=True)
    # A total without parts is not lost.
    assert (alone["input_uncached_tokens"], alone["output_tokens"]) == (333, None)
    assert (row["lower_bound_reason"], alone["lower_bound_reason"]) == (None, "rest_at_default")
    # 10 at the price of five minutes if the hour's were not told apart
    assert (row["cache_write_5m_tokens"], row["cache_write_1h_tokens"]) == (4, 6)
    assert (row["provider"], row["model"], row["conversation_id"]) == ("openai", "gpt-x", "s")


def test_groks_models_have_counts_of_their_own(read):
    part = {"inputTokens": 800, "outputTokens": 80, "cachedReadTokens": 600, "cacheCreationTokens": 100}
    rest = {"inputTokens": 200, "outputTokens": 20, "cachedReadTokens": 100, "cacheCreationTokens": 0}
    usage = {"inputTokens": 1000, "outputTokens": 100, "modelUsage": {"grok-4": part, "grok-4-mini": rest}}
    update = {"sessionUpdate": "turn_completed", "prompt_id": "p", "usage": usage}
    turn = {"timestamp": 1785225600, "method": "_x.ai/session/update", "params": {"sessionId": "s", "update": update}}
    chunk = {"method": "session/update", "params": {"update": {"sessionUpdate": "agent_message_chunk"}}}
    found = read(lines(chunk, turn, turn))
    assert tokens(found) == [(100, 600, 100, 80), (100, 100, 0, 20)]
    assert found.usage["usage_at"][0] == datetime(2026, 7, 28, 8)


def test_codebuddys_cache_is_inside_the_prompt_under_either_name(read):
    def line(number, **usage):
        return {
            "id": f"chatcmpl-{number}" + "A" * 25,
            "type": "function_call",
            "timestamp": 1779947694866,
            "sessionId": "s",
            "cwd": "/Users/me/proj",
            "providerData": {"model": "MaaS_x", "rawUsage": usage},
        }

    written = {"prompt_tokens": 74408, "completion_tokens": 281, "total_tokens": 74689}
    first = line(1, **written, cache_creation_input_tokens=74402, cache_read_input_tokens=0)
    second = line(2, prompt_tokens=1500, completion_tokens=42, total_tokens=1542, cache_read_input_tokens=1400)
    place = {"timestamp": 1, "sessionId": "s", "cwd": "/x"}
    result = {"id": "call-1", "type": "function_call_result", "content": [], **place}
    found = read(lines(first, first, result, second))
    assert (found.format, tokens(found)) == ("codebuddy", [(6, 0, 74402, 281), (100, 1400, None, 42)])
    assert set(found.usage["project_id"]) == {"proj"}
    assert found.usage["usage_id"].str.starts_with("response").all()


def test_a_turn_of_codex_exec_is_what_the_threads_sums_grew_by(read):
    def turn(**usage):
        return {"type": "turn.completed", "usage": usage}

    first = turn(input_tokens=100, cached_input_tokens=60, output_tokens=10, reasoning_output_tokens=4)
    second = turn(input_tokens=250, cached_input_tokens=160, output_tokens=15, reasoning_output_tokens=4)
    thread = {"type": "thread.started", "thread_id": "019f0000-0000-7000-8000-0000000000aa"}
    found = read(lines(thread, {"type": "turn.started"}, first, {"type": "turn.started"}, second))
    # 250 and 160 for the second if the sums were taken as they are
    assert tokens(found) == [(40, 60, None, 10), (50, 100, None, 5)]
    # 0x019f00000000 milliseconds
    assert found.usage["usage_at"][0] == datetime(2026, 6, 25, 18, 17, 7, 840000)


def stream(*events):
    return lines({"type": "system", "subtype": "init", "session_id": "s", "model": "m"}, *events)


def said(number, model, **usage):
    message = {
        "id": f"msg_{number}" + "a" * 24,
        "role": "assistant",
        "model": model,
        "usage": usage,
        "content": "SECRET",
    }
    return {"type": "assistant", "session_id": "s", "timestamp": AT, "parent_tool_use_id": None, "message": message}


def test_a_claude_run_is_its_answers_and_what_its_sums_hold_beside_them(read):
    answer = said(1, "opus", input_tokens=3, cache_creation_input_tokens=40, cache_read_input_tokens=7, output_tokens=1)
    other = said(2, "opus", input_tokens=5, cache_creation_input_tokens=0, cache_read_input_tokens=47, output_tokens=2)
    opus = {"inputTokens": 8, "outputTokens": 113, "cacheReadInputTokens": 54, "cacheCreationInputTokens": 40}
    haiku = {"inputTokens": 9, "outputTokens": 4, "cacheReadInputTokens": 0, "cacheCreationInputTokens": 0}
    sums = {"opus[1m]": opus, "haiku": haiku}
    result = {"type": "result", "subtype": "success", "session_id": "s", "usage": {}, "modelUsage": sums}
    found = read(stream(answer, answer, other, result))
    assert found.format == "claude_stream"
    by_model = found.usage.group_by("model", maintain_order=True).agg(pl.col(METERS).sum()).rows()
    # 7 out without the sums, 116 and 12 in if they came on top
    assert by_model == [("opus", 8, 54, 40, 113), ("haiku", 9, 0, 0, 4)]
    assert found.usage["grain"].to_list() == ["request", "request", "session", "session"]
    assert "SECRET" not in found.usage.write_json()


def test_a_claude_run_without_sums_by_model_has_the_sums_of_its_model(read):
    answer = said(1, "opus", input_tokens=3, output_tokens=1)
    result = {"type": "result", "subtype": "x", "session_id": "s", "usage": {"input_tokens": 3, "output_tokens": 90}}
    found = read(stream(answer, result))
    assert found.usage.select("model", "output_tokens").rows() == [("opus", 1), ("opus", 89)]


def test_a_run_that_is_cut_off_has_its_answers(read):
    found = read(stream(said(1, "opus", input_tokens=3, output_tokens=1)))
    assert (found.row["output_tokens"], found.row["usage_at"]) == (1, datetime(2026, 5, 1, 10))


def attributes(**values):
    return [{"key": key, "value": {"stringValue": str(value)}} for key, value in values.items()]


def event(**values):
    named = attributes(**{"event.name": "api_request"}, **values)
    record = {"timeUnixNano": "1777629600000000000", "attributes": named}
    return {"resourceLogs": [{"resource": {"attributes": []}, "scopeLogs": [{"logRecords": [record]}]}]}


def test_events_of_claude_code_that_are_equal_but_for_their_number_count_each(read):
    counts = {
        "input_tokens": 12,
        "output_tokens": 3,
        "cache_read_tokens": 9,
        "cache_creation_tokens": 1,
        "cost_usd": 0.3,
    }
    owners = {"session.id": "s", "user.email": "a@b", "organization.id": "o", "model": "claude-x"}
    first = event(**counts, **owners, **{"event.sequence": 1})
    second = event(**counts, **owners, **{"event.sequence": 2, "speed": "fast"})
    found = read(lines(first, first, second))
    assert (found.format, tokens(found)) == ("claude_code_events", [(12, 9, 1, 3)] * 2)
    assert found.usage["service_tier"].to_list() == ["standard", "fast"]
    assert found.usage.select("user_id", "conversation_id").rows() == [("a@b", "s")] * 2


@pytest.mark.parametrize(("temporality", "expected"), [(1, [12, 30]), (2, [12, 18])])
def test_counted_tokens_are_steps_or_sums_so_far(read, temporality, expected):
    def export(time, count):
        named = attributes(type="output", model="claude-x", **{"session.id": "s"})
        times = {"startTimeUnixNano": "1777629600000000000", "timeUnixNano": time}
        total = {
            "aggregationTemporality": temporality,
            "dataPoints": [{"attributes": named, **times, "asDouble": count}],
        }
        metrics = [{"name": "claude_code.token.usage", "sum": total}, {"name": "other"}]
        return {"resourceMetrics": [{"resource": {}, "scopeMetrics": [{"metrics": metrics}]}]}

    found = read(lines(export("1777629660000000000", 12), export("1777629720000000000", 30)))
    assert found.format == "claude_code_metrics"
    assert found.usage.sort("usage_until")["output_tokens"].to_list() == expected


def test_copilots_span_and_log_record_are_one_call_and_agents_repeat_theirs(read):
    counts = {"gen_ai.usage.input_tokens": 12000, "gen_ai.usage.output_tokens": 150, "gen_ai.request.model": "gpt-x"}
    place = {"traceId": "5b8e", "spanId": "00f0"}
    called = {**counts, "gen_ai.operation.name": "chat"}
    told = {**counts, "event.name": "gen_ai.client.inference.operation.details"}
    span = {"type": "span", **place, "name": "chat gpt-x", "startTime": [1777629600, 5], "attributes": called}
    log = {"hrTime": [1777629601, 0], "spanContext": place, "attributes": told}
    agent = {**span, "spanId": "00f1", "attributes": {**counts, "gen_ai.operation.name": "invoke_agent"}}
    found = read(lines(agent, span, log | {"type": "log"}))
    # 36,000 if each were a call
    assert (found.format, tokens(found)) == ("copilot_otel", [(12000, None, None, 150)])


@pytest.mark.parametrize(
    ("end", "rules"),
    [("2026-05-02T11:00:00+00:00", []), ("2026-05-02T11:00:01+00:00", ["session_is_longer_than_a_day"])],
)
def test_a_sum_of_a_session_of_several_days_is_refused_because_no_day_has_it(read, end, rules):
    stats = {"session_prompt_tokens": 120_000, "session_completion_tokens": 3_000}
    meta = {"session_id": "v1", "start_time": "2026-05-01T10:00:00+00:00", "end_time": end, "stats": stats}
    found = read(json.dumps(meta | {"config": {"active_model": "devstral-2"}}))
    assert (found.rules, found.row_count) == (rules, 1 - len(rules))
