"""A model that another one answers for after its end costs what that one does: by hand, and in a forecast of tables."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest

from pipelines.decisions.decide_spend import forecast_on
from pipelines.decisions.rebilled_prices import rebilled, rebillings, successors_of
from pipelines.schema.columns import polars_schema
from pipelines.schema.lifecycles import ModelLifecycle
from pipelines.warehouse.database import Warehouse
from tests.unit.decisions.test_forecast import PRICE_SCHEMA
from tests.unit.marts.mart_rows import COST, PRICE, add

AS_OF = date(2026, 10, 20)
"""12 days of October are to come."""
END = date(2026, 10, 26)
BEGUN = datetime(2026, 1, 1)
LISTED = {
    "provider": "openai", "channel": "api", "model": "gpt-old", "version": "", "scope": "all", "state": "deprecated",
    "retires_on": END, "retires_precision": "day", "outcome": "reroute_rebill", "replacements": "gpt-none, gpt-new",
    "valid_from": BEGUN, "known_from": BEGUN, "is_listed": True, "source": "s", "fetch_id": "f", "lifecycle_id": "l",
}  # fmt: skip
USED = pl.DataFrame({"provider": ["openai"], "channel": ["api"], "model": ["gpt-old"]})


def told(models=USED, **other):
    ends = pl.DataFrame([LISTED | other], schema=polars_schema(ModelLifecycle))
    return rebillings(ends, models, AS_OF)


def prices(*rows):
    """Model, beginning, end and price."""
    found = [("openai", model, "api", "global", "standard", "output", *rest, "mtok") for model, *rest in rows]
    return pl.DataFrame(found, schema=PRICE_SCHEMA, orient="row")


def test_it_goes_on_at_the_first_successor_that_has_a_price():
    """The successor becomes dearer in November."""
    november = datetime(2026, 11, 1)
    segments = prices(
        ("gpt-old", BEGUN, None, Decimal(10)),
        ("gpt-new", BEGUN, november, Decimal(20)),
        ("gpt-new", november, None, Decimal(25)),
    )
    found = rebilled(segments, told()).filter(model="gpt-old")
    end = datetime.combine(END, datetime.min.time())
    assert found.select("valid_from", "valid_to", "usd_per_unit").rows() == [
        (BEGUN, end, Decimal(10)),
        (end, november, Decimal(20)),
        (november, None, Decimal(25)),
    ]
    assert rebilled(segments, told()).filter(model="gpt-new").height == 2


def test_without_a_priced_successor_nothing_changes():
    segments = prices(("gpt-old", BEGUN, None, Decimal(10)))
    assert rebilled(segments, told()).equals(segments)


@pytest.mark.parametrize(
    "other",
    [
        {"outcome": "fail"},
        {"retires_on": AS_OF},
        {"retires_precision": "floor"},
        {"replacements": None},
        {"channel": "azure"},
        {"model": "gpt-other"},
    ],
)
def test_which_ends_are_not_rebilled(other):
    assert told(**other).is_empty()


def test_a_dated_id_ends_with_its_listed_name():
    dated = USED.with_columns(model=pl.lit("gpt-old-2025-04-14"))
    found = told(dated)
    assert found["model"].to_list() == ["gpt-old-2025-04-14"]
    place = dated.with_columns(region=pl.lit("global")).select("provider", "channel", "region", "model")
    assert successors_of(found, place)["model"].to_list() == ["gpt-none", "gpt-new"]


def test_the_forecast_has_the_price_of_the_one_that_answers(tmp_path):
    """1 Mtok a day: 6 days at 10 USD, from 26 October 6 at 20."""
    made = Warehouse(tmp_path)
    days = [AS_OF - timedelta(days=n) for n in range(1, 61)]
    cost = COST | {"model": "gpt-old", "cost_usd": Decimal(10), "effective_cost_usd": Decimal(10), "unit": "mtok"}
    add(made, "core.usage_cost", *(cost | {"usage_date": day} for day in days))
    first = {"valid_from": BEGUN, "known_from": BEGUN}
    add(made, "core.token_price", PRICE | first | {"model": "gpt-old", "price_id": "old"})
    add(made, "core.token_price", PRICE | first | {"model": "gpt-new", "price_id": "new", "usd_per_unit": Decimal(20)})
    add(made, "core.model_lifecycle", LISTED)
    with made.write() as connection:
        table = forecast_on(connection, tmp_path, AS_OF)["main.spend_forecast"].filter(period="month")
    found = {row["scope"]: row["remaining_usd"] for row in table.to_dicts()}
    assert found["all"] == found["account"] == found["model"] == 6 * 10 + 6 * 20
