"""Counts of calls: what a total says of what is inside what, sums that go on, names of folders."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.usage.call_columns import _counted
from pipelines.usage.call_format import steps
from pipelines.usage.call_texts import Inside, folder_name, number

COUNTS = st.integers(0, 10**6)


def counted(inside, **counts):
    texts = dict.fromkeys(("input", "cache_read", "cache_write", "cache_write_1h", "output", "reasoning", "total"))
    frame = pl.DataFrame({name: [None if value is None else str(value)] for name, value in {**texts, **counts}.items()})
    more = {name: pl.lit(None, pl.String) for name in NAMES if name not in frame.columns}
    said = _counted(inside)
    return (
        frame.cast(pl.String)
        .with_columns(**more)
        .select(said.uncached, said.output.alias("out"), said.rest.alias("rest"))
        .row(0)
    )


NAMES = ("requests", "audio_in", "audio_cached", "audio_out", "image_in", "image_cached", "image_out", "web_searches")


@given(COUNTS, COUNTS, COUNTS, COUNTS, st.booleans(), st.booleans(), st.booleans(), st.booleans())
def test_a_total_tells_the_true_counts_whatever_the_format_says(  # noqa: PLR0917 - what may differ
    plain, read, answer, thought, cache_is_in, reasoning_is_in, said_cache, said_reasoning
):
    """The whole prompt and the whole answer are always found, unless the total fits the format's own reading too."""
    stated_in = plain + (read if cache_is_in else 0)
    stated_out = answer + (thought if reasoning_is_in else 0)
    total = plain + read + answer + thought
    inside = Inside(cache=said_cache, reasoning=said_reasoning)
    uncached, output, rest = counted(
        inside, input=stated_in, cache_read=read, output=stated_out, reasoning=thought, total=total
    )
    assert rest == 0
    assert uncached + read + output == total


@pytest.mark.parametrize(
    ("inside", "expected"),
    [((True, True), (60, 30)), ((True, False), (60, 40)), ((False, True), (100, 30)), ((False, False), (100, 40))],
)
def test_without_a_total_the_format_says(inside, expected):
    cache, reasoning = inside
    found = counted(Inside(cache=cache, reasoning=reasoning), input=100, cache_read=40, output=30, reasoning=10)
    assert found == (*expected, None)


def test_of_a_total_that_is_more_than_its_parts_the_rest_is_input_and_told():
    inside = Inside(cache=True, reasoning=True)
    assert counted(inside, input=100, cache_read=40, output=30, total=137) == (67, 30, 7)
    # A total alone is a request all the same.
    assert counted(inside, total=333) == (333, None, 333)


def test_a_total_that_is_less_than_its_parts_is_refused():
    assert counted(Inside(cache=True, reasoning=True), input=100, cache_read=40, output=30, total=129)[2] == -1


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=8))
def test_steps_of_sums_are_what_was_added(added):
    sums = [sum(added[: place + 1]) for place in range(len(added))]
    frame = pl.DataFrame({"series": ["s"] * len(sums), "count": [str(value) for value in sums]})
    assert frame.select(**steps(["count"], ["series"]))["count"].to_list() == [str(value) for value in added]


def test_a_sum_that_falls_began_anew_in_its_own_series_only():
    frame = pl.DataFrame(
        {"series": list("aabba"), "count": ["10", "4", "7", "9", "5"], "other": ["1", "1", "2", None, "2"]}
    )
    found = frame.select(**steps(["count", "other"], ["series"]))
    assert found["count"].to_list() == ["10", "4", "7", "2", "1"]
    assert found["other"].to_list() == ["1", "1", "2", None, "1"]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/home/me/app", "app"),
        ("C:\\work\\app", "app"),
        ("/", None),
        (None, None),
        (5, None),
        ("/x/" + "y" * 201, None),
    ],
)
def test_of_a_path_only_the_folder_is_kept(path, name):
    assert folder_name(path) == name


@pytest.mark.parametrize(("value", "expected"), [("12", 12), ("12.0", 12), (None, 0), (7, 7)])
def test_numbers(value, expected):
    assert number(value) == expected


@pytest.mark.parametrize("value", ["x", "1.5", "", {}])
def test_what_is_no_number(value):
    with pytest.raises(ValueError, match="invalid literal"):
        number(value)
