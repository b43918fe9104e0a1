"""The step that imports: what of the ledger is damaged fails it at its end, after everything that came in."""

from datetime import date
from pathlib import Path

import dagster as dg

from pipelines.defs.resources import Settings
from pipelines.defs.usage import usage
from pipelines.demo.sample_usage import write_sample_usage
from pipelines.snapshots.prepare_run import prepare
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import read_table


def run(folder: Path) -> dg.ExecuteInProcessResult:
    settings = Settings(warehouse_folder=str(folder), as_of="2026-07-30T08:00:00")
    return dg.materialize([usage], resources={"settings": settings}, raise_on_error=False)


def test_a_damaged_day_fails_the_step_with_file_and_remedy_and_the_rest_goes_in(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "warehouse")
    prepare(warehouse, Settings(warehouse_folder="x", as_of="2026-07-29").now())
    write_sample_usage(warehouse.inbox, until=date(2026, 7, 25))
    assert run(warehouse.folder).success
    with warehouse.write() as connection:
        damaged = warehouse.folder / read_table(connection, "core.ledger_file")["path"][0]
    damaged.write_bytes(damaged.read_bytes()[:-30])
    (warehouse.inbox / "claude_code.jsonl").unlink()

    result = run(warehouse.folder)

    assert not result.success
    (failure,) = result.filter_events(lambda event: event.is_step_failure)
    said = failure.step_failure_data.user_failure_data
    assert said is not None
    assert damaged.name in str(said.description)
    assert "rebuild" in str(said.description)
    assert result.asset_materializations_for_node("import_files"), "told before it failed"
    with warehouse.write() as connection:
        assert read_table(connection, "core.usage_import").height == 2
