"""What the cookbook's queries about prices answer, on the shipped history and a few rows worked out by hand."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from pipelines.snapshots.seed_history import seed_price_history
from pipelines.warehouse import SQL_FOLDER
from pipelines.warehouse.database import Warehouse
from tests.unit.marts.mart_rows import PRICE, add

READ = datetime(2026, 11, 20, 6)
SONNET = PRICE | {
    "provider": "anthropic", "model": "claude-sonnet-5", "source": "anthropic_pricing", "price_id": "read",
    "valid_from": READ, "known_from": READ,
}  # fmt: skip


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """The shipped history, then one reading of the provider's page and one of an aggregator that differs."""
    warehouse = Warehouse(tmp_path_factory.mktemp("warehouse"))
    seed_price_history(warehouse)
    catalog = {"kind": "feeds", "url": "https://example.org", "is_proven": True, "is_asked": True}
    add(
        warehouse, "raw.source",
        catalog | {"source": "anthropic_pricing", "standing": "page", "rank": 1},
        catalog | {"source": "litellm", "standing": "aggregator", "rank": 2},
    )  # fmt: skip
    other = {"source": "litellm", "price_id": "other", "usd_per_unit": Decimal(11)}
    add(warehouse, "core.token_price", SONNET, SONNET | other)
    warehouse.publish()
    return warehouse


def answer(published, name):
    with published.read() as connection:
        return connection.sql((SQL_FOLDER / "cookbook" / f"{name}.sql").read_text()).pl()


def test_the_shipped_history_ends_where_the_best_source_begins(published):
    """Sonnet 5 came out on 2026-06-30 at 10 USD per million output tokens."""
    prices = answer(published, "price_of_a_model_over_time").filter(meter="output", region="global", context_from=0)
    assert prices.select("usd_per_unit", "valid_from", "valid_to", "source").rows() == [
        (Decimal(10), datetime(2026, 6, 30), READ, "price_history"),
        (Decimal(10), READ, None, "anthropic_pricing"),
    ]


def test_an_announced_rise_was_known_until_it_was_cancelled(published):
    """15 USD from 2026-09-01 was announced with the model and cancelled on 2026-08-10, in the US 1.1 times that."""
    prices = answer(published, "prices_known_then").filter(meter="output", channel="api", service_tier="standard")
    assert prices.select("region", "known_then", "known_now", "source").sort("region").rows() == [
        ("global", Decimal(15), Decimal(10), "price_history"),
        ("us", Decimal("16.5"), Decimal(11), "price_history"),
    ]


def test_a_source_that_was_stale_yesterday_needs_no_look_today(tmp_path):
    warehouse = Warehouse(tmp_path)
    health = {
        "source": "litellm", "kind": "feeds", "standing": "aggregator", "url": "https://example.org", "is_proven": True,
        "consecutive_failures": 0, "open_hold_count": 0,
    }  # fmt: skip
    add(
        warehouse, "main.source_health",
        health | {"as_of": date(2026, 10, 9), "status": "stale"},
        health | {"as_of": date(2026, 10, 10), "status": "ok"},
    )  # fmt: skip
    warehouse.publish()
    assert answer(warehouse, "sources_to_look_at").rows() == []
