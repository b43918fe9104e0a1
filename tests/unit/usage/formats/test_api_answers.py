"""Answers and batch outputs of APIs, gateways and reports of tools: tiers, ids, lifetimes, what is inside what."""

import json
import os
from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest

from pipelines.costs.export_focus import INSTANT_FORMAT
from pipelines.costs.focus import FOCUS_VERSIONS, INPUT_SCHEMA, focus_rows
from tests.unit.costs.test_focus import PRICED

METERS = ("input_uncached_tokens", "cache_read_tokens", "cache_write_5m_tokens", "output_tokens")
AT = "2026-05-01T10:00:00Z"
MESSAGE = "msg_" + "1" * 24


def lines(*records):
    return "".join(json.dumps(record) + "\n" for record in records)


def tokens(found):
    assert found.rules == []
    return [tuple(row[name] for name in METERS) for row in found.usage.iter_rows(named=True)]


def message(**usage):
    told = {"input_tokens": 9, "output_tokens": 25, **usage}
    return {
        "id": MESSAGE,
        "type": "message",
        "role": "assistant",
        "model": "claude-x",
        "content": "SECRET",
        "usage": told,
    }


def test_an_answer_and_a_result_of_a_batch(read):
    answer = read(lines({"timestamp": AT, **message(service_tier="standard", cache_read_input_tokens=7)}))
    held = read(lines({"timestamp": AT, "request": {}, "response": message()}))
    result = read(lines({"custom_id": "q", "result": {"type": "succeeded", "message": message()}}))
    assert {found.format for found in (answer, held, result)} == {"anthropic_messages"}
    assert tokens(answer) == [(9, 7, 0, 25)]
    assert tokens(held) == tokens(result) == [(9, None, 0, 25)]
    assert [found.row["service_tier"] for found in (answer, held, result)] == ["standard", "standard", "batch"]
    # The same answer in three logs.
    assert len({found.row["usage_id"] for found in (answer, held, result)}) == 1
    assert "SECRET" not in answer.usage.write_json()


def test_results_that_failed_are_not_billed(read):
    error = {"custom_id": "q", "result": {"type": "errored", "error": {"type": "x", "message": "SECRET"}}}
    found = read(lines(error, {"custom_id": "r", "result": {"type": "expired"}}))
    assert (found.format, found.row_count, found.ignored_count) == ("anthropic_messages", 0, 2)


@pytest.mark.parametrize(
    ("usage", "written"),
    [
        ({"cache_creation_input_tokens": 100}, (100, None)),
        ({"cache_creation_input_tokens": 100, "cache_creation": {"ephemeral_1h_input_tokens": 60}}, (40, 60)),
        # what the parts leave of their total is of the default lifetime
        (
            {
                "cache_creation_input_tokens": 100,
                "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 60},
            },
            (40, 60),
        ),
        ({"cache_creation": {"ephemeral_5m_input_tokens": 10}}, (10, 0)),
    ],
)
def test_writes_by_lifetime(read, usage, written):
    row = read(lines({"timestamp": AT, **message(**usage)})).row
    assert (row["cache_write_5m_tokens"], row["cache_write_1h_tokens"]) == written


def test_writes_of_more_than_their_total_are_refused_as_in_every_log_of_them(read):
    usage = {
        "cache_creation_input_tokens": 100,
        "cache_creation": {"ephemeral_5m_input_tokens": 60, "ephemeral_1h_input_tokens": 60},
    }
    found = read(lines({"timestamp": AT, **message(**usage)}))
    assert found.usage.is_empty()
    assert "less than the sum" in found.rejects["detail"].item()


def test_calls_behind_an_answer_that_its_sums_leave_out(read):
    own = {"type": "message", "input_tokens": 9, "output_tokens": 25}
    advice = {"type": "advisor_message", "model": "claude-y", "input_tokens": 700, "output_tokens": 80}
    squeeze = {"type": "compaction", "input_tokens": 50, "output_tokens": 5}
    found = read(lines({"timestamp": AT, **message(iterations=[own, advice, squeeze])}))
    assert tokens(found) == [(9, None, 0, 25), (700, None, 0, 80), (50, None, 0, 5)]
    assert found.usage["model"].to_list() == ["claude-x", "claude-y", "claude-x"]


