"""Samples of other tools, kept outside the project. Sums by hand from the files, dollars by hand from price lists."""

import os
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from pipelines.costs.price_ledger import price_days
from pipelines.snapshots.seed_history import seed_price_history
from pipelines.usage.file_format import UnknownFormat, recognise
from pipelines.usage.import_files import import_files
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import read_table
from tests.one_import import import_file

REPORTS = Path(__file__).parents[2].parent / "shared" / "usage_samples" / "reports"
OTHER = REPORTS / "other_tools"
AS_OF = datetime(2026, 11, 30)
CHANGED = datetime(2026, 11, 20, 12)
pytestmark = pytest.mark.skipif(not OTHER.is_dir(), reason="the samples are not on this machine")

METERS = ("input_uncached_tokens", "cache_read_tokens", "cache_write_5m_tokens", "output_tokens")
DATED_BY_FILE = CHANGED.date()
NONE = None
SAMPLES = [
    # file, format, day, model, uncached, read, written, output, USD by hand
    ("amp_thread.json", "amp", date(2026, 5, 1), "claude-opus-4-7", (10, 40_000, 2_000, 300), "0.04005"),
    # half of 3/15: Bedrock's batch price
    ("bedrock_batch_output.jsonl", "bedrock_batch", DATED_BY_FILE, "claude-sonnet-4-5-20250929",
     (1_000, 0, 0, 200), "0.003"),
    ("claude_code_otlp_logs.jsonl", "claude_code_events", date(2026, 5, 1), "claude-opus-4-7",
     (12, 90_000, 1_000, 300), "0.05881"),
    ("claude_code_otlp_metrics.jsonl", "claude_code_metrics", date(2026, 5, 1), "claude-opus-4-7",
     (12, 0, 0, 0), "0.00006"),
    # 1 of the answer's event and 112 that its result adds; 0.038276 without the result
    ("claude_stream_json.jsonl", "claude_stream", DATED_BY_FILE, "claude-opus-4-7",
     (3, 17_997, 4_678, 113), "0.041076"),
    ("cline_ui_messages.json", "cline", date(2026, 5, 1), "unknown", (120, 90_000, 30_000, 800), NONE),
    # 12,000 in, of which 9,000 cached
    ("codebuddy_session.jsonl", "codebuddy", date(2026, 5, 1), "deepseek-v4", (3_000, 9_000, 0, 300), NONE),
    # 24,763 in, of which 24,448 cached; the thread's id says when it began
    ("codex_exec.jsonl", "codex_exec", date(2026, 6, 25), "unknown", (315, 24_448, 0, 122), NONE),
    # what is billed, not the 600 that were read
    ("cohere_chat.jsonl", "cohere", date(2026, 5, 1), "unknown", (500, 0, 0, 100), NONE),
    # 90,000 - 70,000 - 8,000; at Sonnet 4.6: 12,000 x 3 + 70,000 x 0.30 + 8,000 x 3.75 + 1,200 x 15
    ("copilot_cli_events.jsonl", "copilot_cli", date(2026, 5, 1), "claude-sonnet-4.6",
     (12_000, 70_000, 8_000, 1_200), "0.105"),
    ("copilot_otel_spans.jsonl", "copilot_otel", date(2026, 5, 1), "gpt-5.4", (3_000, 9_000, 0, 150), "0.012"),
    ("cursor_usage.csv", "cursor", date(2026, 5, 1), "claude-4.6-opus-high", (120, 90_000, 30_000, 800), NONE),
    # 800 and 100 of thinking beside them
    ("droid_session.settings.json", "droid", date(2026, 5, 1), "claude-opus-4-7",
     (1_200, 90_000, 30_000, 900), "0.261"),
    # 8,000 + 100 + 40 = 8,140: thoughts beside the output, the cache inside the input
    ("gemini_cli_session.json", "gemini_cli", date(2026, 4, 20), "gemini-3-flash-preview",
     (2_000, 6_000, 0, 140), "0.00172"),
    ("gemini_cli_session.jsonl", "gemini_cli", date(2026, 4, 20), "gemini-3-flash-preview",
     (2_000, 6_000, 0, 140), "0.00172"),
    # reasoning inside the output: 20,000 + 400 = 20,400
    ("grok_cli_updates.jsonl", "grok_cli", DATED_BY_FILE, "grok-4.6", (5_000, 15_000, 0, 400), "0.0199"),
    ("iflow_session.jsonl", "claude_code", date(2026, 5, 1), "glm-4.7", (12_000, 0, 0, 300), "0.00786"),
    ("kimi_wire.jsonl", "kimi", date(2026, 4, 14), "kimi-for-coding", (100, 25, 10, 40), NONE),
    ("langsmith_runs.jsonl", "langsmith", date(2026, 5, 1), "gpt-5.4", (3_000, 9_000, 0, 150), "0.012"),
    ("mistral_vibe_meta.json", "mistral_vibe", date(2026, 5, 1), "devstral-2", (120_000, 0, 0, 3_000), NONE),
    # half of 0.25/0.025/2; at the standard tier 0.03375
    ("openai_batch_chat.jsonl", "openai_compatible", date(2026, 5, 1), "gpt-5-mini-2025-08-07",
     (50_000, 50_000, 0, 10_000), "0.016875"),
    ("openai_batch_embeddings.jsonl", "openai_embeddings", DATED_BY_FILE, "text-embedding-3-large",
     (12_000, 0, 0, 0), "0.00078"),
    ("openai_embedding.jsonl", "openai_embeddings", date(2026, 5, 1), "text-embedding-3-large",
     (12_000, 0, 0, 0), "0.00156"),
    # reasoning is inside the output; the tool's own 1.04 adds it again
    ("opencode_export.json", "opencode", date(2026, 6, 10), "gpt-5.4-pro", (14_746, 0, 0, 1_944), "0.7923"),
    ("opencode_message.json", "opencode", date(2026, 6, 10), "gpt-5.4-pro", (14_746, 0, 0, 1_944), "0.7923"),
    ("openinference_otlp.jsonl", "otel_genai", date(2026, 5, 1), "gpt-5.4", (3_000, 9_000, 0, 150), "0.012"),
    ("openrouter_activity_api.json", "openrouter_activity", date(2026, 5, 1), "openai/gpt-5.4-20260305",
     (50, 0, 0, 125), NONE),
    # the native counts: 12 - 3; 10 and 25 are of another tokenizer
    ("openrouter_generation.jsonl", "openrouter_generation", date(2026, 5, 1), "openai/gpt-5.4", (9, 3, 0, 26), NONE),
    ("pi_session.jsonl", "pi", date(2026, 6, 10), "claude-opus-4-8", (2, 0, 118_208, 2_546), "0.80246"),
    ("portkey_logs.jsonl", "portkey", date(2026, 5, 1), "gpt-5.4", (12_000, 0, 0, 150), "0.03225"),
    # 12,000 + 300 + 50 = 12,350
    # 3,000 at 1, 9,000 at 0.1 and 350 at 5: 3,000 + 900 + 1,750 = 5,650
    ("qwen_code_chat.jsonl", "gemini_cli", date(2026, 6, 1), "qwen3-coder-plus", (3_000, 9_000, 0, 350), "0.00565"),
    ("qwen_usage_record.jsonl", "qwen_usage_record", date(2026, 6, 11), "qwen3.7-max", (26_147, 52_183, 0, 91), NONE),
    ("vercel_gateway_report.json", "vercel_gateway", date(2026, 5, 1), "anthropic/claude-opus-4.7",
     (12, 90_000, 1_000, 300), "0.05881"),
    # 200 and 300 thoughts; half of 0.30/2.50
    ("../15_vertex_batch_output.jsonl", "gemini_batch", date(2026, 5, 14), "gemini-2.5-flash",
     (1_000, 0, 0, 500), "0.000775"),
    # half of 5/25
    ("../16_anthropic_batch_results.jsonl", "anthropic_messages", DATED_BY_FILE, "claude-opus-4-6",
     (9, 0, 0, 25), "0.000335"),
    # 119 - 64 cached; 13 and 91 of audio apart: 55 x 4 + 64 x 0.40 + 13 x 32 + 30 x 16 + 91 x 64
    ("../29_openai_realtime.jsonl", "openai_realtime", date(2026, 3, 1), "gpt-realtime", (55, 64, 0, 30), "0.0069656"),
]  # fmt: skip
NO_USAGE = {"github_copilot_usage.csv": "copilot_billing"}


