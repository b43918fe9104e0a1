"""Numbers that no meter counts are found with their sum, wherever they stand, and make the cost a lower bound."""

import json
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.schema.columns import polars_schema
from pipelines.schema.usage import UsageUnknownCount
from pipelines.usage.batches import MAX_PATHS, FileCount
from pipelines.usage.count_names import looks_like_a_count
from pipelines.usage.formats import IMPORTERS
from pipelines.usage.import_files import import_files
from pipelines.usage.unknown_counts import _walk
from pipelines.warehouse import ledger
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import read_table

NOW = datetime(2026, 11, 29)


def response(number, **usage):
    counts = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
    return {"id": f"chatcmpl-{number}", "created": 1787652000, "model": "kimi-k3", "usage": counts | usage}


def claude(number, **usage):
    counts = {"input_tokens": 5, "output_tokens": 9}
    message = {"id": f"msg_{number}", "model": "claude-opus-4-8", "usage": counts | usage}
    return {
        "type": "assistant",
        "sessionId": "s",
        "requestId": f"r{number}",
        "timestamp": "2026-08-01T10:00:00Z",
        "message": message,
    }


def imported(folder, name, text):
    """Outcome, the rows of core.usage_unknown_count and the reasons in the ledger, by line."""
    path = folder / name
    path.write_text(text)
    warehouse = Warehouse(folder / "warehouse")
    (outcome,) = import_files(warehouse, [path], NOW)
    with warehouse.write() as connection:
        unknown = read_table(connection, "core.usage_unknown_count").sort("path")
        files = read_table(connection, "core.ledger_file")
    rows = ledger.read(warehouse.folder, files).sort("source_line")
    return outcome, unknown, rows["lower_bound_reason"].to_list()


def lines(*records):
    return "\n".join(json.dumps(record) for record in records)


def test_unknown_numbers_are_summed_and_their_rows_flagged(tmp_path):
    text = lines(
        response(1, video_tokens=7, details={"page_count": 2, "note": "x", "is_new": True}),
        response(2, video_tokens=5, details={"page_count": 0}),
        response(3, video_tokens=0),
        response(4),
    )
    outcome, unknown, reasons = imported(tmp_path, "log.jsonl", text)
    UsageUnknownCount.validate(unknown)
    assert unknown.schema == polars_schema(UsageUnknownCount)
    assert unknown.select("path", "row_count", "total").rows() == [
        ("usage.details.page_count", 1, 2.0),
        ("usage.video_tokens", 2, 12.0),
    ]
    assert reasons == ["unknown_count", "unknown_count", None, None]
    assert {path: count.total for path, count in outcome.unknown.items()} == {
        "usage.details.page_count": 2.0,
        "usage.video_tokens": 12.0,
    }


def test_of_the_statements_of_one_response_only_the_chosen_one_counts(tmp_path):
    text = lines(claude(1, output_tokens=1, new_tokens=3), claude(1, output_tokens=8, new_tokens=4), claude(2))
    _, unknown, reasons = imported(tmp_path, "log.jsonl", text)
    assert unknown.select("path", "row_count", "total").rows() == [("message.usage.new_tokens", 1, 4.0)]
    assert reasons == ["unknown_count", None]


def test_counts_in_lists_and_in_known_objects_are_found(tmp_path):
    usage = {
        "server_tool_use": {"web_search_requests": 1, "code_runs": 2},
        "calls": [{"input_tokens": 3}, {"input_tokens": 4}],
    }
    _, unknown, _ = imported(tmp_path, "log.jsonl", lines(claude(1, **usage), claude(2)))
    assert unknown.select("path", "total").rows() == [
        ("message.usage.calls[].input_tokens", 7.0),
        ("message.usage.server_tool_use.code_runs", 2.0),
    ]


def test_a_column_that_counts_and_has_no_field_is_told(tmp_path):
    text = "usage_at,model,output_tokens,video_seconds,note_id\n2026-08-01T10:00:00Z,m,5,2.5,77\n"
    _, unknown, reasons = imported(tmp_path, "own.csv", text)
    assert unknown.select("path", "total").rows() == [("video_seconds", 2.5)]
    assert reasons == ["unknown_count"]


def test_many_names_make_few_rows_and_texts_are_not_stored(tmp_path):
    records = [response(number, **{f"key_{number}": 1}) for number in range(3 * MAX_PATHS)]
    secret = response("s", **{"please keep this prompt": 1})
    _, unknown, reasons = imported(tmp_path, "log.jsonl", lines(secret, *records))
    assert unknown.height == MAX_PATHS + 1
    assert unknown["total"].sum() == 3 * MAX_PATHS + 1
    assert not unknown["path"].str.contains("prompt").any()
    assert set(reasons) == {"unknown_count"}


def test_a_file_without_usage_is_not_imported(tmp_path):
    outcome, _, _ = imported(
        tmp_path, "log.jsonl", lines({"type": "user", "sessionId": "s"}, {"type": "user", "sessionId": "s"})
    )
    assert (outcome.outcome, outcome.ignored_count) == ("empty", 2)
    assert "2 lines ignored" in outcome.reason


NUMBERS = st.integers(1, 10**9)
TREES = st.recursive(
    NUMBERS, lambda inner: st.dictionaries(st.text("abc", min_size=1, max_size=3), inner, max_size=3), max_leaves=6
)


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), TREES, max_size=4))
def test_every_number_is_found_once(tree):
    def total(value):
        return sum(map(total, value.values())) if isinstance(value, dict) else value

    assert sum(value for _, value in _walk(tree, "", frozenset(), 20)) == total(tree)


@pytest.mark.parametrize("name", ["video_seconds", "audioTokens", "citation_tokens", "num_search_queries"])
def test_names_of_counts(name):
    assert looks_like_a_count(name)


@pytest.mark.parametrize("name", ["max_tokens", "account_id", "token_limit", "latency", "discount", "model"])
def test_other_names(name):
    assert not looks_like_a_count(name)


@pytest.mark.parametrize("importer", IMPORTERS, ids=lambda importer: importer.name)
def test_what_is_read_of_a_usage_object_is_declared(importer):
    for usage in importer.usage_objects:
        if usage.text is None and not usage.place:
            continue
        read = importer.nested.get(usage.text or "", {}).values()
        inside = [
            one.removeprefix(f"{usage.place}.") for one in importer.fields.values() if one.startswith(f"{usage.place}.")
        ]
        places = set(read) if usage.text else set(inside)
        known = usage.known
        missing = {
            one
            for one in places
            if one not in known and not any(one.startswith(f"{k}.") or k.startswith(f"{one}[]") for k in known)
        }
        assert missing == set()


def test_the_paths_of_one_file_are_bounded(tmp_path):
    assert FileCount(tmp_path, "", "x", 0).unknown == {}
