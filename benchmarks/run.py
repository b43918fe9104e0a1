"""`python -m benchmarks.run [NAME...]`: run the benchmarks and print one JSON line for each comparison or proof."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from benchmarks.broken_rows import broken_rows
from benchmarks.engines import engines, engines_100m
from benchmarks.fetching import fetching
from benchmarks.growth import growth
from benchmarks.importing import import_claude_code
from benchmarks.json_documents import json_documents
from benchmarks.peers import rows_per_cpu_second
from benchmarks.pricing import pricing_20m, pricing_100m
from benchmarks.result import Proof, Result
from benchmarks.settings import Settings
from benchmarks.start_up import start_up

Benchmark = Callable[[Settings, Callable[[str], None]], Iterator[Result | Proof]]
BENCHMARKS: dict[str, Benchmark] = {
    "pricing": pricing_20m,
    "engines": engines,
    "peers": rows_per_cpu_second,
    "importing": import_claude_code,
    "json-documents": json_documents,
    "growth": growth,
    "fetching": fetching,
    "start-up": start_up,
}
LARGE: dict[str, Benchmark] = {"pricing-large": pricing_100m, "engines-large": engines_100m, "broken-rows": broken_rows}


def main(
    names: Annotated[
        list[str] | None, typer.Argument(help=f"Any of: {', '.join(BENCHMARKS | LARGE)}. Default: all but the large.")
    ] = None,
    large: Annotated[
        bool, typer.Option("--large", help="Also 100 million rows priced, and 10 million imported; takes minutes.")
    ] = False,
    runs: Annotated[int, typer.Option(min=1, help="Runs of each side; the median counts.")] = 3,
    rows: Annotated[int | None, typer.Option(min=1_200, help="Rows of broken-rows; 10 million by default.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder for the generated data.")] = None,
) -> None:
    """Measure, and print one JSON line for each comparison or proof. Exit code 0 also where a target is missed."""
    known = BENCHMARKS | LARGE
    chosen = names or list(known if large else BENCHMARKS)
    unknown = sorted(set(chosen) - set(known))
    if unknown:
        raise typer.BadParameter(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(known)}")
    settings = Settings(runs=runs, rows=rows) if data is None else Settings(data, runs, rows)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        for name in chosen:
            task = progress.add_task(name)

            def advance(doing: str, *, task: TaskID = task, name: str = name) -> None:
                progress.update(task, description=escape(f"{name}: {doing}"))

            for result in known[name](settings, advance):
                sys.stdout.write(result.line() + "\n")
                sys.stdout.flush()
            progress.remove_task(task)


if __name__ == "__main__":
    typer.run(main)
