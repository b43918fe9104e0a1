"""The programs that are started in processes of their own: one is killed, the other reads all the time.

They are forked from a process that has imported this module: a program that is killed every second would never get
past its imports. Both talk over a pipe.
"""

import logging
import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import duckdb

from pipelines.schema.validation import CheckResult
from pipelines.snapshots import stage_body
from pipelines.warehouse.published import PublishedWarehouse
from tools.crash_test.operations import Step, operations, rebuild

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([__name__])

PAUSE_SECONDS = 0.05
"""Between two looks: the machine has other things to do as well."""
DONE = "done"

PAIRS = (
    ("SELECT count(*) FROM core.ledger_file", "SELECT count(*) FROM core.cost_fingerprint"),
    ("SELECT coalesce(sum(row_count), 0) FROM core.ledger_file", "SELECT count(*) FROM core.usage"),
    (
        "SELECT coalesce(sum(cost_usd), 0) FROM core.usage_cost",
        "SELECT coalesce(sum(cost_usd), 0) FROM main.cost_daily",
    ),
    ("SELECT max(fetched_at) FROM raw.fetch", "SELECT max(parsed_at) FROM raw.parse"),
)
"""Two figures each that are written in different transactions of a run, and agree in every state that is published."""
GROWING = ("SELECT count(*) FROM core.ledger_file", "SELECT count(*) FROM raw.fetch", "SELECT count(*) FROM main.alert")


@contextmanager
def program(work: Callable[..., None], *arguments: object) -> Iterator[tuple[BaseProcess, Connection]]:
    """A program and the pipe to it; whatever happens, it is gone at the end."""
    ours, theirs = FORKS.Pipe()
    process = FORKS.Process(target=work, args=(theirs, *arguments), daemon=True)
    process.start()
    theirs.close()
    try:
        yield process, ours
    finally:
        process.kill()
        process.join()
        ours.close()


def without_checks(source: object, staged: object, *, is_approved: bool) -> list[CheckResult]:
    """Stands in for `check_rows`, which only reads, and takes seconds that are better spent on kills."""
    return []


def run_step(pipe: Connection, step: Step) -> None:
    """Run the operations of a step, and say the name of each before it begins."""
    stage_body.check_rows = without_checks
    logging.disable(logging.WARNING)  # an upgrade says each time where it has put its copy
    found = operations()
    if step.warehouse.published_file.exists() and not step.warehouse.build_file.exists():
        rebuild(step)
    for name, operation in found.items():
        pipe.send(name)
        operation(step)
    pipe.send(DONE)


def read_all_the_time(pipe: Connection, folder: Path) -> None:
    """Open the published file again and again until told to stop, and say what was seen."""
    opens, failed, inconsistent = 0, [], []
    newest = [0] * len(GROWING)
    while not pipe.poll(PAUSE_SECONDS):
        opens += 1
        try:
            with PublishedWarehouse(folder).read() as connection:
                problems, grown = look(connection, newest)
        except duckdb.Error as error:
            failed.append(f"{datetime.now():%H:%M:%S} {error}")  # noqa: DTZ005 - for people
            continue
        inconsistent += problems
        newest = [max(pair) for pair in zip(newest, grown, strict=True)]
    pipe.send((opens, failed, inconsistent))


def look(connection: duckdb.DuckDBPyConnection, newest: list[int]) -> tuple[list[str], list[int]]:
    """What does not fit in a published state, or is older than what was seen before; and the figures that grow."""
    problems = []
    for queries in PAIRS:
        one, other = (connection.execute(query).fetchall()[0][0] for query in queries)
        if one != other:
            problems.append(f"{queries[0]} is {one}, {queries[1]} is {other}")
    grown = [int(connection.execute(query).fetchall()[0][0]) for query in GROWING]
    problems += [
        f"{query} was {before}, is {after}"
        for query, before, after in zip(GROWING, newest, grown, strict=True)
        if after < before
    ]
    return problems, grown
