"""Alerts are stored once, whatever happens to their delivery, and every attempt to deliver is stored."""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial

import polars as pl
import pytest

from pipelines.alerts import deliver_alerts as alerting
from pipelines.alerts import rule_inputs
from pipelines.alerts.deliver_alerts import deliver_due
from pipelines.alerts.raise_alerts import AlertRuleError, raise_alerts, tell_failed_run
from pipelines.alerts.send_message import Patience
from pipelines.schema.columns import polars_schema
from pipelines.schema.costs import SourceHealth
from pipelines.schema.decisions import SpendForecast
from pipelines.schema.gpu_rates import GpuRate, GpuRateHistory
from pipelines.schema.raw import Source
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.published import WarehouseError
from pipelines.warehouse.rows import append, read_table
from tests.loopback import Loopback, Reply
from tests.unit.marts.mart_rows import add

DAY = date(2026, 9, 20)
NOW = datetime(2026, 9, 20, 8)
FORECAST = {
    "as_of": DAY,
    "month": date(2026, 9, 1),
    "period": "month",
    "first_on": date(2026, 9, 1),
    "last_on": date(2026, 9, 30),
    "scope": "all",
    "provider": "all",
    "model": "all",
    "is_lower_bound": False,
    "spent_usd": Decimal(800),
    "remaining_usd": Decimal(700),
    "projected_usd": Decimal(1500),
    "low_usd": Decimal(1200),
    "high_usd": Decimal(1800),
    "band_basis": "past errors",
    "method": "weekday_mean",
    "history_days": 60,
    "is_low_confidence": False,
    "is_unpriced": False,
    "formula_version": "f",
}
HEALTH = {
    "as_of": DAY,
    "source": "litellm",
    "kind": "feeds",
    "standing": "aggregator",
    "url": "https://example.org/prices.json",
    "is_proven": True,
    "status": "failing",
    "last_attempt_at": NOW,
    "last_success_at": datetime(2026, 9, 18, 6),
    "failing_since": datetime(2026, 9, 19, 6),
    "consecutive_failures": 2,
    "open_hold_count": 0,
    "reason": "HTTP status 503",
}


@pytest.fixture
def warehouse(tmp_path):
    """One source fails; September will cost 1500 USD, of which 800 are spent."""
    made = Warehouse(tmp_path)
    with made.write() as connection:
        append(connection, "main.spend_forecast", pl.DataFrame([FORECAST], schema=polars_schema(SpendForecast)))
        append(connection, "main.source_health", pl.DataFrame([HEALTH], schema=polars_schema(SourceHealth)))
    return made


@pytest.fixture
def at_once(monkeypatch):
    """Deliver without waiting between the tries of one attempt."""
    monkeypatch.setattr(alerting, "deliver", partial(alerting.deliver, patience=Patience(attempts=1)))


def stored(warehouse, table):
    with warehouse.write() as connection:
        return read_table(connection, table)


def rules(warehouse):
    return stored(warehouse, "main.alert").sort("rule", "severity").select("rule", "severity").rows()


def test_alerts_are_raised_once(warehouse):
    assert raise_alerts(warehouse, DAY, NOW, {}) == 1
    first = stored(warehouse, "main.alert")
    assert first["title"].to_list() == ["litellm: failing, last success 2026-09-18 06:00 UTC"]
    assert raise_alerts(warehouse, DAY, NOW + timedelta(hours=1), {}) == 0
    assert stored(warehouse, "main.alert").equals(first)


def test_a_budget_that_is_passed_and_a_day_that_stands_out_raise(warehouse):
    """1500 projected, at least 1200: a budget of 1000 is all but surely passed. Another day is told on its own."""
    budget = {
        "as_of": DAY, "scope": "all", "owner": "all", "period": "month", "first_on": date(2026, 9, 1),
        "last_on": date(2026, 9, 30), "budget_usd": Decimal(1000), "status": "will_exceed",
        "spent_usd": Decimal(800), "list_spent_usd": Decimal(800), "projected_usd": Decimal(1500),
        "low_usd": Decimal(1200), "is_lower_bound": False, "band_basis": "b", "source": "s", "formula_version": "f",
    }  # fmt: skip
    stands_out = {
        "as_of": DAY, "usage_date": DAY - timedelta(days=1), "scope": "all", "owner": "all", "provider": "all",
        "model": "all", "spent_usd": Decimal(40), "expected_usd": Decimal(20), "excess_usd": Decimal(20), "times": 2.0,
        "limit_times": 1.5, "cause": "volume", "price_usd": Decimal(0), "history_days": 60, "formula_version": "f",
    }  # fmt: skip
    add(warehouse, "main.budget_status", budget, budget | {"as_of": DAY + timedelta(days=1), "owner": "other"})
    add(warehouse, "main.spend_anomaly", stands_out)
    raise_alerts(warehouse, DAY, NOW, {})
    assert rules(warehouse) == [("budget", "critical"), ("source_failing", "warning"), ("spend_anomaly", "warning")]


