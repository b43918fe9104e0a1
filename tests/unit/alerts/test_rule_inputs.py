"""The rules on the tables of a warehouse: each cause fires once, is held to the file of settings, and ends."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest

from pipelines.alerts.raise_alerts import raise_alerts
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import read_table
from tests.unit.alerts.test_conflict_rules import CONFLICT
from tests.unit.alerts.test_contract_rules import DISCOUNT
from tests.unit.alerts.test_decision_rules import BEFORE, OFFER, PAYS, SWITCH
from tests.unit.alerts.test_gpu_bound_rules import OLD, ROW
from tests.unit.marts.mart_rows import COST, add

DAY = date(2026, 7, 2)
"""The day after the discount's end."""
NOW = datetime(2026, 7, 2, 6)
SETTINGS = """
[rule.cheaper_equivalent]
min_usd = "10 USD"
severity = "critical"
owner = "search"
channel = "ops"
[rule.source_conflict]
on = false
"""
SPENT = COST | {
    "model": "gpt-5-mini", "usage_date": DAY - timedelta(days=3), "cost_usd": Decimal(100), "term_id": "t1",
    "effective_cost_usd": Decimal(60), "unit": "mtok",
}  # fmt: skip
BREAK_EVEN = {
    "answer": "a", "own_tokens_per_month": 1, "intervals": "[]", "mix": "{}", "peak_factor": 1.0,
    "hours_per_month": 730, "engineering_usd_per_month": Decimal(0), "max_replicas": 1, "formula_version": "f",
}  # fmt: skip
MOVED = NOW - timedelta(days=2)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    """A contract has ended, a model has a cheaper equivalent and a contradicted price, own machines begin to pay."""
    made = Warehouse(tmp_path_factory.mktemp("rules"))
    add(made, "core.contract_term", DISCOUNT)
    add(made, "core.usage_cost", SPENT)
    add(made, "main.price_conflict", CONFLICT | {"model": "gpt-5-mini"})
    add(made, "main.what_if", SWITCH | {"as_of": DAY, "formula_version": "f"})
    add(made, "main.break_even", BREAK_EVEN | OFFER | PAYS | {"as_of": DAY})
    add(made, "main.break_even", BREAK_EVEN | BEFORE | {"as_of": DAY - timedelta(days=4)})
    earlier = OLD | {"valid_from": NOW - timedelta(days=60), "known_from": NOW - timedelta(days=60), "valid_to": MOVED}
    add(made, "main.gpu_rate_history", earlier, ROW | {"valid_from": MOVED, "known_from": MOVED})
    return made


def stored(warehouse, table):
    with warehouse.write() as connection:
        return read_table(connection, table)


def test_each_cause_is_told_once_and_ends(warehouse):
    (warehouse.folder / "alerts.toml").write_text(SETTINGS)
    raise_alerts(warehouse, DAY, NOW, {})
    assert raise_alerts(warehouse, DAY, NOW + timedelta(hours=1), {}) == 0
    alerts = stored(warehouse, "main.alert")
    assert sorted(alerts["rule"]) == [
        "break_even_crossed", "cheaper_equivalent", "contract_ended", "gpu_rate_beyond", "gpu_rate_changed",
    ]  # fmt: skip
    (dressed,) = alerts.filter(rule="cheaper_equivalent").to_dicts()
    assert [dressed[name] for name in ("severity", "owner", "channel")] == ["critical", "search", "ops"]
    with warehouse.write() as connection:
        for table in ("core.contract_term", "main.what_if", "main.gpu_rate_history"):
            connection.execute(f"DELETE FROM {table}")  # noqa: S608
    add(warehouse, "main.notice_statistics", NOTICE)
    raise_alerts(warehouse, DAY, NOW + timedelta(hours=2), {})
    events = stored(warehouse, "main.alert_event").filter(event="resolved").join(alerts, on="alert_id")
    assert sorted(events["rule"]) == ["cheaper_equivalent", "contract_ended", "gpu_rate_beyond"]


NOTICE = {
    "as_of": DAY, "announcer": "openai", "basis": "announced", "period": "all_time", "model_count": 1,
    "event_count": 1, "median_days": 1.0, "min_days": 1, "p10_days": 1, "max_days": 1, "last_told_on": DAY,
}  # fmt: skip


def test_a_conflict_of_a_used_model_is_read_from_its_table(warehouse):
    (warehouse.folder / "alerts.toml").write_text("")
    raise_alerts(warehouse, DAY, NOW + timedelta(hours=3), {})
    found = stored(warehouse, "main.alert").filter(pl.col("rule") == "source_conflict")
    assert found.select("model", "severity").rows() == [("gpt-5-mini", "warning")]
