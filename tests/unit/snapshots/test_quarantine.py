"""Which moved prices enter at once, which wait, and what ends the waiting."""

from datetime import datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest

from pipelines.schema.columns import polars_schema
from pipelines.schema.gpu_rates import GpuRate, GpuRateObservation
from pipelines.schema.holds import PriceHold
from pipelines.schema.lifecycles import LifecycleObservation, ModelLifecycle
from pipelines.schema.token_prices import TokenPrice, TokenPriceObservation
from pipelines.snapshots.book import GPU_RATES, LIFECYCLES, TOKEN_PRICES, Reading
from pipelines.snapshots.quarantine import HOLD_SCHEMA, key_parts, movements, quarantine

MONDAY = datetime(2026, 3, 2, 6)
TUESDAY = MONDAY + timedelta(days=1)
ROW = {
    "provider": "openai",
    "channel": "api",
    "region": "global",
    "model": "gpt-x",
    "meter": "output",
    "service_tier": "standard",
    "context_from": 0,
    "time_window": "always",
    "unit": "mtok",
    "currency": "USD",
    "printed": "$",
    "basis": "printed",
}
VERSION = {"price_id": "p1", "is_listed": True, "source": "openai_pricing", "fetch_id": "f0"}
KEY = "openai|api|global|gpt-x|output|standard|0|always"
NO_HOLDS = pl.DataFrame(schema=HOLD_SCHEMA)
NO_WITNESSES = pl.DataFrame(schema=polars_schema(TokenPrice))


def observed(usd, **differences):
    row = ROW | {"usd_per_unit": Decimal(usd)} | differences
    return pl.DataFrame([row], schema=polars_schema(TokenPriceObservation))


def in_force(usd, **differences):
    row = ROW | VERSION | {"usd_per_unit": Decimal(usd)} | differences
    since = {"valid_from": datetime(2026, 1, 1), "known_from": datetime(2026, 1, 1)}
    return pl.DataFrame([since | row], schema=polars_schema(TokenPrice))


def held(new, seen=MONDAY, old=10):
    row = {
        "hold_id": "h1",
        "book": "token_price",
        "source": "openai_pricing",
        "price_key": KEY,
        "old_amount": Decimal(old),
        "new_amount": Decimal(new),
        "currency": "USD",
        "first_seen_at": seen,
        "fetch_id": "f1",
        "status": "open",
    }
    return pl.DataFrame([row], schema=HOLD_SCHEMA)


def quarantined(old, new, at=MONDAY, holds=NO_HOLDS, witnesses=NO_WITNESSES, is_approved=False, **differences):
    current = NO_WITNESSES if old is None else in_force(old)
    reading = Reading("openai_pricing", "f2", at, is_approved)
    return quarantine(TOKEN_PRICES, current, observed(new, **differences), holds, witnesses, reading)


def entering(found):
    return found.observed.select("usd_per_unit", "effective_from").rows()


def statuses(found):
    return found.holds.select("new_amount", "status", "resolved_at", "resolution").rows()


@pytest.mark.parametrize("new", ["5", "10", "12.5", "20"])
def test_a_price_up_to_half_or_twice_the_old_one_enters(new):
    found = quarantined(10, new)
    assert entering(found) == [(Decimal(new), None)]
    assert (found.held_count, found.holds.height) == (0, 0)


@pytest.mark.parametrize("new", ["4.999999", "20.000001", "1", "1000"])
def test_a_price_beyond_that_is_held_and_the_old_one_stays(new):
    found = quarantined(10, new)
    assert entering(found) == [(Decimal(10), None)]
    assert found.held_count == 1
    (hold,) = found.holds.iter_rows(named=True)
    assert hold["currency"] == "USD"
    stated = ("price_key", "old_amount", "new_amount", "first_seen_at", "fetch_id", "status", "resolved_at")
    assert [hold[name] for name in stated] == [KEY, Decimal(10), Decimal(new), MONDAY, "f2", "open", None]
    PriceHold.validate(found.holds)


def test_a_held_row_keeps_every_fact_in_force():
    """A page that changes unit and price at once must not leave the old price with the new unit."""
    found = quarantined(10, 1000, unit="thousand_calls", basis="derived", context_to=200_001)
    facts = found.observed.select("usd_per_unit", "unit", "basis", "context_to").rows()
    assert facts == [(Decimal(10), "mtok", "printed", None)]


