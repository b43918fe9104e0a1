"""Calls inside a response: which the response's counts hold, the sums tell."""

import json

import pytest

MESSAGE = "msg_01IterationExample000001"
MAIN, ADVISOR = "claude-sonnet-4-6", "claude-opus-4-7"


def step(kind, entered, given, read=0, **other):
    return {"type": kind, "input_tokens": entered, "output_tokens": given, "cache_read_input_tokens": read, **other}


def entry(top, iterations, message=MESSAGE, request="req_1"):
    entered, given, read = top
    usage = {"input_tokens": entered, "output_tokens": given, "cache_read_input_tokens": read, "iterations": iterations}
    body = {"id": message, "model": MAIN, "usage": {**usage, "server_tool_use": {"web_search_requests": 3}}}
    line = {"type": "assistant", "sessionId": "s", "timestamp": "2026-05-20T09:00:30Z", "requestId": request}
    return json.dumps({**line, "costUSD": 0.5, "message": body})


STEPS = [step("message", 10, 45, 100), step("advisor_message", 900, 70, model=ADVISOR), step("message", 5, 400, 140)]
COMPACTION = [step("compaction", 180_000, 3500), step("message", 23_000, 1000)]


def counts(usage):
    names = ("model", "input_uncached_tokens", "cache_read_tokens", "output_tokens")
    return sorted(usage.select(names).rows())


@pytest.mark.parametrize("top", [(15, 445, 240), (915, 515, 240), (10, 45, 100)], ids=["left_out", "inside", "first"])
def test_an_advisor_is_a_call_of_its_own_model(read, top):
    found = read(entry(top, STEPS)).usage
    assert counts(found) == [(ADVISOR, 900, 0, 70), (MAIN, 15, 240, 445)]
    # What is stated of the response as a whole counts once.
    assert found["web_searches"].sum() == 3
    assert found["reported_cost_usd"].drop_nulls().len() == 1


@pytest.mark.parametrize("top", [(23_000, 1000, 0), (203_000, 4500, 0)], ids=["left_out", "inside"])
def test_a_compaction_is_a_call_of_the_same_model(read, top):
    found = read(entry(top, COMPACTION)).usage
    assert counts(found) == [(MAIN, 23_000, 0, 1000), (MAIN, 180_000, 0, 3500)]


def test_a_compaction_alone_is_the_one_call(read):
    alone = COMPACTION[:1]
    for top in ((0, 0, 0), (180_000, 3500, 0)):
        assert counts(read(entry(top, alone)).usage) == [(MAIN, 180_000, 0, 3500)]


@pytest.mark.parametrize("steps", [[], None, [step("message", 15, 445, 240)], [STEPS[0], STEPS[2]]])
def test_steps_of_the_response_itself_are_no_calls_beside_it(read, steps):
    assert counts(read(entry((15, 445, 240), steps)).usage) == [(MAIN, 15, 240, 445)]


def test_statements_and_copies_of_a_response_count_its_calls_once(read):
    stated = [entry((15, 40, 240), None), entry((15, 445, 240), STEPS), entry((15, 445, 240), STEPS, request="req_2")]
    found = read("\n".join(stated)).usage
    assert counts(found) == [(ADVISOR, 900, 0, 70), (MAIN, 15, 240, 445)]


def test_two_advisors_of_one_response_are_two_calls(read):
    twice = [STEPS[0], STEPS[1], STEPS[1]]
    assert counts(read(entry((10, 45, 100), twice)).usage)[:2] == [(ADVISOR, 900, 0, 70)] * 2


@pytest.mark.parametrize("steps", [[STEPS[0], step("advisor_message", "many", 7, model=ADVISOR)], "none", [5]])
def test_of_steps_that_cannot_be_read_the_response_counts_and_is_flagged(read, steps):
    found = read(entry((15, 445, 240), steps))
    assert counts(found.usage) == [(MAIN, 15, 240, 445)]
    assert found.row["lower_bound_reason"] == "calls_not_read"
