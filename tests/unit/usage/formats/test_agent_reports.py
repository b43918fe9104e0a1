"""Reports of tools that read agents' logs, and telemetry of Gemini CLI and Qwen Code: totals by hand, and traps."""

import json
from datetime import datetime
from decimal import Decimal

import pytest

METERS = ("input_uncached_tokens", "cache_read_tokens", "cache_write_5m_tokens", "output_tokens")


def tokens(found):
    return [tuple(count or 0 for count in row) for row in found.usage.select(METERS).iter_rows()]


def spans(found):
    return found.usage.select("usage_at", "usage_until").rows()


MODEL = {"modelName": "claude-x", "inputTokens": 28, "outputTokens": 12, "cacheCreationTokens": 2, "cacheReadTokens": 9}
COUNTS = {"inputTokens": 28, "outputTokens": 12, "cacheReadTokens": 9, "modelsUsed": ["claude-x"], "totalCost": 1.5}
TOTALS = {"inputTokens": 56, "outputTokens": 24, "cacheCreationTokens": 4, "cacheReadTokens": 18, "totalCost": 3}


def day(**named):
    return {**COUNTS, "modelBreakdowns": [{**MODEL, "cost": 1.5}], **named}


def test_ccusage_by_project(read):
    projects = {"-home-me-shop": [day(date="2026-04-12")], "api": [day(date="2026-04-12")]}
    found = read(json.dumps({"projects": projects, "totals": TOTALS}))
    # Without the project in its identity the second day of the same counts would be the first.
    assert (found.format, tokens(found)) == ("ccusage", [(28, 9, 2, 12)] * 2)
    assert found.usage["project_id"].to_list() == ["-home-me-shop", "api"]
    assert found.usage["grouping"].to_list() == ["project_id"] * 2


@pytest.mark.parametrize("named", ["2026-04-12 13:00", "2026-04-12T13:00:00Z", "2026-04-12-13"])
def test_hours_are_hours(read, named):
    found = read(json.dumps({"hourly": [day(hour=named)], "totals": TOTALS}))
    # A day if the hour were cut off, which would compete with a log of the whole day.
    assert spans(found) == [(datetime(2026, 4, 12, 13), datetime(2026, 4, 12, 14))]


def test_projects_by_month_are_refused(read):
    found = read(json.dumps({"projects": {"api": [day(month="2026-04")]}, "totals": TOTALS}))
    assert (found.format, found.rules) == ("ccusage", ["not_this_format"])


def test_blocks_of_one_model_have_its_name(read):
    counts = {"inputTokens": 28, "outputTokens": 12, "cacheCreationInputTokens": 2, "cacheReadInputTokens": 9}
    times = {"startTime": "2026-04-12T10:00:00.000Z", "endTime": "2026-04-12T15:00:00.000Z"}
    block = {**times, "isGap": False, "tokenCounts": counts, "costUSD": 1.5, "models": ["claude-x"]}
    later = {"startTime": "2026-04-12T15:00:00.000Z", "endTime": "2026-04-12T20:00:00.000Z"}
    several = {**block, **later, "models": ["claude-x", "claude-y"]}
    gap = {**block, "isGap": True, "startTime": "2026-04-12T20:00:00.000Z"}
    found = read(json.dumps({"blocks": [block, several, gap]}))
    assert (found.format, tokens(found)) == ("ccusage", [(28, 9, 2, 12)] * 2)
    assert found.usage["model"].to_list() == ["claude-x", "unknown"]
    assert spans(found)[0] == (datetime(2026, 4, 12, 10), datetime(2026, 4, 12, 15))


USED = {"input_tokens": 28, "output_tokens": 12, "cache_creation_tokens": 2, "cache_read_tokens": 9}
NOTHING = dict.fromkeys(USED, 0)


def money(microdollars):
    return {"cost": {"microdollars": microdollars}}


