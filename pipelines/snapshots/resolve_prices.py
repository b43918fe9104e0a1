"""Token price versions -> what was in force for the models that were used: one price per moment, from the best source.

The provider's own page outranks its API, which outranks aggregators; within one source the id itself outranks its
undated form. Where the shipped history stands between them is `authority`'s. A gap is left a gap: what no source
states has no price.
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import chain, groupby, pairwise
from operator import itemgetter
from typing import Any

import polars as pl

from pipelines.schema.offers import MODEL_KEY
from pipelines.schema.price_segments import SEGMENT_KEY, SEGMENT_SCHEMA
from pipelines.snapshots.authority import ASSUMED, Offers, best_source, with_standing

_STRETCH_SCHEMA = {"number": pl.UInt32()} | {
    name: SEGMENT_SCHEMA[name] for name in ("segment_id", "valid_from", "valid_to", "context_to")
}
_END = datetime(9999, 12, 31)
FEE = "fee"
"""The rule by which a fee of any model counts where the model has none of its own."""
SNAPSHOT_RULE = "dated"
"""The rule of `models.candidate_names` by which a snapshot costs what its model costs."""


def price_segments(versions: pl.DataFrame, candidates: pl.DataFrame, ranks: pl.DataFrame) -> pl.DataFrame:
    """Prices in force over time for the models given.

    `versions`: rows of core.token_price. `candidates`: from `models.candidate_names.candidates`, under which names
    price lists may know the models in use. `ranks`: columns source, rank (lower has more authority), standing (NULL:
    the shipped history), read_at (when it was last read; NULL: it is taken for read at any time). Returns
    SEGMENT_SCHEMA: for each key non-overlapping [valid_from, valid_to) stretches; the rows of one stretch share
    segment_id and differ in context range and time window only.
    """
    offers = (
        versions.rename({name: f"listed_{name}" for name in MODEL_KEY})
        .join(candidates, on=[f"listed_{name}" for name in MODEL_KEY], how="inner", suffix="_of_name")
        .join(ranks, on="source", how="inner")
        .with_columns(
            stated_from=pl.col("valid_from"),
            valid_from=pl.max_horizontal("valid_from", "valid_from_of_name"),
            valid_to=pl.min_horizontal("valid_to", "valid_to_of_name"),
        )
        .filter(pl.col("valid_to").is_null() | (pl.col("valid_from") < pl.col("valid_to")))
    )
    offers = with_standing(_still_sold(offers)).sort(
        *SEGMENT_KEY, "rank", "exactness", "valid_from", "context_from", "time_window"
    )
    offers = offers.with_row_index("number")
    # They are sorted by the key, so one pass finds the groups, much quicker than a frame for each.
    groups = (list(rows) for _, rows in groupby(offers.iter_rows(named=True), itemgetter(*SEGMENT_KEY)))
    rows = [
        (row["number"], segment_id, row["valid_from"], row["valid_to"], row["context_to"])
        for segment_id, stretch in enumerate(chain.from_iterable(map(_resolved, groups)))
        for row in stretch
    ]
    found = pl.DataFrame(rows, schema=_STRETCH_SCHEMA, orient="row")
    stated = offers.drop("valid_from", "valid_to", "context_to")[found["number"]]
    segments = pl.concat([stated, found.drop("number")], how="horizontal")
    return segments.select(SEGMENT_SCHEMA.keys()).cast(pl.Schema(SEGMENT_SCHEMA))


def _still_sold(offers: pl.DataFrame) -> pl.DataFrame:
    """Without what its source no longer prints of a model that it still sells: that price has ended.

    A model that left altogether keeps its last price: nobody says what it costs now.
    """
    of_model = ["source", *(f"listed_{name}" for name in MODEL_KEY)]
    is_sold = pl.col("is_listed") & (pl.col("meter") == "input_uncached") & (pl.col("service_tier") == "standard")
    sold = offers.filter(is_sold).group_by(of_model).agg(sold_from=pl.col("valid_from"), sold_to=pl.col("valid_to"))
    gone = offers.filter(~pl.col("is_listed"))
    if gone.is_empty() or sold.is_empty():
        return offers
    beside = gone.select("price_id", *of_model, "valid_from").join(sold, on=of_model).explode("sold_from", "sold_to")
    ended = beside.filter(
        pl.col("sold_from") <= pl.col("valid_from"),
        pl.col("sold_to").is_null() | (pl.col("sold_to") > pl.col("valid_from")),
    )
    return offers.join(ended, on="price_id", how="anti")


def _resolved(offers: list[dict[str, Any]]) -> Iterable[list[dict[str, Any]]]:
    """Cut the offers of one key into stretches and give each to the preferred source that states a price for it."""
    edges = {row["valid_from"] for row in offers} | {row["valid_to"] or _END for row in offers}
    last = max(edges)
    if len({row["source"] for row in offers}) > 1:
        edges |= {row["said_until"] for row in offers if min(edges) < row["said_until"] < last}
    pending: list[dict[str, Any]] = []
    for start, end in pairwise(sorted(edges)):
        alive = [row for row in offers if row["valid_from"] <= start and (row["valid_to"] or _END) >= end]
        chosen = _limited(_without_superseded(_chosen(alive, offers, start)))
        if pending and _prices(pending) == _prices(chosen) and pending[0]["valid_to"] == start:
            pending = [row | {"valid_to": end} for row in pending]
            continue
        if pending:
            yield _open_ended(pending)
        pending = [row | {"valid_from": start, "valid_to": end} for row in chosen]
    if pending:
        yield _open_ended(pending)


def _chosen(alive: list[dict[str, Any]], offers: list[dict[str, Any]], at: datetime) -> list[dict[str, Any]]:
    """The offers of the best source under its best name."""
    by_source: dict[str, Offers] = {}
    for row in alive:
        by_source.setdefault(row["source"], []).append(row)
    if not by_source:
        return []
    named = [_best_named(rows) for rows in by_source.values()]
    best = best_source(named, offers, at)
    if best[0]["rule"] != SNAPSHOT_RULE:
        return best
    # A snapshot costs what its model costs, unless a source that lists both says otherwise: gpt-4o-2024-05-13 stayed
    # at 5 USD when gpt-4o went to 2.50.
    apart = [own for own in map(_own_price, by_source.values()) if own]
    return best_source(apart, offers, at) if apart else best


def _best_named(rows: Offers) -> Offers:
    """Of one source's offers those under the best name; what is only assumed of an id yields to a name that is proven.

    The shipped history has many voices: an aggregator on the id yields to the provider on the name of the model.
    """
    best_of = min(rows, key=lambda row: (row["rule"] == FEE, row["weight"] == ASSUMED, row["exactness"]))
    plain = [row for row in rows if row["rule"] == SNAPSHOT_RULE and row["weight"] < best_of["weight"]]
    exactness = min((row["exactness"] for row in plain), default=best_of["exactness"])
    best = [row for row in rows if row["exactness"] == exactness]
    return (_own_price(rows) or best) if best[0]["rule"] == SNAPSHOT_RULE else best


def _own_price(rows: Offers) -> Offers:
    """The offers on a snapshot itself where the same source lists its model at another price, else none."""
    undated = [row for row in rows if row["rule"] == SNAPSHOT_RULE]
    exact = [row for row in rows if row["rule"] != SNAPSHOT_RULE and row["rule"] != FEE]
    if not undated or not exact or any(row["basis"] == "assumed" for row in exact):
        return []
    first = min(row["exactness"] for row in exact)
    exact = [row for row in exact if row["exactness"] == first]
    return exact if _amounts(undated) != _amounts(exact) else []


def _limited(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One price per prompt size: a range without an end ends where a longer one of the same hours begins."""
    for row in rows:
        longer = [
            other["context_from"]
            for other in rows
            if other["time_window"] == row["time_window"] and other["context_from"] > row["context_from"]
        ]
        if longer and (row["context_to"] is None or row["context_to"] > min(longer)):
            rows = [other | {"context_to": min(longer)} if other is row else other for other in rows]
    return rows


def _without_superseded(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without ranges that a later statement on shorter prompts has swallowed: a surcharge that was dropped."""
    return [
        row
        for row in rows
        if not any(
            other["time_window"] == row["time_window"]
            and other["context_from"] < row["context_from"]
            and (other["context_to"] is None or other["context_to"] > row["context_from"])
            and other["stated_from"] > row["stated_from"]
            for other in rows
        )
    ]


def _amounts(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(row["context_from"], row["time_window"], row["usd_per_unit"]) for row in rows]


def _prices(rows: list[dict[str, Any]]) -> list[str]:
    return [row["price_id"] for row in rows]


def _open_ended(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row | {"valid_to": None if row["valid_to"] == _END else row["valid_to"]} for row in rows]
