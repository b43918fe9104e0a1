"""Aggregators repeat what providers offer; they count only where nobody else does."""

import polars as pl

from pipelines.snapshots.authority import first_hand

SOURCES = pl.DataFrame(
    [("own", "api", 1), ("page", "page", 2), ("gpuhunt", "aggregator", 8), ("skypilot", "aggregator", 9)],
    schema={"source": pl.String, "standing": pl.String, "rank": pl.Int64},
    orient="row",
)


def kept(*rows, sources=SOURCES):
    rates = pl.DataFrame(list(rows), schema=dict.fromkeys(("rate_id", "source", "provider"), pl.String), orient="row")
    return first_hand(rates, sources)["rate_id"].to_list()


def test_beside_the_providers_own_an_aggregator_does_not_count():
    assert kept(("a", "own", "aws"), ("b", "gpuhunt", "aws"), ("c", "page", "aws")) == ["a", "c"]


def test_without_it_the_first_aggregator_counts():
    assert kept(("a", "skypilot", "gcp"), ("b", "gpuhunt", "gcp"), ("c", "own", "aws")) == ["b", "c"]


def test_a_source_that_is_not_in_the_catalog_is_no_aggregator():
    assert kept(("a", "shipped", "x"), ("b", "gpuhunt", "x")) == ["a"]
    assert kept(("a", "own", "x"), sources=SOURCES.clear()) == ["a"]
    assert kept() == []
