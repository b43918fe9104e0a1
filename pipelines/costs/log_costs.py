"""What logs cost without a warehouse: they are priced in a folder that goes away again, at the prices that ship."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.costs.price_ledger import price_days
from pipelines.snapshots.seed_history import seed_price_history
from pipelines.usage.file_outcome import FileOutcome, days_of
from pipelines.usage.find_files import named_files
from pipelines.usage.import_files import import_files
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.marts import build_mart, marts

MARTS = {"cost_daily", "cost_unpriced"}
"""What is asked of logs beside the tables that pricing itself fills."""
USUAL_FOLDERS = (
    ("CLAUDE_CONFIG_DIR", "projects", "~/.claude"),
    ("CLAUDE_CONFIG_DIR", "projects", "~/.config/claude"),
    ("CODEX_HOME", "sessions", "~/.codex"),
    ("GEMINI_HOME", "tmp", "~/.gemini"),
    ("QWEN_HOME", "tmp", "~/.qwen"),
    ("OPENCODE_DATA_DIR", "storage/message", "~/.local/share/opencode"),
    ("AMP_DATA_DIR", "threads", "~/.local/share/amp"),
)
"""Where agents keep their logs: the variable that moves the folder, what is below it, and where it is else."""


def usual_folders(environment: Mapping[str, str] = os.environ) -> list[Path]:
    """The folders of agents' logs that are there."""
    places = [Path(environment.get(variable, home)).expanduser() / below for variable, below, home in USUAL_FOLDERS]
    return [place for place in dict.fromkeys(places) if place.is_dir()]


@contextmanager
def priced_logs(
    places: Sequence[str | Path], as_of: datetime, on_file: Callable[[Path], None] = lambda path: None
) -> Iterator[tuple[Warehouse, list[FileOutcome]]]:
    """A warehouse of these logs alone, and what became of each file; both are gone at the end of the block.

    Raises FileNotFoundError for a place that is nothing.
    """
    files = named_files(places)
    with TemporaryDirectory(prefix="costs-") as folder:
        warehouse = Warehouse(Path(folder))
        seed_price_history(warehouse)
        outcomes = import_files(warehouse, files, as_of, on_file=on_file)
        days = days_of(outcomes)
        # Its folder is no server's to read.
        price_days(warehouse, days, environ={})
        for mart in marts():
            if mart.table.name in MARTS:
                build_mart(warehouse, mart, days)
        warehouse.publish()
        yield warehouse, outcomes
