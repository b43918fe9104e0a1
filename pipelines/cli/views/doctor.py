"""What the doctor has found, a line each, and what to do below it."""

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from rich.console import Console

from pipelines.cli.views.tables import cell

if TYPE_CHECKING:
    from pipelines.doctor.finding import Finding

MANY = 20
"""Findings that are ok in one area: beyond that they are counted."""


def print_findings(console: Console, findings: "Sequence[Finding]") -> None:
    """All findings by area, then how many need a look."""
    for area, group in groupby(findings, key=lambda finding: finding.area):
        of_area = list(group)
        fine = [finding for finding in of_area if finding.is_ok]
        if len(fine) > MANY:
            _line(console, "ok", area, f"{len(fine)} of {len(of_area)}", "as they should be; --json lists them")
        for finding in of_area:
            if finding.is_ok and len(fine) > MANY:
                continue
            _line(console, "ok" if finding.is_ok else "LOOK", area, finding.name, finding.found)
            if finding.remedy is not None:
                console.print(f"      -> {cell(finding.remedy)}", highlight=False, soft_wrap=True)
    bad = sum(not finding.is_ok for finding in findings)
    console.print("all is well" if not bad else f"{bad} of {len(findings)} need a look", highlight=False)


def _line(console: Console, state: str, area: str, name: str, found: str) -> None:
    said = f"{state:<5} {area:<10} {cell(name)}: {cell(found)}"
    console.print(said, highlight=False, soft_wrap=True)
