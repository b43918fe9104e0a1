"""Which price of a model is not above which other, as data, and which rows of a page turn that round. Pure."""

from dataclasses import dataclass

import polars as pl

from pipelines.snapshots.book import GPU_RATES, TOKEN_PRICES, Book
from pipelines.snapshots.doubted_rows import MOST, SMALLEST_PAGE


@dataclass(frozen=True)
class OrderRule:
    """Of two prices that differ in one column only, the one labelled `low` is not above that labelled `high`."""

    table: str
    column: str
    low: str
    high: str
    is_certain: bool = True
    """Whether it holds of a page that was never seen; else only where the prices in force keep it, or of most pairs."""
    is_share: bool = False
    """Whether a page that sells nearly all models at one share of the higher price sells all of them so."""

    @property
    def words(self) -> str:
        """As people are told."""
        return f"{self.low} above {self.high} of the same model"


ORDER_RULES = (
    OrderRule("token_price", "service_tier", "batch", "standard", is_share=True),
    OrderRule("token_price", "service_tier", "flex", "standard"),
    OrderRule("token_price", "service_tier", "standard", "priority"),
    OrderRule("token_price", "service_tier", "standard", "fast"),
    OrderRule("token_price", "meter", "cache_read", "input_uncached"),
    OrderRule("token_price", "meter", "cache_read", "output", is_certain=False),
    OrderRule("token_price", "meter", "cache_read", "cache_write_5m", is_certain=False),
    OrderRule("token_price", "meter", "cache_write_5m", "cache_write_1h"),
    OrderRule("token_price", "meter", "input_uncached", "cache_write_5m", is_certain=False),
    OrderRule("token_price", "meter", "input_uncached", "output", is_certain=False),
    OrderRule("gpu_rate", "pricing", "spot", "on_demand"),
    OrderRule("gpu_rate", "pricing", "reserved", "on_demand", is_certain=False),
    OrderRule("gpu_rate", "tier", "community", "secure"),
)
"""Long prompts below short ones, a peak below its off-peak: `_ranges` and `_windows`, as these have no labels."""
MOST_FOR_LONG = 8
"""Long prompts cost 1.5 or twice what those of the next shorter size do, seldom up to five times; an input
price is ten times that of a cache read."""
MANY_TIMES = "long prompts at many times the price of short ones"
"""Of short prompts whose price is known, or of most pairs of a page."""
NEARLY_ALL, FEWEST_OF_ONE_SHARE, ROUNDED = 0.8, 10, 0.1
_FREE = {TOKEN_PRICES.table: {"pricing"}, GPU_RATES.table: {"sku", "term_months"}}
"""Columns that may differ between the two prices of a pair."""


def turned_round(book: Book, current: pl.DataFrame, observed: pl.DataFrame) -> pl.DataFrame:
    """(price_key, reason) of the rows of both sides of each order that the page does not keep.

    `current`: the source's prices in force. `observed`: rows with price_key. An order that the prices in force break
    too is no news.
    """
    found = []
    for rule in (rule for rule in ORDER_RULES if rule.table == book.table):
        if not {rule.low, rule.high} <= set(observed[rule.column].unique()):
            continue
        now, before = _broken(book, observed, rule), _broken(book, current, rule)
        if not rule.is_certain and not _is_most(book, observed, now, rule):
            kept = _pairs(book, current, rule).join(before, on="pair", how="anti").select("pair")
            now = now.join(kept, on="pair", how="semi")
        news = now.join(before, on="pair", how="anti")
        found += _both_sides(news, rule.words)
        if rule.is_share:
            odd = _of_another_share(book, observed, rule)
            news = odd.join(_of_another_share(book, current, rule), on="pair", how="anti")
            found += _both_sides(news, f"{rule.low} at another part of {rule.high} than of nearly all models")
    if book.table == TOKEN_PRICES.table and observed["context_from"].n_unique() > 1:
        found += _ranges(book, current, observed)
    if book.table == TOKEN_PRICES.table and observed["time_window"].n_unique() > 1:
        found += _windows(book, current, observed)
    schema = {"price_key": pl.String, "reason": pl.String}
    return pl.concat([pl.DataFrame(schema=schema), *found]).unique("price_key", keep="first", maintain_order=True)


def _is_most(book: Book, observed: pl.DataFrame, broken: pl.DataFrame, rule: OrderRule) -> bool:
    """Whether most pairs of a page break an order that single models break."""
    return broken.height >= SMALLEST_PAGE - 1 and broken.height > MOST * _pairs(book, observed, rule).height


def _broken(book: Book, rows: pl.DataFrame, rule: OrderRule) -> pl.DataFrame:
    return _pairs(book, rows, rule).filter(pl.col("low") > pl.col("high"))


