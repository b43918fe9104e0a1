"""The tier is what the record says, wherever a tool writes it; a request tells it only where nothing else does."""

import json

import pytest

FLEX = {"service_tier": "flex"}
USAGE = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
AI_SDK = "ai.response.providerMetadata"


def response(**other):
    return {"id": "c1", "created": 1772323200, "model": "gpt-5", "usage": USAGE, **other}


def span(**attributes):
    counts = {"gen_ai.request.model": "gpt-5", "gen_ai.usage.input_tokens": 1, "gen_ai.usage.output_tokens": 1}
    pairs = [{"key": key, "value": {"stringValue": str(value)}} for key, value in (counts | attributes).items()]
    told = {"traceId": "1" * 32, "spanId": "2" * 16, "startTimeUnixNano": "1772323200000000000", "attributes": pairs}
    return {"resourceSpans": [{"scopeSpans": [{"spans": [told]}]}]}


def litellm(**other):
    row = {"request_id": "r", "call_type": "acompletion", "spend": 0.1, "startTime": "2026-03-01T00:00:00"}
    return {**row, "model": "gpt-5", **USAGE, **other}


def langfuse(**other):
    usage = {"input": 100, "output": 20, "total": 120}
    row = {
        "id": "o",
        "type": "GENERATION",
        "trace_id": "t",
        "start_time": "2026-03-01 00:00:00",
        "usage_details": usage,
    }
    return {**row, "provided_model_name": "gpt-5", **other}


def helicone(**other):
    times = {"request_created_at": "2026-03-01T00:00:00Z", "response_created_at": "2026-03-01T00:00:00Z"}
    row = {"response_id": "r", "request_id": "q", "response_status": 200, "response_model": "gpt-5", **times}
    return row | USAGE | other


def bedrock(body=None, **other):
    said = {"outputTokenCount": 20} | ({"outputBodyJson": body} if body else {})
    place = {"schemaType": "ModelInvocationLog", "requestId": "r", "operation": "Converse", "region": "us-east-1"}
    row = {"timestamp": "2026-03-01T00:00:00Z", "modelId": "amazon.nova-pro-v1:0", "input": {"inputTokenCount": 100}}
    return place | row | {"output": said} | other


def traced(key):
    return langfuse(metadata={"attributes": {key: "flex"}})


@pytest.mark.parametrize(
    "record",
    [
        response(**FLEX),
        response(usage=USAGE | FLEX),
        {"response": response(**FLEX)},
        {"response": response(), **FLEX},
        span(**{"openai.response.service_tier": "flex"}),
        span(**{"gen_ai.response.service_tier": "flex"}),
        span(**{AI_SDK: '{"openai": {"serviceTier": "flex"}}'}),
        span(**{AI_SDK: '{"vertex": {"usageMetadata": {"trafficType": "ON_DEMAND_FLEX"}}}'}),
        span(**{"openai.request.service_tier": "flex"}),
        litellm(metadata={"usage_object": FLEX}),
        litellm(response=FLEX),
        litellm(response={"usage": FLEX}),
        langfuse(metadata=FLEX),
        langfuse(model_parameters=FLEX),
        helicone(response_body=FLEX),
        helicone(response_body={"response": FLEX}),
        helicone(response_body={"usage": FLEX}),
        helicone(request_body=FLEX),
        bedrock({"serviceTier": {"type": "flex"}}),
        bedrock({"usage": FLEX}),
        bedrock(serviceTier={"type": "flex"}),
        bedrock(serviceTier="flex"),
        traced("openai.request.service_tier"),
        traced("openai.response.service_tier"),
        traced("gen_ai.openai.response.service_tier"),
    ],
    ids=lambda record: json.dumps(record)[-60:],
)
def test_flex(read, record):
    row = read(json.dumps(record)).row
    assert (row["service_tier"], row["lower_bound_reason"]) == ("flex", None)


@pytest.mark.parametrize(
    "record",
    [
        span(**{"openai.request.service_tier": "flex", "openai.response.service_tier": "default"}),
        langfuse(model_parameters=FLEX, metadata={"service_tier": "default"}),
        span(**{"openai.request.service_tier": "auto"}),
        span(**{AI_SDK: '{"openai": {"responseId": "r"}}'}),
        span(**{AI_SDK: "cut off {"}),
        langfuse(model_parameters={"temperature": 1}),
    ],
    ids=lambda record: json.dumps(record)[-60:],
)
def test_standard(read, record):
    row = read(json.dumps(record)).row
    assert (row["service_tier"], row["lower_bound_reason"]) == ("standard", None)


@pytest.mark.parametrize(
    "record",
    [span(**{"openai.request.service_tier": "priority"}), langfuse(modelParameters={"serviceTier": "priority"})],
)
def test_a_dearer_tier_that_was_only_asked_for_is_flagged(read, record):
    row = read(json.dumps(record)).row
    assert (row["service_tier"], row["lower_bound_reason"]) == ("standard", "tier_only_asked")


@pytest.mark.parametrize(
    "record",
    [
        response(usage=USAGE | {"service_tier": "scale"}),
        span(**{AI_SDK: '{"openai": {"serviceTier": "scale"}}'}),
        litellm(response={"service_tier": "scale"}),
        langfuse(metadata={"service_tier": "scale"}),
    ],
)
def test_an_unknown_word_is_refused(read, record):
    assert read(json.dumps(record)).rules == ["unknown_service_tier"]


def codex(*events):
    meta = ("session_meta", {"id": "s", "cli_version": "0.155.0"})
    given = [meta, *events]
    return "\n".join(
        json.dumps({"timestamp": f"2026-08-01T10:00:{number:02d}Z", "type": kind, "payload": payload})
        for number, (kind, payload) in enumerate(given)
    )


def turn(**other):
    return "turn_context", {"model": "gpt-5.5", **other}


def setting(tier):
    return "event_msg", {"type": "thread_settings_applied", "thread_settings": {"service_tier": tier}}


def request(number):
    last = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
    told = {"last_token_usage": last, "total_token_usage": {name: count * number for name, count in last.items()}}
    return "event_msg", {"type": "token_count", "info": told}


@pytest.mark.parametrize(
    ("events", "tiers"),
    [
        ([turn(), request(1)], ["standard"]),
        # Set for the thread, so it holds for later turns until it is set again.
        (
            [
                turn(),
                request(1),
                setting("priority"),
                turn(),
                request(2),
                turn(),
                request(3),
                setting("default"),
                request(4),
            ],
            ["standard", "priority", "priority", "standard"],
        ),
        ([setting("fast"), turn(), request(1), setting(None), turn(), request(2)], ["priority", "standard"]),
        ([turn(service_tier="fast"), request(1)], ["priority"]),
        ([turn(service_tier="flex"), request(1)], ["flex"]),
    ],
)
def test_codex_has_the_tier_of_its_settings(read, events, tiers):
    assert read(codex(*events)).usage["service_tier"].to_list() == tiers
