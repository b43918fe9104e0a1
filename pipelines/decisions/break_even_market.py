"""What is in force on a day: API prices of workloads, GPU rates, and when API models retire. Reads, decides nothing."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.costs.agreed_prices import agreed_prices
from pipelines.costs.quoted_prices import QuotedPrices, quoted_prices
from pipelines.costs.resolve_segments import last_readings, names_of, segments_by_name
from pipelines.costs.usage_buckets import size_edges
from pipelines.decisions.api_bill import ApiPrice
from pipelines.decisions.offer_bill import AgreedOn, offer_bill
from pipelines.decisions.scenario import TEXT_METERS
from pipelines.decisions.workload import Part, Workload
from pipelines.models.provider_aliases import UNKNOWN
from pipelines.schema.offers import MODEL_KEY
from pipelines.snapshots.current import end_of_day, in_force_at
from pipelines.snapshots.shipped_prices import SHIPPED
from pipelines.snapshots.user_inputs import map_in_force
from pipelines.sources.source import GPU_RATE_HISTORY
from pipelines.warehouse.published import PublishedWarehouse

MOST_DAYS_SINCE_SEEN = 180
"""A shipped rate that was last seen longer ago says nothing of a day."""

Rate = Mapping[str, Any]
Offer = tuple[str, ...]
"""MODEL_KEY of a model that is sold."""


@dataclass(frozen=True)
class Market:
    """What counts on a day. `rates`: columns of core.gpu_rate in USD, of offers in force."""

    day: date
    prices: Mapping[tuple[str | None, str | None], ApiPrice]
    rates: Sequence[Rate]
    sellers: Mapping[str, Sequence[ApiPrice]] = field(default_factory=dict)
    """Open model in lower case -> who sells it by the token, as price lists say."""

    def price_of(self, workload: Workload) -> ApiPrice:
        """Prices of a workload's model, or those that its scenario states; without any where none is known."""
        found = self.prices.get((workload.provider, workload.model))
        if workload.stated_usd_per_mtok:
            stated = dict.fromkeys(workload.stated_usd_per_mtok, "stated in the scenario")
            name = (workload.provider or "stated", workload.model or "")
            return ApiPrice(*name, workload.stated_usd_per_mtok, stated, found.retires_on if found else None)
        return found or ApiPrice(workload.provider or "unknown", workload.model or "", {}, {})


@contextmanager
def market_of(
    warehouse: PublishedWarehouse, workloads: Sequence[Workload], open_models: Iterable[str], day: date
) -> Iterator[Market]:
    """Of what a warehouse has published, by what is known now; of what ships with the program where it has not.

    Rates are the shipped ones until a page of rates was read: the history ends each on the day that it was last seen.
    """
    with quoted_prices(warehouse, None) as prices:
        is_published = warehouse.published_file.exists()
        is_read = is_published and _has_read_rates(prices.connection)
        rates = listed_rates(prices.connection, day, None) if is_read else shipped_rates(day)
        ends = retirements(prices.connection, day) if is_published else {}
        yield _market(prices, workloads, open_models, warehouse.folder, day, rates, ends)


def _has_read_rates(connection: duckdb.DuckDBPyConnection) -> bool:
    query = "SELECT 1 FROM core.gpu_rate WHERE source <> $history LIMIT 1"
    return bool(connection.execute(query, {"history": GPU_RATE_HISTORY}).fetchall())


def market_known_on(
    connection: duckdb.DuckDBPyConnection,
    workloads: Sequence[Workload],
    open_models: Iterable[str],
    folder: Path,
    day: date,
) -> Market:
    """Of a warehouse that is being built, by what was known on the day itself."""
    known_at = end_of_day(day)
    prices = QuotedPrices(connection, "core.token_price", str, known_at, last_readings(connection, known_at))
    rates, ends = listed_rates(connection, day, end_of_day(day)), retirements(connection, day)
    return _market(prices, workloads, open_models, folder, day, rates, ends)


