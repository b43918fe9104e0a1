"""The mart of sources that disagree, on a few rows of a real warehouse, against rows worked out by hand."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from pipelines.warehouse.database import Warehouse
from tests.unit.marts.mart_rows import FETCH, FIRST, NOW, PRICE, add, built

CONFLICT = ("model", "believed_source", "believed_usd_per_unit", "other_source", "other_model", "other_usd_per_unit")
PAGE, FEED = "openai_pricing", "litellm"
STANDINGS = {
    PAGE: "page",
    "openai_models": "api",
    "openrouter": "api",
    FEED: "aggregator",
    "genai_prices": "aggregator",
}
DATED = {"model": "gpt-x-2026-01-15"}


def page(price_id, usd=10, **differences):
    return PRICE | {"price_id": price_id, "usd_per_unit": Decimal(str(usd))} | differences


def feed(price_id, usd, **differences):
    return page(price_id, usd, **{"source": FEED} | differences)


@pytest.fixture
def sources(tmp_path):
    """A page, two price APIs and two aggregators, believed in this order."""
    warehouse = Warehouse(tmp_path)
    common = {"url": "https://example.org", "kind": "feeds", "is_proven": True, "is_asked": True}
    rows = [
        common | {"source": name, "standing": standing, "rank": rank}
        for rank, (name, standing) in enumerate(STANDINGS.items(), start=1)
    ]
    add(warehouse, "raw.source", *rows)
    add(warehouse, "raw.fetch", FETCH, FETCH | {"fetch_id": "f2", "fetched_at": NOW})
    return warehouse


def test_sources_that_disagree_now(sources):
    past, ahead = {"valid_to": NOW}, {"valid_from": NOW + timedelta(days=1)}
    add(
        sources, "core.token_price",
        page("a"), feed("b", 12),
        page("c", model="gpt-same"), feed("d", 10, model="gpt-same"),
        page("e", model="gpt-past", **past), feed("f", 12, model="gpt-past"),
        page("g", model="gpt-ahead", **ahead), feed("h", 12, model="gpt-ahead"),
        page("i", model="gpt-gone"), feed("j", 12, model="gpt-gone", is_listed=False),
        page("k", model="gpt-tier"), feed("l", 12, model="gpt-tier", service_tier="batch"),
        page("m", model="gpt-old"), feed("n", 12, model="gpt-old", known_to=NOW),
        page("o", model="gpt-place"), feed("p", 12, model="gpt-place", channel="azure"),
        feed("q", 12, model="gpt-place", region="eu"),
        feed("r", 12, model="gpt-place", time_window="mon-fri 01:00-04:00"),
        feed("s", 12, model="gpt-place", context_from=200_001),
        page("t", model="gpt-shipped"), feed("u", 12, model="gpt-shipped", source="price_history"),
    )  # fmt: skip
    assert built(sources, "price_conflict", *CONFLICT) == [("gpt-x", PAGE, Decimal(10), FEED, "gpt-x", Decimal(12))]


def test_every_source_that_differs_from_the_best_one_is_a_row(sources):
    place = {"channel": "bedrock", "region": "eu", "time_window": "mon-fri 01:00-04:00"}
    add(
        sources, "core.token_price",
        feed("a", 10, source="openai_models", **place), feed("b", 8, source="openrouter", **place),
        feed("c", 10, **place), feed("d", 20, source="genai_prices", **place),
    )  # fmt: skip
    columns = ("channel", "region", "time_window", "believed_source", "other_source", "pct_difference", "reason")
    assert built(sources, "price_conflict", *columns, order="other_source") == [
        ("bedrock", "eu", "mon-fri 01:00-04:00", "openai_models", "genai_prices", 100.0,
         "its API outranks aggregators"),
        ("bedrock", "eu", "mon-fri 01:00-04:00", "openai_models", "openrouter", pytest.approx(-20.0),
         "two price APIs; openai_models comes first in the catalog"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("believed", "other", "reason"),
    [
        (PAGE, "openai_models", "the provider's own page outranks its API"),
        (PAGE, FEED, "the provider's own page outranks aggregators"),
        (FEED, "genai_prices", "two aggregators; litellm comes first in the catalog"),
    ],
)
def test_why_the_one_is_believed(sources, believed, other, reason):
    add(sources, "core.token_price", feed("a", 10, source=believed), feed("b", 12, source=other))
    assert built(sources, "price_conflict", "believed_source", "other_source", "reason") == [(believed, other, reason)]


def test_when_each_side_was_last_read(sources):
    add(sources, "core.token_price", page("a"), feed("b", 12))
    parse = {
        "fetch_id": "f1", "source": FEED, "fetched_at": FIRST, "parsed_at": NOW, "parser_version": "v1",
        "outcome": "promoted", "row_count": 1, "reject_count": 0, "held_count": 0, "change_count": 0,
    }  # fmt: skip
    add(sources, "raw.parse", parse, parse | {"fetch_id": "f2", "fetched_at": NOW, "outcome": "refused", "reason": "x"})
    assert built(sources, "price_conflict", "believed_fetched_at", "other_fetched_at") == [(None, FIRST)]


@pytest.mark.parametrize(
    ("believed", "other", "cause"),
    [
        ("0.075", "0.08", "rounding"),
        ("0.028", "0.03", "rounding"),
        ("0.125", "0.12", "rounding"),
        ("0.0125", "0.013", "rounding"),
        ("3", "2.999", "rounding"),
        ("0.125", "0.1249", "rounding"),
        ("0.125", "0.124", "unknown"),
        ("3", "2.5", "unknown"),
        ("2.50", "2.51", "unknown"),
        ("2.50", "0.25", "scale"),
        ("0.0003", "300", "scale"),
        ("10", "20", "unknown"),
        ("10", "0", "unknown"),
        ("0", "10", "unknown"),
    ],
)
def test_a_cause_that_the_two_figures_show(sources, believed, other, cause):
    add(sources, "core.token_price", page("a", believed), feed("b", other))
    assert built(sources, "price_conflict", "likely_cause") == [(cause,)]


def test_a_free_price_has_no_percentage(sources):
    add(sources, "core.token_price", page("a", 0), feed("b", 10))
    assert built(sources, "price_conflict", "pct_difference") == [(None,)]


@pytest.mark.parametrize("source_before", [PAGE, "price_history"])
def test_a_source_that_lags_shows_the_price_before(sources, source_before):
    """12 until 2026-02-01, 11 until 2026-03-01, 10 since: who says 11 is one step behind, who says 12 is not known."""
    january, february = datetime(2026, 1, 1), datetime(2026, 2, 1)
    before = {"source": source_before, "valid_from": january, "valid_to": february}
    add(
        sources, "core.token_price",
        page("a", 12, **before), page("b", 11, **before | {"valid_from": february, "valid_to": FIRST}),
        page("c", 9, **before | {"valid_from": february}, known_to=NOW),
        page("d", 10), feed("e", 11), feed("f", 12, source="genai_prices"),
    )  # fmt: skip
    assert built(sources, "price_conflict", "other_source", "likely_cause", order="other_source") == [
        ("genai_prices", "unknown"), (FEED, "older"),
    ]  # fmt: skip


def test_a_price_for_another_range_of_prompts_is_told_as_such(sources):
    add(sources, "core.token_price", page("a", context_to=200_001), feed("b", 14))
    assert built(sources, "price_conflict", "context_from", "likely_cause") == [(0, "context range")]


def test_a_snapshot_is_set_against_the_name_where_the_page_lists_the_name_only(sources):
    add(sources, "core.token_price", page("a"), feed("b", 12, **DATED))
    expected = [("gpt-x", PAGE, Decimal(10), FEED, "gpt-x-2026-01-15", Decimal(12))]
    assert built(sources, "price_conflict", *CONFLICT) == expected
    add(sources, "core.token_price", page("c", 12, **DATED))
    assert built(sources, "price_conflict", *CONFLICT) == [], "the page has the snapshot itself, and agrees"


def test_a_snapshot_with_a_price_of_its_own_is_no_conflict_about_the_name(sources):
    """As gpt-4o-2024-05-13, which stayed at 5 USD when gpt-4o went to 2.50: one source that lists both says so."""
    add(
        sources, "core.token_price",
        page("a", "2.5"), feed("b", "2.5"), feed("c", 5, **DATED), feed("d", 6, source="genai_prices", **DATED),
    )  # fmt: skip
    assert built(sources, "price_conflict", *CONFLICT) == [
        ("gpt-x-2026-01-15", FEED, Decimal(5), "genai_prices", "gpt-x-2026-01-15", Decimal(6)),
    ]


def test_the_name_is_never_set_against_a_snapshot_of_the_page(sources):
    add(sources, "core.token_price", page("a", **DATED), feed("b", 12))
    assert built(sources, "price_conflict", *CONFLICT) == []
