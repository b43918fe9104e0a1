"""A warehouse kept in an object store: a real server of S3's interface on the loopback address (moto)."""

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import duckdb
import pyarrow.fs
import pytest
from fsspec.implementations.arrow import ArrowFSWrapper

from pipelines.sources import archive
from pipelines.sources.fetch_catalog import note_fetches, read_fetches
from pipelines.usage.contract import usage_frame
from pipelines.usage.dedup import largest_per_usage
from pipelines.warehouse import ledger, record_files
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.object_store import ObjectStore
from pipelines.warehouse.published import WarehouseError
from pipelines.warehouse.rebuild import rebuild_database
from pipelines.warehouse.rows import append, read_table
from pipelines.warehouse.stored_copy import fetch_warehouse, store_copy
from tests.s3_server import KEY, SECRET, s3_server

USAGE = {"grain": "request", "provider": "openai", "channel": "api", "region": "global", "model": "gpt-x"}
USAGE |= {"service_tier": "standard", "format": "openai_compatible", "import_id": "i1", "source_line": 1}
BODY = b"<table><tr><td>$3.00</td></tr></table>"


@pytest.fixture(scope="module")
def bucket() -> Iterator[pyarrow.fs.S3FileSystem]:
    with s3_server() as files:
        yield files


@pytest.fixture
def url(bucket: pyarrow.fs.S3FileSystem) -> str:
    return f"s3://costs/{uuid4().hex}"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One day of usage, one body, published; few records, as each is some requests to a slow server."""
    made = Warehouse(tmp_path_factory.mktemp("first") / "warehouse")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(record_files, "RECORD_TABLES", ("raw.fetch", "raw.acceptance"))
        with made.write() as connection:
            _add_usage(made, connection, 1_000)
            stored = archive.store(made.folder, BODY)
            row = {"fetch_id": "f1", "source": "openai_pricing", "fetched_at": datetime(2026, 7, 1), "outcome": "new"}
            row |= {"url": "https://x.example", "sha256": stored.sha256, "archive_path": stored.path, "origin": "live"}
            note_fetches(made.folder, [row])
            append(connection, "raw.fetch", read_fetches(made.folder).rows)
            connection.execute("INSERT INTO raw.acceptance SELECT 'openai_pricing', 'f1', TIMESTAMP '2026-07-02'")
        made.publish()
    return made.folder


@pytest.fixture
def warehouse(first: Path, tmp_path: Path) -> Warehouse:
    return Warehouse(Path(shutil.copytree(first, tmp_path / "warehouse")), lock_timeout_seconds=0.1)


def test_the_store_holds_the_folder_as_it_lies_there(
    warehouse: Warehouse, url: str, bucket: pyarrow.fs.S3FileSystem
) -> None:
    done = store_copy(warehouse, url)
    objects = _objects(bucket, url)
    for pattern in ("ledger/**/*.parquet", "ledger/files.jsonl", "archive/**/*.*", "records/*", "costs.duckdb"):
        files = list(warehouse.folder.glob(pattern))
        assert files, pattern
        for file in files:
            assert objects[file.relative_to(warehouse.folder).as_posix()] == file.read_bytes()
    assert (done.uploaded, done.deleted, done.damaged) == (len(objects) - 1, 0, [])  # one says whose they are
    again = store_copy(warehouse, url)
    assert (again.uploaded, again.deleted) == (4, 0)  # what may have changed: two catalogues, the list, the file


def test_a_changed_day_is_stored_before_it_is_named_and_what_it_replaced_goes_when_it_is_swept(
    warehouse: Warehouse, url: str, bucket: pyarrow.fs.S3FileSystem
) -> None:
    store_copy(warehouse, url)
    (before,) = _days(bucket, url)
    _change_usage(warehouse, 2_000)
    store_copy(warehouse, url)
    after = _days(bucket, url)
    assert before in after
    assert len(after) == 2
    with warehouse.write() as connection:
        ledger.sweep(warehouse.folder, read_table(connection, "core.ledger_file"), datetime(2100, 1, 1))
    assert store_copy(warehouse, url).deleted >= 1
    assert _days(bucket, url) == after - {before}


def test_what_is_gone_from_the_folder_comes_back_when_it_is_needed(warehouse: Warehouse, url: str) -> None:
    store_copy(warehouse, url)
    with warehouse.write() as connection:
        known = read_table(connection, "core.ledger_file")
    (body,) = read_fetches(warehouse.folder).rows["archive_path"]
    for name in (*known["path"], body):
        (warehouse.folder / name).unlink()
    assert ledger.read(warehouse.folder, known)["output_tokens"].to_list() == [1_000]
    assert archive.read(warehouse.folder, body) == BODY
    (warehouse.folder / known["path"][0]).unlink()
    assert ledger.scan(warehouse.folder / known["path"][0]).collect()["output_tokens"].to_list() == [1_000]


def test_a_lost_folder_is_made_anew_from_the_store_alone(warehouse: Warehouse, url: str, tmp_path: Path) -> None:
    store_copy(warehouse, url)
    with warehouse.write() as connection:
        known = read_table(connection, "core.ledger_file")
    shutil.rmtree(warehouse.folder)
    other = Warehouse(tmp_path / "other")
    fetch_warehouse(ObjectStore(url), other.folder)
    catalog = read_fetches(other.folder)
    rebuilt = rebuild_database(other, catalog.rows, catalog.damaged)
    assert rebuilt.losses == []
    other.publish()
    with other.read() as connection:
        assert connection.execute("SELECT output_tokens FROM core.usage").fetchall() == [(1_000,)]
        assert connection.execute("SELECT fetch_id FROM raw.fetch WHERE origin = 'live'").fetchall() == [("f1",)]
    assert [file.name for file in other.folder.glob("ledger/usage_date=*/*")] == [Path(known["path"][0]).name]
    assert store_copy(other, url).damaged == []


def test_the_published_object_answers_with_the_ledger_in_the_store(
    warehouse: Warehouse, url: str, bucket: pyarrow.fs.S3FileSystem, tmp_path: Path
) -> None:
    store_copy(warehouse, url)
    shutil.rmtree(warehouse.folder)
    assert ObjectStore(url).get("costs.duckdb", tmp_path / "elsewhere.duckdb")
    files = type("S3", (ArrowFSWrapper,), {"protocol": "s3"})(bucket)
    with duckdb.connect(tmp_path / "elsewhere.duckdb", read_only=True) as connection:
        connection.register_filesystem(files)
        connection.execute(f"SET VARIABLE warehouse = '{url}'")
        assert connection.execute("SELECT output_tokens FROM core.usage").fetchall() == [(1_000,)]


def test_only_one_folder_writes_to_a_store(warehouse: Warehouse, url: str, tmp_path: Path) -> None:
    store_copy(warehouse, url)
    other = Warehouse(tmp_path / "other")
    with other.write():
        pass
    with pytest.raises(WarehouseError, match=f"{url} holds another warehouse"):
        store_copy(other, url)
    with pytest.raises(WarehouseError, match="is not empty"):
        fetch_warehouse(ObjectStore(url), other.folder)
    with pytest.raises(WarehouseError, match="holds no warehouse"):
        fetch_warehouse(ObjectStore(f"{url}-x"), tmp_path / "third")


def test_a_folder_that_was_emptied_does_not_empty_the_store(
    warehouse: Warehouse, url: str, bucket: pyarrow.fs.S3FileSystem, tmp_path: Path
) -> None:
    store_copy(warehouse, url)
    before = _objects(bucket, url)
    for path in warehouse.folder.glob("[!.]*"):  # what `rm -r folder/*` removes
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(WarehouseError, match=r"missing, though there is \.store"), warehouse.write():
        pass
    other = Warehouse(tmp_path / "other")
    other.publish()
    shutil.copyfile(warehouse.folder / ".store", other.folder / ".store")
    with pytest.raises(WarehouseError, match=r"fetches.jsonl is longer there; raw.acceptance: 1 rows became 0"):
        store_copy(other, url)
    assert _objects(bucket, url) == before


def test_a_writer_that_is_killed_leaves_the_published_object_as_it_was(
    warehouse: Warehouse, url: str, bucket: pyarrow.fs.S3FileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_copy(warehouse, url)
    before = _objects(bucket, url)
    _change_usage(warehouse, 2_000)
    shutil.copyfile(warehouse.build_file, warehouse.published_file)
    with monkeypatch.context() as patch:
        patch.setattr(ObjectStore, "_write", staticmethod(_write_half))
        with pytest.raises(WarehouseError, match="bytes there and"):
            ObjectStore(url).replace("costs.duckdb", warehouse.published_file)
        with pytest.raises(WarehouseError):
            store_copy(warehouse, url)
    after = _objects(bucket, url)
    changing = ("costs.duckdb", "records/records.json", "ledger/files.jsonl")
    assert {name: after[name] for name in changing} == {name: before[name] for name in changing}
    store_copy(warehouse, url)
    whole = _objects(bucket, url)
    assert whole["costs.duckdb"] == warehouse.published_file.read_bytes()
    for name, content in whole.items():
        assert name == "warehouse.json" or content == (warehouse.folder / name).read_bytes()


def test_a_damaged_file_takes_the_place_of_no_whole_one(
    warehouse: Warehouse, url: str, bucket: pyarrow.fs.S3FileSystem
) -> None:
    store_copy(warehouse, url)
    before = _objects(bucket, url)
    damaged = [*warehouse.folder.glob("ledger/usage_date=*/*"), *warehouse.folder.glob("archive/??/*.gz")]
    for file in damaged:
        file.write_bytes(file.read_bytes()[:-7])
    names = sorted(file.relative_to(warehouse.folder).as_posix() for file in damaged)
    assert len(names) == 2
    assert store_copy(warehouse, url).damaged == names
    after = _objects(bucket, url)
    assert {name: after[name] for name in names} == {name: before[name] for name in names}


def test_a_store_that_does_not_answer_is_told_and_loses_nothing(
    warehouse: Warehouse, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(WarehouseError, match=r"s3://no-such-bucket/x: .*Look at the address"):
        store_copy(warehouse, "s3://no-such-bucket/x")
    (warehouse.folder / ".store").unlink()
    store_copy(warehouse, url)
    (body,) = read_fetches(warehouse.folder).rows["archive_path"]
    (warehouse.folder / body).unlink()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(archive.ArchiveError, match="missing, and s3://"):
        archive.read(warehouse.folder, body)
    assert archive.store(warehouse.folder, BODY).path == body


def test_no_key_stands_in_a_file_a_message_or_an_object(
    warehouse: Warehouse, url: str, bucket: pyarrow.fs.S3FileSystem, caplog: pytest.LogCaptureFixture
) -> None:
    store_copy(warehouse, url)
    with pytest.raises(WarehouseError) as told:
        ObjectStore("s3://no-such-bucket/x").put("a", warehouse.published_file)
    held = [file.read_bytes() for file in warehouse.folder.rglob("*") if file.is_file()]
    held += [*_objects(bucket, url).values(), str(told.value).encode(), caplog.text.encode()]
    assert not any(secret.encode() in content for content in held for secret in (KEY, SECRET))


@pytest.mark.parametrize(
    "wrong",
    [
        "s3://AKIA:hush@bucket/x",
        "s3://bucket/x?secret=hush",
        "s3:///x",
        "/hush",
        "https://hush/x",
        "s3://b//hush",
        "s3://bucket/x hush",
        "S3://bucket/hush",
        "s3://b/x#hush",
        "s3",
    ],
)
def test_an_address_that_is_none_is_refused_and_not_repeated(wrong: str) -> None:
    with pytest.raises(WarehouseError, match="COSTS_STORE is not understood") as told:
        ObjectStore(wrong)
    assert "hush" not in str(told.value)


def _add_usage(warehouse: Warehouse, connection: object, tokens: int) -> None:
    rows = usage_frame([USAGE | {"usage_id": "u1", "usage_at": datetime(2026, 7, 1, 12), "output_tokens": tokens}])
    known = read_table(connection, "core.ledger_file")
    change = ledger.write(warehouse.folder, known, rows, largest_per_usage)
    connection.execute("DELETE FROM core.ledger_file")
    append(connection, "core.ledger_file", change.files)


def _change_usage(warehouse: Warehouse, tokens: int) -> None:
    with warehouse.write() as connection:
        _add_usage(warehouse, connection, tokens)


def _objects(bucket: pyarrow.fs.S3FileSystem, url: str) -> dict[str, bytes]:
    base = url.removeprefix("s3://")
    infos = bucket.get_file_info(pyarrow.fs.FileSelector(base, recursive=True))
    paths = [info.path for info in infos if info.type == pyarrow.fs.FileType.File]
    return {path.removeprefix(f"{base}/"): bucket.open_input_file(path).read() for path in paths}


def _days(bucket: pyarrow.fs.S3FileSystem, url: str) -> set[str]:
    return {name for name in _objects(bucket, url) if name.startswith("ledger/usage_date=")}


def _write_half(files: pyarrow.fs.FileSystem, path: str, file: Path) -> None:
    """What a writer that dies half way would leave at the worst."""
    with files.open_output_stream(path, compression=None) as stream:
        stream.write(file.read_bytes()[: file.stat().st_size // 2])
