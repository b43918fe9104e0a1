"""Versions of several sources -> one price at a time: who is believed, and what stays a gap."""

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.models.model_aliases import candidates
from pipelines.models.model_map import MAP_SCHEMA, POINTER_SCHEMA
from pipelines.schema.columns import polars_schema
from pipelines.schema.price_segments import SEGMENT_SCHEMA
from pipelines.schema.token_prices import TokenPrice
from pipelines.snapshots.resolve_prices import price_segments

START = datetime(2026, 3, 1)
RANKS = pl.DataFrame(
    [("page", 1, "page", None), ("feed", 3, "aggregator", None), ("price_history", 4, None, None)],
    schema={"source": pl.String, "rank": pl.Int64, "standing": pl.String, "read_at": pl.Datetime("us")},
    orient="row",
)
ROW = {
    "provider": "openai",
    "channel": "api",
    "region": "global",
    "model": "gpt-x",
    "meter": "output",
    "service_tier": "standard",
    "context_from": 0,
    "time_window": "always",
    "unit": "mtok",
    "usd_per_unit": Decimal(10),
    "currency": "USD",
    "printed": "$",
    "basis": "printed",
    "known_from": START,
    "is_listed": True,
    "source": "page",
    "fetch_id": "f",
}


def day(number):
    return None if number is None else START + timedelta(days=number)


def version(price_id, start=0, end=None, **differences):
    return ROW | {"price_id": price_id, "valid_from": day(start), "valid_to": day(end)} | differences


def segments(*versions, used="gpt-x"):
    models = pl.DataFrame({"provider": ["openai"], "channel": ["api"], "region": ["global"], "model": [used]})
    names = candidates(models, pl.DataFrame(schema=POINTER_SCHEMA), pl.DataFrame(schema=MAP_SCHEMA))
    return price_segments(pl.DataFrame(list(versions), schema=polars_schema(TokenPrice)), names, RANKS)


def spans(frame):
    """(price, first day, end day or None) in time."""
    rows = frame.sort("valid_from", "context_from").select("price_id", "valid_from", "valid_to").rows()
    return [(name, (a - START).days, None if b is None else (b - START).days) for name, a, b in rows]


def test_one_version_is_one_segment():
    found = segments(version("p"))
    assert spans(found) == [("p", 0, None)]
    assert found.schema == pl.Schema(SEGMENT_SCHEMA)
    assert found.select("model", "source", "usd_per_unit").row(0) == ("gpt-x", "page", Decimal(10))


def test_models_that_are_not_used_have_no_segments():
    assert segments(version("p"), used="gpt-y").is_empty()
    assert segments().is_empty()


def test_a_page_outranks_an_aggregator_for_as_long_as_it_speaks():
    found = segments(version("page", 5, 8), version("feed", 0, None, source="feed"))
    assert spans(found) == [("feed", 0, 5), ("page", 5, 8), ("feed", 8, None)]


def test_the_id_itself_outranks_its_undated_form_within_a_source():
    name, snapshot = version("name", 0), version("snapshot", 4, model="gpt-x-2026-01-15")
    found = segments(name, snapshot, used="gpt-x-2026-01-15")
    assert spans(found) == [("name", 0, 4), ("snapshot", 4, None)]
    assert set(found["model"]) == {"gpt-x-2026-01-15"}
    assert spans(segments(name, snapshot)) == [("name", 0, None)]


def test_the_page_on_the_name_outranks_an_aggregator_on_the_snapshot():
    found = segments(version("page"), version("feed", model="gpt-x-2026-01-15", source="feed"), used="gpt-x-2026-01-15")
    assert spans(found) == [("page", 0, None)]


def test_a_fee_of_any_model_counts_where_the_model_has_none_of_its_own():
    fee = {"meter": "web_searches", "unit": "thousand_calls"}
    any_model, own = version("any", model="*", **fee), version("own", 3, **fee)
    assert spans(segments(any_model)) == [("any", 0, None)]
    assert spans(segments(any_model, own)) == [("any", 0, 3), ("own", 3, None)]
    assert segments(any_model)["model"].to_list() == ["gpt-x"]


def test_a_gap_stays_a_gap():
    assert spans(segments(version("a", 0, 2), version("b", 5))) == [("a", 0, 2), ("b", 5, None)]


def test_meters_and_tiers_are_resolved_apart():
    found = segments(version("page"), version("feed", source="feed", service_tier="batch"))
    assert dict(found.select("service_tier", "price_id").rows()) == {"standard": "page", "batch": "feed"}


def test_context_rows_share_a_segment_and_come_from_one_source():
    short, long = {"context_to": 200_001}, {"context_from": 200_001}
    found = segments(
        version("short", **short), version("long", 0, 6, **long), version("longer", 6, None, **long),
        version("feed", source="feed"),
    )  # fmt: skip
    assert spans(found) == [("short", 0, 6), ("long", 0, 6), ("short", 6, None), ("longer", 6, None)]
    assert found.group_by("segment_id").agg(pl.col("price_id").sort()).sort("segment_id")["price_id"].to_list() == [
        ["long", "short"], ["longer", "short"],
    ]  # fmt: skip


def test_a_source_without_a_rank_is_not_believed():
    assert segments(version("p", source="hearsay")).is_empty()


LAST_DAY = 14
cuts = st.lists(st.tuples(st.integers(0, 9), st.integers(1, 5)), max_size=4)


def disjoint(source, model, spans):
    """Versions of one source's key, which never overlap."""
    end, found = 0, []
    for gap, length in spans:
        start = end + gap % 3
        end = start + length
        found.append(version(f"{source} {model} {start}", start, end, source=source, model=model))
    return found


@settings(deadline=None)
@given(cuts, cuts, cuts, cuts)
def test_every_moment_has_the_best_price_or_none(page, page_dated, feed, feed_dated):
    dated = "gpt-x-2026-01-15"
    in_order = [
        disjoint("page", dated, page_dated), disjoint("page", "gpt-x", page),
        disjoint("feed", dated, feed_dated), disjoint("feed", "gpt-x", feed),
    ]  # fmt: skip
    found = segments(*(row for rows in in_order for row in rows), used=dated).sort("valid_from")
    assert all(end <= start for (_, _, end), (_, start, _) in pairwise(spans(found))), "no two at once"
    for number in range(LAST_DAY):
        now = day(number)
        holding = (row["price_id"] for rows in in_order for row in rows if row["valid_from"] <= now < row["valid_to"])
        held = found.filter((pl.col("valid_from") <= now) & (pl.col("valid_to") > now))["price_id"].to_list()
        assert held == [price for price in [next(holding, None)] if price]
