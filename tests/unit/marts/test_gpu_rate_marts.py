"""The marts of GPU rates, on a few rows of a real warehouse, against rows worked out by hand."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from pipelines.warehouse.database import Warehouse
from tests.unit.marts.mart_rows import FETCH, FIRST, NOW, add, built

RATE = {
    "provider": "runpod", "tier": "secure", "sku": "H100", "gpu": "H100", "variant": "SXM", "memory_gb": 80,
    "gpu_count": 1, "gpu_fraction": Decimal(1), "region": "global", "pricing": "on_demand", "price_kind": "quoted",
    "currency": "USD", "printed": "$", "valid_from": FIRST, "known_from": FIRST, "is_listed": True,
    "source": "runpod_rates", "fetch_id": "f1", "rate_id": "r1",
}  # fmt: skip
PARSE = {
    "fetch_id": "f1", "source": "runpod_rates", "fetched_at": FIRST, "parsed_at": FIRST, "parser_version": "v1",
    "outcome": "promoted", "row_count": 1, "reject_count": 0, "held_count": 0, "change_count": 1,
}  # fmt: skip
SPREAD = (
    "gpu", "variant", "memory_gb", "provider_count", "min_usd_per_gpu_hour", "median_usd_per_gpu_hour",
    "max_usd_per_gpu_hour", "cheapest_provider", "cheapest_region", "dearest_provider", "dearest_region",
)  # fmt: skip


def rate(rate_id, usd, **differences):
    """A rate in USD."""
    amount = Decimal(str(usd))
    return RATE | {"rate_id": rate_id, "usd_per_gpu_hour": amount, "local_per_gpu_hour": amount} | differences


def euro(rate_id, amount, **differences):
    local = {"currency": "EUR", "usd_per_gpu_hour": None, "local_per_gpu_hour": Decimal(str(amount))}
    return RATE | {"rate_id": rate_id} | local | differences


def reference(rate_on, usd, **differences):
    """The ECB's rate of the euro, in force from its day on."""
    start = datetime.combine(rate_on, datetime.min.time())
    row = {
        "currency": "EUR", "rate_on": rate_on, "usd_per_currency": Decimal(usd), "printed": "$", "valid_from": start,
        "known_from": start, "is_listed": True, "source": "ecb_exchange_rates", "fetch_id": "fx",
        "exchange_rate_id": f"{rate_on}",
    }  # fmt: skip
    return row | differences


@pytest.fixture
def warehouse(tmp_path):
    """RunPod was read on the first of March; another source is read now, nine days later."""
    made = Warehouse(tmp_path)
    read = FETCH | {"source": "runpod_rates", "sha256": "body"}
    add(made, "raw.fetch", read, FETCH | {"fetch_id": "f2", "source": "coreweave_rates", "fetched_at": NOW})
    add(made, "raw.parse", PARSE)
    return made


def test_rates_that_are_printed_and_in_force_are_current(warehouse):
    tomorrow = NOW + timedelta(days=1)
    add(
        warehouse, "core.gpu_rate",
        rate("now", 3, is_sold_out=True), euro("euro", 2, fetch_id="?", source="other", region="eu"),
        rate("past", 3, valid_to=NOW), rate("ahead", 3, valid_from=tomorrow), rate("gone", 3, is_listed=False),
        rate("believed no more", 3, known_to=NOW), rate("shipped", 3, source="gpu_rate_history"),
    )  # fmt: skip
    columns = ("rate_id", "usd_per_gpu_hour", "local_per_gpu_hour", "currency", "is_sold_out", "since", "age_days")
    assert built(warehouse, "gpu_rate_current", *columns, "url", order="rate_id") == [
        ("euro", None, Decimal(2), "EUR", None, FIRST, None, None),
        ("now", Decimal(3), Decimal(3), "USD", True, FIRST, 9, "https://example.org/p"),
    ]


@pytest.mark.parametrize(
    ("attempt", "age_days"),
    [
        ({"outcome": "unchanged", "sha256": "body"}, 2),
        ({"outcome": "unchanged", "sha256": "a body that was refused"}, 9),
        ({"outcome": "new", "sha256": "not promoted"}, 9),
        ({"outcome": "failed"}, 9),
    ],
)
def test_the_same_body_again_is_as_good_as_a_new_one(warehouse, attempt, age_days):
    add(warehouse, "core.gpu_rate", rate("r", 3))
    again = {"fetch_id": "f3", "source": "runpod_rates", "fetched_at": NOW - timedelta(days=2)}
    add(warehouse, "raw.fetch", FETCH | again | attempt)
    assert built(warehouse, "gpu_rate_current", "age_days") == [(age_days,)]


