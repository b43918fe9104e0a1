"""The one resource of every asset: which warehouse, which instant, where the pages are. Only here a clock is read."""

import os
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from pipelines.warehouse.database import Warehouse

POOL = "duckdb"
"""Steps that write the build file share one place (limit 1 in dagster.yaml)."""


class Settings(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Where a run works and at which instant."""

    warehouse_folder: str
    as_of: str | None = None
    """Instant of the run, ISO 8601 UTC; the clock where it is not given."""
    base_url: str | None = None
    """Where recorded pages are served instead of the live ones."""

    @property
    def warehouse(self) -> Warehouse:
        """The warehouse of this run."""
        return Warehouse(Path(self.warehouse_folder).resolve())

    def now(self) -> datetime:
        """The instant of the run, naive UTC."""
        if self.as_of is not None:
            return datetime.fromisoformat(self.as_of).replace(tzinfo=None)
        return datetime.now(UTC).replace(tzinfo=None)


def settings_from_environment() -> Settings:
    """The warehouse that COSTS_WAREHOUSE names, or `warehouse/` beside the code."""
    default = Path(__file__).resolve().parents[2] / "warehouse"
    return Settings(warehouse_folder=os.environ.get("COSTS_WAREHOUSE", str(default)))