def test_a_new_price_enters_whatever_it_is():
    found = quarantined(None, 600)
    assert (entering(found), found.held_count) == ([(Decimal(600), None)], 0)


@pytest.mark.parametrize(("old", "new", "is_held"), [(0, 3, True), (3, 0, True), (0, 0, False)])
def test_a_free_model(old, new, is_held):
    found = quarantined(old, new)
    assert entering(found) == [(Decimal(old), None)]
    assert found.held_count == int(is_held)


def test_the_same_page_on_the_same_day_changes_no_hold():
    found = quarantined(10, 1, at=MONDAY + timedelta(hours=6), holds=held(1))
    assert entering(found) == [(Decimal(10), None)]
    assert (found.held_count, found.holds.height) == (1, 0)


def test_a_later_day_confirms_from_the_first_sight_on():
    found = quarantined(10, 1, at=TUESDAY, holds=held(1))
    assert entering(found) == [(Decimal(1), MONDAY)]
    assert statuses(found) == [(Decimal(1), "confirmed", TUESDAY, "printed again on a later day")]
    assert found.held_count == 0


def test_a_few_minutes_past_midnight_are_a_later_day():
    late = datetime(2026, 3, 2, 23, 55)
    found = quarantined(10, 1, at=datetime(2026, 3, 3, 0, 5), holds=held(1, seen=late))
    assert entering(found) == [(Decimal(1), late)]


def test_a_page_that_goes_back_withdraws_the_hold():
    found = quarantined(10, 10, at=TUESDAY, holds=held(1))
    assert entering(found) == [(Decimal(10), None)]
    assert statuses(found) == [(Decimal(1), "withdrawn", TUESDAY, "the source no longer prints it")]


def test_yet_another_price_withdraws_the_hold_and_opens_its_own():
    found = quarantined(10, 2, at=TUESDAY, holds=held(1))
    assert entering(found) == [(Decimal(10), None)]
    assert {row[:2] for row in statuses(found)} == {(Decimal(1), "withdrawn"), (Decimal(2), "open")}
    assert found.held_count == 1


def test_a_row_that_vanished_withdraws_its_hold():
    reading = Reading("openai_pricing", "f2", TUESDAY)
    found = quarantine(TOKEN_PRICES, in_force(10), observed(10).clear(), held(1), NO_WITNESSES, reading)
    assert (found.observed.height, found.holds["status"].to_list()) == (0, ["withdrawn"])


def test_a_second_source_confirms_at_once():
    witness = in_force(1, source="litellm", model="gpt-x-2026-01-15")
    found = quarantined(10, 1, witnesses=witness)
    assert entering(found) == [(Decimal(1), MONDAY)]
    assert statuses(found) == [(Decimal(1), "confirmed", MONDAY, "litellm prints the same price")]


@pytest.mark.parametrize(
    "differences",
    [{"usd_per_unit": Decimal("1.1")}, {"meter": "input_uncached"}, {"service_tier": "batch"}, {"model": "gpt-x-pro"}],
    ids=lambda differences: next(iter(differences)),
)
def test_another_price_of_a_second_source_is_no_witness(differences):
    found = quarantined(10, 1, witnesses=in_force(1, source="litellm", **differences))
    assert (entering(found), found.held_count) == ([(Decimal(10), None)], 1)


def test_a_person_approves():
    found = quarantined(10, 1, holds=held(1), is_approved=True)
    assert entering(found) == [(Decimal(1), MONDAY)]
    assert statuses(found) == [(Decimal(1), "accepted", MONDAY, "accepted by a person")]


def test_an_announced_price_is_not_held():
    """It has its day; whether it is plausible is seen when it comes."""
    found = quarantined(10, 1, effective_from=TUESDAY)
    assert (entering(found), found.held_count) == ([(Decimal(1), TUESDAY)], 0)


def test_a_price_said_to_hold_since_last_week_is_held():
    found = quarantined(10, 1, effective_from=datetime(2026, 2, 25))
    assert found.held_count == 1
    assert found.observed["usd_per_unit"].to_list() == [Decimal(10)]