def test_speed_and_place_of_an_answer(read):
    row = read(lines({"timestamp": AT, **message(speed="fast", service_tier="standard", inference_geo="us")})).row
    assert (row["service_tier"], row["region"]) == ("fast", "us")


def test_an_answer_without_a_time_is_of_its_file(read, tmp_path):
    path = tmp_path / "results.jsonl"
    path.write_text(lines({"custom_id": "q", "result": {"type": "succeeded", "message": message()}}))
    stamp = datetime(2026, 4, 3, 2, 1, tzinfo=UTC).timestamp()
    os.utime(path, (stamp, stamp))
    found = read(path)
    assert found.row["usage_at"] == datetime(2026, 4, 3, 2, 1)
    assert found.count.dated_by_file_count == 1
    assert read(lines({"timestamp": AT, **message()})).count.dated_by_file_count == 0


def test_bedrock_batches_of_several_makers(read):
    def record(number, output):
        return {"recordId": f"R{number}", "modelInput": {"prompt": "SECRET"}, "modelOutput": output}

    nova = {"output": {}, "usage": {"inputTokens": 100, "outputTokens": 20, "cacheReadInputTokenCount": 5}}
    llama = {"generation": "SECRET", "prompt_token_count": 50, "generation_token_count": 6}
    mistral = {"usage": {"prompt_tokens": 40, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 30}}}
    failed = {"recordId": "R5", "modelInput": {}, "error": {"errorCode": 400}}
    claude = message(cache_read_input_tokens=1)
    found = read(
        lines(record(1, claude), record(2, nova), record(3, llama), record(3, llama), record(4, mistral), failed)
    )
    assert (found.format, found.ignored_count) == ("bedrock_batch", 1)
    # Two records that are equal in all they say are two.
    expected = [(9, 1, 0, 25), (100, 5, None, 20), (50, None, None, 6), (50, None, None, 6), (10, 30, None, 4)]
    assert tokens(found) == expected
    assert set(found.usage["service_tier"]) == {"batch"}
    assert set(found.usage["channel"]) == {"bedrock"}
    assert found.usage["model"].to_list() == ["claude-x", *["unknown"] * 4]


def vertex(**other):
    usage = {"promptTokenCount": 1000, "candidatesTokenCount": 200, "thoughtsTokenCount": 300, "totalTokenCount": 1500}
    told = {"candidates": [], "modelVersion": "gemini-2.5-flash", "responseId": "r1", "usageMetadata": usage}
    return {"response": {**told, **other}}


def test_gemini_batches_are_batches_whatever_their_traffic_type_says(read):
    usage = vertex()["response"]["usageMetadata"] | {"trafficType": "ON_DEMAND"}
    on_vertex = {"status": "", "processed_time": AT, "request": {"contents": []}, **vertex(usageMetadata=usage)}
    of_gemini = {"key": "request-1", **vertex()}
    first, second = read(lines(on_vertex, {"status": "failed", "request": {}})), read(lines(of_gemini))
    assert {first.format, second.format} == {"gemini_batch"}
    # 200 if thoughts were left out
    assert tokens(first) == tokens(second) == [(1000, None, None, 500)]
    assert [found.row["service_tier"] for found in (first, second)] == ["batch", "batch"]
    assert [found.row["channel"] for found in (first, second)] == ["vertex", "api"]
    assert (first.row["usage_date"], first.ignored_count) == (date(2026, 5, 1), 1)


