"""The rules of sql/core: first-hand offers, currency, undated ids, each against rows worked out by hand."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import duckdb
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.models.model_ids import undated
from pipelines.warehouse.database import Warehouse
from tests.unit.marts.mart_rows import NOW, add
from tests.unit.marts.test_gpu_rate_marts import euro, rate, reference

SOURCES = {"own": ("api", 1), "page": ("page", 2), "gpuhunt": ("aggregator", 8), "skypilot": ("aggregator", 9)}
CATALOG = [
    {"source": name, "standing": standing, "rank": rank, "kind": "gpu_rates", "url": "u", "is_proven": True,
     "is_asked": True}
    for name, (standing, rank) in SOURCES.items()
]  # fmt: skip


@pytest.fixture(scope="module")
def macros(tmp_path_factory):
    with Warehouse(tmp_path_factory.mktemp("macros")).write() as connection:
        yield connection


def first_hand(connection, *rows):
    """The ids of rows (id, source, provider) that are offers of their provider."""
    values = [(name, *SOURCES.get(source, (None, None)), provider) for name, source, provider in rows]
    stated = pl.DataFrame(
        values,
        schema={"id": pl.String, "standing": pl.String, "rank": pl.Int64, "provider": pl.String},
        orient="row",
    )
    connection.register("stated", stated)
    query = "SELECT id FROM stated QUALIFY is_first_hand(standing, rank, provider) ORDER BY id"
    return [name for (name,) in connection.sql(query).fetchall()]


def test_beside_the_providers_own_an_aggregator_does_not_count(macros):
    assert first_hand(macros, ("a", "own", "aws"), ("b", "gpuhunt", "aws"), ("c", "page", "aws")) == ["a", "c"]


def test_without_it_the_first_aggregator_counts(macros):
    rows = ("a", "skypilot", "gcp"), ("b", "gpuhunt", "gcp"), ("c", "own", "aws")
    assert first_hand(macros, *rows) == ["b", "c"]


def test_a_source_that_is_not_in_the_catalog_is_no_aggregator(macros):
    assert first_hand(macros, ("a", "shipped", "x"), ("b", "gpuhunt", "x")) == ["a"]
    assert first_hand(macros) == []


@pytest.mark.parametrize(
    ("local", "per_currency", "usd"),
    [
        ("2.73", "1.0705", "2.922465"),
        # 0.3568329765
        ("0.333333", "1.0705", "0.356833"),
        # Exactly in the middle: 0.0000005 goes up, and 0.00000049999995 goes down though it has a 5 at ten digits.
        ("0.000001", "0.5", "0.000001"),
        ("0.000001", "0.49999995", "0.000000"),
        ("0.000003", "0.4999999999", "0.000001"),
        ("0.000003", "0.5", "0.000002"),
    ],
)
def test_a_product_is_rounded_once(macros, local, per_currency, usd):
    query = "SELECT in_usd(NULL, $1::DECIMAL(18, 6), $2::DECIMAL(18, 10))"
    assert macros.execute(query, [local, per_currency]).fetchone() == (Decimal(usd),)


def test_a_rate_in_usd_stays_and_one_without_a_reference_rate_has_none(macros):
    query = "SELECT in_usd($1::DECIMAL(18, 6), 2::DECIMAL(18, 6), $2::DECIMAL(18, 10))"
    assert macros.execute(query, [Decimal(3), Decimal(9)]).fetchone() == (Decimal(3),)
    assert macros.execute(query, [None, None]).fetchone() == (None,)


@pytest.mark.parametrize(("on", "is_used"), [(date(2024, 7, 5), True), (date(2024, 7, 6), False)])
def test_a_reference_rate_serves_for_a_week(macros, on, is_used):
    query = "SELECT is_reference_rate(TIMESTAMP '2024-06-28', NULL, DATE '2024-06-28', $1::TIMESTAMP)"
    at = datetime.combine(on, datetime.max.time())
    assert macros.execute(query, [at]).fetchone() == (is_used,)


@given(st.from_regex(r"[a-z0-9.-]{0,6}(-20\d\d-\d\d-\d\d|-20\d{6}|-19\d{6})?[a-z-]?", fullmatch=True))
@example("gpt-5-mini-2025-08-07")
@example("claude-opus-4-20250514-v1")
@example("-20250514-20250514")
@example("line-20250514\n")
@settings(max_examples=200, deadline=None)
def test_frames_and_sql_mean_the_same_undated_id(macros, model):
    frame = pl.DataFrame({"model": [model]}).select(undated(pl.col("model"))).item()
    assert macros.execute("SELECT undated($1)", [model]).fetchone() == (frame,)


def test_an_id_without_its_date(macros):
    ids = ["gpt-5-mini-2025-08-07", "claude-sonnet-4-5-20250929", "gpt-4-0613", "gemini-2.5-pro"]
    found = macros.execute("SELECT list_transform($1, lambda one: undated(one))", [ids]).fetchone()
    assert found == (["gpt-5-mini", "claude-sonnet-4-5", "gpt-4-0613", "gemini-2.5-pro"],)


def test_offers_are_those_listed_and_known_at_a_moment_in_dollars(tmp_path):
    """2.73 EUR x 1.0912 = 2.978976 USD; RunPod is read itself, GCP only by two aggregators."""
    made, later = Warehouse(tmp_path), NOW + timedelta(days=1)
    add(made, "raw.source", *CATALOG)
    add(
        made, "core.exchange_rate", reference(NOW.date(), "1.0912"), reference(NOW.date(), "9.9", known_from=later),
        reference(NOW.date(), "8.8", known_to=NOW, exchange_rate_id="corrected"),
    )  # fmt: skip
    add(
        made, "core.gpu_rate",
        euro("euro", "2.73", source="own"), rate("repeated", 3, source="gpuhunt"),
        rate("gcp", 4, source="gpuhunt", provider="gcp"), rate("gcp again", 4, source="skypilot", provider="gcp"),
        rate("gone", 3, source="own", is_listed=False), rate("ahead", 3, source="own", valid_from=later),
        rate("not known yet", 3, source="own", known_from=later), rate("known no more", 3, source="own", known_to=NOW),
        rate("over", 3, source="own", valid_to=NOW),
    )  # fmt: skip
    with made.write() as connection:
        query = "SELECT rate_id, usd_per_gpu_hour, fx_rate_on FROM gpu_offer_known_at($at, $at) ORDER BY rate_id"
        found = connection.execute(query, {"at": NOW}).fetchall()
    assert found == [("euro", Decimal("2.978976"), NOW.date()), ("gcp", Decimal("4.000000"), None)]
    made.publish()
    with duckdb.connect(str(made.published_file), read_only=True) as alone:
        assert alone.execute(query, {"at": NOW}).fetchall() == found
