"""`costs data-docs` and `costs dictionary`: documents that are written from checks and declarations."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.terminal import console, now, say_error

DICTIONARY = Path(__file__).resolve().parents[2] / "docs" / "data_dictionary.md"


def data_docs(context: typer.Context) -> None:
    """Write Great Expectations' Data Docs on the newest page of each source."""
    from pipelines.snapshots.data_docs import write_docs
    from pipelines.warehouse.database import Warehouse

    console().print(f"Data Docs: {write_docs(Warehouse(context.obj), now())}")


def dictionary(
    check: Annotated[
        bool, typer.Option("--check", help="Only say whether docs/data_dictionary.md is up to date.")
    ] = False,
) -> None:
    """Write docs/data_dictionary.md from the table declarations."""
    from pipelines.schema.dictionary import render

    if not check:
        DICTIONARY.write_text(render())
    elif DICTIONARY.read_text() != render():
        say_error(f"{DICTIONARY.name} is out of date: run `costs dictionary`")
        raise typer.Exit(1)
