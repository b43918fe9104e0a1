"""The ledger's rows of some days as they count: usage that several reports state, once. Read only."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import lru_cache
from pathlib import Path

import duckdb
import polars as pl

from pipelines.costs.overlap import count_once
from pipelines.warehouse import ledger
from pipelines.warehouse.ledger_catalog import damaged_files

AT_ONCE = 4
"""Days compared side by side: most of it is waiting for polars."""
KEPT = 64
"""Days of which it is kept what counts, for a process that decides several days."""


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
    whole = {day: folder / path for day, path in found if day not in damaged}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(whole, pool.map(_counted, whole.values()), strict=True))


@lru_cache(maxsize=KEPT)
def _counted(path: Path) -> pl.LazyFrame:
    """Kept by the path: a file of the ledger is named after its content, and days are read again and again."""
    return count_once(ledger.scan(path)).usage