@pytest.mark.parametrize("budget", ["a lot", "1,500", "NaN", "Infinity", "-1"])
def test_a_budget_that_is_no_amount_is_an_alert_and_the_last_good_one_stays_in_force(warehouse, budget):
    assert raise_alerts(warehouse, DAY, NOW, {"COSTS_MONTHLY_BUDGET_USD": budget}) == 2
    assert rules(warehouse) == [("input_refused", "warning"), ("source_failing", "warning")]
    raise_alerts(warehouse, DAY, NOW, {"COSTS_MONTHLY_BUDGET_USD": "1000"})
    with warehouse.write() as connection:
        connection.execute("DELETE FROM main.alert")
    raise_alerts(warehouse, DAY, NOW, {"COSTS_MONTHLY_BUDGET_USD": budget})
    (told,) = stored(warehouse, "main.alert").filter(rule="input_refused")["body"]
    assert "COSTS_MONTHLY_BUDGET_USD must be a finite amount in USD of at least 0, such as 1500" in told
    assert "the last good budget, 1000 USD, stays in force" in told


def test_a_rule_that_fails_keeps_back_no_other(warehouse, monkeypatch):
    def broken(*_):
        raise ValueError("an unforeseen figure")

    monkeypatch.setattr(rule_inputs.price_rules, "price_held", broken)
    with pytest.raises(AlertRuleError, match=r"^price_held: ValueError: an unforeseen figure$"):
        raise_alerts(warehouse, DAY, NOW, {})
    assert rules(warehouse) == [("source_failing", "warning")]


def test_the_health_of_another_day_is_no_alert_of_this_one(warehouse):
    assert raise_alerts(warehouse, DAY - timedelta(days=1), NOW, {}) == 0


@pytest.mark.parametrize("environ", [{}, {"COSTS_ALERT_URLS": " , "}])
def test_nothing_is_sent_or_stored_without_an_address(warehouse, environ):
    raise_alerts(warehouse, DAY, NOW, environ)
    assert deliver_due(warehouse, NOW, environ).is_empty()
    assert stored(warehouse, "main.alert_delivery").is_empty()


@pytest.mark.usefixtures("at_once")
def test_a_failed_delivery_is_stored_and_made_up_for_by_the_next_run(warehouse):
    raise_alerts(warehouse, DAY, NOW, {})
    with Loopback() as server:
        server.script("/hook/secret", Reply(500), Reply(200))
        environ = {"COSTS_ALERT_URLS": server.url("/hook/secret").replace("http://", "json://")}
        assert deliver_due(warehouse, NOW, environ)["outcome"].to_list() == ["failed"]
        assert deliver_due(warehouse, NOW + timedelta(hours=1), environ)["outcome"].to_list() == ["delivered"]
        assert deliver_due(warehouse, NOW + timedelta(hours=2), environ).is_empty()
        bodies = [asked.body.decode() for asked in server.asked_for("/hook/secret")]
    assert len(bodies) == 2
    assert "litellm: failing" in bodies[1]
    deliveries = stored(warehouse, "main.alert_delivery").filter(pl.col("outcome") != "claimed").sort("attempted_at")
    assert deliveries.select("attempted_at", "channel", "outcome", "error").rows() == [
        (NOW, "json", "failed", "HTTP status 500"),
        (NOW + timedelta(hours=1), "json", "delivered", None),
    ]
    assert set(deliveries["alert_id"]) == set(stored(warehouse, "main.alert")["alert_id"])
    assert "secret" not in deliveries.write_json()


@pytest.mark.usefixtures("at_once")
def test_an_alert_is_given_up_after_a_week(warehouse):
    raise_alerts(warehouse, DAY, NOW, {})
    with Loopback() as server:
        server.script("/hook", Reply(200))
        environ = {"COSTS_ALERT_URLS": server.url("/hook").replace("http://", "json://")}
        assert deliver_due(warehouse, NOW + timedelta(days=7, seconds=1), environ).is_empty()
        assert server.asked == []
        assert deliver_due(warehouse, NOW + timedelta(days=7), environ).height == 1


