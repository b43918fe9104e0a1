"""Of every format: a count that nobody has declared, in any object that holds counts, is found with its sum."""

import csv
import io
import json
import os
from pathlib import Path

import pytest

from pipelines.usage.formats import IMPORTERS
from tests.one_import import import_file
from tests.unit.usage.formats.conftest import CHANGED, IMPORTED_AT

SAMPLES = Path(__file__).parents[2] / "usage_files"
REPORTS = Path(os.environ.get("USAGE_SAMPLES", Path(__file__).parents[4] / "shared" / "usage_samples")) / "reports"
NEW = 4_211
"""Of each new count; a prime, so that sums tell how many were found."""
FORMATS = {
    "anthropic_usage_report.json": "results[]",
    "azure_llm_log.jsonl": "",
    "claude_session.jsonl": "message.usage",
    "codex_session.jsonl": "payload.info.last_token_usage",
    "gemini_responses.jsonl": "usageMetadata",
    "litellm_spend_logs.jsonl": "metadata.usage_object",
    "openai_compatible.jsonl": "usage",
    "openai_usage_api.json": "results[]",
    "other_tools/amp_thread.json": "messages[].usage",
    "other_tools/bedrock_batch_output.jsonl": "modelOutput.usage",
    "other_tools/claude_stream_json.jsonl": "message.usage",
    "other_tools/codebuddy_session.jsonl": "providerData.rawUsage",
    "other_tools/codex_exec.jsonl": "usage",
    "other_tools/cohere_chat.jsonl": "usage",
    "other_tools/droid_session.settings.json": "tokenUsage",
    "other_tools/gemini_cli_session.json": "tokens",
    "other_tools/grok_cli_updates.jsonl": "update.usage",
    "other_tools/kimi_wire.jsonl": "token_usage",
    "other_tools/langsmith_runs.jsonl": "prompt_token_details",
    "other_tools/mistral_vibe_meta.json": "stats",
    "other_tools/openai_batch_embeddings.jsonl": "body.usage",
    "other_tools/opencode_message.json": "tokens",
    "other_tools/openrouter_activity_api.json": "data[]",
    "other_tools/openrouter_generation.jsonl": "data",
    "other_tools/pi_session.jsonl": "message.usage",
    "other_tools/portkey_logs.jsonl": "",
    "other_tools/vercel_gateway_report.json": "results[]",
    "16_anthropic_batch_results.jsonl": "message.usage",
    "29_openai_realtime.jsonl": "response.usage",
    "01_claude_advisor.jsonl": "message.usage.iterations[]",
    "other_tools/openinference_otlp.jsonl": "attributes",
    "other_tools/copilot_otel_spans.jsonl": "attributes",
    "otel_genai.jsonl": "attributes",
    "other_tools/claude_code_otlp_logs.jsonl": "attributes",
}
"""Sample -> where its counts stand, without what is above."""
ATTRIBUTES = {"openinference_otlp": "llm.token_count.video", "claude_code_otlp_logs": "video_tokens"}


def sample(name):
    path = SAMPLES / name if (SAMPLES / name).exists() else REPORTS / name
    if not path.exists():
        pytest.skip(f"{name} of the public reports is not here")
    return path


def inject(value, parts, name):
    """Add the count to every object that the parts of a place lead to, wherever they begin."""
    if isinstance(value, list):
        for inner in value:
            inject(inner, parts, name)
    elif isinstance(value, dict):
        for inner in list(value.values()):
            inject(inner, parts, name)
        for held in leading(value, parts):
            held[name] = NEW


def leading(value, parts):
    if not parts:
        return [value] if isinstance(value, dict) else []
    first, *rest = parts
    if not isinstance(value, dict):
        return []
    inside = list(value.values()) if first == "*" else [value.get(first.removesuffix("[]"))]
    if first.endswith("[]"):
        inside = [one for held in inside if isinstance(held, list) for one in held]
    return [found for one in inside for found in leading(one, rest)]


def add_attributes(value, name):
    """Add an attribute to each list of attributes that has counts, or to each object of them."""
    if isinstance(value, list):
        for inner in value:
            add_attributes(inner, name)
    elif isinstance(value, dict):
        for inner in value.values():
            add_attributes(inner, name)
        held = value.get("attributes")
        if isinstance(held, list) and any("token" in one.get("key", "") for one in held):
            held.append({"key": name, "value": {"intValue": str(NEW)}})
        elif isinstance(held, dict) and any("token" in key for key in held):
            held[name] = NEW


def changed(text, place, name):
    """A JSON document or lines, each record with the new count; a line that is no JSON, as some samples have, stays."""
    try:
        return with_count(json.loads(text), place, name)
    except ValueError:
        return "".join(
            with_count(json.loads(line), place, name) if is_json(line) else f"{line}\n" for line in text.splitlines()
        )


def imported(path, text):
    """What comes of a text; usage without a time has that of the file, which is before the import."""
    path.write_text(text)
    os.utime(path, (CHANGED.timestamp(), CHANGED.timestamp()))
    return import_file(path, IMPORTED_AT)


def is_json(line):
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def with_count(record, place, name):
    if place == "attributes":
        add_attributes(record, name)
    elif place:
        inject(record, place.split("."), name)
    else:
        record[name] = NEW
    return json.dumps(record) + "\n"


@pytest.mark.parametrize("name", FORMATS)
def test_a_count_that_is_not_declared_is_found(tmp_path, name):
    path = sample(name)
    added = ATTRIBUTES.get(path.stem, "gen_ai.usage.video_tokens") if FORMATS[name] == "attributes" else "video_tokens"
    before = imported(tmp_path / "before", path.read_text())
    found = imported(tmp_path / "log", changed(path.read_text(), FORMATS[name], added))
    assert found.format == before.format
    counts = [count.total for place, count in found.count.unknown.items() if place.endswith(added)]
    assert counts, found.count.unknown
    assert all(total and total % NEW == 0 for total in counts)
    assert (found.row_count, found.rules) == (before.row_count, before.rules)
    assert "unknown_count" in found.usage["lower_bound_reason"].to_list()


@pytest.mark.parametrize(
    "name", ["other_tools/cursor_usage.csv", "own_usage.csv", "openai_export.csv", "openrouter_activity.csv"]
)
def test_a_column_that_is_not_declared_is_found(tmp_path, name):
    path = sample(name)
    rows = list(csv.reader(io.StringIO(path.read_text())))
    text = io.StringIO()
    csv.writer(text).writerows([[*rows[0], "video_tokens"], *([*row, NEW] for row in rows[1:])])
    assert imported(tmp_path / "log", text.getvalue()).count.unknown["video_tokens"].total % NEW == 0


def test_every_sample_as_it_is_holds_no_unknown_count(tmp_path):
    """A declaration that forgets a count would flag each row of its format."""
    told = {
        name: sorted(imported(tmp_path / "log", sample(name).read_text()).count.unknown)
        for name in FORMATS
        if (SAMPLES / name).exists() or (REPORTS / name).exists()
    }
    assert {name: places for name, places in told.items() if places} == {}


def test_every_format_of_usage_says_what_its_counts_mean():
    silent = {one.name for one in IMPORTERS if one.table == "usage" and not one.usage_objects}
    # Its points are one count each; one of an unknown type is refused.
    assert silent == {"claude_code_metrics"}
