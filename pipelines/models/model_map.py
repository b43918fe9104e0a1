"""Tables of names kept as CSV files: the user's own mapping, and the names whose meaning providers moved, by date.

Reading and checking only; how the tables are applied is decided in `model_aliases`.
"""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import polars as pl

from pipelines.models.user_csv import TIMES, UserFileError, csv_lines, file_content, interval, share_time
from pipelines.schema.offers import CHANNELS

MAP_FILE = "model_map.csv"
"""Name of the user's mapping below the warehouse folder."""
POINTERS_FILE = Path(__file__).with_name("pointers.csv")
MAX_ID = 200

_COLUMNS = ("model", "provider", "channel", "region", "canonical_model")
_INTERVAL = dict.fromkeys(TIMES, pl.Datetime("us"))
MAP_SCHEMA = dict.fromkeys(_COLUMNS, pl.String()) | _INTERVAL
POINTER_SCHEMA = dict.fromkeys(("alias", "provider", "channel", "model"), pl.String()) | _INTERVAL


ModelMapError = UserFileError
"""A mistake in the user's mapping."""


class _Mapping(NamedTuple):
    """One line of the file; NULL is "as the log says" or "unbounded"."""

    model: str
    provider: str | None
    channel: str | None
    region: str | None
    canonical_model: str
    valid_from: datetime | None
    valid_to: datetime | None


def read_model_map(path: Path) -> pl.DataFrame:
    """The user's mapping of ids to listed models, in MAP_SCHEMA; no rows where the file is missing.

    Header: model,provider,channel,region,canonical_model and, if wanted, valid_from,valid_to. `model` is the id as
    the logs write it (an Azure deployment, an ARN, an agent's name), `canonical_model` the id that a price list has.
    An empty provider, channel or region is that of the log. Dates are days or instants, ISO 8601, UTC; valid_to is
    exclusive; empty is unbounded. Intervals of one model must not overlap. Raises ModelMapError.
    """
    return parse_model_map(path, file_content(path))


def parse_model_map(path: Path, content: bytes) -> pl.DataFrame:
    """What `read_model_map` returns of these bytes; `path` is how messages name them. No bytes are no file."""
    if not content:
        return pl.DataFrame(schema=MAP_SCHEMA)
    by_model: dict[str, list[tuple[int, _Mapping]]] = {}
    rows: list[_Mapping] = []
    for line, cells in csv_lines(path, content, _COLUMNS):
        mapping = _mapping(f"{path} line {line}", cells)
        earlier = by_model.setdefault(mapping.model, [])
        for number, other in earlier:
            if share_time(mapping[-2:], other[-2:]):
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
    return table.with_columns(pl.col(name).str.to_datetime("%Y-%m-%dT%H:%MZ", time_unit="us") for name in TIMES)


def _mapping(where: str, cells: dict[str, str]) -> _Mapping:
    for name in ("model", "canonical_model"):
        if not cells[name]:
            raise ModelMapError(f"{where}: {name} is empty; write the id or delete the line")
        if len(cells[name]) > MAX_ID:
            raise ModelMapError(f"{where}: {name} is longer than {MAX_ID} characters; no log has such ids")
    if cells["channel"] and cells["channel"] not in CHANNELS:
        raise ModelMapError(f"{where}: channel {cells['channel']!r} is unknown; write one of {', '.join(CHANNELS)}")
    valid_from, valid_to = interval(where, cells)
    provider, channel, region = (cells[name] or None for name in ("provider", "channel", "region"))
    return _Mapping(cells["model"], provider, channel, region, cells["canonical_model"], valid_from, valid_to)
