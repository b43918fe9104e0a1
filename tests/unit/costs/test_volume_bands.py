"""Rows split into bands of volume: whole tokens that add up to the band and to the row, and a fair share of each."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.costs.agreed_prices import agreed_prices
from pipelines.costs.quoted_prices import PAID_SCHEMA
from pipelines.costs.volume_bands import QUANTITY_SCHEMA, in_bands, pools_of, scales_of, shares_of
from pipelines.costs.volume_periods import Span
from pipelines.snapshots.contract_file import parse_contract
from tests.unit.costs.contract_rows import FILE, volume_contract, volume_terms
from tests.unit.usage.test_rate_file import rates

FIRST = date(2026, 3, 1)
SIZES = st.lists(st.integers(1, 10**13), min_size=1, max_size=12)


def scales(volume, *edges):
    line = "price,,anthropic,,claude-x,,output,{},,,,,{},{}"
    return scales_of(volume_terms(*(line.format(10 - n, volume, at) for n, at in enumerate((0, *edges)))))


def shares(found, *quantities):
    """`shares_of` days in a row that count some quantities."""
    name = found["scale"][0]
    days = [(FIRST + timedelta(days=number), name, count) for number, count in enumerate(quantities)]
    return shares_of(pl.DataFrame(days, QUANTITY_SCHEMA, orient="row"), found)


def rows(found, sizes):
    """A row of core.usage_cost for each size, of the first day, in an account and a project of its own."""
    base = {
        "usage_date": FIRST, "term_id": found["scale"][0], "value": Decimal(10), "provider": "anthropic",
        "channel": "api", "region": "global", "model": "claude-x", "service_tier": "standard", "meter": "output",
        "price_id": "p", "usd_per_unit": Decimal(10), "unit": "mtok", "is_lower_bound": False, "cost_usd": Decimal(0),
    }  # fmt: skip
    named = [base | {"account_id": f"a{n % 3}", "project_id": f"p{n}", "quantity": one} for n, one in enumerate(sizes)]
    types = {"usd_per_unit": pl.Decimal(18, 6), "value": pl.Decimal(18, 6), "cost_usd": pl.Decimal(38, 12)}
    return pl.DataFrame(named, schema_overrides=types)


@settings(max_examples=60, deadline=None)
@given(sizes=SIZES, edges=st.sets(st.integers(1, 5 * 10**13), min_size=1, max_size=4))
def test_parts_add_up_to_bands_and_rows_and_are_fair(sizes, edges):
    found = scales("graduated", *sorted(edges))
    usage, total = rows(found, sizes), sum(sizes)
    split = in_bands(usage, shares(found, total))
    by_row = dict(split.group_by("project_id").agg(pl.col("quantity").sum()).iter_rows())
    assert by_row == {f"p{number}": size for number, size in enumerate(sizes)}
    starts, ends = [0, *sorted(edges)], [*sorted(edges), total]
    by_hand = [max(min(end, total) - start, 0) for start, end in zip(starts, ends, strict=True)]
    by_band = dict(split.group_by("term_id").agg(pl.col("quantity").sum()).iter_rows())
    assert [by_band.get(band, 0) for band in found["band_id"]] == by_hand
    for project, band, part in split.select("project_id", "term_id", "quantity").iter_rows():
        fair = by_row[project] * by_band[band]
        assert abs(part * total - fair) <= len(starts) * total, "within a token for each band"


@settings(max_examples=30, deadline=None)
@given(sizes=SIZES, edge=st.integers(1, 5 * 10**13), seed=st.integers(0, 9))
def test_the_order_of_the_rows_changes_nothing(sizes, edge, seed):
    found = scales("graduated", edge)
    usage, of_day = rows(found, sizes), shares(found, sum(sizes))
    key = ["project_id", "term_id"]
    shuffled = in_bands(usage.sample(fraction=1, shuffle=True, seed=seed), of_day)
    assert shuffled.sort(key).equals(in_bands(usage, of_day).sort(key))


@settings(max_examples=30, deadline=None)
@given(days=SIZES, edge=st.integers(1, 5 * 10**13))
def test_a_month_is_in_the_bands_that_its_total_fills(days, edge):
    graduated, whole = scales("graduated", edge), scales("all_units", edge)
    parts = shares(graduated, *days)
    sums = dict(parts.group_by("band_id").agg((pl.col("upto") - pl.col("since")).sum()).iter_rows())
    low, high = graduated["band_id"]
    assert (sums.get(low, 0), sums.get(high, 0)) == (min(sum(days), edge), max(sum(days) - edge, 0))
    reached = whole["band_id"][1 if sum(days) >= edge else 0]
    assert shares(whole, *days)["band_id"].unique().to_list() == [reached]


def test_a_pool_begins_where_those_before_it_end():
    found = scales("graduated", 10)
    assert pools_of(rows(found, [5, 7, 9]), found)["offset"].to_list() == [0, 5, 12]


USED = [date(2026, 2, 2), date(2026, 3, 2), date(2026, 4, 2), date(2026, 6, 2), date(2027, 1, 2)]


@pytest.mark.parametrize(
    ("period", "days", "above"),
    [
        ("month", ",", [0, 0, 0, 0, 0]),
        ("quarter", ",", [0, 30, 0, 30, 0]),
        ("year", ",", [0, 30, 40, 40, 0]),
        ("term", "2026-02-01,2027-02-01", [0, 30, 40, 40, 40]),
    ],
)
def test_days_count_in_the_period_of_their_scale(period, days, above):
    """Each day has 40, and the second band begins at 50."""
    line = "discount,,anthropic,,,,,{},{},,{},graduated,{}"
    found = scales_of(volume_terms(line.format(0, period, days, 0), line.format(5, period, days, "50 USD")))
    low, high = found["band_id"]
    counted = pl.DataFrame([(day, low, 40 * 10**12) for day in USED], QUANTITY_SCHEMA, orient="row")
    size = (pl.col("upto") - pl.col("since")) // 10**12
    parts = shares_of(counted, found).filter(band_id=high).select("usage_date", size)
    assert parts.rows() == [(day, part) for day, part in zip(USED, above, strict=True) if part]
    begin, end = (date.fromisoformat(day) if day else None for day in days.split(","))
    span = Span("graduated", period, begin, end)
    for day, other in pairwise(USED):
        is_together = span.period(day) == span.period(other)
        assert is_together == (above[USED.index(other)] > 0), (day, other)


def test_spend_in_a_currency_without_a_rate_leaves_open_what_counts_on_from_it():
    line = "discount,,anthropic,,,,,{},,,,,{},{} USD"
    for kind, known in (("graduated", 1), ("all_units", 0)):
        found = scales_of(volume_terms(line.format(3, kind, 0), line.format(5, kind, 50)))
        days = [(FIRST + timedelta(days=n), found["scale"][0], amount) for n, amount in enumerate((7, None, 7))]
        parts = shares_of(pl.DataFrame(days, QUANTITY_SCHEMA, orient="row"), found)
        assert parts["band_value"].to_list() == [3] * known + [None] * (3 - known)


def test_as_of_a_day_bands_hold_in_the_shares_in_which_those_at_other_rates_were_used():
    """30 of the first band at yesterday's rate, and 10 of the second: so it is at the rate of today."""
    line = "price,,anthropic,,claude-x,,output,{} EUR,,,2026-03-01,2026-03-03,graduated,{}"
    stated = rates("2026-03-01,EUR,1.1,x", "2026-03-02,EUR,1.2,x")
    terms = parse_contract(FILE, volume_contract(line.format(10, 0), line.format(8, 30)).encode(), stated)
    ids = dict(terms.select(pl.col("value").cast(pl.String), "term_id").iter_rows())
    used = [(FIRST, ids["11.000000"], 30), (FIRST, ids["8.800000"], 10)]
    listed = pl.DataFrame(schema={"price_id": pl.String, "model": pl.String, "provider": pl.String})
    agreed = agreed_prices(terms, listed, pl.DataFrame(used, PAID_SCHEMA, orient="row"))
    of_today = agreed.on(FIRST + timedelta(days=1))
    counted = dict(of_today.used.select("term_id", "quantity").unique().iter_rows())
    assert counted == {ids["12.000000"]: 30, ids["9.600000"]: 10}
    assert set(of_today.terms["term_id"]) == counted.keys()
