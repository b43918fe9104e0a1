"""A warehouse that is well, and one fault after the other: each is found, told with a remedy, and nothing changes."""

import dataclasses
import json
import os
import shutil
import socket
from datetime import date, datetime, timedelta

import polars as pl
import pytest
from filelock import FileLock
from typer.testing import CliRunner

from pipelines.alerts.send_message import service_of
from pipelines.cli.main import app
from pipelines.demo.sample_usage import write_sample_usage
from pipelines.doctor import examine as examining
from pipelines.doctor.delivery_targets import place_of
from pipelines.doctor.examine import examine
from pipelines.doctor.source_freshness import State, source_findings
from pipelines.schema.columns import polars_schema
from pipelines.schema.raw import Fetch
from pipelines.sources import archive
from pipelines.sources.catalog import SOURCES_BY_KEY
from pipelines.usage.import_files import import_files
from pipelines.warehouse.append_only import append_lines
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import append

NOW = datetime(2026, 11, 24, 12)
SOURCE = SOURCES_BY_KEY["openai_pricing"]
PAGE = dict.fromkeys(polars_schema(Fetch)) | {
    "fetch_id": "b",
    "source": SOURCE.key,
    "fetched_at": "2026-01-02 03:04:05",
    "archive_path": "archive/aa/aa.gz",
}


