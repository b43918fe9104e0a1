"""One response in the logs of several tools is one row, whichever comes first; numbers that servers reuse are not."""

import base64
import json
from datetime import datetime
from itertools import permutations

import polars as pl
import pytest

from pipelines.usage.dedup import identified, one_per_call
from pipelines.usage.response_ids import is_one_of_a_kind, with_provider_ids
from pipelines.usage.store_batch import merge
from pipelines.warehouse import ledger
from pipelines.warehouse.ledger_catalog import FILE_SCHEMA
from tests.one_import import import_file

AS_OF = datetime(2026, 11, 24, 12)
OPENAI = "chatcmpl-9XZmkzS1uPhRCoVdGQvBqqIbSgECt"
OPENROUTER = "gen-1764825647-2aPQ3i7WbPRQHsZN8WXD"
CREATED = 1772323200
RESPONSE = "resp_67ccd2bed1ec8190b14f964abc0542670bb6a6b452d3795b"
# What LiteLLM printed for resp_toy123, as a report on its Responses API has it: too short to be of one call.
TOY = "resp_bGl0ZWxsbTpjdXN0b21fbGxtX3Byb3ZpZGVyOm9wZW5haTttb2RlbF9pZDpOb25lO3Jlc3BvbnNlX2lkOnJlc3BfdG95MTIz"


def wrapped(response, model="None", *, is_padded=True, encode=base64.b64encode):
    text = encode(f"litellm:custom_llm_provider:openai;model_id:{model};response_id:{response}".encode()).decode()
    return "resp_" + (text if is_padded else text.rstrip("="))


def client(response, created=CREATED, cached=60):
    details = {"prompt_tokens_details": {"cached_tokens": cached}}
    usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120, **details}
    return json.dumps({"id": response, "created": created, "model": "gpt-x", "usage": usage})


def litellm(response):
    counts = {"total_tokens": 120, "prompt_tokens": 100, "completion_tokens": 20}
    usage = {"prompt_tokens_details": {"cached_tokens": 60}}
    owner = {"team_id": "shop", "custom_llm_provider": "openai", "spend": 0.5, "call_type": "acompletion"}
    times = {"startTime": "2026-02-28T23:59:59Z", "model": "gpt-x", "metadata": {"usage_object": usage}}
    return json.dumps({"request_id": response, **counts, **owner, **times})


def trace(response, span="1"):
    counts = {"gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 20}
    texts = {"gen_ai.response.id": response, "gen_ai.response.model": "gpt-x", "gen_ai.operation.name": "chat"}
    attributes = [{"key": key, "value": {"intValue": value}} for key, value in counts.items()]
    attributes += [{"key": key, "value": {"stringValue": value}} for key, value in texts.items()]
    ids = {"traceId": "t", "spanId": span, "startTimeUnixNano": f"{CREATED}000000000"}
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [{**ids, "attributes": attributes}]}]}]})


def openrouter(generation):
    row = {"generation_id": generation, "created_at": "2026-03-01 00:00:00", "cost_total": "0.5"}
    row |= {"byok_usage_inference": "0", "tokens_prompt": "100", "tokens_completion": "20", "tokens_reasoning": "0"}
    row |= {"tokens_cached": "60", "model_permaslug": "openai/gpt-x", "variant": "standard"}
    row |= {"user": "", "api_key_name": "", "app_name": ""}
    return ",".join(row) + "\n" + ",".join(row.values())


@pytest.fixture
def ledger_of(tmp_path):
    """The rows of a ledger after importing these logs, one file after the other."""

    def write(*logs):
        folder, files = tmp_path / "-".join(str(hash(log)) for log in logs), pl.DataFrame(schema=FILE_SCHEMA)
        folder.mkdir()
        for number, log in enumerate(logs):
            file = folder / f"log{number}"
            file.write_text(log + "\n")
            change = merge(folder, files, import_file(file, AS_OF).usage).files
            files = pl.concat([files.join(change, on="usage_date", how="anti"), change])
        return ledger.read(folder, files)

    return write


def test_one_response_in_three_logs_is_one_row_in_any_order(ledger_of):
    for logs in permutations([client(OPENAI), litellm(OPENAI), trace(OPENAI)]):
        (row,) = ledger_of(*logs).rows(named=True)
        # LiteLLM's tells most. The trace tells of no cache: by it 100 tokens would cost the full price.
        assert (row["format"], row["project_id"], row["provider"]) == ("litellm_spend_logs", "shop", "openai")
        assert (row["input_uncached_tokens"], row["cache_read_tokens"], row["output_tokens"]) == (40, 60, 20)


