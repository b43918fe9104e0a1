"""Columns that recur: what each kind lets in and what it refuses."""

from datetime import datetime
from decimal import Decimal

import dataframely as dy
import polars as pl
import pytest

from pipelines.schema.columns import choice, count, day, flag, instant, polars_schema, price, ratio, text, usd


class Sample(dy.Schema):
    """One column of each kind that has a rule."""

    name = text("a name", max_length=5)
    note = text("a remark", nullable=True)
    kind = choice("one of two", ("a", "b"))
    tokens = count("a count", unit="tokens")
    usd_per_mtok = price("a price", unit="USD per Mtok", min=0, max=Decimal(2000))


GOOD = {"name": "x", "note": None, "kind": "a", "tokens": 0, "usd_per_mtok": Decimal("0.000001")}


def is_valid(**differences):
    return Sample.is_valid(pl.DataFrame([GOOD | differences], schema=polars_schema(Sample)))


@pytest.mark.parametrize(
    "differences",
    [{}, {"note": ""}, {"name": "12345"}, {"kind": "b"}, {"tokens": 2**62}, {"usd_per_mtok": Decimal(2000)}],
    ids=str,
)
def test_good_values(differences):
    assert is_valid(**differences)


@pytest.mark.parametrize(
    "differences",
    [
        {"name": ""}, {"name": None}, {"name": "123456"},
        {"kind": "A"}, {"kind": ""}, {"kind": None},
        {"tokens": -1}, {"tokens": None},
        {"usd_per_mtok": Decimal("-0.000001")}, {"usd_per_mtok": Decimal("2000.000001")}, {"usd_per_mtok": None},
    ],
    ids=str,
)  # fmt: skip
def test_bad_values(differences):
    assert not is_valid(**differences)


def test_the_polars_types_in_order():
    class Typed(dy.Schema):
        cost_usd = usd("u")
        usd_per_gpu_hour = price("p", unit="USD per GPU and hour")
        fetched_at = instant("i")
        usage_date = day("d")
        is_new = flag("f")
        share = ratio("r")

    assert list(polars_schema(Typed).items()) == [
        ("cost_usd", pl.Decimal(38, 12)),
        ("usd_per_gpu_hour", pl.Decimal(18, 6)),
        ("fetched_at", pl.Datetime("us")),
        ("usage_date", pl.Date()),
        ("is_new", pl.Boolean()),
        ("share", pl.Float64()),
    ]


def test_times_have_no_zone():
    """A time with a zone is another type, so it cannot slip in unconverted."""

    class Timed(dy.Schema):
        fetched_at = instant("when")

    naive = pl.DataFrame({"fetched_at": [datetime(2026, 3, 1)]}, schema={"fetched_at": pl.Datetime("us")})
    assert Timed.is_valid(naive)
    assert not Timed.is_valid(naive.with_columns(pl.col("fetched_at").dt.replace_time_zone("UTC")))


def test_what_people_read_travels_with_the_column():
    columns = Sample.columns()
    assert columns["tokens"].metadata == {"unit": "tokens"}
    assert columns["kind"].metadata == {"allowed": ("a", "b")}
    assert {name: column.description for name, column in columns.items()}["note"] == "a remark"
