"""What the figures of a what-if rest on: tokens, versions of prices, meters without one. Sums are `what_if`'s."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import polars as pl

from pipelines.costs.reprice import Repriced
from pipelines.schema.meters import QUANTITY_COLUMNS

NO_TEXTS: Mapping[str, Any] = {"mapped": (), "reasons": (), "price_ids": (), "is_lower_bound": False}
"""Of usage that is priced under no meter."""


def texts_by_group(found: Repriced) -> dict[str, dict[str, Any]]:
    """By group of the low end: meters that are mapped or have no price, versions, whether it is a lower bound."""
    unpriced = pl.col("price_id").is_null()
    low = found.costs.filter(pl.col("group").str.ends_with("|low"))
    texts = low.group_by("group").agg(
        reasons=pl.struct("meter", "unpriced_reason").filter(unpriced).unique().sort(),
        price_ids=pl.col("price_id").drop_nulls().unique().sort(),
        is_lower_bound=pl.col("is_lower_bound").any(),
    )
    mapped: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for group, meter, other in found.mapped.select("group", "meter", "counted_as").iter_rows():
        mapped[group].append((meter, other))
    return {
        row["group"]: {
            "mapped": tuple(mapped.get(row["group"], ())),
            "reasons": tuple(tuple(one.values()) for one in row["reasons"]),
            "price_ids": tuple(row["price_ids"]),
            "is_lower_bound": row["is_lower_bound"],
        }
        for row in texts.iter_rows(named=True)
    }


def tokens_by_group(grouped: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """By group, the number of rows and the tokens by meter."""
    summed = grouped.group_by("group").agg(pl.col("usage_rows", *QUANTITY_COLUMNS.values()).sum())
    return {
        row["group"]: {
            "usage_rows": row["usage_rows"],
            "tokens": {meter: row[name] for meter, name in QUANTITY_COLUMNS.items() if row[name]},
        }
        for row in summed.iter_rows(named=True)
    }
