"""What only the database knows, as files: one state whole, written where it has changed, believed where it is whole."""

import pytest

from pipelines.warehouse import record_files
from pipelines.warehouse.published import WarehouseError
from pipelines.warehouse.record_files import NAMES, RECORD_TABLES, check_record, read_names
from tests.unit.warehouse.fetch_rows import add_fetch


def files(warehouse):
    return {path.name: path.stat().st_mtime_ns for path in (warehouse.folder / "records").iterdir()}


def test_only_what_has_changed_is_written(warehouse):
    add_fetch(warehouse, "one")
    assert warehouse.save_records() == list(RECORD_TABLES)
    before = files(warehouse)
    assert warehouse.save_records() == []
    assert files(warehouse) == before
    add_fetch(warehouse, "two")
    assert warehouse.save_records() == ["raw.fetch"]
    after = files(warehouse)
    assert {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)} == {
        "records.json",
        *(name for name in before.keys() | after.keys() if name.startswith("raw.fetch.")),
    }
    assert len(after) == len(before) == len(RECORD_TABLES) + 1
    assert read_names(warehouse.folder).by_table["raw.fetch"].row_count == 2


def test_a_process_that_dies_between_two_tables_leaves_the_old_state(warehouse, monkeypatch):
    add_fetch(warehouse, "one")
    warehouse.save_records()
    before = read_names(warehouse.folder)
    add_fetch(warehouse, "two")
    saved = record_files._saved

    def dies(connection, folder, table, known):
        if table == "core.token_price":
            raise KeyboardInterrupt
        return saved(connection, folder, table, known)

    with monkeypatch.context() as patch:
        patch.setattr(record_files, "_saved", dies)
        with pytest.raises(KeyboardInterrupt):
            warehouse.save_records()
    assert read_names(warehouse.folder) == before
    for record in before.by_table.values():
        check_record(warehouse.folder, record)
    assert warehouse.save_records() == ["raw.fetch"]


@pytest.mark.parametrize("content", [None, b"", b"PAR1 and something else"])
def test_a_record_that_is_not_what_was_written_is_named(warehouse, content):
    add_fetch(warehouse, "one")
    warehouse.save_records()
    record = read_names(warehouse.folder).by_table["raw.fetch"]
    file = check_record(warehouse.folder, record)
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(WarehouseError, match=r"raw\.fetch\..*parquet is (missing|damaged)"):
        check_record(warehouse.folder, record)


def test_a_list_that_cannot_be_read_is_named_and_written_anew(warehouse):
    add_fetch(warehouse, "one")
    warehouse.save_records()
    (warehouse.folder / NAMES).write_text("[1")
    with pytest.raises(WarehouseError, match=r"records\.json cannot be read"):
        read_names(warehouse.folder)
    assert warehouse.save_records() == list(RECORD_TABLES)
    assert set(read_names(warehouse.folder).by_table) == set(RECORD_TABLES)
