"""Forecast: hand-calculated months, known future prices, honest gaps, and the band."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.decisions.forecast import daily_quantities, expected_quantities, spend_forecast
from pipelines.schema.decisions import SpendForecast

AS_OF = date(2026, 10, 20)
"""A Tuesday: 19 days of October are history, 12 are to come."""
USAGE_SCHEMA = {
    "usage_date": pl.Date, "provider": pl.String, "model": pl.String, "channel": pl.String, "region": pl.String,
    "service_tier": pl.String, "meter": pl.String, "quantity": pl.Int64,
}  # fmt: skip
COST_SCHEMA = {
    "usage_date": pl.Date,
    "provider": pl.String,
    "model": pl.String,
    "cost_usd": pl.Decimal(38, 12),
}
PRICE_SCHEMA = {
    "provider": pl.String, "model": pl.String, "channel": pl.String, "region": pl.String, "service_tier": pl.String,
    "meter": pl.String, "valid_from": pl.Datetime("us"), "valid_to": pl.Datetime("us"),
    "usd_per_unit": pl.Decimal(18, 6), "unit": pl.String,
}  # fmt: skip


def _usage(quantities: list[int], meter: str = "output", model: str = "m", until: date = AS_OF) -> pl.DataFrame:
    """One quantity a day, the last on the day before `until`."""
    start = until - timedelta(days=len(quantities))
    rows = [
        (start + timedelta(days=n), "openai", model, "api", "global", "standard", meter, quantity)
        for n, quantity in enumerate(quantities)
    ]
    return pl.DataFrame(rows, schema=USAGE_SCHEMA, orient="row")


def _prices(*segments: tuple[str, str | None, str], meter: str = "output", unit: str = "mtok") -> pl.DataFrame:
    rows = [
        ("openai", "m", "api", "global", "standard", meter, datetime.fromisoformat(start),
         datetime.fromisoformat(end) if end else None, Decimal(usd), unit)
        for start, end, usd in segments
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=PRICE_SCHEMA, orient="row")


def _at(rows: pl.DataFrame, channel: str, region: str) -> pl.DataFrame:
    """The same usage or prices at another place."""
    return rows.with_columns(channel=pl.lit(channel), region=pl.lit(region))


def _costs(*rows: tuple[date, str | None]) -> pl.DataFrame:
    data = [(day, "openai", "m", None if usd is None else Decimal(usd)) for day, usd in rows]
    return pl.DataFrame(data, schema=COST_SCHEMA, orient="row")


ONE_PRICE = _prices(("2026-01-01", None, "10"))
NO_COSTS = _costs()


@given(st.integers(1, 10**12), st.integers(1, 90))
@settings(max_examples=30, deadline=None)
def test_constant_usage_stays_constant(quantity: int, days: int) -> None:
    daily = daily_quantities(_usage([quantity] * days), AS_OF)
    expected = expected_quantities(daily, [AS_OF], 12)
    assert expected["usage_date"].to_list() == [AS_OF + timedelta(days=n) for n in range(12)]
    assert expected["quantity"].to_list() == [float(quantity)] * 12


def test_month_end_is_spent_plus_the_days_to_come() -> None:
    # 1 Mtok a day at 10 USD: 12 days to come cost 120; the two days spent are taken as they are.
    costs = _costs((date(2026, 10, 1), "7.25"), (date(2026, 10, 19), "0.000000000001"), (date(2026, 9, 30), "99"))
    row = spend_forecast(_usage([1_000_000] * 70), costs, ONE_PRICE, AS_OF).row(0, named=True)
    assert row["spent_usd"] == Decimal("7.250000000001")
    assert row["remaining_usd"] == Decimal(120)
    assert row["projected_usd"] == Decimal("127.250000000001")
    assert (row["month"], row["method"], row["history_days"]) == (date(2026, 10, 1), "weekday_profile", 70)
    assert (row["is_low_confidence"], row["is_unpriced"], row["unpriced_reason"]) == (False, False, None)


def test_weekdays_keep_their_shape() -> None:
    # Monday to Friday 700, weekends 0. The 12 days from Tuesday 20 October hold 9 working days and 3 weekend days.
    start = AS_OF - timedelta(days=56)
    quantities = [700 if (start + timedelta(days=n)).weekday() < 5 else 0 for n in range(56)]
    expected = expected_quantities(daily_quantities(_usage(quantities), AS_OF), [AS_OF], 12)
    by_day = dict(zip(expected["usage_date"], expected["quantity"], strict=True))
    assert all(by_day[day] == pytest.approx(700 if day.weekday() < 5 else 0) for day in by_day)
    assert sum(by_day.values()) == pytest.approx(9 * 700)


def test_level_is_that_of_the_last_two_weeks_and_ignores_a_spike() -> None:
    # 42 days at 100, then 14 at 200: the shape is flat, the level is 200, one day of 10,000 does not move it.
    # The spike's weekday alone has a raised shape, so the other six weekdays show the level.
    level = expected_quantities(daily_quantities(_usage([100] * 42 + [200] * 14), AS_OF), [AS_OF], 7)
    assert level["quantity"].to_list() == [200.0] * 7
    run_up = expected_quantities(daily_quantities(_usage([200] * 49 + [10_000] + [200] * 6), AS_OF), [AS_OF], 7)
    spiky = sorted(run_up["quantity"])
    # Weekday means: six of 200, one of (7 * 200 + 10,000) / 8 = 1,425; mean 375. Deseasonalised, most days are
    # 200 / (200 / 375) = 375, the level; so six weekdays are expected at 200 and one at 1,425.
    assert spiky == [200.0] * 6 + [1425.0]


def test_seldom_used_meter_is_expected_at_its_mean() -> None:
    # 500 on every fifth day: the median of 14 days is 0; they hold 3 such days, so two weeks are expected to hold 3.
    quantities = [500 if n % 5 == 0 else 0 for n in range(56)]
    expected = expected_quantities(daily_quantities(_usage(quantities), AS_OF), [AS_OF], 14)
    assert expected["quantity"].sum() == pytest.approx(3 * 500, abs=0.01)


def test_series_idle_for_eight_weeks_is_expected_to_stay_idle() -> None:
    daily = daily_quantities(_usage([5] + [0] * 100 + [5] * 10), AS_OF)
    expected = expected_quantities(daily, [AS_OF - timedelta(days=20)], 7)
    assert expected["quantity"].to_list() == [0.0] * 7


def test_short_history_runs_at_its_rate_with_low_confidence() -> None:
    row = spend_forecast(_usage([1_000_000, 3_000_000]), NO_COSTS, ONE_PRICE, AS_OF).row(0, named=True)
    # Mean 2 Mtok a day, 12 days, 10 USD.
    assert row["projected_usd"] == Decimal(240)
    assert (row["method"], row["is_low_confidence"], row["history_days"]) == ("run_rate", True, 2)
    assert row["low_usd"] is None
    assert row["band_basis"] == "no band: 0 replayed forecasts, 9 needed"


@given(st.integers(0, 12), st.lists(st.integers(1, 10**9), min_size=20, max_size=40))
@example(6, [1] * 11 + [1_000_000_000] + [1] * 6 + [999_999_998, 1])
@settings(max_examples=20, deadline=None)
def test_known_price_cut_halves_the_days_after_it(days_before: int, quantities: list[int]) -> None:
    cut = AS_OF + timedelta(days=days_before)
    cut_prices = _prices(("2026-01-01", cut.isoformat(), "10"), (cut.isoformat(), None, "5"))
    usage = _usage(quantities)
    expected = expected_quantities(daily_quantities(usage, AS_OF), [AS_OF], 12)
    tokens = [Decimal(str(quantity)) for quantity in expected["quantity"]]
    by_hand = (sum(tokens[:days_before]) * 10 + sum(tokens[days_before:]) * 5) / 10**6
    row = spend_forecast(usage, NO_COSTS, cut_prices, AS_OF).row(0, named=True)
    assert row["remaining_usd"] == by_hand


def test_price_that_ends_leaves_no_projection() -> None:
    ending = _prices(("2026-01-01", "2026-10-25", "10"))
    row = spend_forecast(_usage([5] * 30), _costs((date(2026, 10, 2), "1.5")), ending, AS_OF).row(0, named=True)
    assert (row["spent_usd"], row["projected_usd"], row["low_usd"]) == (Decimal("1.5"), None, None)
    assert row["is_unpriced"]
    assert row["unpriced_reason"] == "no price for output of tier standard"


def test_unpriced_past_leaves_no_sum() -> None:
    costs = _costs((date(2026, 10, 2), "1.5"), (date(2026, 10, 3), None))
    row = spend_forecast(_usage([5] * 30), costs, ONE_PRICE, AS_OF).row(0, named=True)
    assert (row["spent_usd"], row["projected_usd"], row["is_unpriced"]) == (None, None, True)
    assert row["unpriced_reason"] == "usage of 1 days of this month has no price"


def test_price_first_seen_during_the_day_prices_that_day() -> None:
    row = spend_forecast(_usage([1_000_000] * 30), NO_COSTS, _prices(("2026-10-20T06:00:00", None, "1")), AS_OF)
    assert row["remaining_usd"].item() == Decimal(12)


def test_requests_cost_only_where_a_fee_is_printed() -> None:
    usage = pl.concat([_usage([1_000_000] * 30), _usage([1_000] * 30, meter="requests")])
    assert spend_forecast(usage, NO_COSTS, ONE_PRICE, AS_OF)["remaining_usd"].item() == Decimal(120)
    fee = _prices(("2026-01-01", None, "2.5"), meter="requests", unit="thousand_calls")
    with_fee = spend_forecast(usage, NO_COSTS, pl.concat([ONE_PRICE, fee]), AS_OF)
    assert with_fee["remaining_usd"].item() == Decimal(150)


def test_each_region_and_channel_is_forecast_at_its_own_price() -> None:
    # 1 Mtok a day each, 12 days to come: global at 10 is 120, eu at 11 is 132, bedrock in us-east-1 at 12.5 is 150.
    places = [("api", "global", "10"), ("api", "eu", "11"), ("bedrock", "us-east-1", "12.5")]
    usage = pl.concat(_at(_usage([1_000_000] * 30), channel, region) for channel, region, _ in places)
    prices = [_at(_prices(("2026-01-01", None, usd)), channel, region) for channel, region, usd in places]
    row = spend_forecast(usage, NO_COSTS, pl.concat(prices), AS_OF).row(0, named=True)
    assert (row["remaining_usd"], row["is_unpriced"]) == (Decimal(402), False)
    without_eu = spend_forecast(usage, NO_COSTS, pl.concat([prices[0], prices[2]]), AS_OF).row(0, named=True)
    assert (without_eu["remaining_usd"], without_eu["is_unpriced"]) == (None, True)


def test_two_prices_in_force_are_refused() -> None:
    with pytest.raises(ValueError, match="two prices"):
        spend_forecast(_usage([5] * 30), NO_COSTS, pl.concat([ONE_PRICE, ONE_PRICE]), AS_OF)


def test_band_is_the_spread_of_past_errors() -> None:
    # Constant until a step from 100 to 150 Mtok, 5 days before as_of. With 12 days ahead, 28 origins end on 1 to 28
    # days before as_of; each expected 1,200 and saw 1,200, or 50 more for each of 1 to 5 days after the step.
    # Ranks 2 and 27 of 28: factors 1 and (1,200 + 4 * 50) / 1,200.
    row = spend_forecast(
        _usage([100_000_000] * 75 + [150_000_000] * 5), _costs((date(2026, 10, 1), "3")), ONE_PRICE, AS_OF
    ).row(0, named=True)
    assert row["band_basis"] == "errors of 28 replayed forecasts, nominal 80 %"
    assert row["low_usd"] == row["projected_usd"]
    remaining = float(row["remaining_usd"])
    assert float(row["high_usd"]) == pytest.approx(3 + remaining * 1400 / 1200, rel=1e-9)


def test_only_history_counts() -> None:
    usage = _usage([1_000_000] * 30)
    later = pl.concat([usage, _usage([9_000_000] * 3, until=AS_OF + timedelta(days=3))])
    costs = _costs((date(2026, 10, 2), "1"))
    later_costs = pl.concat([costs, _costs((AS_OF, "77"))])
    assert spend_forecast(later, later_costs, ONE_PRICE, AS_OF).equals(spend_forecast(usage, costs, ONE_PRICE, AS_OF))


@given(st.permutations(range(60)), st.lists(st.integers(0, 10**10), min_size=60, max_size=60))
@settings(max_examples=15, deadline=None)
def test_order_of_rows_changes_nothing(order: list[int], quantities: list[int]) -> None:
    usage = pl.concat([_usage(quantities[:30]), _usage(quantities[30:], model="n")])
    prices = pl.concat([ONE_PRICE, ONE_PRICE.with_columns(model=pl.lit("n"))])
    costs = _costs(*((AS_OF - timedelta(days=n), str(n)) for n in range(1, 19)))
    table = spend_forecast(usage, costs, prices, AS_OF)
    SpendForecast.validate(table)
    assert spend_forecast(usage[order], costs.reverse(), prices.reverse(), AS_OF).equals(table)


def test_models_without_recent_usage_have_no_row() -> None:
    old = _usage([5] * 10, until=AS_OF - timedelta(days=60))
    table = spend_forecast(old, NO_COSTS, ONE_PRICE, AS_OF)
    SpendForecast.validate(table)
    assert table.is_empty()


def test_month_ends_with_december() -> None:
    row = spend_forecast(_usage([1_000_000] * 20, until=date(2026, 12, 31)), NO_COSTS, ONE_PRICE, date(2026, 12, 31))
    assert (row["month"].item(), row["remaining_usd"].item()) == (date(2026, 12, 1), Decimal(10))
