"""Codex session logs: repeated events, forks, forward-filled models, and what is inside what."""

import json
from datetime import datetime
from pathlib import Path

from pipelines.usage.file_format import recognised_files
from pipelines.usage.read_files import read_files

SAMPLE = Path(__file__).parents[3] / "usage_files" / "codex_session.jsonl"
NAMES = ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_output_tokens", "total_tokens")


def counts(*values):
    return dict(zip(NAMES, values, strict=False))


def meta(session="s1", **other):
    payload = {"id": session, "cwd": "/home/ada/shop", "cli_version": "0.145.0", "model_provider": "openai", **other}
    return {"timestamp": "2026-05-01T10:00:00Z", "type": "session_meta", "payload": payload}


def turn(model="gpt-5.2-codex"):
    return {"timestamp": "2026-05-01T10:00:01Z", "type": "turn_context", "payload": {"model": model, "cwd": "/x/shop"}}


def event(total, last, at="2026-05-01T10:00:02Z", **info):
    told = {"total_token_usage": total, "last_token_usage": last, **info}
    return {"timestamp": at, "type": "event_msg", "payload": {"type": "token_count", "info": told}}


def log(*records):
    return "\n".join(json.dumps(record) for record in records)


def test_totals_of_the_sample(read):
    found = read(SAMPLE)
    assert (found.format, found.row_count, found.ignored_count, found.rules) == ("codex", 2, 6, [])
    # 1000 - 200, 2000 - 900; the repeated event would make it 1900 + 800
    assert found.usage["input_uncached_tokens"].to_list() == [800, 1100]
    assert found.usage["cache_read_tokens"].to_list() == [200, 900]
    # 300 in all; 390 if reasoning were added, 400 with the repeated event
    assert found.usage["output_tokens"].to_list() == [100, 200]
    assert found.usage["of_which_reasoning_tokens"].to_list() == [40, 50]
    assert set(found.usage["model"]) == {"gpt-5.2-codex"}
    assert set(found.usage["provider"]) == {"openai"}
    assert set(found.usage["project_id"]) == {"shop"}
    assert set(found.usage["conversation_id"]) == {"01970000-0000-7000-8000-000000000001"}
    assert "SECRET" not in found.usage.write_json()


def test_two_requests_of_the_same_size_are_two(read):
    same = counts(10, 0, 5, 0, 15)
    found = read(log(meta(), turn(), event(same, same), event(counts(20, 0, 10, 0, 30), same)))
    # 5 if equal counts of the last request meant a repetition
    assert found.usage["output_tokens"].sum() == 10


def test_the_model_is_the_one_of_the_turn(read):
    first, second = counts(10, 0, 5, 0, 15), counts(30, 0, 10, 0, 40)
    found = read(log(meta(), turn("a"), event(first, first), turn("b"), event(second, counts(20, 0, 5, 0, 25))))
    assert found.usage["model"].to_list() == ["a", "b"]


def test_a_fork_repeats_its_parent_under_new_times(tmp_path):
    first, second = counts(10, 0, 5, 0, 15), counts(30, 0, 12, 0, 42)
    own = counts(130, 30, 20, 0, 150)
    parent = [meta("p"), turn(), event(first, first), event(second, counts(20, 0, 7, 0, 27))]
    fork = [meta("f", forked_from_id="p"), *parent, event(own, counts(100, 30, 8, 0, 108))]
    later = [{**record, "timestamp": "2026-05-02T08:00:00Z"} for record in fork]
    paths = [tmp_path / "parent.jsonl", tmp_path / "fork.jsonl"]
    for path, records in zip(paths, (parent, later), strict=True):
        path.write_text(log(*records))
    files, _ = recognised_files(paths)
    (batch,) = read_files(files, lambda import_id: False, datetime(2026, 11, 24))
    # 5 + 7 + 8; 32 if the copied events counted again
    assert batch.rows["output_tokens"].sum() == 20
    assert batch.rows.sort("usage_at")["usage_at"].dt.day().to_list() == [1, 1, 2]


def test_files_do_not_lend_each_other_their_model(tmp_path):
    usage = counts(10, 0, 5, 0, 15)
    (tmp_path / "a").write_text(log(meta("a"), turn("model-a"), event(usage, usage)))
    (tmp_path / "b").write_text(log(meta("b"), event(usage, usage)))
    files, _ = recognised_files([tmp_path / "a", tmp_path / "b"])
    (batch,) = read_files(files, lambda import_id: False, datetime(2026, 11, 24))
    assert batch.rows["model"].to_list() == ["model-a"]
    assert batch.rejects["rule"].to_list() == ["no_model"]


def test_a_log_without_last_requests_is_read_by_its_sums(read):
    sums = [counts(10, 2, 5, 1, 15), counts(10, 2, 5, 1, 15), counts(30, 12, 9, 2, 39)]
    found = read(log(meta(), turn(), *(event(total, None) for total in sums)))
    # 24 output tokens if the sums themselves were added
    assert found.usage["output_tokens"].to_list() == [5, 4]
    assert found.usage["input_uncached_tokens"].to_list() == [8, 10]
    assert found.usage["cache_read_tokens"].to_list() == [2, 10]


