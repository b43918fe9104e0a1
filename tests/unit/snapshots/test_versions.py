"""Statements of one source folded into versions: what holds when, and what was known when."""

from datetime import datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.schema.columns import polars_schema
from pipelines.schema.token_prices import TokenPrice, TokenPriceObservation
from pipelines.snapshots.book import TOKEN_PRICES, Reading
from pipelines.snapshots.versions import fold

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
    "currency": "USD",
    "printed": "$10",
    "basis": "printed",
}
START = datetime(2026, 3, 1)


def day(number):
    return START + timedelta(days=number)


def printed(usd, model="gpt-x", **differences):
    return ROW | {"usd_per_unit": Decimal(usd), "model": model, "printed": f"${usd}"} | differences


class History:
    """The version table of one source, kept as the warehouse keeps it: only `known_to` of a current row changes."""

    def __init__(self):
        self.versions = pl.DataFrame(schema=polars_schema(TokenPrice))

    @property
    def current(self):
        return self.versions.filter(pl.col("known_to").is_null())

    def read(self, number, *rows, until=None):
        """Fold the page of a day; returns (closed, opened) counts."""
        observed = pl.DataFrame(list(rows), schema=polars_schema(TokenPriceObservation))
        reading = Reading("openai_pricing", f"fetch{number}", day(number))
        change = fold(TOKEN_PRICES, self.current, observed, reading, None if until is None else day(until))
        identity = ["price_id", "known_from"]
        ended = self.current.drop("known_to").join(change.closed, on=identity).select(self.versions.columns)
        assert ended.height == change.closed.height
        kept = self.current.join(change.closed, on=identity, how="anti")
        past = self.versions.filter(pl.col("known_to").is_not_null())
        self.versions = pl.concat([past, kept, ended, change.opened])
        return change.closed.height, change.opened.height

    def known_at(self, moment):
        is_known = (pl.col("known_from") <= moment) & (pl.col("known_to").is_null() | (pl.col("known_to") > moment))
        return self.versions.filter(is_known)


def timeline(versions, model="gpt-x"):
    """(first day, last day or None, USD, listed) of a model's versions."""
    rows = versions.filter(model=model).sort("valid_from").select("valid_from", "valid_to", "usd_per_unit", "is_listed")
    return [
        ((a - START).days, None if b is None else (b - START).days, usd, listed) for a, b, usd, listed in rows.rows()
    ]


@pytest.fixture
def history():
    return History()


def test_a_first_page_opens_what_it_prints_from_its_own_day(history):
    assert history.read(0, printed(10), printed(3, "gpt-y")) == (0, 2)
    assert timeline(history.current) == [(0, None, Decimal(10), True)]
    row = history.current.filter(model="gpt-x").row(0, named=True)
    assert (row["known_from"], row["known_to"], row["fetch_id"], row["source"], row["printed"]) == (
        day(0), None, "fetch0", "openai_pricing", "$10",
    )  # fmt: skip


def test_the_same_page_again_changes_nothing(history):
    history.read(0, printed(10))
    assert history.read(1, printed(10)) == (0, 0)
    assert history.read(2, printed(10, printed="10 dollars")) == (0, 0), "the printed text is evidence, not a fact"
    assert history.read(2, printed(10)) == (0, 0)


def test_a_change_ends_the_old_version_and_keeps_what_was_believed(history):
    history.read(0, printed(10))
    assert history.read(5, printed(12)) == (1, 2)
    assert timeline(history.current) == [(0, 5, Decimal(10), True), (5, None, Decimal(12), True)]
    (ended,) = history.versions.filter(pl.col("known_to").is_not_null()).iter_rows(named=True)
    assert (ended["valid_to"], ended["known_from"], ended["known_to"]) == (None, day(0), day(5))
    restated = history.current.filter(valid_from=day(0)).row(0, named=True)
    assert (restated["known_from"], restated["fetch_id"]) == (day(5), "fetch0")
    assert restated["price_id"] == ended["price_id"], "a version keeps its id when only its end becomes known"
    assert history.versions["price_id"].n_unique() == 2
    assert timeline(history.known_at(day(4))) == [(0, None, Decimal(10), True)]