@pytest.mark.usefixtures("at_once")
def test_the_warehouse_is_free_while_alerts_are_sent(warehouse):
    """The receiver itself writes to the warehouse before it answers."""
    raise_alerts(warehouse, DAY, NOW, {})
    impatient = Warehouse(warehouse.folder, lock_timeout_seconds=1)

    def answers():
        with impatient.write() as connection:
            connection.execute("CREATE TABLE main.seen_by_receiver AS SELECT 1 AS one")
        yield b"ok"

    with Loopback() as server:
        server.script("/hook", Reply(200, chunks=answers()))
        environ = {"COSTS_ALERT_URLS": server.url("/hook").replace("http://", "json://")}
        assert deliver_due(warehouse, NOW, environ)["outcome"].to_list() == ["delivered"]
    with warehouse.write() as connection:
        assert connection.execute("FROM main.seen_by_receiver").fetchall() == [(1,)]


MOVED_RATE = {
    "provider": "runpod", "tier": "secure", "sku": "H100", "gpu": "H100", "variant": "SXM", "memory_gb": 80,
    "gpu_count": 1, "gpu_fraction": Decimal(1), "region": "global", "pricing": "on_demand", "valid_from": NOW,
    "known_from": NOW, "usd_per_gpu_hour": Decimal("3.99"), "local_per_gpu_hour": Decimal("3.99"), "currency": "USD",
    "old_local_per_gpu_hour": Decimal("3.49"), "price_kind": "quoted", "is_listed": True, "source": "runpod_rates",
    "fetch_id": "f", "rate_id": "r",
}  # fmt: skip


@pytest.mark.parametrize(
    ("known_from", "valid_from", "expected"),
    [
        (NOW, NOW, ["gpu_rate_changed"]),
        (NOW - timedelta(days=7), NOW - timedelta(days=7), ["gpu_rate_changed"]),
        (NOW - timedelta(days=8), NOW, []),
        (NOW, NOW - timedelta(days=30), []),
    ],
    ids=["today", "a week ago", "too long ago", "restated for last month"],
)
def test_a_gpu_rate_that_moved_this_week_is_an_alert(warehouse, known_from, valid_from, expected):
    moved = MOVED_RATE | {"valid_from": valid_from, "known_from": known_from}
    with warehouse.write() as connection:
        append(connection, "main.gpu_rate_history", pl.DataFrame([moved], schema=polars_schema(GpuRateHistory)))
    raise_alerts(warehouse, DAY, NOW, {})
    assert [rule for rule, _ in rules(warehouse)] == [*expected, "source_failing"]


def test_an_api_repeats_no_move_of_a_page_and_tells_its_own(tmp_path):
    """Both sources moved the end of gpt-x; only the API lists gpt-y."""
    made = Warehouse(tmp_path)
    common = {"kind": "lifecycle", "url": "https://example.org", "is_proven": True, "is_asked": True}
    add(
        made, "raw.source",
        common | {"source": "page", "standing": "page", "rank": 1},
        common | {"source": "api", "standing": "api", "rank": 2},
    )  # fmt: skip
    listed = [("page", "gpt-x"), ("api", "gpt-x"), ("api", "gpt-y")]
    place = {"provider": "openai", "channel": "api", "version": "", "scope": "all", "is_listed": True, "fetch_id": "f"}
    state = {"state": "deprecated", "retires_on": DAY, "retires_precision": "day", "outcome": "fail"}
    change = {
        "changed_on": DAY, "old_state": "active", "new_state": "deprecated", "new_retires_on": DAY,
        "old_precision": "none", "new_precision": "day", "old_outcome": "fail", "new_outcome": "fail",
        "known_from": NOW, "is_first_snapshot": False,
    }  # fmt: skip
    for source, model in listed:
        whose = place | {"source": source, "model": model, "lifecycle_id": f"{source} {model}"}
        add(made, "core.model_lifecycle", whose | state | {"valid_from": NOW, "known_from": NOW})
        add(made, "main.lifecycle_change", whose | change)
    raise_alerts(made, DAY, NOW, {})
    with made.write() as connection:
        alerts = read_table(connection, "main.alert", "rule = 'retirement_moved'")
    assert sorted(alerts.select("model", "source").rows()) == [("gpt-x", "page"), ("gpt-y", "api")]


