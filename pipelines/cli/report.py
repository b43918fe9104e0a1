"""`costs report`: the page that people look at. Reads arguments; `report.write_report` writes it."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.decision_options import DAY, refuse
from pipelines.cli.terminal import console, now


def report(
    context: typer.Context,
    first: Annotated[
        datetime | None,
        typer.Option("--from", **DAY, help="First UTC day. Default: of its month."),
    ] = None,
    last: Annotated[
        datetime | None,
        typer.Option("--to", **DAY, help="Last UTC day. Default: newest with spend."),
    ] = None,
    owner: Annotated[
        str, typer.Option(metavar="NAME", help="Spend of one account, team, project, key, user or feature.")
    ] = "",
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", dir_okay=False, help="Default: report.html in the warehouse folder.")
    ] = None,
) -> None:
    """Write one HTML file that answers what people ask, and needs no network: open it, print it, send it on.

    Every figure leads to its statement and its stored page. Exit code 3: there is no published file yet.

    Examples: costs report | costs report --from 2026-10-01 --to 2026-10-31 --output october.html
    """
    from pipelines.report.write_report import write_report
    from pipelines.warehouse.published import PublishedWarehouse

    days = (first and first.date(), last and last.date())
    try:
        file = write_report(PublishedWarehouse(context.obj), now().date(), *days, owner, output).file
    except ValueError as error:
        refuse(f"report: {error}")
    console().print(f"Report: {file}", markup=False, highlight=False, soft_wrap=True)
