"""Programs that the robustness tests start in processes of their own, and mostly kill. They talk over a pipe.

The processes are forked from one that has imported this module: a program that is killed every second would never get
past its imports.
"""

import shutil
from datetime import datetime
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import duckdb
from typer.testing import CliRunner

from pipelines.cli.main import app
from pipelines.warehouse.database import Warehouse
from tests.integration import passes

PAUSE_SECONDS = 0.15
"""Between two looks: the machine has other things to do as well."""

# Pairs that agree in every published state, as they are written in different transactions of one step, and two
# figures that only grow.
LOOK = """
SELECT
    (SELECT count(*) FROM core.ledger_file) AS ledger_days,
    (SELECT count(*) FROM core.cost_fingerprint) AS priced_days,
    (SELECT sum(row_count) FROM core.ledger_file) AS ledger_rows,
    (SELECT count(*) FROM core.usage) AS usage_rows,
    (SELECT sum(cost_usd) FROM core.usage_cost) AS cost_usd,
    (SELECT sum(cost_usd) FROM main.cost_daily) AS daily_usd,
    (SELECT max(fetched_at) FROM raw.fetch) AS fetched_at
"""


def steps(test: Connection, folder: Path, first: int) -> None:
    """Run steps `first`, `first` + 1, ... for ever, and say the number of each step once it is done."""
    passes.leave_out_great_expectations()
    test.send("ready")
    for number in count(first):
        passes.fill_inbox(Warehouse(folder), number % passes.STEPS)
        passes.run_step(Warehouse(folder), number % passes.STEPS)
        test.send(number)


def once(test: Connection, folder: Path, number: int) -> None:
    """Run one step when told to."""
    passes.leave_out_great_expectations()
    test.send("ready")
    test.recv()
    passes.run_step(Warehouse(folder), number)


def rebuilding(test: Connection, folder: Path) -> None:
    """Rebuild the database when told to."""
    passes.leave_out_great_expectations()
    test.send("ready")
    test.recv()
    CliRunner().invoke(app, ["--warehouse", str(folder), "rebuild"])
    test.send("done")


def copying(test: Connection, folder: Path) -> None:
    """Publish, say "copying" when half of the file is copied, and stay there."""

    def copy_half(source: Path, target: Path) -> None:
        if not target.name.startswith(".costs"):
            copy(source, target)
            return
        content = Path(source).read_bytes()
        with Path(target).open("wb") as file:
            file.write(content[: len(content) // 2])
            file.flush()
            test.send("copying")
            test.recv()

    copy = shutil.copyfile
    shutil.copyfile = copy_half  # type: ignore[assignment]
    Warehouse(folder).publish()


def look(file: Path) -> dict[str, Any]:
    with duckdb.connect(str(file), read_only=True) as connection:
        cursor = connection.execute(LOOK)
        names = [column[0] for column in cursor.description or []]
        return dict(zip(names, cursor.fetchall()[0], strict=True))


def reading(test: Connection, folder: Path) -> None:
    """Open the published file again and again until told to stop, and say what was seen."""
    reads, problems = 0, []
    newest = (0, datetime.min)
    test.send("ready")
    while not test.poll(PAUSE_SECONDS):
        try:
            seen = look(Warehouse(folder).published_file)
        except duckdb.Error as error:
            problems.append(str(error))
            continue
        reads += 1
        version = (seen["ledger_days"], seen["fetched_at"])
        pairs = (("ledger_days", "priced_days"), ("ledger_rows", "usage_rows"), ("cost_usd", "daily_usd"))
        problems += [f"{one} and {other} differ: {seen}" for one, other in pairs if seen[one] != seen[other]]
        problems += [f"older than {newest}: {seen}"] * (version[0] < newest[0] or version[1] < newest[1])
        newest = version
    test.send({"reads": reads, "problems": problems[:5], "days": newest[0]})