def test_an_announced_price_starts_on_its_own_day(history):
    history.read(0, printed(10))
    history.read(1, printed(10), printed(12, effective_from=day(9)))
    expected = [(0, 9, Decimal(10), True), (9, None, Decimal(12), True)]
    assert timeline(history.current) == expected
    history.read(2, printed(10), printed(12, effective_from=day(9)))
    history.read(10, printed(12))
    assert timeline(history.current) == expected


def test_a_withdrawn_announcement_was_believed_while_it_stood(history):
    history.read(0, printed(10))
    history.read(1, printed(10), printed(12, effective_from=day(9)))
    history.read(3, printed(10))
    assert timeline(history.current) == [(0, None, Decimal(10), True)]
    assert timeline(history.known_at(day(2))) == [(0, 9, Decimal(10), True), (9, None, Decimal(12), True)]
    assert timeline(history.known_at(day(3))) == [(0, None, Decimal(10), True)]


def test_a_price_that_vanished_stays_in_force_unlisted_until_it_returns(history):
    history.read(0, printed(10), printed(3, "gpt-y"))
    assert history.read(2, printed(3, "gpt-y")) == (1, 2)
    assert timeline(history.current) == [(0, 2, Decimal(10), True), (2, None, Decimal(10), False)]
    assert history.read(3, printed(3, "gpt-y")) == (0, 0)
    history.read(4, printed(10), printed(3, "gpt-y"))
    assert timeline(history.current) == [
        (0, 2, Decimal(10), True), (2, 4, Decimal(10), False), (4, None, Decimal(10), True),
    ]  # fmt: skip
    assert timeline(history.current, "gpt-y") == [(0, None, Decimal(3), True)]


def test_an_older_page_fills_the_time_up_to_the_next_one(history):
    history.read(4, printed(10))
    history.read(0, printed(8), until=4)
    assert timeline(history.current) == [(0, 4, Decimal(8), True), (4, None, Decimal(10), True)]
    history.read(2, printed(9), until=4)
    assert timeline(history.current) == [
        (0, 2, Decimal(8), True), (2, 4, Decimal(9), True), (4, None, Decimal(10), True),
    ]  # fmt: skip
    assert timeline(history.known_at(day(4))) == timeline(history.current)
    history.read(6, printed(11))
    assert timeline(history.current)[-2:] == [(4, 6, Decimal(10), True), (6, None, Decimal(11), True)]


def test_an_older_page_with_the_same_price_moves_its_start_back(history):
    history.read(4, printed(10))
    history.read(0, printed(10), until=4)
    assert timeline(history.current) == [(0, None, Decimal(10), True)]


def test_an_older_page_with_a_price_that_the_newer_one_no_longer_prints(history):
    """In whichever order they are loaded: the price stays in force, unlisted."""
    history.read(4, printed(3, "gpt-y"))
    history.read(0, printed(10), printed(3, "gpt-y"), until=4)
    expected = [(0, 4, Decimal(10), True), (4, None, Decimal(10), False)]
    assert timeline(history.current) == expected
    history.read(2, printed(11), printed(3, "gpt-y"), until=4)
    assert timeline(history.current) == [
        (0, 2, Decimal(10), True), (2, 4, Decimal(11), True), (4, None, Decimal(11), False),
    ]  # fmt: skip


def test_an_older_announcement_from_beyond_the_next_page_says_nothing(history):
    history.read(4, printed(10))
    history.read(0, printed(12, effective_from=day(9)), until=4)
    assert timeline(history.current) == [(4, None, Decimal(10), True)]


