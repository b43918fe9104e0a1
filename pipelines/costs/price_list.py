"""The prices of one model: in force at a moment, as known at another, or over all time."""

from collections.abc import Iterable
from datetime import datetime

import polars as pl

from pipelines.costs.quoted_prices import quoted_prices
from pipelines.costs.resolve_segments import names_of, segments_by_name
from pipelines.models.provider_aliases import UNKNOWN, provider_named
from pipelines.models.similar_names import similar_names
from pipelines.schema.offers import MODEL_KEY
from pipelines.snapshots.user_inputs import map_in_force
from pipelines.warehouse.published import PublishedWarehouse

COLUMNS = ("model", "service_tier", "meter", "context_from", "time_window", "usd_per_unit", "unit")
MAX_SELLERS = 5
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


def otherwise_listed(
    warehouse: PublishedWarehouse,
    model: str,
    at: datetime | None,
    known_at: datetime | None,
    provider: str | None,
    channel: str | None,
    region: str,
) -> str:
    """Of a model without a price in `price_list`: when it has one, or else who lists it; '' where nobody does."""
    ever = price_list(warehouse, model, None, known_at, provider, channel, region)[0]
    if at is not None and ever.height:
        coming = ever.filter(pl.col("valid_from") > at)["valid_from"].min()
        ended = ever["valid_to"].max()
        told = f"the next price is of {coming!s}" if coming else f"its last ended on {ended!s}"
        return f" at {at}: {told}"
    with quoted_prices(warehouse, known_at) as prices:
        sellers = prices.listed().filter(model=model).select("provider", "channel", "region").rows()
    more = f" and {len(sellers) - MAX_SELLERS} more" if len(sellers) > MAX_SELLERS else ""
    told = ", ".join(" ".join(seller) for seller in sellers[:MAX_SELLERS])
    asked = " ".join(filter(None, (provider, channel, region)))
    return f" from {asked}; it is listed by {told}{more}" if sellers else ""


def listed_like(warehouse: PublishedWarehouse, model: str) -> str | None:
    """None where some price list has a model, or has had it, by some name; else ids like it, '' if there are none."""
    with quoted_prices(warehouse, None) as prices:
        listed = prices.listed()["model"]
    if model in listed or price_list(warehouse, model, None)[0].height:
        return None
    return like(model, listed) or ""


def like(model: str, listed: Iterable[str]) -> str | None:
    """Listed ids that are written nearly so; None where there is none, or the very id is listed."""
    return ", ".join(similar_names(model, listed, cutoff=0.75)) or None
