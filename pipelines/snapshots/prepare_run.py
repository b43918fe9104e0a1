"""What happens before a run: strays of killed runs go, the catalog of sources and the user's contract are noted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.schema.raw import Source
from pipelines.snapshots.contract_names import unknown_names
from pipelines.snapshots.doubted_rates import doubted_rates
from pipelines.snapshots.enter_contract import enter_contract
from pipelines.snapshots.user_inputs import Problem, check_rates, check_user_inputs
from pipelines.sources import archive
from pipelines.sources.catalog import SOURCES, ranks
from pipelines.sources.fetch_catalog import complete_fetches
from pipelines.warehouse import ledger
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.ledger_catalog import complete_catalog
from pipelines.warehouse.permissions import close_to_others
from pipelines.warehouse.rows import append, read_table

KEEP_OLD_LEDGER_FILES = timedelta(days=2)
"""A reader may have the version open that names them."""
KEEP_UNFINISHED_BODIES = timedelta(hours=1)
"""Another run may be writing them."""


@dataclass(frozen=True)
class Prepared:
    """What a run starts from."""

    source_count: int
    problems: list[Problem]
    """What the user has written by hand that has a mistake; its last good state is in force."""


def prepare(warehouse: Warehouse, now: datetime, environ: Mapping[str, str] | None = None) -> Prepared:
    """Make a warehouse ready for a run, and private; harmless at any time. `environ`: the user's keys and settings."""
    warehouse.folder.mkdir(parents=True, exist_ok=True)
    warehouse.sweep()
    archive.sweep(warehouse.folder, now - KEEP_UNFINISHED_BODIES)
    order = ranks()
    rows = [
        {
            "source": s.key,
            "kind": s.kind,
            "standing": s.standing,
            "rank": order[s.key],
            "url": s.urls[0],
            "is_proven": s.is_proven,
            "is_asked": s.is_asked(environ or {}),
        }
        for s in SOURCES
    ]
    with warehouse.write() as connection:
        connection.execute("DELETE FROM raw.source")
        append(connection, "raw.source", pl.DataFrame(rows, schema=polars_schema(Source)))
        # Warehouses from before there were catalogues begin them here, before anything is swept.
        complete_fetches(warehouse.folder, read_table(connection, "raw.fetch"))
        known = read_table(connection, "core.ledger_file")
        complete_catalog(warehouse.folder, known)
        ledger.sweep(warehouse.folder, known, now - KEEP_OLD_LEDGER_FILES)
        enter_contract(connection, warehouse.folder, now)
        doubted = [
            *unknown_names(connection, warehouse.folder, now.date()),
            *doubted_rates(connection, warehouse.folder),
        ]
    close_to_others(warehouse.folder)
    problems = [*check_user_inputs(warehouse.folder, environ or {}), *check_rates(warehouse.folder, now.date())]
    return Prepared(len(rows), [*problems, *doubted])
