"""LiteLLM_SpendLogs: cache inside the prompt, writes without a lifetime, the proxy's cache, failures, three forms."""

import csv
import io
import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

SAMPLE = Path(__file__).parents[3] / "usage_files" / "litellm_spend_logs.jsonl"
HASH = "88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b"


def row(usage=None, **other):
    plain = {
        "request_id": "r",
        "call_type": "acompletion",
        "api_key": HASH,
        "spend": 0.5,
        "total_tokens": 120,
        "prompt_tokens": 100,
        "completion_tokens": 20,
        "startTime": "2026-03-01 00:00:00.123",
        "model": "gpt-x",
        "metadata": {"usage_object": usage or {}},
    }
    return {**plain, **other}


def writes(total, five, hour):
    parts = {"ephemeral_5m_input_tokens": five, "ephemeral_1h_input_tokens": hour}
    details = {"cache_creation_token_details": parts}
    return {"cache_creation_input_tokens": total, "prompt_tokens_details": details}


def lines(*rows):
    return "\n".join(map(json.dumps, rows))


def test_totals_of_the_sample(read):
    found = read(SAMPLE)
    assert (found.format, found.row_count, found.ignored_count, found.rules) == ("litellm_spend_logs", 2, 2, [])
    # 1000 - 300 and 734311 - 426653 - 184457; the latter 734,311 if the cache were beside the prompt
    assert found.usage["input_uncached_tokens"].to_list() == [700, 123201]
    assert found.usage["cache_read_tokens"].to_list() == [300, 426653]
    # 31,490 if the parts were believed: 152,967 tokens would cost nothing
    assert found.usage["cache_write_5m_tokens"].to_list() == [None, 184457]
    assert found.usage["output_tokens"].to_list() == [200, 1000]
    assert found.usage["of_which_reasoning_tokens"].to_list() == [128, None]
    assert found.usage["web_searches"].to_list() == [None, 5]
    assert found.usage["reported_cost_usd"].to_list() == [Decimal("0.00075"), Decimal("1.5")]
    assert "SECRET" not in found.usage.write_json()


def test_who_bills_and_whom(read):
    first = read(SAMPLE).usage.row(0, named=True)
    assert (first["provider"], first["channel"], first["model"]) == ("openai", "azure", "gpt-5-mini")
    assert (first["project_id"], first["api_key_id"], first["conversation_id"]) == ("team-1", HASH, "s-1")
    assert first["usage_at"] == datetime(2026, 3, 1, 0, 0, 0, 123000)


def test_the_account_is_the_organization_that_the_row_or_its_key_names(read):
    of_key = {"usage_object": {}, "user_api_key_org_id": "org-2"}
    rows = [
        row(request_id="1", organization_id="org-1", metadata=of_key),
        row(request_id="2", metadata=of_key, team_id="team-1"),
        row(request_id="3", organization_id=None, team_id="team-1"),
    ]
    owners = read(lines(*rows)).usage.select("account_id", "project_id").rows()
    assert owners == [("org-1", None), ("org-2", "team-1"), ("default", "team-1")]


def test_platforms_and_their_regions(read):
    found = read(
        lines(
            row(
                request_id="1",
                custom_llm_provider="bedrock",
                api_base="https://bedrock-runtime.us-east-1.amazonaws.com/x",
            ),
            row(
                request_id="2",
                custom_llm_provider="vertex_ai",
                api_base="https://us-central1-aiplatform.googleapis.com",
            ),
            row(request_id="3", custom_llm_provider="gemini"),
            row(request_id="4"),
        )
    )
    assert found.usage.select("provider", "channel", "region").rows() == [
        ("unknown", "bedrock", "us-east-1"),
        ("unknown", "vertex", "us-central1"),
        ("google", "api", "global"),
        ("unknown", "api", "global"),
    ]


