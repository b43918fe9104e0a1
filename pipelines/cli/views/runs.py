"""What a run did and what failed in it."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from pipelines.cli.views.tables import cell, print_frame
from pipelines.defs.run_jobs import Phase
from pipelines.warehouse.published import REPORT_FILE, PublishedWarehouse

_HEALTH = """
SELECT source, status, last_success_at, row_count, reject_count, open_hold_count, reason
FROM source_health QUALIFY as_of = max(as_of) OVER () ORDER BY source
"""


def print_failures(console: Console, phases: Sequence[Phase]) -> None:
    """What failed in a run, step by step, with its reason."""
    for phase in phases:
        for step, reason in phase.failures.items():
            console.print(f"FAILED {cell(step)}: {escape(reason)}", highlight=False, soft_wrap=True)


def print_run(console: Console, warehouse: PublishedWarehouse, phases: Sequence[Phase]) -> None:
    """What a run did, in plain words: what failed, what needs a look, how the sources stand, what is published."""
    print_failures(console, phases)
    for text in (text for phase in phases for text in phase.needs_a_look):
        console.print(f"NEEDS A LOOK {escape(text)}", highlight=False, soft_wrap=True)
    if not all(phase.is_success for phase in phases):
        console.print("What is named above keeps its last good version in force; everything else was built.")
    if phases[-1].is_success:
        with warehouse.read() as connection:
            health = connection.sql(_HEALTH).pl()
            print_frame(console, health, f"{health.height} sources", health.height)
        console.print(f"Published: {warehouse.published_file}", highlight=False)
        console.print(f"Report: {warehouse.folder / REPORT_FILE}", highlight=False)