def test_the_id_that_litellm_made_of_a_response_is_the_one_inside():
    models = ["gpt-x", "gpt-xy", "gpt-xyz", "?>?>~~"]
    encoders = [base64.b64encode, base64.urlsafe_b64encode]
    made = [wrapped(RESPONSE, model, is_padded=is_padded, encode=encode)
            for model in models for is_padded in (True, False) for encode in encoders]  # fmt: skip
    twice = wrapped(wrapped(RESPONSE, is_padded=False))
    others = [
        None,
        "",
        "resp_",
        "resp_bGl0ZWxsbTpj",
        "resp_bGl0ZWxsbTpj!",
        "resp_bGl0ZWxsbTpj////",
        TOY,
        OPENAI,
        RESPONSE,
    ]
    rows = pl.DataFrame({"id": [*made, twice, *others]})
    expected = [*[RESPONSE] * (len(made) + 1), *others]
    assert with_provider_ids(rows, "id")["id"].to_list() == expected


@pytest.mark.parametrize("model", ["None", "a" * 64])
def test_a_call_in_litellms_log_and_in_the_clients_is_one_row_whoever_shows_which_id(ledger_of, model):
    made = wrapped(RESPONSE, model)
    for logs in ([litellm(made), trace(RESPONSE), client(wrapped(made))], [trace(made), litellm(RESPONSE)]):
        for order in (logs, logs[::-1]):
            (row,) = ledger_of(*order).rows(named=True)
            assert (row["project_id"], row["input_uncached_tokens"]) == ("shop", 40)


def test_two_calls_through_litellm_are_two_rows(ledger_of):
    other = RESPONSE.replace("67", "68")
    assert ledger_of(litellm(wrapped(RESPONSE)), trace(wrapped(other))).height == 2
    assert wrapped("resp_toy123") == TOY
    # What a server gives to several calls stays so inside LiteLLM's id.
    assert ledger_of(litellm(wrapped("chatcmpl-213")), trace(wrapped("chatcmpl-213"))).height == 2


def test_rows_of_before_are_known_by_the_id_inside():
    before = pl.DataFrame({"usage_id": [f"response\x1faccount\x1fa\x1f{wrapped(RESPONSE)}", f"response\x1f{RESPONSE}"]})
    frame = before.with_columns(format_usage_id=pl.lit(None, pl.String))
    assert identified(frame)["usage_id"].to_list() == [
        f"response\x1faccount\x1fa\x1f{RESPONSE}",
        f"response\x1f{RESPONSE}",
    ]


def test_a_log_that_tells_of_the_cache_counts_before_one_that_does_not(ledger_of):
    for logs in permutations([client(OPENAI, cached=60), trace(OPENAI)]):
        assert ledger_of(*logs)["input_uncached_tokens"].to_list() == [40]


def test_a_generation_of_openrouter_is_the_response_that_a_client_logged(ledger_of):
    found = ledger_of(client(OPENROUTER), openrouter(OPENROUTER))
    assert found.select("format", "channel", "input_uncached_tokens").rows() == [("openrouter", "openrouter", 40)]


def test_numbers_that_a_server_reuses_name_no_response(ledger_of):
    # Ollama draws from 999 numbers: two of its responses, each also in the proxy's log and in a trace of its own.
    clients = client("chatcmpl-42") + "\n" + client("chatcmpl-42", CREATED + 5)
    found = ledger_of(clients, litellm("chatcmpl-42"), trace("chatcmpl-42", "1"), trace("chatcmpl-42", "2"))
    formats = found["format"].sort().to_list()
    assert formats == ["litellm_spend_logs", "openai_compatible", "openai_compatible", "otel_genai", "otel_genai"]


def test_the_same_line_of_a_server_with_numbers_counts_once(ledger_of):
    assert ledger_of(client("chatcmpl-42"), client("chatcmpl-42") + "\n" + client("chatcmpl-7")).height == 2


def test_a_call_id_of_litellm_is_no_id_of_a_response(ledger_of):
    assert ledger_of(client(OPENAI), litellm("b980db26-9512-45cc-b1da-c511a363b83f")).height == 2