def test_embeddings_alone_and_in_batches(read):
    body = {"object": "list", "data": [], "model": "e", "usage": {"prompt_tokens": 12, "total_tokens": 12}}
    plain = read(lines({"timestamp": AT, **body}, {"timestamp": AT, **body}))
    batch = {"id": "batch_req_1", "custom_id": "r", "response": {"status_code": 200, "body": body}}
    batched = read(lines(batch, batch))
    # Nothing tells two equal answers apart, and both were asked for.
    assert tokens(plain) == [(12, None, None, None)] * 2
    assert tokens(batched) == [(12, None, None, None)]
    assert (plain.usage["service_tier"][0], batched.row["service_tier"]) == ("standard", "batch")


def test_cohere_bills_its_own_units(read):
    usage = {
        "billed_units": {"input_tokens": 5, "output_tokens": 2},
        "tokens": {"input_tokens": 60},
        "cached_tokens": 4,
    }
    found = read(lines({"id": "c", "timestamp": AT, "model": "command-a", "usage": usage, "message": {}}))
    assert tokens(found) == [(5, None, None, 2)]
    assert (found.row["provider"], found.row["model"]) == ("cohere", "command-a")
    searches = {"id": "s", "timestamp": AT, "model": "rerank-v3.5", "meta": {"billed_units": {"search_units": 3}}}
    searches["meta"]["api_version"] = {"version": "2"}
    found = read(lines(searches))
    assert found.rules == []
    assert (found.row["rerank_queries"], found.row["input_uncached_tokens"]) == (3, 0)


def test_realtime_kinds_and_what_of_each_was_cached(read):
    details = {"text_tokens": 119, "audio_tokens": 13, "image_tokens": 4, "cached_tokens": 67}
    details["cached_tokens_details"] = {"text_tokens": 64, "audio_tokens": 3, "image_tokens": 0}
    usage = {"total_tokens": 257, "input_tokens": 136, "output_tokens": 121, "input_token_details": details}
    usage["output_token_details"] = {"text_tokens": 30, "audio_tokens": 91}
    session = {"type": "session.created", "event_id": "e1", "session": {"model": "gpt-realtime", "id": "s"}}
    done = {"type": "response.done", "event_id": "e2", "response": {"id": "resp_" + "1" * 22, "usage": usage}}
    found = read(lines(session, {"type": "response.created", "event_id": "e3", "response": {}}, done))
    assert (found.format, found.ignored_count) == ("openai_realtime", 2)
    row = found.row
    assert tokens(found) == [(55, 64, None, 30)]
    kinds = ("audio_input_tokens", "audio_cache_read_tokens", "audio_output_tokens", "image_input_tokens")
    assert tuple(row[name] for name in kinds) == (10, 3, 91, 4)
    assert row["model"] == "gpt-realtime"


def run(**other):
    metadata = {"ls_provider": "anthropic", "ls_model_name": "claude-x", "thread_id": "t"}
    counts = {"prompt_tokens": 12000, "completion_tokens": 150, "total_tokens": 12150}
    place = {"id": "5b1e", "trace_id": "5b1e", "run_type": "llm", "start_time": "2026-05-01T10:00:00.000000"}
    return {**place, "extra": {"metadata": metadata}, **counts, **other}


def test_langsmith_counts_model_calls_and_not_the_chains_around_them(read):
    details = {"cache_read": 9000, "ephemeral_1h_input_tokens": 100, "ephemeral_5m_input_tokens": 50}
    found = read(lines(run(id="1", run_type="chain"), run(prompt_token_details=details)))
    assert (found.format, tokens(found), found.ignored_count) == ("langsmith", [(2850, 9000, 50, 150)], 1)
    assert (found.row["cache_write_1h_tokens"], found.row["conversation_id"]) == (100, "t")
    beside = read(lines(run(prompt_token_details={"cache_read": 9000}, total_tokens=21150)))
    assert tokens(beside) == [(12000, 9000, None, 150)]


def test_portkeys_cents_and_own_cache(read):
    log = {
        "id": "a",
        "created_at": AT,
        "ai_org": "openai",
        "ai_model": "m",
        "req_units": 12,
        "res_units": 3,
        "cost": 3.9,
    }
    found = read(
        lines(log, {**log, "id": "b", "cache_status": "HIT"}, {**log, "id": "c", "req_units": 0, "res_units": 0})
    )
    # 3.90 dollars if cents were dollars
    assert (found.row["reported_cost_usd"], found.ignored_count) == (Decimal("0.039"), 2)


