"""Where the benchmarks keep their data and the peers, and how often they measure."""

from dataclasses import dataclass
from pathlib import Path

from benchmarks.measuring import ROOT

FOLDER = ROOT / "benchmarks"
PEERS_PYTHON = FOLDER / ".peers" / "bin" / "python"
CCUSAGE = FOLDER / "node_modules" / ".bin" / "ccusage"
COSTS = ROOT / ".venv" / "bin" / "costs"
PYTHON = COSTS.with_name("python")


@dataclass(frozen=True)
class Settings:
    """One call of `make bench`. `data` is made where it is missing, and may be deleted at any time."""

    data: Path = FOLDER / ".data"
    runs: int = 3
    rows: int | None = None
    """Of `broken-rows`; None is its own number."""
