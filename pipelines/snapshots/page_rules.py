"""What of a page cannot be believed on the page's word alone: reasons by row, in words. Pure.

A provider changes prices one by one. A page that moves most of them by one factor, turns an order round, or moves one
label of all its keys is more often misread or mistyped. Its rows wait for a second source or a person; no number of
days confirms them. How a hold is kept is `quarantine`'s work.
"""

from collections.abc import Iterator

import polars as pl

from pipelines.snapshots.book import GPU_RATES, TOKEN_PRICES, Book
from pipelines.snapshots.doubted_rows import (
    DOUBT_SCHEMA,
    MOST,
    NOTHING_BESIDE,
    SEVERAL,
    SMALLEST_PAGE,
    Beside,
    doubted,
    model_of,
)
from pipelines.snapshots.first_page_rules import first_doubts
from pipelines.snapshots.label_rules import label_doubts
from pipelines.snapshots.order_rules import turned_round

SAME_FACTOR = 0.005
"""Two factors that differ by less are one: prices are rounded."""
PAGE = "page"
SWAP_FACTORS = (2.0, 0.5, 10.0, 0.1, 100.0, 0.01, 1000.0, 0.001)
"""What swapped tiers and slipped points come to."""
USUAL_OF_A_MODEL = (2 / 3, 1.5)
"""By less than this, all prices of a page of one model are a new price; a swap moves them by more."""
DATED_BACK = "most prices of the page begin before they were seen"
"""A second source that prints the same price does not say since when."""
SLICE = {
    TOKEN_PRICES.table: ("meter", "service_tier", "region"),
    GPU_RATES.table: ("pricing", "tier"),
}
"""What one column or table of a page holds."""


def doubts(
    book: Book,
    current: pl.DataFrame,
    moved: pl.DataFrame,
    others: pl.DataFrame,
    announced: pl.DataFrame | None = None,
    beside: Beside = NOTHING_BESIDE,
) -> pl.DataFrame:
    """The rows of a page that wait, by price_key, why, and against which amount (DOUBT_SCHEMA), one row per key.

    `current`: the source's listed prices in force, with price_key; `announced`: those that begin later. `moved`: the
    page's rows beside them, as `quarantine.movements` gives them. `others`: what other sources state for the same
    things, columns price_key (of this source's row) and amount. `beside`: rows as in `moved`, versions as in `current`.
    """
    news = moved.filter(pl.col("ratio").is_null() | (pl.col("ratio") != 1))
    found = [
        _factor_doubts(book, moved, others),
        _fact_doubts(book, current, moved, beside.unread),
        label_doubts(book, current if beside.kept is None else pl.concat([current, beside.kept]), moved),
        _order_doubts(book, current, moved, news, beside.refused),
        _start_doubts(book, current, moved, announced),
        first_doubts(book, moved, others),
    ]
    return pl.concat([pl.DataFrame(schema=DOUBT_SCHEMA), *found]).unique("price_key", keep="first", maintain_order=True)


def _parts(book: Book) -> list[pl.Expr]:
    """In which part of a page a row stands: the page, one of its columns or tables, that of long prompts alone."""
    names = [pl.col(name) for name in SLICE[book.table]]
    parts = [pl.lit(PAGE), pl.concat_str(pl.lit(""), *names, separator="|")]
    if "context_from" in book.key:
        parts.append(pl.concat_str(pl.lit("long"), pl.col("context_from") > 0, *names, separator="|"))
    return parts


