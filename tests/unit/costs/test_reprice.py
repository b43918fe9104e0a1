"""Repricing against the engine itself on single rows, and the rules for meters that a target does not sell."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.costs.pricing.price_usage import price_usage
from pipelines.costs.reprice import Factors, Target, edges_before, frozen, moved, price_as_used, reprice, totals
from pipelines.costs.usage_buckets import cached_prefixes, changes_within_days, size_edges, usage_buckets
from pipelines.schema.price_segments import SEGMENT_SCHEMA
from pipelines.usage.contract import usage_frame
from tests.unit.costs.priced_rows import BUCKET, NOON, REQUEST, segment

DAY = date(2025, 12, 1)
CLAUDE = {"provider": "anthropic", "model": "claude-haiku-4-5"}
AT_CLAUDE = Target("anthropic", "api", "global", "claude-haiku-4-5", "standard")
OWN = [segment("input_uncached", 2, 0), segment("cache_read", "0.2", 1), segment("output", 8, 2)]
CLAUDES = [
    segment("input_uncached", 1, 10, **CLAUDE),
    segment("cache_read", "0.1", 11, **CLAUDE),
    segment("cache_write_5m", "1.25", 12, **CLAUDE),
    segment("output", 5, 13, **CLAUDE),
]
LONG = [  # beyond 200,000 tokens a prompt costs twice as much
    segment("input_uncached", 1, 20, context_to=200_000, **CLAUDE),
    segment("input_uncached", 2, 20, context_from=200_000, **CLAUDE) | {"price_id": "long"},
    segment("output", 5, 21, **CLAUDE),
]
NIGHT = [  # before 8:00 UTC of working days output is half price
    segment("output", 5, 31, **CLAUDE),
    segment("output", "2.5", 31, time_window="mon-fri 00:00-08:00", **CLAUDE) | {"price_id": "night"},
]


def frame(rows):
    return pl.DataFrame(rows, schema=SEGMENT_SCHEMA)


def used(*rows):
    return usage_frame(REQUEST | {"usage_id": str(number)} | row for number, row in enumerate(rows))


def by_day(usage):
    return {day: usage.filter(usage_date=day).lazy() for day in usage["usage_date"].unique().sort()}


def bucketed(usage, segments, factors=()):
    edges = edges_before(size_edges(segments), (Factors(), *factors))
    days = by_day(usage)
    by_minute = changes_within_days(segments, min(days), max(days))
    buckets = usage_buckets(days, edges, by_minute=by_minute)
    return buckets.with_columns(group=pl.lit("all"))


def at(usage, target, segments, factors=None):
    prices = frozen(segments, DAY)
    factors = factors or Factors()
    return reprice(moved(target.applied(bucketed(usage, segments, (factors,))), DAY, factors), prices)


def test_the_same_tokens_at_another_model():
    """1,000 in, 400 read, 200 out: 1,000 * 1 + 400 * 0.1 + 200 * 5 = 2,040 millionths."""
    usage = used({"input_uncached_tokens": 1000, "cache_read_tokens": 400, "output_tokens": 200})
    found = at(usage, AT_CLAUDE, frame([*OWN, *CLAUDES]))
    assert totals(found.costs) == {"all": Decimal("0.00204")}
    assert found.mapped.is_empty()


def test_what_it_cost_is_what_the_ledger_says():
    usage = used(
        {"input_uncached_tokens": 1000, "output_tokens": 200},
        {"input_uncached_tokens": 10, "usage_at": NOON + timedelta(days=1)},
    )
    segments = frame(OWN)
    expected = price_usage(usage.lazy(), segments)["cost_usd"].sum()
    assert totals(price_as_used(bucketed(usage, segments), segments)) == {"all": expected}
    assert expected == Decimal("0.00362")


def test_a_cache_that_the_target_does_not_sell_is_input():
    """Writes of an hour become input, and so do reads where it sells none: (100 + 30 + 20 + 7) * 2 + 5 * 8."""
    segments = frame([segment("input_uncached", 2, 0), segment("output", 8, 2)])
    row = {"cache_read_tokens": 100, "cache_write_5m_tokens": 30, "cache_write_1h_tokens": 20}
    found = at(used({**row, "input_uncached_tokens": 7, "output_tokens": 5}), Target(), segments)
    assert totals(found.costs) == {"all": Decimal("0.000354")}
    assert found.mapped.rows() == [
        ("all", "cache_read", "input_uncached"),
        ("all", "cache_write_1h", "input_uncached"),
        ("all", "cache_write_5m", "input_uncached"),
    ]


def test_a_write_of_an_hour_is_a_short_one_where_only_that_is_sold():
    found = at(used({"cache_write_1h_tokens": 1000}), AT_CLAUDE, frame(CLAUDES))
    assert totals(found.costs) == {"all": Decimal("0.00125")}


def test_what_no_rule_covers_has_no_price_and_says_why():
    found = at(used({"input_uncached_tokens": 10, "audio_input_tokens": 5}), AT_CLAUDE, frame(CLAUDES))
    assert totals(found.costs) == {"all": None}
    reasons = found.costs.filter(pl.col("cost_usd").is_null()).select("meter", "unpriced_reason")
    assert reasons.rows() == [("audio_input", "no_price_for_meter")]


def test_a_model_that_nobody_lists_is_unknown():
    found = at(used({"output_tokens": 5}), Target(model="nobody"), frame(OWN))
    assert totals(found.costs) == {"all": None}
    assert found.costs["unpriced_reason"].to_list() == ["unknown_model"]


def test_prices_are_those_in_force_at_the_end_of_the_day():
    """It falls at noon of the day asked for: usage of the morning counts at the new price."""
    noon = datetime(2025, 12, 1, 12)
    segments = frame(
        [
            segment("output", 5, 1, valid_to=noon, **CLAUDE),
            segment("output", 4, 2, valid_from=noon, **CLAUDE),
        ]
    )
    usage = used({"output_tokens": 1_000_000, "usage_at": NOON - timedelta(hours=6)})
    assert totals(at(usage, AT_CLAUDE, segments).costs) == {"all": Decimal(4)}
    # Before anything had a price, it is unknown and says since when.
    early = frozen(segments, date(2025, 1, 1))
    costs = reprice(moved(AT_CLAUDE.applied(bucketed(usage, segments)), date(2025, 1, 1), Factors()), early)
    assert costs.costs["unpriced_reason"].to_list() == ["before_first_price"]


def test_long_prompts_cost_what_they_cost_at_the_target():
    segments = frame(LONG)
    usage = used({"input_uncached_tokens": 199_999}, {"input_uncached_tokens": 200_000})
    assert totals(at(usage, AT_CLAUDE, segments).costs) == {"all": Decimal("0.199999") + Decimal("0.4")}
    # 1.1 of its tokens for one: 181,818 become 199,999.8 and stay short, 181,819 become 200,000.9.
    longer = Factors(tokenizer=Fraction(11, 10))
    usage = used({"input_uncached_tokens": 181_818}, {"input_uncached_tokens": 181_819})
    assert totals(at(usage, AT_CLAUDE, segments, longer).costs) == {"all": Decimal("0.2") + Decimal("0.400002")}


def test_weekdays_and_hours_stay_those_of_the_usage():
    segments = frame(NIGHT)
    usage = used(
        {"output_tokens": 1_000_000, "usage_at": datetime(2025, 10, 7, 7, 59, 59)},
        {"output_tokens": 1_000_000, "usage_at": datetime(2025, 10, 7, 8)},
        {"output_tokens": 1_000_000, "usage_at": datetime(2025, 10, 11, 7)},  # a Saturday
    )
    assert totals(at(usage, AT_CLAUDE, segments).costs) == {"all": Decimal("12.5")}


def test_factors_scale_text_and_leave_the_rest():
    """Tokenizer 1.2, answers half as long: 1,000 * 1.2 in at 1, 100 * 1.2 * 0.5 out at 5."""
    usage = used({"input_uncached_tokens": 1000, "output_tokens": 100})
    factors = Factors(Fraction(6, 5), Fraction(1, 2))
    assert totals(at(usage, AT_CLAUDE, frame(CLAUDES), factors).costs) == {"all": Decimal("0.0015")}


def test_the_sum_of_a_report_keeps_what_it_does_not_tell():
    usage = used(BUCKET | {"input_uncached_tokens": 500_000})
    found = at(usage, AT_CLAUDE, frame(LONG))
    assert totals(found.costs) == {"all": Decimal("0.5")}
    assert found.costs["is_lower_bound"].to_list() == [True]


def test_prefixes_of_the_busiest_hour_of_the_last_day():
    """At 12:00 two conversations hold 500 and 300 (the larger of two calls each); at 13:00 one holds 600."""
    calls = [
        (0, "a", {"cache_read_tokens": 500}),
        (1, "a", {"cache_read_tokens": 400}),
        (2, "b", {"cache_read_tokens": 200, "cache_write_5m_tokens": 100}),
        (60, "c", {"cache_read_tokens": 600}),
        (-24 * 60, "d", {"cache_read_tokens": 9000}),
    ]
    usage = used(
        *({"usage_at": NOON + timedelta(minutes=at), "conversation_id": name, **row} for at, name, row in calls)
    )
    days = by_day(usage)
    buckets = usage_buckets(days, [], by_minute=False)
    held = cached_prefixes(days, buckets, [])
    assert held.select("cache_read_tokens", "usage_rows", "usage_date").rows() == [(800, 2, NOON.date())]


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "minute": st.integers(0, 3 * 1440 - 1),
            "input_uncached_tokens": st.integers(0, 400_000),
            "cache_read_tokens": st.integers(0, 50_000),
            "output_tokens": st.integers(0, 5_000),
        }
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=30, deadline=None)
@given(ROWS)
def test_buckets_cost_what_their_rows_cost_one_by_one(rows):
    """Long prompts, hours and a cache, priced row by row as if each had been a call to the target in that week."""
    segments = frame([*LONG[:2], *NIGHT, segment("cache_read", "0.1", 22, **CLAUDE)])
    rows = [{**row, "usage_at": datetime(2025, 10, 7) + timedelta(minutes=row.pop("minute"))} for row in rows]
    # 7 to 9 October 2025 are Tuesday to Thursday, as are 25 to 27 November, of the week up to Monday 1 December.
    there = [row | CLAUDE | {"usage_at": row["usage_at"] + timedelta(days=49)} for row in rows]
    expected = price_usage(used(*there).lazy(), segments)["cost_usd"].sum()
    found = totals(at(used(*rows), AT_CLAUDE, segments).costs).get("all", Decimal(0))
    assert found == (expected or 0)
