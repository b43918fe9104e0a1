"""What one body changes, from a state that is given: what is held, what has gone, what stays."""

from datetime import datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest

from pipelines.schema.columns import polars_schema
from pipelines.schema.token_prices import TokenPrice, TokenPriceObservation
from pipelines.snapshots.book import TOKEN_PRICES, Reading
from pipelines.snapshots.fold_body import fold_body
from pipelines.snapshots.quarantine import HOLD_SCHEMA
from pipelines.snapshots.stage_body import Checked, SourceState, Staged
from pipelines.sources.parsed import REJECT_SCHEMA
from tests.unit.marts.mart_rows import PRICE

THEN, NOW = datetime(2026, 3, 1), datetime(2026, 3, 10)
READING = Reading("openai_pricing", "f2", NOW)
NOBODY = pl.DataFrame(schema=polars_schema(TokenPrice))
CURRENT = pl.DataFrame(
    [PRICE | {"price_id": model, "model": model, "valid_from": THEN, "known_from": THEN} for model in ("a", "b")],
    schema=polars_schema(TokenPrice),
)


def printed(**usd):
    fields = {name: PRICE[name] for name in TokenPriceObservation.column_names() if name in PRICE}
    rows = [fields | {"model": model, "usd_per_unit": Decimal(amount)} for model, amount in usd.items()]
    return pl.DataFrame(rows, schema=polars_schema(TokenPriceObservation))


def folded(rows, good=None, next_at=None, rejects=0, last_rejects=0):
    refused, before = (
        pl.DataFrame([("row", "text", "unknown")] * count, schema=REJECT_SCHEMA, orient="row")
        for count in (rejects, last_rejects)
    )
    checked = Checked(Staged(rows, refused, ()), [], rows if good is None else good, refused)
    state = SourceState(CURRENT, pl.DataFrame(schema=HOLD_SCHEMA), 1, None, before, next_at)
    return fold_body(TOKEN_PRICES, checked, state, READING, NOBODY)


def opened(found):
    return found.change.opened.filter(pl.col("valid_from") >= NOW).select("model", "usd_per_unit", "is_listed").rows()


def test_a_large_move_is_held_and_the_rest_enters():
    found = folded(printed(a=100, b=11))
    assert opened(found) == [("b", Decimal(11), True)]
    assert (found.held_count, found.holds["price_key"].str.split("|").list.get(3).to_list()) == (1, ["a"])


def test_of_an_older_page_nothing_is_held():
    found = folded(printed(a=100, b=10), next_at=NOW + timedelta(days=1))
    assert opened(found)[0] == ("a", Decimal(100), True)
    assert (found.held_count, found.holds.height) == (0, 0)


@pytest.mark.parametrize(
    ("rejects", "last_rejects", "has_gone"), [(0, 0, True), (1, 0, False), (1, 1, True), (2, 1, False)]
)
def test_a_missing_key_has_gone_unless_a_row_was_newly_refused(rejects, last_rejects, has_gone):
    found = folded(printed(a=10), rejects=rejects, last_rejects=last_rejects)
    assert opened(found) == ([("b", Decimal(10), False)] if has_gone else [])


def test_a_row_that_breaks_a_rule_keeps_its_price():
    """The page still prints b, so it has not gone; what it prints is refused."""
    rows = printed(a=12, b=-1)
    found = folded(rows, good=rows.head(1))
    assert opened(found) == [("a", Decimal(12), True)]
    assert found.change.closed["price_id"].len() == 1
