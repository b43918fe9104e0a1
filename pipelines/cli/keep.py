"""`costs rebuild`, `costs backup` and `costs restore`: what becomes of a warehouse when something is lost."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.terminal import BAD_INPUT, console, now, say_error

if TYPE_CHECKING:
    from pipelines.snapshots.load_body import Promotion
    from pipelines.warehouse.rebuild import Rebuilt

NEEDS_A_LOOK = 1
STEP_FAILED = 3


def rebuild(context: typer.Context) -> None:
    """Make a lost or damaged database anew from records/, archive/, ledger/ and the published file.

    Nothing is asked of any source and nothing is deleted: the old file is kept beside the new one. Every body is held
    against its hash.
    Exit code 0: everything came back; 1: what is named did not; 3: a step failed.
    """
    from pipelines.costs.derive_tables import derive_tables
    from pipelines.snapshots.prepare_run import prepare
    from pipelines.snapshots.reload_bodies import reload_bodies
    from pipelines.snapshots.seed_history import seed_gpu_rate_history, seed_price_history
    from pipelines.sources.fetch_catalog import damaged_bodies, read_fetches
    from pipelines.warehouse.database import Warehouse
    from pipelines.warehouse.rebuild import rebuild_database

    folder: Path = context.obj
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: there is no such folder")
    warehouse = Warehouse(folder)
    with _failing(), warehouse.only_run():
        catalog = read_fetches(folder)
        rebuilt = rebuild_database(warehouse, catalog.rows, catalog.damaged)
        prepare(warehouse, now(), os.environ)
        rebuilt.losses += [body.told() for body in damaged_bodies(folder, read_fetches(folder).rows)]
        if "live" in catalog.rows["origin"]:  # recorded pages replay a past of their own
            seed_price_history(warehouse)
            seed_gpu_rate_history(warehouse)
        loaded = list(reload_bodies(warehouse))
        day_count = derive_tables(warehouse, now().date())
        warehouse.publish(loses="; ".join(rebuilt.losses) or None)
    _print(rebuilt, loaded, day_count)
    if rebuilt.losses:
        raise typer.Exit(NEEDS_A_LOOK)


def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Where to write it, such as costs-2026-07-29.tar.zst.")],
) -> None:
    """Write the whole warehouse into one file; a run may go on meanwhile.

    Without the inbox, which holds your own logs, and without what stands in the environment, so no key of a provider is
    in it; the key of the warehouse's own pseudonyms is. Exit code 0: written and read again; 1: written, but what is
    named was damaged before; 3: not written.
    """
    from pipelines.sources.fetch_catalog import damaged_bodies, read_fetches
    from pipelines.warehouse.backup import back_up
    from pipelines.warehouse.database import Warehouse

    with _failing():
        catalog = read_fetches(context.obj)
        bodies = damaged_bodies(context.obj, catalog.rows)
        done = back_up(Warehouse(context.obj), file, [body.path for body in bodies])
    console().print(f"{file}: {done.file_count} files, {done.size_bytes} bytes", highlight=False, markup=False)
    damaged = [*done.damaged, *(body.told() for body in bodies)]
    _end_by([f"not in it: {damage}" for damage in damaged] + _torn(context.obj))


def restore(
    context: typer.Context,
    source: Annotated[
        str,
        typer.Argument(metavar="FILE|URL", help="A file that `costs backup` wrote, or a store: s3://bucket/prefix."),
    ],
    force: Annotated[bool, typer.Option("--force", help="Move aside what is in the folder now.")] = False,
) -> None:
    """Put a backup into the warehouse folder, which has to be empty. All of it is verified before anything is in place.

    From an object store come catalogues, records and what is published; `costs rebuild` makes the database of them, and
    ledger files and bodies follow when they are needed. From then on this folder alone may write to that store.

    Exit code 0: everything is there; 1: restored, but what is named was damaged before the backup; 3: not restored.

    Examples: costs --warehouse /data/costs restore costs-2026-07-29.tar.zst | costs restore s3://bucket/prefix
    """
    if "://" in source:
        _restore_from_store(context.obj, source)
        return
    file = Path(source)
    if not file.is_file():
        say_error(f"costs restore: {file} is no file: write one that `costs backup` wrote, or s3://bucket/prefix")
        raise typer.Exit(BAD_INPUT)
    from pipelines.sources.fetch_catalog import damaged_bodies, read_fetches
    from pipelines.warehouse.backup import restore as put_back
    from pipelines.warehouse.ledger_catalog import lost_days

    with _failing():
        count, aside = put_back(file, context.obj, force=force)
    console().print(f"{context.obj}: {count} files restored", highlight=False, markup=False, soft_wrap=True)
    if aside is not None:
        console().print(f"what was there is now {aside}", highlight=False, markup=False, soft_wrap=True)
    bodies = damaged_bodies(context.obj, read_fetches(context.obj).rows)
    missed = [*lost_days(context.obj), *(body.told() for body in bodies)]
    _end_by([f"not in the backup: {one}" for one in missed] + _torn(context.obj))


def _restore_from_store(folder: Path, url: str) -> None:
    from pipelines.warehouse.object_store import ObjectStore
    from pipelines.warehouse.stored_copy import fetch_warehouse

    with _failing():
        count = fetch_warehouse(ObjectStore(url), folder)
    said = f"{folder}: {count} files; `costs --warehouse {folder} rebuild` makes the database of them"
    console().print(said, highlight=False, markup=False, soft_wrap=True)


def _torn(folder: Path) -> list[str]:
    """What the catalogues of a folder say that cannot be believed."""
    from pipelines.sources.fetch_catalog import read_fetches
    from pipelines.warehouse.ledger_catalog import read_catalog

    damaged = {
        "archive/fetches.jsonl": read_fetches(folder).damaged,
        "ledger/files.jsonl": read_catalog(folder).damaged,
    }
    return [f"{name}: lines that cannot be believed: {lines}" for name, lines in damaged.items() if lines]


def _end_by(said: list[str]) -> None:
    """Print what needs a look, and say by the exit code that something does."""
    for line in said:
        console().print(line, highlight=False, markup=False, soft_wrap=True)
    if said:
        raise typer.Exit(NEEDS_A_LOOK)


@contextmanager
def _failing() -> Iterator[None]:
    """A step that cannot be done ends in one line."""
    from pipelines.warehouse.published import WarehouseError

    try:
        yield
    except WarehouseError as error:
        say_error(f"costs: {error}")
        raise typer.Exit(STEP_FAILED) from error


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