def test_a_vercel_report_without_models_or_days_is_refused(read):
    result = {"day": "2026-05-01", "model": "m", "input_tokens": 1, "output_tokens": 2, "cached_input_tokens": 3}
    result["total_cost"] = 0.5
    one = read(json.dumps({"results": [result]}))
    assert (one.format, one.row["usage_until"], one.row["grain"]) == ("vercel_gateway", datetime(2026, 5, 2), "bucket")
    without = [{key: value for key, value in result.items() if key != name} for name in ("model", "day")]
    assert read(json.dumps({"results": without})).rules == ["no_model", "not_a_timestamp"]


def test_openrouters_own_keys_are_added_and_variants_named(read):
    day = {"date": "2026-05-01", "model": "x/m:free", "model_permaslug": "x/m-2026", "endpoint_id": "e", "usage": 0.1}
    day |= {"byok_usage_inference": 0.2, "requests": 5, "prompt_tokens": 50, "completion_tokens": 125}
    found = read(json.dumps({"data": [day]}))
    # 0.30000000000000004 in binary numbers
    assert (found.row["model"], found.row["reported_cost_usd"]) == ("x/m-2026:free", Decimal("0.3"))
    made = {"id": "gen-1777629600-" + "a" * 20, "created_at": AT, "model": "x/m", "native_tokens_prompt": 12}
    made |= {"native_tokens_completion": 26, "native_tokens_cached": 3, "total_cost": 0.5, "tokens_prompt": 10}
    made |= {"is_byok": True, "upstream_inference_cost": 0.25, "service_tier": "priority"}
    row = read(lines({"data": made})).row
    assert (row["input_uncached_tokens"], row["service_tier"], row["reported_cost_usd"]) == (
        9,
        "priority",
        Decimal("0.75"),
    )


def day_of_agents(**other):
    model = {
        "modelName": "claude-x",
        "inputTokens": 28,
        "outputTokens": 12,
        "cacheCreationTokens": 2,
        "cacheReadTokens": 9,
    }
    day = {"inputTokens": 28, "outputTokens": 12, "cacheReadTokens": 9, "modelsUsed": ["claude-x"], **other}
    return day | {
        "modelBreakdowns": [{**model, "cost": 8.4}, {"modelName": "gpt-5.9", "cost": {"microdollars": 1500000}}]
    }


@pytest.mark.parametrize("name", ["date", "period"])
def test_days_of_ccusage_and_agentsview(read, name):
    found = read(json.dumps({"daily": [day_of_agents(**{name: "2026-04-12"})], "totals": {}}))
    assert (found.format, tokens(found)) == ("ccusage", [(28, 9, 2, 12), (0, 0, 0, 0)])
    assert set(found.usage.select("usage_at", "usage_until", "grain").rows()) == {
        (datetime(2026, 4, 12), datetime(2026, 4, 13), "bucket")
    }
    assert found.usage["reported_cost_usd"].to_list() == [Decimal("8.4"), Decimal("1.5")]
    # By the names of other logs, so that the larger of both reports counts.
    assert found.usage["provider"].to_list() == ["anthropic", "openai"]


def test_wider_reports_of_ccusage_are_refused(read):
    found = read(json.dumps({"monthly": [day_of_agents(month="2026-04")]}))
    assert (found.format, found.rules) == ("ccusage", ["not_this_format"])
    assert "daily --json" in found.rejects["detail"][0]


CALL = {"sessionId": "s", "timestamp": "2026-05-01T23:59:59Z", "provider": "opencode", "model": "m", "inputTokens": 10}
CALL |= {"outputTokens": 5, "reasoningTokens": 3, "cacheWriteTokens": 2, "cacheReadTokens": 7, "cost": 0.5}


