"""A database that was lost or damaged comes back from what lies beside it; what does not is named."""

import shutil
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from pipelines.cli.main import app
from pipelines.demo import page_for
from pipelines.schema.tables import TABLES_BY_NAME
from pipelines.snapshots.fetch_source import record_body
from pipelines.snapshots.load_body import approve_latest
from pipelines.sources.fetch_catalog import read_fetches
from pipelines.usage.import_files import import_files, inbox_files
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.published import WarehouseError
from pipelines.warehouse.rows import append, fingerprints, read_table
from tests.integration import passes

REMADE = {"core.model_alias", "raw.source"}
"""The steps of `passes` name no models; the catalog of sources is that of the keys that are set."""
VERSIONS = ["model", "meter", "service_tier", "usd_per_unit", "valid_from", "valid_to", "known_from", "known_to"]


@pytest.fixture(autouse=True)
def _without_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    passes.leave_out_great_expectations(monkeypatch.setattr)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two steps of a warehouse with an alert that was delivered and a page that was approved."""
    folder = tmp_path_factory.mktemp("made") / "warehouse"
    warehouse = Warehouse(folder)
    with pytest.MonkeyPatch.context() as patch:
        passes.leave_out_great_expectations(patch.setattr)
        for number in range(2):
            passes.fill_inbox(warehouse, number)
            passes.run_step(warehouse, number)
        approve_latest(warehouse, passes.SOURCE, datetime(2026, 8, 7))
    alert = {
        "alert_id": "a1",
        "rule": "budget",
        "severity": "info",
        "alert_on": date(2026, 8, 6),
        "raised_at": datetime(2026, 8, 6, 8),
        "title": "one",
        "body": "two",
    }
    sent = {"alert_id": "a1", "attempted_at": datetime(2026, 8, 6, 9), "channel": "json", "target": "t"}
    sent |= {"outcome": "delivered"}
    with warehouse.write() as connection:
        append(connection, "main.alert", pl.DataFrame([alert]).with_columns(_nulls("main.alert", alert)))
        append(
            connection, "main.alert_delivery", pl.DataFrame([sent]).with_columns(_nulls("main.alert_delivery", sent))
        )
    warehouse.publish()
    return folder


def _nulls(name: str, given: dict[str, object]) -> list[pl.Expr]:
    columns = TABLES_BY_NAME[name].declaration.columns()
    return [pl.lit(None, column.dtype).alias(key) for key, column in columns.items() if key not in given]


@pytest.fixture
def lost(made: Path, tmp_path: Path) -> Warehouse:
    """A copy of it."""
    return Warehouse(Path(shutil.copytree(made, tmp_path / "warehouse")))


def rebuild(warehouse: Warehouse) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["--warehouse", str(warehouse.folder), "rebuild"])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def same_but(before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]]) -> set[str]:
    return {name for name in before if before[name] != after[name]} - REMADE


@pytest.mark.parametrize(
    "gone",
    [
        ["build.duckdb"],
        ["build.duckdb", "costs.duckdb", "costs.duckdb.previous"],
        ["build.duckdb", "records"],
        ["build.duckdb", "ledger/files.jsonl", "archive/fetches.jsonl"],
    ],
)
def test_whatever_is_left_once_brings_everything_back(lost: Warehouse, gone: list[str]) -> None:
    before = fingerprints(lost)
    assert before["raw.acceptance"][0] == before["main.alert_delivery"][0] == 1
    for name in gone:
        path = lost.folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(WarehouseError, match="rebuild"):
        lost.publish()
    code, output = rebuild(lost)
    assert (code, same_but(before, fingerprints(lost))) == (0, set()), output
    with lost.read() as connection:
        query = "SELECT count(*) FROM core.usage"
        assert (
            connection.execute(query).fetchall()
            == connection.execute("SELECT sum(row_count) FROM core.ledger_file").fetchall()
        )


def test_a_damaged_database_is_kept_aside(lost: Warehouse) -> None:
    before = fingerprints(lost)
    content = lost.build_file.read_bytes()
    lost.build_file.write_bytes(content[: len(content) // 2])
    code, output = rebuild(lost)
    assert code == 1, "what it had beyond the records is gone"
    assert "not back: what build.duckdb had beyond records/" in output
    assert (lost.folder / "build.duckdb.lost-1").read_bytes() == content[: len(content) // 2]
    assert same_but(before, fingerprints(lost)) == set()


def test_a_page_that_came_after_the_records_is_loaded(lost: Warehouse) -> None:
    later = date(2026, 8, 22)
    page = page_for(later, passes.SOURCE.urls[0].removeprefix("https://"))
    assert page is not None
    record_body(lost, passes.SOURCE, page.read_bytes(), datetime(2026, 8, 22, 8))
    lost.build_file.unlink()
    code, output = rebuild(lost)
    assert (code, "1 pages loaded that came later, 0 refused" in output) == (0, True), output
    with lost.write() as connection:
        parsed = read_table(connection, "raw.parse")
        assert datetime(2026, 8, 22, 8) in parsed.filter(outcome="promoted")["fetched_at"].to_list()


def test_bodies_and_ledger_alone_bring_back_the_versions_and_say_what_is_lost(lost: Warehouse) -> None:
    with lost.write() as connection:
        prices = read_table(connection, "core.token_price").select(VERSIONS).sort(VERSIONS)
        files = read_table(connection, "core.ledger_file").sort("usage_date")
    assert prices.height > 10
    for name in ("build.duckdb", "costs.duckdb", "costs.duckdb.previous"):
        (lost.folder / name).unlink()
    shutil.rmtree(lost.folder / "records")
    code, output = rebuild(lost)
    assert (code, "not back: approvals, alerts and their deliveries" in output) == (1, True), output
    with lost.write() as connection:
        assert read_table(connection, "core.token_price").select(VERSIONS).sort(VERSIONS).equals(prices)
        assert read_table(connection, "core.ledger_file").sort("usage_date").equals(files)


def test_a_damaged_day_of_the_ledger_is_named_and_comes_back_by_importing_again(lost: Warehouse) -> None:
    with lost.write() as connection:
        files = read_table(connection, "core.ledger_file").sort("usage_date")
    damaged = lost.folder / files["path"][3]
    damaged.write_bytes(damaged.read_bytes()[:-20])
    before = fingerprints(lost)
    code, output = rebuild(lost)
    assert (code, f"not back: usage of {files['usage_date'][3]}" in output) == (1, True), output
    import_files(lost, inbox_files(lost), datetime(2026, 8, 9))
    with lost.write() as connection:
        assert (
            read_table(connection, "core.ledger_file").sort("usage_date")["row_count"].to_list()
            == files["row_count"].to_list()
        )
    assert before["core.ledger_file"][0] == files.height


def test_a_damaged_record_is_taken_from_the_published_file(lost: Warehouse) -> None:
    before = fingerprints(lost)
    lost.build_file.unlink()
    record = next((lost.folder / "records").glob("core.token_price.*.parquet"))
    record.write_bytes(record.read_bytes()[:-9])
    code, output = rebuild(lost)
    assert (code, f"{record} is damaged" in output.replace("\n", "")) == (1, True), output
    assert same_but(before, fingerprints(lost)) == set()


def test_a_rebuild_of_a_good_warehouse_changes_nothing(lost: Warehouse) -> None:
    before, fetched = fingerprints(lost), read_fetches(lost.folder).rows
    assert rebuild(lost)[0] == 0
    assert same_but(before, fingerprints(lost)) == set()
    assert rebuild(lost)[0] == 0
    assert same_but(before, fingerprints(lost)) == set()
    assert read_fetches(lost.folder).rows.equals(fetched)


@pytest.mark.parametrize("is_decided_on", [True, False])
def test_a_damaged_body_is_named_with_its_source(lost: Warehouse, is_decided_on: bool) -> None:
    """Whether its rows are known from the records or, without any, had to be read from it."""
    before = fingerprints(lost)
    body = sorted(lost.folder.glob("archive/??/*.gz"))[0]
    body.write_bytes(body.read_bytes()[:-5])
    if not is_decided_on:
        for name in ("build.duckdb", "costs.duckdb", "costs.duckdb.previous"):
            (lost.folder / name).unlink(missing_ok=True)
        shutil.rmtree(lost.folder / "records")
    code, output = rebuild(lost)
    assert code == 1, output
    (line,) = [line for line in output.splitlines() if body.name in line]
    assert line.startswith("not back: archive/")
    assert f"page of {passes.SOURCE.key} of 2026-" in line
    assert "put it back from a backup" in line
    if is_decided_on:
        assert same_but(before, fingerprints(lost)) == set()
