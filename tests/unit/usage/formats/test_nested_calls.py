"""Calls behind one answer: each once, in every format that keeps Anthropic's list of them."""

import json

import pytest

from pipelines.usage.nested_calls import COUNTS, calls_behind

MAIN, ADVISOR = "claude-sonnet-4-6", "claude-opus-4-8"
OWN = {"type": "message", "input_tokens": 10, "output_tokens": 20, "cache_read_input_tokens": 100}
ASKED = {"type": "advisor_message", "model": ADVISOR, "input_tokens": 1000, "output_tokens": 50}
FALLEN_BACK = ASKED | {"type": "message"}
ID = "msg_01NestedExample000000001"
RIGHT = [(ADVISOR, 1000, 0, 50), (MAIN, 10, 100, 20)]
LEFT_OUT, INSIDE, ALONE = (10, 20, 100), (1010, 70, 100), (1000, 50, 0)


def usage(stated, steps):
    entered, given, read = stated
    counts = {"input_tokens": entered, "output_tokens": given, "cache_read_input_tokens": read}
    return counts | {"iterations": steps}


def message(stated, steps):
    said = {"id": ID, "type": "message", "role": "assistant", "model": MAIN, "content": []}
    return said | {"usage": usage(stated, steps)}


def claude_code(stated, steps):
    place = {"type": "assistant", "sessionId": "s", "requestId": "r", "timestamp": "2026-08-01T10:00:00Z"}
    return place | {"message": message(stated, steps)}


def claude_stream(stated, steps):
    return {"type": "assistant", "session_id": "s", "parent_tool_use_id": None, "message": message(stated, steps)}


def batch_result(stated, steps):
    return {"custom_id": "c", "result": {"type": "succeeded", "message": message(stated, steps)}}


def litellm(stated, steps):
    entered, given, read = stated
    counts = {"prompt_tokens": entered + read, "completion_tokens": given, "total_tokens": entered + read + given}
    row = {
        "request_id": ID,
        "call_type": "acompletion",
        "spend": 0.1,
        "startTime": "2026-08-01T10:00:00",
        "model": MAIN,
    }
    said = {"cache_read_input_tokens": read, "iterations": steps, "server_tool_use": {"web_search_requests": 2}}
    return row | counts | {"metadata": {"usage_object": said}}


FORMATS = [claude_code, claude_stream, batch_result, message, litellm]


def counts(rows):
    names = ("input_uncached_tokens", "cache_read_tokens", "output_tokens")
    return sorted(
        (model, *(count or 0 for count in found)) for model, *found in rows.select("model", *names).iter_rows()
    )


@pytest.mark.parametrize("record", FORMATS)
@pytest.mark.parametrize("other", [ASKED, FALLEN_BACK], ids=["advisor", "another model"])
@pytest.mark.parametrize("stated", [LEFT_OUT, INSIDE], ids=["left out", "inside"])
def test_another_model_is_a_call_of_its_own(read, record, other, stated):
    found = read(json.dumps(record(stated, [OWN, other])))
    assert (counts(found.usage), found.rules) == (RIGHT, [])
    assert found.usage["web_searches"].fill_null(0).sum() == (2 if record is litellm else 0)


@pytest.mark.parametrize("record", FORMATS)
def test_an_answer_without_a_step_of_its_own_model(read, record):
    assert counts(read(json.dumps(record(ALONE, [ASKED]))).usage) == RIGHT[:1]


@pytest.mark.parametrize("record", FORMATS)
def test_of_steps_that_cannot_be_read_the_answer_counts_and_is_flagged(read, record):
    row = read(json.dumps(record(LEFT_OUT, [5, {"input_tokens": 3}]))).row
    assert (row["model"], row["input_uncached_tokens"], row["output_tokens"]) == (MAIN, 10, 20)
    assert row["lower_bound_reason"] == "calls_not_read"


def test_a_call_has_one_name_in_all_formats(read):
    """So that two logs of one answer count its advisor once."""
    names = [frozenset(read(json.dumps(one(LEFT_OUT, [OWN, ASKED]))).usage["usage_id"]) for one in FORMATS]
    assert len(names[0]) == 2
    assert set(names) == {names[0]}


def test_a_writes_split_is_kept_only_where_every_step_has_it():
    parted = OWN | {"cache_creation_input_tokens": 4, "cache_creation": {"ephemeral_1h_input_tokens": 4}}
    stated = dict.fromkeys(COUNTS) | {"input_tokens": "20", "output_tokens": "40", "cache_read": "0"}
    for steps, split in (([parted, parted], "8"), ([parted, OWN], None)):
        (call,) = calls_behind(MAIN, stated, steps)
        assert (call.counts["write_1h"], call.counts["input_tokens"]) == (split, "20")
