"""What the doctor says of the inbox."""

import shutil
from datetime import datetime
from pathlib import Path

from pipelines.doctor.usage_files import look_at_inbox
from pipelines.usage.import_files import import_files, inbox_files
from pipelines.warehouse.database import Warehouse

USAGE_FILES = Path(__file__).parents[2] / "usage_files"


def test_files_done_are_told_from_those_that_wait_and_those_that_nobody_could_read(tmp_path):
    warehouse = Warehouse(tmp_path / "warehouse")
    warehouse.inbox.mkdir(parents=True)
    shutil.copy(USAGE_FILES / "openai_export.csv", warehouse.inbox)
    for number in range(12):
        (warehouse.inbox / f"notes-{number:02}.txt").write_text("nothing\n")
    import_files(warehouse, inbox_files(warehouse), datetime(2026, 11, 24))
    (warehouse.inbox / "dropped.csv").write_text("x")
    first, *named, others = look_at_inbox(warehouse)
    assert first.found == "1 read, 0 without usage, 1 waiting for the next run"
    assert [one.name for one in named] == [f"notes-{number:02}.txt" for number in range(10)]
    assert all(not one.is_ok and one.found.startswith("not recognised: ") for one in named)
    assert others.found.startswith("2 more")
