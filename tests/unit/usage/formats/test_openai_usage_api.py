"""The usage API of OpenAI: cached and written tokens inside the input, kinds of tokens, dimensions, cut reports."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from pipelines.schema.meters import QUANTITY_COLUMNS, TOKEN_METERS

SAMPLE = Path(__file__).parents[3] / "usage_files" / "openai_usage_api.json"
START = 1787788800
COMPLETION = {
    "object": "organization.usage.completions.result",
    "input_tokens": 1000,
    "output_tokens": 90,
    "input_cached_tokens": 200,
    "num_model_requests": 3,
    "model": "gpt-x",
    "batch": None,
}
KINDS = {
    "input_uncached_tokens": 800,
    "input_text_tokens": 500,
    "input_audio_tokens": 250,
    "input_image_tokens": 50,
    "input_cached_text_tokens": 100,
    "input_cached_audio_tokens": 60,
    "input_cached_image_tokens": 40,
    "output_text_tokens": 70,
    "output_audio_tokens": 15,
    "output_image_tokens": 5,
}


def page(*results, start=START, seconds=86400, **other):
    bucket = {"object": "bucket", "start_time": start, "end_time": start + seconds, "results": list(results)}
    return json.dumps({"object": "page", "data": [bucket], "has_more": False, "next_page": None, **other})


@pytest.fixture
def row_of(read):
    return lambda **fields: read(page({**COMPLETION, **fields})).row


@pytest.fixture
def rule_of(read):
    def rule(**fields):
        found = read(page({**COMPLETION, **fields}))
        assert found.usage.is_empty()
        return found.rules[0]

    return rule


def test_the_sample_adds_up_by_hand(read):
    found = read(SAMPLE)
    assert (found.format, found.row_count, found.rules) == ("openai_usage_api", 3, ["no_model"])
    sums = {
        "input_uncached_tokens": 14996 + 500 + 200,
        "cache_read_tokens": 8448 + 100 + 800,
        "cache_write_5m_tokens": 4000 + 0,
        "output_tokens": 1200 + 70 + 500,
        "audio_input_tokens": 250,
        "audio_cache_read_tokens": 60,
        "audio_output_tokens": 15,
        "image_input_tokens": 50,
        "image_cache_read_tokens": 40,
        "image_output_tokens": 5,
        "requests": 9 + 3 + 5,
    }
    assert {name: found.usage[name].sum() for name in sums} == sums
    # All that OpenAI's totals hold, once: 27,444 + 1,000 + 1,000 of input and 1,200 + 90 + 500 of output.
    assert sum(value for name, value in sums.items() if name != "requests") == 29444 + 1790
    assert found.usage["service_tier"].to_list() == ["standard", "batch", "standard"]
    assert found.usage["usage_at"].to_list() == [datetime(2026, 8, 27)] * 2 + [datetime(2026, 8, 28)]
    assert found.usage["grouping"].unique().to_list() == ["project_id,api_key_id"]


def test_cached_tokens_are_inside_the_input(row_of):
    """Added beside the input they would make 1,200 prompt tokens of 1,000."""
    row = row_of()
    assert (row["input_uncached_tokens"], row["cache_read_tokens"]) == (800, 200)


def test_cache_writes_are_inside_the_input_and_outside_the_uncached(row_of):
    """A prompt of 27,444 with 8,448 cached has 18,996 others; 4,000 of them written, not 18,996 uncached and 4,000."""
    row = row_of(input_tokens=27444, input_cached_tokens=8448, input_cache_write_tokens=4000)
    assert (row["input_uncached_tokens"], row["cache_read_tokens"], row["cache_write_5m_tokens"]) == (14996, 8448, 4000)


def test_an_uncached_count_that_holds_the_writes_is_refused(rule_of):
    fields = {"input_tokens": 27444, "input_cached_tokens": 8448, "input_cache_write_tokens": 4000}
    assert rule_of(**fields, input_uncached_tokens=18996) == "input_does_not_add_up"


def test_writes_of_twelve_hours_have_no_meter(row_of, rule_of):
    assert row_of(input_cache_write_12h_tokens=0)["input_uncached_tokens"] == 800
    assert rule_of(input_cache_write_12h_tokens=7) == "unknown_token_column"


def test_kinds_of_tokens_are_disjoint(row_of):
    """Read as older reports, 500 uncached text tokens would be 1,000 - 200 = 800, and audio would count twice."""
    row = row_of(**KINDS)
    assert [row[name] for name in ("input_uncached_tokens", "cache_read_tokens", "output_tokens")] == [500, 100, 70]
    assert sum(row[QUANTITY_COLUMNS[meter]] or 0 for meter in TOKEN_METERS) == 1000 + 90


@pytest.mark.parametrize("name", ["input_text_tokens", "input_cached_text_tokens", "output_text_tokens"])
def test_audio_of_an_older_report_is_refused(rule_of, name):
    """There input_audio_tokens held cached tokens, beside an input_tokens of text alone: nothing would tell."""
    assert rule_of(**{**KINDS, name: None}) == "old_audio_counts"
    assert rule_of(input_audio_tokens=100) == "old_audio_counts"


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({**KINDS, "input_audio_tokens": 310}, "input_does_not_add_up"),
        ({**KINDS, "input_cached_image_tokens": 41}, "input_does_not_add_up"),
        ({**KINDS, "output_audio_tokens": 14}, "output_does_not_add_up"),
        ({"input_uncached_tokens": 801}, "input_does_not_add_up"),
        ({"input_cached_tokens": 1001}, "cached_exceeds_input"),
        ({"model": None}, "no_model"),
        ({"input_tokens": None}, "no_token_counts"),
        ({"output_tokens": None}, "no_token_counts"),
        ({"num_model_requests": None}, "no_token_counts"),
        ({"output_tokens": 1.5}, "not_a_count"),
        ({"input_cached_tokens": -1}, "not_a_count"),
        ({"input_cached_tokens": "many"}, "not_a_count"),
        ({"service_tier": "scale"}, "unknown_service_tier"),
        ({"batch": "maybe"}, "unknown_batch_flag"),
        ({"object": "organization.usage.images.result"}, "not_counted_in_tokens"),
    ],
)
def test_what_cannot_be_right_is_refused(rule_of, fields, rule):
    assert rule_of(**fields) == rule


@pytest.mark.parametrize(
    ("batch", "tier", "expected"),
    [(None, None, "standard"), (False, "flex", "flex"), (True, "default", "batch"), (None, "priority", "priority")],
)
def test_service_tiers(row_of, batch, tier, expected):
    assert row_of(batch=batch, service_tier=tier)["service_tier"] == expected


def test_embeddings_have_no_output(read):
    result = {"object": "organization.usage.embeddings.result", "input_tokens": 16, "num_model_requests": 2}
    row = read(page({**result, "model": "text-embedding-3-small"})).row
    assert (row["input_uncached_tokens"], row["output_tokens"], row["requests"]) == (16, None, 2)


@pytest.mark.parametrize(("seconds", "end"), [(60, datetime(2026, 8, 27, 0, 1)), (3600, datetime(2026, 8, 27, 1))])
def test_buckets_of_any_width(read, seconds, end):
    row = read(page(COMPLETION, seconds=seconds)).row
    assert (row["usage_at"], row["usage_until"], row["grain"]) == (datetime(2026, 8, 27), end, "bucket")


@pytest.mark.parametrize(
    "other",
    [
        {"project_id": "p"},
        {"user_id": "u"},
        {"api_key_id": "k"},
        {"model": "gpt-y"},
        {"batch": False},
        {"service_tier": "default"},
        {"api_source": "unlabeled"},
    ],
)
def test_every_dimension_is_part_of_the_identity(read, other):
    found = read(page(COMPLETION, {**COMPLETION, **other}))
    assert found.usage["usage_id"].n_unique() == 2


def test_a_bucket_that_is_stated_again_is_one_row(read):
    """Late requests arrive: 90 and then 120 output tokens are 120, not 210."""
    found = read(page(COMPLETION) + "\n" + page({**COMPLETION, "output_tokens": 120}))
    assert found.row["output_tokens"] == 120


def test_a_report_that_goes_on_is_imported_and_told(read):
    found = read(page(COMPLETION, has_more=True, next_page="AAA"))
    assert (found.row["output_tokens"], found.rules) == (90, ["report_is_cut"])


def test_pages_in_one_file_go_on_in_each_other(read):
    first, second = page(COMPLETION, has_more=True, next_page="AAA"), page(start=START + 86400)
    assert read(first + "\n" + second).rules == []


def test_each_refused_result_of_a_page_is_told_once(read):
    bad = [{**COMPLETION, "model": None, "project_id": project} for project in ("p1", "p2")]
    found = read(page(COMPLETION, *bad))
    assert (found.row_count, found.rules) == (1, ["no_model", "no_model"])
    assert [json.loads(text)["project_id"] for text in found.rejects["raw_text"]] == ["p1", "p2"]


@pytest.mark.parametrize(
    "content", [page("text"), page(COMPLETION) + "\n" + '{"data": 5}', page(COMPLETION) + '\n{"data": [{}]}']
)
def test_a_page_of_another_shape_is_refused(read, content):
    assert read(content, "openai_usage_api").rules == ["not_this_format"]


def test_a_long_page_that_starts_with_empty_buckets_is_recognised(read):
    empty = {"object": "bucket", "start_time": START, "end_time": START + 60, "results": []}
    last = {**empty, "start_time": START + 60, "end_time": START + 120, "results": [COMPLETION]}
    long = json.dumps({"object": "page", "data": [empty] * 15000 + [last], "has_more": False})
    assert len(long) > 1 << 20
    assert read(long.replace("[" + json.dumps(empty), "[" + json.dumps(last), 1)).row_count == 2


def test_half_of_a_character_is_refused_and_the_rest_is_imported(read):
    found = read(page(COMPLETION, {**COMPLETION, "project_id": "a\ud800b"}))
    assert (found.row_count, found.rules) == (1, ["not_a_text"])


def test_a_document_that_is_nested_too_deeply_is_no_report(read):
    found = read("[" * 100_000 + "\n", "openai_usage_api")
    assert (found.usage.height, found.reason) == (0, "log: the JSON document is nested too deeply")


def test_a_line_that_is_nested_too_deeply_is_refused(read):
    assert read('{"data":' * 50_000 + "\n", "openai_usage_api").rules == ["invalid_json"]
