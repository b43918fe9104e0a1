"""The marts of one step: one that fails stops no other, and says so itself."""

from dataclasses import replace

import dagster as dg
import pytest

from pipelines.defs.marts import MARTS, marts_asset
from pipelines.defs.metadata import asset_key
from pipelines.defs.resources import Settings
from pipelines.warehouse.marts import marts

BROKEN = "main.gpu_rate_current"


@pytest.fixture
def settings(tmp_path):
    return Settings(warehouse_folder=str(tmp_path), as_of="2026-02-10T08:00:00")


def test_a_statement_that_fails_stops_no_other(settings):
    whole = [mart for mart in marts() if not mart.table.date_column]
    (broken,) = (replace(mart, statement="SELECT no_such_column") for mart in whole if mart.table.qualified == BROKEN)
    built = marts_asset("some", [broken if mart.table.qualified == BROKEN else mart for mart in whole])
    result = dg.materialize([built], resources={"settings": settings}, raise_on_error=False)
    assert not result.success
    done = {event.asset_key for event in result.get_asset_materialization_events()}
    assert done == {asset_key(mart.table.qualified) for mart in whole if mart.table.qualified != BROKEN}
    (failure,) = result.filter_events(lambda event: event.is_step_failure)
    said = failure.step_failure_data.user_failure_data.description
    assert said.startswith(f"{BROKEN}: ")
    assert not [mart for mart in whole if mart.table.qualified in said and mart.table.qualified != BROKEN]


def test_one_mart_can_be_built_alone(settings):
    key = asset_key("main.gpu_rate_spread")
    result = dg.materialize([MARTS[1]], selection=[key], resources={"settings": settings})
    assert [event.asset_key for event in result.get_asset_materialization_events()] == [key]


def test_a_mart_stands_behind_those_that_it_reads():
    names = [mart.table.qualified for mart in marts()]
    assert names.index("main.gpu_rate_current") < names.index("main.gpu_rate_conflict")
    assert names.index("main.gpu_rate_current") < names.index("main.gpu_rate_spread")
