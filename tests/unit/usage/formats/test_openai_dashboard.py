"""The dashboard export: numbers, sums by kind, tiers, and rows that look alike."""

from datetime import datetime

import pytest

from pipelines.schema.meters import QUANTITY_COLUMNS, TOKEN_METERS
from pipelines.usage.recognise import UnknownFormat, recognise

BUCKET = {
    "start_time": "1772323200",
    "end_time": "1772409600",
    "start_time_iso": "2026-03-01T00:00:00+00:00",
    "end_time_iso": "2026-03-02T00:00:00+00:00",
    "project_id": "proj",
    "num_model_requests": "3.0",
    "user_id": "user",
    "api_key_id": "key",
    "model": "gpt-x",
    "batch": "FALSE",
    "service_tier": "default",
    "input_tokens": "1000.0",
    "output_tokens": "90.0",
    "input_cached_tokens": "200.0",
    "input_uncached_tokens": "800.0",
    "input_text_tokens": "500.0",
    "output_text_tokens": "70.0",
    "input_cached_text_tokens": "100.0",
    "input_audio_tokens": "250.0",
    "input_cached_audio_tokens": "60.0",
    "output_audio_tokens": "15.0",
    "input_image_tokens": "50.0",
    "input_cached_image_tokens": "40.0",
    "output_image_tokens": "5.0",
}
HEADER = "\t".join(BUCKET)
BIG = {"output_tokens": "60000", "output_text_tokens": "59980"}
SMALL = {"output_tokens": "16000", "output_text_tokens": "15980"}


def export(*rows, delimiter="\t"):
    """A file with one line per row; a row is what differs from BUCKET."""
    names = list(BUCKET) + [name for name in (rows[0] if rows else {}) if name not in BUCKET]
    lines = [names, *([{**BUCKET, **row}[name] for name in names] for row in rows)]
    return "".join(delimiter.join(line) + "\n" for line in lines)


@pytest.fixture
def parse(read):
    return lambda **cells: read(export(cells)).row


@pytest.fixture
def rule_of(read):
    def rule(**cells):
        found = read(export(cells))
        assert found.usage.is_empty()
        return found.rules[0]

    return rule


@pytest.fixture
def settled(read):
    return lambda *rows: read(export(*rows)).usage.select("usage_id", "output_tokens").rows()


def test_the_export_has_24_columns(read):
    assert len(BUCKET) == 24
    assert read(export({})).format == "openai_dashboard"


@pytest.mark.parametrize("delimiter", ["\t", ","])
def test_columns_are_found_by_name_in_any_order(read, parse, delimiter):
    names = list(reversed(BUCKET))
    found = read(delimiter.join(names) + "\n" + delimiter.join(BUCKET[name] for name in names))
    assert found.format == "openai_dashboard"
    assert {**found.row, "import_id": ""} == {**parse(), "import_id": ""}


@pytest.mark.parametrize("header", [HEADER.replace("input_cached_tokens\t", ""), '"' + HEADER, ""])
def test_another_header_is_not_recognised(tmp_path, header):
    path = tmp_path / "export.tsv"
    path.write_text(header + "\n")
    with pytest.raises(UnknownFormat):
        recognise(path, path.name)


def test_a_column_that_is_named_twice_says_nothing(read):
    """Which of the two cells is meant is a guess, so the file is refused."""
    found = read(HEADER + "\tmodel\n" + "\t".join(BUCKET.values()) + "\tgpt-y\n")
    assert (found.row_count, found.usage.height) == (0, 0)
    assert "names model more than once" in found.reason


def test_meters_are_disjoint_and_by_kind(parse):
    row = parse()
    meters = ["input_uncached_tokens", "cache_read_tokens", "output_tokens"]
    assert [row[name] for name in meters] == [500, 100, 70]
    assert [row[f"audio_{kind}_tokens"] for kind in ("input", "cache_read", "output")] == [250, 60, 15]
    assert [row[f"image_{kind}_tokens"] for kind in ("input", "cache_read", "output")] == [50, 40, 5]
    assert sum(row[QUANTITY_COLUMNS[meter]] or 0 for meter in TOKEN_METERS) == 1000 + 90
    assert row["requests"] == 3


def test_the_bucket_has_its_owner_and_both_ends(parse):
    row = parse()
    assert (row["usage_at"], row["usage_until"]) == (datetime(2026, 3, 1), datetime(2026, 3, 2))
    assert (row["grain"], row["provider"], row["model"]) == ("bucket", "openai", "gpt-x")
    assert (row["project_id"], row["user_id"], row["api_key_id"]) == ("proj", "user", "key")


