"""What other sources print beside the rows of a page: the amounts of the same things, and who bears a row out. Pure."""

import polars as pl

from pipelines.models.model_ids import undated
from pipelines.snapshots.book import TOKEN_PRICES, Book, Reading
from pipelines.snapshots.label_rules import LABEL_MOVES
from pipelines.snapshots.page_rules import DATED_BACK

WITNESS_COLUMNS = ("provider", "model", "meter", "service_tier", "context_from")
PLACE_COLUMNS = ("channel", "region", "time_window", "unit", "context_to")
"""In these a witness of a row that waits for a reason has to agree too: it is they that may be misread."""
RATE_COLUMNS = ("gpu", "memory_gb", "pricing")
"""By these the statements of others, of any seller, are set beside a row that no price in force is known of."""
LEAST_OF_RECENT, LEAST_OF_OLD = 0.25, 0.1
"""What a seller asks of a card is no less than this part of what others ask, or asked long ago: rates fall slowly."""


def other_amounts(book: Book, moved: pl.DataFrame, witnesses: pl.DataFrame) -> pl.DataFrame:
    """(price_key, amount): what other sources state for the same thing as a row of the page.

    An id with its date and one without are the same, unless somebody prices the very id. Of a rate with `least`, the
    part of their middle that a rate is at least: of what was asked long ago only where nobody has asked since.
    """
    if witnesses.is_empty():
        schema = {"price_key": pl.String(), "amount": pl.Decimal(18, 6), "least": pl.Float64()}
        return pl.DataFrame(schema=schema)
    if book.table != TOKEN_PRICES.table:
        recent, old = (
            _stated(moved, rates, list(RATE_COLUMNS), book.amount or "").with_columns(least=pl.lit(least))
            for rates, least in (
                (witnesses.filter("is_recent"), LEAST_OF_RECENT),
                (witnesses.filter(~pl.col("is_recent")), LEAST_OF_OLD),
            )
        )
        return pl.concat([recent, old.join(recent, on="price_key", how="anti")])
    # A price of some hours is not backed by that of others, which may be exactly twice it.
    columns, amount = [*WITNESS_COLUMNS, "time_window"], "usd_per_unit"
    exact = _stated(moved, witnesses, columns, amount)
    rows, others = (each.with_columns(model=undated(pl.col("model"))) for each in (moved, witnesses))
    alike = _stated(rows, others, columns, amount)
    return pl.concat([exact, alike.join(exact, on="price_key", how="anti")])


def _stated(rows: pl.DataFrame, others: pl.DataFrame, columns: list[str], amount: str) -> pl.DataFrame:
    stated = others.filter(pl.col(amount) > 0).select(*columns, amount=pl.col(amount).cast(pl.Decimal(18, 6)))
    return rows.select(*columns, "price_key").join(stated.unique(), on=columns).select("price_key", "amount")


def witnessed(book: Book, moved: pl.DataFrame, witnesses: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """(price_key, new_amount, witness) for rows beyond bounds whose new amount another source prints too.

    Only token prices are the same thing at two sources; a GPU rate is one provider's own.
    """
    schema: dict[str, pl.DataType] = {"price_key": pl.String(), "new_amount": pl.Decimal(18, 6), "witness": pl.String()}
    if book.table != TOKEN_PRICES.table or witnesses.is_empty():
        return pl.DataFrame(schema=schema)
    others = witnesses.with_columns(model=undated(pl.col("model"))).select(
        *WITNESS_COLUMNS, *PLACE_COLUMNS, new_amount=pl.col("usd_per_unit"), witness=pl.col("source")
    )
    beyond = moved.filter("is_beyond").with_columns(
        model=undated(pl.col("model")), id=pl.col("model"), new_amount=pl.col("usd_per_unit")
    )
    same, place = [*WITNESS_COLUMNS, "new_amount"], list(PLACE_COLUMNS)
    far = beyond.filter(pl.col("reason").is_null()).join(others, on=same)
    # Another source that has the new label too does not say that the old one is gone; and what it prints now is no
    # price of a later day.
    is_open = (pl.col("reason") != DATED_BACK) & ~pl.col("reason").str.ends_with(LABEL_MOVES)
    is_later = (pl.col("effective_from") > reading.at).fill_null(value=False)
    doubted = beyond.filter(is_open & ~is_later).join(others, on=[*same, *place], nulls_equal=True)
    doubted = _of_the_same_id(doubted, witnesses)
    found = [rows.select("price_key", "new_amount", "witness") for rows in (far, doubted)]
    return pl.concat(found).group_by("price_key", "new_amount").agg(pl.col("witness").min())


def _of_the_same_id(doubted: pl.DataFrame, witnesses: pl.DataFrame) -> pl.DataFrame:
    """Witnessed rows but those whose very id the witnesses price, at another amount: gpt-4o-2024-05-13 is no gpt-4o."""
    named = [*(name for name in WITNESS_COLUMNS if name != "model"), "id", *PLACE_COLUMNS[:3]]
    of_id = witnesses.rename({"model": "id"})
    exact = doubted.join(of_id, on=named, how="semi")
    agrees = doubted.join(of_id, on=[*named, "usd_per_unit"], how="semi")
    return pl.concat([doubted.join(exact, on="price_key", how="anti"), agrees])
