"""Usage times price, to the last digit, or the reason why there is none."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.costs.pricing.price_usage import price_by_day
from pipelines.schema.meters import METERS, QUANTITY_COLUMNS
from pipelines.schema.price_segments import SEGMENT_SCHEMA
from pipelines.usage.contract import usage_frame
from tests.unit.costs.priced_rows import BUCKET, BY_SIZE, NOON, PEAK_HOURS, REQUEST, outcomes, price, segment

# The list prices of gpt-5-mini in October 2025: 25 cents and 2 dollars per million tokens.
GPT_5_MINI = [segment("input_uncached", "0.25"), segment("output", 2, 1)]


@pytest.mark.parametrize(
    ("input_tokens", "output_tokens", "billed"),
    [(80_992, 274_770, "0.569788"), (124_784, 154_852, "0.340900"), (22_688, 33_191, "0.072054")],
)
def test_three_days_of_a_real_bill(input_tokens, output_tokens, billed):
    row = BUCKET | {"input_uncached_tokens": input_tokens, "output_tokens": output_tokens}
    costs = price([row], GPT_5_MINI)
    assert costs["cost_usd"].sum() == Decimal(billed)
    assert costs.schema["cost_usd"] == pl.Decimal(38, 12)
    assert costs["is_lower_bound"].to_list() == [False, False], "a price without ranges does not depend on the prompt"


def test_every_meter_is_counted_once_at_its_own_price():
    """Powers of two and of ten: each meter leaves its own digit in the sum."""
    usage = {QUANTITY_COLUMNS[meter]: 2**place for place, meter in enumerate(METERS)}
    segments = [segment(meter, 10 ** (place % 4), place) for place, meter in enumerate(METERS)]
    costs = price([usage | {"of_which_reasoning_tokens": 7}], segments)
    size = {meter: 1000 if meter in ("requests", "web_searches") else 1_000_000 for meter in METERS}
    expected = [
        (meter, 2**place, Decimal(2**place * 10 ** (place % 4)) / size[meter], None)
        for place, meter in sorted(enumerate(METERS), key=lambda pair: pair[1])
    ]
    assert outcomes(costs) == expected
    assert costs["usage_rows"].to_list() == [1] * len(METERS)


def test_the_price_of_the_moment_counts():
    change = NOON
    segments = [
        segment("output", 10, 0, valid_to=change), segment("output", 12, 1, valid_from=change),
    ]  # fmt: skip
    usage = [{"usage_at": change - timedelta(microseconds=1), "output_tokens": 1_000_000}, {"output_tokens": 1_000_000}]
    assert price(usage, segments)["cost_usd"].to_list() == [Decimal(10), Decimal(12)]


@pytest.mark.parametrize(("tokens", "price_id", "usd"), [(272_000, "short", "0.68"), (272_001, "long", "1.360005")])
def test_the_border_between_two_prompt_sizes(tokens, price_id, usd):
    costs = price([{"input_uncached_tokens": tokens}], BY_SIZE)
    assert costs.select("price_id", "cost_usd", "is_lower_bound").rows() == [(price_id, Decimal(usd), False)]


def test_the_whole_prompt_decides_for_every_meter():
    usage = {"input_uncached_tokens": 1, "cache_read_tokens": 272_000, "output_tokens": 1_000_000}
    costs = price([usage], BY_SIZE)
    assert set(costs["price_id"]) == {"long"}
    assert costs["cost_usd"].sum() == Decimal("0.000005") + Decimal("0.136") + Decimal("22.5")
    short = price([usage | {"cache_read_tokens": 271_999}], BY_SIZE)
    assert set(short["price_id"]) == {"short"}, "the answer is no part of the prompt"


@pytest.mark.parametrize(
    ("usage", "reason", "first_price_on"),
    [
        ({"model": "gpt-6"}, "unknown_model", None),
        ({"provider": "azure"}, "unknown_model", None),
        ({"service_tier": "batch"}, "no_price_for_tier", None),
        ({"cache_read_tokens": 5}, "no_price_for_meter", None),
        ({"usage_at": datetime(2025, 8, 6, 23, 59, 59)}, "before_first_price", date(2025, 8, 7)),
        ({"input_uncached_tokens": 300_000}, "no_price_for_context", None),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_usage_without_a_price_keeps_its_quantity_and_says_why(usage, reason, first_price_on):
    meter = "cache_read" if "cache_read_tokens" in usage else "output"
    segments = [segment("output", 2, context_to=272_001)]
    usage = {"output_tokens": 5} | usage
    costs = price([usage], segments).filter(meter=meter)
    stated = ("quantity", "unpriced_reason", "first_price_on", "price_id", "cost_usd", "is_lower_bound")
    assert costs.select(stated).rows() == [(5, reason, first_price_on, None, None, False)]


def test_without_any_price_every_model_is_unknown():
    assert outcomes(price([{"output_tokens": 5}], [])) == [("output", 5, None, "unknown_model")]


def test_usage_of_nothing_costs_nothing():
    assert price([{"output_tokens": 0}, {}], GPT_5_MINI).is_empty()
    assert price([], GPT_5_MINI).is_empty()


def test_requests_are_no_cost_unless_a_fee_is_printed():
    usage = {"output_tokens": 1_000_000, "requests": 3}
    assert outcomes(price([usage], GPT_5_MINI)) == [("output", 1_000_000, Decimal(2), None)]
    with_fee = [*GPT_5_MINI, segment("requests", "0.5", 9)]
    assert outcomes(price([usage], with_fee))[1:] == [("requests", 3, Decimal("0.0015"), None)]


def test_web_searches_cost_by_the_thousand():
    usage = {"output_tokens": 5, "web_searches": 7}
    costs = price([usage], [*GPT_5_MINI, segment("web_searches", 10, 9)])
    assert outcomes(costs)[1:] == [("web_searches", 7, Decimal("0.07"), None)]
    assert outcomes(price([usage], GPT_5_MINI))[1:] == [("web_searches", 7, None, "no_price_for_meter")]


def test_usage_that_says_so_is_a_lower_bound():
    flagged = {"output_tokens": 5, "lower_bound_reason": "unknown_count"}
    assert price([flagged, {"output_tokens": 5}], GPT_5_MINI)["is_lower_bound"].to_list() == [True]
    assert price([{"output_tokens": 5}], GPT_5_MINI)["is_lower_bound"].to_list() == [False]


def test_a_fee_of_any_model_makes_no_model_known():
    """`price_segments` offers the provider's '*' fee to every id in use, misspelt ones too."""
    costs = price([{"output_tokens": 5, "web_searches": 7}], [segment("web_searches", 10)])
    assert outcomes(costs) == [("output", 5, None, "unknown_model"), ("web_searches", 7, Decimal("0.07"), None)]


