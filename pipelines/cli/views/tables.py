"""Values and frames as tables, escaped. What a table is about is for the views beside it."""

import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

if TYPE_CHECKING:
    import polars as pl

MAX_ROWS = 50
MAX_CELL = 80
MAX_LINE = 1_000
"""Of a path or a reason on a line of its own, which terminals wrap and files keep whole."""


def cell(value: Any, limit: int = MAX_CELL) -> str:
    """One value as bounded, escaped, printable text; NULL as an empty cell."""
    if value is None:
        return ""
    # A sum of nothing has digits too: as text of its own it is 0E-12.
    said = f"{value:f}" if isinstance(value, Decimal) else str(value)
    text = "".join(character if character.isprintable() else " " for character in said)
    return escape(text if len(text) <= limit else text[: limit - 1] + "…")


def print_frame(console: Console, frame: "pl.DataFrame", title: str, limit: int = MAX_ROWS) -> None:
    """A frame as a table, long values cut; says how many rows are not shown."""
    console.print(_table(frame.head(limit), title, MAX_CELL))
    if frame.height > limit:
        console.print(f"... and {frame.height - limit} rows more")


def print_rows(console: Console, frame: "pl.DataFrame", row_count: int) -> None:
    """What a query found, nothing cut: a table where it fits, else a record of one line per value for each row.

    `row_count`: rows that there are, of which `frame` may hold the first.
    """
    title = f"{row_count} rows" if frame.height == row_count else f"{frame.height} of {row_count} rows"
    table = _table(frame, title, sys.maxsize)
    if not console.is_terminal:
        table.box, table.title = None, None
        console.print(table)
    elif _width(console, table) <= console.width:
        console.print(table)
    else:
        console.print(title)
        for number, row in enumerate(frame.iter_rows(named=True), 1):
            console.print(_record(number, row))


def print_table(console: Console, table: Table) -> None:
    """A table, its cells folded between words; on a terminal too narrow for its words, records."""
    wide = console.options.update(max_width=sys.maxsize)
    if not console.is_terminal or Measurement.get(console, wide, table).minimum <= console.width:
        console.print(table)
        return
    if table.title:
        console.print(table.title)
    names = [str(column.header) for column in table.columns]
    for number, cells in enumerate(zip(*(column.cells for column in table.columns), strict=True), 1):
        record = _empty_record(number)
        for name, shown in zip(names, cells, strict=True):
            if shown != "":
                record.add_row(name, shown)
        console.print(record)


def _width(console: Console, table: Table) -> int:
    """Columns that the table takes with no cell folded."""
    return Measurement.get(console, console.options.update(max_width=sys.maxsize), table).maximum


def _table(frame: "pl.DataFrame", title: str, cell_limit: int) -> Table:
    table = Table(title=escape(title), title_justify="left", header_style="bold")
    for name, dtype in frame.schema.items():
        table.add_column(escape(name), justify="right" if dtype.is_numeric() else "left", overflow="fold")
    for row in frame.iter_rows():
        table.add_row(*(cell(value, cell_limit) for value in row))
    return table


def _record(number: int, row: dict[str, Any]) -> Table:
    record = _empty_record(number)
    for name, value in row.items():
        record.add_row(escape(name), cell(value, sys.maxsize))
    return record


def _empty_record(number: int) -> Table:
    record = Table(title=f"row {number}", title_justify="left", box=None, show_header=False)
    record.add_column(style="bold", no_wrap=True)
    record.add_column(overflow="fold")
    return record
