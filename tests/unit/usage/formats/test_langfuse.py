"""Langfuse observations: keys beside or inside input and output, nested calls, four forms of one export."""

import csv
import io
import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

SAMPLE = Path(__file__).parents[3] / "usage_files" / "langfuse_observations.jsonl"


def call(usage=None, **other):
    plain = {
        "id": "o",
        "trace_id": "t",
        "type": "GENERATION",
        "parent_observation_id": "",
        "start_time": "2026-03-01 10:00:00.250000",
        "provided_model_name": "gpt-x",
        "usage_details": usage or {"input": 100, "output": 20, "total": 120},
        "total_cost": 0.5,
    }
    return {**plain, **other}


def lines(*calls):
    return "\n".join(json.dumps({"id": f"o{number}", **one}) for number, one in enumerate(calls))


def numbered(*usages):
    return lines(*(call(usage, id=str(number)) for number, usage in enumerate(usages)))


def test_totals_of_the_sample(read):
    found = read(SAMPLE)
    # A span, and a generation that repeats the one inside it, state no usage of their own.
    assert (found.format, found.row_count, found.ignored_count, found.rules) == ("langfuse", 4, 2, [])
    assert found.usage["input_uncached_tokens"].to_list() == [86, 86, 10, 40]
    assert found.usage["cache_read_tokens"].to_list() == [17817, 17817, 900, None]
    assert found.usage["output_tokens"].to_list() == [164, 100, 5, None]
    assert found.usage["of_which_reasoning_tokens"].to_list() == [64, None, None, None]
    assert found.usage["reported_cost_usd"].sum() == Decimal("0.0036308")
    assert set(found.usage["conversation_id"]) == {"s1"}
    assert "SECRET" not in found.usage.write_json()


def test_the_total_tells_what_is_inside_what(read):
    parts = {"input_cached_tokens": 60, "output_reasoning_tokens": 15}
    found = read(
        numbered(
            {"input": 100, "output": 20, "total": 120, **parts},  # both inside
            {"input": 40, "output": 5, "total": 120, **parts},  # both apart
            {"input": 40, "output": 20, "total": 120, **parts},  # only the cache apart
            {"input": 100, "output": 5, "total": 120, **parts},  # only reasoning apart
        )
    )
    # Taken as apart throughout, the first would have 100 uncached and 35 output tokens.
    assert found.usage["input_uncached_tokens"].to_list() == [40] * 4
    assert found.usage["output_tokens"].to_list() == [20] * 4


def test_cache_writes_and_audio(read):
    usage = {"input": 10, "cache_creation_input_tokens": 90, "input_audio_tokens": 7, "output": 3, "total": 110}
    row = read(numbered(usage)).row
    assert (row["input_uncached_tokens"], row["cache_write_5m_tokens"], row["audio_input_tokens"]) == (10, 90, 7)


def test_a_call_around_others_counts_once(read):
    inner = [call(id="a", parent_observation_id="tool"), call(id="b", parent_observation_id="outer")]
    tool = call(id="tool", type="TOOL", parent_observation_id="outer", usage_details={})
    outer = call({"input": 200, "output": 40, "total": 240}, id="outer")
    found = read(lines(outer, tool, *inner))
    # 480 tokens if the outer call counted too
    assert (found.usage["input_uncached_tokens"].sum(), found.ignored_count) == (200, 2)
    other = read(lines({**outer, "usage_details": {"input": 900, "output": 40, "total": 940}}, tool, *inner))
    assert (other.row_count, other.rules) == (2, ["nested_model_call"])


def test_broken_calls_are_refused_with_their_rule(read):
    calls = {
        "no_total": call({"input": 100, "output": 20, "input_cached_tokens": 60}),
        "total_does_not_add_up": call({"input": 100, "output": 20, "input_cached_tokens": 60, "total": 130}),
        "total_fits_two_readings": call(
            {"input": 100, "output": 20, "input_cached_tokens": 15, "output_reasoning_tokens": 15, "total": 135}
        ),
        "cached_exceeds_input": call({"input": 100, "output": 20, "input_cached_tokens": 101, "total": 120}),
        "kinds_exceed_output": call({"input": 100, "output": 20, "output_audio_tokens": 21, "total": 120}),
        "cached_kind_is_unknown": call(
            {"input": 100, "output": 20, "input_cached_tokens": 10, "input_audio_tokens": 10, "total": 120}
        ),
        "no_token_counts": call({"total": 120}),
        "not_a_count": call({"input": -1, "output": 20}),
        "usage_is_not_an_object": call(usage_details="SECRET"),
        "no_model": call(provided_model_name=""),
        "not_a_timestamp": call(start_time="yesterday"),
        "not_a_cost": call(total_cost="much"),
    }
    found = read(lines(*({**one, "id": name} for name, one in calls.items())), "langfuse")
    assert found.rules == list(calls)
    assert "SECRET" not in found.rejects.write_json()


def test_the_api_has_other_names_for_the_same(read):
    usage = {"input": 40, "output": 20, "total": 120, "input_cached_tokens": 60}
    export = call(usage, session_id="s", user_id="u")
    names = {
        "trace_id": "traceId",
        "start_time": "startTime",
        "usage_details": "usageDetails",
        "session_id": "sessionId",
    }
    names |= {"user_id": "userId", "provided_model_name": "model", "total_cost": "totalCost"}
    api = {names.get(name, name): value for name, value in export.items()} | {"startTime": "2026-03-01T10:00:00.250Z"}
    first, second = read(json.dumps(export)).row, read(json.dumps(api)).row
    assert {**first, "import_id": ""} == {**second, "import_id": ""}
    assert first["usage_at"] == datetime(2026, 3, 1, 10, 0, 0, 250000)


def test_csv_and_parquet_say_the_same(read, tmp_path):
    usage = {"input": 40, "output": 20, "total": 120, "input_cached_tokens": 60}
    from_json = read(json.dumps(call(usage))).usage.drop("import_id", "source_line")
    stream = io.StringIO()
    writer = csv.DictWriter(stream, call())
    writer.writeheader()
    writer.writerow({**call(), "usage_details": json.dumps(usage)})
    assert read(stream.getvalue()).usage.drop("import_id", "source_line").equals(from_json)
    columns = {name: pa.array([value]) for name, value in call().items() if name != "usage_details"}
    columns["usage_details"] = pa.array([list(usage.items())], pa.map_(pa.string(), pa.int64()))
    pq.write_table(pa.table(columns), tmp_path / "observations.parquet")
    assert read(tmp_path / "observations.parquet").usage.drop("import_id", "source_line").equals(from_json)