def hour(period, *models, version=3, **other):
    by_model = [{"key": name, **counts, **money(1_500_000)} for name, counts in models]
    usage = {"totals": USED, "by_model": by_model, "by_agent": [{"key": "claude", **USED}], "by_project": []}
    told = {"schema_version": version, "period": period, "digest": "sha256:0", "has_data": True, "activity": {}}
    return {**told, "usage": usage, **other}


def test_hours_of_agentsview(read):
    one = hour("2026-07-28-13", ("claude-x", USED), ("gpt-y", NOTHING))
    found = read(json.dumps(one))
    # Models, agents and projects each hold all: 84 input tokens if each counted.
    assert (found.format, tokens(found)) == ("agentsview_export", [(28, 9, 2, 12)])
    assert spans(found) == [(datetime(2026, 7, 28, 13), datetime(2026, 7, 28, 14))]
    assert found.row["reported_cost_usd"] == Decimal("1.5")
    whole = {"schema_version": 3, "date": "2026-07-28", "complete": False, "has_data": True, "hours": [one]}
    assert read(json.dumps(whole)).row["usage_id"] == found.row["usage_id"]


def test_cells_of_agentsview_name_owners(read):
    cell = {"bucket_start": "2026-07-28T13:05:00Z", "project": "shop", "project_key": "k", "agent": "claude"}
    cells = [{**cell, "model": "claude-x", "automation": kind, "usage": USED} for kind in ("subagent", "interactive")]
    one = hour("2026-07-28-13", ("claude-x", USED), version=4, bucket_seconds=300, joint={"cells": cells})
    found = read(json.dumps(one))
    # The cells, and not the hour's sums beside them.
    assert tokens(found) == [(28, 9, 2, 12)] * 2
    assert spans(found) == [(datetime(2026, 7, 28, 13, 5), datetime(2026, 7, 28, 13, 10))] * 2
    assert set(found.usage.select("project_id", "feature").rows()) == {("shop", "claude")}


def telemetry(name, **counts):
    told = {"event.name": name, "session.id": "s", "model": "m", "prompt_id": "p", "auth_type": "oauth", **counts}
    pairs = [{"key": key, "value": {"stringValue": str(value)}} for key, value in told.items()]
    record = {"timeUnixNano": "1777629600000000000", "attributes": pairs}
    return json.dumps({"resourceLogs": [{"resource": {}, "scopeLogs": [{"scope": {}, "logRecords": [record]}]}]})


ANSWER = {"input_token_count": 100, "output_token_count": 20, "cached_content_token_count": 60}
ANSWER |= {"thoughts_token_count": 5, "tool_token_count": 0}


@pytest.mark.parametrize(
    ("name", "more", "output"),
    [
        # Gemini's thoughts stand beside its output, Qwen's inside.
        ("gemini_cli.api_response", {}, 25),
        ("gemini_cli.api_response", {"total_token_count": 125}, 25),
        ("qwen-code.api_response", {}, 20),
        ("qwen-code.api_response", {"total_token_count": 120}, 20),
        ("qwen-code.api_response", {"total_token_count": 125}, 25),
    ],
)
def test_telemetry_of_gemini_cli_and_qwen_code(read, name, more, output):
    found = read(telemetry(name, **ANSWER, **more))
    assert (found.format, tokens(found)) == ("gemini_cli_events", [(40, 60, 0, output)])
    assert (found.row["of_which_reasoning_tokens"], found.row["conversation_id"]) == (5, "s")
    assert found.row["usage_at"] == datetime(2026, 5, 1, 10)


def test_qwens_telemetry_names_the_response(read):
    response = "chatcmpl-0123456789abcdef01234567"
    by_log = {"id": response, "created": 1777629600, "model": "m"}
    by_log["usage"] = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
    names = {read(telemetry("qwen-code.api_response", **ANSWER, response_id=response)).row["usage_id"]}
    assert names == {read(json.dumps(by_log)).row["usage_id"]}


def test_events_that_are_no_answer_are_ignored(read):
    found = read("\n".join([telemetry("gemini_cli.user_prompt"), telemetry("gemini_cli.api_response", **ANSWER)]))
    assert (found.row_count, found.ignored_count) == (1, 1)