@pytest.fixture(scope="module", autouse=True)
def private_files():
    """As every command makes them."""
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A published warehouse with a body in the archive and a day in the ledger."""
    warehouse = Warehouse(tmp_path_factory.mktemp("doctor") / "warehouse")
    files = write_sample_usage(warehouse.inbox, until=date(2026, 7, 17))
    import_files(warehouse, files, NOW)
    body = archive.store(warehouse.folder, b"<html>prices</html>")
    row = {
        "fetch_id": "a",
        "source": SOURCE.key,
        "url": SOURCE.urls[0],
        "fetched_at": NOW - timedelta(hours=5),
        "origin": "live",
        "outcome": "new",
        "sha256": body.sha256,
        "archive_path": body.path,
        "size_bytes": body.size_bytes,
    }
    with warehouse.write() as connection:
        append(connection, "raw.fetch", pl.DataFrame([row], schema=polars_schema(Fetch)))
    warehouse.publish()
    return warehouse


@pytest.fixture
def warehouse(made, tmp_path):
    """A copy of it."""
    shutil.copytree(made.folder, tmp_path / "warehouse")
    return Warehouse(tmp_path / "warehouse")


def bad(warehouse, **environ):
    """Area and name of what needs a look, sources aside."""
    return [(f.area, f.name) for f in examine(warehouse, NOW, environ) if not f.is_ok and f.area != "sources"]


def state_of(folder):
    """Every file with its size, time and content."""
    return {
        file: (file.stat().st_mtime_ns, file.read_bytes() if file.is_file() else None) for file in folder.rglob("*")
    }


def test_a_warehouse_that_is_well_has_nothing_to_do_and_is_not_touched(warehouse):
    before = state_of(warehouse.folder)
    assert bad(warehouse) == []
    assert state_of(warehouse.folder) == before


def test_where_there_is_nothing_nothing_is_made(tmp_path):
    findings = list(examine(Warehouse(tmp_path / "none"), NOW, {}))
    assert [(f.name, "costs demo" in f.remedy) for f in findings if not f.is_ok] == [("folder", True)]
    assert list(tmp_path.iterdir()) == []


def flip(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize("hurt", [flip, lambda file: file.unlink(), lambda file: file.write_bytes(b"")])
@pytest.mark.parametrize(
    ("area", "query"),
    [("ledger", "SELECT path FROM core.ledger_file"), ("archive", 'SELECT archive_path FROM raw."fetch"')],
)
def test_a_file_that_is_not_what_its_hash_says_is_named(warehouse, hurt, area, query):
    with warehouse.read() as connection:
        path = connection.execute(query).fetchall()[0][0]
    hurt(warehouse.folder / path)
    assert bad(warehouse) == [(area, path)]


@pytest.mark.parametrize(
    ("catalog", "line", "area"),
    [
        ("archive/fetches.jsonl", PAGE, "archive"),
        (
            "ledger/files.jsonl",
            {"usage_date": "2026-01-02", "path": "ledger/usage_date=2026-01-02/a.parquet", "row_count": 1},
            "ledger",
        ),
    ],
)
def test_what_a_catalogue_names_is_looked_for_and_damaged_lines_are_told(warehouse, catalog, line, area):
    file = warehouse.folder / catalog
    append_lines(file, [line])
    assert bad(warehouse) == [(area, line.get("archive_path") or line["path"])]
    whole = file.read_bytes()
    # Half a line, one that says what it did not say when it was written, and one that a kill cut off.
    changed = whole.replace(b"01-02", b"01-03").splitlines()[-1]
    for damage in (b'{"broken\n', changed + b"\n", changed[:-9]):
        file.write_bytes(whole + damage)
        assert bad(warehouse) == [(area, line.get("archive_path") or line["path"]), (area, catalog)]


def test_a_build_file_that_is_gone_cut_or_ahead_is_told(warehouse):
    with warehouse.write() as connection:
        connection.execute("INSERT INTO core.cost_fingerprint VALUES ('2026-03-01', 'a')")
    assert bad(warehouse) == [("published", "tables")]
    content = warehouse.build_file.read_bytes()
    warehouse.build_file.write_bytes(content[: len(content) // 2])
    assert bad(warehouse) == [("published", "build.duckdb")]
    warehouse.build_file.unlink()
    assert bad(warehouse) == [("published", "build.duckdb")]
    assert not warehouse.build_file.exists()


def test_a_published_file_that_cannot_be_read_hides_nothing_else(warehouse):
    warehouse.published_file.write_bytes(b"no database")
    assert bad(warehouse, COSTS_MONTHLY_BUDGET_USD="1,500") == [
        ("settings", "COSTS_MONTHLY_BUDGET_USD"),
        ("published", "costs.duckdb"),
    ]


def test_while_a_run_writes_it_is_not_disturbed(warehouse):
    with FileLock(warehouse.folder / ".build.lock"):
        findings = {f.name: f for f in examine(warehouse, NOW, {}) if f.area in ("machine", "published")}
    assert "in use" in findings[".build.lock"].found
    assert "a run is writing now" in findings["tables"].found


def test_a_wrong_line_of_the_map_is_told_with_its_line(warehouse):
    (warehouse.folder / "model_map.csv").write_text("model,provider,channel,region,canonical_model\na,,chanel,,b\n")
    (finding,) = (f for f in examine(warehouse, NOW, {}) if f.name == "model_map.csv")
    assert "line 2" in finding.remedy
    assert "chanel" in finding.remedy


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("owners.csv", "user,x\n", "line 1: the header is"),
        ("plans.csv", "plan\nMax\n", "line 1: the header is"),
        ("contract_prices.csv", "kind\nprice\n", "line 1: the header is"),
        ("task_classes.csv", "task_class,kind,id\nsmall,bogus,y\n", "line 2"),
    ],
)
def test_every_file_of_the_user_is_looked_at(warehouse, name, text, words):
    (warehouse.folder / name).write_text(text)
    found = {f.name: f for f in examine(warehouse, NOW, {}) if f.area == "settings"}
    assert words in found[name].remedy
    files = {"owners.csv", "plans.csv", "contract_prices.csv", "task_classes.csv"}
    assert [other for other in files - {name} if found[other].remedy] == []


def test_a_disk_that_is_nearly_full_is_told(warehouse, monkeypatch):
    usage = dataclasses.make_dataclass("usage", ["free"])
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage(1_000_000))
    assert bad(warehouse) == [("machine", "disk")]


def test_a_look_that_breaks_stops_no_other_and_its_text_is_kept_back(warehouse, monkeypatch):
    def broken(*_):
        raise ValueError("a secret")

    monkeypatch.setattr(examining, "look_at_machine", broken)
    findings = list(examine(warehouse, NOW, {}))
    assert [f.found for f in findings if f.area == "machine"] == ["could not be looked at: ValueError"]
    assert findings[-1].area != "machine"


def test_delivery_targets_are_connected_to_and_nothing_is_sent_or_shown(warehouse):
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        open_port, closed_port = server.getsockname()[1], closed.getsockname()[1]
        urls = f"json://127.0.0.1:{open_port}/secret json://127.0.0.1:{closed_port}/secret nonsense://secret"
        found = list(examine(warehouse, NOW, {"COSTS_ALERT_URLS": urls, "NO_PROXY": "127.0.0.1"}))
        taken, _ = server.accept()
        with taken:
            assert taken.recv(100) == b""
    delivery = [f for f in found if f.area == "delivery"]
    assert [f.is_ok for f in delivery] == [True, False, False]
    assert not any("secret" in str(f) or "127.0.0.1" in str(f) for f in found)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general", ("hooks.slack.com", 443)),
        (
            "discord://1234567890123456789/abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdef/",
            ("discord.com", 443),
        ),
        ("tgram://123456789:abcdefg_hijklmnop/12315544/", ("api.telegram.org", 443)),
        ("mailto://user:password@gmail.com", ("smtp.gmail.com", 587)),
        ("ntfy://topic", ("ntfy.sh", 443)),
        ("gotify://host.example/AbCdEfGh1234567", ("host.example", 80)),
        ("jsons://host.example:8443/x", ("host.example", 8443)),
    ],
)
def test_a_token_is_never_taken_for_a_host(url, place, monkeypatch):
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert place_of(service_of(url)) == place


@pytest.mark.parametrize(
    ("read_at", "failures", "name", "words"),
    [
        (NOW - timedelta(hours=5), 0, SOURCE.key, "read 5 h ago"),
        (NOW - timedelta(days=4), 0, "not read lately", f"{SOURCE.key} 4 days"),
        (None, 0, "never read", SOURCE.key),
        (NOW - timedelta(days=4), 2, SOURCE.key, "read 4 days ago, failed 2 times since: HTTP 500"),
    ],
)
def test_a_source_by_its_age_and_failures(read_at, failures, name, words):
    (finding,) = source_findings([State(SOURCE, read_at, failures, "HTTP 500" if failures else None)], NOW)
    assert (finding.name, words in finding.found) == (name, True)
    assert finding.is_ok == (words == "read 5 h ago")


def test_the_command_says_all_is_well_by_its_exit_code_and_as_json(warehouse, monkeypatch):
    ran = CliRunner().invoke(app, ["--warehouse", str(warehouse.folder), "doctor", "--json"])
    findings = json.loads(ran.stdout)
    assert ran.exit_code == 1  # it has read no source
    assert {one["area"] for one in findings if not one["is_ok"]} == {"sources"}
    assert {"area", "name", "found", "remedy", "is_ok"} == set(findings[0])


def test_what_is_open_to_others_is_named_with_the_remedy(warehouse):
    warehouse.published_file.chmod(0o644)
    (found,) = [f for f in examine(warehouse, NOW, {}) if f.name == "permissions"]
    assert str(warehouse.published_file) in found.found
    assert found.remedy
    assert "costs build" in found.remedy
    assert warehouse.published_file.stat().st_mode & 0o777 == 0o644, "the doctor changes nothing"


def test_whose_holidays_count_is_told_where_it_is_set(warehouse):
    found = {f.name: f for f in examine(warehouse, NOW, {"COSTS_HOLIDAYS_OF": "de-by"})}
    assert found["COSTS_HOLIDAYS_OF"].is_ok
    assert "DE-BY" in found["COSTS_HOLIDAYS_OF"].found
    assert bad(warehouse, COSTS_HOLIDAYS_OF="Bavaria") == [("settings", "COSTS_HOLIDAYS_OF")]
    assert "COSTS_HOLIDAYS_OF" not in {f.name for f in examine(warehouse, NOW, {})}