def _factor_doubts(book: Book, moved: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """Most prices of a page, or of one of its columns, by one factor at once, or several models by that of a swap."""
    known = moved.filter(pl.col("ratio").is_not_null()).with_columns(model_of=model_of(book))
    if _moved(known).is_empty():
        return pl.DataFrame(schema=DOUBT_SCHEMA)
    found = [each for part in _parts(book) for each in _one_factor(known.with_columns(part=part))]
    seller = [name for name in ("provider", "channel") if name in known.columns]
    unbacked = [
        doubted(
            # What is at fault in one column is so in the others that the same seller moves by that factor.
            _unbacked(book, _by_factor(_moved(known), factor).join(rows, on=seller, how="semi"), others),
            f"{rows.height} prices move by one factor ({factor:g}) at once",
        )
        for rows, factor in found
    ]
    if any(rows.height >= MOST * known.height for rows, _ in found):  # what is new on such a page moved as the rest did
        new = moved.filter(pl.col("old_amount").is_null()).with_columns(model_of=model_of(book))
        new = new.join(known, on=seller, how="semi")
        unbacked.append(doubted(_unbacked(book, new, others), "new on a page that moves by one factor"))
    return pl.concat([pl.DataFrame(schema=DOUBT_SCHEMA), *unbacked])


def _one_factor(known: pl.DataFrame) -> Iterator[tuple[pl.DataFrame, float]]:
    """Of each part of a page, the rows that moved by one factor, if it is the part's doing."""
    for (part,), rows in known.group_by("part", maintain_order=True):
        moves = _moved(rows)
        for factor in moves["ratio"].round(2).unique().to_list():
            same = _by_factor(moves, factor)
            models, keys = same["model_of"].n_unique(), same["price_key"].n_unique()
            is_swap = any(abs(factor / swap - 1) <= SAME_FACTOR for swap in SWAP_FACTORS)
            is_most = same.height >= SMALLEST_PAGE and same.height >= MOST * rows.height
            is_many = models > SEVERAL and same.height >= max(SMALLEST_PAGE, MOST * rows.height)
            is_great = not USUAL_OF_A_MODEL[0] <= factor <= USUAL_OF_A_MODEL[1]
            is_all = (
                part == PAGE and keys == rows["price_key"].n_unique() >= SEVERAL and (is_great or models >= SEVERAL)
            )
            if is_most or is_many or is_all or (is_swap and models >= SEVERAL and same.height >= 0.1 * rows.height):
                yield same, factor


def _moved(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter((pl.col("ratio") - 1).abs() > SAME_FACTOR)


def _by_factor(moves: pl.DataFrame, factor: float) -> pl.DataFrame:
    """The rows that moved by a factor, as far as rounded prices tell."""
    if not factor:
        return moves.filter(pl.col("ratio") < 0.005)
    return moves.filter((pl.col("ratio") / factor - 1).abs() <= max(SAME_FACTOR, 0.02 if factor > 0.05 else 0.2))


def _unbacked(book: Book, rows: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """Rows but those of models of which others print most of what they know at the new price, or all if none differs.

    A rate is one seller's own: that others ask the same is no news of it.
    """
    if book.table != TOKEN_PRICES.table:
        return rows
    amounts = rows.select("price_key", "model_of", new=pl.col(book.amount or "")).join(others, on="price_key")
    known = amounts.group_by("model_of", "price_key").agg(agrees=(pl.col("new") == pl.col("amount")).any())
    models = known.group_by("model_of").agg(is_backed=pl.col("agrees").mean() > MOST)
    backed = models.filter("is_backed")
    if models.height and backed.height == models.height:
        return rows.clear()
    return rows.join(backed, on="model_of", how="anti")


def _fact_doubts(book: Book, current: pl.DataFrame, moved: pl.DataFrame, unread: pl.DataFrame | None) -> pl.DataFrame:
    """A unit or currency that is another than it was, or a range that ends elsewhere for several models at once."""
    names = [name for name in ("unit", "currency", "context_to") if name in book.facts]
    before = current.select("price_key", *(pl.col(name).alias(f"{name}_before") for name in names))
    both = moved.join(before, on="price_key").with_columns(model_of=model_of(book))
    found = [
        doubted(both.filter(pl.col(name) != pl.col(f"{name}_before")), f"another {name} than before")
        for name in names
        if name != "context_to"
    ]
    if "context_to" in names:
        # A range that gets an end gets a price of longer prompts. Of a hundred sellers some end a surcharge between two
        # readings; a page at fault loses most.
        had_one = both.filter(pl.col("context_to_before").is_not_null())
        bounded = had_one["model_of"].n_unique()
        ends = had_one.filter(pl.col("context_to").ne_missing(pl.col("context_to_before")))
        longer = moved.filter(pl.col("old_amount").is_null() & (pl.col("context_from") > 0))
        # Of one model too, if its long prompts move along and no price does.
        shifted = ends.filter(pl.col("ratio") == 1).join(
            longer.select(model_of=model_of(book)).unique(), on="model_of", how="semi"
        )
        if ends["model_of"].n_unique() >= max(SEVERAL, MOST * bounded) or shifted.height >= max(
            SMALLEST_PAGE, MOST * had_one.height
        ):
            found.append(doubted(ends, "the boundary of prompt sizes moves for several models at once"))
        found.append(doubted(_cut_off(book, both, moved, unread), "it ends at a size of prompts, and none is beyond"))
    return pl.concat([pl.DataFrame(schema=DOUBT_SCHEMA), *found])


def _cut_off(book: Book, both: pl.DataFrame, moved: pl.DataFrame, unread: pl.DataFrame | None) -> pl.DataFrame:
    """Prices that held for prompts of all sizes and now end at one, where no price of longer ones begins."""
    offer = [name for name in book.key if name != "context_from"]
    stood = [moved] if unread is None else [moved, unread]
    beyond = pl.concat([rows.select(*offer, context_to="context_from") for rows in stood])
    ended = both.filter(pl.col("context_to_before").is_null(), pl.col("context_to").is_not_null())
    return ended.join(beyond, on=[*offer, "context_to"], how="anti", nulls_equal=True)


def _start_doubts(
    book: Book, current: pl.DataFrame, moved: pl.DataFrame, announced: pl.DataFrame | None
) -> pl.DataFrame:
    """Prices in force that most of a page dates back to before they were seen, and announced ones on another day."""
    stated = moved.filter(pl.col("effective_from").is_not_null()).with_columns(model_of=model_of(book))
    if stated.is_empty() or "valid_from" not in current.columns:
        return pl.DataFrame(schema=DOUBT_SCHEMA)
    since = current.select("price_key", was_from="valid_from")
    back = stated.join(since, on="price_key")
    back = back.filter(pl.col("effective_from") < pl.col("was_from") - pl.duration(days=1))
    same = back.filter(pl.col("ratio") == 1)
    found = []
    if same["model_of"].n_unique() >= SEVERAL and same["price_key"].n_unique() >= MOST * moved["price_key"].n_unique():
        found.append(doubted(back, DATED_BACK))  # what held until a later price began too
    if announced is not None and announced.height:
        same = announced.select("price_key", pl.col(book.amount or ""), was_from="valid_from")
        other = stated.join(same, on=["price_key", book.amount or ""])
        other = other.filter(pl.col("effective_from") != pl.col("was_from"))
        if other["model_of"].n_unique() >= SEVERAL or other.height >= SMALLEST_PAGE:
            found.append(doubted(other, "the start of announced prices moves for several keys at once"))
    return pl.concat([pl.DataFrame(schema=DOUBT_SCHEMA), *found])


def _order_doubts(
    book: Book, current: pl.DataFrame, moved: pl.DataFrame, news: pl.DataFrame, refused: pl.DataFrame | None
) -> pl.DataFrame:
    """All that is new of a model whose order is turned round, and of the page if it is so of most of its models."""
    # A page may print what held until a day beside what holds since: the last of the rows of a key that hold now.
    is_later = pl.col("effective_from").is_not_null() & pl.col("old_amount").is_not_null() & pl.col("ratio").is_null()
    holding = moved.filter(~is_later).sort("effective_from", nulls_last=False, maintain_order=True)
    printed = holding.unique("price_key", keep="last", maintain_order=True)
    if refused is not None:
        printed = pl.concat([printed, refused.select(printed.columns)])
    turned = turned_round(book, current, printed)
    if turned.is_empty() or news.is_empty():
        return pl.DataFrame(schema=DOUBT_SCHEMA)
    rows = moved.with_columns(model_of=model_of(book))
    reasons = rows.join(turned, on="price_key").group_by("model_of").agg(pl.col("reason").first())
    models = rows["model_of"].n_unique()
    told = news.with_columns(model_of=model_of(book)).join(reasons, on="model_of", how="left")
    if reasons.height >= max(SEVERAL, MOST * models):
        told = told.with_columns(reason=pl.col("reason").fill_null(reasons["reason"][0]))
    return doubted(told.filter(pl.col("reason").is_not_null()), pl.col("reason"))