def _market(
    prices: QuotedPrices,
    workloads: Sequence[Workload],
    open_models: Iterable[str],
    folder: Path,
    day: date,
    rates: list[Rate],
    ends: Mapping[tuple[str, str], date],
) -> Market:
    """API prices are those that the workload's prompts meet, by their sizes and hours; sellers' those of short ones.

    All are as the contract makes them on that day.
    """
    listed = prices.listed()
    keys: dict[tuple[str | None, str | None], Offer] = {
        (one.provider, one.model): _offer(one) for one in workloads if one.model
    }
    sellers = {name.casefold(): sellers_of(name, listed) for name in open_models}
    wanted = [*keys.values(), *(offer for offers in sellers.values() for offer in offers)]
    if not wanted:
        return Market(day, {}, rates)
    used = pl.DataFrame(wanted, dict.fromkeys(MODEL_KEY, pl.String()), orient="row").unique()
    names = names_of(listed, used, map_in_force(folder).rows)
    versions, terms = prices.versions(names["listed_model"].unique().to_list()), prices.terms()
    segments = segments_by_name(versions, names, prices.read_at)
    current = in_force_at(segments, end_of_day(day)).filter(unit="mtok")
    agreed = agreed_prices(terms, versions, prices.paid_in_bands(terms))
    contract = agreed and AgreedOn(agreed, day)
    of_key = {(one.provider, one.model): one for one in workloads}
    of_models = {key: _price(current, offer, ends, contract, of_key[key]) for key, offer in keys.items()}
    of_sellers = {name: [_price(current, offer, {}, contract) for offer in offers] for name, offers in sellers.items()}
    return Market(day, of_models, rates, of_sellers)


def sellers_of(open_model: str, listed: pl.DataFrame) -> list[Offer]:
    """Offers in price lists (MODEL_KEY) of an open model, from whoever runs it: the same name behind the maker's.

    A name with more to it, such as -Turbo, is another precision and is not taken.
    """
    is_sold = listed.filter(channel="api", region="global")
    return [offer for offer in is_sold.select(MODEL_KEY).iter_rows() if _plain(offer[-1]) == open_model.casefold()]


def _plain(listed_model: str) -> str:
    """'accounts/fireworks/models/llama-v3p3-70b-instruct' -> 'llama-3.3-70b'."""
    name = re.sub(r"v([0-9])p([0-9])", r"\1.\2", listed_model.rsplit("/", 1)[-1].casefold())
    return re.sub(r"-(instruct|versatile|instant)$", "", name)


def _price(
    current: pl.DataFrame,
    offer: Offer,
    ends: Mapping[tuple[str, str], date],
    contract: AgreedOn | None,
    workload: Workload | None = None,
) -> ApiPrice:
    """What an offer asks for the parts of a workload, or for short prompts. Raises ValueError for two prices of one."""
    key = dict(zip(MODEL_KEY, offer, strict=True))
    tier = workload.service_tier if workload else "standard"
    rows = current.filter(pl.col("meter").is_in(TEXT_METERS), service_tier=tier, **key)
    by_meter: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows.sort("meter", "context_from", "time_window").iter_rows(named=True):
        by_meter.setdefault(row["meter"], []).append(row)
    if rows.select("meter", "context_from", "time_window").is_duplicated().any():
        raise ValueError(f"two prices of one meter of {key['model']} are in force")
    parts = list(workload.parts(size_edges(rows) if rows.height else ()) if workload and workload.parts else ())
    if workload and not parts:
        parts = [Part(0, {meter: tokens for meter, tokens in workload.tokens_per_month.items() if tokens})]
    retires_on = ends.get((key["provider"], key["model"]))
    return offer_bill(key | {"service_tier": tier}, by_meter, parts or [Part(0, {})], contract, retires_on)


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


def _offer(workload: Workload) -> Offer:
    named = {"provider": workload.provider or UNKNOWN, "model": workload.model or ""}
    values = {"channel": workload.channel, "region": workload.region, **named}
    return tuple(values[name] for name in MODEL_KEY)


def _shipped_rate(row: Mapping[str, Any]) -> Rate:
    whole = {"gpu_count": int(row["gpu_count"]), "term_months": int(row["term_months"]) if row["term_months"] else None}
    exact = {name: Decimal(row[name]) for name in ("usd_per_gpu_hour", "gpu_fraction")}
    place = ":".join((row["provider"], row["tier"], row["sku"], row["since"].isoformat()))
    return {**row, **whole, **exact, "rate_id": f"shipped:{place}", "last_seen_on": row["seen_on"][:10]}