def test_ids_with_something_random_are_one_of_a_kind():
    known = {
        OPENAI: True,
        OPENROUTER: True,
        "chatcmpl-dce42116-9224-97d1-b606-ab49067948a6": True,
        "msg_011Ceg4JPKYmtcdo6jbwE3qC": True,
        "chatcmpl-1772323200123456789": False,
        "chatcmpl-static-1": False,
        "gen-1": False,
        "b980db26-9512-45cc-b1da-c511a363b83f": False,
        "None": False,
        None: False,
    }
    frame = pl.DataFrame({"id": list(known)}).select(is_one_of_a_kind("id"))
    assert frame["id"].to_list() == list(known.values())


CLAUDE = "msg_011Ceg4JPKYmtcdo6jbwE3qC"
HEAD = '{"type": "summary", "summary": "x", "leafUuid": "u"}\n'


def claude(message, request="req_1", output=20, entered=40, at="2026-03-01T00:00:00Z"):
    usage = {"input_tokens": entered, "output_tokens": output, "cache_read_input_tokens": 60}
    body = {"id": message, "model": "claude-opus-4-7", "usage": usage}
    line = {"type": "assistant", "sessionId": "s", "timestamp": at, "requestId": request, "message": body}
    return HEAD + json.dumps(line)


def bedrock(body_id):
    body = {"id": body_id, "usage": {}}
    counts = {"inputTokenCount": 40, "cacheReadInputTokenCount": 60}
    line = {"schemaType": "ModelInvocationLog", "timestamp": "2026-03-01T00:00:00Z", "requestId": "r-1"}
    line |= {"operation": "InvokeModel", "region": "us-east-1", "modelId": "anthropic.claude-opus-4-7", "input": counts}
    return json.dumps({**line, "output": {"outputTokenCount": 20, "outputBodyJson": body}})


def helicone(body_id, request="11111111-2222-4333-8444-555555555555"):
    line = {"response_id": request, "request_id": request, "request_created_at": "2026-03-01T00:00:00Z"}
    line |= {"response_status": 200, "prompt_tokens": 40, "completion_tokens": 20, "prompt_cache_read_tokens": 60}
    body = {"response_body": {"id": body_id}} if body_id else {}
    return json.dumps({**line, "response_model": "claude-opus-4-7", "provider": "ANTHROPIC", **body})


def langfuse(observation, **metadata):
    usage = {"input": 40, "output": 20, "cache_read_input_tokens": 60, "total": 120}
    line = {"id": observation, "type": "GENERATION", "trace_id": "t", "start_time": "2026-03-01T00:00:00Z"}
    line |= {"provided_model_name": "claude-opus-4-7", "usage_details": usage}
    return json.dumps({**line, "metadata": metadata} if metadata else line)


@pytest.mark.parametrize(
    "other",
    [
        bedrock(CLAUDE),
        helicone(CLAUDE),
        langfuse(f"time-10-00-00-123456_{CLAUDE}"),
        langfuse("o-1", attributes={"gen_ai.response.id": CLAUDE}),
        langfuse("o-1", response_id=CLAUDE),
        litellm(CLAUDE),
        litellm("b980db26-9512-45cc-b1da-c511a363b83f").replace(
            '"startTime"', f'"response": {{"id": "{CLAUDE}"}}, "startTime"'
        ),
        trace(CLAUDE),
    ],
    ids=["bedrock", "helicone", "langfuse_litellm", "langfuse_otel", "langfuse", "litellm", "litellm_body", "otel"],
)
def test_a_response_in_a_clients_and_in_a_proxys_log_is_one_row(ledger_of, other):
    for logs in permutations([claude(CLAUDE), other]):
        (row,) = ledger_of(*logs).rows(named=True)
        assert (row["usage_id"], row["output_tokens"], row["prompt_tokens"]) == (f"response\x1f{CLAUDE}", 20, 100)


def test_an_answer_copied_weeks_later_under_another_request_is_the_same(ledger_of):
    later = claude(CLAUDE, "req_2", at="2026-03-29T00:00:00Z")
    for logs in permutations([claude(CLAUDE), later]):
        found = ledger_of(*logs)
        # Told as of the day when it was given.
        assert found["usage_at"].to_list() == [datetime(2026, 3, 1)]


