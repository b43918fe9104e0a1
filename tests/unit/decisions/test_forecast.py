"""Forecast: hand-calculated months, known future prices, honest gaps, and the band."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.decisions.forecast import forecast_of, spend_outlooks
from pipelines.decisions.forecast_choice import replay
from pipelines.decisions.forecast_owners import TEAM_SCHEMA, OwnerUsage
from pipelines.decisions.forecast_quantities import as_array, daily_quantities, expected_frame
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


def spend_forecast(usage, costs, prices, as_of, owners=None, seen=0.0, country=None):
    return forecast_of(spend_outlooks(usage, costs, prices, as_of, owners, seen, country), as_of, seen)


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


def _expected(usage: pl.DataFrame, horizon: int, as_of: date = AS_OF) -> pl.DataFrame:
    """The quantities that are expected of each series from `as_of` on."""
    names, values = as_array(daily_quantities(usage, as_of), as_of)
    return expected_frame(names, replay(values, horizon, 400).chosen[:, -1], as_of)


def _month(table: pl.DataFrame, scope: str = "model") -> dict[str, object]:
    """The row of the month, of the one model or of all."""
    return table.filter(period="month", scope=scope).row(0, named=True)


ONE_PRICE = _prices(("2026-01-01", None, "10"))
NO_COSTS = _costs()


@given(st.integers(1, 10**12), st.integers(1, 90))
@settings(max_examples=30, deadline=None)
def test_constant_usage_stays_constant(quantity: int, days: int) -> None:
    expected = _expected(_usage([quantity] * days), 12)
    assert expected["usage_date"].to_list() == [AS_OF + timedelta(days=n) for n in range(12)]
    assert expected["quantity"].to_list() == [pytest.approx(float(quantity))] * 12


def test_month_end_is_spent_plus_the_days_to_come() -> None:
    # 1 Mtok a day at 10 USD: 12 days to come cost 120; the two days spent are taken as they are.
    costs = _costs((date(2026, 10, 1), "7.25"), (date(2026, 10, 19), "0.000000000001"), (date(2026, 9, 30), "99"))
    row = _month(spend_forecast(_usage([1_000_000] * 70), costs, ONE_PRICE, AS_OF))
    assert row["spent_usd"] == Decimal("7.250000000001")
    assert row["remaining_usd"] == Decimal(120)
    assert row["projected_usd"] == Decimal("127.250000000001")
    assert (row["month"], row["method"], row["history_days"]) == (
        date(2026, 10, 1),
        "seasonal_naive, weekday_mean, weekday_median",
        70,
    )
    assert (row["is_low_confidence"], row["is_unpriced"], row["unpriced_reason"]) == (False, False, None)


def test_weekdays_keep_their_shape() -> None:
    # Monday to Friday 700, weekends 0. The 12 days from Tuesday 20 October hold 9 working days and 3 weekend days.
    start = AS_OF - timedelta(days=56)
    quantities = [700 if (start + timedelta(days=n)).weekday() < 5 else 0 for n in range(56)]
    expected = _expected(_usage(quantities), 12)
    by_day = dict(zip(expected["usage_date"], expected["quantity"], strict=True))
    assert all(by_day[day] == pytest.approx(700 if day.weekday() < 5 else 0) for day in by_day)
    assert sum(by_day.values()) == pytest.approx(9 * 700)


def test_one_spike_moves_no_day_but_its_methods_share() -> None:
    # 55 days at 200 and one of 10,000 a week ago. Of the three methods one repeats the last week, one takes the mean of
    # four weeks and one a median, which it does not move.
    spiky = _expected(_usage([200] * 49 + [10_000] + [200] * 6), 7)
    assert max(spiky["quantity"]) <= (10_000 + (10_000 + 3 * 200) / 4 + 200) / 3 + 1
    assert min(spiky["quantity"]) >= 200


def test_seldom_used_meter_is_expected_near_its_mean() -> None:
    # 500 on every fifth day are 100 a day: no method that takes medians is right, and the choice finds that out.
    quantities = [500 if n % 5 == 0 else 0 for n in range(56)]
    expected = _expected(_usage(quantities), 14)
    assert expected["quantity"].sum() == pytest.approx(14 * 100, rel=0.15)


def test_series_idle_for_eight_weeks_is_expected_to_stay_idle() -> None:
    assert _expected(_usage([5] + [0] * 100), 7).is_empty()


def test_short_history_runs_at_its_rate_with_low_confidence() -> None:
    row = _month(spend_forecast(_usage([1_000_000, 3_000_000]), NO_COSTS, ONE_PRICE, AS_OF))
    # Mean 2 Mtok a day, 12 days, 10 USD.
    assert row["projected_usd"] == Decimal(240)
    assert (row["method"], row["is_low_confidence"], row["history_days"]) == ("run_rate", True, 2)
    assert row["low_usd"] is None
    assert row["band_basis"] == "no band: 0 past errors of this total are known, 20 needed"


@given(st.integers(0, 12), st.lists(st.integers(1, 10**9), min_size=20, max_size=40))
@example(6, [1] * 11 + [1_000_000_000] + [1] * 6 + [999_999_998, 1])
@settings(max_examples=20, deadline=None)
def test_known_price_cut_halves_the_days_after_it(days_before: int, quantities: list[int]) -> None:
    cut = AS_OF + timedelta(days=days_before)
    cut_prices = _prices(("2026-01-01", cut.isoformat(), "10"), (cut.isoformat(), None, "5"))
    usage = _usage(quantities)
    expected = _expected(usage, 12)
    tokens = [Decimal(str(quantity)) for quantity in expected["quantity"]]
    by_hand = (sum(tokens[:days_before]) * 10 + sum(tokens[days_before:]) * 5) / 10**6
    row = _month(spend_forecast(usage, NO_COSTS, cut_prices, AS_OF))
    assert row["remaining_usd"] == by_hand


def test_price_that_ends_leaves_a_lower_bound() -> None:
    ending = _prices(("2026-01-01", "2026-10-25", "10"))
    # 5 tokens a day on the 5 days from 20 to 24 October at 10 USD per million: 0.00025.
    row = _month(spend_forecast(_usage([5] * 30), _costs((date(2026, 10, 2), "1.5")), ending, AS_OF))
    assert (row["spent_usd"], row["projected_usd"]) == (Decimal("1.5"), Decimal("1.50025"))
    assert (row["is_unpriced"], row["is_lower_bound"]) == (True, True)
    assert row["unpriced_reason"] == "no price for output of tier standard"


def test_unpriced_past_leaves_a_lower_bound() -> None:
    costs = _costs((date(2026, 10, 2), "1.5"), (date(2026, 10, 3), None))
    row = _month(spend_forecast(_usage([5] * 30), costs, ONE_PRICE, AS_OF))
    assert (row["spent_usd"], row["projected_usd"]) == (Decimal("1.5"), Decimal("1.5006"))
    assert (row["is_unpriced"], row["is_lower_bound"]) == (True, True)
    assert row["unpriced_reason"] == "usage of 1 days of this month has no price"


def test_usage_without_any_price_that_has_ended_has_no_amount() -> None:
    costs = _costs((date(2026, 10, 3), None))
    row = _month(spend_forecast(_usage([5] + [0] * 30), costs, ONE_PRICE, AS_OF))
    assert (row["remaining_usd"], row["spent_usd"], row["projected_usd"]) == (0, None, None)
    assert row["unpriced_reason"] == "usage of 1 days of this month has no price"


def test_price_first_seen_during_the_day_prices_that_day() -> None:
    prices = _prices(("2026-10-20T06:00:00", None, "1"))
    row = _month(spend_forecast(_usage([1_000_000] * 30), NO_COSTS, prices, AS_OF))
    assert row["remaining_usd"] == Decimal(12)


def test_requests_cost_only_where_a_fee_is_printed() -> None:
    usage = pl.concat([_usage([1_000_000] * 30), _usage([1_000] * 30, meter="requests")])
    assert _month(spend_forecast(usage, NO_COSTS, ONE_PRICE, AS_OF))["remaining_usd"] == Decimal(120)
    fee = _prices(("2026-01-01", None, "2.5"), meter="requests", unit="thousand_calls")
    with_fee = spend_forecast(usage, NO_COSTS, pl.concat([ONE_PRICE, fee]), AS_OF)
    assert _month(with_fee)["remaining_usd"] == Decimal(150)


def test_each_region_and_channel_is_forecast_at_its_own_price() -> None:
    # 1 Mtok a day each, 12 days to come: global at 10 is 120, eu at 11 is 132, bedrock in us-east-1 at 12.5 is 150.
    places = [("api", "global", "10"), ("api", "eu", "11"), ("bedrock", "us-east-1", "12.5")]
    usage = pl.concat(_at(_usage([1_000_000] * 30), channel, region) for channel, region, _ in places)
    prices = [_at(_prices(("2026-01-01", None, usd)), channel, region) for channel, region, usd in places]
    row = _month(spend_forecast(usage, NO_COSTS, pl.concat(prices), AS_OF))
    assert (row["remaining_usd"], row["is_unpriced"]) == (Decimal(402), False)
    without_eu = _month(spend_forecast(usage, NO_COSTS, pl.concat([prices[0], prices[2]]), AS_OF))
    assert (without_eu["remaining_usd"], without_eu["is_lower_bound"]) == (Decimal(270), True)
    assert without_eu["unpriced_reason"] == "no price for output of tier standard"


def test_two_prices_in_force_are_refused() -> None:
    with pytest.raises(ValueError, match="two prices"):
        spend_forecast(_usage([5] * 30), NO_COSTS, pl.concat([ONE_PRICE, ONE_PRICE]), AS_OF)


def test_bands_hold_what_is_spent_and_what_is_projected() -> None:
    usage = _usage([1_000_000 * (5 + n % 7 + (n * n) % 11) for n in range(200)])
    row = _month(spend_forecast(usage, _costs((date(2026, 10, 1), "3")), ONE_PRICE, AS_OF))
    ends = [row[name] for name in ("low_95_usd", "low_usd", "low_50_usd", "projected_usd")]
    ends += [row[name] for name in ("high_50_usd", "high_usd", "high_95_usd")]
    assert ends == sorted(ends)
    assert ends[0] >= Decimal(3)
    assert ends[0] < ends[-1]
    assert row["band_basis"].endswith("past errors of this total, adapted to hold 50, 80 and 95 %")


def test_all_together_have_errors_of_their_own() -> None:
    # Two models that even each other out to the token: of each alone little is sure, of both together everything is.
    wave = [1_000_000 * (1 + (n * n) % 17) for n in range(200)]
    usage = pl.concat([_usage(wave), _usage([20_000_000 - quantity for quantity in wave], model="n")])
    prices = pl.concat([ONE_PRICE, ONE_PRICE.with_columns(model=pl.lit("n"))])
    table = spend_forecast(usage, NO_COSTS, prices, AS_OF)
    one, both = _month(table), _month(table, "all")
    assert both["remaining_usd"] == table.filter(period="month", scope="model")["remaining_usd"].sum()
    assert both["high_usd"] - both["low_usd"] < (one["high_usd"] - one["low_usd"]) / 2


def test_periods_are_whole_months_and_ninety_days() -> None:
    table = spend_forecast(_usage([1_000_000] * 30), _costs((date(2026, 10, 1), "3")), ONE_PRICE, AS_OF)
    found = {row["period"]: row for row in table.filter(scope="all").iter_rows(named=True)}
    days = {name: (row["first_on"], row["last_on"]) for name, row in found.items()}
    assert days == {
        "month": (date(2026, 10, 1), date(2026, 10, 31)),
        "next_month": (date(2026, 11, 1), date(2026, 11, 30)),
        "90_days": (date(2026, 10, 20), date(2027, 1, 17)),
    }
    # 1 Mtok a day at 10 USD: 12 days and 3 spent, 30 days, 90 days.
    assert [found[name]["projected_usd"] for name in days] == [Decimal(123), Decimal(300), Decimal(900)]


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
    last = date(2026, 12, 31)
    row = _month(spend_forecast(_usage([1_000_000] * 20, until=last), NO_COSTS, ONE_PRICE, last))
    assert (row["month"], row["remaining_usd"]) == (date(2026, 12, 1), Decimal(10))


def _owners(usage: pl.DataFrame, teams: pl.DataFrame | None = None) -> OwnerUsage:
    cost = (pl.col("quantity") / 100_000).cast(pl.Decimal(38, 12))
    owned = usage.with_columns(
        account_id=pl.lit("a"), project_id=pl.col("model") + "-project", api_key_id=pl.lit("k"), cost_usd=cost
    )
    return OwnerUsage(owned, pl.DataFrame(schema=TEAM_SCHEMA) if teams is None else teams)


def test_owners_are_forecast_from_all_of_their_models_and_move_with_prices() -> None:
    # 1 Mtok a day of two models at 10 USD; that of m halves on 26 October: 6 days of 10 and 6 of 5.
    usage = pl.concat([_usage([1_000_000] * 60), _usage([1_000_000] * 60, model="n")])
    halved = _prices(("2026-01-01", "2026-10-26", "10"), ("2026-10-26", None, "5"))
    prices = pl.concat([halved, ONE_PRICE.with_columns(model=pl.lit("n"))])
    teams = usage.filter(model="m").select(
        "usage_date", account_id=pl.lit("a"), project_id=pl.lit("m-project"), api_key_id=pl.lit("k"),
        team=pl.lit("search"), tokens=pl.lit(1_000_000), cost_usd=pl.lit(10).cast(pl.Decimal(38, 12)),
        has_unpriced=pl.lit(value=False),
    )  # fmt: skip
    table = spend_forecast(usage, NO_COSTS, prices, AS_OF, _owners(usage, teams.cast(TEAM_SCHEMA)))  # type: ignore[arg-type]
    SpendForecast.validate(table)
    month = table.filter(period="month")
    found = {(row["scope"], row["owner"]): row["remaining_usd"] for row in month.iter_rows(named=True)}
    assert found["account", "a"] == pytest.approx(Decimal(210), abs=Decimal("0.01"))
    assert found["project", "m-project"] == found["team", "search"] == pytest.approx(Decimal(90), abs=Decimal("0.01"))
    assert found["project", "n-project"] == pytest.approx(Decimal(120), abs=Decimal("0.01"))
    assert found["provider", None] == found["all", None] == Decimal(210)
    # 19 days of October are spent.
    spent = month.filter(scope="account")["spent_usd"].item()
    assert spent == Decimal(380)


def test_an_owner_of_unpriced_usage_alone_has_no_amount() -> None:
    usage = _usage([1_000_000] * 60)
    table = spend_forecast(usage, NO_COSTS, ONE_PRICE.clear(), AS_OF, _owners(usage))
    row = table.filter(period="next_month", scope="account").row(0, named=True)
    assert (row["projected_usd"], row["unpriced_reason"]) == (None, "no price for output of m")


def test_the_part_of_the_day_that_is_seen_is_spent() -> None:
    # 1 Mtok a day at 10 USD, half of the day is over and cost 7: 7 and 5, then 11 days of 10.
    row = _month(spend_forecast(_usage([1_000_000] * 70), _costs((AS_OF, "7")), ONE_PRICE, AS_OF, seen=0.5))
    assert (row["spent_usd"], row["seen_usd"], row["remaining_usd"]) == (Decimal(7), Decimal(7), Decimal(115))