def copied(name: str, folder: Path) -> Path:
    """The sample as a file of a known time."""
    path = folder / Path(name).name
    path.write_bytes((OTHER / name).read_bytes())
    stamp = CHANGED.replace(tzinfo=UTC).timestamp()
    os.utime(path, (stamp, stamp))
    return path


@pytest.mark.parametrize(("name", "form", "day", "model", "tokens", "_usd"), SAMPLES, ids=lambda value: str(value)[:40])
def test_every_token_of_a_sample_is_counted_once(tmp_path, name, form, day, model, tokens, _usd):
    found = import_file(copied(name, tmp_path), AS_OF)
    assert (found.format, found.rules) == (form, [])
    assert set(found.usage.select("usage_date", "model").rows()) == {(day, model)}
    assert found.usage.select(pl.col(METERS).sum()).row(0) == tokens


def test_no_sample_is_left_out():
    named = {Path(name).name for name, *_ in SAMPLES} | NO_USAGE.keys()
    assert named >= {path.name for path in OTHER.iterdir()}


def test_a_copilot_bill_is_what_is_left_to_pay(tmp_path):
    found = import_file(copied("github_copilot_usage.csv", tmp_path), AS_OF)
    row = found.row
    # 0.12 with what the plan includes
    assert (found.format, row["amount_usd"], row["quantity"]) == ("copilot_billing", Decimal(0), Decimal(3))
    assert (row["usage_date"], row["user_id"], row["project_id"]) == (date(2026, 5, 1), "dev", "acme")


