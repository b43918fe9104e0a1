"""The DuckDB file and the ledger: open, migrate, publish, marts, rows. Knows tables and files, not what rows mean."""

from pathlib import Path

BUILD_FILE = "build.duckdb"
SQL_FOLDER = Path(__file__).resolve().parents[2] / "sql"
