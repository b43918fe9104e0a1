"""Aggregators beside the provider's own rates: what is compared, what agrees, what counts as an offer."""

from datetime import timedelta
from decimal import Decimal

import pytest

from pipelines.warehouse.database import Warehouse
from tests.unit.marts.mart_rows import FETCH, FIRST, NOW, add, built

RATE = {
    "provider": "runpod", "tier": "secure", "sku": "NVIDIA H100 80GB HBM3", "gpu": "H100", "variant": "SXM",
    "memory_gb": 80, "gpu_count": 1, "gpu_fraction": Decimal(1), "region": "global", "pricing": "on_demand",
    "price_kind": "quoted", "currency": "USD", "printed": "$", "valid_from": FIRST, "known_from": FIRST,
    "is_listed": True, "source": "runpod_rates", "fetch_id": "f1",
}  # fmt: skip
SOURCES = [
    {
        "source": name, "kind": "gpu_rates", "standing": standing, "rank": rank, "url": "https://example.org/",
        "is_proven": False, "is_asked": True,
    }
    for name, standing, rank in (
        ("runpod_rates", "api", 1), ("gpuhunt_rates", "aggregator", 8), ("skypilot_rates", "aggregator", 9),
    )
]  # fmt: skip


def own(rate_id, usd, **differences):
    amount = Decimal(str(usd))
    return RATE | {"rate_id": rate_id, "usd_per_gpu_hour": amount, "local_per_gpu_hour": amount} | differences


def other(rate_id, usd, **differences):
    """What an aggregator prints: no form factor, no tier, a name of its own."""
    stated = {"source": "gpuhunt_rates", "tier": "not_told", "variant": "", "sku": "1x_H100", "valid_from": NOW}
    return own(rate_id, usd, **stated | differences)


@pytest.fixture
def warehouse(tmp_path):
    made = Warehouse(tmp_path)
    add(made, "raw.fetch", FETCH | {"source": "runpod_rates", "fetched_at": NOW})
    add(made, "raw.source", *SOURCES)
    return made


def conflicts(warehouse, *columns):
    built(warehouse, "gpu_rate_current", "rate_id")
    return built(warehouse, "gpu_rate_conflict", *columns, order="other_rate_id")


def test_an_aggregator_that_differs_is_a_row_with_the_difference(warehouse):
    """RunPod's secure H100 at 3.99 beside 4.49 in a catalog: 4.49 / 3.99 = 1.1253."""
    add(warehouse, "core.gpu_rate", own("a", "3.99"), other("b", "4.49"))
    columns = ("provider", "variant", "believed_usd_per_gpu_hour", "other_source", "other_usd_per_gpu_hour")
    assert conflicts(warehouse, *columns, "pct_difference", "likely_cause", "believed_rate_id", "other_rate_id") == [
        ("runpod", "SXM", Decimal("3.99"), "gpuhunt_rates", Decimal("4.49"), pytest.approx(12.531, abs=1e-3),
         "unknown", "a", "b"),
    ]  # fmt: skip


def test_without_a_form_factor_one_fitting_rate_is_agreement(warehouse):
    add(
        warehouse, "core.gpu_rate",
        own("sxm", "3.99"), own("pcie", "2.89", variant="PCIe", sku="NVIDIA H100 PCIe"),
        other("agrees", "2.89"), other("fits none", "3.50", sku="1x_H100_b"),
    )  # fmt: skip
    columns = ("other_rate_id", "believed_rate_id", "own_rate_count", "likely_cause")
    assert conflicts(warehouse, *columns) == [("fits none", "sxm", 2, "other form factor or tier")]


def test_a_tier_and_a_form_factor_that_are_told_must_fit(warehouse):
    add(
        warehouse, "core.gpu_rate",
        own("secure", "3.99"), own("community", "2.69", tier="community"),
        other("a", "3.50", tier="community"), other("b", "3.50", variant="NVL"), other("c", "3.98", variant="SXM"),
    )  # fmt: skip
    assert conflicts(warehouse, "other_rate_id", "believed_rate_id") == [("a", "community"), ("c", "secure")]


def test_the_same_name_is_compared_with_nothing_else(warehouse):
    """p5e and p5en both hold 8 H200: a price of the one is no error about the other."""
    node = {"provider": "aws", "gpu": "H200", "memory_gb": 141, "gpu_count": 8, "region": "us-east-1"}
    add(
        warehouse, "core.gpu_rate",
        own("p5e", "6.5", sku="p5e.48xlarge", **node), own("p5en", "7.912", sku="p5en.48xlarge", **node),
        other("right", "7.912", sku="p5en.48xlarge", **node), other("wrong", "7.912", sku="p5e.48xlarge", **node),
    )  # fmt: skip
    assert conflicts(warehouse, "other_rate_id", "believed_rate_id") == [("wrong", "p5e")]


@pytest.mark.parametrize(("usd", "cause"), [("3.9904", "rounding"), ("3.49", "older"), ("3.50", "unknown")])
def test_the_likely_cause(warehouse, usd, cause):
    before = own("before", "3.49", valid_from=FIRST - timedelta(days=9), valid_to=FIRST)
    add(warehouse, "core.gpu_rate", before, own("a", "3.99"), other("b", usd))
    assert conflicts(warehouse, "likely_cause") == [(cause,)]


def test_what_the_provider_does_not_print_and_what_is_no_quote_is_not_compared(warehouse):
    add(
        warehouse, "core.gpu_rate",
        own("a", "3.99"), own("teaser", "1", sku="t", price_kind="from"), own("spot", "1", pricing="spot"),
        other("region", 9, region="eu"), other("count", 9, gpu_count=8), other("elsewhere", 9, provider="verda"),
        other("spot too", 9, pricing="spot", sku="s"),
    )  # fmt: skip
    assert conflicts(warehouse, "other_rate_id") == []


def test_an_aggregator_is_an_offer_only_where_nobody_else_states_the_provider(warehouse):
    second = {"source": "skypilot_rates", "provider": "verda", "sku": "x"}
    add(
        warehouse, "core.gpu_rate",
        own("own", "3.99"), other("beside", "1.00"),
        other("alone", "2.29", provider="verda"), other("second", "2.20", **second),
    )  # fmt: skip
    assert built(warehouse, "gpu_rate_current", "rate_id", "standing", "is_offer", order="rate_id") == [
        ("alone", "aggregator", True), ("beside", "aggregator", False), ("own", "api", True),
        ("second", "aggregator", False),
    ]  # fmt: skip
    columns = ("variant", "provider_count", "min_usd_per_gpu_hour", "max_usd_per_gpu_hour")
    assert built(warehouse, "gpu_rate_spread", *columns, order="variant") == [
        ("", 1, Decimal("2.29"), Decimal("2.29")), ("SXM", 1, Decimal("3.99"), Decimal("3.99")),
    ]  # fmt: skip
