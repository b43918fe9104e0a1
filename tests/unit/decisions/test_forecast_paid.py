"""What is owed of a forecast at list prices: by the terms in force on each coming day, and one figure everywhere."""

from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest

from pipelines.costs.agreed_prices import agreed_prices
from pipelines.costs.quoted_prices import PAID_SCHEMA as IN_BANDS
from pipelines.decisions.budget import budget_status, group_of
from pipelines.decisions.forecast import forecast_of, spend_outlooks
from pipelines.decisions.forecast_outlook import model_outlook
from pipelines.decisions.forecast_owners import TEAM_SCHEMA, OwnerUsage, owner_outlook
from pipelines.decisions.forecast_paid import PAID_SCHEMA, SHARE_SCHEMA, with_paid
from pipelines.decisions.owed_shares import owed_shares
from pipelines.schema.columns import polars_schema
from pipelines.schema.contract_terms import TERM_SCHEMA
from pipelines.schema.costs import UsageCost
from pipelines.schema.decisions import SpendForecast
from pipelines.snapshots.budget_file import Budget
from tests.unit.decisions.test_forecast import ONE_PRICE

AS_OF = date(2026, 10, 20)
"""12 days of October are to come."""
D = Decimal
USD = pl.Decimal(38, 12)
VERSIONS = pl.DataFrame({"price_id": ["p"], "model": ["m"], "provider": ["openai"]})


def usage(days: int = 60, **columns: object) -> pl.DataFrame:
    """Rows of core.usage_cost: a Mtok a day of model m at 10 USD, by account a under key k."""
    row = {
        "provider": "openai", "channel": "api", "region": "global", "model": "m", "service_tier": "standard",
        "account_id": "a", "project_id": None, "api_key_id": "k", "meter": "output", "price_id": "p",
        "usd_per_unit": D(10), "unit": "mtok", "is_lower_bound": False, "usage_rows": 1, "quantity": 1_000_000,
        "cost_usd": D(10), "effective_cost_usd": D(10),
    } | columns  # fmt: skip
    rows = [row | {"usage_date": AS_OF - timedelta(days=number)} for number in range(1, days + 1)]
    return pl.DataFrame(rows, schema=polars_schema(UsageCost))


def teams(used: pl.DataFrame) -> pl.DataFrame:
    """Of key k a quarter is team q's, the rest team r's."""
    of = [("q", 250_000, D("2.5")), ("r", 750_000, D("7.5"))]
    rows = [(day, "a", None, "k", team, tokens, usd, False) for day in used["usage_date"] for team, tokens, usd in of]
    return pl.DataFrame(rows, schema=TEAM_SCHEMA, orient="row")


def contract(*lines: dict[str, object]):
    rows = [{"term_id": str(number), "kind": "discount", **line} for number, line in enumerate(lines)]
    return agreed_prices(pl.DataFrame(rows, schema=TERM_SCHEMA), VERSIONS, pl.DataFrame(schema=IN_BANDS))


def paid(used: pl.DataFrame, fee: str = "0") -> pl.DataFrame:
    """PAID_SCHEMA of all, of the model, of account and teams."""
    whole = used.group_by("usage_date").agg(pl.col("effective_cost_usd", "cost_usd").sum()).rows()
    named = [
        ("all", "all", "all", None, 1), ("provider", "openai", "all", None, 1), ("model", "openai", "m", None, 1),
        ("account", "all", "all", "a", 1), ("team", "all", "all", "q", D("0.25")),
        ("team", "all", "all", "r", D("0.75")),
    ]  # fmt: skip
    rows = [
        (*who, day, effective * part + D(fee), listed * part, D(fee))
        for *who, part in named
        for day, effective, listed in whole
    ]
    return pl.DataFrame(rows, schema=PAID_SCHEMA, orient="row")


def forecast(used: pl.DataFrame, agreed: object, fee: str = "0") -> pl.DataFrame:
    owners = OwnerUsage(used, teams(used))
    costs = used.select("usage_date", "provider", "model", "cost_usd")
    outlooks = spend_outlooks(used, costs, ONE_PRICE, AS_OF, owners)
    shares = owed_shares(used, owners.teams, agreed, AS_OF, 100)  # type: ignore[arg-type]
    return with_paid(forecast_of(outlooks, AS_OF, 0.0), outlooks, paid(used, fee), shares, AS_OF)


def owed(used: pl.DataFrame, agreed: object, period: str = "month", scope: str = "all", fee: str = "0") -> Decimal:
    row = forecast(used, agreed, fee).filter(period=period, scope=scope).row(0, named=True)
    return row["projected_effective_usd"]


