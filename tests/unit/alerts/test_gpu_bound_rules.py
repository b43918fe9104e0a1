"""GPU rates beyond a bound: the user's own, or far from what they were a month ago."""

from datetime import datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest

from pipelines.alerts.gpu_bound_rules import gpu_rate_beyond
from pipelines.alerts.gpu_rules import gpu_rate_changed
from pipelines.alerts.inhibition import inhibited
from pipelines.schema.alerts import Alert
from pipelines.schema.columns import polars_schema
from pipelines.schema.gpu_rates import GpuRateHistory

NOW = datetime(2026, 10, 10, 6)
MOVED = NOW - timedelta(days=2)
ROW = {
    "provider": "runpod", "tier": "secure", "sku": "H100", "gpu": "H100", "variant": "SXM", "memory_gb": 80,
    "gpu_count": 1, "gpu_fraction": Decimal(1), "region": "global", "pricing": "on_demand", "valid_from": MOVED,
    "known_from": MOVED, "usd_per_gpu_hour": Decimal(4), "local_per_gpu_hour": Decimal(4), "currency": "USD",
    "old_local_per_gpu_hour": Decimal(3), "price_kind": "quoted", "is_listed": True, "source": "runpod_rates",
    "url": "https://example.org/r", "fetch_id": "f", "rate_id": "new",
}  # fmt: skip
OLD = ROW | {
    "valid_from": NOW - timedelta(days=90), "known_from": NOW - timedelta(days=90), "valid_to": MOVED,
    "usd_per_gpu_hour": Decimal(3), "local_per_gpu_hour": Decimal(3), "old_local_per_gpu_hour": None, "rate_id": "old",
}  # fmt: skip


def raised(*rows, now=NOW, **options):
    rates = pl.DataFrame(rows or (OLD, ROW), schema=polars_schema(GpuRateHistory))
    return Alert.validate(gpu_rate_beyond(rates, now, **options))


def test_a_third_more_within_a_month_is_told():
    (row,) = raised().to_dicts()
    assert row["title"] == "runpod H100: 3.00 -> 4.00 USD per GPU and hour (+33 %) within 30 days"
    assert row["severity"] == "warning"


def test_it_ends_when_the_rate_is_a_month_old():
    assert raised(now=MOVED + timedelta(days=29))["alert_id"].to_list() == raised()["alert_id"].to_list()
    assert raised(now=MOVED + timedelta(days=30)).is_empty()


@pytest.mark.parametrize(
    ("other", "severity"),
    [
        ({"local_per_gpu_hour": Decimal("3.75")}, []),
        ({"local_per_gpu_hour": Decimal(2)}, ["info"]),
        ({"is_listed": False}, []),
        ({"is_sold_out": True}, []),
        ({"price_kind": "from"}, []),
        ({"pricing": "spot"}, []),
    ],
)
def test_which_moves_count(other, severity):
    assert raised(OLD, ROW | other)["severity"].to_list() == severity


def test_the_bounds_of_a_card_are_the_users():
    """4.00 at runpod, 3.40 at lambda: the least rate is 3.40."""
    other = ROW | {"provider": "lambda", "rate_id": "l", "usd_per_gpu_hour": Decimal("3.4")}
    wide = {"max_move": Decimal(9)}
    (row,) = raised(OLD, ROW, other, above={"h100": Decimal(3)}, **wide).to_dicts()
    assert row["title"] == "H100: the least rate is above 3.00 USD per GPU and hour: 3.40 at lambda"
    assert raised(OLD, ROW, other, above={"H100": Decimal("3.4")}, **wide).is_empty()
    below = raised(OLD, ROW, other, below={"H100": Decimal("3.5"), "B200": Decimal(9)}, **wide)
    assert below["severity"].to_list() == ["info"]


def test_the_move_itself_is_a_consequence():
    rates = pl.DataFrame([OLD, ROW, ROW | {"gpu": "A100"}], schema=polars_schema(GpuRateHistory))
    beyond, changed = gpu_rate_beyond(rates, NOW), gpu_rate_changed(rates, NOW)
    of_card = changed.filter(pl.col("title").str.contains("H100"))
    assert inhibited(pl.concat([beyond, changed])) == {of_card["alert_id"].item(): beyond["alert_id"].item()}
