"""What every importer's tests need: a log written to disk and read through the whole import, without a database."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.usage.importing import read_batches, recognised_files

IMPORTED_AT = datetime(2026, 11, 24, 12)


@dataclass(frozen=True)
class Imported:
    """All that came of one file."""

    format: str
    usage: pl.DataFrame
    rejects: pl.DataFrame
    row_count: int
    ignored_count: int
    reason: str | None

    @property
    def row(self) -> dict[str, Any]:
        """The one row."""
        assert self.usage.height == 1, self.rejects.rows()
        return self.usage.row(0, named=True)

    @property
    def rules(self) -> list[str]:
        """Rules that were broken, in the order of the lines."""
        return self.rejects.sort("source_line")["rule"].to_list()


Read = Callable[..., Imported]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """`read(content or path, format=None)`: the content as a file of its own, recognised by what it holds."""

    def read_one(content: str | bytes | Path, format_name: str | None = None) -> Imported:
        path = content if isinstance(content, Path) else tmp_path / "log"
        if not isinstance(content, Path):
            path.write_bytes(content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content)
        files, refused = recognised_files([path], format_name)
        assert not refused, refused
        (batch,) = read_batches(files, lambda import_id: False, IMPORTED_AT)
        (count,) = batch.complete
        assert count.reject_count == batch.rejects.height
        rows = batch.rows.sort("source_line")
        return Imported(count.format, rows, batch.rejects, count.row_count, count.ignored_count, count.reason)

    return read_one