def test_codeburns_records_in_both_forms(read):
    inside = {**CALL, "provider": "codex"}
    export = {"schema": "codeburn.export.v2", "currency": {"code": "USD"}, "records": [CALL, CALL, inside]}
    as_json = read(json.dumps(export))
    header = ",".join(CALL)
    as_csv = read("\n".join([header, *(",".join(map(str, one.values())) for one in (CALL, CALL, inside))]))
    assert (as_json.format, as_csv.format) == ("codeburn_json", "codeburn")
    # Reasoning beside the output, and inside it; two equal calls are two.
    assert tokens(as_json) == tokens(as_csv) == [(10, 7, 2, 8), (10, 7, 2, 8), (10, 7, 2, 5)]
    assert set(as_json.usage["usage_at"]) == {datetime(2026, 5, 1)}
    assert as_json.usage["reported_cost_usd"].sum() == Decimal("1.5")
    # The currency of a table is not told.
    assert as_csv.usage["reported_cost_usd"].null_count() == 3


@pytest.mark.parametrize("currency", [{"code": "EUR", "symbol": "€", "rate": 0.92}, "EUR", {}, None])
def test_a_cost_of_codeburn_in_another_currency_is_not_taken_for_dollars(read, currency):
    found = read(json.dumps({"schema": "codeburn.export.v2", "currency": currency, "records": [CALL]}))
    assert (found.row_count, found.usage["reported_cost_usd"].to_list()) == (1, [None])


EVENTS = (
    '"Date","Kind","Model","Input (w/ Cache Write)","Input (w/o Cache Write)","Cache Read","Output Tokens","Cost"\n'
)


def test_cursors_words_are_no_money_and_failed_events_no_usage(read):
    row = '"2026-05-01T10:00:00Z","{}","auto","30","12","90","8","{}"\n'
    failed = '"2026-05-01T10:00:00Z","Errored, Not Charged","auto","0","0","0","0","-"\n'
    kinds = (("Included", "Included"), ("Included", "Included"), ("On-Demand", "$0.31"))
    found = read(EVENTS + "".join(row.format(*kind) for kind in kinds) + failed)
    # Two equal events are two.
    assert (tokens(found), found.ignored_count) == ([(12, 90, 30, 8)] * 3, 1)
    assert found.usage["reported_cost_usd"].to_list() == [None, None, Decimal("0.31")]


def focus(**other):
    plain = {"BilledCost": "1.25", "BillingCurrency": "USD", "ChargeCategory": "Usage", "ServiceCategory": "x"}
    plain |= {"ChargePeriodStart": "2026-05-01T00:00:00Z", "ChargePeriodEnd": "2026-05-02T00:00:00Z"}
    told = {"ServiceCategory": "AI and Machine Learning", "ProviderName": "AWS", "PublisherName": "Anthropic"}
    return plain | told | {"ChargeDescription": "Claude, input", "ConsumedQuantity": "5", "SubAccountId": "a"} | other


def table(*rows):
    return "\n".join([",".join(rows[0]), *(",".join(f'"{value}"' for value in row.values()) for row in rows)])


