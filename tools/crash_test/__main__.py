"""Reads arguments, runs rounds, prints what was found. Exit code 1 where anything was lost or seen half."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from random import Random, SystemRandom
from tempfile import mkdtemp
from time import monotonic
from typing import Annotated

import typer

from pipelines.demo.page_server import page_server
from tools.crash_test.rounds import Bench, Findings, disturbed, undisturbed
from tools.crash_test.webhook import webhook

SHOWN = 5
"""Of the faults of a kind."""


def main(
    kills: Annotated[int, typer.Option(min=1, help="How many programs to kill.")] = 300,
    seed: Annotated[int | None, typer.Option(help="For the same choice of moments as before.")] = None,
    folder: Annotated[Path | None, typer.Option(help="Where to work; default: a new one, removed in the end.")] = None,
) -> None:
    """Kill the steps of a run at random moments, beside a reader, and count what is lost. All must be 0."""
    # A proxy of the environment has no business with what this process serves.
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"
    seed = SystemRandom().randrange(10**6) if seed is None else seed
    random, findings, begun = Random(seed), Findings(), monotonic()  # noqa: S311 - repeatable on purpose
    place = folder or Path(mkdtemp(prefix="crash-test-"))
    typer.echo(f"seed {seed}, in {place}")
    with page_server() as pages, webhook() as posts:
        bench = Bench(place, pages, posts)
        reference = undisturbed(bench)
        while findings.kills.total() < kills:
            before = {name: len(found) for name, found in findings.faults.items()}
            disturbed(bench, reference, random, kills - findings.kills.total(), findings)
            faults = sum(map(len, findings.faults.values()))
            typer.echo(f"{findings.kills.total()} kills, {faults} faults, {monotonic() - begun:.0f} s")
            _print_new(findings, before)
            if folder is None:
                shutil.rmtree(place / f"round-{findings.rounds}")
    _print(findings)
    if folder is None:
        shutil.rmtree(place)
    if any(findings.faults.values()):
        raise typer.Exit(1)


def _print_new(findings: Findings, before: Mapping[str, int]) -> None:
    """The faults of a round, at once: a long test may be ended before its end."""
    for name, found in findings.faults.items():
        for line in found[before[name] :][:SHOWN]:
            typer.echo(f"  {name}: {line}")


def _print(findings: Findings) -> None:
    by_operation = ", ".join(f"{name} {count}" for name, count in sorted(findings.kills.items()))
    typer.echo(f"kills: {findings.kills.total()} in {findings.rounds} rounds: {by_operation}")
    typer.echo(f"opens of the published file: {findings.opens}")
    typer.echo(
        f"messages sent again with their id, as a kill came before they were noted: {findings.messages_repeated}"
    )
    for name, found in findings.faults.items():
        typer.echo(f"{name}: {len(found)}")
        for line in found[:SHOWN]:
            typer.echo(f"  {line}")


if __name__ == "__main__":
    typer.run(main)
