"""One usage file -> usage rows, rejects and a summary. No database and no ledger: the caller decides what is new."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.schema.usage import UsageImport
from pipelines.usage.contract import REJECT_SCHEMA, USAGE_SCHEMA, check, reject_row, usage_frame
from pipelines.usage.formats import choose_importer
from pipelines.usage.importers import Importer, ParseLine, Refused, Row
from pipelines.usage.reading import MAX_LINE_BYTES, BrokenLine, Line, LineReader

BATCH_ROWS = 50_000
MAX_REJECTS = 100_000
LINES_TO_RECOGNISE = 50


@dataclass(frozen=True)
class ImportedFile:
    """What one file holds: `summary` is one row of UsageImport, the others rows of Usage and of UsageReject.

    line_count = row_count + reject_count + ignored_count; duplicate_count counts repetitions within the file.
    """

    summary: pl.DataFrame
    usage: pl.DataFrame
    rejects: pl.DataFrame


@dataclass
class _Tally:
    """What has been read so far: checked frames, and the rows of the batch that is being filled."""

    file_name: str
    as_of: datetime
    good: list[pl.DataFrame] = field(default_factory=list)
    refused: list[pl.DataFrame] = field(default_factory=list)
    batch: list[Row] = field(default_factory=list)
    rejects: list[Row] = field(default_factory=list)
    line_count: int = 0
    ignored_count: int = 0
    reject_count: int = 0

    def reject(self, number: int, rule: str, detail: str, raw_text: str) -> None:
        self.rejects.append(reject_row("", self.file_name, number, rule, detail, raw_text))
        self.reject_count += 1

    def flush(self) -> None:
        """Turn the batch into frames, so that a big file is never held as Python objects."""
        checked = check(self.batch, self.as_of)
        self.good.append(checked.good)
        self.refused += [checked.rejects, pl.DataFrame(self.rejects, schema=REJECT_SCHEMA)]
        self.reject_count += checked.rejects.height
        self.batch, self.rejects = [], []


def import_file(path: Path, as_of: datetime, format: str | None = None) -> ImportedFile:  # noqa: A002 - the CLI's word
    """Read one usage file. `as_of` (naive UTC) is the time of the import; `format` names an importer.

    import_id is the sha256 of the decompressed content, so one file under two names is one import.
    Raises UnknownFormat for a file that no importer knows, and OSError for one that cannot be opened.
    """
    file_name = path.name.encode("utf-8", errors="replace").decode()
    first_lines = _first_lines(path)
    importer = choose_importer(file_name, first_lines, format)
    reader = LineReader(path)
    tally = _Tally(file_name, as_of)
    _read_all(reader, importer, tally, importer.open(first_lines[0]))
    import_id = reader.content_hash
    accepted = pl.concat([usage_frame([]), *tally.good])
    usage = importer.settle(accepted).with_columns(import_id=pl.lit(import_id)).select(list(USAGE_SCHEMA))
    rejects = pl.concat(tally.refused).with_columns(import_id=pl.lit(import_id), file_name=pl.lit(file_name))
    counts = {"row_count": accepted.height, "duplicate_count": accepted.height - usage.height}
    summary = {
        "import_id": import_id,
        "file_name": file_name,
        "format": importer.name,
        "imported_at": as_of,
        "size_bytes": path.stat().st_size,
        "line_count": tally.line_count,
        **counts,
        "reject_count": tally.reject_count,
        "ignored_count": tally.ignored_count,
        "first_usage_date": usage["usage_date"].min(),
        "last_usage_date": usage["usage_date"].max(),
    }
    return ImportedFile(pl.DataFrame([summary], schema=polars_schema(UsageImport)), usage, rejects.sort("source_line"))


def _first_lines(path: Path) -> list[str]:
    """Enough lines to recognise a format, and no more text than one line may hold."""
    lines: list[str] = []
    characters = 0
    for line in LineReader(path):
        lines.append(line.text if isinstance(line, Line) else line.head)
        characters += len(lines[-1])
        if len(lines) == LINES_TO_RECOGNISE or characters > MAX_LINE_BYTES:
            break
    return lines


def _read_all(reader: LineReader, importer: Importer, tally: _Tally, parse_line: ParseLine) -> None:
    lines = iter(reader)
    if importer.has_header:
        next(lines)
    for line in lines:
        tally.line_count += 1
        if isinstance(line, BrokenLine):
            tally.reject(line.number, line.rule, line.detail, importer.excerpt(line.head))
        else:
            _read_line(line, importer, tally, parse_line)
        if len(tally.batch) + len(tally.rejects) >= BATCH_ROWS:
            tally.flush()
        if tally.reject_count >= MAX_REJECTS:
            _give_up(lines, tally, line.number + 1)
    tally.flush()


def _read_line(line: Line, importer: Importer, tally: _Tally, parse_line: ParseLine) -> None:
    try:
        row = parse_line(line.text)
    except Refused as refused:
        tally.reject(line.number, refused.rule, refused.detail, importer.excerpt(line.text))
        return
    if row is None:
        tally.ignored_count += 1
    else:
        tally.batch.append({**row, "format": importer.name, "import_id": "pending", "source_line": line.number})


def _give_up(lines: Iterator[Line | BrokenLine], tally: _Tally, number: int) -> None:
    """Read to the end for the content hash only: a file of a billion bad lines must not fill the memory."""
    rest = sum(1 for _ in lines)
    if rest:
        tally.line_count += 1
        tally.reject(number, "too_many_rejects", f"{rest} more lines were not read", "")
