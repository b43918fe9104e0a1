"""`costs rebuild`, `costs backup` and `costs restore`: what becomes of a warehouse when something is lost."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from pipelines.cli.terminal import console, now

if TYPE_CHECKING:
    from pipelines.snapshots.load_body import Promotion
    from pipelines.warehouse.rebuild import Rebuilt

NEEDS_A_LOOK = 1
STEP_FAILED = 3


def rebuild(context: typer.Context) -> None:
    """Make a lost or damaged database anew from records/, archive/, ledger/ and the published file.

    Nothing is asked of any source and nothing is deleted: the old file is kept beside the new one.
    Exit code 0: everything came back; 1: what is named did not; 3: a step failed.
    """
    from pipelines.costs.derive_tables import derive_tables
    from pipelines.snapshots.prepare_run import prepare
    from pipelines.snapshots.reload_bodies import reload_bodies
    from pipelines.sources.fetch_catalog import read_fetches
    from pipelines.warehouse.database import Warehouse
    from pipelines.warehouse.published import WarehouseError
    from pipelines.warehouse.rebuild import rebuild_database

    folder: Path = context.obj
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: there is no such folder")
    warehouse = Warehouse(folder)
    try:
        with warehouse.only_run():
            catalog = read_fetches(folder)
            rebuilt = rebuild_database(warehouse, catalog.rows, catalog.damaged)
            prepare(warehouse, now(), os.environ)
            loaded = list(reload_bodies(warehouse))
            day_count = derive_tables(warehouse)
            warehouse.publish(loses="; ".join(rebuilt.losses) or None)
    except WarehouseError as error:
        from pipelines.cli.terminal import say_error

        say_error(f"costs: {error}")
        raise typer.Exit(STEP_FAILED) from error
    _print(rebuilt, loaded, day_count)
    if rebuilt.losses:
        raise typer.Exit(NEEDS_A_LOOK)


def _print(rebuilt: "Rebuilt", loaded: "list[Promotion]", day_count: int) -> None:
    out = console()
    for origin in dict.fromkeys(rebuilt.origins.values()):
        tables = sum(one == origin for one in rebuilt.origins.values())
        out.print(f"{tables} tables from {origin}", highlight=False, markup=False)
    refused = sum(one.outcome == "refused" for one in loaded)
    out.print(f"{len(loaded)} pages loaded that came later, {refused} refused", highlight=False)
    out.print(f"{day_count} days priced and reported; published", highlight=False)
    if rebuilt.aside is not None:
        out.print(f"the old file is kept as {rebuilt.aside}", highlight=False, markup=False, soft_wrap=True)
    for loss in rebuilt.losses:
        out.print(f"not back: {loss}", highlight=False, markup=False, soft_wrap=True)
