"""Imports of before, and where the files lie that they were of: what could be read again. Reading is `reread`'s."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from pipelines.usage.batches import printable
from pipelines.usage.formats import IMPORTERS
from pipelines.usage.identity import GIVEN, given_account

VERSIONS = {importer.name: importer.version for importer in IMPORTERS}
BEFORE_VERSIONS = 1
"""What made imports that state no version."""
READ_BYTES = 1 << 20


@dataclass(frozen=True)
class Earlier:
    """An import as core.usage_import has it."""

    import_id: str
    file_name: str
    format: str
    version: int
    size_bytes: int
    row_count: int
    days: tuple[date, ...]

    @property
    def is_stale(self) -> bool:
        """Whether the importer has changed since. One that is no more cannot read it again."""
        return VERSIONS.get(self.format, self.version) != self.version


@dataclass(frozen=True)
class Reread:
    """A file to read again, and the imports that it takes the place of: its own, and those of its beginning.

    All are of one account. What was given for two is read for each.
    """

    path: Path
    supersedes: tuple[Earlier, ...]

    @property
    def account(self) -> str:
        """The account that the content was given for."""
        return given_account(self.supersedes[0].import_id)

    @property
    def format_of_rows(self) -> str | None:
        """The format that rows came of before; None where none did, which was a wrong one perhaps."""
        return next((one.format for one in reversed(self.supersedes) if one.row_count and one.format in VERSIONS), None)


def earlier_imports(imports: pl.DataFrame) -> list[Earlier]:
    """Rows of core.usage_import, the oldest first: later statements of bills replace earlier ones."""
    rows = imports.sort("imported_at", maintain_order=True)
    return [
        Earlier(
            row["import_id"],
            row["file_name"],
            row["format"],
            row["importer_version"] or BEFORE_VERSIONS,
            row["size_bytes"],
            row["row_count"],
            tuple(days_between(row["first_usage_date"], row["last_usage_date"])),
        )
        for row in rows.iter_rows(named=True)
    ]


def plan(
    wanted: Sequence[Earlier], everything: Sequence[Earlier], seen: pl.DataFrame
) -> tuple[list[Reread], list[Earlier]]:
    """Where the content of wanted imports lies now; and the imports of which no file is left.

    `seen`: core.usage_file. A log that has grown since begins with what was imported of it, so that an import of any
    of its earlier states is superseded by the file as it is now.
    """
    known = {one.import_id: one for one in everything}
    by_name: dict[str, list[Earlier]] = {}
    for one in wanted:
        by_name.setdefault(one.file_name, []).append(one)
    left = {one.import_id: one for one in wanted}
    found: list[Reread] = []
    for path_text, size, modified, import_id in _by_age(seen, everything).iter_rows():
        path, own = Path(path_text), left.get(import_id)
        if import_id not in known or not path.is_file():
            continue
        # A copy under another name is the same content.
        named = [one for one in by_name.get(printable(path), ()) if one.import_id in left and one is not own]
        states = [*named, *([own] if own else [])]
        if not states:
            continue
        digests = beginnings(path, {one.size_bytes for one in states})
        status = path.stat()
        is_unchanged = (status.st_size, status.st_mtime_ns) == (size, modified)
        content = content_of(import_id)
        contents = {one.import_id: content_of(one.import_id) for one in states}
        inside = [
            one for one in states if (text := contents[one.import_id]) in digests or (is_unchanged and text == content)
        ]
        by_account: dict[str, list[Earlier]] = {}
        for one in inside:
            by_account.setdefault(given_account(one.import_id), []).append(one)
            del left[one.import_id]
        found += (Reread(path, tuple(ones)) for ones in by_account.values())
    return found, list(left.values())


def beginnings(path: Path, sizes: Iterable[int]) -> set[str]:
    """The hashes of the first bytes of a file, of so many each; of none that it does not have."""
    digest, done, found = hashlib.sha256(), 0, set()
    with path.open("rb") as stream:
        for size in sorted(sizes):
            while done < size and (block := stream.read(min(READ_BYTES, size - done))):
                digest.update(block)
                done += len(block)
            if done == size:
                found.add(digest.hexdigest())
    return found


def content_of(import_id: str) -> str:
    """The hash of the content in an import_id."""
    return import_id.partition(GIVEN)[0]


def _by_age(seen: pl.DataFrame, everything: Sequence[Earlier]) -> pl.DataFrame:
    """core.usage_file in the order of the imports."""
    order = pl.DataFrame({"import_id": [one.import_id for one in everything]}, schema={"import_id": pl.String})
    ordered = order.with_row_index("age").join(seen, on="import_id").sort("age", "path")
    return ordered.select("path", "size_bytes", "modified_ns", "import_id")


def days_between(first: date | None, last: date | None) -> Iterator[date]:
    """The days from the first to the last, both included; none where there is no first."""
    while first is not None and last is not None and first <= last:
        yield first
        first += timedelta(days=1)