def test_the_statement_that_is_complete_counts(ledger_of):
    """A client that was cut off saw less than the proxy."""
    for logs in permutations([claude(CLAUDE, output=3), litellm(CLAUDE)]):
        assert ledger_of(*logs)["output_tokens"].to_list() == [20]


def test_a_proxys_own_id_names_no_response_of_others(ledger_of):
    found = ledger_of(
        helicone(None, "11111111-2222-4333-8444-555555555555"), helicone(None, "11111111-2222-4333-8444-555555555556")
    )
    assert found.height == 2
    assert ledger_of(langfuse("o-1", response_id="chatcmpl-42"), langfuse("o-2", response_id="chatcmpl-42")).height == 2


def test_an_export_with_and_one_without_the_response_are_the_same_request(ledger_of):
    for logs in permutations([helicone(CLAUDE), helicone(None)]):
        assert ledger_of(*logs)["usage_id"].to_list() == [f"response\x1f{CLAUDE}"]


def test_calls_that_a_server_gives_one_long_id_are_not_one_call(ledger_of):
    constant = "chatcmpl-this-server-gives-all-its-answers-one-id"
    calls = [claude(constant, f"req_{number}", output=number, entered=100 * number) for number in (1, 2, 3)]
    assert ledger_of("\n".join(calls)).height == 3
    others = [json.loads(client(constant, CREATED + number)) for number in (0, 60)]
    others[1]["usage"] |= {"prompt_tokens": 200, "total_tokens": 220}
    assert ledger_of("\n".join(json.dumps(one) for one in others)).height == 2


def test_short_ids_are_told_apart_by_the_request(ledger_of):
    assert ledger_of(claude("m1", "r1") + "\n" + claude("m1", "r2") + "\n" + claude("m1", "r1", output=25)).height == 2


def test_a_response_of_gemini_and_its_span_are_one_row(ledger_of):
    response = "mAitaLmkHPPlz7IPvtfUqQ4"
    counts = {"promptTokenCount": 100, "candidatesTokenCount": 20, "totalTokenCount": 120}
    line = {"responseId": response, "modelVersion": "gemini-2.5-pro", "createTime": "2026-03-01T00:00:00Z"}
    span = (
        trace(response)
        .replace("gpt-x", "gemini-2.5-pro")
        .replace('"gen_ai.operation.name"', '"gen_ai.system"')
        .replace('"chat"', '"google"')
    )
    for logs in permutations([json.dumps({**line, "usageMetadata": counts}), span]):
        assert ledger_of(*logs).height == 1


def test_rows_of_an_older_program_take_the_identity_of_now(tmp_path):
    """Message and request id made the identity; the answer's copies were rows of their own."""
    row = import_log(tmp_path, claude(CLAUDE)).usage
    old = pl.concat([row.with_columns(usage_id=pl.lit(f"claude_code\x1f{CLAUDE}\x1f{name}")) for name in ("r1", "r2")])
    assert one_per_call(identified(pl.concat([old, row])))["usage_id"].to_list() == row["usage_id"].to_list()
    short = row.with_columns(usage_id=pl.lit("claude_code\x1fm1\x1fr1"))
    assert identified(short)["usage_id"].to_list() == ["claude_code\x1fm1\x1fr1"]


def import_log(folder, text):
    file = folder / "log"
    file.write_text(text + "\n")
    return import_file(file, AS_OF)


def test_ids_that_a_proxy_has_encrypted_are_counted(tmp_path):
    """As LiteLLM does it: a provider's id, a user and a team, 40 bytes longer, in base64. Its readable ids are none."""
    held = f"litellm_proxy:responses_api:response_id:{RESPONSE};user_id:default_user_id;team_id:"
    sealed = base64.urlsafe_b64encode(bytes(range(40)) + held.encode()).decode()
    plain = "litellm:custom_llm_provider:openai;model_id:{};response_id:{}"
    readable = [plain.format("m", RESPONSE), plain.format("m" * 200, "short")]
    ids = [sealed, *(base64.b64encode(one.encode()).decode() for one in readable), RESPONSE.removeprefix("resp_")]
    found = import_log(tmp_path, "\n".join(client(f"resp_{one}", CREATED) for one in ids))
    assert (found.count.encrypted_count, found.row_count) == (1, 4)
