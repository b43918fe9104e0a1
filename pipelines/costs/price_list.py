"""The prices of one model: in force at a moment, as known at another, or over all time."""

from collections.abc import Iterable
from datetime import datetime
from difflib import get_close_matches

import polars as pl

from pipelines.costs.quoted_prices import quoted_prices
from pipelines.costs.resolve_segments import names_of, segments_by_name
from pipelines.models.provider_aliases import UNKNOWN, provider_named
from pipelines.schema.offers import MODEL_KEY
from pipelines.snapshots.user_inputs import map_in_force
from pipelines.warehouse.published import PublishedWarehouse

COLUMNS = ("model", "service_tier", "meter", "context_from", "time_window", "usd_per_unit", "unit")
EVIDENCE = ("valid_from", "valid_to", "source", "price_id")


def price_list(
    warehouse: PublishedWarehouse,
    model: str,
    at: datetime | None,
    known_at: datetime | None = None,
    provider: str | None = None,
    channel: str | None = None,
    region: str = "global",
) -> tuple[pl.DataFrame, str | None]:
    """Prices of a model in force `at` a moment, or all of them over time (None); and, where there is none, like ids.

    Of each price the best source at each time. A warehouse without the shipped history has it added.
    """
    named = provider_named(provider) if provider else (None, None)
    offer = {"provider": named[0] or UNKNOWN, "channel": channel or named[1] or "api", "region": region, "model": model}
    used = pl.DataFrame([offer]).select(MODEL_KEY)
    with quoted_prices(warehouse, known_at) as prices:
        listed = prices.listed()
        names = names_of(listed, used, map_in_force(warehouse.folder).rows)
        segments = segments_by_name(prices.versions(names["listed_model"].unique().to_list()), names)
    if at is not None:
        holds = (pl.col("valid_from") <= at) & (pl.col("valid_to").is_null() | (pl.col("valid_to") > at))
        segments = segments.filter(holds)
    found = segments.select(*COLUMNS, *EVIDENCE).sort(*COLUMNS[:5], "valid_from")
    return found, like(model, listed["model"]) if found.is_empty() else None


def like(model: str, listed: Iterable[str]) -> str | None:
    """Listed ids that are written nearly so; None where there is none, or the very id is listed."""
    found = get_close_matches(model, sorted(set(listed)), 3, 0.75)
    return None if model in found else ", ".join(found) or None
