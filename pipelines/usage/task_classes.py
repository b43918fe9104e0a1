"""The user's file of task classes: which usage is of which class, and which models are good enough for a class.

Which model is good enough is the user's word: nothing here, and nothing that is made of it, claims a quality. Reading
and checking only; where it is in force is `snapshots.user_inputs`' to say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from pipelines.models.provider_aliases import UNKNOWN, provider_named
from pipelines.models.user_csv import UserFileError, csv_lines
from pipelines.schema.offers import CHANNELS, SERVICE_TIERS

TASK_CLASS_FILE = "task_classes.csv"
"""Name of the file below the warehouse folder."""
KINDS = {
    "feature": "feature",
    "key": "api_key_id",
    "user": "user_id",
    "project": "project_id",
    "account": "account_id",
    "model": "model",
}
"""What an id is of, and its column; the first that is mapped decides."""
ALTERNATIVE = "alternative"
"""The kind of a line that names a model which is good enough for the class."""
MAX_NAME = 200
_COLUMNS = ("task_class", "kind", "id")
_WHERE = ("provider", "channel", "service_tier")
"""Columns that a header may have beside the others: where an alternative is bought."""


@dataclass(frozen=True)
class Alternative:
    """A model that the user holds to be good enough. `service_tier` None: the tier of the usage."""

    model: str
    provider: str
    channel: str
    service_tier: str | None


@dataclass(frozen=True)
class TaskClasses:
    """The file: alternatives by class, and the class of an id by kind."""

    alternatives: Mapping[str, Sequence[Alternative]] = field(default_factory=dict)
    ids: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def parse_task_classes(path: Path, content: bytes) -> TaskClasses:
    """The lines of the file; `path` is how messages name it, and no bytes are no file. Raises UserFileError.

    Header: task_class,kind,id and, if wanted, provider,channel,service_tier.
    """
    alternatives: dict[str, list[Alternative]] = {}
    ids: dict[str, dict[str, str]] = {}
    begun: dict[tuple[str, str], int] = {}
    named: dict[str, int] = {}
    for line, cells in csv_lines(path, content, _COLUMNS, _WHERE) if content else ():
        where = f"{path} line {line}"
        _check(where, cells)
        task_class, kind, name = (cells[column] for column in _COLUMNS)
        named.setdefault(task_class, line)
        if kind == ALTERNATIVE:
            one = _alternative(where, cells)
            if one in alternatives.setdefault(task_class, []):
                raise UserFileError(f"{where}: {name!r} is named twice for class {task_class!r}; delete one line")
            alternatives[task_class].append(one)
            continue
        if (kind, name) in begun:
            raise UserFileError(
                f"{where}: {kind} {name!r} has a class on line {begun[kind, name]}; delete one of the two"
            )
        begun[kind, name] = line
        ids.setdefault(kind, {})[name] = task_class
    for task_class, line in named.items():
        if task_class not in alternatives:
            raise UserFileError(
                f"{path} line {line}: class {task_class!r} has no model; add a line {task_class},{ALTERNATIVE},MODEL"
            )
    return TaskClasses(alternatives, ids)


def class_of(classes: TaskClasses) -> pl.Expr:
    """The class of a row of core.usage; NULL where no id of it is mapped."""
    found = [
        pl.col(column).cast(pl.String).replace_strict(classes.ids[kind], default=None, return_dtype=pl.String)
        for kind, column in KINDS.items()
        if kind in classes.ids
    ]
    return pl.coalesce(found) if found else pl.lit(None, pl.String)


def _check(where: str, cells: Mapping[str, str]) -> None:
    kinds = (ALTERNATIVE, *KINDS)
    if cells["kind"] not in kinds:
        raise UserFileError(f"{where}: kind {cells['kind']!r} is unknown; write one of {', '.join(kinds)}")
    for name in ("task_class", "id"):
        if not cells[name]:
            raise UserFileError(f"{where}: {name} is empty; write it or delete the line")
        if len(cells[name]) > MAX_NAME or not cells[name].isprintable():
            raise UserFileError(f"{where}: {name} must be one line of at most {MAX_NAME} characters")
    if cells["kind"] != ALTERNATIVE and any(cells.get(name) for name in _WHERE):
        raise UserFileError(f"{where}: {', '.join(_WHERE)} are for lines of kind {ALTERNATIVE}; leave them empty")


def _alternative(where: str, cells: Mapping[str, str]) -> Alternative:
    provider, channel = provider_named(cells["provider"]) if cells.get("provider") else (None, None)
    bought = cells.get("channel") or channel or "api"
    tier = cells.get("service_tier") or None
    if bought not in CHANNELS:
        raise UserFileError(f"{where}: channel {bought!r} is unknown; write one of {', '.join(CHANNELS)}")
    if tier and tier not in SERVICE_TIERS:
        raise UserFileError(f"{where}: service_tier {tier!r} is unknown; write one of {', '.join(SERVICE_TIERS)}")
    return Alternative(cells["id"], provider or UNKNOWN, bought, tier)
