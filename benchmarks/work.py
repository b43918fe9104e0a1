"""What runs in a measured process of its own: `python -m benchmarks.work TASK ARGUMENT...` prints one JSON line.

Each task imports what it needs first and times only the work; what it checks afterwards is not timed.
"""

import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.broken_rows import write_rows
from benchmarks.claude_code_logs import write_logs
from benchmarks.engines import costs_on_server
from benchmarks.json_documents import write_documents
from benchmarks.ledger_data import day_of, ledger_files, write_ledger
from benchmarks.price_data import REAL_MODELS
from pipelines.costs.alias_models import name_models
from pipelines.costs.price_ledger import days_to_build, price_days
from pipelines.costs.pricing.price_usage import price_by_day, price_usage
from pipelines.costs.resolve_segments import segments_of
from pipelines.models.model_map import MAP_FILE, read_model_map
from pipelines.schema.meters import QUANTITY_COLUMNS
from pipelines.schema.offers import MODEL_KEY
from pipelines.snapshots.fetch_source import fetch_sources
from pipelines.snapshots.prepare_run import prepare
from pipelines.snapshots.seed_history import seed_price_history
from pipelines.snapshots.shipped_prices import shipped_versions
from pipelines.sources.catalog import SOURCES
from pipelines.sources.fetch import Patience
from pipelines.usage.file_format import recognised_files
from pipelines.usage.import_files import import_files
from pipelines.usage.read_files import read_files
from pipelines.warehouse import ledger
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.marts import build_mart, marts
from pipelines.warehouse.rows import scalar

COUNTED = {
    meter: QUANTITY_COLUMNS[meter]
    for meter in ("input_uncached", "cache_read", "cache_write_5m", "cache_write_1h", "output", "web_searches")
}
"""Meters that occur in the made-up ledger and have a price; requests have none there."""


@contextmanager
def timed(found: dict[str, Any], prefix: str = "") -> Iterator[None]:
    """Add wall and CPU seconds of this process and all its threads."""
    wall, cpu = time.perf_counter(), _cpu_seconds()
    yield
    found[f"{prefix}seconds"] = time.perf_counter() - wall
    found[f"{prefix}cpu_seconds"] = _cpu_seconds() - cpu


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def make_ledger(folder: str, days: str, rows_per_day: str, models: str = "made up") -> dict[str, Any]:
    """A ledger of the made-up or of the real models. A process of its own, because it takes much memory."""
    write_ledger(Path(folder), int(days), int(rows_per_day), REAL_MODELS if models == "real" else None)
    return {}


def make_logs(folder: str) -> dict[str, Any]:
    """The set of Claude Code logs."""
    return vars(write_logs(Path(folder)))


def make_broken_rows(folder: str, rows: str) -> dict[str, Any]:
    """The file with broken lines, and its truth."""
    return write_rows(Path(folder), int(rows))


def group(folder: str) -> dict[str, Any]:
    """The token sums of a ledger by day, model and project, without any price, in polars' streaming engine."""
    found: dict[str, Any] = {}
    with timed(found):
        scan = pl.scan_parquet(ledger_files(Path(folder)), hive_partitioning=False)
        sums = scan.group_by("usage_date", "model", "project_id").agg(pl.col(COUNTED.values()).sum())
        frame = sums.collect(engine="streaming")
    totals = {meter: int(frame[name].sum()) for meter, name in COUNTED.items()}
    return found | {"rows_out": frame.height, "quantity": totals}


def price(folder: str) -> dict[str, Any]:
    """The same ledger priced: rows of core.usage_cost."""
    segments = pl.read_parquet(Path(folder) / "segments.parquet")
    found: dict[str, Any] = {}
    with timed(found):
        scans: dict[date, list[pl.LazyFrame]] = {}
        for file in ledger_files(Path(folder)):
            scans.setdefault(day_of(file), []).append(ledger.scan(file))
        days = {day: pl.concat(parts, how="diagonal") for day, parts in scans.items()}
        costs = price_by_day(days, segments, owners=("project_id",))
    return found | _totals(costs)


