"""The user's mapping file and the shipped table of moved names."""

from contextlib import suppress
from datetime import datetime
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.models.model_map import MAP_SCHEMA, POINTER_SCHEMA, ModelMapError, known_pointers, read_model_map

HEADER = "model,provider,channel,region,canonical_model"


def read(tmp_path, text):
    path = tmp_path / "model_map.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_model_map(path)


def test_a_missing_file_maps_nothing(tmp_path):
    table = read_model_map(tmp_path / "model_map.csv")
    assert table.is_empty()
    assert table.schema == pl.Schema(MAP_SCHEMA)


def test_cells_that_are_empty_are_null_and_blank_lines_do_not_count(tmp_path):
    table = read(tmp_path, f"{HEADER}\nmy-gpt4o-deployment,openai,azure,eastus,gpt-4o-2024-08-06\n\nx,,,,gpt-5\n")
    assert table.schema == pl.Schema(MAP_SCHEMA)
    assert table.rows() == [
        ("my-gpt4o-deployment", "openai", "azure", "eastus", "gpt-4o-2024-08-06", None, None),
        ("x", None, None, None, "gpt-5", None, None),
    ]


def test_intervals_are_utc_and_may_follow_each_other(tmp_path):
    rows = "x,,,,gpt-4o,,2026-03-01\nx,,,,gpt-5,2026-03-01T02:00:00+02:00,"
    table = read(tmp_path, f"{HEADER},valid_from,valid_to\n{rows}\n")
    march = datetime(2026, 3, 1)
    assert table.select("valid_from", "valid_to").rows() == [(None, march), (march, None)]


def test_a_spreadsheet_may_write_a_byte_order_mark_and_windows_line_ends(tmp_path):
    table = read(tmp_path, f"\ufeff{HEADER}\r\nx,,,,gpt-5\r\n")
    assert table["canonical_model"].to_list() == ["gpt-5"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: the header is ''; write model,provider,channel,region,canonical_model"),
        ("model;canonical_model\nx;y\n", "separated by commas"),
        (f"{HEADER}\nx,,,gpt-5\n", "line 2: 4 cells, the header has 5"),
        (f"{HEADER}\n,,,,gpt-5\n", "line 2: model is empty; write the id or delete the line"),
        (f"{HEADER}\nx,,,,\n", "line 2: canonical_model is empty"),
        (f"{HEADER}\nx,,aws,,gpt-5\n", "line 2: channel 'aws' is unknown; write one of api, azure"),
        (f"{HEADER}\nx,,,,gpt-5\nx,,,,gpt-4o\n", "line 3: 'x' is already mapped on line 2"),
        (f"{HEADER}\n{'x' * 201},,,,gpt-5\n", "line 2: model is longer than 200"),
        (f'{HEADER}\n"x,,,,gpt-5\n', "line 2: .*check the quotes"),
        (f"{HEADER}\nx,,,,gpt\xff-5\n".encode("latin-1"), "is not UTF-8; save the file as UTF-8"),
        (f"{HEADER},valid_from,valid_to\nx,,,,gpt-5,soon,\n", "valid_from 'soon' is no date; write it as 2026-01-31"),
        (f"{HEADER},valid_from,valid_to\nx,,,,gpt-5,2026-02-01,2026-02-01\n", "valid_to must be after valid_from"),
        (
            f"{HEADER},valid_from,valid_to\nx,,,,a,,2026-03-02\nx,,,,b,2026-03-01,\n",
            "line 3: 'x' is already mapped on line 2 for the same time",
        ),
    ],
)
def test_a_mistake_is_named_with_its_file_line_and_remedy(tmp_path, text, message):
    with pytest.raises(ModelMapError, match=message) as raised:
        read(tmp_path, text)
    assert "model_map.csv" in str(raised.value)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_in_words(tmp_path_factory, body):
    path = tmp_path_factory.mktemp("map") / "model_map.csv"
    path.write_bytes(f"{HEADER}\n".encode() + body)
    with suppress(ModelMapError):
        assert read_model_map(path).schema == pl.Schema(MAP_SCHEMA)


def test_every_moved_name_has_a_source_and_means_one_model_at_a_time():
    table = known_pointers()
    assert table.select(*POINTER_SCHEMA).schema == pl.Schema(POINTER_SCHEMA)
    assert table["source_url"].str.starts_with("https://").all()
    assert table.filter(pl.col("alias") == pl.col("model")).is_empty()
    for _, rows in table.sort("valid_from").group_by("provider", "channel", "alias"):
        spans = rows.select("valid_from", "valid_to").rows()
        assert all(end is not None and end <= start for (_, end), (start, _) in pairwise(spans))
        assert all(end is None or start < end for start, end in spans)


def test_openai_moved_gpt_4o_on_2024_10_02():
    # OpenAI's mail to developers: "it will automatically update on October 2nd".
    rows = known_pointers().filter(alias="gpt-4o").select("model", "valid_from", "valid_to").rows()
    assert rows == [("gpt-4o-2024-05-13", datetime(2024, 5, 13), datetime(2024, 10, 2))]


def test_xai_redirects_retired_models_from_noon_pacific_time():
    # docs.x.ai: "Effective May 15, 2026 at 12:00pm PT", which is 19:00 UTC in summer.
    redirected = known_pointers().filter(model="grok-4.3")
    assert set(redirected["valid_from"]) == {datetime(2026, 5, 15, 19)}
    assert "grok-4-0709" in redirected["alias"].to_list()
