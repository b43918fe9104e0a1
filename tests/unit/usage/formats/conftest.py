"""What every importer's tests need: a log written to disk and read through the whole import, without a database."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.one_import import Imported, import_file

IMPORTED_AT = datetime(2026, 11, 24, 12)
CHANGED = datetime(2026, 11, 1, tzinfo=UTC)
"""The time of usage whose log states none."""
Read = Callable[..., Imported]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """`read(content or path, format=None)`: the content as a file of its own, recognised by what it holds."""

    def read_one(content: str | bytes | Path, format_name: str | None = None) -> Imported:
        path = content if isinstance(content, Path) else tmp_path / "log"
        if not isinstance(content, Path):
            path.write_bytes(content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content)
            os.utime(path, (CHANGED.timestamp(), CHANGED.timestamp()))
        return import_file(path, IMPORTED_AT, format_name)

    return read_one