TOLD_TWICE = ("gemini_cli_session.json", "opencode_message.json", "openrouter_generation.jsonl")
"""Other forms of a sample: a document and its lines, a message and its session; a generation is in its day's report."""


def test_the_dollars_of_all_samples(tmp_path):
    warehouse = Warehouse(tmp_path / "warehouse")
    seed_price_history(warehouse)
    outcomes = import_files(warehouse, [copied(name, tmp_path) for name, *_ in SAMPLES], AS_OF)
    assert [outcome.reject_count for outcome in outcomes] == [0] * len(SAMPLES)
    price_days(warehouse, sorted({day for _, _, day, *_ in SAMPLES}))
    with warehouse.write() as connection:
        costs = read_table(connection, "core.usage_cost")
    found = costs.group_by("usage_date", "model").agg(
        pl.when(pl.col("cost_usd").null_count() == 0).then(pl.col("cost_usd").sum())
    )
    expected: dict[tuple[date, str], Decimal | None] = {}
    for name, _, day, model, _, usd in SAMPLES:
        if name not in TOLD_TWICE:
            known = expected.get((day, model), Decimal(0))
            expected[day, model] = None if usd is None or known is None else known + Decimal(usd)
    assert {(day, model): cost for day, model, cost in found.iter_rows()} == expected


def files() -> list[Path]:
    known = Path(__file__).parents[1] / "usage_files"
    samples = [path for path in sorted(REPORTS.rglob("*")) if path.is_file() and path.suffix != ".md"]
    return [*samples, *sorted(known.iterdir())] if OTHER.is_dir() else []


@pytest.mark.parametrize("path", files(), ids=lambda path: path.name)
def test_no_line_of_a_sample_is_taken_for_another_format(tmp_path, path):
    """A log may begin with any of its lines: it is recognised as what it is, or not at all."""
    try:
        own = recognise(path, path.name).importer.name
    except UnknownFormat:
        own = None
    assert own or path.name.startswith("focus_1_")
    if path.suffix == ".jsonl":
        for line in filter(str.strip, path.read_text().splitlines()):
            first = tmp_path / "log"
            first.write_text(line)
            try:
                assert recognise(first, "log").importer.name == own, line[:200]
            except UnknownFormat:
                continue
