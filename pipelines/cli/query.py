"""`costs sql`: the published file in the terminal."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.terminal import console


def sql(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="One SQL statement, or a file that ends in .sql.")],
) -> None:
    """Query the published file, read only.

    Examples: costs sql "FROM source_health" | costs sql sql/cookbook/trace_a_number.sql
    """
    from pipelines.cli.views.tables import print_relation
    from pipelines.warehouse.published import PublishedWarehouse

    text = Path(query).read_text() if query.endswith(".sql") else query
    with PublishedWarehouse(context.obj).read() as connection:
        print_relation(console(), connection.sql(text))
