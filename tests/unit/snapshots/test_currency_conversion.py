"""Rates in euro at a dated reference rate; the ECB's of 2024-06-28 was 1.0705 dollars."""

from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from pipelines.snapshots.currency_conversion import in_usd

DAY = date(2024, 6, 28)
FX = pl.DataFrame(
    [("EUR", DAY, Decimal("1.0705")), ("GBP", DAY, Decimal("1.2647983175"))],
    schema={"currency": pl.String, "rate_on": pl.Date, "usd_per_currency": pl.Decimal(18, 10)},
    orient="row",
)
RATES = pl.DataFrame(
    [("USD", Decimal(3), Decimal(3)), ("EUR", None, Decimal("2.73")), ("EUR", None, Decimal("0.333333"))],
    schema={"currency": pl.String, "usd_per_gpu_hour": pl.Decimal(18, 6), "local_per_gpu_hour": pl.Decimal(18, 6)},
    orient="row",
)


def test_a_rate_in_euro_is_converted_to_six_digits_and_names_the_day():
    """2.73 x 1.0705 = 2.922465; 0.333333 x 1.0705 = 0.3568329765, rounded 0.356833."""
    found = in_usd(RATES, FX, DAY)
    assert found.schema["usd_per_gpu_hour"] == pl.Decimal(18, 6)
    assert found.select("usd_per_gpu_hour", "fx_rate_on", "usd_per_currency").rows() == [
        (Decimal(3), None, None),
        (Decimal("2.922465"), DAY, Decimal("1.0705")),
        (Decimal("0.356833"), DAY, Decimal("1.0705")),
    ]


@pytest.mark.parametrize(("on", "is_used"), [(date(2024, 7, 5), True), (date(2024, 7, 6), False)])
def test_a_rate_of_more_than_a_week_ago_converts_nothing(on, is_used):
    usd = in_usd(RATES, FX, on)["usd_per_gpu_hour"]
    assert (usd[0], usd[1] is not None) == (Decimal(3), is_used)


def test_without_a_reference_rate_a_rate_stays_without_dollars():
    found = in_usd(RATES, FX.clear(), DAY)
    assert found["usd_per_gpu_hour"].to_list() == [Decimal(3), None, None]
    assert found["fx_rate_on"].to_list() == [None, None, None]
