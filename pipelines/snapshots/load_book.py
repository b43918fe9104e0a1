"""Load every source of one book: read the archive again where a parser changed, then enter the newest body.

A source that fails is told and stops no other. How a body is entered is `load_body`'s work.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipelines.snapshots.load_body import Promotion, promote_latest
from pipelines.snapshots.reparse import Restatement, reparse
from pipelines.sources.catalog import Source
from pipelines.warehouse.database import Warehouse


@dataclass(frozen=True)
class Loaded:
    """What became of one source; `failure` says in one line why its rows of before stay in force."""

    source: Source
    promotion: Promotion | None = None
    restatement: Restatement | None = None
    failure: str | None = None


def load_book(warehouse: Warehouse, sources: Sequence[Source], at: datetime) -> Iterator[Loaded]:
    """Load what was fetched of some sources up to `at`, one after the other. A source never asked is left out."""
    attempts = _newest_attempts(warehouse, at)
    for source in sources:
        if source.key not in attempts:
            continue
        error = attempts[source.key]
        if error is not None:
            yield Loaded(source, failure=f"{source.key} could not be fetched: {error}")
        else:
            yield _loaded(warehouse, source, at)


def _loaded(warehouse: Warehouse, source: Source, at: datetime) -> Loaded:
    try:
        restatement = reparse(warehouse, source, at)
        promotion = promote_latest(warehouse, source, at)
    except Exception as error:  # noqa: BLE001 - a parser that breaks in an unknown way stops its own source only
        return Loaded(source, failure=f"{source.key} could not be read: {type(error).__name__}: {error}")
    is_refused = promotion.outcome == "refused"
    failure = f"{source.key} is refused: {promotion.reason}" if is_refused else None
    return Loaded(source, promotion, restatement, failure)


def _newest_attempts(warehouse: Warehouse, at: datetime) -> dict[str, str | None]:
    """Source -> the error of its newest attempt, None where that brought a body."""
    query = (
        "SELECT source, error FROM raw.fetch WHERE fetched_at <= $at "
        "QUALIFY row_number() OVER (PARTITION BY source ORDER BY fetched_at DESC) = 1"
    )
    with warehouse.write() as connection:
        return dict(connection.execute(query, {"at": at}).fetchall())
