"""How commands give rows: a table for people, or JSON, CSV or Parquet for programs. The options, and what they do."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.terminal import console

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import polars as pl
    from rich.console import Console

AsJson = Annotated[bool, typer.Option("--json", help="A JSON array, decimals as text with all their digits.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="CSV with a header.")]
AsParquet = Annotated[
    Path | None, typer.Option("--parquet", metavar="FILE", help="Write a Parquet file in place of printing.")
]
Limit = Annotated[int | None, typer.Option(min=0, metavar="N", help="Rows at most. Default: all.")]


def show_rows(  # noqa: PLR0913 - one per option of the commands, and how people see the rows
    frame: "pl.DataFrame",
    *,
    as_json: bool = False,
    as_csv: bool = False,
    parquet: Path | None = None,
    limit: int | None = None,
    is_money: bool = False,
    main: "Sequence[str] | None" = None,
    view: "Callable[[Console, pl.DataFrame], None] | None" = None,
) -> None:
    """Print or write the rows as asked.

    `is_money`: a terminal shows cents, everything else all digits; `main`: columns that a terminal has to show, where
    it is too narrow for all; `view`: what prints them for people in place of a plain table. Raises typer.BadParameter
    where it is asked for what cannot be.
    """
    check_form(as_json, as_csv, parquet)
    shown = frame if limit is None else frame.head(limit)
    if parquet is not None:
        shown.write_parquet(parquet)
    elif as_json:
        typer.echo(shown.write_json())
    elif as_csv:
        typer.echo(_flat(shown).write_csv(), nl=False)
    elif view is not None:
        view(console(), shown)
    else:
        from pipelines.cli.views.tables import print_rows

        if console().is_terminal:
            shown = _short_times(_in_cents(shown) if is_money else shown)
        print_rows(console(), shown, frame.height, main)


def check_form(as_json: bool, as_csv: bool, parquet: Path | None) -> None:
    """Raises typer.BadParameter where more than one form is asked for, or a file in a folder that is not there."""
    if as_json + as_csv + (parquet is not None) > 1:
        raise typer.BadParameter("one of --json, --csv and --parquet at a time")
    if parquet is not None and not parquet.parent.is_dir():
        raise typer.BadParameter(f"--parquet {parquet}: there is no folder {parquet.parent}; make it first")


def _in_cents(frame: "pl.DataFrame") -> "pl.DataFrame":
    """Dollars as a person reads them, rounded half away from zero."""
    import polars as pl

    dollars = [name for name, dtype in frame.schema.items() if dtype.is_decimal()]
    return frame.with_columns(pl.col(dollars).round(2, mode="half_away_from_zero").cast(pl.Decimal(38, 2)))


def _short_times(frame: "pl.DataFrame") -> "pl.DataFrame":
    """Moments as a person reads them: to the minute, where none of a column has seconds."""
    import polars as pl

    times = [name for name, dtype in frame.schema.items() if dtype == pl.Datetime]
    whole = [name for name in times if (frame[name].dt.truncate("1m") == frame[name]).all()]
    return frame.with_columns(pl.col(whole).dt.strftime("%Y-%m-%d %H:%M"))


def _flat(frame: "pl.DataFrame") -> "pl.DataFrame":
    """Nested values as JSON text: CSV has none."""
    import json

    import polars as pl

    nested = [name for name, dtype in frame.schema.items() if dtype.is_nested()]
    return frame.with_columns(
        pl.Series(name, [None if one is None else json.dumps(one, default=str) for one in frame[name].to_list()])
        for name in nested
    )