def test_an_estimate_after_a_compaction_is_no_usage(read):
    usage = counts(10, 0, 5, 0, 15)
    found = read(log(meta(), turn(), event(usage, usage), event(counts(0, 0, 0, 0, 9000), counts(0, 0, 0, 0, 8985))))
    assert (found.row_count, found.ignored_count) == (1, 3)


def test_cache_writes_of_newer_versions_are_inside_the_input(read):
    usage = {**counts(100, 60, 5, 0, 105), "cache_write_input_tokens": 30}
    row = read(log(meta(), turn(), event(usage, usage))).row
    # 40 uncached if writes were taken to lie beside the input
    assert (row["input_uncached_tokens"], row["cache_read_tokens"], row["cache_write_5m_tokens"]) == (10, 60, 30)


def test_broken_events_are_refused_with_their_rule(read):
    fine = counts(100, 0, 50, 0, 150)
    events = {
        "cached_exceeds_input": counts(10, 11, 5, 0, 15),
        "reasoning_exceeds_output": counts(10, 0, 5, 6, 15),
        "total_does_not_add_up": counts(10, 0, 5, 3, 19),
        "no_token_counts": counts(10),
        "not_a_count": counts(10, 0, -5, 0, 5),
    }
    sums = [{**fine, "input_tokens": 100 + number} for number in range(len(events))]
    found = read(log(meta(), turn(), *map(event, sums, events.values())))
    assert found.rules == list(events)


def test_a_reject_holds_no_path(read):
    usage = counts(10, 11, 5, 0, 15)
    rejects = read(log(meta(cwd="/home/SECRET/x"), turn(), event(usage, usage, note="SECRET"))).rejects
    assert rejects.height == 1
    assert "SECRET" not in rejects.write_json()


def test_a_log_without_session_still_has_an_identity(read):
    usage = counts(10, 0, 5, 0, 15)
    row = read(log(turn(), event(usage, usage))).row
    assert (row["provider"], row["conversation_id"]) == ("unknown", None)


def record(response, values, thread=None, at="2026-05-01T10:00:02Z"):
    payload = {"response_id": response, "usage": values, "thread_token_usage": thread or values}
    return {"timestamp": at, "type": "token_usage_record", "payload": payload}


ONE, TWO = "resp_0a1example00000000000000000001", "resp_0a1example00000000000000000002"


def test_a_record_and_an_event_of_one_request_are_one_row(read):
    first, second = counts(10, 0, 5, 0, 15), counts(30, 0, 12, 0, 42)
    last = counts(20, 0, 7, 0, 27)
    events = [event(first, first), event(second, last)]
    records = [record(ONE, first), record(TWO, last)]
    for order in ([*records, *events], [*events, *records], [records[0], events[0], events[1], records[1]]):
        assert read(log(meta(), turn(), *order)).usage["output_tokens"].sort().to_list() == [5, 7]


def test_requests_from_before_there_were_records_count_too(read):
    """A session that an older version began: equal counts, and only the second request has a record."""
    same = counts(10, 0, 5, 0, 15)
    found = read(log(meta(), turn(), event(same, same), record(ONE, same), event(counts(20, 0, 10, 0, 30), same)))
    assert found.usage["output_tokens"].to_list() == [5, 5]


def test_a_request_that_only_a_record_tells_of_counts(read):
    first, compaction = counts(10, 0, 5, 0, 15), counts(1000, 900, 60, 0, 1060)
    found = read(log(meta(), turn(), record(ONE, first), event(first, first), record(TWO, compaction)))
    assert found.usage["input_uncached_tokens"].to_list() == [10, 100]


def test_records_without_an_id_of_their_own_are_told_apart_by_the_sum(read):
    same = counts(10, 0, 5, 0, 15)
    assert read(log(meta(), turn(), record(None, same), record(None, same, counts(20, 0, 10, 0, 30)))).row_count == 2
    assert read(log(meta(), turn(), record("resp_1", same), record("resp_1", same, counts(20, 0, 10)))).row_count == 2


def test_a_log_imported_before_records_were_read_is_the_same_rows(read):
    """The identity by the format is what the event alone has."""
    same = counts(10, 0, 5, 0, 15)
    by_event = read(log(meta(), turn(), event(same, same))).row
    by_record = read(log(meta(), turn(), record(ONE, same), event(same, same))).row
    assert by_record["format_usage_id"] == by_event["usage_id"] != by_record["usage_id"]


def test_before_its_own_history_starts_a_forks_events_are_its_parents(read):
    first, own = counts(10, 0, 5, 0, 15), counts(110, 0, 9, 0, 119)
    parent = read(log(meta("p"), turn(), event(first, first))).row
    fork = meta("f", forked_from_id="p", subagent_history_start_ordinal=3)
    lines = [fork, turn(), event(first, first, "2026-05-09T08:00:00Z"), turn(), event(own, counts(100, 0, 4, 0, 104))]
    numbered = [{**line, "ordinal": number} for number, line in enumerate(lines)]
    for records in (lines, numbered):
        found = read(log(*records)).usage
        assert found["usage_id"][0] == parent["usage_id"]
        assert found["output_tokens"].to_list() == [5, 4]
        assert found["conversation_id"].to_list() == ["f", "f"]