def test_a_focus_file_is_what_was_invoiced(read):
    credit = focus(BilledCost="-0.25", ChargeCategory="Credit")
    other, foreign = focus(ServiceCategory="Compute"), focus(BillingCurrency="Euro")
    found = read(table(focus(), focus(), credit, other, foreign))
    assert (found.format, found.rules, found.ignored_count) == ("focus", ["not_a_currency"], 1)
    amounts = found.usage.select("amount_usd", "is_credit").rows()
    # Two equal charges are two.
    assert sorted(amounts) == [(Decimal("-0.25"), True), (Decimal("1.25"), False), (Decimal("1.25"), False)]
    row = found.usage.row(0, named=True)
    assert (row["provider"], row["channel"], row["project_id"]) == ("anthropic", "bedrock", "a")


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        ({"ModelId": "claude-x", "ModelDeveloper": "Anthropic", "TokenDirection": "Output"}, ("claude-x", "output")),
        ({"ModelId": "claude-x", "TokenDirection": "Input", "TokenCacheAction": "Read"}, ("claude-x", "cache_read")),
        ({"ModelId": "gpt", "TokenDirection": "Input", "TokenCacheAction": "Uncached"}, ("gpt", "input_uncached")),
        ({"ModelId": "claude-x", "TokenDirection": "Input", "TokenCacheAction": "Write"}, ("claude-x", None)),
        ({"ModelId": "claude-x", "TokenDirection": "Input"}, ("claude-x", None)),
        ({"x_Own": 1}, (None, None)),
        ([], (None, None)),
    ],
)  # fmt: skip
def test_a_focus_file_of_1_4_and_of_the_draft_of_1_5(read, properties, told):
    """1.4 has no ProviderName and PublisherName any more; the draft of 1.5 names model and tokens in the details."""
    row = focus(ServiceProviderName="Amazon Web Services", HostProviderName="AWS", SkuPriceDetails="DETAILS")
    row = {name: value for name, value in row.items() if name not in ("ProviderName", "PublisherName")}
    details = json.dumps(properties).replace('"', '""')
    found = read(table(row).replace("DETAILS", details))
    (one,) = found.usage.iter_rows(named=True)
    assert (one["amount_usd"], one["channel"]) == (Decimal("1.25"), "bedrock")
    assert (one["model"], one["meter"]) == told
    assert one["provider"] == ("anthropic" if "ModelDeveloper" in properties else "amazon web services")


@pytest.mark.parametrize("version", FOCUS_VERSIONS)
def test_our_own_charges_of_every_version_are_read_back(read, version):
    bedrock = {"channel": "bedrock", "provider": "anthropic", "model": "claude-x", "meter": "cache_read"}
    charges = focus_rows(pl.DataFrame([PRICED | bedrock], schema=INPUT_SCHEMA), version)
    found = read(charges.write_csv(datetime_format=INSTANT_FORMAT))
    names = ("provider", "channel", "model", "meter", "amount_usd", "project_id", "account_id")
    assert found.usage.select(names).rows() == [
        ("anthropic", "bedrock", "claude-x", "cache_read", Decimal("0.54954"), "proj_A", "default")
    ]


def test_openinference_spans_are_read_with_its_names(read):
    def span(number, kind, **counts):
        named = {"openinference.span.kind": kind, "llm.model_name": "m", "llm.provider": "openai"}
        named |= {f"llm.token_count.{name}": value for name, value in counts.items()}
        pairs = [{"key": key, "value": {"stringValue": str(value)}} for key, value in named.items()]
        return {"traceId": "t", "spanId": f"s{number}", "startTimeUnixNano": "1777629600000000000", "attributes": pairs}

    call = span(1, "LLM", **{"prompt": 12000, "completion": 150, "prompt_details.cache_read": 9000})
    chain = span(2, "CHAIN", prompt=12000, completion=150)
    found = read(lines({"resourceSpans": [{"scopeSpans": [{"spans": [chain, call]}]}]}))
    assert (found.format, tokens(found), found.row["provider"]) == ("otel_genai", [(3000, 9000, None, 150)], "openai")


@pytest.mark.parametrize("value", [-1, "x", 1.5, {"a": 1}])
def test_counts_that_are_none_are_refused_and_told(read, value):
    found = read(lines(run(prompt_tokens=value)))
    assert (found.row_count, found.count.reject_count) == (0, 1)


def test_bills_of_copilot_by_day_and_user(read):
    header = "date,username,product,sku,model,quantity,unit_type,gross_amount,discount_amount,net_amount,organization\n"
    paid = "2026-05-01,dev,copilot,copilot_premium_request,Claude Opus 4.7,3,requests,0.12,0.02,0.10,acme\n"
    found = read(header + paid + paid + paid.replace("copilot,", "actions,", 1))
    assert (found.format, found.ignored_count) == ("copilot_billing", 1)
    assert found.usage["amount_usd"].sum() == Decimal("0.2")
    assert found.usage.select(pl.col("starts_at").unique()).item() == datetime(2026, 5, 1)
