"""One usage file through recognition, reading and checking, without a database: what most tests of usage need."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.usage.batches import FileCount
from pipelines.usage.file_format import UnknownFormat, recognised_files
from pipelines.usage.read_files import read_files


@dataclass(frozen=True)
class Imported:
    """All that came of one file. `usage`: rows in the columns of the importer's table, in the order of the lines."""

    count: FileCount
    usage: pl.DataFrame
    rejects: pl.DataFrame

    @property
    def format(self) -> str:
        return self.count.format

    @property
    def row(self) -> dict[str, Any]:
        """The one row."""
        assert self.usage.height == 1, self.rejects.rows()
        return self.usage.row(0, named=True)

    @property
    def rules(self) -> list[str]:
        """Rules that were broken, in the order of the lines."""
        return self.rejects["rule"].to_list()

    @property
    def row_count(self) -> int:
        return self.count.row_count

    @property
    def ignored_count(self) -> int:
        return self.count.ignored_count

    @property
    def reason(self) -> str | None:
        return self.count.reason


def import_file(path: Path, as_of: datetime, format_name: str | None = None) -> Imported:
    """Read one file. Raises UnknownFormat with the reason where it cannot be imported."""
    files, refused = recognised_files([path], format_name)
    if refused:
        raise UnknownFormat(refused[path])
    batches = list(read_files(files, lambda import_id: False, as_of))
    (count,) = (count for batch in batches for count in batch.complete)
    rows = pl.concat(batch.rows for batch in batches).sort("source_line", maintain_order=True)
    rejects = pl.concat(batch.rejects for batch in batches).sort("source_line", maintain_order=True)
    assert count.reject_count == rejects.height
    assert count.row_count >= rows.height
    return Imported(count, rows, rejects)
