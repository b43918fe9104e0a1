"""Usage files: what became of each, and whose can be read."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from pipelines.cli.views.tables import MAX_LINE, cell
from pipelines.costs.left_out import LeftOut
from pipelines.usage.import_files import FileOutcome
from pipelines.usage.importer import Importer

MANY_FILES = 20
"""From here on files are told in sums."""


def print_imports(console: Console, outcomes: Sequence[FileOutcome]) -> None:
    """What became of usage files: of many files only their sums, and each one that was refused."""
    imported = [outcome for outcome in outcomes if outcome.outcome == "imported"]
    if len(imported) > MANY_FILES:
        _print_line(console, f"{len(imported)} files", *_sums(imported))
    for outcome in outcomes:
        name = cell(outcome.file, MAX_LINE)
        if outcome.outcome == "imported":
            if len(imported) <= MANY_FILES:
                _print_line(console, name, *_sums([outcome]))
        elif outcome.outcome == "refused" or len(outcomes) <= MANY_FILES:
            line = f"{name}: {outcome.outcome}: {cell(outcome.reason, MAX_LINE)}"
            console.print(line, highlight=False, soft_wrap=True)
    _print_dated(console, imported)


def _print_dated(console: Console, imported: Sequence[FileOutcome]) -> None:
    """Usage whose log states no time."""
    dated = [outcome for outcome in imported if outcome.dated_by_file_count]
    if len(dated) > MANY_FILES:
        rows = sum(outcome.dated_by_file_count for outcome in dated)
        console.print(f"{rows} rows of {len(dated)} files state no time: they have their file's", highlight=False)
        return
    for outcome in dated:
        told = f"{cell(outcome.file, MAX_LINE)}: {outcome.dated_by_file_count} rows state no time: they have the file's"
        console.print(told, highlight=False, soft_wrap=True)


def print_left_out(console: Console, left_out: Sequence[LeftOut]) -> None:
    """What of the days of an import is in no cost, because another report states it too."""
    for one in left_out:
        worth = "no known price" if one.usd is None else f"{one.usd:,.2f} USD"
        days = f"{one.first}" if one.first == one.last else f"{one.first} to {one.last}"
        console.print(
            f"left out of cost, {days}: {cell(one.report, MAX_LINE)} of account {cell(one.account_id, MAX_LINE)}, "
            f"{one.tokens:,} tokens, {worth}: another report states the same usage (see usage_overlap). "
            "If it is other usage, give it an account: inbox/ACCOUNT/ or --account",
            highlight=False,
            soft_wrap=True,
        )


def _sums(outcomes: Sequence[FileOutcome]) -> tuple[int, int, int, int]:
    return (
        sum(outcome.row_count for outcome in outcomes),
        sum(outcome.new_count for outcome in outcomes),
        sum(outcome.duplicate_count for outcome in outcomes),
        sum(outcome.reject_count for outcome in outcomes),
    )


def _print_line(console: Console, name: str, rows: int, new: int, known: int, refused: int) -> None:
    told = f"{name}: {rows} rows, {new} new, {known} known already, {refused} refused (see core.usage_reject)"
    console.print(told, highlight=False, soft_wrap=True)


def print_formats(console: Console, importers: Sequence[Importer]) -> None:
    """Name of each format and what it is."""
    table = Table("format", "what it is")
    for importer in sorted(importers, key=lambda one: one.name):
        table.add_row(importer.name, importer.description)
    console.print(table)
