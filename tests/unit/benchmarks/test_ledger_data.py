"""The made-up ledger obeys the product's own contract, and its prices are what the benchmark says they are."""

from pathlib import Path

import polars as pl
import pytest

from benchmarks.ledger_data import LAST_DAY, ledger_files, write_ledger
from benchmarks.price_data import CHEAP_HOURS, MODELS, VERSIONS, segments
from pipelines.schema.offers import SERVICE_TIERS
from pipelines.schema.price_segments import SEGMENT_KEY, SEGMENT_SCHEMA
from pipelines.schema.usage import Usage

DAYS, ROWS = 8, 300


@pytest.fixture(scope="module")
def prices() -> pl.DataFrame:
    return segments(LAST_DAY, DAYS, seed=1)


def test_ledger_rows_obey_the_usage_contract(tmp_path: Path) -> None:
    write_ledger(tmp_path, DAYS, ROWS)
    files = ledger_files(tmp_path)
    assert len(files) == DAYS
    rows = pl.read_parquet(files, hive_partitioning=False).cast({pl.Categorical: pl.String})
    # The account that nobody states is not written.
    assert Usage.validate(rows.with_columns(pl.col("account_id").fill_null("default"))).height == DAYS * ROWS
    assert rows["usage_id"].n_unique() == DAYS * ROWS
    assert rows["usage_date"].n_unique() == DAYS


def test_a_ledger_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    write_ledger(tmp_path, DAYS, ROWS)
    before = {file: file.stat().st_mtime_ns for file in ledger_files(tmp_path)}
    write_ledger(tmp_path, DAYS, ROWS)
    assert {file: file.stat().st_mtime_ns for file in ledger_files(tmp_path)} == before


def test_every_model_has_eight_versions_in_all_tiers(prices: pl.DataFrame) -> None:
    assert dict(prices.schema) == SEGMENT_SCHEMA
    counted = prices.group_by(SEGMENT_KEY).agg(versions=pl.col("valid_from").n_unique())
    assert counted["versions"].unique().to_list() == [VERSIONS]
    assert counted["model"].n_unique() == MODELS
    assert counted.group_by("model").agg(pl.col("service_tier").n_unique())["service_tier"].unique().to_list() == [
        len(SERVICE_TIERS)
    ]


def test_versions_follow_each_other_without_gap_or_overlap(prices: pl.DataFrame) -> None:
    stretches = prices.unique("segment_id").sort(*SEGMENT_KEY, "valid_from")
    following = stretches.with_columns(following=pl.col("valid_from").shift(-1).over(SEGMENT_KEY))
    assert following.filter(pl.col("valid_to").ne_missing(pl.col("following"))).is_empty()


def test_some_prices_depend_on_the_prompt_and_some_on_the_hour(prices: pl.DataFrame) -> None:
    assert prices.filter(pl.col("context_from") > 0).height > 0
    assert prices.filter(time_window=CHEAP_HOURS)["provider"].unique().to_list() == ["deepseek"]
