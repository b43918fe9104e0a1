"""Real samples of logs of single requests, kept outside the project; expected figures are read off by hand."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from pipelines.usage.batches import Batch
from pipelines.usage.file_format import recognised_files
from pipelines.usage.read_files import read_files

SAMPLES = Path(__file__).parents[2].parent / "shared" / "usage_samples"
AS_OF = datetime(2026, 11, 24)
pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the captures are not on this machine")
METERS = ["input_uncached_tokens", "cache_read_tokens", "output_tokens", "of_which_reasoning_tokens"]


def read(name: str) -> Batch:
    files, refused = recognised_files([SAMPLES / name])
    assert not refused, refused
    (batch,) = read_files(files, lambda import_id: False, AS_OF)
    return batch


def test_the_codex_fixture_of_ccusage():
    batch = read("codex-ccusage-fixture.jsonl")
    assert batch.complete[0].format == "codex"
    # 1000 - 250 and 2500 - 500; its totals add reasoning, 200 and 500 output tokens if they were believed
    assert batch.rows.select("model", *METERS).rows() == [
        ("gpt-5.2-codex", 750, 250, 125, 75),
        ("gpt-5.3-codex", 2000, 500, 300, 200),
    ]


def test_a_bedrock_invocation():
    row = read("bedrock-invocation-log.json").rows.row(0, named=True)
    assert (row["input_uncached_tokens"], row["cache_read_tokens"], row["output_tokens"]) == (4, 0, 38)
    assert (row["provider"], row["model"], row["region"]) == ("amazon", "amazon.nova-lite-v1:0", "us-east-1")
    assert row["usage_at"] == datetime(2025, 3, 11, 0, 38, 2)


def test_gemini_responses_without_a_time_are_refused_with_a_remedy():
    batch = read("gemini-usageMetadata.jsonl")
    assert batch.rows.is_empty()
    assert batch.rejects["rule"].to_list() == ["no_time", "no_time"]
    assert "write the time beside the response" in batch.rejects["detail"][0]


def test_gemini_responses_with_a_time_beside(tmp_path):
    lines = (SAMPLES / "gemini-usageMetadata.jsonl").read_text().splitlines()
    timed = [
        f'{{"timestamp": "2026-03-01T00:00:00Z", "responseId": "{number}", {line[1:]}'
        for number, line in enumerate(lines)
    ]
    (tmp_path / "log").write_text("\n".join(timed))
    files, _ = recognised_files([tmp_path / "log"])
    (batch,) = read_files(files, lambda import_id: False, AS_OF)
    # 27 + 6 + 194 = 227; 100 + 50 + 30 = 180, the 7 of the tools are not in it
    assert batch.rows.sort("source_line").select(METERS).rows() == [(27, None, 200, 194), (60, 40, 80, 30)]


def test_the_header_of_openrouters_activity():
    batch = read("openrouter-activity.csv")
    row = batch.rows.row(0, named=True)
    assert (row["model"], row["reported_cost_usd"]) == ("openai/gpt-oss-120b:free", Decimal("0.0123"))
    assert batch.rows.select(METERS).rows() == [(10389, 0, 137, 0)]


def test_an_agents_span_does_not_count_beside_its_call():
    batch = read("otlp-genai-span.json")
    # 1,400 input tokens if the agent's own span counted too
    assert batch.rows.select("model", *METERS).rows() == [("gpt-4o", 350, 50, 200, None)]
    assert batch.complete[0].ignored_count == 1


def test_the_usage_object_of_litellm_issue_42663(tmp_path):
    usage = (SAMPLES / "litellm-usage_object-issue-42663.json").read_text()
    (tmp_path / "log").write_text(
        '{"request_id": "r", "call_type": "anthropic_messages", "spend": 1, "startTime": "2026-09-23 00:00:00",'
        ' "model": "claude-x", "prompt_tokens": 734311, "completion_tokens": 0, "metadata": {"usage_object": '
        + usage.strip()
        + "}}"
    )
    files, _ = recognised_files([tmp_path / "log"])
    (batch,) = read_files(files, lambda import_id: False, AS_OF)
    row = batch.rows.row(0, named=True)
    # 734311 - 426653 - 184457; 152,967 writes cost nothing if the 31,490 of the first iteration were all
    assert (row["input_uncached_tokens"], row["cache_read_tokens"], row["web_searches"]) == (123201, 426653, 5)
    assert row["cache_write_5m_tokens"] == 184457


def test_the_columns_of_litellms_table_make_a_csv_that_is_recognised(tmp_path):
    schema = (SAMPLES / "litellm-spendlogs-schema.sql").read_text()
    names = ["request_id", "call_type", "spend", "startTime", "prompt_tokens", "completion_tokens", "model", "metadata"]
    assert all(name in schema for name in names)
    cells = ["r", "acompletion", "0.5", "2026-03-01 00:00:00.123", "10", "5", "gpt-x", "{}"]
    pl.DataFrame([dict(zip(names, cells, strict=True))]).write_csv(tmp_path / "rows.csv")
    files, refused = recognised_files([tmp_path / "rows.csv"])
    assert not refused
    assert next(iter(files.values())).importer.name == "litellm_spend_logs"
