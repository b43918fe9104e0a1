"""Usage files: what became of each, and whose can be read."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from pipelines.cli.views.tables import MAX_LINE, cell
from pipelines.usage.batches import UnknownCount
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
        elif outcome.outcome in ("refused", "empty") or len(outcomes) <= MANY_FILES:
            line = f"{name}: {outcome.outcome}: {cell(outcome.reason, MAX_LINE)}"
            console.print(line, highlight=False, soft_wrap=True)
    _print_unknown(console, imported)


def _print_unknown(console: Console, imported: Sequence[FileOutcome]) -> None:
    """Counts that no meter knows, over all files."""
    found: dict[str, UnknownCount] = {}
    for outcome in imported:
        for path, count in outcome.unknown.items():
            found[path] = found[path] + count if path in found else count
    for path, count in sorted(found.items()):
        told = f"not counted: {cell(path, MAX_LINE)}: {count.total:,.12g} in {count.row_count} rows"
        console.print(
            f"{told}; their cost is a lower bound (see core.usage_unknown_count)", highlight=False, soft_wrap=True
        )


def _sums(outcomes: Sequence[FileOutcome]) -> tuple[int, int, int, int, int]:
    return (
        sum(outcome.row_count for outcome in outcomes),
        sum(outcome.new_count for outcome in outcomes),
        sum(outcome.duplicate_count for outcome in outcomes),
        sum(outcome.reject_count for outcome in outcomes),
        sum(outcome.ignored_count for outcome in outcomes),
    )


def _print_line(console: Console, name: str, rows: int, new: int, known: int, refused: int, ignored: int) -> None:
    told = f"{name}: {rows} rows, {new} new, {known} known already, {refused} refused (see core.usage_reject)"
    told += f", {ignored} lines ignored" if ignored else ""
    console.print(told, highlight=False, soft_wrap=True)


def print_formats(console: Console, importers: Sequence[Importer]) -> None:
    """Name of each format and what it is."""
    table = Table("format", "what it is")
    for importer in sorted(importers, key=lambda one: one.name):
        table.add_row(importer.name, importer.description)
    console.print(table)
