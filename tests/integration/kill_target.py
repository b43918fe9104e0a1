"""Programs that the robustness tests start, and mostly kill: python -m tests.integration.kill_target MODE FOLDER [N].

steps    runs step N, N + 1, ... for ever, and prints the number of each step once it is done
once     says "ready", and runs step N when told to by a line
copying  publishes, prints "copying" when half of the file is copied, and stays there
reading  opens the published file again and again until told to stop by a line, and prints what it saw as JSON
"""

import json
import shutil
import sys
import threading
import time
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import duckdb

from pipelines.warehouse import Warehouse
from tests.integration import passes

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


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - the pipe to the test


def steps(folder: Path, first: int) -> None:
    say("ready")
    for number in count(first):
        passes.fill_inbox(Warehouse(folder), number % passes.STEPS)
        passes.run_step(Warehouse(folder), number % passes.STEPS)
        say(str(number))


def once(folder: Path, number: int) -> None:
    say("ready")
    sys.stdin.readline()
    passes.run_step(Warehouse(folder), number)


def copying(folder: Path) -> None:
    def copy_half(source: Path, target: Path) -> None:
        content = Path(source).read_bytes()
        with Path(target).open("wb") as file:
            file.write(content[: len(content) // 2])
            file.flush()
            say("copying")
            time.sleep(60)

    shutil.copyfile = copy_half  # type: ignore[assignment]
    Warehouse(folder).publish()


def look(file: Path) -> dict[str, Any]:
    with duckdb.connect(str(file), read_only=True) as connection:
        cursor = connection.execute(LOOK)
        names = [column[0] for column in cursor.description or []]
        return dict(zip(names, cursor.fetchall()[0], strict=True))


def reading(folder: Path) -> None:
    stopped = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.readline(), stopped.set()), daemon=True).start()
    reads, problems = 0, []
    newest = (0, datetime.min)
    say("ready")
    while not stopped.is_set():
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
        time.sleep(0.02)  # The machine has other things to do as well.
    say(json.dumps({"reads": reads, "problems": problems[:5], "days": newest[0]}))


if __name__ == "__main__":
    mode, where = sys.argv[1], Path(sys.argv[2])
    passes.leave_out_great_expectations()
    if mode in ("steps", "once"):
        {"steps": steps, "once": once}[mode](where, int(sys.argv[3]))
    else:
        {"copying": copying, "reading": reading}[mode](where)
