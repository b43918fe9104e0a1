"""Readings that several formats share: the first of several names, what is left of a total, sellers, ids of keys."""

from datetime import datetime

import polars as pl
import pytest

from pipelines.usage.fields import (
    FILE_TIME,
    any_moment,
    first_count,
    first_moment,
    first_text,
    key_id,
    moment,
    rest,
    seller,
)


def taken(reading, **texts):
    """Value and whether it is broken, of one record."""
    frame = pl.DataFrame(texts, schema=dict.fromkeys(texts, pl.String))
    return frame.select(value=reading.value, is_broken=reading.is_broken).row(0)


@pytest.mark.parametrize(
    ("new", "old", "expected"),
    [
        ("10", "7", (10, False)),
        (None, "7.0", (7, False)),
        ("", "7", (7, False)),
        (None, None, (None, False)),
        ("0", "7", (0, False)),
        ("x", "7", (7, True)),
        ("10", "-7", (10, True)),
    ],
)
def test_the_first_name_that_has_a_count(new, old, expected):
    assert taken(first_count("new", "old"), new=[new], old=[old]) == expected


def test_what_is_left_of_a_total():
    frame = pl.DataFrame({"total": [100, 100, None], "a": [30, None, 1], "b": [80, 20, 1]})
    assert frame.select(rest(pl.col("total"), pl.col("a"), pl.col("b"))).to_series().to_list() == [-10, 80, None]


def test_the_first_text_and_what_it_must_be():
    assert taken(first_text("a", "b"), a=[""], b=["x"]) == ("x", False)
    assert taken(first_text("a", "b"), a=["x" * 201], b=["y"])[1]
    assert taken(first_text("a"), a=[""]) == (None, False)


def test_the_first_time_that_can_be_read():
    reading = first_moment(moment("a"), moment("b", is_utc_without_zone=True))
    assert taken(reading, a=["soon"], b=["2026-03-01 10:00:00"]) == (datetime(2026, 3, 1, 10), False)
    assert taken(reading, a=[None], b=[None])[1]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("openai", ("openai", "api")),
        ("Azure", ("openai", "azure")),
        ("bedrock_converse", ("unknown", "bedrock")),
        ("vertex_ai", ("unknown", "vertex")),
        ("groq", ("groq", "api")),
        ("", ("unknown", "api")),
        (None, ("unknown", "api")),
    ],
)
def test_sellers(word, expected):
    provider, channel = seller(pl.col("word"))
    assert pl.DataFrame({"word": [word]}, {"word": pl.String}).select(provider, channel=channel).row(0) == expected


@pytest.mark.parametrize(
    "key", ["sk-proj-abcdefghijkl", "AIzaSyA1234567890", "xai-abcdefghijklmnop", "hf_abcdefghijklm"]
)
def test_a_key_is_no_id_of_a_key(key):
    assert taken(key_id("key"), key=[key])[1]


@pytest.mark.parametrize("key", ["88dc28d0f030c55ed4ab77ed8faf0981", "laptop", "key_01ab", None])
def test_ids_of_keys(key):
    assert taken(key_id("key"), key=[key]) == (key, False)


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("2026-05-01T12:00:00+02:00", datetime(2026, 5, 1, 10)),
        ("1777629600", datetime(2026, 5, 1, 10)),
        ("1777629600.123", datetime(2026, 5, 1, 10)),
        ("1777629600000", datetime(2026, 5, 1, 10)),
        ("1777629600000000", datetime(2026, 5, 1, 10)),
        ("1777629600000000000", datetime(2026, 5, 1, 10)),
        ("17776296000", None),
        ("2026-05-01T12:00:00", None),
        ("yesterday", None),
        (None, None),
    ],
)
def test_times_as_tools_print_them(printed, expected):
    assert taken(any_moment("at"), at=[printed]) == (expected, expected is None)


def test_only_a_record_without_a_time_is_of_its_file():
    reading = any_moment("at", or_file_time=True)
    file_time = "2026-03-01T00:00:00+00:00"
    assert taken(reading, at=[None], **{FILE_TIME: [file_time]}) == (datetime(2026, 3, 1), False)
    assert taken(reading, at=["yesterday"], **{FILE_TIME: [file_time]}) == (None, True)
