"""core.price_hold and core.acceptance: prices that moved too far to be believed at once, and who believed them."""

import dataframely as dy

from pipelines.schema.columns import choice, instant, price, text


class PriceHold(dy.Schema):
    """One price or rate that is held back: grain hold_id."""

    hold_id = text("identity: book, source, key, new amount and first sight")
    book = choice("table that the price would enter", ("token_price", "gpu_rate"))
    source = text("key of the source in the catalog")
    price_key = text("the identifying columns of the price, joined by |")
    old_amount = price(
        "price in force; of a price that is new, the one that it is held against", unit="currency per unit"
    )
    new_amount = price("price that the source prints now", unit="currency per unit")
    currency = text("currency of both amounts, as the source prints them")
    first_seen_at = instant("when the source first printed the new price; it is valid from here once confirmed")
    fetch_id = text("the fetch whose page first showed it")
    status = choice(
        "open: the old price stays in force; confirmed: by a later day or a second source; accepted: by a person; "
        "withdrawn: the source went back or printed yet another price",
        ("open", "confirmed", "accepted", "withdrawn"),
    )
    resolved_at = instant("when it ceased to be open", nullable=True)
    resolution = text("what resolved it", nullable=True)
    reason = text(
        "why a later day does not confirm it but only a second source or a person; NULL: a later day does",
        nullable=True,
    )


class Acceptance(dy.Schema):
    """One page that a person accepted as true, whatever the plausibility checks say: grain source, sha256."""

    source = text("key of the source in the catalog")
    sha256 = text("the body that was accepted")
    accepted_at = instant("when")
