"""Token price versions -> what was in force for the models that were used: one price per moment, from the best source.

The provider's own page outranks its API, which outranks aggregators; within one source the id itself outranks its
undated form. A gap is left a gap: what no source states has no price.
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import chain, pairwise
from typing import Any

import polars as pl

from pipelines.schema.offers import MODEL_KEY
from pipelines.schema.price_segments import SEGMENT_KEY, SEGMENT_SCHEMA

_STRETCH_SCHEMA = {"number": pl.UInt32()} | {
    name: SEGMENT_SCHEMA[name] for name in ("segment_id", "valid_from", "valid_to")
}
_END = datetime(9999, 12, 31)
_NAME_STEPS = 1_000
"""More than any exactness, so that a source's rank always counts first."""
SNAPSHOT_RULE = "dated"
"""The rule of `models.candidate_names` by which a snapshot costs what its model costs."""


def price_segments(versions: pl.DataFrame, candidates: pl.DataFrame, ranks: pl.DataFrame) -> pl.DataFrame:
    """Prices in force over time for the models given.

    `versions`: rows of core.token_price. `candidates`: from `models.candidate_names.candidates`, under which names
    price lists may know the models in use. `ranks`: columns source, rank (lower has more authority). Returns
    SEGMENT_SCHEMA: for each key non-overlapping [valid_from, valid_to) stretches; the rows of one stretch share
    segment_id and differ in context range and time window only.
    """
    offers = (
        versions.rename({name: f"listed_{name}" for name in MODEL_KEY})
        .join(candidates, on=[f"listed_{name}" for name in MODEL_KEY], how="inner", suffix="_of_name")
        .join(ranks, on="source", how="inner")
        .with_columns(
            preference=pl.col("rank") * _NAME_STEPS + pl.col("exactness"),
            stated_from=pl.col("valid_from"),
            valid_from=pl.max_horizontal("valid_from", "valid_from_of_name"),
            valid_to=pl.min_horizontal("valid_to", "valid_to_of_name"),
        )
        .filter(pl.col("valid_to").is_null() | (pl.col("valid_from") < pl.col("valid_to")))
    )
    offers = offers.sort(*SEGMENT_KEY, "preference", "valid_from", "context_from", "time_window").with_row_index(
        "number"
    )
    groups = (group.to_dicts() for _, group in offers.group_by(*SEGMENT_KEY, maintain_order=True))
    rows = [
        (row["number"], segment_id, row["valid_from"], row["valid_to"])
        for segment_id, stretch in enumerate(chain.from_iterable(map(_resolved, groups)))
        for row in stretch
    ]
    found = pl.DataFrame(rows, schema=_STRETCH_SCHEMA, orient="row")
    stated = offers.drop("valid_from", "valid_to")[found["number"]]
    segments = pl.concat([stated, found.drop("number")], how="horizontal")
    return segments.select(SEGMENT_SCHEMA.keys()).cast(pl.Schema(SEGMENT_SCHEMA))


def _resolved(offers: list[dict[str, Any]]) -> Iterable[list[dict[str, Any]]]:
    """Cut the offers of one key into stretches and give each to the preferred source that states a price for it."""
    edges = sorted({row["valid_from"] for row in offers} | {row["valid_to"] or _END for row in offers})
    pending: list[dict[str, Any]] = []
    for start, end in pairwise(edges):
        alive = [row for row in offers if row["valid_from"] <= start and (row["valid_to"] or _END) >= end]
        chosen = _without_superseded(_chosen(alive))
        if pending and _prices(pending) == _prices(chosen) and pending[0]["valid_to"] == start:
            pending = [row | {"valid_to": end} for row in pending]
            continue
        if pending:
            yield _open_ended(pending)
        pending = [row | {"valid_from": start, "valid_to": end} for row in chosen]
    if pending:
        yield _open_ended(pending)


def _chosen(alive: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The offers of the best source under its best name.

    A snapshot costs what its model costs, unless some source that lists both says otherwise: gpt-4o-2024-05-13 stayed
    at 5 USD when gpt-4o went to 2.50.
    """
    by_preference: dict[int, list[dict[str, Any]]] = {}
    for row in alive:
        by_preference.setdefault(row["preference"], []).append(row)
    ranked = [by_preference[preference] for preference in sorted(by_preference)]
    if not ranked or ranked[0][0]["rule"] != SNAPSHOT_RULE:
        return ranked[0] if ranked else []
    for exact in (rows for rows in ranked if rows[0]["rule"] != SNAPSHOT_RULE):
        for undated in (rows for rows in ranked if rows[0]["rule"] == SNAPSHOT_RULE):
            if undated[0]["source"] == exact[0]["source"] and _amounts(undated) != _amounts(exact):
                return exact
    return ranked[0]


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
