"""What a run did and what failed in it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from pipelines.cli.views.tables import cell, print_frame
from pipelines.defs.run_jobs import Phase
from pipelines.warehouse.published import REPORT_FILE, PublishedWarehouse

if TYPE_CHECKING:
    import polars as pl

_HEALTH = """
SELECT source, status, last_success_at, row_count, reject_count, open_hold_count, reason
FROM source_health QUALIFY as_of = max(as_of) OVER () ORDER BY source
"""

_NOT_ASKED = {"never": "{} sources were never read (`costs run` asks them)", "no_key": "{} wait for a key"}


def print_failures(console: Console, phases: Sequence[Phase]) -> None:
    """What failed in a run, step by step, with its reason."""
    for phase in phases:
        for step, reason in phase.failures.items():
            console.print(f"FAILED {cell(step)}: {escape(reason)}", highlight=False, soft_wrap=True)


def _print_health(console: Console, health: "pl.DataFrame") -> None:
    """The sources that were read or failed, each on a line; how many were never asked."""
    asked = health.filter(~health["status"].is_in(_NOT_ASKED))
    if asked.height:
        title = f"{asked.height} of {health.height} sources"
        print_frame(console, asked, title, main=("source", "status", "reason"))
    counts = dict(health.group_by("status").len().iter_rows())
    said = [words.format(counts[status]) for status, words in _NOT_ASKED.items() if counts.get(status)]
    if said:
        console.print(f"{', '.join(said)}; `costs sources list` names them", highlight=False, soft_wrap=True)


def print_run(console: Console, warehouse: PublishedWarehouse, phases: Sequence[Phase]) -> None:
    """What a run did, in plain words: what failed, what needs a look, how the sources stand, what is published."""
    print_failures(console, phases)
    for text in (text for phase in phases for text in phase.needs_a_look):
        console.print(f"NEEDS A LOOK {escape(text)}", highlight=False, soft_wrap=True)
    if not all(phase.is_success for phase in phases):
        console.print("What is named above keeps its last good version in force; everything else was built.")
    if phases[-1].is_success:
        with warehouse.read() as connection:
            _print_health(console, connection.sql(_HEALTH).pl())
        console.print(f"Published: {warehouse.published_file}", highlight=False)
        console.print(f"Report: {warehouse.folder / REPORT_FILE}", highlight=False)
