"""The DuckDB file and the ledger: open, migrate, publish, marts, rows. Knows tables and files, not what rows mean."""

from pathlib import Path

BUILD_FILE = "build.duckdb"
SQL_FOLDER = Path(__file__).resolve().parents[2] / "sql"
USER_FILES = (
    *("model_map.csv", "owners.csv", "contract_prices.csv", "plans.csv", "exchange_rates.csv", "privacy.csv"),
    *("task_classes.csv", "budgets.toml", "alerts.toml", "throughput.csv", "figures.csv", "stand_ins.csv"),
)
"""What the user writes by hand beside the database: docs/configuration.md tells each."""
