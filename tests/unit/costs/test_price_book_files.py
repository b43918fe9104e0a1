"""The price book as CSV, Parquet and FOCUS: what DuckDB, PyArrow and Python's own csv read is what was written."""

import csv
from datetime import datetime
from decimal import Decimal

import duckdb
import polars as pl
import pyarrow.parquet as pq
import pytest

from pipelines.costs.export_focus import write_book
from pipelines.costs.price_book import price_book
from pipelines.warehouse.published import PublishedWarehouse

AT = datetime(2026, 10, 1)


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """Prices of three sellers that ship, and one whose text holds what CSV is written with."""
    whole = price_book(PublishedWarehouse(tmp_path_factory.mktemp("none")), AT)
    few = whole.filter(pl.col("provider").is_in(["openai", "deepseek", "xai"])).head(400)
    odd = few.head(1).with_columns(
        model=pl.lit('a "b", c;\nd'), usd_per_unit=pl.lit(Decimal("0.000001"), pl.Decimal(18, 6))
    )
    return pl.concat([few, odd])


def written(book, folder, form, suffix):
    file = folder / f"book.{suffix}"
    assert write_book(book, file, form) == book.height
    return file


def amounts(book):
    return sorted(book.select("model", "usd_per_unit").rows())


def test_csv_keeps_every_digit_and_any_text(book, tmp_path):
    file = written(book, tmp_path, "csv", "csv")
    with file.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert sorted((row["model"], Decimal(row["usd_per_unit"])) for row in rows) == amounts(book)
    assert {row["valid_from"][-1] for row in rows} == {"Z"}
    read = duckdb.read_csv(file, dtype={"usd_per_unit": "DECIMAL(18,6)"}).select("model", "usd_per_unit")
    assert sorted(read.fetchall()) == amounts(book)


def test_parquet_keeps_decimals_and_times(book, tmp_path):
    file = written(book, tmp_path, "parquet", "parquet")
    table = pq.read_table(file)
    assert sorted(zip(*(table[name].to_pylist() for name in ("model", "usd_per_unit")), strict=True)) == amounts(book)
    read = duckdb.read_parquet(str(file))
    types = dict(zip(read.columns, map(str, read.types), strict=True))
    kinds = [types[name] for name in ("usd_per_unit", "valid_from", "context_from")]
    assert kinds == ["DECIMAL(18,6)", "TIMESTAMP", "BIGINT"]
    assert pl.read_parquet(file).equals(book)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_focus_records_are_the_same_in_either_file(book, tmp_path, suffix):
    file = written(book, tmp_path, "focus", suffix)
    read = duckdb.read_csv(file) if suffix == "csv" else duckdb.read_parquet(str(file))
    rows = read.select("UnitPrice", "PricingUnit", "PricingCurrency", "SkuPriceId").fetchall()
    assert sorted(round(Decimal(usd), 6) for usd, *_ in rows) == sorted(book["usd_per_unit"])
    assert {currency for _, _, currency, _ in rows} == {"USD"}
    assert "1000000 Tokens" in {unit for _, unit, *_ in rows}
    assert len({price_id for *_, price_id in rows}) == book.height
