"""Token price versions -> what was in force for the models that were used: one price per moment, from the best source.

The provider's own page outranks its API, which outranks aggregators; within one source the id itself outranks its
undated form. A gap is left a gap: what no source states has no price.
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise
from typing import Any

import polars as pl

from pipelines.books.model_names import price_candidates
from pipelines.schema.price_segments import SEGMENT_KEY, SEGMENT_SCHEMA

_END = datetime(9999, 12, 31)


def price_segments(versions: pl.DataFrame, models: pl.DataFrame, ranks: pl.DataFrame) -> pl.DataFrame:
    """Prices in force over time for the models given.

    `versions`: believed rows of core.token_price. `models`: columns provider, model (ids as used). `ranks`: columns
    source, rank (lower is believed first). Returns SEGMENT_SCHEMA: for each key non-overlapping [valid_from, valid_to)
    stretches; the rows of one stretch share segment_id and differ in context range only.
    """
    candidates = price_candidates(models.select("provider", "model").unique())
    offers = (
        versions.rename({"model": "listed_model"})
        .join(candidates, on=["provider", "listed_model"], how="inner")
        .join(ranks, on="source", how="inner")
        .with_columns(preference=pl.col("rank") * 10 + pl.col("exactness"))
    )
    rows: list[dict[str, Any]] = []
    for _, group in offers.sort(*SEGMENT_KEY, "preference", "valid_from", "context_from").group_by(
        *SEGMENT_KEY, maintain_order=True
    ):
        for stretch in _resolved(group.to_dicts()):
            segment_id = len(rows)
            rows.extend(
                {name: row[name] for name in SEGMENT_SCHEMA if name != "segment_id"} | {"segment_id": segment_id}
                for row in stretch
            )
    return pl.DataFrame(rows, schema=SEGMENT_SCHEMA)


def _resolved(offers: list[dict[str, Any]]) -> Iterable[list[dict[str, Any]]]:
    """Cut the offers of one key into stretches and give each to the preferred source that states a price for it."""
    edges = sorted({row["valid_from"] for row in offers} | {row["valid_to"] or _END for row in offers})
    pending: list[dict[str, Any]] = []
    for start, end in pairwise(edges):
        alive = [row for row in offers if row["valid_from"] <= start and (row["valid_to"] or _END) >= end]
        best = min((row["preference"] for row in alive), default=None)
        chosen = [row for row in alive if row["preference"] == best]
        if pending and _prices(pending) == _prices(chosen) and pending[0]["valid_to"] == start:
            pending = [row | {"valid_to": end} for row in pending]
            continue
        if pending:
            yield _open_ended(pending)
        pending = [row | {"valid_from": start, "valid_to": end} for row in chosen]
    if pending:
        yield _open_ended(pending)


def _prices(rows: list[dict[str, Any]]) -> list[str]:
    return [row["price_id"] for row in rows]


def _open_ended(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row | {"valid_to": None if row["valid_to"] == _END else row["valid_to"]} for row in rows]
