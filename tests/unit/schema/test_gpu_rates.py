"""The row rules of a GPU rate: what is refused alone, whatever parser made it."""

from decimal import Decimal

import polars as pl
import pytest

from pipelines.schema.columns import polars_schema
from pipelines.schema.gpu_rates import GpuRateObservation

RATE = {
    "provider": "azure", "tier": "vm", "sku": "Standard_ND96isr_H200_v5", "gpu": "H200", "variant": "SXM",
    "memory_gb": 141, "gpu_count": 8, "gpu_fraction": Decimal(1), "region": "uksouth", "pricing": "on_demand",
    "price_kind": "quoted", "currency": "USD", "printed": "$",
}  # fmt: skip


def rate(amount, **differences):
    usd = Decimal(str(amount))
    return RATE | {"usd_per_gpu_hour": usd, "local_per_gpu_hour": usd} | differences


def refused(*rates):
    """The broken rules of each refused row."""
    frame = pl.DataFrame(list(rates), schema=polars_schema(GpuRateObservation))
    _, failure = GpuRateObservation.filter(frame)
    return failure.counts()


@pytest.mark.parametrize("amount", ["0.05", "1", "100"])
def test_a_rate_within_the_bounds_is_kept(amount):
    assert refused(rate(amount)) == {}


@pytest.mark.parametrize("amount", ["0.049999", "0", "-1", "100.000001"])
def test_a_rate_beyond_them_is_refused(amount):
    assert set(refused(rate(amount))) <= {
        f"{currency}_per_gpu_hour|{end}" for currency in ("usd", "local") for end in ("min", "max")
    }
    assert refused(rate(amount))


@pytest.mark.parametrize(
    ("differences", "rule"),
    [
        ({"pricing": "reserved"}, "reserved_has_term"),
        ({"term_months": 12}, "reserved_has_term"),
        ({"currency": "EUR"}, "dollars_are_dollars"),
        ({"usd_per_gpu_hour": Decimal("3.2")}, "dollars_are_dollars"),
        ({"usd_per_gpu_hour": None}, "dollars_are_dollars"),
        ({"currency": "GBP", "usd_per_gpu_hour": None}, "currency|check__allowed"),
        ({"gpu_fraction": Decimal(0)}, "gpu_fraction|min_exclusive"),
        ({"gpu_fraction": Decimal("1.5")}, "gpu_fraction|max"),
        ({"pricing": "lease"}, "pricing|check__allowed"),
    ],
)
def test_a_row_that_contradicts_itself_is_refused(differences, rule):
    assert refused(rate(3) | differences) == {rule: 1}


@pytest.mark.parametrize(("spot", "count"), [("13.25", 1), ("13.3", 1), ("13.249999", 0), ("2.12", 0)])
def test_a_spot_rate_that_is_not_under_the_one_on_demand_is_refused_alone(spot, count):
    """Azure's spot meter of the H200 in uksouth once stood at the price on demand: 106.00 / 8 = 13.25."""
    found = refused(rate("13.25"), rate(spot, pricing="spot"))
    assert found.get("spot_is_under_on_demand", 0) == count


@pytest.mark.parametrize(
    "differences",
    [
        {"region": "eastus"},
        {"sku": "other"},
        {"tier": "government"},
        {"gpu_count": 1},
        {"gpu_fraction": Decimal("0.5")},
    ],
)
def test_spot_is_held_against_the_same_offer_only(differences):
    assert refused(rate("2"), rate("13.25", pricing="spot", **differences)) == {}


def test_an_announced_rise_leaves_the_spot_rate_alone():
    """The dearest rate on demand counts, whenever it starts."""
    assert refused(rate("2"), rate("4"), rate("3", pricing="spot")) == {}
