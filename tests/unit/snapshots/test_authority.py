"""The shipped history beside sources that are read: whose word counts, and from when."""

from datetime import datetime
from decimal import Decimal

import polars as pl
import pytest

from pipelines.models.model_aliases import candidates
from pipelines.models.model_map import MAP_SCHEMA, POINTER_SCHEMA
from pipelines.schema.columns import polars_schema
from pipelines.schema.token_prices import TokenPrice
from pipelines.snapshots.resolve_prices import price_segments
from tests.unit.snapshots.test_resolve_prices import ROW

MAY, JUNE, JULY, AUGUST, NOW = (datetime(2026, month, 1) for month in (5, 6, 7, 8, 11))
HISTORY = {"source": "price_history", "authority": "provider", "proven_from": MAY, "proven_until": JULY}


def version(usd, since, **differences):
    row = {"price_id": f"{usd} {since}", "usd_per_unit": Decimal(usd), "valid_from": since, "known_from": since}
    return ROW | row | differences


def price_at(at, *versions, used="gpt-x", read=NOW):
    order = pl.DataFrame(
        [("page", 1, "page", read), ("feed", 3, "aggregator", read), ("price_history", 4, None, None)],
        schema={"source": pl.String, "rank": pl.Int64, "standing": pl.String, "read_at": pl.Datetime("us")},
        orient="row",
    )
    models = pl.DataFrame({"provider": ["openai"], "channel": ["api"], "region": ["global"], "model": [used]})
    names = candidates(models, pl.DataFrame(schema=POINTER_SCHEMA), pl.DataFrame(schema=MAP_SCHEMA))
    found = price_segments(pl.DataFrame(list(versions), schema=polars_schema(TokenPrice)), names, order)
    rows = found.filter(pl.col("valid_from") <= at, pl.col("valid_to").is_null() | (pl.col("valid_to") > at))
    return sorted(
        (float(usd), source, end) for usd, source, end in rows.select("usd_per_unit", "source", "context_to").rows()
    )


def test_a_late_feed_does_not_undo_what_the_provider_said():
    said = version("0.15", MAY, **HISTORY)
    assert price_at(NOW, said, version("0.30", AUGUST, source="feed")) == [(0.15, "price_history", None)]


def test_a_feed_that_moves_from_the_known_price_after_it_was_last_printed_is_news():
    said = version("0.15", MAY, **HISTORY)
    feed = version("0.15", JULY, valid_to=AUGUST, source="feed"), version("0.10", AUGUST, source="feed")
    assert price_at(NOW, said, *feed) == [(0.1, "feed", None)]


@pytest.mark.parametrize(("disputed", "right"), [("0.3", 0.2), (None, 0.3)])
def test_a_feed_against_another_feed_counts_by_date_but_for_what_was_weighed_already(disputed, right):
    said = version("0.20", MAY, **HISTORY | {"authority": "aggregator", "disputed_usd": disputed})
    assert price_at(NOW, said, version("0.30", AUGUST, source="feed"))[0][0] == right


def test_a_page_counts_while_it_is_read_and_the_later_word_after_that():
    page, cut = (
        version(5, MAY, source="page"),
        version(4, JULY, **HISTORY | {"proven_from": JULY, "proven_until": AUGUST}),
    )
    assert price_at(NOW, page, cut) == [(5.0, "page", None)]
    assert price_at(NOW, page, cut, read=JUNE) == [(4.0, "price_history", None)]
    assert price_at(JUNE, page, cut, read=JUNE) == [(5.0, "page", None)]


def test_an_assumed_price_yields_to_any_word_and_a_snapshot_to_its_models():
    assumed = version("0.45", MAY, basis="assumed", **HISTORY | {"authority": "aggregator"})
    assert price_at(NOW, assumed, version("0.25", JUNE, source="feed")) == [(0.25, "feed", None)]
    named = version(5, MAY, model="gpt-x-2026-02-05", basis="assumed", **HISTORY | {"authority": "aggregator"})
    said = version(10, MAY, **HISTORY)
    assert price_at(NOW, named, said, used="gpt-x-2026-02-05") == [(10.0, "price_history", None)]


def test_a_price_that_leaves_a_page_ends_if_its_model_is_still_sold():
    base = version(5, MAY, source="page", meter="input_uncached")
    fast = version(30, MAY, valid_to=JULY, source="page", service_tier="fast")
    gone = version(30, JULY, source="page", service_tier="fast", is_listed=False, price_id="gone")
    assert [usd for usd, _, _ in price_at(JUNE, base, fast, gone)] == [5.0, 30.0]
    assert [usd for usd, _, _ in price_at(NOW, base, fast, gone)] == [5.0]
    assert [usd for usd, _, _ in price_at(NOW, fast, gone)] == [30.0], "nobody says what a model costs that has gone"


def test_a_range_without_an_end_ends_where_a_longer_one_begins():
    short, long = (
        version(3, JUNE, source="page"),
        version(6, JUNE, source="page", context_from=200_001, price_id="long"),
    )
    assert price_at(NOW, short, long) == [(3.0, "page", 200_001), (6.0, "page", None)]
