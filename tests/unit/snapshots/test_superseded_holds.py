"""A price that moves again or goes while it is held: what the later day proves for the time between."""

from datetime import datetime
from decimal import Decimal

import polars as pl
import pytest

from pipelines.schema.columns import polars_schema
from pipelines.schema.token_prices import TokenPrice, TokenPriceObservation
from pipelines.snapshots.book import TOKEN_PRICES, Reading
from pipelines.snapshots.fold_body import fold_body
from pipelines.snapshots.quarantine import HOLD_SCHEMA
from pipelines.snapshots.segments import Segment
from pipelines.snapshots.stage_body import Checked, SourceState, Staged
from pipelines.snapshots.versions import version_id
from pipelines.sources.parsed import REJECT_SCHEMA
from tests.unit.marts.mart_rows import PRICE

JANUARY, FEBRUARY, MARCH = (datetime(2026, month, 1) for month in (1, 2, 3))
NOBODY = pl.DataFrame(schema=polars_schema(TokenPrice))
NO_REJECTS = pl.DataFrame(schema=REJECT_SCHEMA)
NAMES = TokenPriceObservation.column_names()


def frame(**usd):
    fields = {name: PRICE[name] for name in NAMES if name in PRICE}
    rows = [fields | {"model": model, "usd_per_unit": Decimal(amount)} for model, amount in usd.items()]
    return pl.DataFrame(rows, schema=polars_schema(TokenPriceObservation))


class Source:
    """One source whose pages are entered one after the other."""

    def __init__(self):
        self.versions, self.holds = NOBODY, pl.DataFrame(schema=HOLD_SCHEMA)

    def prints(self, at, rejects=NO_REJECTS, **usd):
        rows = frame(**usd)
        state = SourceState(self.versions, self.holds, 1, None, NO_REJECTS, None)
        reading = Reading("openai_pricing", f"f{at:%m}", at)
        found = fold_body(TOKEN_PRICES, Checked(Staged(rows, rejects, ()), [], rows, rejects), state, reading, NOBODY)
        ended = found.change.closed.select("price_id", "known_from")
        self.versions = pl.concat([self.versions.join(ended, on=["price_id", "known_from"], how="anti"),
                                   found.change.opened])  # fmt: skip
        others = self.holds.join(found.holds, on="hold_id", how="anti")
        self.holds = pl.concat([others, found.holds.filter(status="open").select(HOLD_SCHEMA.keys())])
        return found

    def timeline(self, model="a"):
        rows = self.versions.filter(model=model).sort("valid_from")
        return [
            (f"{usd.normalize():f}", a.month, b.month if b else None, listed)
            for usd, a, b, listed in rows.select("usd_per_unit", "valid_from", "valid_to", "is_listed").rows()
        ]


def test_ids_of_versions_are_what_fold_gives_them():
    """The fixture above ends versions by id."""
    segment = Segment(JANUARY, None, (Decimal(10),), is_listed=True, evidence=())
    assert version_id(TOKEN_PRICES, "s", ("k",), segment)


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ((10, 3, 2), [("10", 1, 2, True), ("3", 2, 3, True), ("2", 3, None, True)]),  # down, and further down
        ((10, 25, 30), [("10", 1, 2, True), ("25", 2, 3, True), ("30", 3, None, True)]),
        ((10, 3, 4), [("10", 1, 2, True), ("3", 2, 3, True), ("4", 3, None, True)]),  # near the held one
        ((10, 3, 10), [("10", 1, None, True)]),  # taken back: it was a slip
        ((10, 3, 3), [("10", 1, 2, True), ("3", 2, None, True)]),  # repeated
        ((10, 100, 12), [("10", 1, 3, True), ("12", 3, None, True)]),  # a slipped point, put right
    ],
)
def test_a_later_different_figure_bears_the_held_one_out_for_the_time_between(figures, expected):
    source = Source()
    for at, usd in zip((JANUARY, FEBRUARY, MARCH), figures, strict=True):
        source.prints(at, a=usd, b=7)
    assert source.timeline() == expected
    assert source.holds.is_empty()


def test_a_price_that_goes_while_held_was_the_last_word():
    source = Source()
    source.prints(JANUARY, a=10, b=7)
    assert source.prints(FEBRUARY, a=3, b=7).held_count == 1
    found = source.prints(MARCH, b=7)
    assert source.timeline() == [("10", 1, 2, True), ("3", 2, 3, True), ("3", 3, None, False)]
    assert found.holds.select("status", "resolution").rows() == [("confirmed", "it went without being taken back")]


def test_a_slipped_point_that_goes_was_none():
    source = Source()
    source.prints(JANUARY, a=10, b=7)
    source.prints(FEBRUARY, a=100, b=7)
    source.prints(MARCH, b=7)
    assert source.timeline() == [("10", 1, 3, True), ("10", 3, None, False)]


def test_what_went_is_told_although_a_row_of_another_model_was_newly_refused():
    refused = pl.DataFrame([("row 3", "b $7.x", "no price")], schema=REJECT_SCHEMA, orient="row")
    source = Source()
    source.prints(JANUARY, alpha=10, beta=7, gamma=5)
    named = refused.with_columns(raw_text=pl.lit("Beta | $7.x"))
    source.prints(FEBRUARY, rejects=named, gamma=5)
    assert source.timeline("alpha")[-1] == ("10", 2, None, False)
    assert source.timeline("beta") == [("7", 1, None, True)]


def test_a_refused_table_that_names_nothing_keeps_all_that_is_missing():
    table = pl.DataFrame([("Long context", "$ / MTok", "a table of no known kind")], schema=REJECT_SCHEMA, orient="row")
    source = Source()
    source.prints(JANUARY, alpha=10, beta=7, gamma=5)
    found = source.prints(FEBRUARY, rejects=table, gamma=6)
    assert (source.timeline("alpha"), source.timeline("beta")) == ([("10", 1, None, True)], [("7", 1, None, True)])
    assert source.timeline("gamma")[-1] == ("6", 2, None, True)
    assert found.kept_count == 2


def test_short_prompts_keep_their_end_where_the_table_of_long_ones_is_refused():
    table = pl.DataFrame([("Long context", "", "a table of no known kind")], schema=REJECT_SCHEMA, orient="row")
    short = frame(a=3).with_columns(context_to=pl.lit(200_001, pl.Int64))
    long = frame(a=6).with_columns(context_from=pl.lit(200_001, pl.Int64))
    before = pl.concat([short, long])
    nothing = SourceState(NOBODY, pl.DataFrame(schema=HOLD_SCHEMA), 1, None, NO_REJECTS, None)
    reading = [Reading("openai_pricing", "f", at) for at in (JANUARY, FEBRUARY)]
    whole = Checked(Staged(before, NO_REJECTS, ()), [], before, NO_REJECTS)
    first = fold_body(TOKEN_PRICES, whole, nothing, reading[0], NOBODY)
    known = SourceState(first.change.opened, nothing.open_holds, 1, None, NO_REJECTS, None)
    flat = frame(a=3)
    found = fold_body(TOKEN_PRICES, Checked(Staged(flat, table, ()), [], flat, table), known, reading[1], NOBODY)
    assert (found.change.opened.height, found.change.closed.height) == (0, 0)
