"""One demo of a warehouse at a time: its sample usage and its pages belong to one date."""

import pytest
from filelock import FileLock

from pipelines.demo.replay import replay
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.published import WarehouseError


def test_a_second_demo_waits_for_the_first(tmp_path):
    """It writes nothing meanwhile: usage of another date would be read under the clock of the first."""
    with FileLock(tmp_path / ".demo.lock"), pytest.raises(WarehouseError, match="another run has held"):
        replay(Warehouse(tmp_path, lock_timeout_seconds=0.2), lambda phase: None)
    assert [path.name for path in tmp_path.iterdir()] == [".demo.lock"]
