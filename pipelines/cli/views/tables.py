"""Values and frames as tables, bounded and escaped. What a table is about is for the views beside it."""

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    import duckdb
    import polars as pl

MAX_ROWS = 50
MAX_CELL = 80
MAX_LINE = 1_000
"""Of a path or a reason on a line of its own, which terminals wrap and files keep whole."""


def cell(value: Any, limit: int = MAX_CELL) -> str:
    """One value as bounded, escaped, printable text; NULL as an empty cell."""
    if value is None:
        return ""
    text = "".join(character if character.isprintable() else " " for character in str(value))
    return escape(text if len(text) <= limit else text[: limit - 1] + "…")


def print_frame(console: Console, frame: "pl.DataFrame", title: str, limit: int = MAX_ROWS) -> None:
    """A frame as a table; says how many rows are not shown."""
    table = Table(title=escape(title), title_justify="left", header_style="bold")
    for name, dtype in frame.schema.items():
        table.add_column(escape(name), justify="right" if dtype.is_numeric() else "left", overflow="fold")
    for row in frame.head(limit).iter_rows():
        table.add_row(*(cell(value) for value in row))
    console.print(table)
    if frame.height > limit:
        console.print(f"... and {frame.height - limit} rows more")


def print_relation(console: Console, relation: "duckdb.DuckDBPyRelation | None") -> None:
    """The result of a query."""
    if relation is not None:
        frame = relation.pl()
        print_frame(console, frame, f"{frame.height} rows", limit=1_000)
