"""OTLP traces: only innermost model calls count, cache inside the input, old names, numbers as strings."""

import json
from datetime import datetime
from pathlib import Path

import pytest

SAMPLE = Path(__file__).parents[3] / "usage_files" / "otel_genai.jsonl"


def span(number=1, parent=None, **attributes):
    values = {
        "gen_ai.operation.name": "chat",
        "gen_ai.response.model": "gpt-x",
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 20,
        **{name.replace("__", "."): value for name, value in attributes.items()},
    }
    pairs = [
        {"key": key, "value": {"intValue" if isinstance(value, int) else "stringValue": value}}
        for key, value in values.items()
        if value is not None
    ]
    ids = {"traceId": "t", "spanId": str(number), "parentSpanId": parent, "startTimeUnixNano": "1772323200000000000"}
    return {**ids, "attributes": pairs}


def export(*spans):
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}]})


def usage(**counts):
    return {f"gen_ai__usage__{name}": value for name, value in counts.items()}


def test_totals_of_the_sample(read):
    found = read(SAMPLE)
    # The agent's span and an HTTP request are no calls.
    assert (found.format, found.row_count, found.ignored_count, found.rules) == ("otel_genai", 2, 2, [])
    # 1000 - 600, 400 - 50; with the agent's span 2,800 input tokens instead of 1,400
    assert found.usage["input_uncached_tokens"].to_list() == [400, 350]
    assert found.usage["cache_read_tokens"].to_list() == [600, None]
    assert found.usage["cache_write_5m_tokens"].to_list() == [None, 50]
    assert found.usage["output_tokens"].to_list() == [200, 100]
    assert found.usage["of_which_reasoning_tokens"].to_list() == [128, None]
    assert found.usage.select("provider", "channel", "model", "feature").rows() == [
        ("openai", "azure", "gpt-5-mini-2025-08-07", "shop"),
        ("anthropic", "api", "claude-sonnet-5", None),
    ]
    assert found.usage["usage_at"].to_list()[0] == datetime(2026, 3, 1, 0, 0, 1, 500000)
    assert "SECRET" not in found.usage.write_json()


def test_of_nested_calls_the_innermost_counts(read):
    outer = span(1, **usage(input_tokens=300, output_tokens=60))
    tool = span(2, "1", gen_ai__operation__name="execute_tool", **usage(input_tokens=None, output_tokens=None))
    found = read(export(outer, tool, span(3, "2"), span(4, "1"), span(5, "1")))
    # 600 input tokens if the outer call counted too
    assert found.usage["input_uncached_tokens"].sum() == 300


def test_a_circle_of_parents_ends(read):
    assert read(export(span(1, "2"), span(2, "1"))).row_count == 0


def test_spans_of_the_same_response_are_one_row(read):
    response = {"gen_ai__response__id": "msg_011Ceg4JPKYmtcdo6jbwE3qC"}
    found = read(export(span(1, **response), span(2, **response), span(3), span(4)))
    assert found.usage.height == 3


def test_who_bills(read):
    words = {"openai.chat": ("openai", "api"), "aws.bedrock": ("unknown", "bedrock"), "gcp.gemini": ("google", "api")}
    found = read(export(*(span(number, gen_ai__system=word) for number, word in enumerate(words))))
    assert found.usage.select("provider", "channel").rows() == list(words.values())
    assert read(export(span())).row["provider"] == "unknown"


def test_broken_spans_are_refused_with_their_rule(read):
    spans = {
        "no_model": span(gen_ai__response__model=None),
        "no_token_counts": span(**usage(input_tokens=None)),
        "not_a_count": span(**usage(output_tokens="many")),
        "cached_exceeds_input": span(**usage(cache_read__input_tokens=101)),
        "cached_kind_is_unknown": span(**usage(cache_read__input_tokens=5, audio__input_tokens=5)),
        "reasoning_exceeds_output": span(**usage(reasoning__output_tokens=21)),
        "kinds_exceed_output": span(**usage(audio__output_tokens=21)),
        "unknown_service_tier": span(openai__response__service_tier="gold"),
        "no_identity": {**span(), "traceId": None},
        "not_a_timestamp": {**span(), "startTimeUnixNano": None},
    }
    found = read("\n".join(export(one) for one in spans.values()))
    assert found.rules == list(spans)


def test_an_export_of_another_shape_is_refused(read):
    found = read(export(span()) + '\n{"resourceSpans": [{"scopeSpans": 5}]}\n{"resourceMetrics": []}')
    assert (found.row_count, found.rules) == (1, ["not_this_format"] * 2)


def scoped(name, *spans):
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"scope": {"name": name}, "spans": list(spans)}]}]})


