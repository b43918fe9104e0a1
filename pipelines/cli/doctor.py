"""`costs doctor`: is everything in order, and what to do where it is not."""

import os
from dataclasses import asdict

import typer

from pipelines.cli.rows import AsCsv, AsJson, AsParquet, Limit, show_rows
from pipelines.cli.terminal import NEEDS_A_LOOK, now


def doctor(
    context: typer.Context,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    parquet: AsParquet = None,
    limit: Limit = None,
) -> None:
    """Look at versions, settings, sources, disk, locks, ledger, archive, published file and delivery. Changes nothing.

    Exit code 0: all is well; 1: something needs a look, and each such line says what to do.
    """
    import polars as pl

    from pipelines.cli.views.doctor import print_findings
    from pipelines.decisions.user_facts import user_facts
    from pipelines.doctor.examine import examine
    from pipelines.snapshots.schedule_settings import schedule_problems
    from pipelines.warehouse.database import Warehouse

    problems = [*user_facts(context.obj).problems, *schedule_problems(os.environ)]
    findings = list(examine(Warehouse(context.obj), now(), os.environ, problems))
    found = pl.DataFrame([{**asdict(finding), "is_ok": finding.is_ok} for finding in findings])
    bad_count = sum(not finding.is_ok for finding in findings)
    show_rows(
        found,
        as_json=as_json,
        as_csv=as_csv,
        parquet=parquet,
        limit=limit,
        view=lambda console, shown: print_findings(console, shown, bad_count, len(findings)),
    )
    if bad_count:
        raise typer.Exit(NEEDS_A_LOOK)
