"""A count that a log states under several names is the largest of them: tools fill with 0 what they do not know."""

import json

import pytest

PROMPT = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}


def response(**usage):
    return {"id": "c", "created": 1772323200, "model": "m", "usage": PROMPT | usage}


def litellm(**usage):
    row = {
        "request_id": "r",
        "call_type": "acompletion",
        "spend": 0.1,
        "startTime": "2026-03-01T00:00:00",
        "model": "m",
    }
    return row | PROMPT | {"metadata": {"usage_object": usage}}


def langfuse(**usage):
    row = {"id": "o", "type": "GENERATION", "trace_id": "t", "start_time": "2026-03-01 00:00:00", "model": "m"}
    return row | {"usage_details": {"input": 1000, "output": 100, "total": 1100} | usage}


@pytest.mark.parametrize(
    "record",
    [
        response(cached_tokens=600, prompt_tokens_details={"cached_tokens": 0}),
        response(prompt_cache_hit_tokens=600, prompt_tokens_details={"cached_tokens": 0}),
        response(cached_tokens=0, prompt_tokens_details={"cached_tokens": 600}),
        litellm(cached_tokens=600, cache_read_input_tokens=0),
        litellm(prompt_cache_hit_tokens=600),
        litellm(cache_read_input_tokens=0, prompt_tokens_details={"cached_tokens": 600}),
        langfuse(input_cached_tokens=0, cached_tokens=600),
        langfuse(cache_read_input_tokens=600, input_cached_tokens=0),
    ],
    ids=lambda record: json.dumps(record)[-60:],
)
def test_cached(read, record):
    row = read(json.dumps(record)).row
    assert (row["input_uncached_tokens"], row["cache_read_tokens"], row["lower_bound_reason"]) == (400, 600, None)
