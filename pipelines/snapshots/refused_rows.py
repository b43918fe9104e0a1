"""What of a source stays as it was because a part of the page that may have been it was refused. Pure.

A refused row that names one model may be any price of that model; a refused table may be any row that the page now
lacks. What the quarantine holds back is not known here.
"""

import polars as pl

from pipelines.models.model_ids import undated
from pipelines.snapshots.book import Book
from pipelines.sources.parsed import TWO_PRICES

_NOT_WORD = r"[^a-z0-9]+"
THINGS = ("model", "sku")
"""Columns of a key that a refused text may name."""
OFFER = ("provider", "channel", "region", "model")
"""Columns of a key that one entry of a feed is about."""


def new_rejects(rejects: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Refused rows that were not refused of the last page of which all was understood; one for one by place, reason."""
    same = ["place", "reason"]
    numbered = [
        frame.with_columns(number=pl.int_range(pl.len()).over(same)) if frame.height else frame.with_columns(number=0)
        for frame in (rejects, before)
    ]
    return numbered[0].join(numbered[1], on=[*same, "number"], how="anti").drop("number")


def possibly_refused(
    book: Book,
    missing: pl.DataFrame,
    known: pl.DataFrame,
    refused: pl.DataFrame,
    printed: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Of versions that a page lacks, those that its refused rows may have been. `known`: all versions in force.

    `refused`: place, raw_text, reason. `printed`: the good rows of a feed, where each row is an entry under its id: a
    refused one that names no known id is no price of a known one, and of an id that has good rows it may be a price
    only where it stands under that very id, not under one that another channel made of it. Of a page's two prices for
    one key, one may be that of any model.
    """
    if refused.is_empty() or missing.is_empty():
        return missing.clear()
    thing = next((name for name in THINGS if name in book.key), None)
    is_misnamed = refused["reason"].fill_null("").str.starts_with(TWO_PRICES).any()
    if thing is None or (is_misnamed and printed is None):
        return missing
    names = known.select(name=_bare(undated(pl.col(thing)))).unique().filter(pl.col("name").str.len_chars() > 1)
    texts = refused.select(text=_bare(pl.col("place").fill_null("") + " " + pl.col("raw_text").fill_null("")))
    meant: set[str] = set()
    for text in texts["text"]:
        found = _named(text, names["name"].to_list())
        if len(found) != 1 and printed is None:
            return missing
        meant |= found
    name = _bare(undated(pl.col(thing)))
    kept = missing.filter(name.is_in(list(meant)))
    if printed is None:
        return kept
    words = refused.select(word=pl.col("place").fill_null("").str.split(" ").list.explode().str.split("/").list.last())
    own = words.select(name=_bare(undated(pl.col("word"))))["name"].unique()
    offer = [part for part in OFFER if part in book.key]
    has_good_rows = kept.join(printed, on=offer, how="semi", nulls_equal=True)
    others = kept.join(printed, on=offer, how="anti", nulls_equal=True)
    return pl.concat(
        [_not_told_elsewhere(others, thing, refused, printed), has_good_rows.filter(name.is_in(own.implode()))]
    )


def _not_told_elsewhere(
    missing: pl.DataFrame, thing: str, refused: pl.DataFrame, printed: pl.DataFrame
) -> pl.DataFrame:
    """Versions of entries that a feed lacks, but those that only refused counts of another seller's entry name.

    The entry deepseek/deepseek-v4-pro has good rows of its own: what is refused of it is not Fireworks' entry.
    """
    entries = {text.split(" ")[0] for text in refused["place"].drop_nulls()}
    good = set(printed[thing])
    prefixes: dict[str, set[str]] = {}
    unknown: set[str] = set()
    for entry in entries:
        prefix, _, last = entry.rpartition("/")
        prefixes.setdefault(last, set()).add(prefix)
        unknown |= set() if last in good else {last}

    def is_theirs(row: dict[str, object]) -> bool:
        own = prefixes.get(str(row[thing]))
        sellers = [str(row[name]) for name in ("provider", "channel") if name in row]
        return own is None or row[thing] in unknown or any(seller in prefix for seller in sellers for prefix in own)

    return missing.filter([is_theirs(row) for row in missing.iter_rows(named=True)])


def _bare(text: pl.Expr) -> pl.Expr:
    return text.str.to_lowercase().str.replace_all(_NOT_WORD, "")


def _named(text: str, names: list[str]) -> set[str]:
    """Names in a text, but for those that are only a part of a longer one: gpt-4o in gpt-4o-mini."""
    found = {name for name in names if name in text}
    return {name for name in found if not any(name != other and name in other for other in found)}


def ranges_as_before(book: Book, observed: pl.DataFrame, kept: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    """Observed rows whose prices of short prompts end where a kept price of longer prompts begins.

    Where another price of the model is kept so, an end that a row had (`listed`: the prices in force) stays too: what
    a page says of long prompts it may say of one price only.
    """
    if "context_to" not in book.facts or kept.is_empty() or observed.is_empty():
        return observed
    observed = _ends_as_before(book, observed, kept, listed)
    offer = [name for name in book.key if name != "context_from"]
    longer = kept.select(*offer, begins="context_from").filter(pl.col("begins") > 0)
    number = pl.int_range(pl.len())
    rows = observed.with_columns(row=number)
    pairs = rows.join(longer, on=offer, nulls_equal=True).filter(
        pl.col("begins") > pl.col("context_from"),
        pl.col("context_to").is_null() | (pl.col("context_to") > pl.col("begins")),
    )
    ends = pairs.group_by("row").agg(ends=pl.col("begins").min())
    return (
        rows.join(ends, on="row", how="left", maintain_order="left")
        .with_columns(context_to=pl.coalesce("ends", "context_to"))
        .select(observed.columns)
    )


def _ends_as_before(book: Book, observed: pl.DataFrame, kept: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    """Rows with the end that they had, of models of which a price of long prompts is kept that begins there."""
    longer = kept.filter(pl.col("context_from") > 0).select(*OFFER, was_to="context_from").unique()
    had = listed.select(*book.key, was_to="context_to").join(longer, on=[*OFFER, "was_to"], how="semi")
    rows = observed.join(had, on=list(book.key), how="left", nulls_equal=True, maintain_order="left")
    return rows.with_columns(context_to=pl.coalesce("context_to", "was_to")).select(observed.columns)
