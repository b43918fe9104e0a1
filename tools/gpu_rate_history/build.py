"""Build gpu_rates.csv and gpu_rates_left_out.csv again: `python -m tools.gpu_rate_history.build TABLES`.

TABLES is a folder with saved tables of cloud GPUs, each named after its date: cloud-gpus_2022-08-04.csv.
"""

import csv
import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer

from pipelines.schema.columns import polars_schema
from pipelines.snapshots.shipped_gpu_rates import SINGLE_FIGURES, DatedRate
from pipelines.sources.gpu_rates.rate_rows import add_rate, new_collector
from tools.gpu_rate_history import cloud_gpus

FOLDER = Path(__file__).parent
SHIPPED = FOLDER.parents[1] / "pipelines" / "snapshots" / "shipped"
TABLE_URL = "https://github.com/the-full-stack/website/commits/main/docs/cloud-gpus/cloud-gpus.csv"
_NAME = re.compile(r"(cloud-gpus)_([0-9]{4}-[0-9]{2}-[0-9]{2})\.csv")
_LEFT_OUT = {"series": pl.String, "seen_on": pl.String, "place": pl.String, "raw_text": pl.String, "reason": pl.String}
_COLUMNS = ["series", "seen_on", "url"]


def build(
    tables: Annotated[Path, typer.Argument(help="Folder with the saved tables.", file_okay=False, exists=True)],
    target: Annotated[Path, typer.Option(help="Where to write; default: where the program reads it.")] = SHIPPED,
) -> None:
    """Read every table and the points, and write gpu_rates.csv and gpu_rates_left_out.csv."""
    read = [_table(file, found) for file in sorted(tables.iterdir()) if (found := _NAME.fullmatch(file.name))]
    parts = [*read, _points()]
    rates = DatedRate.validate(pl.concat([rows.select(DatedRate.column_names()) for rows, _ in parts]), cast=True)
    left_out = pl.concat([refused for _, refused in parts])
    order = [*_COLUMNS, *(name for name in DatedRate.column_names() if name not in _COLUMNS)]
    rates.select(order).sort(
        "seen_on", "series", "url", "provider", "sku", "gpu", "memory_gb", "pricing", "effective_from"
    ).write_csv(target / "gpu_rates.csv")
    left_out.write_csv(target / "gpu_rates_left_out.csv")
    typer.echo(f"{rates.height} rates of {len(read)} tables and the points; {left_out.height} left out")


def _table(file: Path, name: re.Match[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rates of one saved table, and its lines that are left out."""
    parsed = cloud_gpus.parse(file.read_bytes())
    seen_on = pl.lit(datetime.fromisoformat(name[2])).cast(pl.Datetime("us"))
    rates = parsed.rows.with_columns(series=pl.lit(name[1]), seen_on=seen_on, url=pl.lit(TABLE_URL))
    refused = parsed.rejects.with_columns(series=pl.lit(name[1]), seen_on=pl.lit(name[2]))
    return rates, refused.select(_LEFT_OUT.keys())


def _points() -> tuple[pl.DataFrame, pl.DataFrame]:
    """The figures of points.csv, and those that it says to leave out."""
    found = new_collector()
    refused = []
    with (FOLDER / "points.csv").open(newline="") as text:
        for row in csv.DictReader(text):
            if row["left_out"]:
                place = f"{row['provider']} {row['sku']}"
                refused.append((SINGLE_FIGURES, row["seen_on"], place, row["printed"], row["left_out"]))
            else:
                add_rate(found, Decimal(row.pop("usd_per_gpu_hour")), **_typed(row))
    rates = pl.DataFrame(found.rows, schema=polars_schema(DatedRate), strict=True)
    return rates, pl.DataFrame(refused, schema=_LEFT_OUT, orient="row")


def _typed(row: dict[str, str]) -> dict[str, Any]:
    starts = row["effective_from"]
    text = ("url", "provider", "tier", "sku", "gpu", "variant", "region", "pricing", "price_kind", "printed")
    return {
        **{name: row[name] for name in text},
        "series": SINGLE_FIGURES,
        "seen_on": datetime.fromisoformat(row["seen_on"]),
        "memory_gb": int(row["memory_gb"]),
        "gpu_count": int(row["gpu_count"]),
        "effective_from": datetime.fromisoformat(starts) if starts else None,
    }


if __name__ == "__main__":
    typer.run(build)
