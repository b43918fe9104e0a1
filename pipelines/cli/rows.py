"""How commands give rows: a table for people, or JSON, CSV or Parquet for programs. The options, and what they do."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.terminal import console

if TYPE_CHECKING:
    import polars as pl

AsJson = Annotated[bool, typer.Option("--json", help="A JSON array, decimals as text with all their digits.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="CSV with a header.")]
AsParquet = Annotated[
    Path | None, typer.Option("--parquet", metavar="FILE", help="Write a Parquet file in place of printing.")
]
Limit = Annotated[int | None, typer.Option(min=0, metavar="N", help="Rows at most. Default: all.")]


def show_rows(
    frame: "pl.DataFrame",
    *,
    as_json: bool = False,
    as_csv: bool = False,
    parquet: Path | None = None,
    limit: int | None = None,
    is_money: bool = False,
) -> None:
    """Print or write the rows as asked. `is_money`: a terminal shows cents, everything else all digits.

    Raises typer.BadParameter where more than one way is asked for.
    """
    if as_json + as_csv + (parquet is not None) > 1:
        raise typer.BadParameter("one of --json, --csv and --parquet at a time")
    shown = frame if limit is None else frame.head(limit)
    if parquet is not None:
        shown.write_parquet(parquet)
    elif as_json:
        typer.echo(shown.write_json())
    elif as_csv:
        typer.echo(_flat(shown).write_csv(), nl=False)
    else:
        from pipelines.cli.views.tables import print_rows

        print_rows(console(), _in_cents(shown) if is_money and console().is_terminal else shown, frame.height)


def _in_cents(frame: "pl.DataFrame") -> "pl.DataFrame":
    """Dollars as a person reads them, rounded half away from zero."""
    import polars as pl

    dollars = [name for name, dtype in frame.schema.items() if dtype.is_decimal()]
    return frame.with_columns(pl.col(dollars).round(2, mode="half_away_from_zero").cast(pl.Decimal(38, 2)))


def _flat(frame: "pl.DataFrame") -> "pl.DataFrame":
    """Nested values as JSON text: CSV has none."""
    import json

    import polars as pl

    nested = [name for name, dtype in frame.schema.items() if dtype.is_nested()]
    return frame.with_columns(
        pl.Series(name, [None if one is None else json.dumps(one, default=str) for one in frame[name].to_list()])
        for name in nested
    )