def _both_sides(pairs: pl.DataFrame, reason: str) -> list[pl.DataFrame]:
    return [pairs.select(price_key=side, reason=pl.lit(reason)) for side in ("low_key", "high_key")]


def _of_another_share(book: Book, rows: pl.DataFrame, rule: OrderRule) -> pl.DataFrame:
    """Pairs whose lower price is another part of the higher one than nearly all of the page: two tables disagree.

    Of one provider's page; each seller has a share of its own. Models that have traded places in one of the tables lie
    on both sides of the usual share; old models at no discount lie on one, and are news.
    """
    pairs = _pairs(book, rows, rule).filter(pl.col("high") > 0)
    if pairs.height < FEWEST_OF_ONE_SHARE or rows["provider"].n_unique() > 1:
        return pairs.clear()
    shares = pairs.with_columns(share=(pl.col("low").cast(pl.Float64) / pl.col("high").cast(pl.Float64)).round(2))
    off = pl.col("share") / shares["share"].mode().first()
    odd = shares.filter(~off.is_between(1 - ROUNDED, 1 + ROUNDED))
    is_traded = not odd.filter(off > 1).is_empty() and not odd.filter(off < 1).is_empty()
    return odd.select(pairs.columns) if is_traded and odd.height <= (1 - NEARLY_ALL) * pairs.height else pairs.clear()


def _pairs(book: Book, rows: pl.DataFrame, rule: OrderRule) -> pl.DataFrame:
    """pair, low, high, low_key, high_key: what a rule compares among the rows."""
    identity = [name for name in book.key if name != rule.column and name not in _FREE[book.table]]
    named = rows.select(
        _joined(identity).alias("pair"),
        pl.col(rule.column).alias("label"),
        pl.col(book.amount or "").alias("amount"),
        "price_key",
    )
    low = named.filter(label=rule.low).select("pair", low="amount", low_key="price_key")
    high = named.filter(label=rule.high).select("pair", high="amount", high_key="price_key")
    return low.join(high, on="pair")


def _joined(names: list[str]) -> pl.Expr:
    return pl.concat_str([pl.col(name).cast(pl.String).fill_null("") for name in names], separator="|")


def _ranges(book: Book, current: pl.DataFrame, observed: pl.DataFrame) -> list[pl.DataFrame]:
    """A longer prompt at a lower price than a shorter one of the same key, or at many times it."""

    def pairs(rows: pl.DataFrame) -> pl.DataFrame:
        identity = [name for name in book.key if name != "context_from"]
        columns = ("context_from", "context_to", "usd_per_unit", "price_key")
        named = rows.select(_joined(identity).alias("pair"), *columns)
        return (
            named.join(named, on="pair", suffix="_of_long")
            .filter(pl.col("context_from") < pl.col("context_from_of_long"), pl.col("usd_per_unit") > 0)
            .with_columns(factor=pl.col("usd_per_unit_of_long") / pl.col("usd_per_unit"))
        )

    found = []
    is_next = pl.col("context_to") == pl.col("context_from_of_long")
    for is_broken, reason in (
        (pl.col("factor") < 1, "long prompts below short ones"),
        ((pl.col("factor") > MOST_FOR_LONG) & is_next, MANY_TIMES),
    ):
        news = pairs(observed).filter(is_broken).join(pairs(current).filter(is_broken), on="pair", how="anti")
        if reason == MANY_TIMES and not (news.height >= SMALLEST_PAGE and news.height > MOST * pairs(observed).height):
            news = news.join(current, on="price_key", how="semi")
        found += [news.select(price_key=side, reason=pl.lit(reason)) for side in ("price_key", "price_key_of_long")]
    return found


def _windows(book: Book, current: pl.DataFrame, observed: pl.DataFrame) -> list[pl.DataFrame]:
    """The price of some hours on the other side of the price of the others than it was."""

    def sides(rows: pl.DataFrame) -> pl.DataFrame:
        identity = [name for name in book.key if name != "time_window"]
        named = rows.select(_joined(identity).alias("pair"), "time_window", "usd_per_unit", "price_key")
        always = named.filter(time_window="always").select("pair", base="usd_per_unit", base_key="price_key")
        windows = named.filter(pl.col("time_window") != "always").join(always, on="pair")
        return windows.with_columns(side=(pl.col("usd_per_unit") > pl.col("base")))

    news = (
        sides(observed)
        .join(sides(current).select("pair", was_above="side").unique("pair"), on="pair")
        .filter(pl.col("side") != pl.col("was_above"))
    )
    reason = pl.lit("peak below off-peak")
    return [news.select(price_key=side, reason=reason) for side in ("price_key", "base_key")]
