"""One response in the logs of several tools is one row, whichever comes first; numbers that servers reuse are not."""

import json
from datetime import datetime
from itertools import permutations

import polars as pl
import pytest

from pipelines.usage.dedup import largest_per_usage
from pipelines.usage.identity import is_one_of_a_kind
from pipelines.warehouse import ledger
from pipelines.warehouse.ledger_catalog import FILE_SCHEMA
from tests.one_import import import_file

AS_OF = datetime(2026, 11, 24, 12)
OPENAI = "chatcmpl-9XZmkzS1uPhRCoVdGQvBqqIbSgECt"
OPENROUTER = "gen-1764825647-2aPQ3i7WbPRQHsZN8WXD"
CREATED = 1772323200


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
            change = ledger.write(folder, files, import_file(file, AS_OF).usage, largest_per_usage).files
            files = pl.concat([files.join(change, on="usage_date", how="anti"), change])
        return ledger.read(folder, files)

    return write


def test_one_response_in_three_logs_is_one_row_in_any_order(ledger_of):
    for logs in permutations([client(OPENAI), litellm(OPENAI), trace(OPENAI)]):
        (row,) = ledger_of(*logs).rows(named=True)
        # LiteLLM's tells most. The trace tells of no cache: by it 100 tokens would cost the full price.
        assert (row["format"], row["project_id"], row["provider"]) == ("litellm_spend_logs", "shop", "openai")
        assert (row["input_uncached_tokens"], row["cache_read_tokens"], row["output_tokens"]) == (40, 60, 20)


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