def test_each_rate_over_time_beside_the_one_before(warehouse):
    """RunPod's 3.49 of 2026-09-29 and 3.99 of 2026-10-10: 50 cents more are 14.33 %."""
    later = {"valid_from": NOW, "known_from": NOW, "fetch_id": "f2"}
    add(
        warehouse, "core.gpu_rate",
        rate("a", "3.49", known_to=NOW), rate("a", "3.49", valid_to=NOW, known_from=NOW), rate("b", "3.99", **later),
        rate("other card", 9, memory_gb=94), rate("other source", 8, source="gpu_rate_history"),
    )  # fmt: skip
    columns = ("rate_id", "valid_from", "valid_to", "known_from", "old_local_per_gpu_hour", "local_per_gpu_hour")
    assert built(warehouse, "gpu_rate_history", *columns, "pct_change", order="rate_id") == [
        ("a", FIRST, NOW, FIRST, None, Decimal("3.49"), None),
        ("b", NOW, None, NOW, Decimal("3.49"), Decimal("3.99"), pytest.approx(14.3266, abs=1e-4)),
        ("other card", FIRST, None, FIRST, None, Decimal(9), None),
        ("other source", FIRST, None, FIRST, None, Decimal(8), None),
    ]


def test_across_two_currencies_there_is_no_change(warehouse):
    add(warehouse, "core.gpu_rate", euro("a", 2, valid_to=NOW), rate("b", 3, valid_from=NOW), euro("c", 2, region="eu"))
    columns = ("rate_id", "old_local_per_gpu_hour", "pct_change")
    assert built(warehouse, "gpu_rate_history", *columns, order="rate_id") == [
        ("a", None, None), ("b", None, None), ("c", None, None),
    ]  # fmt: skip


CONVERTED = ("rate_id", "usd_per_gpu_hour", "local_per_gpu_hour", "fx_rate_on", "usd_per_currency")


def test_a_current_rate_in_euro_is_converted_at_the_newest_reference_rate(warehouse):
    """2.73 EUR x 1.0912 = 2.978976 USD."""
    before, last = NOW.date() - timedelta(days=4), NOW.date() - timedelta(days=3)
    add(
        warehouse, "core.exchange_rate",
        reference(before, "1.0800", valid_to=datetime.combine(last, datetime.min.time())), reference(last, "1.0912"),
        reference(last, "9.9", known_to=NOW), reference(last, "0.008", currency="JPY"),
        reference(NOW.date() + timedelta(days=1), "1.2", currency="GBP"),
    )  # fmt: skip
    add(warehouse, "core.gpu_rate", euro("euro", "2.73"), rate("usd", 3))
    assert built(warehouse, "gpu_rate_current", *CONVERTED, order="rate_id") == [
        ("euro", Decimal("2.978976"), Decimal("2.73"), last, Decimal("1.0912")),
        ("usd", Decimal(3), Decimal(3), None, None),
    ]


@pytest.mark.parametrize(("age_days", "usd"), [(7, Decimal("2.184")), (8, None)])
def test_a_reference_rate_serves_for_a_week(warehouse, age_days, usd):
    add(warehouse, "core.exchange_rate", reference(NOW.date() - timedelta(days=age_days), "1.0920"))
    add(warehouse, "core.gpu_rate", euro("euro", 2))
    assert built(warehouse, "gpu_rate_current", "usd_per_gpu_hour") == [(usd,)]


def test_a_past_rate_is_converted_at_the_reference_rate_of_its_start(warehouse):
    """2 EUR x 1.05 = 2.10 USD from the first of March, 2 EUR x 1.10 = 2.20 USD from the tenth; none known before."""
    tenth = datetime(2026, 3, 10)
    add(
        warehouse, "core.exchange_rate",
        reference(FIRST.date() - timedelta(days=1), "1.05", valid_to=tenth), reference(tenth.date(), "1.10"),
    )  # fmt: skip
    add(
        warehouse, "core.gpu_rate",
        euro("a", 2), euro("b", 2, valid_from=NOW, region="eu"),
        euro("long ago", 2, valid_from=FIRST - timedelta(days=30), region="uk"),
    )  # fmt: skip
    columns = ("rate_id", "usd_per_gpu_hour", "fx_rate_on", "usd_per_currency")
    assert built(warehouse, "gpu_rate_history", *columns, order="rate_id") == [
        ("a", Decimal("2.10"), FIRST.date() - timedelta(days=1), Decimal("1.05")),
        ("b", Decimal("2.20"), tenth.date(), Decimal("1.10")),
        ("long ago", None, None, None),
    ]


