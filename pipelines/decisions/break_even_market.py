"""What is in force on a day: API prices of workloads, GPU rates, and when API models retire. Reads, decides nothing."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.costs.quoted_prices import QuotedPrices, quoted_prices
from pipelines.costs.resolve_segments import names_of, segments_by_name
from pipelines.decisions.break_even import ApiPrice
from pipelines.decisions.scenario import TEXT_METERS
from pipelines.decisions.workload import Workload
from pipelines.models.provider_aliases import UNKNOWN
from pipelines.schema.offers import MODEL_KEY
from pipelines.schema.time_windows import ALWAYS
from pipelines.snapshots.current import end_of_day, in_force_at
from pipelines.snapshots.shipped_prices import SHIPPED
from pipelines.snapshots.user_inputs import map_in_force
from pipelines.warehouse.published import PublishedWarehouse

MOST_DAYS_SINCE_SEEN = 180
"""A shipped rate that was last seen longer ago says nothing of a day."""

Rate = Mapping[str, Any]


@dataclass(frozen=True)
class Market:
    """What counts on a day. `rates`: columns of core.gpu_rate in USD, of offers in force."""

    day: date
    prices: Mapping[tuple[str | None, str | None], ApiPrice]
    rates: Sequence[Rate]

    def price_of(self, workload: Workload) -> ApiPrice:
        """Prices of a workload's model, or those that its scenario states; without any where none is known."""
        found = self.prices.get((workload.provider, workload.model))
        if workload.stated_usd_per_mtok:
            stated = dict.fromkeys(workload.stated_usd_per_mtok, "stated in the scenario")
            name = (workload.provider or "stated", workload.model or "")
            return ApiPrice(*name, workload.stated_usd_per_mtok, stated, found.retires_on if found else None)
        return found or ApiPrice(workload.provider or "unknown", workload.model or "", {}, {})


@contextmanager
def market_of(warehouse: PublishedWarehouse, workloads: Sequence[Workload], day: date) -> Iterator[Market]:
    """Of what a warehouse has published, by what is known now; of what ships with the program where it has not."""
    with quoted_prices(warehouse, None) as prices:
        has_rates = warehouse.published_file.exists()
        rates = listed_rates(prices.connection, day, None) if has_rates else shipped_rates(day)
        ends = retirements(prices.connection, day) if has_rates else {}
        yield Market(day, api_prices(prices, workloads, warehouse.folder, day, ends), rates)


def market_known_on(
    connection: duckdb.DuckDBPyConnection, workloads: Sequence[Workload], folder: Path, day: date
) -> Market:
    """Of a warehouse that is being built, by what was known on the day itself."""
    prices = QuotedPrices(connection, "core.token_price", str, end_of_day(day))
    ends = retirements(connection, day)
    return Market(day, api_prices(prices, workloads, folder, day, ends), listed_rates(connection, day, end_of_day(day)))


def api_prices(
    prices: QuotedPrices,
    workloads: Sequence[Workload],
    folder: Path,
    day: date,
    ends: Mapping[tuple[str, str], date],
) -> dict[tuple[str | None, str | None], ApiPrice]:
    """(provider, model) of a workload -> its prices in force, of short prompts and at any hour."""
    asked = [one for one in workloads if one.model]
    if not asked:
        return {}
    used = pl.DataFrame(
        [dict(zip(MODEL_KEY, _offer(one), strict=True)) for one in asked], dict.fromkeys(MODEL_KEY, pl.String())
    ).unique()
    names = names_of(prices.listed(), used, map_in_force(folder).rows)
    segments = segments_by_name(prices.versions(names["listed_model"].unique().to_list()), names)
    short = in_force_at(segments, end_of_day(day)).filter(context_from=0, time_window=ALWAYS)
    found = {}
    for one in asked:
        key = dict(zip(MODEL_KEY, _offer(one), strict=True))
        rows = short.filter(pl.col("meter").is_in(TEXT_METERS), service_tier=one.service_tier, unit="mtok", **key)
        if rows["meter"].is_duplicated().any():
            raise ValueError(f"two prices of one meter of {one.model} are in force on {day}")
        usd = {r["meter"]: r["usd_per_unit"] for r in rows.iter_rows(named=True)}
        ids = {r["meter"]: r["price_id"] for r in rows.iter_rows(named=True)}
        provider, model = key["provider"], key["model"]
        found[one.provider, one.model] = ApiPrice(provider, model, usd, ids, ends.get((provider, model)))
    return found


def listed_rates(connection: duckdb.DuckDBPyConnection, day: date, known_at: datetime | None) -> list[Rate]:
    """GPU rates listed at the end of a day, in USD."""
    moment = end_of_day(day)
    query = "SELECT * FROM gpu_offer_known_at($at, $known)"
    found = connection.execute(query, {"at": moment, "known": known_at or datetime.max.replace(microsecond=0)})
    columns = [column[0] for column in found.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]


def shipped_rates(day: date) -> list[Rate]:
    """The newest shipped rate of each offer on or before a day, with the day on which it was last seen."""
    rows = pl.read_csv(SHIPPED / "gpu_rates.csv", infer_schema=False)
    rows = rows.filter(
        pl.coalesce("effective_from", "seen_on").str.slice(0, 10) <= day.isoformat(), pl.col("currency") == "USD"
    ).with_columns(since=pl.coalesce("effective_from", "seen_on").str.slice(0, 10).str.to_date())
    offer = ("provider", "tier", "sku", "gpu", "variant", "region", "pricing", "term_months", "gpu_count")
    newest = rows.sort("since", "seen_on").unique(offer, keep="last", maintain_order=True)
    oldest = day - timedelta(days=MOST_DAYS_SINCE_SEEN)
    return [_shipped_rate(row) for row in newest.filter(pl.col("since") >= oldest).iter_rows(named=True)]


def retirements(connection: duckdb.DuckDBPyConnection, day: date) -> dict[tuple[str, str], date]:
    """(provider, model) -> the day from which its own API prints that it is gone, as known on a day."""
    query = """
        SELECT provider, model, min(retires_on) FROM core.model_lifecycle
        WHERE channel = 'api' AND retires_on IS NOT NULL AND holds_at(known_from, known_to, $at) GROUP BY ALL
    """
    return {(row[0], row[1]): row[2] for row in connection.execute(query, {"at": end_of_day(day)}).fetchall()}


def _offer(workload: Workload) -> tuple[str, ...]:
    named = {"provider": workload.provider or UNKNOWN, "model": workload.model or ""}
    values = {"channel": workload.channel, "region": workload.region, **named}
    return tuple(values[name] for name in MODEL_KEY)


def _shipped_rate(row: Mapping[str, Any]) -> Rate:
    whole = {"gpu_count": int(row["gpu_count"]), "term_months": int(row["term_months"]) if row["term_months"] else None}
    exact = {name: Decimal(row[name]) for name in ("usd_per_gpu_hour", "gpu_fraction")}
    place = ":".join((row["provider"], row["tier"], row["sku"], row["since"].isoformat()))
    return {**row, **whole, **exact, "rate_id": f"shipped:{place}", "last_seen_on": row["seen_on"][:10]}
