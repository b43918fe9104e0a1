"""The user's file of owners: which team and cost center a key, a user, a project or an account belongs to, by date.

Reading and checking only; where it is in force is `snapshots.user_inputs`' to say.
"""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import polars as pl

from pipelines.models.user_csv import TIMES, UserFileError, csv_lines, interval, share_time

OWNER_FILE = "owners.csv"
"""Name of the file below the warehouse folder."""
KINDS = {"key": "api_key_id", "user": "user_id", "project": "project_id", "account": "account_id"}
"""What an id is of, and its column; the first that is mapped decides."""
MAX_NAME = 200
_COLUMNS = ("kind", "id", "team", "cost_center")
OWNER_SCHEMA = dict.fromkeys(_COLUMNS, pl.String()) | dict.fromkeys(TIMES, pl.Datetime("us"))


class _Owner(NamedTuple):
    """One line of the file; None is "not told" or "unbounded"."""

    kind: str
    id: str
    team: str
    cost_center: str | None
    valid_from: datetime | None
    valid_to: datetime | None


def parse_owner_map(path: Path, content: bytes) -> pl.DataFrame:
    """The lines of the file in OWNER_SCHEMA; `path` is how messages name it, and no bytes are no file.

    Header: kind,id,team,cost_center and, if wanted, valid_from,valid_to, which are days; valid_to is the first day that
    is not meant. Raises UserFileError.
    """
    by_id: dict[tuple[str, str], list[tuple[int, _Owner]]] = {}
    rows: list[_Owner] = []
    for line, cells in csv_lines(path, content, _COLUMNS) if content else ():
        owner = _owner(f"{path} line {line}", cells)
        earlier = by_id.setdefault((owner.kind, owner.id), [])
        for number, other in earlier:
            if share_time(owner[-2:], other[-2:]):
                raise UserFileError(
                    f"{path} line {line}: {owner.kind} {owner.id!r} has an owner on line {number} for the same time; "
                    "delete one of the two or give them valid_from and valid_to that do not overlap"
                )
        earlier.append((line, owner))
        rows.append(owner)
    return pl.DataFrame(rows, schema=OWNER_SCHEMA, orient="row")


def with_teams(costs: pl.DataFrame, owners: pl.DataFrame) -> pl.DataFrame:
    """Costs with team, cost_center and mapped_by, the kind of id that decided; all three NULL where none is mapped.

    `costs`: usage_date and the columns of KINDS; `owners`: OWNER_SCHEMA.
    """
    if owners.is_empty():
        return costs.with_columns(pl.lit(None, pl.String).alias(name) for name in ("team", "cost_center", "mapped_by"))
    day = pl.col("usage_date").cast(pl.Datetime("us"))
    is_meant = (day >= pl.col("valid_from").fill_null(day)) & (day < pl.col("valid_to")).fill_null(value=True)
    keys = ["usage_date", *KINDS.values()]
    used = costs.select(keys).unique()
    found = []
    for place, (kind, column) in enumerate(KINDS.items()):
        lines = owners.filter(kind=kind).select(pl.col("id").alias(column), "kind", "team", "cost_center", *TIMES)
        found.append(
            used.join(lines, on=column)
            .filter(is_meant)
            .with_columns(place=pl.lit(place))
            .select(*keys, "place", "kind", "team", "cost_center")
        )
    first = pl.concat(found).sort("place").unique(keys, keep="first", maintain_order=True)
    named = first.select(*keys, "team", "cost_center", mapped_by="kind")
    return costs.join(named, on=keys, how="left", nulls_equal=True)


def _owner(where: str, cells: dict[str, str]) -> _Owner:
    if cells["kind"] not in KINDS:
        raise UserFileError(f"{where}: kind {cells['kind']!r} is unknown; write one of {', '.join(KINDS)}")
    for name in ("id", "team"):
        if not cells[name]:
            raise UserFileError(f"{where}: {name} is empty; write it or delete the line")
    for name in _COLUMNS[1:]:
        if len(cells[name]) > MAX_NAME or not cells[name].isprintable():
            raise UserFileError(f"{where}: {name} must be one line of at most {MAX_NAME} characters")
    times = interval(where, cells)
    for name, moment in zip(TIMES, times, strict=True):
        if moment and moment.time() != moment.min.time():
            raise UserFileError(f"{where}: {name} {cells[name]!r} is no day; write it as 2026-01-31")
    return _Owner(cells["kind"], cells["id"], cells["team"], cells["cost_center"] or None, *times)
