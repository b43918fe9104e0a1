"""A session that two logs of one tool state counts once, by the more detailed of them, and the other is shown."""

import pytest

from tests.unit.costs.test_overlap import counted, ids, request

SESSION = "0c8f2f6e-2b1f-4a53-9b1c-6f2a9a1f0001"


def row(name, tokens, number=0, **differences):
    said = {"format": name, "conversation_id": SESSION, "model": "claude-opus-4-8", "provider": "anthropic"}
    return request(tokens, number, **said | differences)


PAIRS = [
    ("claude_code", "claude_code_events", "request"),
    ("claude_code", "claude_code_metrics", "session"),
    ("claude_code_events", "claude_code_metrics", "session"),
    ("claude_code", "claude_stream", "session"),
    ("claude_stream", "claude_code_metrics", "session"),
    ("codex", "codex_exec", "session"),
    ("gemini_cli", "qwen_usage_record", "session"),
]


@pytest.mark.parametrize(("detailed", "other", "grain"), PAIRS)
def test_the_more_detailed_log_of_a_session_counts(detailed, other, grain):
    logs = [row(detailed, 30), row(detailed, 12, 1)]
    kept, overlaps = counted([*logs, row(other, 50, 2, grain=grain)])
    assert kept == ids(*logs)
    shown = overlaps.select("report", "tokens", "counted_report", "counted_tokens").rows()
    assert shown == [(f"{other}, by session", 50, f"{detailed}, the same sessions", 42)]


@pytest.mark.parametrize(
    "apart",
    [
        {"conversation_id": "0c8f2f6e-2b1f-4a53-9b1c-6f2a9a1f0002"},
        {"conversation_id": None},
        {"model": "claude-haiku-4-5"},  # the titles of sessions, which session logs do not hold
        {"account_id": "team-b"},
        {"format": "codex_exec"},  # another tool
    ],
)
def test_what_is_not_the_same_session_counts_beside_it(apart):
    log = row("claude_code", 30, account_id="team-a")
    sums = row("claude_code_metrics", 50, 1, **{"grain": "session", "account_id": "team-a"} | apart)
    assert counted([log, sums])[0] == ids(log, sums)


def test_a_log_without_an_account_is_that_of_the_telemetry_that_names_it():
    log, events = row("claude_code", 30), row("claude_code_events", 31, 1, account_id="org-1")
    assert counted([events, log])[0] == ids(log)


def test_an_output_without_a_model_is_the_session_whatever_its_model():
    log = row("codex", 30, model="gpt-x", provider="openai")
    sums = row("codex_exec", 30, 1, model="unknown", provider="openai", grain="session")
    assert counted([sums, log])[0] == ids(log)


def test_answers_that_name_their_response_stay():
    log, answer = row("claude_code", 30), row("claude_stream", 5, 1)
    assert counted([log, answer])[0] == ids(log, answer)