def test_a_move_that_an_aggregator_repeats_is_no_second_alert(warehouse):
    repeated = MOVED_RATE | {"source": "gpuhunt_runpod_rates", "rate_id": "again"}
    listed = [{name: row[name] for name in row if name != "old_local_per_gpu_hour"} for row in (MOVED_RATE, repeated)]
    catalog = {"source": "gpuhunt_runpod_rates", "kind": "gpu_rates", "standing": "aggregator", "rank": 99, "url": "u"}
    with warehouse.write() as connection:
        history = pl.DataFrame([MOVED_RATE, repeated], schema=polars_schema(GpuRateHistory))
        append(connection, "main.gpu_rate_history", history)
        rates = pl.DataFrame([row | {"printed": "$"} for row in listed], schema=polars_schema(GpuRate))
        append(connection, "core.gpu_rate", rates)
        sources = pl.DataFrame([catalog | {"is_proven": False, "is_asked": True}], schema=polars_schema(Source))
        append(connection, "raw.source", sources)
    raise_alerts(warehouse, DAY, NOW, {})
    assert [rule for rule, _ in rules(warehouse)] == ["gpu_rate_changed", "source_failing"]


def add_alerts(warehouse, count):
    for number in range(count):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(alerting, "targets_from_environment", lambda environ: [])
            tell_failed_run(warehouse, f"job_{number}", {}, NOW, {})


@pytest.mark.usefixtures("at_once")
def test_two_runs_that_deliver_at_once_send_each_alert_once(warehouse):
    add_alerts(warehouse, 6)
    with Loopback() as server:
        server.script("/hook", Reply(200, pause_seconds=0.05))
        environ = {"COSTS_ALERT_URLS": server.url("/hook").replace("http://", "json://")}
        with ThreadPoolExecutor() as pool:
            results = list(pool.map(lambda _: deliver_due(warehouse, NOW, environ).height, range(2)))
    assert sorted(results) == [0, 6]
    (asked,) = server.asked
    assert all(f"job_{number} failed" in asked.body.decode() for number in range(6))


KILLED = """
import os, sys
from datetime import datetime
from pathlib import Path
from pipelines.alerts.deliver_alerts import deliver_due
from pipelines.warehouse.database import Warehouse
deliver_due(Warehouse(Path(sys.argv[1])), datetime.fromisoformat(sys.argv[2]), os.environ)
"""


def test_a_kill_while_sending_repeats_at_most_one_and_with_the_same_id(warehouse):
    """The third address answers never: the process is killed while it waits."""
    add_alerts(warehouse, 4)
    with Loopback() as server:
        server.script("/0", Reply(200))
        server.script("/1", Reply(200))
        server.script("/2", Reply(200, pause_seconds=3), Reply(200))
        server.script("/3", Reply(200))
        environ = {"COSTS_ALERT_URLS": " ".join(f"json://127.0.0.1:{server.server_port}/{n}" for n in range(4))}
        command = [sys.executable, "-c", KILLED, str(warehouse.folder), NOW.isoformat()]
        with subprocess.Popen(command, env=os.environ | environ | {"NO_PROXY": "127.0.0.1"}) as process:  # noqa: S603
            until(lambda: len(server.asked) == 3)
            process.kill()
        assert set(deliver_due(warehouse, NOW, environ)["outcome"]) == {"delivered"}
        assert deliver_due(warehouse, NOW + timedelta(hours=1), environ).is_empty()
        posts = [(asked.path, json.loads(asked.body)["message"]) for asked in server.asked]
    assert [path for path, _ in posts] == ["/0", "/1", "/2", "/2", "/3"]
    assert posts[2] == posts[3]
    assert len({message.splitlines()[-1] for _, message in posts}) == 4
    assert "message " in posts[2][1]


def until(holds, seconds=60):
    give_up_at = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < give_up_at
        time.sleep(0.02)


@pytest.mark.usefixtures("at_once")
def test_a_failed_run_is_told_also_where_nothing_can_be_stored(tmp_path):
    (tmp_path / "build.duckdb").write_bytes(b"no database at all" * 1000)
    with Loopback() as server:
        server.script("/hook", Reply(200))
        environ = {"COSTS_ALERT_URLS": server.url("/hook").replace("http://", "json://")}
        with pytest.raises(WarehouseError, match="cannot open"):
            tell_failed_run(Warehouse(tmp_path), "refresh_sources", {"fetch": "No space left"}, NOW, environ)
        (asked,) = server.asked
    assert "refresh_sources failed: fetch" in asked.body.decode()


@pytest.mark.usefixtures("at_once")
def test_a_run_that_fails_twice_a_day_in_the_same_step_is_told_once(warehouse):
    for day, steps in ((0, ["a"]), (0, ["a"]), (0, ["a", "b"]), (1, ["a"])):
        tell_failed_run(warehouse, "decide", dict.fromkeys(steps, "said"), NOW + timedelta(days=day), {})
    told = stored(warehouse, "main.alert")
    assert told.filter(rule="run_failed")["title"].to_list() == [
        "decide failed: a", "decide failed: a, b", "decide failed: a",
    ]  # fmt: skip
