"""`costs run` and `costs demo`: every table built, of the real sources or of recorded pages."""

from pathlib import Path

import typer

from pipelines.cli.terminal import console, progress

DEFAULT_WAREHOUSE = Path(__file__).resolve().parents[2] / "warehouse"
SOME_SOURCES_FAILED = 3


def run(context: typer.Context) -> None:
    """Read the real sources and the inbox once, build every table, send alerts.

    Exit code 0: all went well; 3: some sources failed and the rest was built; 1: tables could not be built.
    """
    from pipelines.cli.views.runs import print_run
    from pipelines.defs.resources import Settings
    from pipelines.defs.run_jobs import PHASES, open_instance, run_once
    from pipelines.warehouse.published import PublishedWarehouse

    folder: Path = context.obj
    with progress(len(PHASES)) as advance, open_instance(folder) as instance:
        phases = run_once(Settings(warehouse_folder=str(folder)), instance, advance)
    is_built = print_run(console(), PublishedWarehouse(folder), phases)
    if not is_built:
        raise typer.Exit(1)
    if not all(phase.is_success for phase in phases):
        raise typer.Exit(SOME_SOURCES_FAILED)


def demo(context: typer.Context) -> None:
    """Replay recorded pages and sample usage into warehouse/demo; a second run changes nothing."""
    from pipelines.cli.views.demo import print_demo
    from pipelines.cli.views.runs import print_failures
    from pipelines.demo.replay import PHASE_COUNT, replay
    from pipelines.warehouse.database import Warehouse

    warehouse = Warehouse(context.obj if context.meta["is_chosen"] else DEFAULT_WAREHOUSE / "demo")
    with progress(PHASE_COUNT) as advance:
        replayed = replay(warehouse, advance)
    if not replayed.is_success:
        print_failures(console(), replayed.last_run)
        raise typer.Exit(1)
    print_demo(console(), warehouse, is_unchanged=replayed.is_unchanged)
