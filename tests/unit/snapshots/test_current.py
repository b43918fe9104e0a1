"""Which versions count at a moment, in frames and in the database."""

from datetime import date, datetime, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.snapshots.current import current, end_of_day, holds_at, in_force_at, known_at
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import read_known_at
from tests.unit.marts.mart_rows import PRICE, add

MONDAY, TUESDAY = datetime(2026, 3, 2), datetime(2026, 3, 3)
INSTANT = timedelta(microseconds=1)
EDGES = [MONDAY - INSTANT, MONDAY, TUESDAY - INSTANT, TUESDAY]


def span(start, end, named):
    return pl.DataFrame(
        {f"{named}_from": [start], f"{named}_to": [end]},
        schema={f"{named}_from": pl.Datetime("us"), f"{named}_to": pl.Datetime("us")},
    )


def test_an_interval_holds_its_start_and_not_its_end():
    valid, known = span(MONDAY, TUESDAY, "valid"), span(MONDAY, TUESDAY, "known")
    assert [in_force_at(valid, at).height for at in EDGES] == [0, 1, 1, 0]
    assert [known_at(known, at).height for at in EDGES] == [0, 1, 1, 0]


def test_one_without_an_end_holds_on_and_is_current():
    known = span(MONDAY, None, "known")
    assert [known_at(known, at).height for at in EDGES] == [0, 1, 1, 1]
    assert (known_at(known, None).height, current(known).height) == (1, 1)
    assert current(span(MONDAY, TUESDAY, "known")).is_empty()


def test_the_moment_may_be_a_column():
    frame = span(MONDAY, TUESDAY, "valid").join(pl.DataFrame({"at": EDGES}), how="cross")
    assert frame.filter(holds_at("valid_from", "valid_to", pl.col("at")))["at"].to_list() == EDGES[1:3]


def test_a_day_ends_with_its_last_microsecond():
    assert end_of_day(date(2026, 3, 2)) == TUESDAY - INSTANT


def test_the_database_knows_the_same_versions(tmp_path):
    made = Warehouse(tmp_path)
    ended = {"known_from": MONDAY, "known_to": TUESDAY}
    add(
        made,
        "core.token_price",
        PRICE | ended | {"price_id": "old"},
        PRICE | {"known_from": TUESDAY, "price_id": "new"},
    )
    with made.write() as connection:
        found = [read_known_at(connection, "core.token_price", at)["price_id"].to_list() for at in (*EDGES, None)]
    assert found == [[], ["old"], ["old"], ["new"], ["new"]]


moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 1, 2)).map(lambda at: at.replace(minute=0, second=0))


@given(moments, st.none() | moments, moments)
@settings(max_examples=50, deadline=None)
def test_the_macro_says_the_same(macros, start, end, at):
    frame = span(start, end, "valid").select(holds_at("valid_from", "valid_to", at)).item()
    (sql,) = macros.execute("SELECT holds_at($1::TIMESTAMP, $2::TIMESTAMP, $3::TIMESTAMP)", [start, end, at]).fetchone()
    assert frame == sql