def price_on_server(folder: str, address: str) -> dict[str, Any]:
    """The same by a Spark Connect server."""
    found: dict[str, Any] = {}
    with timed(found):
        costs = costs_on_server(Path(folder), address)
    return found | _totals(costs)


def _totals(costs: pl.DataFrame) -> dict[str, Any]:
    by_meter = dict(costs.group_by("meter").agg(pl.col("quantity").sum()).iter_rows())
    totals = {meter: int(by_meter.get(meter, 0)) for meter in COUNTED}
    # Of every column of every row, in any order: prices, reasons and lower bounds, too.
    content = f"{costs.hash_rows(seed=1).sum():x}"
    return {"rows_out": costs.height, "quantity": totals, "usd": str(costs["cost_usd"].sum()), "content": content}


def real_segments(folder: str) -> dict[str, Any]:
    """Price segments of the models in a ledger, from the shipped price history, beside it."""
    models = pl.scan_parquet(ledger_files(Path(folder))).select(MODEL_KEY).cast(pl.String).unique().collect()
    versions = shipped_versions().filter(pl.col("known_to").is_null())
    segments = segments_of(versions, models, read_model_map(Path(folder) / MAP_FILE))
    segments.write_parquet(Path(folder) / "segments.parquet")
    return {"segments": segments.height}


def sample(folder: str, rows: str) -> dict[str, Any]:
    """The first rows of a ledger as JSON for the peers, and what each of them costs by our prices."""
    place = Path(folder)
    segments = pl.read_parquet(place / "segments.parquet")
    # Costs are summed by key, so a key of its own gives each row its own cost.
    taken = pl.read_parquet(ledger_files(place), n_rows=int(rows)).with_columns(
        api_key_id=pl.int_range(pl.len()).cast(pl.String)
    )
    costs = price_usage(taken.lazy(), segments)
    if costs["cost_usd"].null_count():
        raise ValueError(f"no price for {costs.filter(pl.col('cost_usd').is_null())['model'].unique().to_list()}")
    usd = costs.group_by("api_key_id").agg(pl.col("cost_usd").sum())
    each = taken.select("api_key_id").join(usd, on="api_key_id", how="left", maintain_order="left")["cost_usd"]
    tokens = [pl.col(name).fill_null(0) for meter, name in COUNTED.items() if meter != "web_searches"]
    (place / "sample.json").write_text(json.dumps(taken.select("provider", "model", *tokens).rows()))
    (place / "sample_usd.json").write_text(json.dumps([str(amount) for amount in each]))
    return {"rows": taken.height}


def import_logs(warehouse_folder: str, logs: str, as_of: str) -> dict[str, Any]:
    """Claude Code logs -> ledger, costs and build file of a warehouse that knows the shipped prices."""
    warehouse, moment = Warehouse(Path(warehouse_folder)), datetime.fromisoformat(as_of)
    files = sorted(Path(logs).rglob("*.jsonl"))
    found: dict[str, Any] = {}
    with timed(found):
        with timed(found, "import_"):
            outcomes = import_files(warehouse, files, moment)
        price_days(warehouse, days_to_build(warehouse, moment.date()))
    found["files_imported"] = sum(outcome.outcome == "imported" for outcome in outcomes)
    return found | _imported(warehouse)


def make_documents(folder: str) -> dict[str, Any]:
    """The same records as JSON lines and as one JSON document."""
    write_documents(Path(folder))
    return {}


def read_usage_file(file: str, as_of: str) -> dict[str, Any]:
    """One usage file -> checked rows, without a warehouse."""
    found: dict[str, Any] = {"rows": 0, "rejects": 0, "input": 0, "output": 0}
    with timed(found):
        files, _ = recognised_files([Path(file)])
        for batch in read_files(files, lambda _: False, datetime.fromisoformat(as_of)):
            found["rows"] += batch.rows.height
            found["rejects"] += batch.rejects.height
            found["input"] += batch.rows["input_uncached_tokens"].sum()
            found["output"] += batch.rows["output_tokens"].sum()
    return found