def test_a_converted_rate_takes_part_in_the_spread_and_names_its_day(warehouse):
    day = NOW.date() - timedelta(days=1)
    add(warehouse, "core.exchange_rate", reference(day, "1.10"))
    add(warehouse, "core.gpu_rate", rate("usd", 3), euro("euro", 2, provider="scaleway"))
    columns = ("min_usd_per_gpu_hour", "cheapest_provider", "max_usd_per_gpu_hour", "fx_rate_on")
    assert spread(warehouse, *columns) == [(Decimal("2.2"), "scaleway", Decimal(3), day)]


def spread(warehouse, *columns):
    built(warehouse, "gpu_rate_current", "rate_id")
    return built(warehouse, "gpu_rate_spread", *columns, order="variant, memory_gb, pricing, term_months")


def test_the_spread_of_one_card(warehouse):
    """H100 SXM: 2.69 and 3.99 at RunPod, 6.155 at CoreWeave in two regions, 11.68 at GCP. 11.68 / 2.69 = 4.342."""
    core = {"provider": "coreweave", "source": "coreweave_rates", "gpu_count": 8}
    add(
        warehouse, "core.gpu_rate",
        rate("a", "2.69", tier="community"), rate("b", "3.99"),
        rate("c", "6.155", region="us", **core), rate("d", "6.155", region="eu", **core),
        rate("e", "11.68", provider="gcp", region="us-east1"),
    )  # fmt: skip
    assert spread(warehouse, *SPREAD, "max_to_min_ratio") == [
        ("H100", "SXM", 80, 3, Decimal("2.69"), Decimal("6.155"), Decimal("11.68"), "runpod", "global", "gcp",
         "us-east1", pytest.approx(4.342, abs=1e-3)),
    ]  # fmt: skip


def test_what_cannot_be_compared_is_no_part_of_the_spread(warehouse):
    add(
        warehouse, "core.gpu_rate",
        rate("whole", 3), rate("slice", 1, gpu_fraction=Decimal("0.5")), rate("teaser", 1, price_kind="from"),
        rate("sold out", 1, is_sold_out=True), rate("to be had", 4, is_sold_out=False, provider="nebius"),
        euro("euro", 1, provider="ovh"),
    )  # fmt: skip
    assert spread(warehouse, "provider_count", *SPREAD[4:7]) == [(2, Decimal(3), Decimal("3.5"), Decimal(4))]


def test_form_factors_memories_and_commitments_are_told_apart(warehouse):
    year = {"pricing": "reserved", "term_months": 12}
    add(
        warehouse, "core.gpu_rate",
        rate("sxm", 3), rate("pcie", 2, variant="PCIe"), rate("more memory", 4, memory_gb=94),
        rate("spot", 1, pricing="spot"), rate("year", "2.5", **year),
        rate("three years", 2, **year | {"term_months": 36}),
    )  # fmt: skip
    columns = ("variant", "memory_gb", "pricing", "term_months", "min_usd_per_gpu_hour")
    assert spread(warehouse, *columns) == [
        ("PCIe", 80, "on_demand", None, Decimal(2)),
        ("SXM", 80, "on_demand", None, Decimal(3)),
        ("SXM", 80, "reserved", 12, Decimal("2.5")),
        ("SXM", 80, "reserved", 36, Decimal(2)),
        ("SXM", 80, "spot", None, Decimal(1)),
        ("SXM", 94, "on_demand", None, Decimal(4)),
    ]


def test_nothing_read_gives_no_rows(tmp_path):
    empty = Warehouse(tmp_path)
    for name in ("gpu_rate_current", "gpu_rate_history", "gpu_rate_spread"):
        assert built(empty, name, order="1") == []


def test_a_day_is_a_calendar_day(warehouse):
    add(warehouse, "raw.fetch", FETCH | {"fetch_id": "f4", "source": "x", "fetched_at": datetime(2026, 3, 11, 1)})
    add(warehouse, "core.gpu_rate", rate("r", 3))
    assert built(warehouse, "gpu_rate_current", "age_days") == [(10,)]
