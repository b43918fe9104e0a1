"""How a command gives the answer to a question: in words for people, whole as JSON, or its rows as CSV or Parquet."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from pipelines.cli.rows import check_form, show_rows
from pipelines.cli.terminal import console, say_error

if TYPE_CHECKING:
    from rich.console import Console


def give_answer(
    answer: dict[str, Any],
    rows: str,
    print_answer: "Callable[[Console, dict[str, Any]], None]",
    *,
    as_json: bool,
    as_csv: bool,
    parquet: Path | None,
    limit: int | None,
) -> None:
    """Print or write an answer as asked. `rows`: which list of it has the rows; an answer without it is one row itself.

    `limit` keeps the first of them. CSV and Parquet have these rows alone, and the notes go to standard error; what is
    said once for all rows is in the JSON and in the words.
    """
    check_form(as_json, as_csv, parquet)
    shown = answer if limit is None or rows not in answer else answer | {rows: answer[rows][:limit]}
    if as_json:
        typer.echo(json.dumps(shown, indent=2, default=str))
    elif as_csv or parquet is not None:
        import polars as pl

        frame = pl.DataFrame(shown.get(rows, [shown]), infer_schema_length=None, strict=False)
        show_rows(frame, as_csv=as_csv, parquet=parquet)
        for note in answer.get("notes", ()):
            say_error(f"note: {note}")
    else:
        print_answer(console(), shown)
