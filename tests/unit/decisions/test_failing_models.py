"""A model whose requests fail after its end costs nothing from then on: by hand, and in a forecast of tables."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest

from pipelines.decisions.decide_spend import forecast_on
from pipelines.decisions.failing_models import failing, stopped
from pipelines.schema.columns import polars_schema
from pipelines.schema.lifecycles import ModelLifecycle
from pipelines.warehouse.database import Warehouse
from tests.unit.decisions.test_rebilled_prices import AS_OF, BEGUN, END, LISTED, prices
from tests.unit.marts.mart_rows import COST, PRICE, add

FAILS = LISTED | {"outcome": "fail", "replacements": "gpt-new"}


def used_until(last):
    return pl.DataFrame({"provider": ["openai"], "channel": ["api"], "model": ["gpt-old"], "usage_date": [last]})


def gone(last=AS_OF - timedelta(days=1), **other):
    ends = pl.DataFrame([FAILS | other], schema=polars_schema(ModelLifecycle))
    return failing(ends, used_until(last), AS_OF)["on"].dt.date().to_list()


def test_nothing_is_expected_from_the_printed_day_on():
    assert gone() == [END]
    assert gone(retires_precision="month", retires_on=date(2026, 11, 1)) == [date(2026, 12, 1)]


@pytest.mark.parametrize(
    "other",
    [
        {"outcome": "reroute_rebill"},
        {"outcome": "redirect"},
        {"outcome": "price_rise"},
        {"retires_precision": "floor"},
        {"retires_precision": "none", "retires_on": None},
        {"scope": "us-east-1"},
        {"version": "2024-05-13"},
        {"channel": "azure"},
        {"model": "gpt-other"},
    ],
)
def test_what_is_not_known_to_fail_goes_on(other):
    assert gone(**other) == []


def test_one_that_is_gone_and_no_longer_used_has_ended_and_one_that_is_used_goes_on():
    ended = AS_OF - timedelta(days=5)
    assert gone(last=ended - timedelta(days=1), retires_on=ended) == [AS_OF]
    assert gone(last=ended, retires_on=ended) == []


def test_segments_are_cut_at_the_end_and_cost_nothing_after_it():
    november, end = datetime(2026, 11, 1), datetime.combine(END, datetime.min.time())
    segments = prices(
        ("gpt-old", BEGUN, november, Decimal(10)),
        ("gpt-old", november, None, Decimal(12)),
        ("gpt-new", BEGUN, None, Decimal(20)),
    )
    ends = failing(pl.DataFrame([FAILS], schema=polars_schema(ModelLifecycle)), used_until(AS_OF), AS_OF)
    found = stopped(segments, ends)
    assert found.filter(model="gpt-old").select("valid_from", "valid_to", "usd_per_unit").rows() == [
        (BEGUN, end, Decimal(10)),
        (end, november, Decimal(0)),
        (november, None, Decimal(0)),
    ]
    assert found.filter(model="gpt-new").equals(segments.filter(model="gpt-new"))


def test_the_forecast_ends_with_the_model_and_says_so(tmp_path):
    """1 Mtok a day of two models at 10 USD: 12 days of one, of the other the 6 before 26 October."""
    made = Warehouse(tmp_path)
    days = [AS_OF - timedelta(days=n) for n in range(1, 61)]
    cost = COST | {"cost_usd": Decimal(10), "effective_cost_usd": Decimal(10), "unit": "mtok"}
    first = {"valid_from": BEGUN, "known_from": BEGUN}
    for model in ("gpt-old", "gpt-stays"):
        add(made, "core.usage_cost", *(cost | {"model": model, "usage_date": day} for day in days))
        add(made, "core.token_price", PRICE | first | {"model": model, "price_id": model})
    add(made, "core.model_lifecycle", FAILS)
    with made.write() as connection:
        table = forecast_on(connection, tmp_path, AS_OF)["main.spend_forecast"]
    month = {(row["scope"], row["model"]): row for row in table.filter(period="month").to_dicts()}
    old, other, whole = (month[key] for key in (("model", "gpt-old"), ("model", "gpt-stays"), ("all", "all")))
    assert [row["remaining_usd"] for row in (old, other, whole)] == [60, 120, 180]
    assert old["ends"] == whole["ends"] == "gpt-old fails from 2026-10-26 on: nothing is expected of it then"
    assert other["ends"] is None
    later = table.filter(period="next_month", scope="model", model="gpt-old").row(0, named=True)
    assert later["projected_usd"] == 0