def test_a_day_without_usage_is_ignored(read):
    found = read(export({name: "" for name in BUCKET if not name.startswith(("start_", "end_"))}))
    assert (found.usage.height, found.rules, found.ignored_count) == (0, [], 1)


@pytest.mark.parametrize(
    ("batch", "tier", "expected"),
    [
        ("FALSE", "default", "standard"),
        ("FALSE", "auto", "standard"),
        ("", "", "standard"),
        ("false", "flex", "flex"),
        ("FALSE", "priority", "priority"),
        ("TRUE", "default", "batch"),
    ],
)
def test_service_tiers(parse, batch, tier, expected):
    assert parse(batch=batch, service_tier=tier)["service_tier"] == expected


def test_unknown_tiers_and_flags_are_refused(rule_of):
    assert rule_of(service_tier="scale") == "unknown_service_tier"
    assert rule_of(batch="maybe") == "unknown_batch_flag"


@pytest.mark.parametrize("text", ["-1", "1.5", "nan", "inf", "1e3", "1,000", "ten", "9" * 16, "9" * 5000, "\u0663"])
def test_a_count_must_be_a_whole_number(rule_of, text):
    assert rule_of(num_model_requests=text) == "not_a_count"


def test_more_cached_than_input_is_refused(rule_of):
    assert rule_of(input_cached_tokens="1001") == "cached_exceeds_input"


@pytest.mark.parametrize(
    ("cells", "rule"),
    [
        ({"input_uncached_tokens": "801"}, "input_does_not_add_up"),
        # An older meaning of the column: audio with its cached tokens inside.
        ({"input_audio_tokens": "310"}, "input_does_not_add_up"),
        ({"input_cached_image_tokens": "41"}, "input_does_not_add_up"),
        ({"input_text_tokens": ""}, "input_does_not_add_up"),
        ({"output_audio_tokens": "14"}, "output_does_not_add_up"),
        ({"input_cached_tokens": "", "input_uncached_tokens": "", "input_text_tokens": "499"}, "input_does_not_add_up"),
    ],
)
def test_totals_must_be_the_sum_of_their_parts(rule_of, cells, rule):
    assert rule_of(**cells) == rule


def test_totals_that_are_not_given_are_not_checked(parse):
    row = parse(input_tokens="", input_cached_tokens="", input_uncached_tokens="", output_tokens="")
    assert (row["input_uncached_tokens"], row["output_tokens"]) == (500, 70)


def test_a_token_column_that_is_not_known_must_be_zero(parse, rule_of):
    assert parse(input_cache_write_tokens="0.0")["input_uncached_tokens"] == 500
    assert rule_of(input_cache_write_tokens="7") == "unknown_token_column"


@pytest.mark.parametrize(
    ("cells", "rule"),
    [
        ({"start_time": "1772323200000"}, "not_a_timestamp"),
        ({"start_time": ""}, "not_a_timestamp"),
        ({"end_time": "soon"}, "not_a_timestamp"),
        ({"end_time": "1772323200"}, "bucket_ends_before_start"),
        ({"model": ""}, "no_model"),
        ({"model": "x" * 201}, "not_a_text"),
        ({"user_id": "a\x00b"}, "not_a_text"),
    ],
)
def test_bad_cells_are_refused(rule_of, cells, rule):
    assert rule_of(**cells) == rule


@pytest.mark.parametrize(("line", "rule"), [("a\tb", "wrong_column_count"), ('a\t"b', "invalid_csv")])
def test_broken_lines_are_refused(read, line, rule):
    found = read(HEADER + "\n" + line)
    assert (found.usage.height, found.rules) == (0, [rule])


def test_two_rows_of_one_bucket_with_other_numbers_are_both_kept(settled):
    rows = settled(BIG, SMALL)
    assert [tokens for _, tokens in rows] == [59980, 15980]
    assert len({usage_id for usage_id, _ in rows}) == 2


def test_another_order_gives_every_row_the_same_identity(settled):
    assert set(settled(SMALL, BIG)) == set(settled(BIG, SMALL))


def test_rows_equal_in_every_number_are_one(settled):
    assert settled(BIG, BIG) == settled(BIG)


@pytest.mark.parametrize(
    "other",
    [
        {"service_tier": "auto"},
        {"batch": ""},
        {"user_id": "key", "api_key_id": "user"},
        {"model": "gpt-y"},
        {"project_id": ""},
    ],
)
def test_every_dimension_is_part_of_the_identity(settled, other):
    rows = settled({}, other)
    assert len({usage_id for usage_id, _ in rows}) == 2
