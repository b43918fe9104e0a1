"""The checks as Dagster runs them: red where a table is wrong, and no failed run."""

from datetime import date, datetime

import dagster as dg
import pytest

from pipelines.defs.build import build_definitions
from pipelines.defs.checks import MART_CHECKS, check_costs, published_file
from pipelines.defs.column_lineage import with_column_lineage
from pipelines.defs.marts import MARTS
from pipelines.defs.metadata import asset_key
from pipelines.defs.partitions import month_tags
from pipelines.defs.resources import Settings
from pipelines.snapshots.prepare_run import prepare
from pipelines.warehouse.database import Warehouse
from tests.unit.costs.test_price_ledger import FEBRUARY, add_price, add_usage, build


@pytest.fixture
def warehouse(tmp_path):
    made = Warehouse(tmp_path)
    prepare(made, datetime(2026, 1, 1))
    add_price(made)
    add_usage(made, FEBRUARY)
    build(made, [FEBRUARY])
    with made.write() as connection:
        connection.execute("UPDATE main.cost_daily SET quantity = quantity + 1")
    made.publish()
    return made


def failed(warehouse, check, as_of=FEBRUARY, **options):
    job = dg.define_asset_job("checks", dg.AssetSelection.checks(check))
    definitions = dg.Definitions(
        asset_checks=[check],
        jobs=[job],
        resources={"settings": Settings(warehouse_folder=str(warehouse.folder), as_of=f"{as_of}T08:00:00")},
        executor=dg.in_process_executor,
    )
    result = definitions.resolve_job_def("checks").execute_in_process(**options)
    assert result.success, "a failed check fails no run"
    evaluations = result.get_asset_check_evaluations()
    return {each.check_name: each for each in evaluations if not each.passed}, len(evaluations)


def test_a_wrong_table_is_red_on_its_asset(warehouse):
    found, count = failed(warehouse, check_costs, as_of=date(2026, 3, 31), tags=month_tags([FEBRUARY]))
    assert set(found) == {"tokens_equal_the_ledger", "meter_groups_equal_the_ledger"}
    assert count == len(list(check_costs.check_specs))
    shown = found["tokens_equal_the_ledger"]
    assert shown.asset_key == asset_key("main.cost_daily")
    assert shown.severity == dg.AssetCheckSeverity.ERROR
    assert shown.metadata["observed"].value == "1 unexpected: 2026-02-10 anthropic (1000000, 1000001)"


@pytest.mark.parametrize(("as_of", "names"), [(FEBRUARY, 2), (date(2026, 3, 12), 2), (date(2026, 3, 13), 0)])
def test_checks_that_are_started_alone_look_at_the_last_31_days(warehouse, as_of, names):
    found, _ = failed(warehouse, check_costs, as_of=as_of)
    assert len(found) == names


def test_one_check_can_be_run_without_the_others(warehouse):
    key = dg.AssetCheckKey(asset_key("main.cost_daily"), "spend_is_usual")
    job = dg.define_asset_job("one", dg.AssetSelection.checks(key))
    settings = Settings(warehouse_folder=str(warehouse.folder), as_of="2026-02-10T08:00:00")
    definitions = dg.Definitions(asset_checks=[check_costs], jobs=[job], resources={"settings": settings})
    result = definitions.resolve_job_def("one").execute_in_process()
    assert [each.check_name for each in result.get_asset_check_evaluations()] == ["spend_is_usual"]


def test_the_published_file_is_the_build_file(warehouse):
    assert failed(warehouse, published_file) == ({}, 2)


def test_every_check_is_of_an_asset_and_says_what_to_do(tmp_path):
    definitions = build_definitions(Settings(warehouse_folder=str(tmp_path)))
    assets = definitions.resolve_asset_graph().get_all_asset_keys()
    for spec in (spec for check in MART_CHECKS for spec in check.check_specs):
        assert spec.asset_key in assets
        assert "If it fails" in str(spec.description)


def test_each_mart_has_its_lineage_beside_its_other_metadata():
    key = asset_key("main.cost_daily")
    (metadata,) = (found.metadata_by_key[key] for found in with_column_lineage(MARTS) if key in found.keys)
    assert metadata["dagster/table_name"] == "main.cost_daily"
    assert metadata["dagster/column_lineage"].deps_by_column["meter_group"] == [
        dg.TableColumnDep(asset_key("core.usage_cost"), "meter")
    ]
