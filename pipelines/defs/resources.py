"""The resources of every asset: where and when a run works, and the user's secrets. Only here a clock is read."""

import os
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
from pydantic import Field

from pipelines.sources.source import Source
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.object_store import VARIABLE as STORE

SENSOR_LOCK_SECONDS = 5.0
"""A sensor has a minute for all it does; one that waits for a lock any longer comes again instead."""
POOL = "duckdb"
"""Steps that write the build file share one place (limit 1 in dagster.yaml)."""


def wall_clock() -> float:
    """Seconds since 1970, for what has to do with files and runs as they are on this machine."""
    return time.time()


class Settings(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Where a run works and at which instant."""

    warehouse_folder: str
    as_of: str | None = None
    """Instant of the run, ISO 8601 UTC; the clock where it is not given."""
    base_url: str | None = None
    """Where recorded pages are served instead of the live ones."""
    store: str | None = None
    """The object store that the warehouse is kept in, s3://bucket/prefix; none where it is not given."""

    @property
    def warehouse(self) -> Warehouse:
        """The warehouse of this run."""
        return Warehouse(Path(self.warehouse_folder).resolve())

    @property
    def warehouse_for_a_sensor(self) -> Warehouse:
        """The same warehouse, but it gives up waiting for a lock."""
        return replace(self.warehouse, lock_timeout_seconds=SENSOR_LOCK_SECONDS)

    def now(self) -> datetime:
        """The instant of the run, naive UTC."""
        if self.as_of is not None:
            return datetime.fromisoformat(self.as_of).replace(tzinfo=None)
        return datetime.now(UTC).replace(tzinfo=None)


class Secrets(dg.ConfigurableResource):  # type: ignore[type-arg]
    """What the user's environment gives, one field per variable. Dagster stores and shows the names, never the values.

    A variable that is not set when the code is loaded is None, as Dagster fails a run whose `EnvVar` is missing.
    """

    costs_alert_urls: str | None = Field(default=None, repr=False)
    costs_monthly_budget_usd: str | None = Field(default=None, repr=False)
    costs_holidays_of: str | None = Field(default=None, repr=False)
    openai_api_key: str | None = Field(default=None, repr=False)
    aws_bearer_token_bedrock: str | None = Field(default=None, repr=False)
    google_cloud_api_key: str | None = Field(default=None, repr=False)

    def environ(self) -> dict[str, str]:
        """Variable -> value of those that are set."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return {name.upper(): value for name, value in values.items() if value is not None}

    def is_asked(self, source: Source, settings: Settings) -> bool:
        """Whether a run asks a source: its key is set, or recorded pages are read, for which none is needed."""
        return settings.base_url is not None or source.is_asked(self.environ())


def settings_from_environment() -> Settings:
    """The warehouse that COSTS_WAREHOUSE names, or `warehouse/` beside the code."""
    default = Path(__file__).resolve().parents[2] / "warehouse"
    return settings_of(Path(os.environ.get("COSTS_WAREHOUSE", default)))


def settings_of(folder: Path) -> Settings:
    """A warehouse with what else the environment says of it."""
    return Settings(warehouse_folder=str(folder), store=os.environ.get(STORE) or None)


def secrets_from_environment() -> Secrets:
    """The variables that are set, each as a reference that is resolved in the run."""
    names = (name for name in Secrets.model_fields if name.upper() in os.environ)
    return Secrets(**{name: dg.EnvVar(name.upper()) for name in names})
