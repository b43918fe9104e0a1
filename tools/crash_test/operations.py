"""What is killed: the operations of a daily run on recorded pages and sample usage, one after the other.

They are the functions that the jobs call, without Dagster. When something is killed is not decided here.
"""

import io
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path

from pipelines.alerts.deliver_alerts import deliver_due
from pipelines.alerts.raise_alerts import raise_alerts
from pipelines.cli.main import app
from pipelines.costs.alias_models import name_models
from pipelines.costs.price_ledger import days_to_build, price_days
from pipelines.decisions.decide import (
    break_even_on,
    decide_days,
    deprecation_risk_on,
    notice_statistics_on,
    one_table,
)
from pipelines.decisions.decide_spend import forecast_on
from pipelines.demo.replay import recorded_sources
from pipelines.snapshots.fetch_source import fetch_sources
from pipelines.snapshots.load_book import load_book
from pipelines.snapshots.prepare_run import prepare
from pipelines.usage.import_files import import_files, inbox_files
from pipelines.warehouse.connection import wal_of
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.marts import build_mart, marts

FIRST_DAY = date(2026, 7, 29)
STEPS = 5
DAYS_PER_STEP = 15
"""Far enough for each recorded date to come up: 29 July, 13 and 28 August, 12 and 27 September."""
DECISIONS = (
    break_even_on,
    forecast_on,
    one_table("main.notice_statistics", notice_statistics_on),
    one_table("main.deprecation_risk", deprecation_risk_on),
)


@dataclass(frozen=True)
class Step:
    """One run: where, for which day, and where pages come from and alerts go."""

    folder: Path
    number: int
    base_url: str
    environ: Mapping[str, str]
    days: list[date] = field(default_factory=list)
    """Days that are out of date, once the step has come so far."""

    @property
    def day(self) -> date:
        """The day that it is."""
        return FIRST_DAY + timedelta(days=self.number * DAYS_PER_STEP)

    @property
    def at(self) -> datetime:
        """The clock of the run."""
        return datetime.combine(self.day, time(8))

    @property
    def warehouse(self) -> Warehouse:
        """Opened anew by each operation, as each asset does."""
        return Warehouse(self.folder)


def upgrade(step: Step) -> None:
    """Make the build file one of the program before the first migration, and open it with this one."""
    if not step.warehouse.build_file.exists():
        return
    with step.warehouse.write() as connection:
        connection.execute("ALTER TABLE core.ledger_file ADD COLUMN IF NOT EXISTS layout VARCHAR")
        connection.execute("UPDATE raw.schema_version SET version = 0, tables_hash = 'older'")
    with step.warehouse.write():
        pass
    for copy in step.folder.glob("build.duckdb.before-*"):
        copy.unlink()


def rebuild(step: Step) -> None:
    """Lose the build file and make it again."""
    step.warehouse.build_file.unlink(missing_ok=True)
    wal_of(step.warehouse.build_file).unlink(missing_ok=True)
    with redirect_stdout(io.StringIO()):
        app(["--warehouse", str(step.folder), "rebuild"], standalone_mode=False)


def fetch(step: Step) -> None:
    """Ask all recorded sources side by side."""
    prepare(step.warehouse, step.at)
    for attempt in fetch_sources(step.warehouse, recorded_sources(), step.at, step.base_url):
        if attempt.error is not None:
            raise RuntimeError(f"{attempt.source}: {attempt.error}")


def promote(step: Step) -> None:
    """Check what came, and enter it as dated versions."""
    for loaded in load_book(step.warehouse, recorded_sources(), step.at):
        if loaded.failure is not None:
            raise RuntimeError(loaded.failure)


def import_usage(step: Step) -> None:
    """What lies in the inbox."""
    import_files(step.warehouse, inbox_files(step.warehouse), step.at)


def price(step: Step) -> None:
    """Price the days that are out of date."""
    step.days[:] = days_to_build(step.warehouse, step.day)
    price_days(step.warehouse, step.days)


def build(step: Step) -> None:
    """The tables by date for these days, and those of versions."""
    for mart in marts():
        build_mart(step.warehouse, mart, step.days)


def decide(step: Step) -> None:
    """Names, decisions and alerts of the day."""
    name_models(step.warehouse)
    for decision in DECISIONS:
        decide_days(step.warehouse, decision, [step.day])
    raise_alerts(step.warehouse, step.day, step.at, step.environ)


def publish(step: Step) -> None:
    """Replace the file that people query."""
    step.warehouse.publish()


def deliver(step: Step) -> None:
    """Send what has not arrived."""
    attempts = deliver_due(step.warehouse, step.at, step.environ)
    if not attempts.filter(outcome="failed").is_empty():
        raise RuntimeError("an alert was not taken")


Operation = Callable[[Step], None]


def operations() -> dict[str, Operation]:
    """By name, in their order."""
    found = [upgrade, fetch, promote, import_usage, price, build, decide, publish, deliver, rebuild]
    return {operation.__name__: operation for operation in found}
