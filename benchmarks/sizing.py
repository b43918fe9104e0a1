"""What a day of usage takes: `python -m benchmarks.sizing --rows 1000000` imports, prices and publishes one day.

The day is made up. Each phase is a process of its own, one run: figures to size a machine by, not to compare programs
by. docs/operations.md has the table. The history that ships is in the warehouse, as in one of a user's own.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Iterable
from datetime import date, datetime
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import polars as pl

from benchmarks.measuring import GIB, Command, measure
from pipelines.costs.price_ledger import price_days
from pipelines.snapshots.prepare_run import prepare
from pipelines.snapshots.seed_history import seed_price_history
from pipelines.usage.import_files import import_files
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.marts import build_mart, marts

DAY = date(2026, 11, 24)
AS_OF = datetime(2026, 11, 25, 6)
SEED = 20261125
MODELS = (
    ("anthropic", "claude-sonnet-4-5-20250929"), ("anthropic", "claude-haiku-4-5-20251001"),
    ("openai", "gpt-5"), ("openai", "gpt-5-mini"), ("openai", "gpt-4o-mini"), ("google", "gemini-2.5-flash"),
)  # fmt: skip
PROJECTS, USERS = 60, 2_000
ROWS_PER_FILE = 1_000_000


def write_usage(folder: Path, rows: int) -> None:
    """Requests of one day in our own usage format, in files of a million."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(SEED)
    for first in range(0, rows, ROWS_PER_FILE):
        count = min(ROWS_PER_FILE, rows - first)
        model = rng.zipf(1.6, count) % len(MODELS)
        at = np.datetime64(DAY, "us") + rng.integers(0, 86_400_000_000, count).astype("timedelta64[us]")
        names = pl.Series(model).replace_strict(list(range(len(MODELS))), [name for _, name in MODELS])
        sellers = pl.Series(model).replace_strict(list(range(len(MODELS))), [seller for seller, _ in MODELS])
        pl.DataFrame(
            {
                "id": [f"request-{number:012}" for number in range(first, first + count)],
                "usage_at": at,
                "provider": sellers,
                "model": names,
                "input_uncached_tokens": rng.lognormal(6.5, 1.2, count).astype(np.int64) + 1,
                "cache_read_tokens": rng.lognormal(7, 1.5, count).astype(np.int64) * (rng.random(count) < 0.5),
                "output_tokens": rng.lognormal(5.5, 1, count).astype(np.int64) + 1,
                "project_id": [f"project-{number:02}" for number in rng.zipf(1.4, count) % PROJECTS],
                "user_id": [f"user-{number:04}" for number in rng.integers(0, USERS, count)],
            }
        ).write_parquet(folder / f"{first:012}.parquet")


def begin(warehouse: Warehouse) -> None:
    """A warehouse with the price history that ships."""
    prepare(warehouse, AS_OF)
    seed_price_history(warehouse)


def read(warehouse: Warehouse) -> None:
    """Import what lies in the inbox."""
    import_files(warehouse, sorted(warehouse.inbox.glob("*.parquet")), AS_OF)


def build(warehouse: Warehouse) -> None:
    """The tables by date."""
    for mart in marts():
        build_mart(warehouse, mart, [DAY])


PHASES: dict[str, Callable[[Warehouse], object]] = {
    "import": read,
    "price": lambda warehouse: price_days(warehouse, [DAY]),
    "tables": build,
    "publish": lambda warehouse: warehouse.publish(),
}


def sizing(rows: int, folder: Path) -> dict[str, object]:
    """Wall and CPU seconds and the most memory of each phase; bytes that the day adds to ledger and database."""
    warehouse = Warehouse(folder)
    begin(warehouse)
    write_usage(warehouse.inbox, rows)
    before = warehouse.build_file.stat().st_size
    found: dict[str, object] = {"rows": rows, "inbox_mib": _mib(warehouse.inbox.glob("*.parquet"))}
    for name in PHASES:
        run = measure(Command([sys.executable, "-m", "benchmarks.sizing", "--phase", name, "--folder", folder]))
        found[name] = [round(run.seconds, 1), round(run.cpu_seconds, 1), round(run.peak_gib, 2)]
    found["ledger_mib"] = _mib(folder.glob("ledger/**/*.parquet"))
    found["database_mib"] = round((warehouse.build_file.stat().st_size - before) / (GIB / 1024), 1)
    return found


def _mib(files: Iterable[Path]) -> float:
    return round(sum(file.stat().st_size for file in files) / (GIB / 1024), 1)


def main() -> None:
    """One line of JSON for each number of rows: phase -> wall seconds, CPU seconds, GiB."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, action="append", help="rows of the day; may be given several times")
    parser.add_argument("--phase", choices=PHASES, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.phase:
        PHASES[asked.phase](Warehouse(asked.folder))
        return
    for rows in asked.rows or [1_000_000]:
        folder = Path(mkdtemp(prefix="sizing-"))
        try:
            sys.stdout.write(json.dumps(sizing(rows, folder)) + "\n")
            sys.stdout.flush()
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
