"""The shipped price history: whole, dated, sourced, and entered into a warehouse once."""

from datetime import datetime

import polars as pl
import pytest

from pipelines.schema.raw import Fetch
from pipelines.schema.token_prices import TokenPrice
from pipelines.snapshots.book import TOKEN_PRICES
from pipelines.snapshots.seed_history import seed_price_history, shipped_evidence
from pipelines.snapshots.shipped_prices import shipped_versions
from pipelines.sources.source import PRICE_HISTORY
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import fingerprints, read_table, scalar


@pytest.fixture
def warehouse(tmp_path):
    return Warehouse(tmp_path)


def test_every_row_obeys_the_table_and_names_its_page_and_date():
    versions, evidence = shipped_versions(), shipped_evidence()
    TokenPrice.validate(versions)
    Fetch.validate(evidence)
    assert versions.join(evidence, on="fetch_id", how="anti").is_empty()
    assert evidence["url"].str.starts_with("https://").all()
    assert set(versions["source"]) == {PRICE_HISTORY}


def test_it_reaches_from_2023_to_today_and_knows_every_main_provider():
    versions = shipped_versions()
    assert versions["valid_from"].min() < datetime(2023, 7, 1)
    assert versions["known_from"].max() >= datetime(2026, 11, 17)
    main = {"openai", "anthropic", "google", "mistral", "cohere", "deepseek", "xai", "perplexity", "groq", "together"}
    assert main <= set(versions["provider"])
    assert {"api", "azure", "bedrock", "vertex", "openrouter", "claude_platform_aws"} == set(versions["channel"])


def test_what_is_believed_of_one_price_never_overlaps():
    believed = shipped_versions().filter(pl.col("known_to").is_null())
    key = [*TokenPrice.column_names()[:7], "context_from", "time_window"]
    ordered = believed.sort(*key, "valid_from")
    following = ordered.select(pl.col("valid_from").shift(-1).over(key)).to_series()
    assert (ordered["valid_to"].eq_missing(following) | (ordered["valid_to"] < following)).all()


def test_it_is_entered_once_and_an_upgrade_replaces_it(warehouse):
    assert seed_price_history(warehouse) == shipped_versions().height
    before = fingerprints(warehouse)
    assert seed_price_history(warehouse) == 0
    assert fingerprints(warehouse) == before
    with warehouse.write() as connection:
        connection.execute("DELETE FROM core.token_price WHERE model = 'gpt-4o'")
        connection.execute("UPDATE core.token_price SET printed = 'an older release' WHERE model = 'o3'")
    assert seed_price_history(warehouse) > 0
    assert fingerprints(warehouse) == before


def test_prices_of_the_user_s_own_sources_stay_when_it_is_replaced(warehouse):
    own = shipped_versions().head(1).with_columns(source=pl.lit("openai_pricing"), price_id=pl.lit("own"))
    with warehouse.write() as connection:
        connection.register("own", own)
        connection.execute("INSERT INTO core.token_price BY NAME SELECT * FROM own")
        connection.unregister("own")
    seed_price_history(warehouse)
    with warehouse.write() as connection:
        assert read_table(connection, "core.token_price", "price_id = 'own'").height == 1
        query = "SELECT count(*) FROM core.token_price WHERE source = 'price_history'"
        assert scalar(connection, query) == shipped_versions().height


def test_one_price_holds_for_each_prompt_size_and_what_nobody_printed_is_assumed():
    """Also across keys: sql/checks/price_ranges.sql, here of all time."""
    versions = shipped_versions().filter(pl.col("known_to").is_null())
    key = [name for name in TOKEN_PRICES.key if name != "context_from"]
    forever = pl.datetime(9999, 12, 31)
    pairs = versions.join(versions, on=key, suffix="_of_longer").filter(
        pl.col("context_from_of_longer") > pl.col("context_from"),
        pl.col("context_to").is_null() | (pl.col("context_to") > pl.col("context_from_of_longer")),
        pl.col("valid_from") < pl.col("valid_to_of_longer").fill_null(forever),
        pl.col("valid_from_of_longer") < pl.col("valid_to").fill_null(forever),
    )
    assert pairs.is_empty()
    assert versions.filter(pl.col("authority").is_null() | pl.col("proven_until").is_null()).is_empty()
    assumed = versions.filter(basis="assumed")
    assert assumed.filter(pl.col("proven_from") < pl.col("valid_from")).is_empty()