CACHED = usage(cache_read_input_tokens=60)


def prompt(found):
    row = found.row
    return row["input_uncached_tokens"], row["cache_read_tokens"], row["lower_bound_reason"]


def test_who_counted_tells_where_the_cache_is(read):
    aws = {"gen_ai__system": "AWS", **CACHED}
    assert prompt(read(scoped("opentelemetry.instrumentation.bedrock", span(**aws)))) == (100, 60, None)
    assert prompt(read(scoped("opentelemetry.instrumentation.langchain", span(**aws)))) == (40, 60, None)
    anthropic = {"gen_ai__system": "anthropic", **CACHED}
    assert prompt(read(scoped("opentelemetry.instrumentation.anthropic", span(**anthropic)))) == (40, 60, None)
    # OpenAI's API counts it inside, whoever passes that on.
    assert prompt(read(scoped("own", span(gen_ai__system="openai", **CACHED)))) == (40, 60, None)


def test_where_nothing_tells_the_least_is_counted_and_flagged(read):
    for provider in ("anthropic", "aws.bedrock"):
        assert prompt(read(scoped("own", span(gen_ai__provider__name=provider, **CACHED)))) == (
            40,
            60,
            "cache_may_be_apart",
        )
    assert prompt(read(scoped("own", span(gen_ai__provider__name="anthropic")))) == (100, None, None)


def test_counts_prove_where_the_cache_is(read):
    own = {"gen_ai__system": "anthropic"}
    assert prompt(read(scoped("own", span(**own, **usage(cache_read_input_tokens=600))))) == (100, 600, None)
    beside = usage(cache_read_input_tokens=60, total_tokens=180)
    assert prompt(read(scoped("own", span(**own, **beside)))) == (100, 60, None)


def test_the_ai_sdk_passed_on_what_the_api_counts(read):
    counted = {"ai__usage__cachedInputTokens": 60, "gen_ai__system": "anthropic.messages"}
    assert prompt(read(scoped("ai", span(**counted)))) == (100, 60, None)
    stated = {"ai__usage__inputTokenDetails__noCacheTokens": 40, "ai__usage__inputTokenDetails__cacheReadTokens": 60}
    assert prompt(read(scoped("ai", span(gen_ai__system="anthropic.messages", **stated)))) == (40, 60, None)
    written = json.dumps({"anthropic": {"cacheCreationInputTokens": 7}})
    row = read(scoped("ai", span(**counted, ai__response__providerMetadata=written))).row
    assert row["cache_write_5m_tokens"] == 7


def test_spans_around_a_call_are_left_out_on_whichever_line_they_are(read):
    lines = [export(span(3, "2")), export(span(2, "1", gen_ai__usage__input_tokens=None)), export(span(1))]
    for order in (lines, lines[::-1], [lines[1], lines[0], lines[2]]):
        found = read("\n".join(order))
        assert found.usage["span_id"].to_list() == ["t/3"]
    # Sisters are two calls.
    assert read(export(span(2, "1")) + "\n" + export(span(3, "1")) + "\n" + export(span(1))).usage.height == 2


@pytest.mark.parametrize(
    ("provider", "resource", "owners"),
    [
        ("aws.bedrock", {"cloud.provider": "aws", "cloud.account.id": "111"}, ("111", "111")),
        ("openai", {"cloud.provider": "aws", "cloud.account.id": "111"}, ("default", None)),
        ("aws.bedrock", {"cloud.provider": "gcp", "cloud.account.id": "shop-1"}, ("default", None)),
        ("gcp.vertex_ai", {"cloud.provider": "gcp", "cloud.account.id": "shop-1"}, ("default", "shop-1")),
        ("aws.bedrock", {"cloud.account.id": "111"}, ("default", None)),
        ("anthropic", {"organization.id": "org-1"}, ("org-1", None)),
        ("aws.bedrock", {"organization.id": "o", "cloud.provider": "aws", "cloud.account.id": "1"}, ("o", "1")),
    ],
)
def test_the_account_is_the_organization_or_that_of_the_cloud_that_is_asked(read, provider, resource, owners):
    attributes = [{"key": key, "value": {"stringValue": value}} for key, value in resource.items()]
    scopes = [{"spans": [span(**{"gen_ai.provider.name": provider})]}]
    found = read(json.dumps({"resourceSpans": [{"resource": {"attributes": attributes}, "scopeSpans": scopes}]}))
    assert found.usage.select("account_id", "project_id").row(0) == owners


def test_an_organization_that_the_span_names_comes_first(read):
    found = read(export(span(**{"organization.id": "org-2"})))
    assert found.usage["account_id"].to_list() == ["org-2"]