def test_writes_go_to_the_lifetime_that_is_named(read):
    found = read(
        lines(row(writes(90, 90, 0)), row(writes(90, 0, 40), request_id="h"), row(writes(90, 50, 40), request_id="b"))
    )
    assert found.usage["cache_write_5m_tokens"].to_list() == [90, 0, 50]
    assert found.usage["cache_write_1h_tokens"].to_list() == [0, 90, 40]


@pytest.mark.parametrize("hit", ["True", "true"])
def test_an_answer_of_the_proxys_cache_is_no_usage(read, hit):
    # 100 + 20 tokens that nobody billed
    found = read(lines(row(cache_hit=hit, spend=0), row(request_id="x", cache_hit="False")))
    assert (found.row_count, found.ignored_count) == (1, 1)


def test_cache_hit_is_not_the_prompt_cache(read):
    assert read(lines(row({"cache_read_input_tokens": 60}, cache_hit="False"))).row["cache_read_tokens"] == 60


def test_a_cache_count_that_one_name_leaves_at_zero(read):
    usage = {"cache_read_input_tokens": 0, "prompt_tokens_details": {"cached_tokens": 60}}
    read_row = read(lines(row(usage))).row
    # 100 uncached tokens if the first name were believed
    assert (read_row["input_uncached_tokens"], read_row["cache_read_tokens"]) == (40, 60)


def test_a_stored_response_does_not_make_it_another_format(read):
    usage = {"input_tokens": 100, "output_tokens": 20, "total_tokens": 120}
    assert read(lines(row({}, response={"id": "r", "usage": usage}))).format == "litellm_spend_logs"


def test_rows_without_tokens_and_spend_are_ignored(read):
    idle = {"spend": 0, "total_tokens": 0, "prompt_tokens": 0, "completion_tokens": 0}
    found = read(lines(row(**idle, call_type="list_mcp_tools"), row(request_id="x")))
    assert (found.row_count, found.ignored_count) == (1, 1)


def test_broken_rows_are_refused_with_their_rule(read):
    rows = {
        "failed_but_spent": row(status="failure"),
        "total_does_not_add_up": row(total_tokens=119),
        "cached_exceeds_input": row({"cache_read_input_tokens": 60, "cache_creation_input_tokens": 41}),
        "cache_write_does_not_add_up": row(writes(90, 91, 0)),
        "cached_kind_is_unknown": row({"prompt_tokens_details": {"cached_tokens": 5, "audio_tokens": 5}}),
        "reasoning_exceeds_output": row({"completion_tokens_details": {"reasoning_tokens": 21}}),
        "kinds_exceed_output": row({"completion_tokens_details": {"audio_tokens": 21}}),
        "looks_like_a_key": row(api_key="sk-SECRETSECRETSECRET"),
        "unknown_service_tier": row({"service_tier": "gold"}),
        "metadata_is_not_an_object": row(metadata=["SECRET"]),
        "no_identity": row(request_id=""),
        "no_model": row(model=""),
        "no_token_counts": row(completion_tokens=None),
        "not_a_timestamp": row(startTime="yesterday"),
        "not_a_cost": row(spend="much"),
    }
    found = read(lines(*rows.values()))
    assert found.rules == list(rows)
    assert "SECRET" not in found.rejects.write_json()


def test_csv_and_parquet_say_the_same(read, tmp_path):
    record = row({"cache_read_input_tokens": 60}, custom_llm_provider="anthropic")
    record["metadata"] = json.dumps(record["metadata"])
    from_json = read(lines(record)).usage.drop("import_id", "source_line")
    stream = io.StringIO()
    writer = csv.DictWriter(stream, record)
    writer.writeheader()
    writer.writerow(record)
    assert read(stream.getvalue()).usage.drop("import_id", "source_line").equals(from_json)
    typed = {**record, "startTime": datetime(2026, 3, 1, 0, 0, 0, 123000)}
    pl.DataFrame([typed]).write_parquet(tmp_path / "rows.parquet")
    assert read(tmp_path / "rows.parquet").usage.drop("import_id", "source_line").equals(from_json)
