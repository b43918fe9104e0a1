"""A Dagster instance on disk, as the command line opens it."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from pipelines.defs.instance import open_instance


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """Its state lies below the warehouse `tmp_path`."""
    for name in ("DAGSTER_HOME", "DAGSTER_STATE"):
        monkeypatch.setenv(name, "replaced by open_instance, restored by the patch")
    with open_instance(tmp_path) as opened:
        yield opened