def _imported(warehouse: Warehouse) -> dict[str, Any]:
    with warehouse.write() as connection:
        query = "SELECT meter, sum(quantity)::BIGINT FROM core.usage_cost GROUP BY ALL"
        quantity = dict(connection.execute(query).fetchall())
        usd = scalar(connection, "SELECT sum(cost_usd) FROM core.usage_cost")
        unpriced = scalar(connection, "SELECT count(*) FROM core.usage_cost WHERE price_id IS NULL")
        rows = scalar(connection, "SELECT sum(row_count)::BIGINT FROM core.ledger_file")
    return {"rows": rows, "quantity": quantity, "usd": str(usd), "unpriced": unpriced}


def seed(warehouse_folder: str, as_of: str) -> dict[str, Any]:
    """An empty warehouse that knows the shipped prices and the catalog of sources."""
    warehouse = Warehouse(Path(warehouse_folder))
    prepare(warehouse, datetime.fromisoformat(as_of))
    return {"price_versions": seed_price_history(warehouse)}


def seed_and_publish(warehouse_folder: str, as_of: str) -> dict[str, Any]:
    """The same, published: what a quote reads after a run."""
    found = seed(warehouse_folder, as_of)
    Warehouse(Path(warehouse_folder)).publish()
    return found


def build(warehouse_folder: str, logs: str, as_of: str) -> dict[str, Any]:
    """Import all logs of a folder and build every table for all their days."""
    return _run(warehouse_folder, sorted(Path(logs).glob("*.jsonl")), as_of)


def one_more(warehouse_folder: str, log: str, as_of: str) -> dict[str, Any]:
    """What a run does with one file: import it, price what changed, build the marts. Steps of `costs run`, no fetch."""
    return _run(warehouse_folder, [Path(log)], as_of)


def _run(warehouse_folder: str, files: list[Path], as_of: str) -> dict[str, Any]:
    warehouse, moment = Warehouse(Path(warehouse_folder)), datetime.fromisoformat(as_of)
    found: dict[str, Any] = {}
    with timed(found):
        with timed(found, "import_"):
            outcomes = import_files(warehouse, files, moment)
        with timed(found, "days_to_build_"):
            days = days_to_build(warehouse, moment.date())
        with timed(found, "pricing_"):
            found["days_priced"] = price_days(warehouse, days)
        with timed(found, "marts_by_date_"):
            _build_marts(warehouse, days, by_date=True)
        with timed(found, "whole_tables_"):
            name_models(warehouse)
            _build_marts(warehouse, [], by_date=False)
    return found | {"rows_new": sum(outcome.new_count for outcome in outcomes), "days_due": len(days)}


def _build_marts(warehouse: Warehouse, days: list[date], *, by_date: bool) -> None:
    for mart in marts():
        if (mart.table.date_column is not None) == by_date:
            build_mart(warehouse, mart, days)


def fetch(warehouse_folder: str, base_url: str, total_seconds: str | None = None) -> dict[str, Any]:
    """Fetch all sources from below an address into a new warehouse, with the product's patience or a shorter one."""
    warehouse, moment = Warehouse(Path(warehouse_folder)), datetime(2026, 11, 24, 12)
    prepare(warehouse, moment)
    patience = Patience() if total_seconds is None else Patience(total=float(total_seconds))
    found: dict[str, Any] = {}
    with timed(found):
        attempts = list(fetch_sources(warehouse, SOURCES, moment, base_url, patience=patience))
    return found | {"outcomes": Counter(attempt.outcome for attempt in attempts)}


TASKS: dict[str, Callable[..., dict[str, Any]]] = {
    task.__name__: task
    for task in (
        make_ledger,
        make_logs,
        make_broken_rows,
        group,
        price,
        price_on_server,
        real_segments,
        sample,
        import_logs,
        make_documents,
        read_usage_file,
        seed,
        seed_and_publish,
        build,
        one_more,
        fetch,
    )
}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(TASKS[sys.argv[1]](*sys.argv[2:])) + "\n")