def test_context_ranges_are_prices_of_their_own(history):
    history.read(0, printed(10, context_to=200_001), printed(20, context_from=200_001))
    history.read(1, printed(10, context_to=200_001), printed(25, context_from=200_001))
    long = history.current.filter(context_from=200_001)
    assert timeline(long) == [(0, 1, Decimal(20), True), (1, None, Decimal(25), True)]
    assert timeline(history.current.filter(context_from=0)) == [(0, None, Decimal(10), True)]


MODELS = ("gpt-x", "gpt-y")
LAST_DAY = 60
offers = st.tuples(st.integers(1, 3), st.none() | st.tuples(st.integers(1, 9), st.integers(1, 3)))
"""A price, and perhaps another one announced for some days later."""


def snapshots(offer):
    """Pages of 1 to 6 moments, 1 to 4 days apart: (day, {model: offer})."""
    steps = st.lists(st.tuples(st.integers(1, 4), st.tuples(*[offer] * len(MODELS))), min_size=1, max_size=6)
    return steps.map(lambda pages: [
        (sum(gap for gap, _ in pages[: number + 1]), dict(zip(MODELS, page, strict=True)))
        for number, (_, page) in enumerate(pages)
    ])  # fmt: skip


def read(history, number, page, until=None):
    rows = []
    for model, offer in page.items():
        if offer:
            usd, announced = offer
            rows.append(printed(usd, model))
            if announced:
                rows.append(printed(announced[1], model, effective_from=day(number + announced[0])))
    history.read(number, *rows, until=until)


def calendar(versions):
    """What holds on each day: {model: [(usd, listed) or None]}. Fails where two versions hold at once."""
    days = {model: [None] * LAST_DAY for model in MODELS}
    for model in MODELS:
        for start, end, usd, listed in timeline(versions, model):
            for number in range(start, LAST_DAY if end is None else end):
                assert days[model][number] is None, "two versions hold on one day"
                days[model][number] = (int(usd), listed)
    return days


def expected(days, number, page):
    """The same worked out by day, one page after the other."""
    after = {model: list(known) for model, known in days.items()}
    for model, offer in page.items():
        known = after[model]
        if offer is None:
            if known[number] is not None:
                known[number:] = [(known[number][0], False)] * (LAST_DAY - number)
            continue
        usd, announced = offer
        known[number:] = [(usd, True)] * (LAST_DAY - number)
        if announced:
            known[number + announced[0] :] = [(announced[1], True)] * (LAST_DAY - number - announced[0])
    return after


@settings(deadline=None)
@given(snapshots(st.none() | offers))
def test_pages_in_order_give_one_price_at_a_time_and_keep_every_belief(pages):
    history, days, beliefs = History(), {model: [None] * LAST_DAY for model in MODELS}, {}
    for number, page in pages:
        read(history, number, page)
        days = beliefs[number] = expected(days, number, page)
        assert calendar(history.current) == days
        read(history, number, page)
    for model in MODELS:
        spans = timeline(history.current, model)
        assert [end for _, end, *_ in spans] == [start for start, *_ in spans[1:]] + [None] * bool(spans), "no gap"
    for number, page in pages:
        current = calendar(history.known_at(day(number)))
        assert current == beliefs[number]
        printed_now = {model: (offer[0], True) for model, offer in page.items() if offer}
        assert {model: calendar(history.current)[model][number] for model in printed_now} == printed_now
        assert {model: current[model][number] for model in printed_now} == printed_now


@settings(deadline=None)
@given(snapshots(st.none() | offers).flatmap(lambda pages: st.tuples(st.just(pages), st.permutations(pages))))
def test_the_order_in_which_pages_are_loaded_makes_no_difference_to_what_holds(case):
    pages, shuffled = case
    in_order, late, loaded = History(), History(), []
    for number, page in pages:
        read(in_order, number, page)
    for number, page in shuffled:
        read(late, number, page, until=min((other for other in loaded if other > number), default=None))
        loaded.append(number)
    assert calendar(late.current) == calendar(in_order.current)
