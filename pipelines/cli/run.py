"""`costs run`, `costs build`, `costs demo`: every table, of real sources, of what is there, or of a recording."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.terminal import BAD_INPUT, NEEDS_A_LOOK, SOMETHING_FAILED, console, progress, say_error

if TYPE_CHECKING:
    from pipelines.defs.run_jobs import Phase
    from pipelines.sources.source import Source

KINDS = ("llm_prices", "gpu_rates", "lifecycle", "feeds", "exchange_rates")
DEFAULT_WAREHOUSE = Path(__file__).resolve().parents[2] / "warehouse"


def run(
    context: typer.Context,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="SOURCE", help="Ask this source alone; several times.")
    ] = None,
    kind: Annotated[str | None, typer.Option(metavar="KIND", help=f"Sources of one kind: {', '.join(KINDS)}.")] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Ask no source: the inbox, then what follows.")] = False,
) -> None:
    """Read the real sources and the inbox once, build every table, send alerts, publish.

    Exit code 0: done; 1: done, but something needs a look (it is named); 2: wrong use; 3: a source or a step failed,
    and the rest was built.

    Examples: costs run | costs run --only openai_pricing --only litellm | costs run --kind gpu_rates
    """
    sources = _asked_sources(only or [], kind, offline=offline)
    from pipelines.defs.instance import open_instance
    from pipelines.defs.resources import settings_of
    from pipelines.defs.run_jobs import PHASES, run_once

    folder: Path = context.obj
    with progress(len(PHASES)) as advance, open_instance(folder) as instance:
        phases = run_once(settings_of(folder), instance, advance, sources=sources)
    end_by(tell(folder, phases))


def _asked_sources(only: list[str], kind: str | None, *, offline: bool) -> "list[Source]":
    """The sources that a run is to ask. Ends the command where the options name none, or exclude each other."""
    from pipelines.cli.sources import source_of
    from pipelines.sources.catalog import SOURCES

    if (bool(only) + (kind is not None) + offline) > 1:
        say_error("costs run: --only, --kind and --offline: write one of them")
        raise typer.Exit(BAD_INPUT)
    if offline:
        return []
    if kind is not None and kind not in KINDS:
        say_error(f"costs run: --kind {kind}: write one of {', '.join(KINDS)}")
        raise typer.Exit(BAD_INPUT)
    return [source_of(key) for key in dict.fromkeys(only)] or [one for one in SOURCES if kind in {None, one.kind}]


def build(context: typer.Context) -> None:
    """Price, decide, alert and publish from what is in the warehouse. No source is asked, so it works offline.

    The histories that ship are entered where they are missing. Exit codes are those of `costs run`.
    """
    end_by(tell(context.obj, build_phases(context.obj)))


def build_phases(folder: Path) -> "list[Phase]":
    """Build a warehouse from what is in it, with a progress bar."""
    from pipelines.defs.instance import open_instance
    from pipelines.defs.resources import settings_of
    from pipelines.defs.run_jobs import BUILD_PHASES, build_once

    with progress(len(BUILD_PHASES)) as advance, open_instance(folder) as instance:
        return build_once(settings_of(folder), instance, advance)


def tell(folder: Path, phases: "list[Phase]") -> int:
    """Print what phases did. Returns the exit code that says so."""
    from pipelines.cli.views.runs import print_run
    from pipelines.warehouse.published import PublishedWarehouse

    print_run(console(), PublishedWarehouse(folder), phases)
    if not all(phase.is_success for phase in phases):
        return SOMETHING_FAILED
    return NEEDS_A_LOOK if any(phase.needs_a_look for phase in phases) else 0


def end_by(code: int) -> None:
    """End the command by an exit code."""
    if code:
        raise typer.Exit(code)


def demo(context: typer.Context) -> None:
    """Replay recorded pages and sample usage into warehouse/demo; a second run adds no price, usage or alert."""
    from pipelines.cli.views.demo import print_demo
    from pipelines.cli.views.runs import print_failures
    from pipelines.demo.replay import PHASE_COUNT, replay
    from pipelines.warehouse.database import Warehouse

    warehouse = Warehouse(context.obj if context.meta["is_chosen"] else DEFAULT_WAREHOUSE / "demo")
    with progress(PHASE_COUNT) as advance:
        replayed = replay(warehouse, advance)
    if not replayed.is_success:
        print_failures(console(), replayed.last_run)
        raise typer.Exit(SOMETHING_FAILED)
    print_demo(console(), warehouse, is_unchanged=replayed.is_unchanged)