@pytest.mark.parametrize(
    ("terms", "month", "next_month"),
    [
        # 19 days of October are spent at 190; 12 days of 10 are to come, then 30 of November.
        ((), "310", "300"),
        (({"value": D(20)},), "286", "240"),
        # Known eight weeks, in force for ten days: what it was before does not count.
        (({"value": D(20), "valid_from": AS_OF - timedelta(days=10)},), "286", "240"),
        (({"value": D(20), "valid_to": AS_OF},), "310", "300"),
        # From 26 October on: 6 days at 10, 6 at 8. Until 10 November: 9 days of 30 at 8.
        (({"value": D(20), "valid_from": date(2026, 10, 26)},), "298", "240"),
        (({"value": D(20), "valid_to": date(2026, 11, 10)},), "286", "282"),
        (({"value": D(20), "account_id": "other"},), "310", "300"),
        (({"kind": "price", "value": D(4), "meter": "output", "per": "mtok"},), "238", "120"),
    ],
)
@pytest.mark.parametrize("scope", ["all", "provider", "model", "account"])
def test_what_is_to_come_is_owed_by_the_terms_of_its_day(terms, month, next_month, scope):
    agreed = contract(*terms) if terms else None
    assert owed(usage(), agreed, scope=scope) == D(month)
    assert owed(usage(), agreed, "next_month", scope) == D(next_month)


def test_a_team_owes_its_part_of_a_key():
    told = forecast(usage(), contract({"value": D(20)})).filter(period="month", scope="team")
    amounts = dict(told.select("owner", "projected_effective_usd").iter_rows())
    assert amounts == {"q": D("71.5"), "r": D("214.5")}


def test_plan_fees_are_owed_each_day_and_usage_under_a_plan_lowers_no_share():
    # 19 days of 13, 12 of 10, and a fee of 3 on the 11 days after as_of, whose own is spent.
    assert owed(usage(), None, fee="3") == D(19 * 13 + 12 * 10 + 11 * 3)
    assert owed(usage(), None, "next_month", fee="3") == D(30 * 13)


def test_without_a_contract_that_is_known_the_share_that_was_owed_goes_on():
    assert owed(usage(effective_cost_usd=D("7.5")), None) == D("232.5")


def test_a_price_without_a_rate_of_exchange_of_the_coming_days_goes_on_as_it_was():
    agreed = contract({"kind": "price", "value": None, "currency": "EUR", "local_value": D(7), "per": "mtok"})
    assert owed(usage(effective_cost_usd=D(8)), agreed) == D(19 * 8 + 12 * 8)


def test_usage_without_any_price_comes_to_an_unknown_amount_and_not_to_nothing():
    used = usage(cost_usd=None, effective_cost_usd=None, price_id=None, usd_per_unit=None)
    prices = ONE_PRICE.clear()
    costs = used.select("usage_date", "provider", "model", "cost_usd")
    outlooks = spend_outlooks(used, costs, prices, AS_OF)
    unknown = paid(used).with_columns(effective_usd=pl.lit(None, USD))
    told = with_paid(forecast_of(outlooks, AS_OF, 0.0), outlooks, unknown, pl.DataFrame(schema=SHARE_SCHEMA), AS_OF)
    SpendForecast.validate(told)
    assert set(told.filter(period="month").select("spent_effective_usd", "projected_effective_usd").rows()) == {
        (None, None)
    }


@pytest.mark.parametrize("fee", ["0", "3.7"])
@pytest.mark.parametrize("days", [5, 60])
def test_a_budget_projects_what_the_forecast_says_is_owed(days, fee):
    """One question, one figure: of all, a provider, a model, an account, a team."""
    used = pl.concat(
        [
            usage(days, quantity=1_000_000 + 77_777, cost_usd=D("10.77777")),
            usage(days, service_tier="batch", account_id="b", api_key_id="l", cost_usd=D(5), usd_per_unit=D(5)),
        ]
    )
    prices = pl.concat([ONE_PRICE, ONE_PRICE.with_columns(service_tier=pl.lit("batch"), usd_per_unit=D(5))])
    owners, costs = OwnerUsage(used, teams(used)), used.select("usage_date", "provider", "model", "cost_usd")
    agreed = contract({"value": D(13), "account_id": "a"}, {"value": D(31), "valid_from": date(2026, 10, 27)})
    shares, amounts = owed_shares(used, owners.teams, agreed, AS_OF, 100), paid(used, fee)
    outlooks = spend_outlooks(used, costs, prices, AS_OF, owners)
    told = with_paid(forecast_of(outlooks, AS_OF, 0.0), outlooks, amounts, shares, AS_OF).filter(period="month")
    budgets = [
        Budget(scope, owner, "month", D(9))
        for scope, owner in (("all", "all"), ("provider", "openai"), ("model", "m"), ("account", "a"), ("team", "q"))
    ]
    groups = [group_of(budget) for budget in budgets]
    of_models = model_outlook(used, costs, prices, AS_OF, 31, 0.0, [one for one in groups if one.owner is None])
    of_owners = owner_outlook(owners, prices, AS_OF, 31, 0.0, [one for one in groups if one.owner is not None])
    status = budget_status(budgets, [of_models, of_owners], amounts, shares, AS_OF, 0.0)
    assert status.height == len(budgets)
    for row in status.to_dicts():
        column = {"provider": "provider", "model": "model"}.get(row["scope"], "owner")
        own = told.filter(scope=row["scope"])
        own = own if row["scope"] == "all" else own.filter(pl.col(column) == row["owner"])
        assert own.select("spent_effective_usd", "projected_effective_usd").rows() == [
            (row["spent_usd"], row["projected_usd"])
        ]
        assert row["projected_usd"] > row["spent_usd"]
