"""A server of Spark Connect prices to the last digit what this process does; one that is lost leaves nothing behind."""

import re
import socket
from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from benchmarks.spark_servers import sail
from pipelines.costs import price_ledger
from pipelines.costs.counted_rows import every_row
from pipelines.costs.engine.engine_setting import ENGINE, EngineError
from pipelines.costs.engine.ledger_tasks import DayOfLedger
from pipelines.costs.engine.price_on_server import price_on_server
from pipelines.costs.engine.price_tasks import PriceTasks
from pipelines.costs.pricing.price_sums import OWNERS
from pipelines.costs.pricing.price_usage import price_by_day
from pipelines.doctor.settings import look_at_settings
from pipelines.warehouse.object_store import VARIABLE as STORE
from pipelines.warehouse.object_store import ObjectStore
from tests.s3_server import s3_server
from tests.unit.costs.engine.engine_tables import assert_same, priced, tables_of


def test_every_sample_costs_the_same_to_the_last_digit(samples, server):
    days, counted, segments = samples
    here = price_by_day({day: one.usage for day, one in counted.items()}, segments)
    there = price_on_server(server.address, days, segments, OWNERS)
    assert_frame_equal(there, here, check_row_order=False)
    assert here["provider"].n_unique() > 5
    assert {"unknown_model", "no_price_for_tier", None} <= set(here["unpriced_reason"])
    assert set(here["is_lower_bound"]) == {True, False}
    assert here["cost_usd"].sum() > Decimal(0)
    assert any(one.rule is not every_row for one in counted.values())


def test_what_counts_is_known_of_the_whole_day(warehouse, server):
    here = priced(warehouse, {})
    assert_same(priced(warehouse, {ENGINE: server.address}), here)
    # The report is the larger of what is not under the plan.
    columns = ("model", "quantity", "plan_id", "is_lower_bound")
    assert sorted(here["core.usage_cost"].select(columns).rows(), key=str) == [
        ("claude-x", 1_500, None, False),
        ("claude-x", 3_000, "Max/user/ann", False),
        ("claude-z", 7_000, None, False),
    ]
    assert here["main.usage_overlap"].height == 1


def test_workers_that_do_not_see_the_folder_read_the_store(warehouse, monkeypatch):
    here = priced(warehouse, {})
    monkeypatch.setattr(
        price_ledger, "DayOfLedger", lambda file, *rest: DayOfLedger(Path("/not/here", *file.parts[-3:]), *rest)
    )
    with s3_server(), sail() as server:  # in this order: the server asks the store that its environment names
        with pytest.raises(EngineError, match="/not/here/ledger/usage_date=2026-03-20/"):
            priced(warehouse, {ENGINE: server.address})
        engine = {ENGINE: server.address, STORE: "s3://costs/prod"}
        assert_same(priced(warehouse, engine), here)
        (stored,) = ObjectStore(engine[STORE]).sizes("ledger")  # of the day's files the one in force
        ObjectStore(engine[STORE]).delete([stored])
        monkeypatch.setattr(price_ledger, "store_ledger", lambda *_: 0)
        with pytest.raises(EngineError, match=r"neither at /not/here/.* nor in s3://costs/prod"):
            priced(warehouse, engine)


def test_a_day_without_usage_that_counts_costs_nothing(server):
    assert price_on_server(server.address, {}, pl.DataFrame(), ("project_id",)).is_empty()


def test_of_a_server_that_answers_the_doctor_tells_its_version(server, tmp_path):
    (found,) = (
        one for one in look_at_settings(tmp_path, {ENGINE: server.address}, date(2026, 3, 21)) if one.name == ENGINE
    )
    assert found.is_ok
    assert re.fullmatch(rf"{server.address} answers: Spark \d+\.\d+\.\d+", found.found)


def test_nobody_listening_is_told_before_anything_is_done(warehouse):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    before = tables_of(warehouse)
    with pytest.raises(EngineError, match=f"nobody answers at sc://127.0.0.1:{port} .*sail spark server --port {port}"):
        priced(warehouse, {ENGINE: f"sc://127.0.0.1:{port}"})
    assert_same(tables_of(warehouse), before)


def test_another_formula_on_the_server_is_refused(warehouse, server, monkeypatch):
    monkeypatch.setattr(
        "pipelines.costs.engine.price_on_server.PriceTasks",
        lambda *arguments: PriceTasks(*arguments, formula_version="cost-0"),
    )
    before = tables_of(warehouse)
    with pytest.raises(EngineError, match="the program that asks by cost-0: install the same version"):
        priced(warehouse, {ENGINE: server.address})
    assert_same(tables_of(warehouse), before)
