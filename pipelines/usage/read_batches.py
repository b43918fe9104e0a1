"""Usage files -> checked rows, rejects and counts, in batches. No database, no ledger: the caller decides what is new.

Many small files make one batch and a large one makes several, so that neither costs more than its bytes. Formats whose
records lean on each other are never cut.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from pipelines.usage.check_pieces import WORKERS, Batch, FileCount, Reader, printable
from pipelines.usage.file_content import Content
from pipelines.usage.recognise import Recognised, UnknownFormat, recognise
from pipelines.usage.records import read_pieces

BATCH_ROWS = 1_000_000
"""Checked rows that are handed on at once."""


def recognised_files(
    paths: Sequence[Path], format_name: str | None = None
) -> tuple[dict[Path, Recognised], dict[Path, str]]:
    """What each file is, and why the others cannot be imported."""
    known: dict[Path, Recognised] = {}
    refused: dict[Path, str] = {}
    for path in paths:
        try:
            known[path] = recognise(path, printable(path), format_name)
        except (UnknownFormat, OSError) as error:
            refused[path] = str(error)
    return known, refused


def read_batches(
    files: dict[Path, Recognised],
    is_known: Callable[[str], bool],
    as_of: datetime,
    on_file: Callable[[Path], None] = lambda path: None,
) -> Iterator[Batch]:
    """Read files, those of one format after those of another.

    `is_known` tells by the sha256 of its content whether a file was imported before; such a file is complete at once.
    Rows and rejects carry that sha256 as import_id, so that one content under two names is one import. `as_of` (naive
    UTC) is the time of the import.
    """
    with ThreadPoolExecutor(WORKERS) as workers:
        readers: dict[tuple[str, str], Reader] = {}
        seen: set[str] = set()
        for path, found in sorted(files.items(), key=lambda item: (item[1].importer.name, item[1].form)):
            reader = readers.setdefault((found.importer.name, found.form), Reader(found, workers, as_of))
            on_file(path)
            yield from _read_file(reader, path, seen, is_known)
        for reader in readers.values():
            reader.take_apart()
            if reader.complete:
                yield reader.batch()


def _read_file(reader: Reader, path: Path, seen: set[str], is_known: Callable[[str], bool]) -> Iterator[Batch]:
    count = FileCount(path, "", reader.found.importer.name, 0)
    for piece in _pieces(reader.found, count, seen, is_known):
        reader.add(piece, count)
        if sum(one.rows.height + one.rejects.height for one in reader.taken) >= BATCH_ROWS:
            yield reader.batch()
    reader.end(count)


def _pieces(found: Recognised, count: FileCount, seen: set[str], is_known: Callable[[str], bool]) -> Iterator[pa.Table]:
    """The pieces of a file that is new. What a worker says must not refuse it: that may be about another file."""
    try:
        content = Content(count.path)
        count.import_id, count.size_bytes = content.sha256, count.path.stat().st_size
        if content.sha256 in seen or is_known(content.sha256):
            count.reason, count.is_known = "this content was imported before", True
        else:
            seen.add(content.sha256)
            yield from read_pieces(count.path, found.form, found.importer, content)
    except (OSError, ValueError, pa.ArrowException) as error:
        count.reason = f"{printable(count.path)}: {error}"
