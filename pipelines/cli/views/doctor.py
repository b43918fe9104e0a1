"""What the doctor has found, a line each, and what to do below it."""

from itertools import groupby

import polars as pl
from rich.console import Console

from pipelines.cli.views.tables import cell

MANY = 20
"""Findings that are ok in one area: beyond that they are counted."""


def print_findings(console: Console, findings: pl.DataFrame, bad_count: int, count: int) -> None:
    """Findings (area, name, found, remedy, is_ok) by area, then how many need a look, of how many in all."""
    for area, group in groupby(findings.to_dicts(), key=lambda finding: finding["area"]):
        of_area = list(group)
        fine = sum(finding["is_ok"] for finding in of_area)
        if fine > MANY:
            _line(console, "ok", area, f"{fine} of {len(of_area)}", "as they should be; --json lists them")
        for finding in of_area:
            if finding["is_ok"] and fine > MANY:
                continue
            _line(console, "ok" if finding["is_ok"] else "LOOK", area, finding["name"], finding["found"])
            if finding["remedy"] is not None:
                console.print(f"      -> {cell(finding['remedy'])}", highlight=False, soft_wrap=True)
    console.print("all is well" if not bad_count else f"{bad_count} of {count} need a look", highlight=False)


def _line(console: Console, state: str, area: str, name: str, found: str) -> None:
    said = f"{state:<5} {area:<10} {cell(name)}: {cell(found)}"
    console.print(said, highlight=False, soft_wrap=True)
