"""`costs import FILE --build` and `costs build`: offline, from what is there; and one fault that stops one thing."""

import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipelines.cli import main as cli
from pipelines.decisions import decide_spend
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.marts import build_mart

USAGE = "usage_at,provider,model,input_uncached_tokens,output_tokens\n2026-03-01T10:00:00Z,openai,gpt-5,1000000,0\n"
MAP = "model,provider,channel,region,canonical_model\n"


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """No address but the loopback can be reached; settings and Dagster's home are those of the test."""

    def refuse(*address, **_):
        raise AssertionError(f"something is asked for {address}")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    for name in ("DAGSTER_HOME", "DAGSTER_STATE"):
        monkeypatch.setenv(name, "replaced by open_instance, restored by the patch")
    for name in ("COSTS_ALERT_URLS", "COSTS_MONTHLY_BUDGET_USD"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "usage.csv").write_text(USAGE)
    return Warehouse(tmp_path / "warehouse")


def costs(warehouse: Warehouse, *arguments: str | Path) -> Result:
    return CliRunner().invoke(cli.app, ["--warehouse", str(warehouse.folder), *map(str, arguments)])


def published(warehouse: Warehouse, query: str) -> list[tuple[object, ...]]:
    with warehouse.read() as connection:
        return connection.execute(query).fetchall()


def test_a_file_is_imported_priced_and_published_offline_and_a_fault_stops_one_thing(offline, monkeypatch):
    warehouse = offline
    done = costs(warehouse, "import", warehouse.folder.parent / "usage.csv", "--build")
    assert (done.exit_code, "FAILED" in done.output) == (0, False), done.output
    assert published(warehouse, "SELECT sum(cost_usd)::VARCHAR FROM cost_daily") == [("1.250000000000",)], "by history"
    assert published(warehouse, "SELECT count(*) FROM raw.fetch WHERE origin = 'live'") == [(0,)]

    # A decision that fails, a setting and a file with a mistake: the others go on, and it is all told.
    def broken(*_):
        raise ValueError("an unforeseen figure")

    monkeypatch.setattr(decide_spend, "forecast_of", broken)
    monkeypatch.setenv("COSTS_MONTHLY_BUDGET_USD", "1,500")
    (warehouse.folder / "model_map.csv").write_text(f"{MAP}x,,azur,,gpt-5\n")
    before = warehouse.published_file.stat().st_mtime_ns
    done = costs(warehouse, "build")
    assert done.exit_code == 3
    (failed,) = [line for line in done.output.splitlines() if line.startswith("FAILED")]
    assert failed.startswith("FAILED decide_days: main.spend_forecast and main.forecast_accuracy: ")
    assert "an unforeseen figure" in failed
    assert "NEEDS A LOOK model_map.csv: " in done.output
    assert "line 2: channel 'azur' is unknown" in done.output
    assert warehouse.published_file.stat().st_mtime_ns > before
    told = published(warehouse, "SELECT rule, title FROM alert WHERE rule <> 'source_failing' ORDER BY title")
    assert told == [
        ("input_refused", "COSTS_MONTHLY_BUDGET_USD has a mistake and does not count as it is"),
        ("run_failed", "decide failed: decide_days"),
        ("input_refused", "model_map.csv has a mistake and does not count as it is"),
    ]

    monkeypatch.undo()
    monkeypatch.setenv("COSTS_MONTHLY_BUDGET_USD", "1,500")
    done = costs(warehouse, "build")
    assert done.exit_code == 1, "only the mistakes are left"
    assert "FAILED" not in done.output

    # What was priced is not in the marts yet, as after a mart that fails: the version from before stays.
    before = published(warehouse, "SELECT count(*) FROM cost_daily")
    monkeypatch.setattr("pipelines.defs.marts.build_mart", _fails_for_costs)
    with warehouse.write() as connection:
        connection.execute("DELETE FROM core.cost_fingerprint")
    done = costs(warehouse, "build")
    assert done.exit_code == 3
    assert "until the next run the version from before stays published" in done.output
    assert published(warehouse, "SELECT count(*) FROM cost_daily") == before


def _fails_for_costs(warehouse, mart, dates):
    if mart.table.name == "cost_daily":
        raise ValueError("an unforeseen figure")
    return build_mart(warehouse, mart, dates)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(("import", "no such file"), 2), (("import", __file__, "--format", "excel"), 2), (("build", "x"), 2)],
)
def test_wrong_use_is_2(offline, arguments, code):
    assert costs(offline, *arguments).exit_code == code
    assert not offline.folder.exists()
