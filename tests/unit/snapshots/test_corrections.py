"""Current timelines against reread ones: only wrong stretches are replaced, and doing it twice changes nothing."""

from datetime import datetime, timedelta
from decimal import Decimal

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.schema.columns import polars_schema
from pipelines.schema.lifecycles import LifecycleObservation
from pipelines.schema.token_prices import TokenPriceObservation
from pipelines.snapshots.book import LIFECYCLES, TOKEN_PRICES, Reading
from pipelines.snapshots.corrections import corrections, differences
from pipelines.snapshots.current import current
from pipelines.snapshots.versions import after_change, fold

START = datetime(2026, 3, 1, 8)
NOW = datetime(2026, 6, 1, 8)
OBSERVED = {
    "provider": "p", "channel": "api", "region": "global", "meter": "output", "service_tier": "standard",
    "context_from": 0, "time_window": "always", "unit": "mtok", "currency": "USD", "printed": "$", "basis": "printed",
}  # fmt: skip


def day(number):
    return START + timedelta(days=number)


def entered(book, versions, change):
    """The current versions after a change."""
    return current(after_change(book, versions, change))


def history(*statements, book=TOKEN_PRICES, observation=TokenPriceObservation, base=OBSERVED):
    """Believed versions after one statement a day, each a list of rows that differ from `base`."""
    current = pl.DataFrame(schema=polars_schema(book.version))
    for number, rows in enumerate(statements):
        observed = pl.DataFrame([base | row for row in rows], schema=polars_schema(observation))
        current = entered(book, current, fold(book, current, observed, Reading("s", f"f{number}", day(number))))
    return current


def prices(**usd):
    return [{"model": model, "usd_per_unit": Decimal(amount)} for model, amount in usd.items()]


def told(frame):
    return frame.select("model", "valid_from", "valid_to", "usd_per_unit", "basis").rows()


def test_only_the_wrong_stretch_is_replaced():
    """Read as 100 on the first day and right as 12 from the second: the second version stays, identity and all."""
    wrong, right = history(prices(a="100"), prices(a="12")), history(prices(a="12"), prices(a="12"))
    found = corrections(TOKEN_PRICES, "s", wrong, right, NOW)
    assert told(found.change.opened) == [("a", day(0), day(1), Decimal(12), "corrected")]
    assert found.change.opened["known_from"].to_list() == [NOW]
    (closed,) = found.change.closed.to_dicts()
    assert closed["price_id"] == wrong.filter(usd_per_unit=100)["price_id"].item()
    assert closed["known_to"] == NOW


def test_a_change_that_was_none_goes():
    """10, 100 for a day, 10 again: the middle is put right, and what follows keeps its price_id."""
    wrong = history(prices(a="10"), prices(a="100"), prices(a="10"))
    found = corrections(TOKEN_PRICES, "s", wrong, history(prices(a="10"), prices(a="10"), prices(a="10")), NOW)
    assert told(found.change.opened) == [("a", day(1), day(2), Decimal(10), "corrected")]
    assert found.change.closed.height == 1


def test_a_stretch_before_the_first_version_is_news_and_no_correction():
    wrong, right = history(prices(b="1"), prices(a="10", b="1")), history(prices(a="10", b="1"), prices(a="10", b="1"))
    found = corrections(TOKEN_PRICES, "s", wrong, right, NOW)
    assert told(found.change.opened) == [("a", day(0), None, Decimal(10), "printed")]


def test_another_basis_of_the_same_amount_is_no_correction():
    derived = [row | {"basis": "derived"} for row in prices(a="10")]
    found = corrections(TOKEN_PRICES, "s", history(prices(a="10")), history(derived), NOW)
    assert told(found.change.opened) == [("a", day(0), None, Decimal(10), "derived")]


def test_keys_that_are_kept_or_may_be_missing_stay():
    wrong, right = history(prices(a="100", b="100", c="1")), history(prices(a="10", b="10"))
    kept = frozenset(wrong.filter(model="a").select(TOKEN_PRICES.key).rows())
    found = corrections(TOKEN_PRICES, "s", wrong, right, NOW, kept=kept, is_whole=False)
    assert set(found.change.opened["model"]) == {"b"}
    withdrawn = corrections(TOKEN_PRICES, "s", wrong, right, NOW, kept=kept)
    assert withdrawn.change.closed.height == 2
    rows = differences(TOKEN_PRICES, withdrawn).select("key", "before", "after").rows()
    assert rows == [
        ("p|api|global|b|output|standard|0|always", "usd_per_unit 100.000000", "usd_per_unit 10.000000"),
        ("p|api|global|c|output|standard|0|always", "usd_per_unit 1.000000", None),
    ]


def test_a_lifecycle_is_restated_without_a_basis():
    base = {"provider": "p", "channel": "api", "model": "m", "retires_precision": "none", "outcome": "fail"}
    kind = {"book": LIFECYCLES, "observation": LifecycleObservation, "base": base}
    wrong, right = history([{"state": "active"}], **kind), history([{"state": "deprecated"}], **kind)
    found = corrections(LIFECYCLES, "s", wrong, right, NOW)
    assert found.change.opened.select("state", "valid_from", "known_from").rows() == [("deprecated", day(0), NOW)]
    assert differences(LIFECYCLES, found).select("before", "after").rows() == [("state active", "state deprecated")]


statements = st.lists(
    st.dictionaries(st.sampled_from(["a", "b"]), st.sampled_from(["1", "2", "3"]), min_size=0), min_size=1, max_size=6
)


@given(statements, statements)
@settings(max_examples=60, deadline=None)
def test_restating_states_what_was_reread_and_a_second_time_nothing(old, new):
    current = history(*(prices(**rows) for rows in old))
    reread = history(*(prices(**rows) for rows in new))
    once = entered(TOKEN_PRICES, current, corrections(TOKEN_PRICES, "s", current, reread, NOW).change)
    for number in range(7):
        assert stated(once, day(number)) == stated(reread, day(number))
    twice = corrections(TOKEN_PRICES, "s", once, reread, NOW + timedelta(days=1)).change
    assert (twice.opened.height, twice.closed.height) == (0, 0)


def stated(versions, at):
    """Model, price and whether it is listed, of the versions that hold at a moment."""
    holds = (pl.col("valid_from") <= at) & (pl.col("valid_to").is_null() | (pl.col("valid_to") > at))
    return versions.filter(holds).select("model", "usd_per_unit", "is_listed").sort("model").rows()
