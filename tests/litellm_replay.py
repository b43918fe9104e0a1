"""LiteLLM's map on every date that was kept, loaded in a row: once for all tests that begin from there."""

import json
import os
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from pathlib import Path

import pytest
from filelock import FileLock

from pipelines.snapshots.fetch_source import record_body
from pipelines.snapshots.load_body import promote_latest
from pipelines.sources.catalog import SOURCES_BY_KEY
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import read_table
from tests.captures.test_feed_captures import COUNTED

FEEDS = Path(__file__).parents[1].parent / "shared" / "feeds" / "litellm"


@dataclass(frozen=True)
class Loaded:
    """What became of the file of one day, and the prices that were listed then."""

    day: str
    outcome: str
    reason: str | None
    row_count: int
    held_count: int
    failed_checks: Sequence[str]
    listed: int
    listed_by_channel: dict[str, int]
    """Those that COUNTED means."""


@dataclass(frozen=True)
class LiteLlmReplay:
    """The warehouse after the last file. Who changes it makes a copy."""

    folder: Path
    loads: Sequence[Loaded]

    def copy(self, folder: Path) -> Warehouse:
        """A warehouse of one's own in that state."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return Warehouse(folder)


def replay(shared: Path) -> LiteLlmReplay:
    """The replay below a folder that all processes of the tests share; the first one makes it."""
    folder, record = shared / "litellm", shared / "litellm.json"
    with FileLock(shared / "litellm.lock"):
        if not record.exists():
            loads = [_load(Warehouse(folder), file) for file in sorted(FEEDS.glob("*.json"))]
            record.write_text(json.dumps([asdict(load) for load in loads]))
    return LiteLlmReplay(folder, [Loaded(**load) for load in json.loads(record.read_text())])


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """Where tests are spread over processes, the folder above that of each."""
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def _load(warehouse: Warehouse, file: Path) -> Loaded:
    source, at = SOURCES_BY_KEY["litellm"], datetime.combine(date.fromisoformat(file.stem), time(8))
    attempt = record_body(warehouse, source, file.read_bytes(), at)
    assert (attempt.outcome, attempt.error) == ("new", None)
    done = promote_latest(warehouse, source, at)
    with warehouse.write() as connection:
        listed = read_table(connection, "core.token_price", "known_to IS NULL AND valid_to IS NULL AND is_listed")
    failed = [check.expectation.name for check in done.checks if not check.is_met]
    by_channel = Counter(listed.filter(COUNTED)["channel"])
    return Loaded(
        file.stem, done.outcome, done.reason, done.row_count, done.held_count, failed, listed.height, dict(by_channel)
    )
