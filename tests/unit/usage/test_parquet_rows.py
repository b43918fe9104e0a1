"""Parquet files of every type: texts as they are meant, or a refusal that names the column; never a panic."""

from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.usage.parquet_rows import parquet_rows

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
FAR = 2**62


@pytest.fixture
def read(tmp_path):
    def written(values, place="x"):
        path = tmp_path / "rows.parquet"
        pq.write_table(pa.table({"x": values}), path)
        return [text for frame in parquet_rows(path, {"field": place}) for text in frame["field"]]

    return written


@pytest.mark.parametrize("zone", ["UTC", "+05:30", "-08:00", "America/New_York", "Nowhere/At_All"])
@pytest.mark.parametrize("unit", ["us", "ns"])
def test_a_time_is_told_in_utc_whatever_its_zone(read, zone, unit):
    assert read(pa.array([NOON, None], pa.timestamp(unit, zone))) == ["2026-03-01T12:00:00.123456Z", None]


def test_a_time_without_zone_stays_without(read):
    assert read(pa.array([NOON.replace(tzinfo=None)])) == ["2026-03-01T12:00:00.123456"]


def test_a_time_inside_a_struct_is_found_beside_what_has_no_text(read):
    inside = pa.struct({"at": pa.timestamp("us", "+05:30"), "blob": pa.binary()})
    values = pa.array([{"at": NOON, "blob": b"x"}, None], inside)
    assert read(values, "x.at") == ["2026-03-01T12:00:00.123456Z", None]
    assert read(values, "x.none") == [None, None]


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (pa.array([Decimal(5)], pa.decimal256(30, 2)), ["5.00"]),
        (pa.array([2**64 - 1], pa.uint64()), ["18446744073709551615"]),
        (pa.array([5.0], pa.float16()), ["5.0"]),
        (pa.array(["a", "b", "a"]).dictionary_encode(), ["a", "b", "a"]),
        (pa.array([NOON], pa.timestamp("us", "+05:30")).dictionary_encode(), ["2026-03-01T12:00:00.123456Z"]),
        (pa.array([[1, 2], None]), ["[1,2]", None]),
        (pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())), ['{"a":1}']),
        (pa.array(["a"], pa.string_view()), ["a"]),
        (pa.array([True]), ["true"]),
        (pa.nulls(2), [None, None]),
    ],
    ids=str,
)
def test_values_become_the_texts_that_they_are(read, values, texts):
    assert read(values) == texts


@pytest.mark.parametrize(
    "values",
    [
        pa.array([FAR, -FAR], pa.int64()).view(pa.timestamp("us")),
        pa.array([FAR, -FAR], pa.int64()).view(pa.timestamp("us", "UTC")),
        pa.array([2**31 - 1, -(2**31)], pa.int32()).view(pa.date32()),
    ],
    ids=str,
)
def test_a_time_outside_of_the_calendar_is_told_in_words(read, values):
    assert read(values) == ["out of range", "out of range"]


@pytest.mark.parametrize(
    "values",
    [
        pa.array([b"SECRET"]),
        pa.array([b"SECRET"], pa.binary(6)),
        pa.array([b"SECRET"], pa.large_binary()),
        pa.array([b"0" * 16], pa.uuid()),
        pa.array([Decimal(5)], pa.decimal256(60, 2)),
        pa.array([5], pa.duration("s")),
        pa.array([FAR // 2], pa.int64()).view(pa.timestamp("ms")),
        pa.array([[b"SECRET"]]),
        pa.array([{"SECRET": b"x"}]),
    ],
    ids=str,
)
def test_a_column_without_text_is_refused_by_name_without_a_value(read, values):
    with pytest.raises(ValueError, match=r"the column x .*save it as text") as refused:
        read(values)
    assert "SECRET" not in str(refused.value)
    assert str(FAR // 2) not in str(refused.value)


def test_only_a_column_that_is_asked_for_is_looked_at(read):
    assert read(pa.array([b"x"]), "other") == [None]


def test_a_column_twice_is_refused_only_where_it_is_asked_for(tmp_path):
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.Table.from_arrays([pa.array(["1"])] * 3, names=["x", "x", "y"]), path)
    with pytest.raises(ValueError, match="the column x more than once"):
        list(parquet_rows(path, {"field": "x"}))
    assert next(parquet_rows(path, {"field": "y"}))["field"].to_list() == ["1"]
