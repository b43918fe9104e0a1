"""`costs doctor`: is everything in order, and what to do where it is not."""

import json
import os
from dataclasses import asdict
from typing import Annotated

import typer

from pipelines.cli.terminal import console, now

NEEDS_A_LOOK = 1


def doctor(
    context: typer.Context,
    as_json: Annotated[
        bool, typer.Option("--json", help="A JSON array, one object per finding, also of those that are ok.")
    ] = False,
) -> None:
    """Look at versions, settings, sources, disk, locks, ledger, archive, published file and delivery. Changes nothing.

    Exit code 0: all is well; 1: something needs a look, and each such line says what to do.
    """
    from pipelines.cli.views.doctor import print_findings
    from pipelines.decisions.user_facts import user_facts
    from pipelines.doctor.examine import examine
    from pipelines.snapshots.schedule_settings import schedule_problems
    from pipelines.warehouse.database import Warehouse

    problems = [*user_facts(context.obj).problems, *schedule_problems(os.environ)]
    findings = list(examine(Warehouse(context.obj), now(), os.environ, problems))
    if as_json:
        typer.echo(json.dumps([{**asdict(finding), "is_ok": finding.is_ok} for finding in findings], indent=2))
    else:
        print_findings(console(), findings)
    if not all(finding.is_ok for finding in findings):
        raise typer.Exit(NEEDS_A_LOOK)
