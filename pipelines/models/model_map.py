"""Tables of names kept as CSV files: the user's own mapping, and the names whose meaning providers moved, by date.

Reading and checking only; how the tables are applied is decided in `model_aliases`.
"""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import polars as pl

from pipelines.models.id_variants import END, START
from pipelines.schema.offers import CHANNELS

MAP_FILE = "model_map.csv"
"""Name of the user's mapping below the warehouse folder."""
POINTERS_FILE = Path(__file__).with_name("pointers.csv")
MAX_ID = 200
MAX_BYTES = 10_000_000

_COLUMNS = ("model", "provider", "channel", "region", "canonical_model")
_TIMES = ("valid_from", "valid_to")
_INTERVAL = dict.fromkeys(_TIMES, pl.Datetime("us"))
MAP_SCHEMA = dict.fromkeys(_COLUMNS, pl.String()) | _INTERVAL
POINTER_SCHEMA = dict.fromkeys(("alias", "provider", "channel", "model"), pl.String()) | _INTERVAL


class ModelMapError(ValueError):
    """The mapping file cannot be used: which file and line, what is wrong, what to write instead."""


class _Mapping(NamedTuple):
    """One line of the file; NULL is "as the log says" or "unbounded"."""

    model: str
    provider: str | None
    channel: str | None
    region: str | None
    canonical_model: str
    valid_from: datetime | None
    valid_to: datetime | None

    def overlaps(self, other: "_Mapping") -> bool:
        """Whether both say something about one id at one moment."""
        begin = max(self.valid_from or START, other.valid_from or START)
        return self.model == other.model and begin < min(self.valid_to or END, other.valid_to or END)


def read_model_map(path: Path) -> pl.DataFrame:
    """The user's mapping of ids to listed models, in MAP_SCHEMA; no rows where the file is missing.

    Header: model,provider,channel,region,canonical_model and, if wanted, valid_from,valid_to. `model` is the id as
    the logs write it (an Azure deployment, an ARN, an agent's name), `canonical_model` the id that a price list has.
    An empty provider, channel or region is that of the log. Dates are days or instants, ISO 8601, UTC; valid_to is
    exclusive; empty is unbounded. Intervals of one model must not overlap. Raises ModelMapError.
    """
    return parse_model_map(path, map_content(path))


def map_content(path: Path) -> bytes:
    """The bytes of the user's mapping; none where the file is missing. Raises ModelMapError if it cannot be read."""
    if not path.exists():
        return b""
    if not path.is_file():  # to read a pipe may never end
        raise ModelMapError(f"{path} cannot be read: it is no file; make it a file that you may read")
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ModelMapError(f"{path} cannot be read: {error.strerror}; make it a file that you may read") from error
    if len(content) > MAX_BYTES:
        raise ModelMapError(f"{path} is larger than {MAX_BYTES:,} bytes; keep only the lines of ids in use")
    return content or b"\n"


def parse_model_map(path: Path, content: bytes) -> pl.DataFrame:
    """What `read_model_map` returns of these bytes; `path` is how messages name them. No bytes are no file."""
    if not content:
        return pl.DataFrame(schema=MAP_SCHEMA)
    by_model: dict[str, list[tuple[int, _Mapping]]] = {}
    rows: list[_Mapping] = []
    for line, cells in _lines(path, content):
        mapping = _mapping(f"{path} line {line}", cells)
        earlier = by_model.setdefault(mapping.model, [])
        for number, other in earlier:
            if mapping.overlaps(other):
                raise ModelMapError(
                    f"{path} line {line}: {mapping.model!r} is already mapped on line {number} for the same time; "
                    "delete one of the two or give them valid_from and valid_to that do not overlap"
                )
        earlier.append((line, mapping))
        rows.append(mapping)
    return pl.DataFrame(rows, schema=MAP_SCHEMA, orient="row")


def known_pointers() -> pl.DataFrame:
    """Names whose meaning moved: POINTER_SCHEMA and source_url; alias meant model from valid_from to valid_to (UTC).

    Only what a price list does not print under the name itself at that time. An interval ends where the name moved
    or, where that moment is not known, at the last one for which a source confirms it.
    """
    table = pl.read_csv(POINTERS_FILE, infer_schema=False)
    return table.with_columns(pl.col(name).str.to_datetime("%Y-%m-%dT%H:%MZ", time_unit="us") for name in _TIMES)


def _lines(path: Path, content: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and cells by column, blank lines left out."""
    try:
        reader = csv.reader(content.decode("utf-8-sig").splitlines(), strict=True)
        header = [name.strip() for name in next(reader, [])]
        if header not in (list(_COLUMNS), [*_COLUMNS, *_TIMES]):
            raise ModelMapError(
                f"{path} line 1: the header is {','.join(header)!r}; write {','.join(_COLUMNS)} "
                f"or {','.join((*_COLUMNS, *_TIMES))}, separated by commas"
            )
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                raise ModelMapError(
                    f"{path} line {reader.line_num}: {len(cells)} cells, the header has {len(header)}; "
                    'write empty cells as ",,"'
                )
            yield reader.line_num, dict(zip(header, (cell.strip() for cell in cells), strict=True))
    except UnicodeDecodeError as error:
        raise ModelMapError(f"{path}: byte {error.start + 1} is not UTF-8; save the file as UTF-8") from error
    except csv.Error as error:
        raise ModelMapError(f"{path} line {reader.line_num}: {error}; check the quotes of that line") from error


def _mapping(where: str, cells: dict[str, str]) -> _Mapping:
    for name in ("model", "canonical_model"):
        if not cells[name]:
            raise ModelMapError(f"{where}: {name} is empty; write the id or delete the line")
        if len(cells[name]) > MAX_ID:
            raise ModelMapError(f"{where}: {name} is longer than {MAX_ID} characters; no log has such ids")
    if cells["channel"] and cells["channel"] not in CHANNELS:
        raise ModelMapError(f"{where}: channel {cells['channel']!r} is unknown; write one of {', '.join(CHANNELS)}")
    valid_from, valid_to = (_instant(where, name, cells.get(name, "")) for name in _TIMES)
    if valid_from and valid_to and valid_from >= valid_to:
        raise ModelMapError(f"{where}: valid_to must be after valid_from; it is the first moment that is not meant")
    provider, channel, region = (cells[name] or None for name in ("provider", "channel", "region"))
    return _Mapping(cells["model"], provider, channel, region, cells["canonical_model"], valid_from, valid_to)


def _instant(where: str, name: str, text: str) -> datetime | None:
    """Naive UTC; a time without an offset is UTC."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ModelMapError(f"{where}: {name} {text!r} is no date; write it as 2026-01-31") from error
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