def test_a_gap_between_two_prices_is_not_priced():
    segments = [
        segment("output", 10, 0, valid_to=NOON),
        segment("output", 12, 1, valid_from=NOON + timedelta(days=1)),
    ]
    assert price([{"output_tokens": 5}], segments)["cost_usd"].to_list() == [None]


def test_owners_are_kept_apart_and_unnamed_ones_together():
    usage = [{"output_tokens": 1, "project_id": name} for name in ("a", "b", None, "a", None)]
    costs = price(usage, GPT_5_MINI).sort("project_id", nulls_last=True)
    assert costs.select("project_id", "usage_rows", "quantity", "cost_usd").rows() == [
        ("a", 2, 2, Decimal("0.000004")),
        ("b", 1, 1, Decimal("0.000002")),
        (None, 2, 2, Decimal("0.000004")),
    ]


def test_the_largest_amounts_fit():
    costs = price([BUCKET | {"output_tokens": 10**15}], [segment("output", "1999.999999")])
    assert costs["cost_usd"].to_list() == [Decimal(10**15) * Decimal("1999.999999") / 10**6]


quantities = st.integers(0, 10**12)
prices = st.decimals(0, 2000, places=6, allow_nan=False, allow_infinity=False)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(quantities, quantities, quantities), min_size=1, max_size=5),
    st.tuples(prices, prices, prices),
    st.data(),
)
def test_cost_is_exact_in_any_order_and_however_rows_are_split(rows, usd, data):
    columns = ("input_uncached_tokens", "output_tokens", "web_searches")
    segments = [
        segment(meter, amount, number)
        for number, (meter, amount) in enumerate(zip(("input_uncached", "output", "web_searches"), usd, strict=True))
    ]
    # In whole pico-dollars: micro-dollars per million tokens, or per thousand calls.
    micros = [int(amount * 10**6) for amount in usd]
    picos = sum(a * micros[0] + b * micros[1] + c * micros[2] * 1000 for a, b, c in rows)
    usage = [dict(zip(columns, row, strict=True)) for row in rows]
    whole = price(usage, segments)
    assert int((whole["cost_usd"].sum() or Decimal(0)).scaleb(12)) == picos
    parts = []
    for row in usage:
        share = {name: data.draw(st.integers(0, count)) for name, count in row.items()}
        parts += [share, {name: count - share[name] for name, count in row.items()}]
    split = price(data.draw(st.permutations(parts)), segments)
    assert split.drop("usage_rows").equals(whole.drop("usage_rows"))


