"""The ledger's rows of some days as they count: usage that several reports state, once. Read only."""

from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from pipelines.costs.overlap import count_once
from pipelines.warehouse import ledger
from pipelines.warehouse.ledger_catalog import damaged_files


def counted_usage(
    connection: duckdb.DuckDBPyConnection, folder: Path, first: date, until: date
) -> dict[date, pl.LazyFrame]:
    """Usage by UTC day, `first` <= day < `until`: see `ledger.scan`. A day whose file is damaged is left out."""
    found = connection.execute(
        "SELECT usage_date, path FROM core.ledger_file WHERE usage_date >= $first AND usage_date < $until ORDER BY ALL",
        {"first": first, "until": until},
    ).fetchall()
    files = pl.DataFrame(found, {"usage_date": pl.Date(), "path": pl.String()}, orient="row")
    damaged = damaged_files(folder, files)
    return {day: count_once(ledger.scan(folder / path)).usage for day, path in found if day not in damaged}
