"""An empty warehouse that waits for nobody."""

from pathlib import Path

import pytest

from pipelines.warehouse.database import Warehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "warehouse", lock_timeout_seconds=0.1)