@pytest.mark.parametrize(
    ("at", "usd"),
    [
        (datetime(2026, 11, 20, 2), "1.32"),  # a Friday in peak hours
        (datetime(2026, 11, 20, 3, 59, 59), "1.32"),
        (datetime(2026, 11, 20, 4), "0.66"),  # the window ends before four o'clock
        (datetime(2026, 11, 21, 2), "0.66"),  # a Saturday
        (datetime(2026, 10, 1, 2), "0.66"),  # a Thursday, National Day of China
    ],
)
def test_a_price_of_peak_hours_overrides_the_one_of_any_hour(at, usd):
    prices = [
        segment("input_uncached", "0.66", time_window="always"),
        segment("input_uncached", "1.32", time_window=PEAK_HOURS, price_id="peak"),
    ]
    costs = price([{"usage_at": at, "input_uncached_tokens": 1_000_000}], prices)
    assert outcomes(costs) == [("input_uncached", 1_000_000, Decimal(usd), None)]
    assert not costs["is_lower_bound"].any()


def test_a_request_fee_of_one_model_leaves_requests_of_others_uncharged():
    prices = [segment("output", "1"), segment("requests", "6", model="sonar-pro", number=1)]
    costs = price([{"requests": 1, "output_tokens": 1}, {"requests": 1, "model": "sonar-pro"}], prices)
    assert costs.select("model", "meter", "cost_usd").rows() == [
        ("gpt-5-mini", "output", Decimal("0.000001")),
        ("sonar-pro", "requests", Decimal("0.006")),
    ]


def test_requests_alone_of_a_model_without_a_fee_cost_nothing():
    prices = [segment("requests", "6", model="sonar-pro")]
    assert price([{"requests": 1}], prices).is_empty()


def test_days_of_one_plan_cost_what_they_cost_one_by_one():
    """Of ten days one has a change at noon, which no other may take over; peak hours leave weekends and holidays out.

    2025-10-07, a Tuesday, and the day after it are holidays in China; on Saturday at noon the prices change.
    """
    change = NOON + timedelta(days=4)
    prices = [
        segment("output", 1, 0, valid_to=change, price_id="old"),
        segment("output", 2, 1, valid_from=change, price_id="new"),
        segment("output", 4, 0, valid_to=change, time_window=PEAK_HOURS, price_id="peak"),
        segment("output", 8, 1, valid_from=change, time_window=PEAK_HOURS, price_id="new peak"),
    ]
    moments = [datetime(2025, 10, 7 + day, hour, 30) for day in range(10) for hour in (1, 6, 9, 12)]
    rows = [REQUEST | {"usage_id": str(at), "usage_at": at, "output_tokens": 1_000_000} for at in moments]
    frame = usage_frame(rows)
    days = {day: frame.filter(usage_date=day).lazy() for day in frame["usage_date"].unique().sort()}
    segments = pl.DataFrame(prices, schema=SEGMENT_SCHEMA)
    together = price_by_day(days, segments)
    apart = pl.concat(price_by_day({day: usage}, segments) for day, usage in days.items())
    key = ["usage_date", "price_id"]
    assert together.sort(key).equals(apart.sort(key))
    calls = dict(together.group_by("price_id").agg(pl.col("usage_rows").sum()).iter_rows())
    # Two holidays, Thursday and Friday, Saturday until noon; its rest, Sunday, and Monday to Thursday.
    assert calls == {"old": 2 * 4 + 2 * 1 + 3, "peak": 2 * 3, "new": 1 + 4 + 4 * 1, "new peak": 4 * 3}