def test_each_row_is_quarantined_alone():
    rows = pl.concat([observed(100), observed(11, meter="input_uncached"), observed(7, model="gpt-new")])
    current = pl.concat([in_force(10), in_force(10, meter="input_uncached", price_id="p2")])
    reading = Reading("openai_pricing", "f2", MONDAY)
    found = quarantine(TOKEN_PRICES, current, rows, NO_HOLDS, NO_WITNESSES, reading)
    assert found.observed["usd_per_unit"].to_list() == [Decimal(10), Decimal(11), Decimal(7)]
    assert found.held_count == 1
    assert found.observed.columns == rows.columns


def test_movements_name_the_ratio():
    rows = pl.concat([observed(5), observed(3, model="gpt-new"), observed(5, effective_from=TUESDAY)])
    moved = movements(TOKEN_PRICES, in_force(10), rows, MONDAY)
    assert moved.select("price_key", "old_amount", "ratio").rows() == [
        (KEY, Decimal(10), 0.5),
        (KEY.replace("gpt-x", "gpt-new"), None, None),
        (KEY, Decimal(10), None),
    ]
    with pytest.raises(ValueError, match="model_lifecycle states no amounts"):
        movements(LIFECYCLES, in_force(10), rows, MONDAY)


def test_a_key_is_taken_apart_as_it_was_joined():
    parts = held(1).select(key_parts(TOKEN_PRICES)).row(0, named=True)
    assert parts == {name: str(ROW[name]) for name in TOKEN_PRICES.key}


def test_a_gpu_rate_has_no_second_source():
    """The same amount at another provider proves nothing: only a later day or a person does."""
    row = {
        "provider": "runpod", "tier": "secure", "sku": "H100", "gpu": "H100", "variant": "SXM", "memory_gb": 80,
        "gpu_count": 1, "gpu_fraction": Decimal(1), "region": "global", "pricing": "on_demand", "price_kind": "quoted",
        "currency": "USD", "printed": "$",
    }  # fmt: skip
    version = {
        "usd_per_gpu_hour": Decimal(3), "local_per_gpu_hour": Decimal(3), "rate_id": "r",
        "is_listed": True, "source": "runpod_rates", "fetch_id": "f",
        "valid_from": datetime(2026, 1, 1), "known_from": datetime(2026, 1, 1),
    }  # fmt: skip
    current = pl.DataFrame([row | version], schema=polars_schema(GpuRate))
    lower = {"usd_per_gpu_hour": Decimal(1), "local_per_gpu_hour": Decimal(1)}
    new = pl.DataFrame([row | lower], schema=polars_schema(GpuRateObservation))
    witness = current.with_columns(
        new["usd_per_gpu_hour"],
        new["local_per_gpu_hour"],
        source=pl.lit("coreweave_rates"),
        is_recent=pl.lit(value=True),
    )
    reading = Reading("runpod_rates", "f2", MONDAY)
    found = quarantine(GPU_RATES, current, new, NO_HOLDS, witness, reading)
    both = ("usd_per_gpu_hour", "local_per_gpu_hour")
    assert (found.held_count, found.observed.select(both).rows()) == (1, [(Decimal(3), Decimal(3))])
    # The empty term of an on-demand rate is an empty part of the key, not a missing key.
    assert found.holds["price_key"].to_list() == ["runpod|secure|H100|H100|SXM|80|1|1.000000|global|on_demand|"]
    later = quarantine(GPU_RATES, current, new, found.holds, witness, Reading("runpod_rates", "f3", TUESDAY))
    assert (later.held_count, later.observed.select(both).rows()) == (0, [(Decimal(1), Decimal(1))])


def test_a_lifecycle_enters_as_it_is_printed():
    row = {
        "provider": "openai", "channel": "api", "model": "gpt-x", "state": "retired", "retires_precision": "none",
        "outcome": "fail",
    }  # fmt: skip
    rows = pl.DataFrame([row], schema=polars_schema(LifecycleObservation))
    nothing = pl.DataFrame(schema=polars_schema(ModelLifecycle))
    found = quarantine(LIFECYCLES, nothing, rows, NO_HOLDS, nothing, Reading("openai_deprecations", "f", MONDAY))
    assert found.observed.equals(rows)
    assert (found.held_count, found.holds.height) == (0, 0)
