"""A quote: the price of one request, through the same pricing as the ledger, with the page behind every line."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl

from pipelines.costs.price_proof import proof
from pipelines.costs.pricing.price_sums import price_sums
from pipelines.costs.quoted_prices import QuotedPrices, quoted_prices
from pipelines.costs.resolve_segments import names_of, segments_by_name
from pipelines.models.provider_aliases import UNKNOWN, provider_named
from pipelines.schema.derived_columns import derived_columns
from pipelines.schema.meters import QUANTITY_COLUMNS
from pipelines.schema.offers import MODEL_KEY
from pipelines.snapshots.user_inputs import map_in_force
from pipelines.warehouse.published import PublishedWarehouse

VERSION_COLUMNS = ("valid_from", "valid_to", "known_from", "known_to", "source", "basis", "printed", "time_window")


@dataclass(frozen=True)
class Question:
    """One request. `quantities` by meter; `known_at` None asks by what is known now. Times are naive UTC."""

    model: str
    quantities: Mapping[str, int]
    at: datetime
    known_at: datetime | None = None
    provider: str | None = None
    channel: str | None = None
    region: str = "global"
    service_tier: str = "standard"
    account: str | None = None
    """Whose contract is asked for what is really paid; None asks for the list price alone."""


def quote(warehouse: PublishedWarehouse, question: Question) -> dict[str, Any]:
    """Price one request: exact cost_usd as text or None with its reason, and one entry per meter with its evidence."""
    usage = pl.DataFrame([_usage_row(question)]).with_columns(**derived_columns())
    used = usage.select(MODEL_KEY)
    with quoted_prices(warehouse, question.known_at) as prices:
        listed = prices.listed()
        names = names_of(listed, used, map_in_force(warehouse.folder).rows)
        versions = prices.versions(names["listed_model"].unique().to_list())
        costs = price_sums({question.at.date(): usage.lazy()}, segments_by_name(versions, names, prices.read_at))
        bands: list[dict[str, Any]] = []
        if costs is not None and question.account is not None:
            terms = prices.terms()
            costs = _at_contract(costs, question.account, versions, terms)
            bands = _bands(costs, terms)
        lines = (
            [] if costs is None else [_line(row, versions, prices, question.at) for row in costs.iter_rows(named=True)]
        )
    reasons = sorted({line["reason"] for line in lines if line["reason"]})
    total = sum((Decimal(line["cost_usd"]) for line in lines if line["cost_usd"] is not None), Decimal(0))
    answer = {
        "model": question.model,
        "service_tier": question.service_tier,
        "at": f"{question.at.isoformat()}Z",
        "known_at": f"{question.known_at.isoformat()}Z" if question.known_at else None,
        "cost_usd": None if reasons else _plain(total),
        "reason": ", ".join(reasons) or None,
        "lines": lines,
    }
    if question.account is not None:
        effective = [line["effective_cost_usd"] for line in lines]
        answer["account"] = question.account
        answer["volume_bands"] = bands
        answer["effective_cost_usd"] = None if None in effective else _plain(sum(map(Decimal, effective), Decimal(0)))
    if "unknown_model" in reasons:
        answer |= _hints(used, listed, names)
    return answer


def _bands(costs: pl.DataFrame, terms: pl.DataFrame) -> list[dict[str, Any]]:
    """The bands of volume of which a quote has the first: one request does not tell how much the month has."""
    from pipelines.costs.volume_bands import scales_of  # noqa: PLC0415 - most quotes ask for no contract

    scales = (
        scales_of(terms).select("scale", term_id="band_id").join(costs.select("meter", scale="term_id"), on="scale")
    )
    rows = scales.join(terms.drop("meter"), on="term_id").sort("meter", "from_quantity")
    told = ("meter", "kind", "volume", "per", "from_quantity", "volume_currency", "value")
    named = rows.filter(pl.col("value").is_not_null()).select(told).iter_rows(named=True)
    return [row | {"value": _plain(row["value"])} for row in named]


def _at_contract(costs: pl.DataFrame, account: str, versions: pl.DataFrame, terms: pl.DataFrame) -> pl.DataFrame:
    """Sums with what the account pays for them by the contract, and by which term."""
    from pipelines.costs.contract_prices import PRICE, at_contract  # noqa: PLC0415 - most quotes ask for no contract

    agreed = {
        "account_id": pl.lit(account),
        "term_id": pl.lit(None, pl.String),
        "contracted_usd_per_unit": pl.col("usd_per_unit").cast(PRICE),
        "effective_cost_usd": pl.col("cost_usd"),
    }
    listed = versions.select("price_id", listed_model="model", seller="provider").unique()
    # A question need not say who sells the model, and terms may.
    sold = costs.join(listed.select("price_id", "seller"), on="price_id", how="left", maintain_order="left")
    is_unnamed = (pl.col("provider") == UNKNOWN) & pl.col("seller").is_not_null()
    sold = sold.with_columns(provider=pl.when(is_unnamed).then("seller").otherwise("provider"), **agreed)
    return at_contract(sold.drop("seller"), terms, listed.drop("seller"))


def _hints(used: pl.DataFrame, listed: pl.DataFrame, names: pl.DataFrame) -> dict[str, Any]:
    """Why no price list knows the id, and which listed ids look like it. None of them is used."""
    from pipelines.models.model_aliases import resolved_aliases  # noqa: PLC0415 - imports the declarations of tables

    alias = resolved_aliases(used, listed, names).row(-1, named=True)
    return {"detail": alias["reason"], "nearest": alias["nearest"]}


def _usage_row(question: Question) -> dict[str, Any]:
    """The columns of core.usage that a price may depend on."""
    named = provider_named(question.provider) if question.provider else (None, None)
    return {
        "usage_at": question.at,
        "grain": "request",
        "provider": named[0] or UNKNOWN,
        "channel": question.channel or named[1] or "api",
        "region": question.region,
        "model": question.model,
        "service_tier": question.service_tier,
        **dict.fromkeys(QUANTITY_COLUMNS.values(), 0),
        **{QUANTITY_COLUMNS[meter]: quantity for meter, quantity in question.quantities.items()},
    }


def _line(cost: Mapping[str, Any], versions: pl.DataFrame, prices: QuotedPrices, at: datetime) -> dict[str, Any]:
    """One meter: how many, at which price, from which version of which list and page."""
    line = {name: cost[name] for name in ("meter", "quantity", "unit", "price_id")}
    line["usd_per_unit"] = None if cost["usd_per_unit"] is None else _plain(cost["usd_per_unit"])
    line["cost_usd"] = None if cost["cost_usd"] is None else _plain(cost["cost_usd"])
    line["reason"] = cost["unpriced_reason"]
    if "effective_cost_usd" in cost:
        for name in ("contracted_usd_per_unit", "effective_cost_usd"):
            line[name] = None if cost[name] is None else _plain(cost[name])
        line["term_id"] = cost["term_id"]
    line["first_price_on"] = cost["first_price_on"] and cost["first_price_on"].isoformat()
    if cost["price_id"] is not None:
        version = versions.row(by_predicate=pl.col("price_id") == cost["price_id"], named=True)
        line["listed_as"] = {name: version[name] for name in MODEL_KEY}
        for name in VERSION_COLUMNS:
            value = version[name]
            line[name] = f"{value.isoformat()}Z" if isinstance(value, datetime) else value
        line["page"] = prices.page(version["fetch_id"])
        line |= proof(version, versions, prices.read_at, at)
    return line


def _plain(amount: Decimal) -> str:
    """All digits that count, without exponent or trailing zeros."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
