"""A forecast at list prices, by the contract: what was paid, and what is to come at the share that was paid."""

from datetime import date
from decimal import Decimal

import polars as pl

from pipelines.decisions.forecast_paid import with_paid
from pipelines.schema.columns import polars_schema
from pipelines.schema.decisions import SpendForecast

AS_OF = date(2026, 10, 20)
PERIODS = (("month", date(2026, 10, 1), date(2026, 10, 31)), ("next_month", date(2026, 11, 1), date(2026, 11, 30)))
D = Decimal


def rows(*models: tuple[str, str, str]) -> pl.DataFrame:
    """Model, spent and remaining at list, and the row of all."""
    whole = ("all", str(sum(D(one[1]) for one in models)), str(sum(D(one[2]) for one in models)))
    made = [
        {"period": period, "first_on": first, "last_on": last, "provider": "all" if name == "all" else "p"}
        | {"model": name, "scope": "all" if name == "all" else "model", "remaining_usd": D(left)}
        | {"spent_usd": D(spent), "projected_usd": D(spent) + D(left)}
        for period, first, last in PERIODS
        for name, spent, left in (*models, whole)
    ]  # fmt: skip
    return pl.DataFrame(made, schema=polars_schema(SpendForecast))


def costs(*lines: tuple[date, str, str | None, str | None]) -> pl.DataFrame:
    schema = {"usage_date": pl.Date(), "provider": pl.String(), "model": pl.String()}
    usd = dict.fromkeys(("cost_usd", "effective_cost_usd"), pl.Decimal(38, 12))
    data = [(day, "p", model, listed and D(listed), paid and D(paid)) for day, model, listed, paid in lines]
    return pl.DataFrame(data, schema | usd, orient="row")


def test_a_discount_of_the_past_goes_on_and_other_models_keep_the_list() -> None:
    """a: 8 and 10 at list, paid 7 and 8.75: 12.5 % less, so 100 to come are 87.5; b has no contract."""
    paid = costs(
        (date(2026, 9, 30), "a", "8", "7"), (date(2026, 10, 2), "a", "10", "8.75"), (date(2026, 10, 3), "b", "5", "5")
    )
    found = with_paid(rows(("a", "10", "100"), ("b", "5", "20")), paid, AS_OF)
    told = {(row["period"], row["model"]): row for row in found.to_dicts()}
    amounts = {key: (row["spent_effective_usd"], row["projected_effective_usd"]) for key, row in told.items()}
    assert amounts["month", "a"] == (D("8.75"), D("96.25"))
    assert amounts["month", "b"] == (5, 25)
    assert amounts["month", "all"] == (D("13.75"), D("121.25"))
    assert amounts["next_month", "all"][0] == 0
    assert told["month", "a"]["projected_usd"] == 110


def test_without_costs_before_the_day_the_list_counts() -> None:
    found = with_paid(rows(("a", "0", "4")), costs(), AS_OF)
    assert found["projected_effective_usd"].to_list() == [4] * 4


def test_usage_without_any_price_comes_to_an_unknown_amount_and_not_to_nothing() -> None:
    usage = costs((date(2026, 10, 2), "a", None, None), (date(2026, 10, 2), "b", None, "3"))
    found = with_paid(rows(("a", "0", "0"), ("b", "0", "0"), ("c", "0", "0")), usage, AS_OF).filter(period="month")
    assert dict(found.select("model", "spent_effective_usd").iter_rows()) == {"a": None, "b": 3, "c": 0, "all": 3}
